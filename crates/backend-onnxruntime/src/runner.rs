//! The way of rows through a session.

use std::{ops::Range, slice};

use hotplate_backend::{BackendError, BackendErrorKind, Part};
use hotplate_model::{Batching, Signature, Task};
use hotplate_tensor::{DType, DataView, Shape};
use ort::{
    session::{Session, SessionInputValue},
    value::{self, DynValue},
};

use crate::{
    call::{self, Names},
    failure,
    staged::{self, Outputs, Staged, StagedSets},
    values,
};

/// The most rows of a model of tensors that are run at once. Each is a text or an image, and the
/// graph holds its intermediate values for all of them.
const TENSOR_ROWS: usize = 64;

/// What a graph was found to do, beyond what its file says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Habits {
    /// Whether it must be asked for one row at a time, because its answers for several do not have
    /// them on axis 0.
    pub(crate) by_row: bool,
    /// Whether its outputs have the shapes that the file declares.
    pub(crate) as_declared: bool,
}

/// The tensors that a session reads and writes, and the way of rows through them.
#[derive(Debug)]
pub(crate) struct Runner {
    /// `None` where there are too many for the short call.
    names: Option<Names>,
    staged: StagedSets,
    /// The elements that a row of each output must have for the model's task.
    promised: Vec<Option<usize>>,
    max_rows: usize,
}

impl Runner {
    pub(crate) fn new(
        session: &Session,
        signature: &Signature,
        habits: Habits,
        max_rows: usize,
    ) -> Self {
        let max_rows = match signature.batching() {
            _ if habits.by_row => 1,
            Batching::Rows if signature.schema().is_table() => max_rows,
            Batching::Rows => max_rows.min(TENSOR_ROWS),
            _ => 1,
        };
        let names = Names::of(session);
        let staged = StagedSets::new(names.is_some() && habits.as_declared);
        let mut promised = vec![None; signature.outputs().len()];
        match *signature.task() {
            Task::Classifier { label, probabilities, ref classes } => {
                promised[label] = Some(1);
                promised[probabilities] = Some(classes.len());
            }
            Task::Regressor { value } => promised[value] = Some(1),
            _ => {}
        }
        Self { names, staged, promised, max_rows }
    }

