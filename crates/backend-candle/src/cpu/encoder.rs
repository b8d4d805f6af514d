//! Encoders of BERT's kind.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::Context;
use super::context::{Seat, Shared, lines, sit};
use super::layer::{Layer, Pass};
use super::norm::Norm;
use super::product::{Rows, WIDTH};
use super::simd::{LANES, Level, Line};
use super::team::{self, Member};
use super::weights::Columns;
use crate::network::{Activation, Block, Embeddings, Table, Tokens};

/// The tokens that one thread takes through all layers before it takes others: so many that reading
/// the weights is nothing to it, and no more, for the sake of memory.
const PART: usize = 512;

/// The tokens of each thread from which threads take sequences of their own.
const APART: usize = 128;

/// An encoder whose weights are laid out for this processor.
#[derive(Debug)]
pub(crate) struct Encoder {
    width: usize,
    heads: usize,
    activation: Activation,
    words: Box<dyn Table>,
    positions: Box<dyn Table>,
    types: Option<Box<dyn Table>>,
    norm: Norm,
    layers: Vec<Layer>,
}

impl Encoder {
    /// An encoder without a layer: [`push`](Self::push) adds them.
    ///
    /// `activation` is that between `up` and `down`.
    ///
    /// # Panics
    ///
    /// When the widths of the tables and the norm differ, or `heads` does not divide them.
    pub(crate) fn new(embeddings: Embeddings<'_>, heads: usize, activation: Activation) -> Self {
        let width = embeddings.words.width();
        let types = embeddings.types.as_ref().map_or(width, |types| types.width());
        assert_eq!((width, width), (embeddings.positions.width(), types), "widths of the tables");
        assert!(
            width > 0 && heads > 0 && width.is_multiple_of(heads),
            "{heads} heads of a width of {width}"
        );
        Self {
            width,
            heads,
            activation,
            norm: Norm::new(&embeddings.norm, width),
            words: embeddings.words,
            positions: embeddings.positions,
            types: embeddings.types,
            layers: Vec::new(),
        }
    }

    /// Adds a layer after those that there are. Its weights are copied, and the block can go.
    ///
    /// # Panics
    ///
    /// When the block's shapes are not those of the encoder's width.
    pub(crate) fn push(&mut self, block: &Block<'_>) {
        self.layers.push(Layer::new(block, self.width, self.heads));
    }

    /// The width of the hidden state.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Writes the last layer's hidden state into `hidden`, which is `[tokens, width]`, row-major.
    ///
    /// A sequence's answer has the same bits alone and in any company, in any order.
    ///
    /// # Panics
    ///
    /// When a number is not a row of its table, a length is zero, or the lengths of `tokens` and
    /// `hidden` contradict each other.
    pub(crate) fn forward(&self, context: &mut Context, tokens: &Tokens<'_>, hidden: &mut [f32]) {
        let count = tokens.ids.len();
        assert_eq!(tokens.lengths.iter().sum::<usize>(), count, "tokens of the sequences");
        assert!(tokens.lengths.iter().all(|&length| length > 0), "a sequence has no token");
        assert_eq!(
            (tokens.positions.len(), hidden.len()),
            (count, count * self.width),
            "positions and hidden state"
        );
        assert!(self.types.is_none() || tokens.types.len() == count, "types of the tokens");
        if count == 0 {
            return;
        }
        match parts(tokens, context.threads().get()) {
            Some(parts) => self.apart(context, &parts, hidden),
            None => self.together(context, tokens, hidden),
        }
    }

    /// All threads work on all tokens, each on columns of its own.
    fn together(&self, context: &mut Context, tokens: &Tokens<'_>, hidden: &mut [f32]) {
        let Context { pool, level, seats, shared } = context;
        let rows = Rows::new(tokens.ids.len(), *level);
        self.resize(&mut shared[0], rows);
        let hidden = Mutex::new(hidden);
        let run = self.pass(*level, rows, tokens, &shared[0]);
        team::run(pool.as_ref(), |mut member| {
            let seat = &mut *sit(&seats[member.index]);
            self.work(&run, tokens, &mut member, seat);
            if member.index == 0 {
                self.finish(&run, seat, &mut hidden.lock().unwrap_or_else(PoisonError::into_inner));
            }
        });
    }

