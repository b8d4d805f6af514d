//! The operators that the engine takes, with their attributes read and checked.

use hotplate_backend::BackendError;
use hotplate_model::onnx::{ElementType, Graph, Node};
use hotplate_tensor::DType;

use crate::ensemble::{Ensemble, onnx};

/// What a node does to its inputs.
#[derive(Debug)]
pub(crate) enum Operator {
    /// The same values, whatever their form.
    Identity,
    /// The same values, with the name of a class for each column.
    ZipMap { classes: usize },
    /// The same values as float32.
    CastToFloat,
    /// The same values as int64.
    CastToInteger,
    /// The same values, multiplied by a constant that is one: what LightGBM's exporter puts behind
    /// probabilities. They are this input.
    TimesOne { input: usize },
    /// Inputs side by side along `axis` of the whole tensor, rows included.
    Concat { axis: i64 },
    /// Other dimensions for the same elements, row by row; −1 and 0 as ONNX has them.
    Reshape { dims: Vec<i64> },
    /// An indicator for each category: one where the text is that category.
    OneHot { categories: Vec<String>, unknown_is_zeros: bool },
    /// Another value where an element is `replaced`; per feature, or one for all.
    Impute { with: Vec<f32>, replaced: f32 },
    /// `(x − offset) · scale`, each rounded to float32; per feature, or one for all.
    Scale { offset: Vec<f32>, scale: Vec<f32> },
    /// An ensemble of trees and what is made of their sums.
    Trees(Box<Ensemble<f32>>),
}

/// Why a node is not taken: not by this engine, or by nobody.
#[derive(Debug)]
pub(crate) enum NotTaken {
    /// Another backend may take it.
    Unsupported(String),
    /// It is wrong in itself.
    Invalid(BackendError),
}

impl From<hotplate_model::ModelError> for NotTaken {
    fn from(error: hotplate_model::ModelError) -> Self {
        Self::Invalid(error.into())
    }
}

impl NotTaken {
    pub(crate) fn unsupported(reason: impl Into<String>) -> Self {
        Self::Unsupported(reason.into())
    }

    pub(crate) fn invalid(node: &Node<'_>, problem: impl Into<String>) -> Self {
        Self::Invalid(BackendError::invalid_model(node_name(node), problem))
    }
}

/// What to call a node in a message: its name, or that of what it makes.
pub(crate) fn node_name<'a>(node: &Node<'a>) -> &'a str {
    if node.name.is_empty() { node.outputs.first().copied().unwrap_or_default() } else { node.name }
}

impl Operator {
    /// Reads a node's operator and attributes.
    pub(crate) fn read(node: &Node<'_>, graph: &Graph<'_>) -> Result<Self, NotTaken> {
        match (node.domain, node.op_type) {
            ("", "Identity") => Ok(Self::Identity),
            ("", "Cast") => cast(node),
            ("", "Mul") => times_one(node, graph),
            ("", "Concat") => {
                let axis = node.int("axis")?;
                let axis = axis.ok_or_else(|| NotTaken::invalid(node, "axis is not given"))?;
                Ok(Self::Concat { axis })
            }
            ("", "Reshape") => reshape(node, graph),
            ("ai.onnx.ml", "OneHotEncoder") => one_hot(node),
            ("ai.onnx.ml", "Imputer") => impute(node),
            ("ai.onnx.ml", "Scaler") => scale(node),
            ("ai.onnx.ml", "ZipMap") => zipmap(node),
            _ if onnx::is_ensemble(node) => Ok(Self::Trees(Box::new(onnx::read(node)?))),
            _ => Err(NotTaken::unsupported("the native engine has no such operator")),
        }
    }
}

