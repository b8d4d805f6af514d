//! The layers of an encoder.

use super::attention::Attention;
use super::context::{Seat, Shared, lines};
use super::function::Activate;
use super::norm::Norm;
use super::product::{Product, Rows};
use super::simd::{Level, Line};
use super::team::Member;
use super::weights::{Columns, Weights};
use crate::network::{Activation, Block};

/// One layer, laid out for this processor.
#[derive(Debug)]
pub(super) struct Layer {
    /// From the hidden state to queries, to keys and to values.
    inputs: [Weights; 3],
    output: Weights,
    attention_norm: Norm,
    up: Weights,
    down: Weights,
    pub(super) norm: Norm,
}

/// What the layers of a run have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pass<'a> {
    pub(super) level: Level,
    pub(super) rows: Rows,
    pub(super) lengths: &'a [usize],
    pub(super) activation: Activation,
    pub(super) shared: &'a Shared,
}

impl Layer {
    /// # Panics
    ///
    /// When the block's shapes are not those of the width.
    pub(super) fn new(block: &Block<'_>, width: usize, heads: usize) -> Self {
        let hidden = Columns::whole(width);
        let split = Columns { parts: heads, size: width / heads };
        let between = Columns::whole(block.up.outputs);
        Self {
            inputs: [&block.query, &block.key, &block.value]
                .map(|dense| Weights::new(dense, hidden, split)),
            output: Weights::new(&block.output, split, hidden),
            attention_norm: Norm::new(&block.attention_norm, width),
            up: Weights::new(&block.up, hidden, between),
            down: Weights::new(&block.down, between, hidden),
            norm: Norm::new(&block.output_norm, width),
        }
    }

    /// The panels between its feed-forward layers.
    pub(super) fn between(&self) -> usize {
        self.up.outputs.panels()
    }

    /// From `shared.input` to itself. `norm` is what the input is yet to go through.
    ///
    /// Threads norm for themselves, and only those that find a task: it is short, and a phase for
    /// it would cost more.
    pub(super) fn forward(
        &self,
        pass: &Pass<'_>,
        member: &mut Member<'_>,
        seat: &mut Seat,
        norm: &Norm,
    ) {
        let Pass { level, rows, shared, .. } = *pass;
        let panels = self.output.outputs.panels();
        let Seat { input, between, head, attention, .. } = seat;

        let mut normed = Once::new(|input: &mut Vec<Line>| {
            let from = shared.input.read(panels);
            input.resize(panels * rows.lines(), Line::default());
            norm.apply(level, rows, &lines(&from), input);
        });
        let [query, ..] = &self.inputs;
        member.phase(query.outputs.parts, |part| {
            let x = normed.get(input, rows);
            let part_panels = query.outputs.part_panels();
            head.resize(3 * part_panels * rows.lines(), Line::default());
            let all = self.inputs.iter().flat_map(|weights| {
                (part * part_panels..(part + 1) * part_panels).map(move |panel| (weights, panel))
            });
            for ((weights, panel), out) in all.zip(head.chunks_exact_mut(rows.lines())) {
                product(pass, &x, weights, panel, None, out);
            }
            #[expect(clippy::cast_precision_loss, reason = "a head is narrow")]
            let scale = 1.0 / (query.outputs.size as f32).sqrt();
            let mut out = (part * part_panels..(part + 1) * part_panels)
                .map(|panel| shared.joined.write(panel))
                .collect::<Vec<_>>();
            Attention {
                level,
                rows,
                lengths: pass.lengths,
                scale,
                inputs: head,
                scratch: attention,
            }
            .run(out.iter_mut().map(|out| out.as_mut_slice()));
        });
        member.phase(panels, |panel| {
            let residual = normed.get(input, rows)[panel];
            let joined = shared.joined.read(self.output.inputs.panels());
            let mut out = shared.between.write(panel);
            product(pass, &lines(&joined), &self.output, panel, Some(residual), &mut out);
        });

        let mut normed = Once::new(|between: &mut Vec<Line>| {
            let from = shared.between.read(panels);
            between.resize(panels * rows.lines(), Line::default());
            self.attention_norm.apply(level, rows, &lines(&from), between);
        });
        member.phase(self.up.outputs.panels(), |panel| {
            let x = normed.get(between, rows);
            let mut out = shared.hidden.write(panel);
            product(pass, &x, &self.up, panel, None, &mut out);
            level.run(Activate { activation: pass.activation, lines: &mut out });
        });
        member.phase(panels, |panel| {
            let residual = normed.get(between, rows)[panel];
            let hidden = shared.hidden.read(self.up.outputs.panels());
            let mut out = shared.input.write(panel);
            product(pass, &lines(&hidden), &self.down, panel, Some(residual), &mut out);
        });
    }
}

/// Something that a thread computes when it first needs it.
struct Once<F>(Option<F>);

impl<F: FnOnce(&mut Vec<Line>)> Once<F> {
    fn new(compute: F) -> Self {
        Self(Some(compute))
    }

    /// The panels.
    fn get<'a>(&mut self, into: &'a mut Vec<Line>, rows: Rows) -> Vec<&'a [Line]> {
        if let Some(compute) = self.0.take() {
            compute(into);
        }
        into.chunks_exact(rows.lines()).collect()
    }
}

/// Writes `x * weights + bias + residual`, one panel of it.
fn product(
    pass: &Pass<'_>,
    x: &[&[Line]],
    weights: &Weights,
    panel: usize,
    residual: Option<&[Line]>,
    out: &mut [Line],
) {
    let rows = pass.rows;
    for (half, out) in out.chunks_exact_mut(rows.group).enumerate() {
        out.fill(*weights.bias(panel)[half % 2]);
    }
    if let Some(residual) = residual {
        for (out, residual) in out.iter_mut().zip(residual) {
            for (out, residual) in out.iter_mut().zip(residual.iter()) {
                *out += residual;
            }
        }
    }
    pass.level.run(Product { rows, x, weights: weights.panel(panel), out });
}
