//! ONNX Runtime through its own interface.

use std::{
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};

use hotplate_onnxruntime::Library;
use ort::{
    session::{
        HasSelectedOutputs, OutputSelector, RunOptions, Session, SessionInputValue,
        builder::GraphOptimizationLevel,
    },
    value::Tensor,
};

use crate::calls::{Call, Cells};

/// A session on one thread for calls of so many rows.
pub(crate) struct Direct {
    session: Session,
    rows: usize,
    inputs: Vec<SessionInputValue<'static>>,
    options: RunOptions<HasSelectedOutputs>,
}

impl Direct {
    /// The session, and how long it took to open. `call` is like those that will come.
    pub(crate) fn open(
        library: &Library,
        model: &Path,
        call: &Call<'_>,
        rows: usize,
        scores_a_row: usize,
    ) -> (Self, Duration) {
        let build = || {
            Session::builder(&library.environment)?
                .with_optimization_level(GraphOptimizationLevel::All)?
                .with_intra_threads(1)?
                .with_inter_threads(1)?
                .with_intra_op_spinning(false)?
                .commit_from_file(model)
        };
        let start = Instant::now();
        let session = build().map_err(|error: ort::Error| error.to_string()).unwrap();
        let opened = start.elapsed();
        let name = session.outputs().last().unwrap().name().to_owned();
        let zeros = vec![0.0_f32; rows * scores_a_row];
        let scores = Tensor::from_array((dims(rows, zeros.len()), zeros)).unwrap();
        let selected = OutputSelector::no_default().with(&name).preallocate(&name, scores);
        let options = RunOptions::new().unwrap().with_outputs(selected);
        let inputs = call.cells.iter().map(|cells| tensor(*cells, rows)).collect();
        (Self { session, rows, inputs, options }, opened)
    }

    fn call<T>(&mut self, call: &Call<'_>, read: impl FnOnce(&[f32]) -> T) -> T {
        for (input, cells) in self.inputs.iter_mut().zip(black_box(&call.cells)) {
            match (input, cells) {
                (SessionInputValue::Owned(input), Cells::Numbers(numbers)) => {
                    let (_, kept) = input.try_extract_tensor_mut::<f32>().unwrap();
                    kept.copy_from_slice(numbers);
                }
                // The safe interface fills a tensor of texts only where it makes it.
                (input, cells) => *input = tensor(*cells, self.rows),
            }
        }
        let outputs = self.session.run_with_options(&self.inputs[..], &self.options).unwrap();
        read(outputs[0].try_extract_tensor::<f32>().unwrap().1)
    }

    /// The scores.
    pub(crate) fn run(&mut self, call: &Call<'_>) -> Vec<f32> {
        self.call(call, <[f32]>::to_vec)
    }

    /// The same, but for a copy of the scores.
    pub(crate) fn time(&mut self, call: &Call<'_>) {
        self.call(call, |scores| {
            black_box(scores);
        });
    }
}

fn tensor(cells: Cells<'_>, rows: usize) -> SessionInputValue<'static> {
    match cells {
        Cells::Numbers(numbers) => {
            Tensor::from_array((dims(rows, numbers.len()), numbers.to_vec())).unwrap().into()
        }
        Cells::Texts(texts) => {
            Tensor::from_string_array((dims(rows, texts.len()), texts)).unwrap().into()
        }
    }
}

fn dims(rows: usize, elements: usize) -> [i64; 2] {
    [rows, elements / rows].map(|dim| i64::try_from(dim).unwrap())
}
