//! Dimensions as values: what `Shape` gives, and what graphs make of it to ask for another shape.
//!
//! Such a list is known when the graph is compiled, but for the number of rows in it. It is no
//! tensor while that is in it: an answer that it took part in would depend on the batch.

use hotplate_model::onnx::{ElementType, Node};
use hotplate_tensor::DType;

use super::{super::support::operand, lists, reshape, slice};
use crate::{
    operator::NotTaken,
    program::{
        kernel::Operand,
        operators::Extents,
        opsets::Opsets,
        shape::{Dim, Extent, ValueType},
    },
};

/// The dimensions that a node makes of dimensions, if that is what it does.
pub(super) fn of(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    opsets: &Opsets,
) -> Result<Option<Extents>, NotTaken> {
    match node.op_type {
        "Shape" => return shape(node, &operand(node, operands, 0)?.ty).map(Some),
        "Size" => return size(&operand(node, operands, 0)?.ty).map(Some),
        _ => {}
    }
    if !operands.iter().flatten().any(|operand| operand.extents.is_some()) {
        return Ok(None);
    }
    match node.op_type {
        "Cast" => cast(node, operands),
        "Gather" => gather(node, operands),
        "Slice" => sliced(node, operands, opsets),
        "Concat" => concat(node, operands),
        "Squeeze" | "Unsqueeze" | "Reshape" | "Flatten" => reshaped(node, operands, opsets),
        "Add" | "Sub" | "Mul" | "Div" => arithmetic(node, operands),
        "ReduceProd" => product_of_all(node, operands),
        _ => Ok(None),
    }
}

fn of_list(elements: Vec<Extent>) -> Extents {
    Extents { dtype: DType::I64, dims: vec![elements.len()], elements }
}

fn of_one(element: Extent) -> Extents {
    Extents { dtype: DType::I64, dims: Vec::new(), elements: vec![element] }
}

/// The dimensions of what has the number of rows in it, and its elements.
struct List {
    dims: Vec<usize>,
    elements: Vec<Extent>,
}

impl List {
    fn of(
        node: &Node<'_>,
        operands: &[Option<Operand<'_>>],
        index: usize,
    ) -> Result<Option<Self>, NotTaken> {
        let operand = operand(node, operands, index)?;
        let dims: Option<Vec<usize>> = operand.ty.dims.iter().map(|dim| dim.fixed()).collect();
        let found = dims.zip(lists::list(operand)).filter(|_| operand.ty.dtype == DType::I64);
        Ok(found.map(|(dims, elements)| Self { dims, elements }))
    }

    fn ty(&self) -> ValueType {
        let dims = self.dims.iter().copied().map(Dim::Fixed).collect();
        ValueType { dtype: DType::I64, dims }
    }
}

fn shape(node: &Node<'_>, value: &ValueType) -> Result<Extents, NotTaken> {
    let rank = value.rank();
    let bound = |bound: i64| {
        let count = i64::try_from(rank).unwrap_or(i64::MAX);
        let bound = if bound < 0 { bound.saturating_add(count) } else { bound };
        usize::try_from(bound.clamp(0, count)).unwrap_or(rank)
    };
    let start = bound(node.int("start")?.unwrap_or(0));
    let end = node.int("end")?.map_or(rank, bound);
    let dims = value.dims.get(start..end).unwrap_or_default();
    Ok(of_list(dims.iter().copied().map(Extent::from).collect()))
}

fn size(value: &ValueType) -> Result<Extents, NotTaken> {
    let mut dims = value.dims.iter().copied().map(Extent::from);
    let size = dims.try_fold(Extent::Fixed(1), product);
    let reason = "a number of elements that grows with the rows";
    size.map(of_one).ok_or_else(|| NotTaken::unsupported(reason))
}

/// The product, where it is an extent again.
fn product(one: Extent, other: Extent) -> Option<Extent> {
    match (one, other) {
        (Extent::Fixed(one), Extent::Fixed(other)) => one.checked_mul(other).map(Extent::Fixed),
        (Extent::Fixed(1), extent) | (extent, Extent::Fixed(1)) => Some(extent),
        (Extent::Fixed(0), _) | (_, Extent::Fixed(0)) => Some(Extent::Fixed(0)),
        _ => None,
    }
}

/// One of the four operations, where its result is an extent again.
fn result(op_type: &str, one: Extent, other: Extent) -> Option<Extent> {
    match (op_type, one, other) {
        ("Mul", ..) => product(one, other),
        ("Add", Extent::Fixed(one), Extent::Fixed(other)) => {
            one.checked_add(other).map(Extent::Fixed)
        }
        ("Add", extent, Extent::Fixed(0)) | ("Add", Extent::Fixed(0), extent) => Some(extent),
        ("Sub", Extent::Fixed(one), Extent::Fixed(other)) => {
            one.checked_sub(other).map(Extent::Fixed)
        }
        ("Sub", extent, Extent::Fixed(0)) => Some(extent),
        ("Sub", Extent::Rows, Extent::Rows) => Some(Extent::Fixed(0)),
        ("Div", Extent::Fixed(one), Extent::Fixed(other)) => {
            one.checked_div(other).map(Extent::Fixed)
        }
        ("Div", extent, Extent::Fixed(1)) => Some(extent),
        ("Div", Extent::Rows, Extent::Rows) => Some(Extent::Fixed(1)),
        _ => None,
    }
}

fn cast(node: &Node<'_>, operands: &[Option<Operand<'_>>]) -> Result<Option<Extents>, NotTaken> {
    let to = node.int("to")?.and_then(ElementType::of_code).and_then(ElementType::dtype);
    let list = List::of(node, operands, 0)?.filter(|_| to == Some(DType::I64));
    Ok(list.map(|List { dims, elements }| Extents { dtype: DType::I64, dims, elements }))
}