    /// Answers every part.
    pub(crate) fn run(
        &mut self,
        session: &mut Session,
        signature: &Signature,
        parts: &mut [Part<'_>],
    ) {
        if parts.len() > 1 && self.can_join(parts) {
            match self.answer(session, signature, parts, None) {
                Ok(()) => return,
                Err(Failed::NotOfRows(_)) => self.max_rows = 1,
                // Some part is at fault, and each has its own outcome.
                Err(_) => {}
            }
        }
        for part in parts {
            part.outcome = self.answer_in_turns(session, signature, part);
        }
    }

    /// Whether the rows of these parts can be one batch.
    fn can_join(&self, parts: &[Part<'_>]) -> bool {
        let rows: usize = parts.iter().map(|part| part.rows.len()).sum();
        let first = &parts[0].inputs;
        let alike = |part: &Part<'_>| {
            (0..first.len()).all(|input| part.inputs.row_shape(input) == first.row_shape(input))
        };
        rows <= self.max_rows && parts.iter().all(|part| !part.rows.is_empty() && alike(part))
    }

    /// Answers one part, as many rows at a time as the model takes.
    fn answer_in_turns(
        &mut self,
        session: &mut Session,
        signature: &Signature,
        part: &mut Part<'_>,
    ) -> Result<(), BackendError> {
        if part.inputs.rows() == 0 {
            // A session need not be asked, and many graphs fail on nothing.
            for (tensor, spec) in part.outputs.iter_mut().zip(signature.outputs()) {
                let row = spec.row_dims.iter().flatten().map(|dim| dim.unwrap_or(0));
                let row = Shape::new(&row.collect::<Vec<_>>()).unwrap_or_default();
                tensor.clear_rows(&row);
            }
            return Ok(());
        }
        let Range { mut start, end } = part.rows.clone();
        while start < end {
            let turn = start..end.min(start + self.max_rows);
            let len = turn.len();
            match self.answer(session, signature, slice::from_mut(part), Some(turn)) {
                // Its rows are on another axis, or its answer is for the batch as a whole. What is
                // a row's own is what the graph gives for that row alone.
                Err(Failed::NotOfRows(_)) if len > 1 => self.max_rows = 1,
                outcome => {
                    outcome?;
                    start += len;
                }
            }
        }
        Ok(())
    }

    /// Answers these rows of one part, or all of the parts' as one batch.
    fn answer(
        &mut self,
        session: &mut Session,
        signature: &Signature,
        parts: &mut [Part<'_>],
        turn: Option<Range<usize>>,
    ) -> Result<(), Failed> {
        match self.try_answer(session, signature, parts, turn.clone()) {
            // The file is wrong about its outputs; the session itself knows their shapes.
            Err(Failed::Run(error)) if self.staged.preallocate && failure::is_of_shape(&error) => {
                self.staged.leave_outputs_to_the_session();
                self.try_answer(session, signature, parts, turn)
            }
            outcome => outcome,
        }
    }

    /// Whether the outputs still are as the file declares them.
    pub(crate) const fn is_as_declared(&self) -> bool {
        self.staged.preallocate
    }

    /// Whether it has shown that rows must be asked for one by one.
    pub(crate) const fn is_by_row(&self) -> bool {
        self.max_rows == 1
    }

    fn try_answer(
        &mut self,
        session: &mut Session,
        signature: &Signature,
        parts: &mut [Part<'_>],
        turn: Option<Range<usize>>,
    ) -> Result<(), Failed> {
        let Self { staged, names, promised, .. } = self;
        let rows_of = |part: &Part<'_>| turn.clone().unwrap_or_else(|| part.rows.clone());
        let rows = parts.iter().map(|part| rows_of(part).len()).sum();
        let set = staged.set(signature, rows, &parts[0].inputs)?;
        gather(set, parts, rows_of)?;
        let specs = signature.outputs();
        let put = |parts: &mut [Part<'_>], index: usize, tensor: &DynValue, row: &Shape| {
            let name = specs[index].name.as_str();
            if promised[index].is_some_and(|elements| elements != row.elements()) {
                return Err(Failed::Told(not_promised(name, row, promised[index])));
            }
            scatter(name, tensor, row, parts, index, rows_of)
        };
        let row_of = |index: usize, tensor: &DynValue| {
            row_shape(tensor.shape(), rows, signature.batching()).ok_or_else(|| {
                Failed::NotOfRows(not_of_rows(&specs[index].name, tensor.shape(), rows))
            })
        };
        let is_optional = specs.iter().any(|spec| spec.optional);
        match (&mut set.outputs, names) {
            (Outputs::Known(tensors, shapes), Some(names)) => {
                call::run(session, names, &set.inputs, tensors)?;
                let answers = tensors.iter().zip(shapes.iter()).enumerate();
                for (index, (tensor, row)) in answers {
                    put(parts, index, tensor, row)?;
                }
            }
            (_, Some(names)) if is_optional => {
                let answers = call::run_optional(session, names, &set.inputs)?;
                for (index, tensor) in answers.iter().enumerate() {
                    match tensor {
                        Some(tensor) => put(parts, index, tensor, &row_of(index, tensor)?)?,
                        None => leave_out(parts, index, rows_of),
                    }
                }
            }
            _ => {
                let answers = session.run(&set.inputs[..])?;
                for index in 0..specs.len() {
                    let tensor = &answers[index];
                    put(parts, index, tensor, &row_of(index, tensor)?)?;
                }
            }
        }
        Ok(())
    }
}

/// Why rows were not answered.
enum Failed {
    Run(ort::Error),
    Told(BackendError),
    /// An output does not have the rows of the batch on axis 0.
    NotOfRows(BackendError),
}

impl From<Failed> for BackendError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Run(error) => failure::of_run(&error),
            Failed::Told(error) | Failed::NotOfRows(error) => error,
        }
    }
}

impl From<BackendError> for Failed {
    fn from(error: BackendError) -> Self {
        Self::Told(error)
    }
}

impl From<ort::Error> for Failed {
    fn from(error: ort::Error) -> Self {
        Self::Run(error)
    }
}

