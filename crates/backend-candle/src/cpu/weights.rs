//! Weights as products read them.

use super::product::WIDTH;
use super::simd::{LANES, Line};
use crate::network::Dense;

/// How many columns there are, and where they lie: each `size` of them fill whole panels, and what is
/// left of the last is zero.
///
/// A hidden state is one such part; what heads give is one for each head, so that a head's columns
/// are no other's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) parts: usize,
    pub(super) size: usize,
}

impl Columns {
    pub(super) const fn whole(size: usize) -> Self {
        Self { parts: 1, size }
    }

    pub(super) const fn count(self) -> usize {
        self.parts * self.size
    }

    /// The panels of a part.
    pub(super) const fn part_panels(self) -> usize {
        self.size.div_ceil(WIDTH)
    }

    pub(super) const fn panels(self) -> usize {
        self.parts * self.part_panels()
    }

    /// Every column's place among the columns of the panels.
    fn places(self) -> impl Iterator<Item = usize> + Clone {
        let padded = self.part_panels() * WIDTH;
        (0..self.parts)
            .flat_map(move |part| (0..self.size).map(move |column| part * padded + column))
    }

    /// The values of all columns as the lines of a row, with `rest` in the places of none.
    pub(super) fn line(self, values: &[f32], rest: f32) -> Vec<Line> {
        let mut lines = vec![Line([rest; LANES]); self.panels() * 2];
        for (place, value) in self.places().zip(values) {
            lines[place / LANES][place % LANES] = *value;
        }
        lines
    }
}

/// The weights and biases of a dense layer, in panels.
#[derive(Debug)]
pub(super) struct Weights {
    pub(super) inputs: Columns,
    pub(super) outputs: Columns,
    lines: Vec<Line>,
    bias: Vec<Line>,
}

impl Weights {
    /// # Panics
    ///
    /// When the layer's lengths are not those of its shape, or the columns not as many as it has.
    pub(super) fn new(dense: &Dense<'_>, inputs: Columns, outputs: Columns) -> Self {
        dense.check();
        assert_eq!(
            (dense.inputs, dense.outputs),
            (inputs.count(), outputs.count()),
            "a layer's columns"
        );
        let depth = inputs.panels() * WIDTH;
        let mut lines = vec![Line::default(); outputs.panels() * depth * 2];
        for (row, output) in dense.weight.chunks_exact(dense.inputs).zip(outputs.places()) {
            let (line, lane) =
                (output / WIDTH * depth * 2 + output % WIDTH / LANES, output % LANES);
            for (weight, input) in row.iter().zip(inputs.places()) {
                lines[line + 2 * input][lane] = *weight;
            }
        }
        let bias = outputs.line(dense.bias.as_deref().unwrap_or_default(), 0.0);
        Self { inputs, outputs, lines, bias }
    }

    /// The weights of a panel of outputs: two lines for each input.
    pub(super) fn panel(&self, panel: usize) -> &[Line] {
        let lines = self.inputs.panels() * WIDTH * 2;
        &self.lines[panel * lines..][..lines]
    }

    /// The biases of a panel of outputs.
    pub(super) fn bias(&self, panel: usize) -> [&Line; 2] {
        [&self.bias[2 * panel], &self.bias[2 * panel + 1]]
    }
}