fn gather(node: &Node<'_>, operands: &[Option<Operand<'_>>]) -> Result<Option<Extents>, NotTaken> {
    let Some(list) = List::of(node, operands, 0)?.filter(|list| list.dims.len() == 1) else {
        return Ok(None);
    };
    let indices = operand(node, operands, 1)?;
    lists::axis(node, node.int("axis")?.unwrap_or(0), 1)?;
    let dims: Option<Vec<usize>> = indices.ty.dims.iter().map(|dim| dim.fixed()).collect();
    let Some(dims) = dims.filter(|dims| dims.len() <= 1) else { return Ok(None) };
    let elements = lists::integers(indices, "indices")?.into_iter().map(|index| {
        lists::axis(node, index, list.elements.len()).map(|index| list.elements[index])
    });
    let elements = elements.collect::<Result<_, _>>()?;
    Ok(Some(Extents { dtype: DType::I64, dims, elements }))
}

fn sliced(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    opsets: &Opsets,
) -> Result<Option<Extents>, NotTaken> {
    let Some(list) = List::of(node, operands, 0)?.filter(|list| list.dims.len() == 1) else {
        return Ok(None);
    };
    let bounds = slice::bounds(node, operands, opsets.main() >= 10, 1)?;
    let Some(bounds) = bounds.first() else { return Ok(Some(of_list(list.elements))) };
    let range = bounds.range(node, list.elements.len())?;
    let mut index = range.start;
    let elements = (0..range.count).filter_map(|_| {
        let element = list.elements.get(index).copied();
        index = index.wrapping_add_signed(range.step);
        element
    });
    Ok(Some(of_list(elements.collect())))
}

fn concat(node: &Node<'_>, operands: &[Option<Operand<'_>>]) -> Result<Option<Extents>, NotTaken> {
    let axis = node.int("axis")?.ok_or_else(|| NotTaken::invalid(node, "axis is not given"))?;
    lists::axis(node, axis, 1)?;
    let mut elements = Vec::new();
    for index in 0..operands.len() {
        match List::of(node, operands, index)? {
            Some(list) if list.dims.len() == 1 => elements.extend(list.elements),
            _ => return Ok(None),
        }
    }
    Ok(Some(of_list(elements)))
}

fn reshaped(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    opsets: &Opsets,
) -> Result<Option<Extents>, NotTaken> {
    let Some(list) = List::of(node, operands, 0)? else { return Ok(None) };
    // The kernel is for nobody; its type says what becomes of the list.
    let compiled = match node.op_type {
        "Squeeze" => reshape::squeeze(node, operands, opsets)?,
        "Unsqueeze" => reshape::unsqueeze(node, operands, opsets)?,
        "Reshape" => reshape::reshape(node, operands, opsets)?,
        _ => reshape::flatten(node, operands)?,
    };
    let dims: Option<Vec<usize>> =
        compiled.outputs.iter().flat_map(|ty| &ty.dims).map(|dim| dim.fixed()).collect();
    let elements = list.elements;
    Ok(dims.map(|dims| Extents { dtype: DType::I64, dims, elements }))
}

fn arithmetic(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Option<Extents>, NotTaken> {
    let (Some(one), Some(other)) = (List::of(node, operands, 0)?, List::of(node, operands, 1)?)
    else {
        return Ok(None);
    };
    let ty = crate::program::shape::broadcast(DType::I64, &one.ty(), &other.ty());
    let ty = ty.map_err(|problem| NotTaken::invalid(node, problem))?;
    if ty.rank() > 1 {
        return Ok(None);
    }
    let dims: Vec<usize> = ty.dims.iter().filter_map(|dim| dim.fixed()).collect();
    let count: usize = dims.iter().product();
    // One element stands beside each of the others.
    let at = |list: &List, index: usize| {
        list.elements.get(if list.elements.len() == 1 { 0 } else { index }).copied()
    };
    let elements: Option<Vec<Extent>> = (0..count)
        .map(|index| result(node.op_type, at(&one, index)?, at(&other, index)?))
        .collect();
    let elements =
        elements.ok_or_else(|| NotTaken::unsupported("computes with the number of rows"))?;
    Ok(Some(Extents { dtype: DType::I64, dims, elements }))
}

fn product_of_all(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Option<Extents>, NotTaken> {
    let Some(list) = List::of(node, operands, 0)?.filter(|list| list.dims.len() == 1) else {
        return Ok(None);
    };
    let axes = match operands.len() {
        1 => lists::attribute(node, "axes")?,
        _ => lists::optional_integers(operands, 1, "axes")?,
    };
    if let Some(axes) = axes {
        lists::axes(node, &axes, 1)?;
        if axes.is_empty() {
            return Ok(None);
        }
    }
    let all = list.elements.into_iter().try_fold(Extent::Fixed(1), product);
    let all = all.ok_or_else(|| NotTaken::unsupported("computes with the number of rows"))?;
    Ok(Some(if node.int("keepdims")?.unwrap_or(1) == 0 { of_one(all) } else { of_list(vec![all]) }))
}
