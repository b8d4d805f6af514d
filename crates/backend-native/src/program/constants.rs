//! The constants that a file brings.

use hotplate_model::onnx::TensorProto;
use hotplate_tensor::{Shape, Tensor};

use super::shape::MOST_ELEMENTS;
use crate::operator::NotTaken;

/// An initializer's elements.
pub(super) fn constant_of(proto: &TensorProto<'_>) -> Result<Tensor, NotTaken> {
    if proto.external.is_some() {
        return Err(NotTaken::unsupported("its elements are in another file"));
    }
    if proto.element.dtype().is_none() {
        return Err(NotTaken::unsupported(format!("elements of type {}", proto.element)));
    }
    let shape =
        Shape::new(&proto.dims).map_err(|error| NotTaken::unsupported(error.to_string()))?;
    if shape.elements() > MOST_ELEMENTS {
        return Err(NotTaken::unsupported(format!("more than {MOST_ELEMENTS} elements")));
    }
    let data = proto.decode()?;
    Tensor::new(shape, data).map_err(|error| NotTaken::unsupported(error.to_string()))
}
