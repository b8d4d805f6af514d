//! How long answers take, in turns with ONNX Runtime.

use std::hint::black_box;

use hotplate::{Answer, BackendChoice, Columns, DataView, DeviceChoice, Engine, OpenOptions};
use hotplate_benches::compare;

use crate::{
    Places, THREADS,
    graph::{Graph, tokenise, tokenizer},
    open,
    texts::{Batch, TOKENS, batches},
};

pub(crate) fn run(places: &Places, quick: bool) {
    let engine = open(places);
    load_library(places);
    let mut graph = Graph::open(places, false);
    let mut spinning = Graph::open(places, true);
    let tokenizer = tokenizer(&places.folder);
    println!("{THREADS} threads each{:32}{:>12} {:>12}", "", "hotplate", "ort");
    for batch in batches() {
        let name = batch.describe();
        let (rows, mut answer) = rows_of(&engine, &batch);
        engine.predict_into(&rows, &mut answer).unwrap();
        batch.check(embeddings(&answer));
        let mut ours = || {
            engine.predict_into(black_box(&rows), &mut answer).unwrap();
            black_box(answer.outputs());
        };

        let tokens = tokenise(&tokenizer, &batch);
        assert!(tokens.iter().zip(&batch.texts).all(|(tokens, text)| *tokens == text.ids));
        for graph in [&mut graph, &mut spinning] {
            graph.feed(tokens.iter().map(Vec::as_slice));
            graph.run(|embeddings| batch.check(embeddings));
        }

        let paired =
            compare(quick, &mut ours, || graph.run(|embeddings| _ = black_box(embeddings)));
        println!("{name:45}{paired}");
        if batch.longest() > TOKENS {
            // Padding is what its time goes to, whoever tokenises and however threads wait.
            continue;
        }
        let paired = compare(quick, &mut ours, || {
            let tokens = tokenise(&tokenizer, black_box(&batch));
            graph.feed(tokens.iter().map(Vec::as_slice));
            graph.run(|embeddings| _ = black_box(embeddings));
        });
        println!("{:45}{paired}", "  and it tokenises");
        let paired =
            compare(quick, &mut ours, || spinning.run(|embeddings| _ = black_box(embeddings)));
        println!("{:45}{paired}", "  and its threads wait in a loop");
    }
}

/// The texts as the engine takes them.
fn rows_of(engine: &Engine, batch: &Batch) -> (Columns, Answer) {
    let mut rows = engine.rows();
    for text in &batch.texts {
        rows.begin_row();
        rows.set_text(0, &text.text).unwrap();
    }
    (rows, engine.answer())
}

fn embeddings(answer: &Answer) -> &[f32] {
    let DataView::F32(numbers) = answer.outputs()[0].data() else { panic!("float32") };
    numbers
}

/// Opens the graph once in Hotplate, which loads the library for the process.
pub(crate) fn load_library(places: &Places) {
    OpenOptions::new()
        .backend(BackendChoice::OnnxRuntime)
        .device(DeviceChoice::CPU)
        .onnxruntime(&places.library)
        .instances(1)
        .threads(1)
        .open(&places.graph)
        .unwrap();
}
