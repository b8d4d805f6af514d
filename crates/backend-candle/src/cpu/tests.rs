use std::num::NonZeroUsize;

use candle_core::{Device, Tensor};
use proptest::prelude::*;

use super::function::Activate;
use super::simd::{LANES, Level, Line};
use super::*;
use crate::device;
use crate::network::{Activation, Block, Embeddings};
use crate::oracle::{self, Noise, Text};

const ACTIVATIONS: [Activation; 5] = [
    Activation::Identity,
    Activation::Relu,
    Activation::Gelu,
    Activation::GeluTanh,
    Activation::Tanh,
];

fn context(threads: usize, level: Level) -> Context {
    Context::with_level(NonZeroUsize::new(threads).unwrap(), level).unwrap()
}

/// An encoder, and what it is made of.
fn encoder(
    width: usize,
    heads: usize,
    between: usize,
    layers: usize,
) -> (Encoder, Embeddings<'static>, Vec<Block<'static>>) {
    let blocks =
        (0..layers).map(|layer| Noise(1 + layer as u64).block(width, between)).collect::<Vec<_>>();
    let mut encoder = Encoder::new(Noise(99).embeddings(width), heads, Activation::Gelu);
    blocks.iter().for_each(|block| encoder.push(block));
    (encoder, Noise(99).embeddings(width), blocks)
}

fn forward(encoder: &Encoder, context: &mut Context, text: &Text) -> Vec<f32> {
    let tokens = text.tokens();
    let mut hidden = vec![f32::NAN; tokens.ids.len() * encoder.width()];
    encoder.forward(context, &tokens, &mut hidden);
    hidden
}

