//! The graph in ONNX Runtime, by the library's own safe interface.

use std::path::Path;

use hotplate_onnxruntime::Library;
use ort::{
    session::{Session, SessionInputValue, builder::GraphOptimizationLevel},
    value::Tensor,
};
use tokenizers::Tokenizer;

use crate::{
    Places, THREADS,
    texts::{Batch, WIDTH},
};

/// A session, and what it is fed.
pub(crate) struct Graph {
    session: Session,
    inputs: Vec<SessionInputValue<'static>>,
    rows: usize,
}

impl Graph {
    /// The graph; with `spinning`, threads wait for work in a loop.
    ///
    /// Hotplate has loaded the library before.
    pub(crate) fn open(places: &Places, spinning: bool) -> Self {
        let environment = &Library::loaded().unwrap().environment;
        let build = || {
            Session::builder(environment)?
                .with_optimization_level(GraphOptimizationLevel::All)?
                .with_intra_threads(THREADS)?
                .with_inter_threads(1)?
                .with_intra_op_spinning(spinning)?
                .commit_from_file(&places.graph)
        };
        let session = build().map_err(|error: ort::Error| error.to_string()).unwrap();
        Self { session, inputs: Vec::new(), rows: 0 }
    }

    /// Takes rows of tokens, padded to the longest.
    pub(crate) fn feed<'i>(&mut self, rows: impl ExactSizeIterator<Item = &'i [i64]> + Clone) {
        let length = rows.clone().map(<[i64]>::len).max().unwrap();
        self.rows = rows.len();
        let mut ids = vec![0_i64; self.rows * length];
        let mut mask = ids.clone();
        for (row, (at, ids)) in rows.zip(ids.chunks_exact_mut(length).enumerate()) {
            ids[..row.len()].copy_from_slice(row);
            mask[at * length..][..row.len()].fill(1);
        }
        let segments = vec![0_i64; ids.len()];
        let dims = [self.rows, length].map(|dim| i64::try_from(dim).unwrap());
        self.inputs = [ids, mask, segments]
            .into_iter()
            .map(|elements| Tensor::from_array((dims, elements)).unwrap().into())
            .collect();
    }

    /// Answers what it was fed, and gives the embeddings to `read`.
    pub(crate) fn run<R>(&mut self, read: impl FnOnce(&[f32]) -> R) -> R {
        let outputs = self.session.run(&self.inputs[..]).unwrap();
        let embeddings = outputs["sentence_embedding"].try_extract_tensor::<f32>().unwrap().1;
        assert_eq!(embeddings.len(), self.rows * WIDTH);
        read(embeddings)
    }
}

/// The tokenizer of the folder, without its own padding.
pub(crate) fn tokenizer(folder: &Path) -> Tokenizer {
    let mut tokenizer = Tokenizer::from_file(folder.join("tokenizer.json")).unwrap();
    tokenizer.with_padding(None);
    let truncation = tokenizers::TruncationParams { max_length: 256, ..Default::default() };
    tokenizer.with_truncation(Some(truncation)).unwrap();
    tokenizer
}

/// The tokens of each text.
pub(crate) fn tokenise(tokenizer: &Tokenizer, batch: &Batch) -> Vec<Vec<i64>> {
    let tokens = |text: &str| {
        let encoding = tokenizer.encode_fast(text, true).unwrap();
        encoding.get_ids().iter().map(|&id| i64::from(id)).collect()
    };
    batch.texts.iter().map(|text| tokens(&text.text)).collect()
}
