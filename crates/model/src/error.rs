use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use crate::{fault::Fault, pretrained::PretrainedFault};

/// What is wrong with a model file, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ModelErrorKind {
    /// There is no such file.
    NotFound,
    /// The operating system would not let us read the file, or it changed meanwhile.
    Unreadable,
    /// The path leads to a directory, a pipe or a device.
    NotAFile,
    /// The file has no bytes.
    Empty,
    /// The file is larger than any that is read.
    TooLarge,
    /// The file is in another format than those that are read.
    UnsupportedFormat,
    /// The format is read, and the model is of a kind that is not.
    UnsupportedModel,
    /// The file is in a format that runs code when it is loaded. It is never read.
    UnsafeFormat,
    /// Something is said to be longer than the bytes that are left.
    Truncated,
    /// The bytes are not what the format says.
    Malformed,
    /// There is more of something than is allowed.
    TooMany,
    /// Graphs are nested deeper than is allowed.
    TooDeep,
    /// An attribute of a node is of another type than its reader wants.
    BadAttribute,
    /// A tensor's elements do not fit its shape or its type.
    BadTensor,
    /// A tensor's elements are in another file, which is not read here or cannot be had.
    ExternalData,
    /// The inputs or outputs are none that rows can be given to.
    UnsupportedSignature,
    /// The column names do not fit the inputs.
    BadNames,
}

/// Why a model file was refused.
///
/// Prints as one sentence with the place. The cause, where the operating system gave one, is the
/// [`source`](std::error::Error::source).
#[derive(Debug)]
pub struct ModelError(Box<Refusal>);

#[derive(Debug)]
struct Refusal {
    fault: Fault,
    path: Option<PathBuf>,
    offset: Option<usize>,
    node: Option<String>,
    source: Option<io::Error>,
}

impl ModelError {
    /// What is wrong, in one word.
    pub fn kind(&self) -> ModelErrorKind {
        self.0.fault.kind()
    }

    /// The file, when the model came from one.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// The byte of the file at which it went wrong.
    pub fn offset(&self) -> Option<usize> {
        self.0.offset
    }

    /// The node that is wrong: its name, or its operator when it has none.
    pub fn node(&self) -> Option<&str> {
        self.0.node.as_deref()
    }

    /// Adds the place, unless an inner reader knew it better.
    pub(crate) fn at(mut self, offset: usize) -> Self {
        self.0.offset.get_or_insert(offset);
        self
    }

    /// Adds the node, unless an inner one is to blame.
    pub(crate) fn in_node(mut self, node: &str) -> Self {
        self.0.node.get_or_insert_with(|| node.to_owned());
        self
    }

    pub(crate) fn of_file(mut self, path: &Path) -> Self {
        self.0.path.get_or_insert_with(|| path.to_owned());
        self
    }

    /// Says that the text which is wrong is that of the metadata's entry which describes a model.
    /// Where in the file that is cannot be told: it is written with escapes there.
    pub(crate) fn in_entry(mut self) -> Self {
        self.0.offset = None;
        self.0.fault = PretrainedFault::InEntry(Box::new(self.0.fault)).into();
        self
    }

    pub(crate) fn caused_by(mut self, source: io::Error) -> Self {
        self.0.source = Some(source);
        self
    }
}

impl From<Fault> for ModelError {
    fn from(fault: Fault) -> Self {
        Self(Box::new(Refusal { fault, path: None, offset: None, node: None, source: None }))
    }
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Refusal { fault, path, offset, node, source: _ } = &*self.0;
        if let Some(path) = path {
            write!(f, "{}: ", path.display())?;
        }
        fault.fmt(f)?;
        if let Some(node) = node {
            write!(f, ", in node {node:?}")?;
        }
        if let Some(offset) = offset {
            write!(f, ", at byte {offset}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ModelError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn sentence_names_file_node_and_byte() {
        let error = ModelError::from(Fault::Group)
            .at(7)
            .at(1)
            .in_node("Scaler")
            .in_node("If")
            .of_file(Path::new("m.onnx"));
        let expected = "m.onnx: a protobuf group, which ONNX does not use, \
                        in node \"Scaler\", at byte 7";
        assert_eq!(error.to_string(), expected);
        assert_eq!((error.offset(), error.node()), (Some(7), Some("Scaler")));
    }

    #[test]
    fn operating_systems_error_is_the_source() {
        let cause = io::Error::from(io::ErrorKind::PermissionDenied);
        let error = ModelError::from(Fault::Unreadable).caused_by(cause);
        assert_eq!(error.source().unwrap().to_string(), "permission denied");
    }
}
