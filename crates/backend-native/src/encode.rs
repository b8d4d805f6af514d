//! From the cells of a row to the feature vector.

mod traced;

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use hotplate_backend::{BackendError, UnknownCategories, UnknownCategory};
use hotplate_tensor::{Column, DataView, Inputs, Schema};

use crate::{
    real::Real,
    trace::{Arithmetic, Element, Lookup, Unknown},
};

/// Rows encoded together: enough to pay for finding the columns, few enough for the first cache.
pub(crate) const BLOCK_ROWS: usize = 32;

/// The most characters of a client's text that a refusal repeats.
const QUOTED_CHARS: usize = 40;

/// The most categories that a refusal names.
const NAMED_CATEGORIES: usize = 8;

/// What becomes of texts that are no category.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnknownTexts {
    pub(crate) policy: UnknownCategories,
    /// Whether they count among those that were met: once for each row that is answered, and not
    /// again where it is told how the answer came about.
    pub(crate) are_counted: bool,
}

impl UnknownTexts {
    /// Those of rows that are looked into beside being answered.
    pub(crate) const fn of_a_second_look(policy: UnknownCategories) -> Self {
        Self { policy, are_counted: false }
    }
}

/// Fills feature vectors, `[rows, width]` row-major.
#[derive(Debug)]
pub(crate) struct Encoder<X> {
    width: usize,
    numbers: Vec<NumberStep>,
    texts: Vec<TextStep<X>>,
    /// The input whose rows are feature vectors as they are.
    direct: Option<usize>,
}

/// A cell of an input tensor.
#[derive(Clone, Copy, Debug)]
struct Cell {
    input: usize,
    /// The elements of one row of that input.
    stride: usize,
    offset: usize,
}

/// One number to one feature.
#[derive(Debug)]
struct NumberStep {
    cell: Cell,
    feature: usize,
    arithmetic: Vec<Arithmetic>,
}

/// One text to the features that depend on it.
#[derive(Debug)]
struct TextStep<X> {
    cell: Cell,
    lookup: Lookup,
    /// What the features are when the text is no category.
    off: Vec<(usize, X)>,
    /// `on[changes[c]]` is what category `c` sets.
    on: Vec<(usize, X)>,
    changes: Vec<Range<usize>>,
    unknown: AtomicU64,
}

impl<X: Real> Encoder<X> {
    /// Groups the elements of a feature vector into steps.
    pub(crate) fn new(features: &[Element], lookups: Vec<Lookup>, schema: &Schema) -> Self {
        let cell = |column: usize| {
            let column = &schema.columns()[column];
            let stride = schema.inputs()[column.input].row_shape.width().unwrap_or_default();
            Cell { input: column.input, stride, offset: column.offset }
        };
        let mut numbers = Vec::new();
        let mut texts: Vec<TextStep<X>> =
            lookups.into_iter().map(|lookup| TextStep::new(cell(lookup.column), lookup)).collect();
        let mut changes = Vec::new();
        for (feature, element) in features.iter().enumerate() {
            match element {
                Element::Number { column, arithmetic } => numbers.push(NumberStep {
                    cell: cell(*column),
                    feature,
                    arithmetic: arithmetic.clone(),
                }),
                &Element::Indicator { lookup, category, on, off } => {
                    texts[lookup].off.push((feature, X::widened(off)));
                    changes.push((lookup, category, feature, on));
                }
                Element::Coded { lookup, codes, unknown } => {
                    texts[*lookup].off.push((feature, X::widened(*unknown)));
                    let codes = codes.iter().enumerate();
                    changes
                        .extend(codes.map(|(category, &code)| (*lookup, category, feature, code)));
                }
                Element::Text { .. } => unreachable!("the trace lets no text into the features"),
            }
        }
        changes.sort_by_key(|&(lookup, category, feature, _)| (lookup, category, feature));
        for (lookup, category, feature, on) in changes {
            let step = &mut texts[lookup];
            step.on.push((feature, X::widened(on)));
            step.changes[category].end = step.on.len();
        }
        for step in &mut texts {
            let mut start = 0;
            for range in &mut step.changes {
                *range = start..range.end.max(start);
                start = range.end;
            }
        }
        let direct = direct_input(features.len(), &numbers);
        Self { width: features.len(), numbers, texts, direct }
    }

    /// The column of the schema that each feature is made of.
    pub(crate) fn columns(&self, schema: &Schema) -> Vec<usize> {
        let mut columns = vec![0; self.width];
        for step in &self.numbers {
            let is_cell = |column: &Column| {
                (column.input, column.offset) == (step.cell.input, step.cell.offset)
            };
            columns[step.feature] = schema.columns().iter().position(is_cell).unwrap_or_default();
        }
        for step in &self.texts {
            step.off.iter().for_each(|&(feature, _)| columns[feature] = step.lookup.column);
        }
        columns
    }

    /// The length of a feature vector.
    pub(crate) const fn width(&self) -> usize {
        self.width
    }

