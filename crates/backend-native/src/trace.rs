//! Follows every element of the feature vector back to the cell of the row that it comes from.
//!
//! Operators of tabular models act on each row alone and, but for trees and matrix products, on
//! each element alone. So the value of an element can be written down when the model is loaded:
//! *the number in cell 4, imputed, scaled* or *one where cell 7 says "Yes", else zero*.

use hotplate_backend::{BackendError, Refusal};
use hotplate_model::Signature;
use hotplate_tensor::{DType, Schema};

use crate::{
    category::CategoryTable,
    graph::{Graph, GraphNode},
    operator::Operator,
    trees::TreeModel,
};

/// One arithmetic step on one float32 element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Arithmetic {
    /// `with` where the element is `replaced`, or is NaN when `replaced` is.
    Impute { with: f32, replaced: f32 },
    /// `(x − offset) · scale`, in two roundings as ONNX's Scaler does it.
    Scale { offset: f32, scale: f32 },
}

impl Arithmetic {
    pub(crate) fn apply(self, x: f32) -> f32 {
        match self {
            Self::Impute { with, replaced } => {
                #[expect(clippy::float_cmp, reason = "ONNX replaces exact values")]
                let hit = if replaced.is_nan() { x.is_nan() } else { x == replaced };
                if hit { with } else { x }
            }
            Self::Scale { offset, scale } => (x - offset) * scale,
        }
    }
}

/// Where an element's value comes from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Element {
    /// The number in a cell, with arithmetic done to it in order.
    Number { column: usize, arithmetic: Vec<Arithmetic> },
    /// The text in a cell.
    Text { column: usize },
    /// `on` where the text that `lookup` finds is category `category`, else `off`.
    Indicator { lookup: usize, category: usize, on: f32, off: f32 },
}

/// A text cell and the categories that it is looked up in.
#[derive(Debug)]
pub(crate) struct Lookup {
    /// The cell's index in the schema's columns.
    pub(crate) column: usize,
    pub(crate) table: CategoryTable,
    /// Whether a text that is no category is zeros everywhere, or an error.
    pub(crate) unknown_is_zeros: bool,
}

/// Which result of the trees a model output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The predicted class.
    Label,
    /// The scores: a value, or a probability for each class.
    Scores,
}

/// A whole graph, followed.
#[derive(Debug)]
pub(crate) struct Trace {
    /// The trees' feature vector.
    pub(crate) features: Vec<Element>,
    pub(crate) lookups: Vec<Lookup>,
    pub(crate) trees: TreeModel,
    /// What each of the model's outputs is.
    pub(crate) outputs: Vec<Answer>,
}

/// What a value of the graph is known to be.
#[derive(Clone, Debug)]
enum Known {
    /// A table: the dimensions of one row, and its elements row-major.
    Row { dims: Vec<usize>, elements: Vec<Element> },
    /// A result of the trees.
    Answer(Answer),
    /// Made by a node that was refused, or read by one.
    Nothing,
}

impl Trace {
    /// Follows the graph from its inputs to its outputs.
    ///
    /// # Errors
    ///
    /// Every node that has no place in a plan of one feature vector and one ensemble, or the first
    /// that is wrong in itself.
    pub(crate) fn of(graph: Graph, signature: &Signature) -> Result<Self, BackendError> {
        let mut tracer = Tracer::new(signature.schema(), graph.inputs)?;
        for (index, node) in graph.nodes.iter().enumerate() {
            match tracer.follow(index, node)? {
                Ok(()) => {}
                Err(reason) => {
                    tracer.refusals.push(node.refusal(reason));
                    tracer.values.extend(node.outputs.iter().map(|_| Known::Nothing));
                }
            }
        }
        tracer.finish(graph)
    }
}

struct Tracer {
    /// Indexed by value id.
    values: Vec<Known>,
    lookups: Vec<Lookup>,
    features: Vec<Element>,
    /// The index of the node that is the ensemble.
    trees: Option<usize>,
    refusals: Vec<Refusal>,
}

