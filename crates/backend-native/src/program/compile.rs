//! From the nodes of a graph to steps.

use std::collections::HashMap;

use hotplate_backend::{BackendError, Refusal, TreeLayout};
use hotplate_model::{
    Batching, Signature,
    onnx::{Graph, Node, OnnxModel, ValueType as Declared},
};
use hotplate_tensor::{DType, Shape, Tensor};

use super::{
    alias, constants,
    kernel::{Compiled, Kernel, Operand, Operands, Source},
    operators,
    opsets::Opsets,
    shape::{Dim, Extent, MOST_ELEMENTS, ValueType},
};
use crate::{
    operator::{NotTaken, node_name},
    simd::Level,
};

/// The elements that all steps together may make of one row: each thread has a buffer for every
/// one of them, and a file of some kilobytes could ask for any number.
const MADE_ELEMENTS: usize = 1 << 19;

/// The most steps. A node is one at most, so this is beyond what exporters write.
const MOST_STEPS: usize = 1 << 14;

/// The elements of constants that folding may make: several times the largest weights that exporters
/// write beside trees.
const FOLDED_ELEMENTS: usize = 1 << 25;

/// A graph, compiled to steps.
#[derive(Debug)]
pub(crate) struct Program {
    pub(super) constants: Vec<Tensor>,
    pub(super) steps: Vec<Step>,
    pub(super) outputs: Vec<Source>,
    /// The shape of a row of each output.
    pub(super) output_rows: Vec<Shape>,
    /// Whether a row is the whole set of the model's tensors.
    pub(super) whole: bool,
    /// What the loops of all steps are run with.
    pub(super) level: Level,
}

/// A kernel, and where its inputs lie.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) kernel: Box<dyn Kernel>,
    pub(super) sources: Vec<Source>,
    pub(super) outputs: Vec<ValueType>,
    pub(super) operator: String,
}

/// A value while the graph is compiled.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) ty: ValueType,
    pub(super) source: Source,
    /// Whether its columns have names: what ZipMap makes, which nothing computes with.
    pub(super) maps: bool,
    pub(super) extents: Option<Vec<Extent>>,
}

/// The values of a graph, by name; `None` for what a refused node makes.
struct Values<'m> {
    of_name: HashMap<&'m str, Option<Value>>,
}

impl Program {
    /// Compiles the whole graph.
    ///
    /// # Errors
    ///
    /// Every node that is not taken, or the first that is wrong in itself.
    pub(crate) fn new(
        model: &OnnxModel<'_>,
        signature: &Signature,
        tree_layout: Option<TreeLayout>,
    ) -> Result<Self, BackendError> {
        let whole = signature.batching() == Batching::None;
        let mut compiler = Compiler {
            program: Self {
                constants: Vec::new(),
                steps: Vec::new(),
                outputs: Vec::new(),
                output_rows: Vec::new(),
                whole,
                level: Level::best(),
            },
            values: Values { of_name: HashMap::new() },
            refusals: Vec::new(),
            folded: 0,
            made: 0,
            opsets: Opsets::of(model),
            tree_layout,
            first_columns: Vec::new(),
        };
        compiler.inputs(&model.graph, signature);
        compiler.initializers(&model.graph)?;
        for node in &model.graph.nodes {
            compiler.node(node)?;
        }
        compiler.outputs(&model.graph, signature)?;
        if compiler.refusals.is_empty() {
            Ok(compiler.program.without_dead_steps())
        } else {
            Err(BackendError::unsupported(compiler.refusals))
        }
    }

    /// How often each text column held a text that training never saw, by column.
    pub(crate) fn unknown_categories(&self) -> Vec<(usize, u64)> {
        let mut counts: Vec<(usize, u64)> =
            self.steps.iter().flat_map(|step| step.kernel.unknown_categories()).collect();
        counts.sort_unstable();
        counts
    }
}

struct Compiler<'m> {
    program: Program,
    values: Values<'m>,
    refusals: Vec<Refusal>,
    folded: usize,
    /// The elements of one row that the steps make.
    made: usize,
    opsets: Opsets,
    tree_layout: Option<TreeLayout>,
    /// The index of the first column of each input.
    first_columns: Vec<usize>,
}

impl<'m> Compiler<'m> {
    fn inputs(&mut self, graph: &Graph<'m>, signature: &Signature) {
        let mut columns = 0;
        for (index, (input, declared)) in
            signature.schema().inputs().iter().zip(&graph.inputs).enumerate()
        {
            let rows = (!self.program.whole).then_some(Dim::Rows);
            let row = input.row_shape.fixed().unwrap_or_default();
            self.first_columns.push(columns);
            columns += row.elements();
            let dims = rows.into_iter().chain(row.dims().iter().copied().map(Dim::Fixed));
            let value = match ValueType::new(input.dtype, dims.collect()) {
                Ok(ty) => {
                    Some(Value { ty, source: Source::Input(index), maps: false, extents: None })
                }
                Err(reason) => {
                    self.refuse("input".to_owned(), input.name.clone(), reason);
                    None
                }
            };
            self.values.of_name.insert(declared.name, value);
        }
    }