fn cast(node: &Node<'_>) -> Result<Operator, NotTaken> {
    let to = node.int("to")?.ok_or_else(|| NotTaken::invalid(node, "to is not given"))?;
    match ElementType::of_code(to) {
        Some(element) if element.dtype() == Some(DType::F32) => Ok(Operator::CastToFloat),
        Some(element) if element.dtype() == Some(DType::I64) => Ok(Operator::CastToInteger),
        Some(other) => Err(NotTaken::unsupported(format!("a cast to {other}"))),
        None => Err(NotTaken::invalid(node, format!("{to} is the code of no element type"))),
    }
}

fn times_one(node: &Node<'_>, graph: &Graph<'_>) -> Result<Operator, NotTaken> {
    let is_one = |name: &&str| {
        let tensor = graph.initializers.iter().find(|tensor| tensor.name == *name);
        // One of more axes would give the product more than the other factor has.
        let tensor = tensor.filter(|tensor| tensor.dims.len() < 2);
        let elements = tensor.and_then(|tensor| tensor.elements::<f32>().ok());
        elements.is_some_and(|elements| elements == [1.0])
    };
    match &node.inputs[..] {
        [_, one] if is_one(one) => Ok(Operator::TimesOne { input: 0 }),
        [one, _] if is_one(one) => Ok(Operator::TimesOne { input: 1 }),
        _ => Err(NotTaken::unsupported("a product")),
    }
}

fn reshape(node: &Node<'_>, graph: &Graph<'_>) -> Result<Operator, NotTaken> {
    let &[_, name] = &node.inputs[..] else {
        return Err(NotTaken::invalid(node, format!("reads {} inputs", node.inputs.len())));
    };
    let shape = graph.initializers.iter().find(|tensor| tensor.name == name);
    let shape = shape.ok_or_else(|| NotTaken::unsupported("a shape that is computed"))?;
    if node.int("allowzero")?.unwrap_or(0) != 0 {
        return Err(NotTaken::unsupported("allowzero"));
    }
    Ok(Operator::Reshape { dims: shape.elements()? })
}

fn zipmap(node: &Node<'_>) -> Result<Operator, NotTaken> {
    let strings = node.strings("classlabels_strings")?.map_or(0, |labels| labels.len());
    let integers = node.ints("classlabels_int64s")?.map_or(0, |labels| labels.len());
    match (strings, integers) {
        (classes, 0) | (0, classes) if classes > 0 => Ok(Operator::ZipMap { classes }),
        _ => Err(NotTaken::invalid(node, format!("{strings} texts and {integers} integers"))),
    }
}

fn one_hot(node: &Node<'_>) -> Result<Operator, NotTaken> {
    let categories: Vec<String> =
        node.strings("cats_strings")?.into_iter().flatten().map(str::to_owned).collect();
    if categories.is_empty() {
        return Err(match node.ints("cats_int64s")? {
            Some(_) => NotTaken::unsupported("categories that are not strings"),
            None => NotTaken::invalid(node, "no categories are given"),
        });
    }
    let unknown_is_zeros = node.int("zeros")?.unwrap_or(1) != 0;
    Ok(Operator::OneHot { categories, unknown_is_zeros })
}

fn impute(node: &Node<'_>) -> Result<Operator, NotTaken> {
    let Some(with) = node.floats("imputed_value_floats")? else {
        return Err(match node.ints("imputed_value_int64s")? {
            Some(_) => NotTaken::unsupported("imputed values that are not floats"),
            None => NotTaken::invalid(node, "no imputed values are given"),
        });
    };
    let replaced = node.float("replaced_value_float")?.unwrap_or(0.0);
    Ok(Operator::Impute { with: with.collect(), replaced })
}

fn scale(node: &Node<'_>) -> Result<Operator, NotTaken> {
    let floats = |name| -> Result<Vec<f32>, NotTaken> {
        Ok(node.floats(name)?.map(Iterator::collect).unwrap_or_default())
    };
    let (offset, scale) = (floats("offset")?, floats("scale")?);
    if offset.len() != scale.len() || offset.is_empty() {
        return Err(NotTaken::invalid(
            node,
            format!("{} offsets and {} scales", offset.len(), scale.len()),
        ));
    }
    Ok(Operator::Scale { offset, scale })
}