/// A node's result: it has its place, or the reason why it has none.
type Followed = Result<(), String>;

impl Tracer {
    fn new(schema: &Schema, inputs: usize) -> Result<Self, BackendError> {
        let mut values: Vec<Known> = Vec::with_capacity(inputs);
        let mut refusals = Vec::new();
        for (index, input) in schema.inputs().iter().enumerate() {
            let element = |column| match input.dtype {
                DType::F32 => Some(Element::Number { column, arithmetic: Vec::new() }),
                DType::Str => Some(Element::Text { column }),
                _ => None,
            };
            let columns = schema.columns().iter().enumerate();
            let own = columns.filter(|(_, column)| column.input == index);
            let elements: Option<Vec<_>> = own.map(|(column, _)| element(column)).collect();
            if elements.is_none() {
                refusals.push(Refusal {
                    operator: "input".to_owned(),
                    node: input.name.clone(),
                    reason: format!("values of type {}", input.dtype),
                });
            }
            values.push(elements.map_or(Known::Nothing, |elements| Known::Row {
                dims: input.row_shape.dims().to_vec(),
                elements,
            }));
        }
        debug_assert_eq!(values.len(), inputs);
        Ok(Self { values, lookups: Vec::new(), features: Vec::new(), trees: None, refusals })
    }

    fn follow(&mut self, index: usize, node: &GraphNode) -> Result<Followed, BackendError> {
        let mut inputs = Vec::with_capacity(node.inputs.len());
        for &input in &node.inputs {
            match &self.values[input] {
                // The node that made it was refused already: one reason is enough.
                Known::Nothing => {
                    self.values.extend(node.outputs.iter().map(|_| Known::Nothing));
                    return Ok(Ok(()));
                }
                known => inputs.push(known.clone()),
            }
        }
        if let Operator::Trees(model) = &node.operator {
            return self.follow_trees(index, node, model, inputs);
        }
        let [_] = node.outputs[..] else {
            return Err(invalid(node, format!("makes {} outputs", node.outputs.len())));
        };
        Ok(match self.follow_elements(node, inputs)? {
            Ok(known) => {
                self.values.push(known);
                Ok(())
            }
            Err(reason) => Err(reason),
        })
    }

    fn follow_elements(
        &mut self,
        node: &GraphNode,
        mut inputs: Vec<Known>,
    ) -> Result<Result<Known, String>, BackendError> {
        if let Operator::Concat { axis } = node.operator {
            return concat(node, axis, inputs);
        }
        let Some(only) = inputs.pop().filter(|_| inputs.is_empty()) else {
            return Err(invalid(node, format!("reads {} inputs", node.inputs.len())));
        };
        let (dims, elements) = match (only, &node.operator) {
            (answer @ Known::Answer(_), Operator::Identity) => return Ok(Ok(answer)),
            (answer @ Known::Answer(Answer::Scores), Operator::CastToFloat) => {
                return Ok(Ok(answer));
            }
            (Known::Row { dims, elements }, _) => (dims, elements),
            _ => return Ok(Err("works on the answer of the trees".to_owned())),
        };
        match &node.operator {
            Operator::Identity => Ok(Ok(Known::Row { dims, elements })),
            Operator::CastToFloat => {
                let text = elements.iter().any(|element| matches!(element, Element::Text { .. }));
                let known = Known::Row { dims, elements };
                Ok(if text { Err("casts text to numbers".to_owned()) } else { Ok(known) })
            }
            Operator::Reshape { dims: wanted } => reshape(node, wanted, elements),
            Operator::OneHot { categories, unknown_is_zeros } => {
                self.one_hot(node, categories, *unknown_is_zeros, dims, &elements)
            }
            Operator::Impute { with, replaced } => {
                let replaced = *replaced;
                let step = |with: &f32| Arithmetic::Impute { with: *with, replaced };
                arithmetic(node, dims, elements, &with.iter().map(step).collect::<Vec<_>>())
            }
            Operator::Scale { offset, scale } => {
                let steps: Vec<_> = offset
                    .iter()
                    .zip(scale)
                    .map(|(&offset, &scale)| Arithmetic::Scale { offset, scale })
                    .collect();
                arithmetic(node, dims, elements, &steps)
            }
            Operator::Concat { .. } | Operator::Trees(_) => {
                unreachable!("told apart before this match")
            }
        }
    }

