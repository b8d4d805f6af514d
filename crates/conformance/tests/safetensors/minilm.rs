//! The real MiniLM: two hundred texts against sentence-transformers, and against its graph in ONNX
//! Runtime.

use std::{fs, path::PathBuf};

use hotplate::{
    BackendChoice, DType, DataView, DeviceChoice, Engine, OpenOptions, Shape, TensorView,
    tolerance::Tolerance,
};
use hotplate_conformance::library;
use libtest_mimic::Trial;

use crate::{
    ask::{ask, numbers_of, open},
    golden::{Golden, Row, folder},
    resident, told, trial_with,
};

const NAME: &str = "minilm";
const WIDTH: usize = 384;

/// The cosine of an embedding and the one expected of it.
const CLOSE: f64 = 0.99999;

/// How much of the file a process may hold that has opened it.
const RESIDENT: f64 = 1.5;

pub(crate) fn trials() -> Vec<Trial> {
    const MODEL: &[fn() -> Option<&'static str>] = &[no_model];
    const BOTH: &[fn() -> Option<&'static str>] = &[no_model, no_graph, no_library];
    vec![
        trial_with("answers/minilm", MODEL, answers),
        trial_with("rows/minilm", MODEL, rows),
        trial_with("memory/minilm", MODEL, memory),
        trial_with("onnxruntime/minilm", BOTH, as_its_graph),
    ]
}

fn model() -> PathBuf {
    library::workspace().join("target/models/minilm-safetensors")
}

fn graph() -> PathBuf {
    library::workspace().join("target/models/minilm/model.onnx")
}

fn no_model() -> Option<&'static str> {
    let there = model().join("model.safetensors").exists();
    (!there).then_some("the model is not there; .ci/models makes it")
}

fn no_graph() -> Option<&'static str> {
    (!graph().exists()).then_some("the graph is not there; .ci/models makes it")
}

fn no_library() -> Option<&'static str> {
    library::find().is_none().then_some("ONNX Runtime is not there; .ci/onnxruntime brings it")
}

/// The texts, and what sentence-transformers makes of each.
fn expected() -> Result<(Golden, Vec<f32>), String> {
    let golden = Golden::read(NAME)?;
    let bytes = fs::read(folder(NAME).join("embeddings.f32")).map_err(told)?;
    let (numbers, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() || numbers.len() != golden.rows.len() * WIDTH {
        return Err(format!("{} bytes for {} texts", bytes.len(), golden.rows.len()));
    }
    Ok((golden, numbers.iter().map(|&number| f32::from_le_bytes(number)).collect()))
}

fn answers() -> Result<(), String> {
    let (golden, expected) = expected()?;
    let engine = open(&model(), &golden)?;
    let rows: Vec<&Row> = golden.rows.iter().collect();
    let answer = ask(&engine, &rows)?;
    let tolerance = Tolerance::of_engine(&engine, DType::F32);
    for (at, (row, expected)) in rows.iter().zip(expected.chunks_exact(WIDTH)).enumerate() {
        let got = numbers_of(&answer, "embedding", at)?;
        let cosine = cosine(got, expected);
        if cosine < CLOSE {
            return Err(format!("text {at}, {:?}: the cosine is {cosine}", row.cells));
        }
        close(tolerance, got, expected).map_err(|problem| format!("text {at}: {problem}"))?;
    }
    Ok(())
}

/// Some texts alone, and with others beside them than in the whole.
fn rows() -> Result<(), String> {
    let (golden, expected) = expected()?;
    let engine = open(&model(), &golden)?;
    let tolerance = Tolerance::of_engine(&engine, DType::F32);
    let batches = [vec![0], vec![7], vec![66, 3, 66], vec![140, 2, 9, 55, 0, 97]];
    for batch in batches {
        let rows: Vec<&Row> = batch.iter().map(|&row| &golden.rows[row]).collect();
        let answer = ask(&engine, &rows)?;
        for (at, &row) in batch.iter().enumerate() {
            let got = numbers_of(&answer, "embedding", at)?;
            close(tolerance, got, &expected[row * WIDTH..][..WIDTH])
                .map_err(|problem| format!("text {row} in {batch:?}: {problem}"))?;
        }
    }
    Ok(())
}

fn memory() -> Result<(), String> {
    let file = fs::metadata(model().join("model.safetensors")).map_err(told)?.len();
    let Some(held) = resident::after_opening(&model())? else { return Ok(()) };
    #[expect(clippy::cast_precision_loss, reason = "a share of some megabytes")]
    let share = held as f64 / file as f64;
    if share >= RESIDENT {
        return Err(format!("{held} bytes are resident, {share:.2} times the file's {file}"));
    }
    Ok(())
}

/// The same weights in a graph, asked for the tokens of the texts.
fn as_its_graph() -> Result<(), String> {
    const MOST_TEXTS: usize = 16;
    let (golden, _) = expected()?;
    let ours = open(&model(), &golden)?;
    let library = library::find().ok_or("no library")?;
    let theirs = OpenOptions::new()
        .backend(BackendChoice::OnnxRuntime)
        .device(DeviceChoice::CPU)
        .onnxruntime(library)
        .instances(1)
        .open(graph())
        .map_err(told)?;
    let tolerance = Tolerance::of_engine(&theirs, DType::F32);
    let mut rows: Vec<&Row> = golden.rows.iter().collect();
    rows.sort_by_key(|row| row.ids.len());
    for rows in rows.chunks(MOST_TEXTS) {
        let expected = embeddings_of_graph(&theirs, rows)?;
        let answer = ask(&ours, rows)?;
        for (at, expected) in expected.chunks_exact(WIDTH).enumerate() {
            let got = numbers_of(&answer, "embedding", at)?;
            close(tolerance, got, expected)
                .map_err(|problem| format!("{:?}: {problem}", rows[at].cells))?;
        }
    }
    Ok(())
}

fn embeddings_of_graph(engine: &Engine, rows: &[&Row]) -> Result<Vec<f32>, String> {
    let length = rows.iter().map(|row| row.ids.len()).max().unwrap_or(0);
    let mut ids = vec![0_i64; rows.len() * length];
    let mut mask = ids.clone();
    for (at, row) in rows.iter().enumerate() {
        ids[at * length..][..row.ids.len()].copy_from_slice(&row.ids);
        mask[at * length..][..row.ids.len()].fill(1);
    }
    let segments = vec![0_i64; ids.len()];
    let shape = Shape::new(&[rows.len(), length]).map_err(told)?;
    let view = |elements| TensorView::new(shape, DataView::I64(elements)).map_err(told);
    let views = [view(&ids)?, view(&mask)?, view(&segments)?];
    let answer = engine.predict(&views[..]).map_err(told)?;
    let mut embeddings = Vec::with_capacity(rows.len() * WIDTH);
    for row in 0..rows.len() {
        embeddings.extend_from_slice(numbers_of(&answer, "sentence_embedding", row)?);
    }
    Ok(embeddings)
}

fn close(tolerance: Tolerance, got: &[f32], expected: &[f32]) -> Result<(), String> {
    if got.len() != expected.len() {
        return Err(format!("{} numbers, expected {}", got.len(), expected.len()));
    }
    match got
        .iter()
        .zip(expected)
        .find(|&(&got, &expected)| !tolerance.accepts(got.into(), expected.into()))
    {
        Some((got, expected)) => Err(format!("got {got}, expected {expected}")),
        None => Ok(()),
    }
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
