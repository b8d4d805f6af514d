//! ONNX files: a borrowed view of a graph and its parts.
//!
//! The reader is our own because a general protobuf decoder builds every message before anyone
//! looks at it: megabytes of empty nodes become a hundred times as much memory, and a forest's
//! lists are held three times over. Here a name is a `&str` into the file, a list is an iterator
//! over the bytes where they lie, and a message is refused at the first thing that is wrong.
//!
//! Reading an [`OnnxModel`] checks all of it, subgraphs, functions and training graphs included,
//! so that whoever gets the bytes next (ONNX Runtime, for one) gets none that were not looked at.
//! What a list's iterator yields was checked then, which is why it cannot fail.

mod attribute;
mod decode;
mod element;
mod external;
mod graph;
mod model;
mod node;
mod repeated;
pub(crate) mod splice;
mod tensor;
mod value_info;
mod wire;

#[cfg(any(test, feature = "fixtures"))]
pub mod fixture;
#[cfg(any(test, feature = "fixtures"))]
mod test_value;
#[cfg(test)]
mod tests;

pub use attribute::{Attribute, AttributeKind, AttributeValue};
pub use element::ElementType;
pub use external::ExternalData;
pub use graph::Graph;
pub(crate) use model::starts_like_a_model;
pub use model::{OnnxModel, Opset};
pub use node::Node;
pub use repeated::{Floats, Ints, Strings};
pub use tensor::TensorProto;
#[cfg(any(test, feature = "fixtures"))]
pub use test_value::{TestMap, TestValue, read_value};
pub use value_info::{Dim, ValueInfo, ValueType};