    fn initializers(&mut self, graph: &Graph<'m>) -> Result<(), BackendError> {
        for initializer in &graph.initializers {
            let value = match constants::constant_of(initializer) {
                Ok(tensor) => Some(self.constant(tensor)),
                Err(NotTaken::Unsupported(reason)) => {
                    let name = initializer.name.to_owned();
                    self.refuse("initializer".to_owned(), name, reason);
                    None
                }
                Err(NotTaken::Invalid(error)) => return Err(error),
            };
            if self.values.of_name.insert(initializer.name, value).is_some() {
                let problem = "a constant of this name is there already";
                return Err(BackendError::invalid_model(initializer.name, problem));
            }
        }
        Ok(())
    }

    /// A constant of the program.
    fn constant(&mut self, tensor: Tensor) -> Value {
        let dims = tensor.shape().dims().iter().copied().map(Dim::Fixed).collect();
        let ty = ValueType { dtype: tensor.dtype(), dims };
        self.program.constants.push(tensor);
        let source = Source::Constant(self.program.constants.len() - 1);
        Value { ty, source, maps: false, extents: None }
    }

    fn node(&mut self, node: &Node<'m>) -> Result<(), BackendError> {
        let mut inputs: Vec<Option<Value>> = Vec::with_capacity(node.inputs.len());
        for name in &node.inputs {
            if name.is_empty() {
                inputs.push(None);
                continue;
            }
            match self.values.of_name.get(name) {
                Some(Some(value)) => inputs.push(Some(value.clone())),
                // What made it was refused already: one reason is enough.
                Some(None) => return self.make_nothing(node),
                None => {
                    let problem = format!("reads {name:?}, which nothing before it makes");
                    return Err(BackendError::invalid_model(node_name(node), problem));
                }
            }
        }
        match self.compile(node, &inputs) {
            Ok(outputs) => {
                for (name, value) in node.outputs.iter().zip(outputs) {
                    self.make(node, name, Some(value))?;
                }
                Ok(())
            }
            Err(NotTaken::Invalid(error)) => Err(error),
            Err(NotTaken::Unsupported(reason)) => {
                self.refuse(operator_name(node), node_name(node).to_owned(), reason);
                self.make_nothing(node)
            }
        }
    }

    fn compile(
        &mut self,
        node: &Node<'m>,
        inputs: &[Option<Value>],
    ) -> Result<Vec<Value>, NotTaken> {
        let constants = &self.program.constants;
        let operands: Vec<Option<Operand<'_>>> = inputs
            .iter()
            .map(|input| {
                input.as_ref().map(|value| Operand {
                    ty: value.ty.clone(),
                    constant: match value.source {
                        Source::Constant(constant) => Some(&constants[constant]),
                        _ => None,
                    },
                    extents: value.extents.as_deref(),
                    column: match value.source {
                        Source::Input(input) => Some(self.first_columns[input]),
                        _ => None,
                    },
                })
            })
            .collect();
        if let Some(extents) = operators::extents(node, &operands, &self.opsets)? {
            return self.of_extents(extents);
        }
        if alias::is_alias(node) {
            return alias::of(node, inputs);
        }
        if inputs.iter().flatten().any(|value| value.maps) {
            return Err(NotTaken::invalid(node, "reads maps as a tensor"));
        }
        let compiled = operators::compile(node, &operands, &self.opsets, self.tree_layout)?;
        if compiled.outputs.len() < node.outputs.len() {
            let problem = format!("makes {} outputs", node.outputs.len());
            return Err(NotTaken::invalid(node, problem));
        }
        let sources: Vec<Source> = inputs
            .iter()
            .map(|input| input.as_ref().map_or(Source::Nothing, |value| value.source))
            .collect();
        let is_constant = |source: &Source| matches!(source, Source::Constant(_) | Source::Nothing);
        // A constant that is spread over the rows is none.
        if sources.iter().all(is_constant) && compiled.outputs.iter().all(ValueType::is_fixed) {
            return self.fold(&compiled, &sources);
        }
        for output in &compiled.outputs {
            self.made += output.shape(1).elements();
        }
        if self.made > MADE_ELEMENTS || self.program.steps.len() == MOST_STEPS {
            let problem = format!("the steps of a row make more than {MADE_ELEMENTS} elements");
            return Err(NotTaken::unsupported(problem));
        }
        let step = self.program.steps.len();
        let values = compiled
            .outputs
            .iter()
            .enumerate()
            .map(|(output, ty)| {
                let source = Source::Step { step, output };
                Value { ty: ty.clone(), source, maps: false, extents: None }
            })
            .collect();
        let Compiled { kernel, outputs } = compiled;
        self.program.steps.push(Step { kernel, sources, outputs, operator: operator_name(node) });
        Ok(values)
    }

