//! The tensors of one size of batch, where a session reads and writes them.

use std::fmt;

use hotplate_model::{Batching, OutputSpec, Signature};
use hotplate_tensor::{DType, Inputs, Shape};
use ort::{session::SessionInputValue, value::DynValue};

use crate::values;

/// The most bytes of inputs and outputs that are kept for one size of batch. Larger ones are made
/// for each run, which then costs far more than that.
const KEPT_BYTES: usize = 1 << 20;

/// The most sizes of batch that are kept.
const KEPT_SETS: usize = 16;

/// Inputs, and outputs as far as their shape is known, for batches of one size.
pub(crate) struct Staged {
    rows: usize,
    /// The shape of a row of each input; empty where the model fixes them all.
    row_shapes: Vec<Shape>,
    pub(crate) has_rows_axis: bool,
    /// The number of elements of a row of each input.
    pub(crate) widths: Vec<usize>,
    pub(crate) inputs: Vec<SessionInputValue<'static>>,
    pub(crate) outputs: Outputs,
    bytes: usize,
    last_used: u64,
}

/// Where the answers of a batch come to lie.
pub(crate) enum Outputs {
    /// In these tensors, whose rows have these shapes.
    Known(Vec<DynValue>, Vec<Shape>),
    /// In tensors that the session makes for each run, because a shape is open or text.
    Session,
}

impl fmt::Debug for Staged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Staged")
            .field("rows", &self.rows)
            .field("row_shapes", &self.row_shapes)
            .finish_non_exhaustive()
    }
}

impl Staged {
    /// A set for `rows` rows like those of `inputs`. Outputs are allocated now if the model fixes
    /// the shapes of all, unless `preallocate` says that the file is wrong about them.
    fn new(
        signature: &Signature,
        rows: usize,
        inputs: &Inputs<'_>,
        preallocate: bool,
    ) -> Result<Self, ort::Error> {
        let specs = signature.schema().inputs();
        let is_open = specs.iter().any(|spec| spec.row_shape.fixed().is_none());
        let shape_of = |input| inputs.row_shape(input);
        let row_shapes =
            if is_open { (0..specs.len()).map(shape_of).collect() } else { Vec::new() };
        let has_rows_axis = !matches!(signature.batching(), Batching::None);
        let axis = has_rows_axis.then_some(rows);
        let mut bytes = 0;
        let (mut staged, mut widths) = (Vec::new(), Vec::new());
        for (input, spec) in specs.iter().enumerate() {
            let row = inputs.row_shape(input);
            widths.push(row.elements());
            bytes += rows * row.elements() * size_of::<u64>();
            // A tensor of text is made anew for each run; until then something must stand there.
            let dtype = if spec.dtype == DType::Str { DType::U8 } else { spec.dtype };
            let tensor = values::tensor(dtype, &dims(axis, row.dims()))?;
            staged.push(SessionInputValue::Owned(tensor));
        }
        let is_input = |output: &OutputSpec| signature.schema().input_index(&output.name).is_some();
        let rows_of_outputs = signature.outputs().iter().map(|output| {
            // An output that is an input as well is not written, but handed out as it is.
            fixed_row(output).filter(|_| !is_input(output))
        });
        let outputs = match rows_of_outputs.collect::<Option<Vec<Shape>>>() {
            Some(shapes) if preallocate => {
                let mut tensors = Vec::new();
                for (output, row) in signature.outputs().iter().zip(&shapes) {
                    bytes += rows * row.elements() * size_of::<u64>();
                    tensors.push(values::tensor(output.dtype, &dims(axis, row.dims()))?);
                }
                Outputs::Known(tensors, shapes)
            }
            _ => Outputs::Session,
        };
        let inputs = staged;
        Ok(Self { rows, row_shapes, has_rows_axis, widths, inputs, outputs, bytes, last_used: 0 })
    }

    fn fits(&self, rows: usize, inputs: &Inputs<'_>) -> bool {
        let same = |(input, shape): (usize, &Shape)| inputs.row_shape(input) == *shape;
        self.rows == rows && self.row_shapes.iter().enumerate().all(same)
    }
}

/// The shape of a row of an output of numbers, where the file fixes it.
fn fixed_row(output: &OutputSpec) -> Option<Shape> {
    if output.dtype == DType::Str || output.optional {
        return None;
    }
    let dims = output.row_dims.as_ref()?.iter().copied().collect::<Option<Vec<_>>>()?;
    Shape::new(&dims).ok()
}

/// The sets of one worker: those that were used last, found again by size of batch.
#[derive(Debug)]
pub(crate) struct StagedSets {
    sets: Vec<Staged>,
    clock: u64,
    pub(crate) preallocate: bool,
}

impl StagedSets {
    pub(crate) const fn new(preallocate: bool) -> Self {
        Self { sets: Vec::new(), clock: 0, preallocate }
    }

    /// The set for `rows` rows like those of `inputs`.
    pub(crate) fn set(
        &mut self,
        signature: &Signature,
        rows: usize,
        inputs: &Inputs<'_>,
    ) -> Result<&mut Staged, ort::Error> {
        self.clock += 1;
        let index = match self.sets.iter().position(|set| set.fits(rows, inputs)) {
            Some(index) => index,
            None => {
                // One that is too large to keep is the first to go.
                let oldest = |set: &Staged| (set.bytes <= KEPT_BYTES, set.last_used);
                let too_large = |set: &Staged| set.bytes > KEPT_BYTES;
                if self.sets.len() == KEPT_SETS || self.sets.iter().any(too_large) {
                    let victim = (0..self.sets.len()).min_by_key(|&set| oldest(&self.sets[set]));
                    self.sets.swap_remove(victim.unwrap_or_default());
                }
                self.sets.push(Staged::new(signature, rows, inputs, self.preallocate)?);
                self.sets.len() - 1
            }
        };
        let set = &mut self.sets[index];
        set.last_used = self.clock;
        Ok(set)
    }

    /// Forgets every set, and preallocates no outputs from now on.
    pub(crate) fn leave_outputs_to_the_session(&mut self) {
        self.sets.clear();
        self.preallocate = false;
    }
}

/// Dimensions in the library's type: those of a row, behind the rows axis if there is one.
pub(crate) fn dims(rows: Option<usize>, row: &[usize]) -> Vec<i64> {
    rows.iter().chain(row).map(|&dim| i64::try_from(dim).unwrap_or(i64::MAX)).collect()
}
