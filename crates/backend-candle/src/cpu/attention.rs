//! Attention within each of several sequences.

use super::function::exp;
use super::norm::total;
use super::product::{Product, Rows, WIDTH};
use super::simd::{LANES, Level, Line, Loop, Simd, f32x16, prelude::*};

/// The queries whose scores are held at a time.
const QUERIES: usize = 48;

/// What attention writes besides its answer.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// In panels of queries.
    queries: Vec<Line>,
    /// Weights of products: from a query to scores.
    keys: Vec<Line>,
    /// Weights of products: from scores to an answer.
    values: Vec<Line>,
    scores: Vec<Line>,
    answers: Vec<Line>,
    /// The sum of a query's weights.
    sums: Vec<f32>,
}

/// One head's attention: `softmax(q * k^T * scale) * v` for each sequence.
#[derive(Debug)]
pub(super) struct Attention<'a> {
    pub(super) level: Level,
    pub(super) rows: Rows,
    pub(super) lengths: &'a [usize],
    pub(super) scale: f32,
    /// The head's panels of rows: of queries, then of keys, then of values, end to end.
    pub(super) inputs: &'a [Line],
    pub(super) scratch: &'a mut Scratch,
}

impl Attention<'_> {
    /// Writes the head's panels.
    pub(super) fn run<'o>(mut self, out: impl Iterator<Item = &'o mut [Line]>) {
        let mut out = out.collect::<Vec<_>>();
        let mut start = 0;
        for &length in self.lengths {
            let panels = out.len();
            self.gather_keys(panels, start, length);
            for first in (0..length).step_by(QUERIES) {
                let queries = Rows::new((length - first).min(QUERIES), self.level);
                self.gather_queries(panels, start + first, queries);
                self.answer(panels, length, queries);
                self.scatter(&mut out, start + first, queries);
            }
            start += length;
        }
    }

    /// A panel of rows: `which` is 0 for queries, 1 for keys and 2 for values.
    fn input(&self, which: usize, panels: usize, panel: usize) -> &[Line] {
        let lines = self.rows.lines();
        &self.inputs[(which * panels + panel) * lines..][..lines]
    }

    /// Makes weights of the sequence's keys and values.
    fn gather_keys(&mut self, panels: usize, start: usize, length: usize) {
        let padded = length.div_ceil(WIDTH) * WIDTH;
        let mut keys = std::mem::take(&mut self.scratch.keys);
        let mut values = std::mem::take(&mut self.scratch.values);
        keys.clear();
        keys.resize(padded * panels * 2, Line::default());
        values.clear();
        values.resize(padded * panels * 2, Line::default());
        for panel in 0..panels {
            let (key, value) = (self.input(1, panels, panel), self.input(2, panels, panel));
            for token in 0..length {
                let left = self.rows.line(start + token);
                for (half, at) in [left, left + self.rows.group].into_iter().enumerate() {
                    values[(panel * padded + token) * 2 + half] = value[at];
                    // A panel of keys has two lines for each element of a query.
                    let first = (token / WIDTH * panels + panel) * WIDTH * 2 + half * LANES * 2;
                    let lines = keys[first + token % WIDTH / LANES..].iter_mut().step_by(2);
                    for (line, x) in lines.zip(key[at].iter()) {
                        line[token % LANES] = *x;
                    }
                }
            }
        }
        self.scratch.keys = keys;
        self.scratch.values = values;
    }

    /// Takes the queries out of their panels, scaled.
    fn gather_queries(&mut self, panels: usize, start: usize, queries: Rows) {
        let lines = queries.lines();
        let mut gathered = std::mem::take(&mut self.scratch.queries);
        gathered.clear();
        gathered.resize(panels * lines, Line::default());
        for (panel, gathered) in gathered.chunks_exact_mut(lines).enumerate() {
            let input = self.input(0, panels, panel);
            for query in 0..queries.count {
                let (from, to) = (self.rows.line(start + query), queries.line(query));
                for half in 0..2 {
                    let x = input[from + half * self.rows.group];
                    gathered[to + half * queries.group] = Line(x.map(|x| x * self.scale));
                }
            }
        }
        self.scratch.queries = gathered;
    }

    /// From queries, keys and values to answers that are yet to be divided by their sums.
    fn answer(&mut self, panels: usize, length: usize, queries: Rows) {
        let (level, lines) = (self.level, queries.lines());
        let Scratch { queries: x, keys, values, scores, answers, sums } = &mut *self.scratch;
        let padded = length.div_ceil(WIDTH) * WIDTH;
        scores.clear();
        scores.resize(padded / WIDTH * lines, Line::default());
        let x = x.chunks_exact(lines).collect::<Vec<_>>();
        for (weights, out) in
            keys.chunks_exact(panels * WIDTH * 2).zip(scores.chunks_exact_mut(lines))
        {
            level.run(Product { rows: queries, x: &x, weights, out });
        }
        sums.clear();
        sums.resize(queries.count, 0.0);
        level.run(Softmax { rows: queries, length, scores, sums });
        answers.clear();
        answers.resize(panels * lines, Line::default());
        let x = scores.chunks_exact(lines).collect::<Vec<_>>();
        for (weights, out) in values.chunks_exact(padded * 2).zip(answers.chunks_exact_mut(lines)) {
            level.run(Product { rows: queries, x: &x, weights, out });
        }
    }

    /// Writes the answers to where the queries came from.
    fn scatter(&self, out: &mut [&mut [Line]], start: usize, queries: Rows) {
        for (out, answers) in out.iter_mut().zip(self.scratch.answers.chunks_exact(queries.lines()))
        {
            for (query, sum) in self.scratch.sums.iter().enumerate() {
                let (from, to) = (queries.line(query), self.rows.line(start + query));
                for half in 0..2 {
                    let answer = answers[from + half * queries.group];
                    out[to + half * self.rows.group] = Line(answer.map(|x| x / sum));
                }
            }
        }
    }
}