    /// The feature vectors of all rows, where an input holds them as they are.
    pub(crate) fn borrow<'a>(&self, inputs: Inputs<'a>) -> Option<&'a [X]> {
        X::slice(inputs.data(self.direct?))
    }

    /// Fills `features` for these rows of a request.
    ///
    /// # Errors
    ///
    /// The first text that is no category, where such are refused.
    pub(crate) fn encode(
        &self,
        inputs: Inputs<'_>,
        rows: Range<usize>,
        unknown: UnknownTexts,
        features: &mut [X],
    ) -> Result<(), BackendError> {
        for step in &self.numbers {
            let Some(elements) = X::slice(inputs.data(step.cell.input)) else {
                unreachable!("the engine checks dtypes before a worker runs")
            };
            for (row, features) in rows.clone().zip(features.chunks_exact_mut(self.width)) {
                let number = elements[row * step.cell.stride + step.cell.offset];
                features[step.feature] = if step.arithmetic.is_empty() {
                    number
                } else {
                    // Arithmetic is ONNX's, which is done in float32.
                    let number = number.narrowed();
                    X::widened(step.arithmetic.iter().fold(number, |x, step| step.apply(x)))
                };
            }
        }
        for step in &self.texts {
            let DataView::Str(elements) = inputs.data(step.cell.input) else {
                unreachable!("the engine checks dtypes before a worker runs")
            };
            for (row, features) in rows.clone().zip(features.chunks_exact_mut(self.width)) {
                let text = elements.get(row * step.cell.stride + step.cell.offset);
                step.apply(text, unknown, features).map_err(|known| {
                    let column = step.lookup.column;
                    let got = text.chars().take(QUOTED_CHARS).collect();
                    BackendError::unknown_category(UnknownCategory { row, column, got, known })
                })?;
            }
        }
        Ok(())
    }

    /// How often each text column held no category: its index in the schema, and the count. Of a
    /// column that is looked up in several lists, the one that most texts were missing from counts.
    pub(crate) fn unknown_categories(&self) -> Vec<(usize, u64)> {
        let mut counts = BTreeMap::new();
        for step in self.texts.iter().filter(|step| step.lookup.unknown != Unknown::Expected) {
            let count = counts.entry(step.lookup.column).or_insert(0);
            *count = step.unknown.load(Relaxed).max(*count);
        }
        counts.into_iter().collect()
    }

    /// The length of the memory that [`blocks`](Self::blocks) needs.
    pub(crate) const fn block_len(&self) -> usize {
        BLOCK_ROWS * self.width
    }

    /// Calls `each` with the feature vectors of some rows at a time and the number of the first, for
    /// all of these rows of a request; they are read where they lie, or made in `memory`.
    ///
    /// # Errors
    ///
    /// The first text that is no category, where such are refused.
    pub(crate) fn blocks(
        &self,
        inputs: Inputs<'_>,
        rows: Range<usize>,
        unknown: UnknownTexts,
        memory: &mut [X],
        mut each: impl FnMut(usize, &[X]),
    ) -> Result<(), BackendError> {
        let direct = self.borrow(inputs);
        for first in rows.clone().step_by(BLOCK_ROWS) {
            let block = first..rows.end.min(first + BLOCK_ROWS);
            match direct {
                Some(features) => {
                    each(first, &features[block.start * self.width..block.end * self.width]);
                }
                None => {
                    let features = &mut memory[..block.len() * self.width];
                    self.encode(inputs, block, unknown, features)?;
                    each(first, features);
                }
            }
        }
        Ok(())
    }

    /// What the steps do, one line a kind, for a person.
    pub(crate) fn describe(&self) -> Vec<String> {
        if self.direct.is_some() {
            return vec![format!("{} numbers, read where they lie", self.width)];
        }
        let count = |test: fn(&Arithmetic) -> bool| {
            self.numbers.iter().filter(|step| step.arithmetic.iter().any(test)).count()
        };
        let mut lines = Vec::new();
        if !self.numbers.is_empty() {
            lines.push(format!(
                "{} numbers ({} imputed, {} scaled)",
                self.numbers.len(),
                count(|step| matches!(step, Arithmetic::Impute { .. })),
                count(|step| matches!(step, Arithmetic::Scale { .. })),
            ));
        }
        if !self.texts.is_empty() {
            let categories: usize = self.texts.iter().map(|step| step.changes.len()).sum();
            lines.push(format!("{} texts, looked up in {categories} categories", self.texts.len()));
        }
        lines
    }
}

impl<X: Real> TextStep<X> {
    fn new(cell: Cell, lookup: Lookup) -> Self {
        let changes = vec![0..0; lookup.table.names().len()];
        let unknown = AtomicU64::new(0);
        Self { cell, lookup, off: Vec::new(), on: Vec::new(), changes, unknown }
    }

    /// Sets this text's features, or says what it could have been. No text at all is a missing
    /// value, not an unknown one: it is never counted, and refused by the model alone.
    fn apply(
        &self,
        text: &str,
        unknown: UnknownTexts,
        features: &mut [X],
    ) -> Result<(), Vec<String>> {
        for &(feature, off) in &self.off {
            features[feature] = off;
        }
        match self.lookup.table.get(text) {
            Some(category) => {
                for &(feature, on) in &self.on[self.changes[category].clone()] {
                    features[feature] = on;
                }
            }
            None => {
                let missing = text.is_empty();
                let counts = self.lookup.unknown != Unknown::Expected && !missing;
                if counts && unknown.are_counted {
                    self.unknown.fetch_add(1, Relaxed);
                }
                let refused = unknown.policy == UnknownCategories::Refuse && counts;
                if refused || self.lookup.unknown == Unknown::Refused {
                    let names = self.lookup.table.names();
                    return Err(names.iter().take(NAMED_CATEGORIES).cloned().collect());
                }
            }
        }
        Ok(())
    }
}

/// The input whose every row is a feature vector already.
fn direct_input(width: usize, numbers: &[NumberStep]) -> Option<usize> {
    let first = numbers.first()?.cell;
    let in_place = numbers.len() == width
        && first.stride == width
        && numbers.iter().enumerate().all(|(index, step)| {
            step.cell.input == first.input
                && step.cell.offset == index
                && step.feature == index
                && step.arithmetic.is_empty()
        });
    in_place.then_some(first.input)
}
