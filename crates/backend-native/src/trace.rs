//! Follows every element of the feature vector back to the cell of the row that it comes from.
//!
//! Operators of tabular models act on each row alone and, but for trees and matrix products, on
//! each element alone. So the value of an element can be written down when the model is loaded:
//! *the number in cell 4, imputed, scaled* or *one where cell 7 says "Yes", else zero*.

mod rows;

use std::{collections::HashMap, rc::Rc};

use hotplate_backend::{BackendError, Refusal};
use hotplate_model::Signature;
use hotplate_tensor::{DType, Schema};

use crate::{
    category::CategoryTable,
    ensemble::{Ensemble, Labels, onnx::Head},
    graph::{Graph, GraphNode, Place},
    operator::Operator,
};

/// The elements, and steps of their arithmetic, that all nodes together may make: several dozen
/// times the widest row. A node of forty bytes can join two rows or scale one, so without this a
/// small file could ask for any amount of memory.
const MADE_ELEMENTS: usize = 1 << 21;

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
            Self::Impute { with, replaced } if is_hit(x, replaced) => with,
            Self::Impute { .. } => x,
            Self::Scale { offset, scale } => (x - offset) * scale,
        }
    }
}

/// Whether an imputer that replaces one value replaces `x`.
pub(crate) fn is_hit(x: f32, replaced: f32) -> bool {
    #[expect(clippy::float_cmp, reason = "ONNX replaces exact values")]
    let is_equal = x == replaced;
    if replaced.is_nan() { x.is_nan() } else { is_equal }
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
    /// `codes[c]` where the text that `lookup` finds is category `c`, else `unknown`.
    Coded { lookup: usize, codes: Rc<[f32]>, unknown: f32 },
}

/// A text cell and the categories that it is looked up in.
#[derive(Debug)]
pub(crate) struct Lookup {
    /// The cell's index in the schema's columns.
    pub(crate) column: usize,
    pub(crate) table: CategoryTable,
    pub(crate) unknown: Unknown,
}

/// What becomes of a text that is no category.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// It has values of its own, and is counted.
    Counted,
    /// It has values of its own, as the model's author expects.
    Expected,
    /// It is an error.
    Refused,
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
    pub(crate) features: Rc<Vec<Element>>,
    pub(crate) lookups: Vec<Lookup>,
    pub(crate) ensemble: Ensemble<f32>,
    pub(crate) head: Head<f32>,
    /// The node that the trees are.
    pub(crate) place: Place,
    /// What each of the model's outputs is.
    pub(crate) outputs: Vec<Answer>,
}

/// What a value of the graph is known to be.
#[derive(Clone, Debug)]
enum Known {
    /// A table: the dimensions of one row, and its elements row-major.
    Row { dims: Vec<usize>, elements: Rc<Vec<Element>> },
    /// A tensor of the file, the same for every row.
    Constant,
    /// A result of the trees.
    Answer(Answer),
    /// The scores of the trees with the names of their columns.
    Maps,
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
        let mut tracer = Tracer::new(signature.schema(), &graph);
        for (index, node) in graph.nodes.iter().enumerate() {
            match tracer.follow(index, node)? {
                Ok(()) => {}
                Err(reason) => {
                    tracer.refusals.push(node.place.refusal(reason));
                    tracer.values.extend(node.outputs.iter().map(|_| Known::Nothing));
                }
            }
        }
        tracer.finish(graph, signature)
    }
}

struct Tracer {
    /// Indexed by value id.
    values: Vec<Known>,
    lookups: Vec<Lookup>,
    /// The lookups of each text column.
    lookups_of: HashMap<usize, Vec<usize>>,
    /// What is left of [`MADE_ELEMENTS`].
    allowance: usize,
    features: Rc<Vec<Element>>,
    /// The index of the node that is the ensemble.
    trees: Option<usize>,
    /// How many scores it gives a row.
    scores: usize,
    has_integer_labels: bool,
    refusals: Vec<Refusal>,
}

/// A node's result: it has its place, or the reason why it has none.
type Followed = Result<(), String>;

