//! The declared inputs and outputs of a graph, as rows have them.

use std::collections::HashSet;

use hotplate_tensor::{DType, InputSpec, RowDim, RowShape, ShapeError};

use super::{Batching, OutputSpec};
use crate::{
    fault::{Fault, Side, SignatureFault},
    labels::ML_DOMAIN,
    limits,
    onnx::{Dim, ElementType, Graph, Node, ValueInfo, ValueType},
    zipmap::ZipMaps,
};

/// How a graph of these inputs and outputs takes rows, whether or not it can be described.
pub(super) fn batching(graph: &Graph<'_>) -> Batching {
    let mut batching = Batching::Rows;
    for dims in graph.inputs.iter().filter_map(|input| dims(&input.ty)) {
        match dims.first() {
            Some(Dim::Symbol(_) | Dim::Unknown) => {}
            Some(Dim::Fixed(1)) => batching = Batching::OneRow,
            Some(Dim::Fixed(_)) | None => return Batching::None,
        }
    }
    let one_answer = |output: &ValueInfo<'_>| {
        dims(&output.ty).is_some_and(|dims| matches!(dims.first(), Some(Dim::Fixed(2..))))
    };
    if graph.outputs.iter().any(one_answer) { Batching::None } else { batching }
}

/// The dimensions of a tensor, where the file gives them.
fn dims<'t, 'a>(ty: &'t ValueType<'a>) -> Option<&'t [Dim<'a>]> {
    match ty {
        ValueType::Tensor { shape, .. } => shape.as_deref(),
        ValueType::Optional(inner) => dims(inner),
        _ => None,
    }
}

/// The dimensions of a row, of a tensor's.
fn of_a_row<'d, 'a>(dims: &'d [Dim<'a>], batching: Batching) -> &'d [Dim<'a>] {
    match (batching, dims) {
        (Batching::Rows | Batching::OneRow, [_, row @ ..]) => row,
        _ => dims,
    }
}

pub(super) fn inputs(graph: &Graph<'_>, batching: Batching) -> Result<Vec<InputSpec>, Fault> {
    if graph.inputs.is_empty() {
        return Err(SignatureFault::NoInputs.into());
    }
    check_names(&graph.inputs, Side::Input)?;
    graph.inputs.iter().map(|value| input(value, graph, batching)).collect()
}

fn input(value: &ValueInfo<'_>, graph: &Graph<'_>, batching: Batching) -> Result<InputSpec, Fault> {
    let name = value.name.to_owned();
    let ValueType::Tensor { element, shape } = &value.ty else {
        let (side, got) = (Side::Input, value.ty.noun());
        return Err(SignatureFault::NotATensor { side, name, got }.into());
    };
    let dtype = dtype(*element, value, Side::Input)?;
    let dims = match shape {
        Some(dims) => dims.as_slice(),
        None if is_matrix(value.name, graph) => &[Dim::Unknown, Dim::Unknown],
        None => return Err(SignatureFault::NoShape { name }.into()),
    };
    let row = of_a_row(dims, batching);
    // Without a rows axis nothing is as good an input as anything.
    if batching != Batching::None && row.contains(&Dim::Fixed(0)) {
        return Err(SignatureFault::EmptyRow { name }.into());
    }
    let row = row.iter().map(|dim| match *dim {
        Dim::Fixed(dim) => RowDim::Fixed(dim),
        Dim::Symbol(symbol) => RowDim::Open(Some(symbol.to_owned())),
        Dim::Unknown => RowDim::Open(None),
    });
    match RowShape::new(row.collect()) {
        Ok(row_shape) if fixed_elements(&row_shape) <= limits::ROW_ELEMENTS => {
            Ok(InputSpec { name, dtype, row_shape })
        }
        Err(ShapeError::Rank { .. }) => Err(SignatureFault::Axes { name }.into()),
        Ok(_) | Err(_) => Err(SignatureFault::WideRow { name }.into()),
    }
}

/// The elements of a row whose open dimensions are one; that they do not overflow was checked.
fn fixed_elements(row_shape: &RowShape) -> usize {
    row_shape.dims().iter().filter_map(RowDim::fixed).product()
}

/// Whether the first node that takes this value is one of classical models, which all take rows of
/// features.
fn is_matrix(name: &str, graph: &Graph<'_>) -> bool {
    let takes = |node: &&Node<'_>| node.inputs.contains(&name);
    graph.nodes.iter().find(takes).is_some_and(|node| node.domain == ML_DOMAIN)
}

pub(super) fn outputs(
    values: &[ValueInfo<'_>],
    zipmaps: &ZipMaps<'_>,
    batching: Batching,
) -> Result<Vec<OutputSpec>, Fault> {
    if values.is_empty() {
        return Err(SignatureFault::NoOutputs.into());
    }
    check_names(values, Side::Output)?;
    values.iter().map(|value| output(value, zipmaps, batching)).collect()
}

fn check_names(values: &[ValueInfo<'_>], side: Side) -> Result<(), Fault> {
    let mut names = HashSet::with_capacity(values.len());
    match values.iter().find(|value| !names.insert(value.name)) {
        Some(twice) => Err(SignatureFault::Duplicate { side, name: twice.name.to_owned() }.into()),
        None => Ok(()),
    }
}

fn output(
    value: &ValueInfo<'_>,
    zipmaps: &ZipMaps<'_>,
    batching: Batching,
) -> Result<OutputSpec, Fault> {
    let name = value.name.to_owned();
    if let Some(classes) = zipmaps.classes(value.name) {
        let dims = [Dim::Unknown, Dim::Fixed(classes.len())];
        let row_dims = Some(fixed(of_a_row(&dims, batching)));
        return Ok(OutputSpec { name, dtype: DType::F32, row_dims, optional: false });
    }
    let (ty, optional) = match &value.ty {
        ValueType::Optional(inner) => (&**inner, true),
        ty => (ty, false),
    };
    match ty {
        ValueType::Tensor { element, shape } => {
            let dtype = dtype(*element, value, Side::Output)?;
            // A shape without axes is how exporters write that they do not know it.
            let known = |dims: &&[Dim<'_>]| batching == Batching::None || !dims.is_empty();
            let dims = shape.as_deref().filter(known);
            let row_dims = dims.map(|dims| fixed(of_a_row(dims, batching)));
            Ok(OutputSpec { name, dtype, row_dims, optional })
        }
        ValueType::Sequence(_) | ValueType::Map { .. } => {
            Err(SignatureFault::NotZipMap { name, got: ty.noun() }.into())
        }
        _ => {
            let (side, got) = (Side::Output, value.ty.noun());
            Err(SignatureFault::NotATensor { side, name, got }.into())
        }
    }
}

fn fixed(dims: &[Dim<'_>]) -> Vec<Option<usize>> {
    let fixed = |dim: &Dim<'_>| match *dim {
        Dim::Fixed(dim) => Some(dim),
        Dim::Symbol(_) | Dim::Unknown => None,
    };
    dims.iter().map(fixed).collect()
}

fn dtype(element: ElementType, value: &ValueInfo<'_>, side: Side) -> Result<DType, Fault> {
    element.dtype().ok_or_else(|| {
        SignatureFault::Element { side, name: value.name.to_owned(), element }.into()
    })
}
