//! From nothing to the first answer, in a process of its own each time.

use std::{
    env, fs,
    process::Command,
    time::{Duration, Instant},
};

use hotplate::{BackendChoice, DataView, DeviceChoice, Engine, OpenOptions, Shape, TensorView};

use crate::{
    Places, THREADS, open,
    texts::{Batch, batches},
};

/// The first argument of a process that opens the model.
pub(crate) const OPEN: &str = "--open-and-tell";

const SIDES: [&str; 2] = ["candle", "onnxruntime"];

const ROUNDS: usize = 9;

const MIB: f64 = 1024.0 * 1024.0;

pub(crate) fn run(places: &Places, quick: bool) {
    let rounds = if quick { 1 } else { ROUNDS };
    let mut told = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        for (side, told) in SIDES.iter().zip(&mut told) {
            told.push(ask(side));
        }
    }
    let files = [places.folder.join("model.safetensors"), places.graph.clone()];
    for ((side, mut told), file) in SIDES.iter().zip(told).zip(files) {
        told.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let [seconds, now, peak] = told[told.len() / 2];
        let (least, most) = (told[0][0] * 1e3, told[told.len() - 1][0] * 1e3);
        let file = fs::metadata(file).unwrap().len() as f64;
        println!(
            "opening with {side}: first answer after {:.0} ms ({least:.0} to {most:.0}, {rounds} \
             rounds); {:.0} MiB resident then, {:.2} times the file's {:.0} MiB, {:.0} MiB at most",
            seconds * 1e3,
            now / MIB,
            now / file,
            file / MIB,
            peak / MIB,
        );
    }
}

/// Seconds, and bytes that are resident in the end and at most, of a process that opens the model.
fn ask(side: &str) -> [f64; 3] {
    let program = env::current_exe().unwrap();
    let output = Command::new(program).args([OPEN, side]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<f64> = text.split_whitespace().map(|word| word.parse().unwrap()).collect();
    numbers.try_into().unwrap()
}

/// What that process does.
pub(crate) fn open_and_tell(places: &Places, side: &str) {
    let [batch, ..] = batches();
    let start = Instant::now();
    let (engine, embedding) = match side {
        "candle" => by_text(open(places), &batch),
        _ => by_tokens(open_graph(places), &batch),
    };
    let taken: Duration = start.elapsed();
    batch.check(&embedding);
    let memory = |key| memory(key).unwrap_or(f64::NAN);
    println!("{} {} {}", taken.as_secs_f64(), memory("VmRSS:"), memory("VmHWM:"));
    drop(engine);
}

fn open_graph(places: &Places) -> Engine {
    OpenOptions::new()
        .backend(BackendChoice::OnnxRuntime)
        .device(DeviceChoice::CPU)
        .onnxruntime(&places.library)
        .instances(1)
        .threads(THREADS)
        .open(&places.graph)
        .unwrap()
}

fn by_text(engine: Engine, batch: &Batch) -> (Engine, Vec<f32>) {
    let row = [batch.texts[0].text.as_str().into()];
    let answer = engine.bind(&["text"]).unwrap().predict(&row).unwrap();
    let DataView::F32(numbers) = answer.outputs()[0].data() else { panic!("float32") };
    let embedding = numbers.to_vec();
    (engine, embedding)
}

fn by_tokens(engine: Engine, batch: &Batch) -> (Engine, Vec<f32>) {
    let ids = &batch.texts[0].ids;
    let (mask, segments) = (vec![1_i64; ids.len()], vec![0_i64; ids.len()]);
    let shape = Shape::new(&[1, ids.len()]).unwrap();
    let view = |elements| TensorView::new(shape, DataView::I64(elements)).unwrap();
    let answer = engine.predict(&[view(ids), view(&mask), view(&segments)][..]).unwrap();
    let DataView::F32(numbers) = answer.outputs()[1].data() else { panic!("float32") };
    let embedding = numbers.to_vec();
    (engine, embedding)
}

/// What the system says that this process holds, in bytes; on Linux alone.
fn memory(key: &str) -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<f64>().ok()? * 1024.0)
}