impl Tracer {
    fn new(schema: &Schema, graph: &Graph) -> Self {
        let mut values: Vec<Known> = Vec::with_capacity(graph.inputs + graph.constants);
        let mut refusals = Vec::new();
        let mut columns = 0..schema.columns().len();
        for input in schema.inputs() {
            let element = |column| match input.dtype {
                DType::F32 => Some(Element::Number { column, arithmetic: Vec::new() }),
                DType::Str => Some(Element::Text { column }),
                _ => None,
            };
            // Columns stand in the order of the inputs' elements, of which a table knows how many.
            let row = input.row_shape.fixed().unwrap_or_default();
            let own = columns.start..columns.start + row.elements();
            columns.start = own.end;
            let elements: Option<Vec<_>> = own.map(element).collect();
            if elements.is_none() {
                refusals.push(Refusal {
                    operator: "input".to_owned(),
                    node: input.name.clone(),
                    reason: format!("values of type {}", input.dtype),
                });
            }
            values.push(elements.map_or(Known::Nothing, |elements| Known::Row {
                dims: row.dims().to_vec(),
                elements: Rc::new(elements),
            }));
        }
        debug_assert_eq!(values.len(), graph.inputs);
        values.resize(graph.inputs + graph.constants, Known::Constant);
        Self {
            values,
            lookups: Vec::new(),
            lookups_of: HashMap::new(),
            allowance: MADE_ELEMENTS,
            features: Rc::default(),
            trees: None,
            scores: 0,
            has_integer_labels: false,
            refusals,
        }
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
                Known::Constant => return Ok(Err("works on a constant".to_owned())),
                known => inputs.push(known.clone()),
            }
        }
        if let Operator::Trees(trees) = &node.operator {
            let (ensemble, head) = &**trees;
            return self.follow_trees(index, node, ensemble, head, inputs);
        }
        let [_] = node.outputs[..] else {
            return Err(node.place.invalid(format!("makes {} outputs", node.outputs.len())));
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
            return self.concat(node, axis, inputs);
        }
        let Some(only) = inputs.pop().filter(|_| inputs.is_empty()) else {
            return Err(node.place.invalid(format!("reads {} inputs", node.inputs.len())));
        };
        let (dims, elements) = match (only, &node.operator) {
            (answer @ Known::Answer(_), Operator::Identity) => return Ok(Ok(answer)),
            (answer @ Known::Answer(Answer::Scores), Operator::TimesOne { .. }) => {
                return Ok(Ok(answer));
            }
            (answer @ Known::Answer(Answer::Label), Operator::CastToInteger)
                if self.has_integer_labels =>
            {
                return Ok(Ok(answer));
            }
            (Known::Answer(Answer::Scores), &Operator::ZipMap { classes }) => {
                return if classes == self.scores {
                    Ok(Ok(Known::Maps))
                } else {
                    let scores = self.scores;
                    Err(node.place.invalid(format!("{classes} classes for {scores} scores")))
                };
            }
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
            Operator::Reshape { dims: wanted } => Ok(rows::reshape(wanted, elements)),
            Operator::OneHot { categories, unknown_is_zeros } => {
                let unknown = if *unknown_is_zeros { Unknown::Counted } else { Unknown::Refused };
                self.one_hot(node, categories, unknown, dims, &elements)
            }
            Operator::Encode { keys, values, default, counts_unknown } => {
                let unknown = if *counts_unknown { Unknown::Counted } else { Unknown::Expected };
                Ok(self.encode(keys, (values, *default), unknown, dims, &elements))
            }
            Operator::Impute { with, replaced } => {
                let replaced = *replaced;
                let step = |with: &f32| Arithmetic::Impute { with: *with, replaced };
                let steps: Vec<_> = with.iter().map(step).collect();
                self.arithmetic(node, dims, elements, &steps)
            }
            Operator::Scale { offset, scale } => {
                let steps: Vec<_> = offset
                    .iter()
                    .zip(scale)
                    .map(|(&offset, &scale)| Arithmetic::Scale { offset, scale })
                    .collect();
                self.arithmetic(node, dims, elements, &steps)
            }
            Operator::CastToInteger => Ok(Err("a cast to int64".to_owned())),
            Operator::TimesOne { .. } => Ok(Err("a product".to_owned())),
            Operator::ZipMap { .. } => {
                Ok(Err("names columns that are not scores of trees".to_owned()))
            }
            Operator::Concat { .. } | Operator::Trees(_) => {
                unreachable!("told apart before this match")
            }
        }
    }

    fn follow_trees(
        &mut self,
        index: usize,
        node: &GraphNode,
        ensemble: &Ensemble<f32>,
        head: &Head<f32>,
        inputs: Vec<Known>,
    ) -> Result<Followed, BackendError> {
        if self.trees.is_some() {
            return Ok(Err("a second ensemble in one graph".to_owned()));
        }
        let elements = match <[Known; 1]>::try_from(inputs) {
            Ok([Known::Row { dims, elements }]) if dims.len() == 1 => elements,
            Ok([Known::Row { dims, .. }]) => {
                return Ok(Err(format!("on rows of {} axes", dims.len())));
            }
            Ok(_) => return Ok(Err("an ensemble on the answer of another".to_owned())),
            Err(inputs) => {
                return Err(node.place.invalid(format!("reads {} inputs", inputs.len())));
            }
        };
        if elements.iter().any(|element| matches!(element, Element::Text { .. })) {
            return Ok(Err("an ensemble that reads text".to_owned()));
        }
        if ensemble.features() > elements.len() {
            let (feature, width) = (ensemble.features() - 1, elements.len());
            return Err(node.place.invalid(format!("asks for feature {feature} of {width}")));
        }
        let answers: &[Answer] = match head.labels() {
            Some(_) => &[Answer::Label, Answer::Scores],
            None => &[Answer::Scores],
        };
        if node.outputs.len() > answers.len() {
            return Err(node.place.invalid(format!("makes {} outputs", node.outputs.len())));
        }
        self.values.extend(answers[..node.outputs.len()].iter().map(|&a| Known::Answer(a)));
        self.trees = Some(index);
        self.scores = head.scores();
        self.has_integer_labels = matches!(head.labels(), Some(Labels::Integers(_)));
        self.features = elements;
        Ok(Ok(()))
    }

    fn finish(mut self, mut graph: Graph, signature: &Signature) -> Result<Trace, BackendError> {
        let mut outputs = Vec::with_capacity(graph.outputs.len());
        for (index, output) in graph.outputs.iter().enumerate() {
            match self.values[output.value] {
                Known::Answer(answer) => outputs.push(answer),
                Known::Maps if output.maps => outputs.push(Answer::Scores),
                Known::Maps => {
                    let name = &*signature.outputs()[index].name;
                    let problem = "declared to be a tensor, made as maps";
                    return Err(BackendError::invalid_model(name, problem));
                }
                Known::Nothing => {}
                Known::Row { .. } | Known::Constant => self.refusals.push(Refusal {
                    operator: "output".to_owned(),
                    node: signature.outputs()[index].name.clone(),
                    reason: "does not come from trees".to_owned(),
                }),
            }
        }
        let trees = self.trees.map(|index| graph.nodes.swap_remove(index));
        match trees {
            Some(GraphNode { place, operator: Operator::Trees(trees), .. })
                if self.refusals.is_empty() =>
            {
                let (ensemble, head) = *trees;
                check_declared(&outputs, &head, signature)?;
                let Self { features, lookups, .. } = self;
                Ok(Trace { features, lookups, ensemble, head, place, outputs })
            }
            _ => Err(BackendError::unsupported(self.refusals)),
        }
    }
}

/// Refuses a file that declares an output to be of another type than what it computes.
fn check_declared(
    answers: &[Answer],
    head: &Head<f32>,
    signature: &Signature,
) -> Result<(), BackendError> {
    for (output, &answer) in signature.outputs().iter().zip(answers) {
        let made = match (answer, head.labels()) {
            (Answer::Label, Some(Labels::Texts(_))) => DType::Str,
            (Answer::Label, _) => DType::I64,
            (Answer::Scores, _) => DType::F32,
        };
        if output.dtype != made {
            let problem = format!("declared to be of type {}, made as {made}", output.dtype);
            return Err(BackendError::invalid_model(&*output.name, problem));
        }
    }
    Ok(())
}