    /// Each text element becomes one indicator per category, along a new last axis.
    fn one_hot(
        &mut self,
        node: &GraphNode,
        categories: &[String],
        unknown_is_zeros: bool,
        mut dims: Vec<usize>,
        elements: &[Element],
    ) -> Result<Result<Known, String>, BackendError> {
        let mut indicators = Vec::new();
        for element in elements {
            let &Element::Text { column } = element else {
                return Ok(Err("encodes numbers as categories".to_owned()));
            };
            if indicators.len() + categories.len() > Schema::MAX_COLUMNS {
                return Ok(Err("makes too many indicators".to_owned()));
            }
            let table = CategoryTable::new(categories.to_vec())
                .map_err(|twice| invalid(node, format!("the category {twice:?} stands twice")))?;
            let lookup = self.lookups.len();
            self.lookups.push(Lookup { column, table, unknown_is_zeros });
            indicators.extend((0..categories.len()).map(|category| Element::Indicator {
                lookup,
                category,
                on: 1.0,
                off: 0.0,
            }));
        }
        dims.push(categories.len());
        Ok(Ok(Known::Row { dims, elements: indicators }))
    }

    fn follow_trees(
        &mut self,
        index: usize,
        node: &GraphNode,
        model: &TreeModel,
        inputs: Vec<Known>,
    ) -> Result<Followed, BackendError> {
        if self.trees.is_some() {
            return Ok(Err("a second ensemble in one graph".to_owned()));
        }
        let elements = match <[Known; 1]>::try_from(inputs) {
            Ok([Known::Row { elements, .. }]) => elements,
            Ok(_) => return Ok(Err("an ensemble on the answer of another".to_owned())),
            Err(inputs) => return Err(invalid(node, format!("reads {} inputs", inputs.len()))),
        };
        if elements.iter().any(|element| matches!(element, Element::Text { .. })) {
            return Ok(Err("an ensemble that reads text".to_owned()));
        }
        if model.features() > elements.len() {
            return Err(invalid(
                node,
                format!("asks for feature {} of {}", model.features() - 1, elements.len()),
            ));
        }
        let answers: &[Answer] = if model.is_classifier() {
            &[Answer::Label, Answer::Scores]
        } else {
            &[Answer::Scores]
        };
        if node.outputs.len() > answers.len() {
            return Err(invalid(node, format!("makes {} outputs", node.outputs.len())));
        }
        self.values.extend(answers[..node.outputs.len()].iter().map(|&a| Known::Answer(a)));
        self.trees = Some(index);
        self.features = elements;
        Ok(Ok(()))
    }

    fn finish(mut self, mut graph: Graph) -> Result<Trace, BackendError> {
        let mut outputs = Vec::with_capacity(graph.outputs.len());
        for (index, &output) in graph.outputs.iter().enumerate() {
            match self.values[output] {
                Known::Answer(answer) => outputs.push(answer),
                Known::Nothing => {}
                Known::Row { .. } => self.refusals.push(Refusal {
                    operator: "output".to_owned(),
                    node: format!("output {index}"),
                    reason: "does not come from trees".to_owned(),
                }),
            }
        }
        let trees = self.trees.map(|index| graph.nodes.swap_remove(index).operator);
        match trees {
            Some(Operator::Trees(trees)) if self.refusals.is_empty() => {
                Ok(Trace { features: self.features, lookups: self.lookups, trees: *trees, outputs })
            }
            _ => Err(BackendError::unsupported(self.refusals)),
        }
    }
}

