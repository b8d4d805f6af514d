//! Dense layers.

use std::sync::{Mutex, PoisonError};

use super::Context;
use super::context::{Seat, sit};
use super::function::Activate;
use super::product::{Product, Rows, WIDTH};
use super::simd::{LANES, Level, Line};
use super::team;
use super::weights::{Columns, Weights};
use crate::network::{Activation, Dense};

/// The rows that a thread takes at a time.
const PART: usize = 96;

/// A dense layer whose weights are laid out for this processor.
#[derive(Debug)]
pub(crate) struct Linear(Weights);

impl Linear {
    /// # Panics
    ///
    /// When the layer's lengths are not those of its shape.
    pub(crate) fn new(dense: &Dense<'_>) -> Self {
        Self(Weights::new(dense, Columns::whole(dense.inputs), Columns::whole(dense.outputs)))
    }

    pub(crate) fn inputs(&self) -> usize {
        self.0.inputs.count()
    }

    pub(crate) fn outputs(&self) -> usize {
        self.0.outputs.count()
    }

    /// Writes `activation(x * weight^T + bias)` into `out`.
    ///
    /// `x` is `[rows, inputs]` and `out` is `[rows, outputs]`, both row-major. A row's answer has the
    /// same bits alone and in any company.
    ///
    /// # Panics
    ///
    /// When `x` and `out` are not of these shapes for some number of rows, or the layer has no input.
    pub(crate) fn forward(
        &self,
        context: &mut Context,
        x: &[f32],
        activation: Activation,
        out: &mut [f32],
    ) {
        let (inputs, outputs) = (self.inputs(), self.outputs());
        let rows = x.len() / inputs;
        assert_eq!((x.len(), out.len()), (rows * inputs, rows * outputs), "rows of a dense layer");
        if out.is_empty() {
            return;
        }
        let Context { pool, level, seats, .. } = context;
        let parts = x
            .chunks(PART * inputs)
            .zip(out.chunks_mut(PART * outputs).map(Mutex::new))
            .collect::<Vec<_>>();
        let pool = pool.as_ref().filter(|_| parts.len() > 1);
        team::run(pool, |mut member| {
            let seat = &mut *sit(&seats[member.index]);
            member.last_phase(parts.len(), |part| {
                let (x, out) = &parts[part];
                self.part(
                    *level,
                    seat,
                    x,
                    activation,
                    &mut out.lock().unwrap_or_else(PoisonError::into_inner),
                );
            });
        });
    }

    fn part(
        &self,
        level: Level,
        seat: &mut Seat,
        x: &[f32],
        activation: Activation,
        out: &mut [f32],
    ) {
        let (inputs, outputs) = (self.inputs(), self.outputs());
        let rows = Rows::new(x.len() / inputs, level);
        let Seat { input, between, .. } = seat;
        input.clear();
        input.resize(self.0.inputs.panels() * rows.lines(), Line::default());
        for (row, x) in x.chunks_exact(inputs).enumerate() {
            let line = rows.line(row);
            for (panel, x) in input.chunks_exact_mut(rows.lines()).zip(x.chunks(WIDTH)) {
                for (half, x) in x.chunks(LANES).enumerate() {
                    panel[line + half * rows.group][..x.len()].copy_from_slice(x);
                }
            }
        }
        let x = input.chunks_exact(rows.lines()).collect::<Vec<_>>();
        between.resize(rows.lines(), Line::default());
        for panel in 0..self.0.outputs.panels() {
            for (half, lines) in between.chunks_exact_mut(rows.group).enumerate() {
                lines.fill(*self.0.bias(panel)[half % 2]);
            }
            level.run(Product { rows, x: &x, weights: self.0.panel(panel), out: between });
            level.run(Activate { activation, lines: between });
            for (row, out) in out.chunks_exact_mut(outputs).enumerate() {
                let (line, out) = (rows.line(row), &mut out[panel * WIDTH..]);
                for (half, out) in out.chunks_mut(LANES).take(2).enumerate() {
                    out.copy_from_slice(&between[line + half * rows.group][..out.len()]);
                }
            }
        }
    }
}
