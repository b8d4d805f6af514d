//! Elements between our tensors and those of a session.

use std::{ops::Range, slice};

use hotplate_tensor::{DType, DataView, Element, Shape, Tensor};
use ort::{
    memory::Allocator,
    value::{
        DynTensor, DynTensorValueType, DynValue, PrimitiveTensorElementType, TensorElementType,
    },
};

/// The type of the same name.
pub(crate) fn element_type(dtype: DType) -> TensorElementType {
    match dtype {
        DType::Bool => TensorElementType::Bool,
        DType::I8 => TensorElementType::Int8,
        DType::I16 => TensorElementType::Int16,
        DType::I32 => TensorElementType::Int32,
        DType::I64 => TensorElementType::Int64,
        DType::U8 => TensorElementType::Uint8,
        DType::U16 => TensorElementType::Uint16,
        DType::U32 => TensorElementType::Uint32,
        DType::U64 => TensorElementType::Uint64,
        DType::F32 => TensorElementType::Float32,
        DType::F64 => TensorElementType::Float64,
        _ => TensorElementType::String,
    }
}

/// A tensor in the library's own memory, for a session on any device to read from or write to.
pub(crate) fn tensor(dtype: DType, dims: &[i64]) -> Result<DynValue, ort::Error> {
    let tensor = DynTensor::new(&Allocator::default(), element_type(dtype), dims.to_vec())?;
    Ok(tensor.into_dyn())
}

/// Copies `elements` of `from` to the elements of `to` from `at` on.
pub(crate) fn write(
    to: &mut DynValue,
    at: usize,
    from: DataView<'_>,
    elements: Range<usize>,
) -> Result<(), ort::Error> {
    macro_rules! write {
        ($($variant:ident),+) => {
            match from {
                $(DataView::$variant(from) => write_numbers(to, at, &from[elements]),)+
                _ => Err(ort::Error::new("text is not copied into tensors of numbers")),
            }
        };
    }
    write!(Bool, I8, I16, I32, I64, U8, U16, U32, U64, F32, F64)
}

fn write_numbers<T: PrimitiveTensorElementType + Copy>(
    to: &mut DynValue,
    at: usize,
    from: &[T],
) -> Result<(), ort::Error> {
    let (_, to) = to.try_extract_tensor_mut::<T>()?;
    to[at..at + from.len()].copy_from_slice(from);
    Ok(())
}

/// Copies `elements` of `from` to the elements of `to` from `at` on; where `shape` is given, `to`
/// gets it first.
pub(crate) fn read(
    from: &DynValue,
    elements: Range<usize>,
    to: &mut Tensor,
    at: usize,
    shape: Option<Shape>,
) -> Result<(), ort::Error> {
    macro_rules! read {
        ($($variant:ident: $type:ty),+) => {
            match to.dtype() {
                DType::Bool => read_truths(from, elements, to, at, shape),
                $(DType::$variant => read_numbers::<$type>(from, elements, to, at, shape),)+
                _ => read_strings(from, elements, to, at, shape),
            }
        };
    }
    read!(
        I8: i8, I16: i16, I32: i32, I64: i64, U8: u8, U16: u16, U32: u32, U64: u64, F32: f32, F64: f64
    )
}

fn read_numbers<T: PrimitiveTensorElementType + Element>(
    from: &DynValue,
    elements: Range<usize>,
    to: &mut Tensor,
    at: usize,
    shape: Option<Shape>,
) -> Result<(), ort::Error> {
    let (_, from) = from.try_extract_tensor::<T>()?;
    let to = match shape {
        Some(shape) => to.reset::<T>(shape),
        None => to.elements_mut::<T>(),
    };
    to[at..at + elements.len()].copy_from_slice(&from[elements]);
    Ok(())
}

/// As [`read_numbers`] for truth values, of which the library checks no byte: a file may hold any.
fn read_truths(
    from: &DynValue,
    elements: Range<usize>,
    to: &mut Tensor,
    at: usize,
    shape: Option<Shape>,
) -> Result<(), ort::Error> {
    let from = bytes_of_truths(from)?;
    let to = match shape {
        Some(shape) => to.reset::<bool>(shape),
        None => to.elements_mut::<bool>(),
    };
    let to = &mut to[at..at + elements.len()];
    to.iter_mut().zip(&from[elements]).for_each(|(to, &byte)| *to = byte != 0);
    Ok(())
}

#[allow(unsafe_code, reason = "`ort` gives the bytes of truth values as `bool` alone")]
fn bytes_of_truths(value: &DynValue) -> Result<&[u8], ort::Error> {
    let tensor = value.view().downcast::<DynTensorValueType>()?;
    if *value.data_type() != TensorElementType::Bool || !tensor.memory_info().is_cpu_accessible() {
        return Err(ort::Error::new("an output is not of the type that the file declares"));
    }
    let len = value.shape().num_elements();
    let data = tensor.data_ptr().cast::<u8>();
    if len == 0 || data.is_null() {
        return Ok(&[]);
    }
    // SAFETY: a tensor of truth values that the processor can reach has one byte for each element,
    // all of them written by the library; it lives and is not written to while `value` is borrowed.
    Ok(unsafe { slice::from_raw_parts(data, len) })
}

fn read_strings(
    from: &DynValue,
    elements: Range<usize>,
    to: &mut Tensor,
    at: usize,
    shape: Option<Shape>,
) -> Result<(), ort::Error> {
    let (_, from) = from.try_extract_strings()?;
    if let Some(shape) = shape {
        to.reset_strings(shape);
    }
    for (index, text) in (at..).zip(&from[elements]) {
        to.set_string(index, text);
    }
    Ok(())
}

/// Gives a tensor this shape; it keeps its type, and what it holds is unspecified.
pub(crate) fn reset(tensor: &mut Tensor, shape: Shape) {
    macro_rules! reset {
        ($($variant:ident: $type:ty),+) => {
            match tensor.dtype() {
                $(DType::$variant => drop(tensor.reset::<$type>(shape)),)+
                _ => drop(tensor.reset_strings(shape)),
            }
        };
    }
    reset!(
        Bool: bool, I8: i8, I16: i16, I32: i32, I64: i64, U8: u8, U16: u16, U32: u32, U64: u64,
        F32: f32, F64: f64
    );
}
