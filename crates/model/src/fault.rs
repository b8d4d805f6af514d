use std::fmt;

use hotplate_tensor::{DType, SchemaError};

use crate::{
    ModelErrorKind,
    foreign::Foreign,
    limits,
    onnx::{AttributeKind, ElementType},
};

/// Every way in which a model file can be wrong: the kind that callers match on and the sentence
/// that people read, side by side.
#[derive(Debug)]
pub(crate) enum Fault {
    NotFound,
    Unreadable,
    ChangedMeanwhile,
    NotAFile { got: &'static str },
    Empty,
    TooLarge { bytes: u64 },

    Foreign(Foreign),
    Unrecognised,

    PastTheEnd { needed: u64, left: usize },
    CutShort,
    LongVarint,
    FieldNumber,
    Group,
    WireType { field: u32, expected: &'static str },
    PackedLength { bytes: usize, element_bytes: usize },
    NotUtf8 { what: &'static str },
    Absent { what: &'static str },
    NoOperatorSet { domain: String },
    Twice { what: &'static str },
    LongName { what: &'static str, bytes: usize },
    TooMany { what: &'static str, limit: usize },
    TooDeep { limit: usize },

    DuplicateAttribute { name: String },
    MixedAttribute { name: String },
    AttributeType { name: String, code: i64 },
    WrongAttribute { name: String, expected: AttributeKind, got: AttributeKind },

    ElementCode { code: i64 },
    NegativeDim { dim: i64 },
    DimsOverflow,
    ElementCount { expected: usize, got: usize },
    RawBytes { expected: usize, got: usize },
    TwiceStored,
    WrongElement { expected: DType, got: ElementType },
    ElementRange { element: ElementType },
    Undecodable { element: ElementType },
    ExternalData,

    Signature(SignatureFault),
    NamesNotJson,
    Names(SchemaError),
}

/// Why rows cannot be given to a model, or its answers taken.
#[derive(Debug)]
pub(crate) enum SignatureFault {
    NoInputs,
    NoOutputs,
    NotATensor { side: Side, name: String, got: &'static str },
    ZipMap { name: String },
    Element { side: Side, name: String, element: ElementType },
    NoShape { name: String },
    FixedRows { name: String, rows: usize },
    OpenDim { name: String, axis: usize },
    EmptyRow { name: String },
    WideRow { name: String },
    DuplicateOutput { name: String },
}

/// Whether a value goes into a model or comes out of it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Side {
    Input,
    Output,
}

impl Fault {
    pub(crate) const fn kind(&self) -> ModelErrorKind {
        match self {
            Self::NotFound => ModelErrorKind::NotFound,
            Self::Unreadable | Self::ChangedMeanwhile => ModelErrorKind::Unreadable,
            Self::NotAFile { .. } => ModelErrorKind::NotAFile,
            Self::Empty => ModelErrorKind::Empty,
            Self::TooLarge { .. } => ModelErrorKind::TooLarge,
            Self::Foreign(foreign) if foreign.runs_code() => ModelErrorKind::UnsafeFormat,
            Self::Foreign(_) | Self::Unrecognised => ModelErrorKind::UnsupportedFormat,
            Self::PastTheEnd { .. } | Self::CutShort => ModelErrorKind::Truncated,
            Self::LongVarint
            | Self::FieldNumber
            | Self::Group
            | Self::WireType { .. }
            | Self::PackedLength { .. }
            | Self::NotUtf8 { .. }
            | Self::Absent { .. }
            | Self::NoOperatorSet { .. }
            | Self::Twice { .. }
            | Self::DuplicateAttribute { .. }
            | Self::MixedAttribute { .. }
            | Self::AttributeType { .. }
            | Self::Signature(SignatureFault::DuplicateOutput { .. }) => ModelErrorKind::Malformed,
            Self::LongName { .. } | Self::TooMany { .. } => ModelErrorKind::TooMany,
            Self::TooDeep { .. } => ModelErrorKind::TooDeep,
            Self::WrongAttribute { .. } => ModelErrorKind::BadAttribute,
            Self::ElementCode { .. }
            | Self::NegativeDim { .. }
            | Self::DimsOverflow
            | Self::ElementCount { .. }
            | Self::RawBytes { .. }
            | Self::TwiceStored
            | Self::WrongElement { .. }
            | Self::ElementRange { .. }
            | Self::Undecodable { .. } => ModelErrorKind::BadTensor,
            Self::ExternalData => ModelErrorKind::ExternalData,
            Self::Signature(_) | Self::Names(SchemaError::TooWide) => {
                ModelErrorKind::UnsupportedSignature
            }
            Self::NamesNotJson | Self::Names(_) => ModelErrorKind::BadNames,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("there is no such file"),
            Self::Unreadable => f.write_str("the file cannot be read"),
            Self::ChangedMeanwhile => f.write_str("the file changed while it was read"),
            Self::NotAFile { got } => write!(f, "expected a regular file, got {got}"),
            Self::Empty => f.write_str("the file is empty"),
            Self::TooLarge { bytes } => {
                write!(f, "the file has {bytes} bytes, at most {} are read", limits::FILE_BYTES)
            }
            Self::Foreign(foreign) => foreign.fmt(f),
            Self::Unrecognised => f.write_str("the file is not a model in ONNX format"),
            Self::PastTheEnd { needed, left } => {
                write!(f, "the file is cut short: {needed} bytes should follow, {left} do")
            }
            Self::CutShort => f.write_str("the file is cut short within a number"),
            Self::LongVarint => f.write_str("a number is longer than 64 bits"),
            Self::FieldNumber => f.write_str("a field number is impossible"),
            Self::Group => f.write_str("a protobuf group, which ONNX does not use"),
            Self::WireType { field, expected } => write!(f, "field {field} should be {expected}"),
            Self::PackedLength { bytes, element_bytes } => {
                write!(f, "{bytes} packed bytes are no whole number of {element_bytes} each")
            }
            Self::NotUtf8 { what } => write!(f, "{what} is not UTF-8"),
            Self::Absent { what } => write!(f, "{what} is missing"),
            Self::NoOperatorSet { domain } => {
                write!(
                    f,
                    "the version of the operators of {domain} is missing; is the file cut short?"
                )
            }
            // Readers differ in whether they merge the two or take the last.
            Self::Twice { what } => write!(f, "{what} is there twice"),
            Self::LongName { what, bytes } => {
                write!(f, "{what} has {bytes} bytes, at most {} are allowed", limits::NAME_BYTES)
            }
            Self::TooMany { what, limit } => write!(f, "more than {limit} {what}"),
            Self::TooDeep { limit } => write!(f, "graphs are nested more than {limit} deep"),
            Self::DuplicateAttribute { name } => write!(f, "attribute {name:?} is there twice"),
            Self::MixedAttribute { name } => {
                write!(f, "attribute {name:?} holds values of another type than it says")
            }
            Self::AttributeType { name, code } => {
                write!(f, "attribute {name:?} is of the unknown type {code}")
            }
            Self::WrongAttribute { name, expected, got } => {
                write!(f, "attribute {name:?} should be {expected}, is {got}")
            }
            Self::ElementCode { code } => write!(f, "a tensor's element type is {code}"),
            Self::NegativeDim { dim } => write!(f, "a tensor has the dimension {dim}"),
            Self::DimsOverflow => f.write_str("the dimensions of a tensor overflow"),
            Self::ElementCount { expected, got } => {
                write!(f, "a tensor's shape needs {expected} elements, {got} are stored")
            }
            Self::RawBytes { expected, got } => {
                write!(f, "a tensor's shape needs {expected} bytes, {got} are stored")
            }
            Self::TwiceStored => f.write_str("a tensor's elements are stored in two forms"),
            Self::WrongElement { expected, got } => {
                write!(f, "a tensor should hold {expected}, holds {got}")
            }
            Self::ElementRange { element } => {
                write!(f, "a tensor of {element} holds something else")
            }
            Self::Undecodable { element } => {
                write!(f, "a tensor of {element} cannot be decoded")
            }
            Self::ExternalData => f.write_str(
                "a tensor's elements are in another file; save the model as one file: \
                 onnx.save(onnx.load(path), path, save_as_external_data=False)",
            ),
            Self::Signature(fault) => fault.fmt(f),
            Self::NamesNotJson => {
                f.write_str("the metadata `feature_names` is not a JSON array of strings")
            }
            Self::Names(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for SignatureFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoInputs => f.write_str("the model has no inputs"),
            Self::NoOutputs => f.write_str("the model has no outputs"),
            Self::NotATensor { side, name, got } => {
                write!(f, "{side} {name:?} should be a tensor, is {got}")
            }
            Self::ZipMap { name } => write!(
                f,
                "output {name:?} holds a map per row (ZipMap); export the model without it: \
                 to_onnx(model, X[:1], options={{\"zipmap\": False}})",
            ),
            Self::Element { side, name, element } => {
                write!(f, "{side} {name:?} has elements of the unsupported type {element}")
            }
            Self::NoShape { name } => {
                write!(f, "input {name:?} has no shape, so the width of a row is unknown")
            }
            Self::FixedRows { name, rows } => {
                write!(f, "input {name:?} takes {rows} rows at a time; leave its axis 0 open")
            }
            Self::OpenDim { name, axis } => {
                write!(f, "axis {axis} of input {name:?} is open; only axis 0 may be")
            }
            Self::EmptyRow { name } => write!(f, "a row of input {name:?} has no elements"),
            Self::WideRow { name } => {
                write!(f, "the elements of a row of input {name:?} overflow")
            }
            Self::DuplicateOutput { name } => write!(f, "two outputs are called {name:?}"),
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Input => "input",
            Self::Output => "output",
        })
    }
}

impl From<SignatureFault> for Fault {
    fn from(fault: SignatureFault) -> Self {
        Self::Signature(fault)
    }
}