    /// The value of integers that may be the number of rows; a constant where none is.
    fn of_extents(&mut self, extents: operators::Extents) -> Result<Vec<Value>, NotTaken> {
        let operators::Extents { dtype, dims, elements } = extents;
        let fixed: Option<Vec<i64>> = elements.iter().map(|element| element.fixed()).collect();
        if let (Some(fixed), DType::I64) = (fixed, dtype) {
            let shape = Shape::new(&dims).unwrap_or_default();
            let mut tensor = Tensor::empty(DType::I64);
            tensor.reset::<i64>(shape).copy_from_slice(&fixed);
            return Ok(vec![self.constant(tensor)]);
        }
        let ty = ValueType { dtype, dims: dims.into_iter().map(Dim::Fixed).collect() };
        // Nothing can read it but what is compiled from the extents.
        Ok(vec![Value { ty, source: Source::Nothing, maps: false, extents: Some(elements) }])
    }

    /// Computes what does not depend on rows.
    fn fold(&mut self, compiled: &Compiled, sources: &[Source]) -> Result<Vec<Value>, NotTaken> {
        // Before it is done, because it may be the work itself that a hostile file is after.
        self.folded = self.folded.saturating_add(self.cost_of_folding(compiled, sources));
        if self.folded > FOLDED_ELEMENTS {
            return Err(NotTaken::unsupported("constants of more elements than are computed"));
        }
        let mut outputs: Vec<Tensor> =
            compiled.outputs.iter().map(|ty| Tensor::empty(ty.dtype)).collect();
        let constants = &self.program.constants;
        let level = self.program.level;
        let operands = Operands { sources, level, inputs: None, constants, steps: &[] };
        compiled.kernel.run(operands, &mut outputs).map_err(NotTaken::Invalid)?;
        Ok(outputs.into_iter().map(|tensor| self.constant(tensor)).collect())
    }

    /// About how many elements are read and written, a product's inner ones included.
    fn cost_of_folding(&self, compiled: &Compiled, sources: &[Source]) -> usize {
        let made: usize = compiled.outputs.iter().map(|ty| ty.shape(1).elements()).sum();
        let read = sources.iter().filter_map(|source| match *source {
            Source::Constant(constant) => Some(self.program.constants[constant].shape().elements()),
            _ => None,
        });
        let read: usize = read.sum();
        // The work of a product is between the two; whichever is the smaller bounds its inner width.
        made + read + made.saturating_mul(read) / MOST_ELEMENTS
    }

    fn make(
        &mut self,
        node: &Node<'m>,
        name: &'m str,
        value: Option<Value>,
    ) -> Result<(), BackendError> {
        if !name.is_empty() && self.values.of_name.insert(name, value).is_some() {
            let problem = format!("{name:?} is made a second time");
            return Err(BackendError::invalid_model(node_name(node), problem));
        }
        Ok(())
    }

    fn make_nothing(&mut self, node: &Node<'m>) -> Result<(), BackendError> {
        node.outputs.iter().try_for_each(|name| self.make(node, name, None))
    }

    fn outputs(&mut self, graph: &Graph<'m>, signature: &Signature) -> Result<(), BackendError> {
        for (output, spec) in graph.outputs.iter().zip(signature.outputs()) {
            let value = match self.values.of_name.get(output.name) {
                Some(Some(value)) => value.clone(),
                Some(None) => continue,
                None => {
                    let problem = "no node makes this output";
                    return Err(BackendError::invalid_model(output.name, problem));
                }
            };
            let declared = matches!(output.ty, Declared::Sequence(_));
            if value.maps != declared {
                let as_what = |maps| if maps { "maps" } else { "a tensor" };
                let problem = format!(
                    "declared to be {}, made as {}",
                    as_what(declared),
                    as_what(value.maps)
                );
                return Err(BackendError::invalid_model(output.name, problem));
            }
            if value.ty.dtype != spec.dtype {
                let problem = format!("declared as {}, made as {}", spec.dtype, value.ty.dtype);
                return Err(BackendError::invalid_model(output.name, problem));
            }
            let first = value.ty.dims.first();
            let has_rows = self.program.whole || first == Some(&Dim::Rows);
            let reason = if !has_rows {
                Some(format!("{}, which has no rows in front", value.ty))
            } else if matches!(value.source, Source::Nothing) {
                Some("a number of rows".to_owned())
            } else {
                None
            };
            match reason {
                Some(reason) => self.refuse("output".to_owned(), spec.name.clone(), reason),
                None => {
                    let shape = value.ty.shape(1);
                    let row = if self.program.whole { shape } else { shape.of_one_row() };
                    self.program.output_rows.push(row);
                    self.program.outputs.push(value.source);
                }
            }
        }
        Ok(())
    }

    fn refuse(&mut self, operator: String, node: String, reason: String) {
        self.refusals.push(Refusal { operator, node, reason });
    }
}

fn operator_name(node: &Node<'_>) -> String {
    match node.domain {
        "" => node.op_type.to_owned(),
        domain => format!("{domain}.{}", node.op_type),
    }
}
