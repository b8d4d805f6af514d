//! Headers of safetensors files that lie: each is refused, at once, and nothing is allocated for
//! what they promise.

use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use serde_json::{Map, Value, json};

use crate::{
    damage::{Copy, WEIGHTS, file, parts},
    trial,
};

/// Longer than any of these files takes to be read, on a machine that does much else.
const AT_ONCE: Duration = Duration::from_secs(20);

const TENSOR: &str = "embeddings.LayerNorm.bias";

/// What is wrong, and the file made of a header and its data.
type Attack = (&'static str, fn(Map<String, Value>, Vec<u8>) -> Vec<u8>);

pub(crate) fn trials() -> Vec<Trial> {
    let attacks: [Attack; 19] = [
        ("empty_file", |_, _| Vec::new()),
        ("length_alone", |_, _| 2_u64.to_le_bytes().to_vec()),
        ("length_beyond_the_file", |header, data| with_length(&header, &data, 1 << 40)),
        ("length_of_all_ones", |header, data| with_length(&header, &data, u64::MAX)),
        ("length_over_the_limit", |_, _| file(&vec![b' '; 120 << 20], &[])),
        ("header_that_is_cut", |header, data| with_length(&header, &data, 100)),
        ("header_that_is_no_json", |_, data| file(b"{\"a\": [1, 2", &data)),
        ("header_that_is_an_array", |_, data| file(b"[]", &data)),
        ("header_of_depth", |_, data| {
            let deep = format!("{{\"a\": {}", "[".repeat(5 << 20));
            file(deep.as_bytes(), &data)
        }),
        ("tensor_twice", |header, data| {
            let text = written(&header);
            let again = written(&Map::from_iter([(TENSOR.to_owned(), header[TENSOR].clone())]));
            let both = format!("{},{}", &text[..text.len() - 1], &again[1..]);
            file(both.as_bytes(), &data)
        }),
        ("unknown_type", |header, data| changed(header, &data, "dtype", json!("F33"))),
        ("negative_dimension", |header, data| changed(header, &data, "shape", json!([-32]))),
        ("shape_that_overflows", |header, data| {
            changed(header, &data, "shape", json!([u64::MAX, u64::MAX, 2]))
        }),
        ("shape_of_more_than_its_bytes", |header, data| {
            changed(header, &data, "shape", json!([33]))
        }),
        ("shape_of_many_axes", |header, data| {
            changed(header, &data, "shape", json!(vec![1; 100_000]))
        }),
        ("offsets_beyond_the_file", |header, data| {
            let end = data.len();
            changed(header, &data, "data_offsets", json!([end, end + 128]))
        }),
        ("offsets_that_run_back", |header, data| {
            changed(header, &data, "data_offsets", json!([128, 0]))
        }),
        ("offsets_that_overlap", |header, data| {
            let other = header["embeddings.LayerNorm.weight"]["data_offsets"].clone();
            changed(header, &data, "data_offsets", other)
        }),
        ("bytes_behind_the_tensors", |header, data| {
            file(written(&header).as_bytes(), &[data, vec![0; 64]].concat())
        }),
    ];
    let of = |(name, attack): Attack| trial(format!("header/{name}"), move || is_refused(attack));
    attacks.into_iter().map(of).collect()
}

fn is_refused(attack: fn(Map<String, Value>, Vec<u8>) -> Vec<u8>) -> Result<(), String> {
    let copy = Copy::of("bert-mean")?;
    let (header, data) = parts(&copy.read(WEIGHTS)?)?;
    copy.write(WEIGHTS, &attack(header, data))?;
    let start = Instant::now();
    copy.refused()?;
    let taken = start.elapsed();
    if taken > AT_ONCE { Err(format!("it took {taken:?}")) } else { Ok(()) }
}

fn written(header: &Map<String, Value>) -> String {
    Value::Object(header.clone()).to_string()
}

fn changed(mut header: Map<String, Value>, data: &[u8], key: &str, value: Value) -> Vec<u8> {
    header[TENSOR][key] = value;
    file(written(&header).as_bytes(), data)
}

/// A file whose header is said to be of this length.
fn with_length(header: &Map<String, Value>, data: &[u8], length: u64) -> Vec<u8> {
    let mut whole = file(written(header).as_bytes(), data);
    whole[..8].copy_from_slice(&length.to_le_bytes());
    whole
}