/// Replaces scores by their exponents, the largest of a row being one, and adds these up.
struct Softmax<'a> {
    rows: Rows,
    /// The scores of a row. What follows them in the last panel becomes nothing.
    length: usize,
    scores: &'a mut [Line],
    sums: &'a mut [f32],
}

impl Loop for Softmax<'_> {
    type Answer = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { rows, length, scores, sums } = self;
        let lines = rows.lines();
        for (row, total_of_row) in sums.iter_mut().enumerate() {
            let left = rows.line(row);
            let halves = [left, left + rows.group];
            let mut place = 0;
            let mut most = f32x16::splat(simd, f32::NEG_INFINITY);
            for panel in scores.chunks_exact_mut(lines) {
                for at in halves {
                    let line = &mut panel[at];
                    if place + LANES > length {
                        line[length.saturating_sub(place)..].fill(f32::NEG_INFINITY);
                    }
                    most = most.max(line.load(simd));
                    place += LANES;
                }
            }
            let mut largest = f32::NEG_INFINITY;
            for x in most.to_array() {
                largest = largest.max(x);
            }
            let largest = f32x16::splat(simd, largest);
            let mut sum = f32x16::splat(simd, 0.0);
            for panel in scores.chunks_exact_mut(lines) {
                for at in halves {
                    let line = &mut panel[at];
                    let x = line.load(simd) - largest;
                    // What is not a number stays so, and makes all of the row's answer so.
                    let weight = x.simd_eq(x).select(exp(simd, x), x);
                    line.store(weight);
                    sum += weight;
                }
            }
            *total_of_row = total(sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_that_are_no_numbers_make_no_numbers() {
        for level in Level::available() {
            for wrong in [f32::NAN, f32::INFINITY] {
                let rows = Rows { count: 2, group: 2 };
                let mut scores = vec![Line::default(); rows.lines()];
                scores[rows.line(1)][3] = wrong;
                let mut sums = [0.0; 2];
                level.run(Softmax { rows, length: 5, scores: &mut scores, sums: &mut sums });
                assert!((sums[0] - 5.0).abs() < 1e-6, "{sums:?}");
                assert!(sums[1].is_nan(), "{level:?}: {wrong} gives {sums:?}");
            }
        }
    }
}
