//! A model that costs what one wants: `t(rows) = fixed + per_row * rows` of arithmetic, which the
//! answers depend on.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use hotplate::{DType, DataView, Engine, OutputSpec, Placement, Shape, Signature, Tensor};
use hotplate_backend::{BackendError, Limits, Part, Plan, UnknownCategories, Worker};
use hotplate_scheduler::Buffers;
use hotplate_tensor::Columns;

/// The share of a row's time that a batch takes once, whatever is in it.
const FIXED: f64 = 0.75;

/// The numbers of a row.
const WIDTH: usize = 8;

/// A plan that computes a long chain of multiplications for each batch, and one for each row.
#[derive(Clone, Debug)]
pub(crate) struct Synthetic {
    signature: Signature,
    placement: Placement,
    fixed: u32,
    per_row: u32,
}

impl Synthetic {
    /// A model that takes about so long for a row, on a core of its own.
    pub(crate) fn taking(row: Duration) -> Arc<Self> {
        // Rows of eight numbers are what the shipped model reads.
        let engine = Engine::open(hotplate_benches::model("housing")).unwrap();
        let output = OutputSpec {
            name: "hash".to_owned(),
            dtype: DType::F32,
            row_dims: Some(Vec::new()),
            optional: false,
        };
        let signature = engine.signature().clone().with_outputs(vec![output]);
        let links = row.as_secs_f64() / seconds_of_a_link();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        let [fixed, per_row] = [links * FIXED, links * (1.0 - FIXED)].map(|links| links as u32);
        Arc::new(Self { signature, placement: Placement::default(), fixed, per_row })
    }

    /// A request of one row, different for each `seed`, and the answer that it must get.
    pub(crate) fn request(&self, seed: u32) -> (Buffers, f32) {
        let mut inputs = Columns::new(Arc::clone(self.signature.schema()));
        inputs.begin_row();
        for column in 0..WIDTH {
            let cell = f64::from(seed) + column as f64 / 16.0;
            inputs.set_number(column, cell).unwrap();
        }
        let DataView::F32(row) = inputs.data(0) else { panic!("rows of float32") };
        let expected = hash(row, chain(SEED, self.fixed), self.per_row);
        let outputs = vec![Tensor::empty(DType::F32)];
        let unknown_categories = UnknownCategories::AsModelSays;
        (Buffers { inputs, outputs, unknown_categories, began: None }, expected)
    }

    /// Panics unless the request was answered with what was expected.
    pub(crate) fn check(buffers: &Buffers, expected: f32) {
        let DataView::F32(got) = buffers.outputs[0].data() else { panic!("hashes are float32") };
        assert_eq!(got, [expected], "a wrong answer");
    }
}

impl Plan for Synthetic {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn worker(&self, _: &Limits) -> Result<Box<dyn Worker>, BackendError> {
        Ok(Box::new(SyntheticWorker { fixed: self.fixed, per_row: self.per_row }))
    }

    fn warmup(&self) -> &[usize] {
        &[1]
    }

    fn steps(&self) -> Vec<String> {
        vec![format!("{} links a batch, {} a row", self.fixed, self.per_row)]
    }

    fn placement(&self) -> &Placement {
        &self.placement
    }
}

#[derive(Debug)]
struct SyntheticWorker {
    fixed: u32,
    per_row: u32,
}

impl Worker for SyntheticWorker {
    fn run(&mut self, parts: &mut [Part<'_>]) {
        let common = chain(black_box(SEED), self.fixed);
        for part in parts {
            let DataView::F32(cells) = part.inputs.data(0) else { panic!("rows of float32") };
            let rows = part.inputs.rows();
            if part.rows.start == 0 {
                part.outputs[0].reset::<f32>(Shape::of_rows(rows));
            }
            let hashes = part.outputs[0].elements_mut::<f32>();
            for row in part.rows.clone() {
                hashes[row] = hash(&cells[row * WIDTH..][..WIDTH], common, self.per_row);
            }
        }
    }
}

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// Each link waits for the one before it, so that no processor hurries.
fn chain(seed: u64, links: u32) -> u64 {
    (0..links).fold(seed, |link, _| (link ^ (link >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9))
}

/// As many bits as a float32 holds exactly.
fn hash(row: &[f32], common: u64, links: u32) -> f32 {
    let seed =
        row.iter().fold(common, |seed, cell| seed.rotate_left(7) ^ u64::from(cell.to_bits()));
    f32::from_bits((chain(seed, links) >> 41) as u32 | 0x3f80_0000)
}

/// On this machine; the fastest run was not interrupted.
fn seconds_of_a_link() -> f64 {
    const LINKS: u32 = 20_000;
    let time = |_| {
        let start = Instant::now();
        black_box(chain(black_box(SEED), LINKS));
        start.elapsed()
    };
    let fastest = (0..200).map(time).min().unwrap_or_default();
    fastest.as_secs_f64() / f64::from(LINKS)
}