    /// Each thread takes sequences of its own through all layers.
    fn apart(&self, context: &mut Context, parts: &[Tokens<'_>], hidden: &mut [f32]) {
        let Context { pool, level, seats, shared } = context;
        let shared = shared.iter_mut().map(Mutex::new).collect::<Vec<_>>();
        let mut rest = hidden;
        let mut outs = Vec::with_capacity(parts.len());
        for part in parts {
            outs.push(Mutex::new(
                rest.split_off_mut(..part.ids.len() * self.width).unwrap_or_default(),
            ));
        }
        team::run(pool.as_ref(), |mut member| {
            let seat = &mut *sit(&seats[member.index]);
            let shared = &mut *shared[member.index].lock().unwrap_or_else(PoisonError::into_inner);
            member.last_phase(parts.len(), |part| {
                let (tokens, out) = (&parts[part], &outs[part]);
                let rows = Rows::new(tokens.ids.len(), *level);
                self.resize(shared, rows);
                let run = self.pass(*level, rows, tokens, shared);
                team::alone(|mut alone| self.work(&run, tokens, &mut alone, seat));
                self.finish(&run, seat, &mut out.lock().unwrap_or_else(PoisonError::into_inner));
            });
        });
    }

    fn resize(&self, shared: &mut Shared, rows: Rows) {
        let panels = Columns::whole(self.width).panels();
        shared.input.resize(panels, rows);
        shared.between.resize(panels, rows);
        let split = Columns { parts: self.heads, size: self.width / self.heads };
        shared.joined.resize(split.panels(), rows);
        let most = self.layers.iter().map(Layer::between).max().unwrap_or_default();
        shared.hidden.resize(most, rows);
    }

    fn pass<'a>(
        &self,
        level: Level,
        rows: Rows,
        tokens: &Tokens<'a>,
        shared: &'a Shared,
    ) -> Pass<'a> {
        Pass { level, rows, lengths: tokens.lengths, activation: self.activation, shared }
    }

    fn work(&self, pass: &Pass<'_>, tokens: &Tokens<'_>, member: &mut Member<'_>, seat: &mut Seat) {
        member.phase(1, |_| self.embed(pass, tokens, &mut seat.row));
        let mut norm = &self.norm;
        for layer in &self.layers {
            layer.forward(pass, member, seat, norm);
            norm = &layer.norm;
        }
    }

    /// Writes the sums of the tokens' rows of the tables.
    fn embed(&self, pass: &Pass<'_>, tokens: &Tokens<'_>, row: &mut Vec<f32>) {
        let panels = Columns::whole(self.width).panels();
        let mut out = (0..panels).map(|panel| pass.shared.input.write(panel)).collect::<Vec<_>>();
        out.iter_mut().for_each(|out| out.fill(Line::default()));
        row.resize(2 * self.width, 0.0);
        let (sum, row) = row.split_at_mut(self.width);
        for token in 0..tokens.ids.len() {
            self.words.copy(tokens.ids[token] as usize, sum);
            let mut add = |table: &dyn Table, index: u32| {
                table.copy(index as usize, row);
                sum.iter_mut().zip(&*row).for_each(|(sum, x)| *sum += x);
            };
            if let Some(types) = &self.types {
                add(types.as_ref(), tokens.types[token]);
            }
            add(self.positions.as_ref(), tokens.positions[token]);
            let line = pass.rows.line(token);
            for (panel, sum) in out.iter_mut().zip(sum.chunks(WIDTH)) {
                for (half, sum) in sum.chunks(LANES).enumerate() {
                    panel[line + half * pass.rows.group][..sum.len()].copy_from_slice(sum);
                }
            }
        }
    }

    /// Norms what the last layer wrote, and writes it as rows.
    fn finish(&self, pass: &Pass<'_>, seat: &mut Seat, hidden: &mut [f32]) {
        let Pass { level, rows, shared, .. } = *pass;
        let panels = Columns::whole(self.width).panels();
        let norm = self.layers.last().map_or(&self.norm, |layer| &layer.norm);
        seat.input.resize(panels * rows.lines(), Line::default());
        norm.apply(level, rows, &lines(&shared.input.read(panels)), &mut seat.input);
        for (token, out) in hidden.chunks_exact_mut(self.width).enumerate() {
            let line = rows.line(token);
            for (panel, out) in seat.input.chunks_exact(rows.lines()).zip(out.chunks_mut(WIDTH)) {
                for (half, out) in out.chunks_mut(LANES).enumerate() {
                    out.copy_from_slice(&panel[line + half * rows.group][..out.len()]);
                }
            }
        }
    }
}

/// The parts that threads take each for itself, or `None` when they had better work together: there
/// are few tokens, and reading the weights is what takes long, or some sequence is so long that one
/// thread would be the last for long.
fn parts<'a>(tokens: &Tokens<'a>, threads: usize) -> Option<Vec<Tokens<'a>>> {
    let count = tokens.ids.len();
    if threads > 1 && count < threads * APART {
        return None;
    }
    let wanted = count.div_ceil(PART).next_multiple_of(threads).max(1);
    let (mut parts, mut most) = (Vec::with_capacity(wanted), 0);
    let mut sequences = 0..0;
    let mut part = 0..0;
    for (sequence, length) in tokens.lengths.iter().enumerate() {
        sequences.end = sequence + 1;
        part.end += length;
        // The share of the parts so far, less half of what comes next.
        let next = tokens.lengths.get(sequence + 1).copied().unwrap_or_default();
        if part.end + next / 2 >= count * (parts.len() + 1) / wanted || part.end == count {
            most = most.max(part.len());
            parts.push(slice(tokens, part.clone(), sequences.clone()));
            part.start = part.end;
            sequences.start = sequences.end;
        }
    }
    let even = count.div_ceil(wanted);
    (threads == 1 || (parts.len() >= threads && most <= even + even / 4)).then_some(parts)
}

fn slice<'a>(tokens: &Tokens<'a>, part: Range<usize>, sequences: Range<usize>) -> Tokens<'a> {
    Tokens {
        ids: &tokens.ids[part.clone()],
        positions: &tokens.positions[part.clone()],
        types: tokens.types.get(part).unwrap_or_default(),
        lengths: &tokens.lengths[sequences],
    }
}