fn assert_near(ours: &[f32], theirs: &[f64], tolerance: f64) {
    assert_eq!(ours.len(), theirs.len());
    for (place, (&ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        let error = (f64::from(ours) - theirs).abs();
        assert!(error <= tolerance * theirs.abs().max(1.0), "{ours} and {theirs} at {place}");
    }
}

#[test]
fn activations_are_near_on_every_level() {
    let numbers = (-4000..4000)
        .map(|i| (i as f32 / 1000.0).powi(3))
        .chain([0.0, -0.0, 1e-30, 1e4, -1e4, -5.5, 5.5]);
    let numbers = numbers.collect::<Vec<_>>();
    for level in Level::available() {
        for activation in ACTIVATIONS {
            for numbers in numbers.chunks(LANES) {
                let mut lines = [Line::default()];
                lines[0][..numbers.len()].copy_from_slice(numbers);
                level.run(Activate { activation, lines: &mut lines });
                let expected = numbers
                    .iter()
                    .map(|&x| oracle::activate(f64::from(x), activation))
                    .collect::<Vec<_>>();
                assert_near(&lines[0][..numbers.len()], &expected, 1e-6);
            }
            let mut lines = [Line([f32::NAN; LANES])];
            level.run(Activate { activation, lines: &mut lines });
            assert!(lines[0].iter().all(|x| x.is_nan()), "{activation:?}");
        }
    }
}

#[test]
fn dense_layers_of_odd_sizes_are_near_on_every_level() {
    for level in Level::available() {
        for (rows, inputs, outputs) in [
            (0, 3, 2),
            (1, 1, 1),
            (2, 31, 33),
            (3, 32, 32),
            (5, 33, 1),
            (13, 65, 17),
            (29, 400, 70),
            (197, 7, 40),
        ] {
            let mut noise = Noise(rows as u64);
            let dense = noise.dense(outputs, inputs);
            let x = noise.numbers(rows * inputs, 1.0);
            let double = x.iter().copied().map(f64::from).collect::<Vec<_>>();
            for activation in ACTIVATIONS {
                let mut out = vec![f32::NAN; rows * outputs];
                Linear::new(&dense).forward(&mut context(2, level), &x, activation, &mut out);
                let expected = oracle::dense(&dense, &double);
                let expected = expected
                    .into_iter()
                    .map(|x| oracle::activate(x, activation))
                    .collect::<Vec<_>>();
                assert_near(&out, &expected, 3e-6);
            }
        }
    }
}

#[test]
fn encoders_are_near_on_every_level() {
    // Heads that fill a panel, that fill two, that fill none; widths that fill no panel.
    for (width, heads, between) in [(64, 2, 96), (128, 2, 64), (40, 5, 56), (33, 3, 7), (96, 1, 32)]
    {
        let (encoder, embeddings, blocks) = encoder(width, heads, between, 2);
        for level in Level::available() {
            for lengths in [&[1][..], &[2], &[17], &[70], &[3, 1, 40, 16], &[]] {
                let text = Text::new(&mut Noise(7), lengths);
                let expected =
                    oracle::encode(&embeddings, &blocks, heads, Activation::Gelu, &text.tokens());
                for threads in [1, 2] {
                    assert_near(
                        &forward(&encoder, &mut context(threads, level), &text),
                        &expected,
                        2e-5,
                    );
                }
            }
        }
    }
}

#[test]
fn many_tokens_are_taken_apart_and_answered_alike() {
    let (encoder, ..) = encoder(40, 5, 56, 2);
    let mut two = context(2, Level::best());
    for lengths in [
        vec![16; 40],
        vec![7; 100],
        vec![300, 3, 3],
        vec![1; 300],
        vec![200, 200, 100],
        vec![129, 1, 128],
    ] {
        let text = Text::new(&mut Noise(3), &lengths);
        let answer = forward(&encoder, &mut context(1, Level::best()), &text);
        assert_eq!(forward(&encoder, &mut two, &text), answer);
        assert_eq!(forward(&encoder, &mut context(3, Level::best()), &text), answer);
    }
}

#[test]
fn levels_that_fuse_give_the_same_bits() {
    let (encoder, ..) = encoder(64, 2, 96, 2);
    let text = Text::new(&mut Noise(5), &[9, 33, 1]);
    let answers = Level::available()
        .into_iter()
        .filter(|level| level.is_fused())
        .map(|level| forward(&encoder, &mut context(1, level), &text));
    let answers = answers.collect::<Vec<_>>();
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn candle_gives_the_same() {
    for (width, heads, between) in [(64, 2, 96), (40, 5, 56)] {
        let (encoder, embeddings, blocks) = encoder(width, heads, between, 2);
        let mut other =
            device::Encoder::new(&embeddings, heads, Activation::Gelu, &Device::Cpu).unwrap();
        blocks.iter().for_each(|block| other.push(block).unwrap());
        let text = Text::new(&mut Noise(11), &[5, 1, 38, 12]);
        let theirs =
            other.forward(&text.tokens()).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let theirs = theirs.into_iter().map(f64::from).collect::<Vec<_>>();
        assert_near(&forward(&encoder, &mut context(2, Level::best()), &text), &theirs, 2e-5);
    }
}

#[test]
fn candle_gives_the_same_for_dense_layers() {
    let mut noise = Noise(1);
    let dense = noise.dense(20, 45);
    let x = noise.numbers(7 * 45, 2.0);
    for activation in ACTIVATIONS {
        let mut ours = vec![0.0; 7 * 20];
        Linear::new(&dense).forward(&mut context(1, Level::best()), &x, activation, &mut ours);
        let tensor = Tensor::from_slice(&x, (7, 45), &Device::Cpu).unwrap();
        let theirs = device::Linear::new(&dense, &Device::Cpu)
            .unwrap()
            .forward(&tensor, activation)
            .unwrap();
        let theirs = theirs.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_near(&ours, &theirs.into_iter().map(f64::from).collect::<Vec<_>>(), 3e-6);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn company_and_threads_do_not_change_a_bit(
        lengths in prop::collection::vec(1_usize..60, 1..12),
        threads in 1_usize..4,
        seed: u64,
    ) {
        let (encoder, ..) = encoder(40, 5, 56, 2);
        let text = Text::new(&mut Noise(seed), &lengths);
        let together = forward(&encoder, &mut context(threads, Level::best()), &text);
        let mut alone = context(1, Level::best());
        let mut rest = together.as_slice();
        for sequence in 0..lengths.len() {
            let answer = forward(&encoder, &mut alone, &text.sequence(sequence));
            let (mine, others) = rest.split_at(answer.len());
            prop_assert_eq!(mine, answer);
            rest = others;
        }
    }

    #[test]
    fn company_does_not_change_a_bit_of_a_dense_layer(rows in 1_usize..300, row in 0_usize..300, threads in 1_usize..4) {
        let row = row % rows;
        let mut noise = Noise(8);
        let linear = Linear::new(&noise.dense(35, 50));
        let x = noise.numbers(rows * 50, 1.0);
        let (mut all, mut one) = (vec![0.0; rows * 35], vec![0.0; 35]);
        linear.forward(&mut context(threads, Level::best()), &x, Activation::Gelu, &mut all);
        linear.forward(&mut context(1, Level::best()), &x[row * 50..][..50], Activation::Gelu, &mut one);
        prop_assert_eq!(&all[row * 35..][..35], one);
    }
}
