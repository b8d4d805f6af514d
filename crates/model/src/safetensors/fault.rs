use std::fmt;

use super::Element;
use crate::{ModelError, ModelErrorKind, fault::Fault, limits};

/// What is wrong with a safetensors file, or with what is wanted of it.
#[derive(Debug)]
pub(crate) enum SafetensorsFault {
    LongHeader { bytes: u64 },
    Key { tensor: String, key: String },
    Absent { tensor: String, key: &'static str },
    Element { tensor: String, got: String },
    Size { tensor: String, shape: Vec<usize>, element: Element },
    Bytes { tensor: String, shape: Vec<usize>, element: Element, expected: usize, got: usize },
    Offsets { tensor: String, start: usize, end: usize },
    Overlap { tensor: String, other: String },
    Uncovered { bytes: usize },
    CutShort { tensor: String, end: usize, bytes: usize },

    NoFolder,
    NoWeightMap,
    ShardName { file: String },
    NotInShard { tensor: String },
    NotInIndex { tensor: String },
    OtherShard { tensor: String, other: String },
    TwoFiles { tensor: String },

    NoTensor { tensor: String, shape: Vec<usize> },
    Shape { tensor: String, expected: Vec<usize>, got: Vec<usize> },
    NotFloat { tensor: String, got: Element },
}

impl SafetensorsFault {
    pub(super) fn at(self, offset: usize) -> ModelError {
        ModelError::from(self).at(offset)
    }

    pub(crate) const fn kind(&self) -> ModelErrorKind {
        match self {
            Self::LongHeader { .. } => ModelErrorKind::TooMany,
            Self::CutShort { .. } => ModelErrorKind::Truncated,
            Self::Key { .. }
            | Self::Absent { .. }
            | Self::Overlap { .. }
            | Self::Uncovered { .. }
            | Self::NoWeightMap
            | Self::NotInIndex { .. }
            | Self::OtherShard { .. }
            | Self::TwoFiles { .. } => ModelErrorKind::Malformed,
            Self::NoFolder | Self::ShardName { .. } | Self::NotInShard { .. } => {
                ModelErrorKind::ExternalData
            }
            Self::Element { .. }
            | Self::Size { .. }
            | Self::Bytes { .. }
            | Self::Offsets { .. }
            | Self::NoTensor { .. }
            | Self::Shape { .. }
            | Self::NotFloat { .. } => ModelErrorKind::BadTensor,
        }
    }
}

impl fmt::Display for SafetensorsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LongHeader { bytes } => {
                let most = limits::HEADER_BYTES;
                write!(f, "the header should have {bytes} bytes, at most {most} are read")
            }
            Self::Key { tensor, key } => {
                write!(f, "tensor {tensor:?} has the unknown key {key:?}")
            }
            Self::Absent { tensor, key } => write!(f, "tensor {tensor:?} has no {key:?}"),
            Self::Element { tensor, got } => {
                write!(f, "tensor {tensor:?} is of the unknown type {got:?}")
            }
            Self::Size { tensor, shape, element } => write!(
                f,
                "the size of tensor {tensor:?}, {element} of shape {shape:?}, overflows or is no \
                 whole number of bytes"
            ),
            Self::Bytes { tensor, shape, element, expected, got } => write!(
                f,
                "tensor {tensor:?}, {element} of shape {shape:?}, needs {expected} bytes, its \
                 offsets hold {got}"
            ),
            Self::Offsets { tensor, start, end } => {
                write!(f, "the offsets of tensor {tensor:?}, {start} and {end}, are impossible")
            }
            Self::Overlap { tensor, other } => {
                write!(f, "tensor {tensor:?} begins before tensor {other:?} ends")
            }
            Self::Uncovered { bytes } => write!(f, "{bytes} bytes belong to no tensor"),
            Self::CutShort { tensor, end, bytes } => write!(
                f,
                "the file is cut short: tensor {tensor:?} ends at byte {end}, the file has {bytes}"
            ),
            Self::NoFolder => f.write_str(
                "the tensors are in files beside this index, which has no folder here; open it by \
                 its path",
            ),
            Self::NoWeightMap => {
                f.write_str("\"weight_map\", which says where tensors are, is missing")
            }
            Self::ShardName { file } => write!(
                f,
                "the file {file:?} that holds tensors should be named plainly, without a folder, \
                 and end in \".safetensors\""
            ),
            Self::NotInShard { tensor } => {
                write!(f, "tensor {tensor:?} should be in this file, as the index says, and is not")
            }
            Self::NotInIndex { tensor } => {
                write!(f, "the index does not know tensor {tensor:?}, which this file holds")
            }
            Self::OtherShard { tensor, other } => write!(
                f,
                "the index says that tensor {tensor:?}, which this file holds, is in {other:?}"
            ),
            Self::TwoFiles { tensor } => write!(f, "two files hold a tensor called {tensor:?}"),
            Self::NoTensor { tensor, shape } => {
                write!(f, "tensor {tensor:?}, of shape {shape:?}, is missing")
            }
            Self::Shape { tensor, expected, got } => {
                write!(f, "tensor {tensor:?} should have the shape {expected:?}, has {got:?}")
            }
            Self::NotFloat { tensor, got } => {
                write!(f, "tensor {tensor:?} should hold F32, F16 or BF16, holds {got}")
            }
        }
    }
}

impl From<SafetensorsFault> for ModelError {
    fn from(fault: SafetensorsFault) -> Self {
        Fault::Safetensors(fault).into()
    }
}