fn concat(
    node: &GraphNode,
    axis: i64,
    inputs: Vec<Known>,
) -> Result<Result<Known, String>, BackendError> {
    let mut joined: Option<(Vec<usize>, Vec<Element>)> = None;
    for input in inputs {
        let Known::Row { dims, elements } = input else {
            return Ok(Err("works on the answer of the trees".to_owned()));
        };
        // Axis 0 is the rows, which `dims` does not have.
        let rank = dims.len() + 1;
        let along = usize::try_from(axis).ok().or_else(|| {
            usize::try_from(axis.unsigned_abs()).ok().and_then(|back| rank.checked_sub(back))
        });
        let Some(along) = along.filter(|along| (1..rank).contains(along)) else {
            return Ok(Err(format!("axis {axis} of rank {rank}")));
        };
        if dims[..along - 1].iter().any(|&dim| dim != 1) {
            return Ok(Err("an axis behind others that are not one".to_owned()));
        }
        match &mut joined {
            None => joined = Some((dims, elements)),
            Some((all, row)) => {
                let others = |dims: &[usize]| {
                    let mut others = dims.to_vec();
                    others.remove(along - 1);
                    others
                };
                if all.len() != dims.len() || others(all) != others(&dims) {
                    return Err(invalid(node, format!("joins {all:?} and {dims:?} a row")));
                }
                all[along - 1] += dims[along - 1];
                row.extend(elements);
            }
        }
    }
    let (dims, elements) = joined.ok_or_else(|| invalid(node, "joins nothing".to_owned()))?;
    Ok(if elements.len() > Schema::MAX_COLUMNS {
        Err("makes too many elements".to_owned())
    } else {
        Ok(Known::Row { dims, elements })
    })
}

fn reshape(
    node: &GraphNode,
    wanted: &[i64],
    elements: Vec<Element>,
) -> Result<Result<Known, String>, BackendError> {
    let Some((-1 | 0, rest)) = wanted.split_first() else {
        return Ok(Err(format!("to {wanted:?}, which need not keep rows apart")));
    };
    let dims: Option<Vec<usize>> =
        rest.iter().map(|&dim| usize::try_from(dim).ok().filter(|&dim| dim > 0)).collect();
    let Some(dims) = dims else {
        return Ok(Err(format!("to {wanted:?}")));
    };
    let product = dims.iter().try_fold(1_usize, |product, &dim| product.checked_mul(dim));
    if product != Some(elements.len()) {
        return Err(invalid(node, format!("{} elements a row as {wanted:?}", elements.len())));
    }
    Ok(Ok(Known::Row { dims, elements }))
}

/// Does `steps[i]` to element `i` of a row of one axis, or the only step to all.
fn arithmetic(
    node: &GraphNode,
    dims: Vec<usize>,
    mut elements: Vec<Element>,
    steps: &[Arithmetic],
) -> Result<Result<Known, String>, BackendError> {
    if dims.len() != 1 {
        return Ok(Err(format!("on rows of {} axes", dims.len())));
    }
    if steps.len() != 1 && steps.len() != elements.len() {
        return Err(invalid(
            node,
            format!("{} values for {} features", steps.len(), elements.len()),
        ));
    }
    for (element, &step) in elements.iter_mut().zip(steps.iter().cycle()) {
        match element {
            Element::Number { arithmetic, .. } => arithmetic.push(step),
            Element::Indicator { on, off, .. } => {
                *on = step.apply(*on);
                *off = step.apply(*off);
            }
            Element::Text { .. } => return Ok(Err("arithmetic on text".to_owned())),
        }
    }
    Ok(Ok(Known::Row { dims, elements }))
}

fn invalid(node: &GraphNode, problem: String) -> BackendError {
    BackendError::invalid_model(&*node.name, problem)
}
