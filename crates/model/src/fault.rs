use std::fmt;

use hotplate_tensor::{DType, SchemaError};

use crate::{
    Format, ModelError, ModelErrorKind,
    foreign::Foreign,
    lightgbm::LightGbmFault,
    limits,
    onnx::{AttributeKind, ElementType},
    pretrained::PretrainedFault,
    safetensors::SafetensorsFault,
    xgboost::XgBoostFault,
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
    TooLarge { bytes: u64, limit: u64 },

    Foreign(Foreign),
    Unrecognised,
    OtherFormat { expected: &'static str, got: Format },

    PastTheEnd { needed: u64, left: usize },
    CutShort,
    LongVarint,
    FieldNumber,
    Group,
    WireType { field: u32, expected: &'static str },
    PackedLength { bytes: usize, element_bytes: usize },
    NotUtf8 { what: &'static str },
    Expected { expected: &'static str },
    KeyTwice { key: String },
    Absent { what: &'static str },
    NoOperatorSet { domain: String },
    Twice { what: &'static str },
    LongName { what: &'static str, bytes: usize },
    TooMany { what: &'static str, limit: usize },
    TooDeep { what: &'static str, limit: usize },

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
    External(ExternalFault),

    LightGbm(LightGbmFault),
    XgBoost(XgBoostFault),
    Safetensors(SafetensorsFault),
    Pretrained(PretrainedFault),

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
    NotZipMap { name: String, got: &'static str },
    Element { side: Side, name: String, element: ElementType },
    NoShape { name: String },
    Axes { name: String },
    EmptyRow { name: String },
    WideRow { name: String },
    Duplicate { side: Side, name: String },
}

/// Why the elements of a tensor that are in another file cannot be had.
#[derive(Debug)]
pub(crate) enum ExternalFault {
    /// Said by whoever wants the elements and reads no other files.
    NotRead,
    Entry {
        key: &'static str,
    },
    Place {
        code: i64,
    },
    AlsoHere,
    Text,
    Length {
        expected: usize,
        got: u64,
    },
    Overflow,
    NoFolder,
    Location {
        location: String,
        problem: &'static str,
    },
    NotFound {
        location: String,
    },
    Unreadable {
        location: String,
    },
    ChangedMeanwhile {
        location: String,
    },
    PastTheEnd {
        location: String,
        needed: u64,
        bytes: u64,
    },
    TooManyFiles,
    TooLarge,
    NoMemory {
        location: String,
        bytes: u64,
    },
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
            Self::Foreign(_) | Self::Unrecognised | Self::OtherFormat { .. } => {
                ModelErrorKind::UnsupportedFormat
            }
            Self::PastTheEnd { .. } | Self::CutShort => ModelErrorKind::Truncated,
            Self::LongVarint
            | Self::FieldNumber
            | Self::Group
            | Self::WireType { .. }
            | Self::PackedLength { .. }
            | Self::NotUtf8 { .. }
            | Self::Expected { .. }
            | Self::KeyTwice { .. }
            | Self::Absent { .. }
            | Self::NoOperatorSet { .. }
            | Self::Twice { .. }
            | Self::DuplicateAttribute { .. }
            | Self::MixedAttribute { .. }
            | Self::AttributeType { .. }
            | Self::Signature(SignatureFault::Duplicate { .. }) => ModelErrorKind::Malformed,
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
            Self::External(_) => ModelErrorKind::ExternalData,
            Self::LightGbm(fault) => fault.kind(),
            Self::XgBoost(fault) => fault.kind(),
            Self::Safetensors(fault) => fault.kind(),
            Self::Pretrained(fault) => fault.kind(),
            Self::Signature(_) => ModelErrorKind::UnsupportedSignature,
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
            Self::TooLarge { bytes, limit } => {
                write!(f, "the file has {bytes} bytes, at most {limit} are read")
            }
            Self::Foreign(foreign) => foreign.fmt(f),
            Self::Unrecognised => f.write_str(
                "the file is not a model in ONNX, LightGBM, XGBoost or safetensors format",
            ),
            Self::OtherFormat { expected, got } => {
                write!(f, "the model should be in {expected} format, is in {got} format")
            }
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
            Self::Expected { expected } => write!(f, "expected {expected}"),
            Self::KeyTwice { key } => write!(f, "the key {key:?} is there twice"),
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
            Self::TooDeep { what, limit } => write!(f, "{what} are nested more than {limit} deep"),
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
            Self::External(fault) => fault.fmt(f),
            Self::LightGbm(fault) => fault.fmt(f),
            Self::XgBoost(fault) => fault.fmt(f),
            Self::Safetensors(fault) => fault.fmt(f),
            Self::Pretrained(fault) => fault.fmt(f),
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
            Self::NotZipMap { name, got } => write!(
                f,
                "output {name:?} is {got}, which is taken only as what a ZipMap node makes: \
                 a map per row, of classes to float32",
            ),
            Self::Element { side, name, element } => {
                write!(f, "{side} {name:?} has elements of the unsupported type {element}")
            }
            Self::NoShape { name } => {
                write!(f, "input {name:?} has no shape, so what a row of it looks like is unknown")
            }
            Self::Axes { name } => {
                let most = hotplate_tensor::MAX_RANK - 1;
                write!(f, "a row of input {name:?} has more than {most} axes")
            }
            Self::EmptyRow { name } => write!(f, "a row of input {name:?} has no elements"),
            Self::WideRow { name } => {
                let most = limits::ROW_ELEMENTS;
                write!(f, "a row of input {name:?} has more than {most} elements")
            }
            Self::Duplicate { side, name } => write!(f, "two {side}s are called {name:?}"),
        }
    }
}

impl fmt::Display for ExternalFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRead => f.write_str("a tensor's elements are in another file"),
            Self::Entry { key } => {
                write!(f, "a tensor's elements are in another file, and {key:?} of it is unusable")
            }
            Self::Place { code } => {
                write!(f, "a tensor's elements are in a place of the unknown kind {code}")
            }
            Self::AlsoHere => {
                f.write_str("a tensor's elements are both in the file and in another")
            }
            Self::Text => f.write_str("a tensor's elements are in another file and have no size"),
            Self::Length { expected, got } => {
                write!(f, "a tensor's shape needs {expected} bytes, {got} are in another file")
            }
            Self::Overflow => f.write_str("a tensor's place in another file overflows"),
            Self::NoFolder => f.write_str(
                "tensors are in other files beside the model's, which has no folder here; save \
                 it as one file: onnx.save(onnx.load(path), path, save_as_external_data=False)",
            ),
            Self::Location { location, problem } => {
                write!(f, "the file {location:?} that holds tensors {problem}")
            }
            Self::NotFound { location } => {
                write!(f, "the file {location:?} that holds tensors is not beside the model's")
            }
            Self::Unreadable { location } => {
                write!(f, "the file {location:?} that holds tensors cannot be read")
            }
            Self::ChangedMeanwhile { location } => {
                write!(f, "the file {location:?} that holds tensors changed while it was read")
            }
            Self::PastTheEnd { location, needed, bytes } => write!(
                f,
                "the file {location:?} that holds tensors has {bytes} bytes, {needed} are needed"
            ),
            Self::TooManyFiles => {
                write!(f, "tensors are in more than {} other files", limits::EXTERNAL_FILES)
            }
            Self::TooLarge => {
                let most = limits::EXTERNAL_BYTES;
                write!(f, "tensors need more than {most} bytes of other files")
            }
            Self::NoMemory { location, bytes } => {
                write!(
                    f,
                    "there is no memory for the {bytes} bytes of {location:?} that are needed"
                )
            }
        }
    }
}

impl From<ExternalFault> for Fault {
    fn from(fault: ExternalFault) -> Self {
        Self::External(fault)
    }
}

impl From<ExternalFault> for ModelError {
    fn from(fault: ExternalFault) -> Self {
        Fault::from(fault).into()
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