/// Copies the rows of all parts to where the session reads them.
fn gather(
    set: &mut Staged,
    parts: &[Part<'_>],
    rows_of: impl Fn(&Part<'_>) -> Range<usize>,
) -> Result<(), Failed> {
    for (input, staged) in set.inputs.iter_mut().enumerate() {
        let width = set.widths[input];
        if parts[0].inputs.data(input).dtype() == DType::Str {
            let texts = texts(input, set.has_rows_axis, parts, &rows_of)?;
            *staged = SessionInputValue::Owned(texts);
            continue;
        }
        let SessionInputValue::Owned(staged) = staged else { continue };
        let mut at = 0;
        for part in parts {
            let rows = rows_of(part);
            let elements = rows.start * width..rows.end * width;
            let len = elements.len();
            values::write(staged, at, part.inputs.data(input), elements)?;
            at += len;
        }
    }
    Ok(())
}

/// A tensor of text, of an input of all parts. The library copies texts one by one and frees them
/// with the tensor, so that there is nothing to keep.
fn texts(
    input: usize,
    has_rows_axis: bool,
    parts: &[Part<'_>],
    rows_of: impl Fn(&Part<'_>) -> Range<usize>,
) -> Result<DynValue, Failed> {
    let row = parts[0].inputs.row_shape(input);
    let mut texts: Vec<String> = Vec::new();
    let mut rows = 0;
    for part in parts {
        let DataView::Str(part_texts) = part.inputs.data(input) else { continue };
        let range = rows_of(part);
        rows += range.len();
        let elements = range.start * row.elements()..range.end * row.elements();
        texts.extend(elements.map(|element| part_texts.get(element).to_owned()));
    }
    if texts.iter().any(|text| text.contains('\0')) {
        let problem = "a text with a NUL character, which the model cannot be given";
        return Err(BackendError::told(BackendErrorKind::RefusedRows, problem).into());
    }
    let dims = staged::dims(has_rows_axis.then_some(rows), row.dims());
    Ok(value::Tensor::from_string_array((dims, &texts[..]))?.into_dyn())
}

/// Copies the answers of output `index` to each part.
fn scatter(
    name: &str,
    tensor: &DynValue,
    row: &Shape,
    parts: &mut [Part<'_>],
    index: usize,
    rows_of: impl Fn(&Part<'_>) -> Range<usize>,
) -> Result<(), Failed> {
    let width = row.elements();
    let mut from = 0;
    for part in parts {
        let rows = rows_of(part);
        let answer = &mut part.outputs[index];
        let whole = row.with_rows(part.inputs.rows()).ok();
        let shape = whole.filter(|_| rows.start == 0);
        if shape.is_none() && whole != Some(*answer.shape()) {
            return Err(changed(name).into());
        }
        let elements = from..from + rows.len() * width;
        from = elements.end;
        values::read(tensor, elements, answer, rows.start * width, shape)?;
    }
    Ok(())
}

/// Answers rows for which the graph gives nothing: rows without elements.
fn leave_out(parts: &mut [Part<'_>], index: usize, rows_of: impl Fn(&Part<'_>) -> Range<usize>) {
    for part in parts {
        if rows_of(part).start == 0 {
            let rows = part.inputs.rows();
            let nothing = Shape::of_rows(0).with_rows(rows).unwrap_or_default();
            values::reset(&mut part.outputs[index], nothing);
        }
    }
}

/// The shape of a row of an output that came in this shape for `rows` rows.
fn row_shape(shape: &[i64], rows: usize, batching: Batching) -> Option<Shape> {
    let mut dims = [0; hotplate_tensor::MAX_RANK];
    let dims = dims.get_mut(..shape.len())?;
    for (dim, &got) in dims.iter_mut().zip(shape) {
        *dim = usize::try_from(got).ok()?;
    }
    match (batching, &*dims) {
        (Batching::None, whole) => Shape::new(whole).ok(),
        (_, [first, row @ ..]) if *first == rows => Shape::new(row).ok(),
        // The only row of its batch may come without an axis for it.
        (_, whole) if rows == 1 => Shape::new(whole).ok(),
        _ => None,
    }
}

fn not_of_rows(output: &str, shape: &[i64], rows: usize) -> BackendError {
    BackendError::told(
        BackendErrorKind::Failed,
        format!("output {output:?} has the shape {shape:?} for {rows} rows, and not one for each"),
    )
}

fn not_promised(output: &str, row: &Shape, promised: Option<usize>) -> BackendError {
    let promised = promised.unwrap_or_default();
    BackendError::told(
        BackendErrorKind::Failed,
        format!("a row of output {output:?} has the shape {row}, and not {promised} elements"),
    )
}

fn changed(output: &str) -> BackendError {
    let problem = format!("rows of output {output:?} differ in shape within one request");
    BackendError::told(BackendErrorKind::Failed, problem)
}
