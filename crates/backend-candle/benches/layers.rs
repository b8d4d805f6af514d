//! How long layers of all-MiniLM-L6-v2's shape take, beside the product of candle's `gemm` crate, one
//! thread each, in turns; and whole passes of an encoder of that shape by one and two threads.
//!
//! `cargo bench -p hotplate-candle`
#![expect(
    dead_code,
    unused_imports,
    reason = "the layers are the crate's own, and some stay unused here"
)]
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on panics")]
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

#[path = "../src"]
mod source {
    pub(crate) mod cpu;
    #[cfg(test)]
    pub(crate) mod device;
    pub(crate) mod network;
    #[cfg(test)]
    pub(crate) mod oracle;
}

use std::borrow::Cow;
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use gemm::Parallelism;

use self::source::*;
use crate::cpu::{Context, Encoder, Linear};
use crate::network::{Activation, Block, Dense, Embeddings, Held, Norm, Tokens};

const WIDTH: usize = 384;

fn main() {
    // `cargo test` runs every bench once.
    let rounds = if std::env::args().any(|argument| argument == "--bench") { 21 } else { 1 };
    println!("{:28}{:>12}{:>12}{:>8}", "one thread", "ours", "gemm", "ratio");
    for rows in [16, 512] {
        for (inputs, outputs) in
            [(WIDTH, 3 * WIDTH), (WIDTH, WIDTH), (WIDTH, 4 * WIDTH), (4 * WIDTH, WIDTH)]
        {
            product(rounds, rows, inputs, outputs);
        }
    }
    let encoder = encoder();
    for threads in [1, 2] {
        for (texts, tokens) in [(1, 16), (32, 16), (8, 128)] {
            pass(rounds, &encoder, threads, texts, tokens);
        }
    }
}

/// The same numbers in every run; which they are does not matter.
fn numbers(count: usize) -> Vec<f32> {
    (0_u16..997).cycle().take(count).map(|i| f32::from(i) / 5000.0 - 0.1).collect()
}

fn dense(outputs: usize, inputs: usize) -> Dense<'static> {
    let bias = Some(Cow::Owned(numbers(outputs)));
    Dense { inputs, outputs, weight: Cow::Owned(numbers(outputs * inputs)), bias }
}

fn norm() -> Norm<'static> {
    Norm {
        scale: Cow::Owned(vec![1.0; WIDTH]),
        shift: Cow::Owned(vec![0.0; WIDTH]),
        epsilon: 1e-12,
    }
}

/// With 1000 words, which is fewer than the model has.
fn encoder() -> Encoder {
    let table = |rows: usize| Box::new(Held::new(numbers(rows * WIDTH), WIDTH));
    let (words, positions, types) = (table(1000), table(512), table(2));
    let embeddings = Embeddings { words, positions, types: Some(types), norm: norm() };
    let mut encoder = Encoder::new(embeddings, 12, Activation::Gelu);
    for _ in 0..6 {
        let square = dense(WIDTH, WIDTH);
        encoder.push(&Block {
            query: square.clone(),
            key: square.clone(),
            value: square.clone(),
            output: square,
            attention_norm: norm(),
            up: dense(4 * WIDTH, WIDTH),
            down: dense(WIDTH, 4 * WIDTH),
            output_norm: norm(),
        });
    }
    encoder
}

/// The median time of a call of each, in turns.
fn compare(rounds: usize, calls: u32, mut sides: [&mut dyn FnMut(); 2]) -> [Duration; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        for (side, times) in sides.iter_mut().zip(&mut times) {
            let start = Instant::now();
            (0..calls).for_each(|_| side());
            times.push(start.elapsed() / calls);
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    })
}

fn product(rounds: usize, rows: usize, inputs: usize, outputs: usize) {
    let dense = dense(outputs, inputs);
    let linear = Linear::new(&dense);
    let mut context = Context::new(NonZeroUsize::MIN).unwrap();
    let (x, mut ours, mut theirs) =
        (numbers(rows * inputs), vec![0.0; rows * outputs], vec![0.0; rows * outputs]);
    let [ours, theirs] = compare(
        rounds,
        if rows < 100 { 50 } else { 3 },
        [
            &mut || linear.forward(&mut context, black_box(&x), Activation::Identity, &mut ours),
            &mut || {
                multiply(rows, inputs, outputs, black_box(&x), &dense.weight, &mut theirs);
            },
        ],
    );
    let name = format!("{rows} x {inputs} x {outputs}");
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    println!("{name:28}{:>12}{:>12}{ratio:8.3}", format!("{ours:.1?}"), format!("{theirs:.1?}"));
}

/// `out = x * weight^T`.
#[expect(unsafe_code, reason = "the crate takes pointers")]
fn multiply(
    rows: usize,
    inputs: usize,
    outputs: usize,
    x: &[f32],
    weight: &[f32],
    out: &mut [f32],
) {
    assert_eq!(
        (x.len(), weight.len(), out.len()),
        (rows * inputs, inputs * outputs, rows * outputs)
    );
    let strides = (inputs.cast_signed(), outputs.cast_signed());
    let (out, x, weight) = (out.as_mut_ptr(), x.as_ptr(), weight.as_ptr());
    // SAFETY: with these strides no index goes beyond the lengths that were just checked, and `out`
    // is borrowed by us alone.
    unsafe {
        gemm::gemm(
            rows,
            outputs,
            inputs,
            out,
            1,
            strides.1,
            false,
            x,
            1,
            strides.0,
            weight,
            strides.0,
            1,
            0.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

fn pass(rounds: usize, encoder: &Encoder, threads: usize, texts: usize, tokens: usize) {
    let mut context = Context::new(NonZeroUsize::new(threads).unwrap()).unwrap();
    let count = texts * tokens;
    let ids = (0..1000).cycle().take(count).collect::<Vec<_>>();
    let positions = (0..512).take(tokens).cycle().take(count).collect::<Vec<_>>();
    let (types, lengths) = (vec![0; count], vec![tokens; texts]);
    let tokens_of_all =
        Tokens { ids: &ids, positions: &positions, types: &types, lengths: &lengths };
    let mut hidden = vec![0.0; count * WIDTH];
    let mut forward = || encoder.forward(&mut context, black_box(&tokens_of_all), &mut hidden);
    let [time, _] = compare(rounds, 1, [&mut forward, &mut || {}]);
    println!("{texts} x {tokens} tokens, {threads} threads: {time:.1?}");
}
