//! Whatever layout a large ensemble is kept in: it is told, its sums are right, and no row
//! allocates.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use hotplate_backend::{Backend, CompileOptions, Limits, Part};
use hotplate_model::{
    Model,
    onnx::fixture::{self, Ensemble, FLOAT, TestDim},
};
use hotplate_native::Native;
use hotplate_tensor::{DataView, Inputs, Shape, Tensor, TensorView};

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

struct Counting;

#[expect(unsafe_code, reason = "an allocator is unsafe to implement")]
// SAFETY: every call goes to the system's allocator unchanged; counting touches no memory of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        // SAFETY: our caller promises what `System` asks.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: our caller promises what `System` asks.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const FEATURES: u8 = 8;

/// The features of a branch and the threshold: no two alike, all in reach of the rows.
fn asks(tree: u16, branch: u16) -> (u8, f32) {
    let number = u32::from(tree) * 1031 + u32::from(branch) * 277;
    let feature = u8::try_from(number % u32::from(FEATURES)).expect("it is one of them");
    (feature, f32::from(u16::try_from(number % 1009).expect("it is below 1009")) - 500.0)
}

fn adds(tree: u16, leaf: u16) -> f32 {
    f32::from(tree) * 0.37 - f32::from(leaf) * 0.11
}

/// Whole trees of this depth: branch `b` leads to `2b + 1` where it is true, else to `2b + 2`.
fn ensemble(trees: u16, depth: u32) -> Ensemble {
    let branches = (1 << depth) - 1;
    let mut ensemble = Ensemble::regressor();
    for tree in 0..trees {
        let at = |node: u16| (i64::from(tree), i64::from(node));
        for branch in 0..branches {
            let (feature, threshold) = asks(tree, branch);
            let to = (i64::from(2 * branch + 1), i64::from(2 * branch + 2));
            let asked = (i64::from(feature), threshold);
            ensemble = ensemble.branch(at(branch), "BRANCH_LEQ", asked, to);
        }
        for leaf in branches..=2 * branches {
            ensemble = ensemble.leaf(at(leaf), adds(tree, leaf));
        }
    }
    ensemble
}

/// What the plain walk sums.
fn expected(trees: u16, depth: u32, row: &[f32]) -> f32 {
    let leaf = |tree| {
        (0..depth).fold(0, |node, _| {
            let (feature, threshold) = asks(tree, node);
            2 * node + if row[usize::from(feature)] <= threshold { 1 } else { 2 }
        })
    };
    (0..trees).fold(0.0, |sum, tree| sum + adds(tree, leaf(tree)))
}

#[test]
fn large_ensembles_sum_right_and_allocate_for_no_row() {
    let rows: Vec<[f32; FEATURES as usize]> = (0..67_u16)
        .map(|row| {
            std::array::from_fn(|feature| match (row, feature) {
                (3, 1) => f32::NAN,
                (4, 2) => f32::INFINITY,
                (5, 3) => f32::NEG_INFINITY,
                // Whole numbers, as the thresholds are.
                (row, feature) => {
                    let feature = u8::try_from(feature).expect("it is one of them");
                    f32::from(row * 389 % 1013) - 500.0 + f32::from(feature) * 3.0
                }
            })
        })
        .collect();
    for (trees, depth) in [(100, 3), (60, 6), (3, 11)] {
        let input = fixture::value("x", FLOAT, &[TestDim::Open, TestDim::Fixed(FEATURES.into())]);
        let output = fixture::value("y", FLOAT, &[TestDim::Open, TestDim::Fixed(1)]);
        let node = ensemble(trees, depth).node("x", &["y"]);
        let graph = fixture::graph(&[input], &[node], &[output]);
        let model = Model::from_bytes(fixture::model(&graph).finish()).expect("it is a model");
        let plan = Native.compile(&model, &CompileOptions::default()).expect("it is taken");
        let told = format!("{trees} trees of depth {depth} or less: ");
        assert!(plan.steps().iter().any(|step| step.starts_with(&told)), "{:?}", plan.steps());

        let mut worker = plan.worker(&Limits { max_rows: 100, threads: 1 }).expect("a worker");
        let mut answers = [Tensor::empty(plan.signature().outputs()[0].dtype)];
        for count in [rows.len(), 1, 2, 33] {
            let shape = Shape::new(&[count, FEATURES.into()]).expect("it is a shape");
            let cells = rows[..count].as_flattened();
            let views = [TensorView::new(shape, DataView::F32(cells)).expect("it fits")];
            let before = ALLOCATIONS.load(Relaxed);
            let mut parts = [Part::new(Inputs::from(&views[..]), &mut answers)];
            worker.run(&mut parts);
            let allocations = ALLOCATIONS.load(Relaxed) - before;
            parts[0].outcome.as_ref().expect("it is answered");
            // The most rows come first, and the answer's memory with them.
            assert!(count == rows.len() || allocations == 0, "{allocations} for {count} rows");
            let DataView::F32(sums) = answers[0].data() else { panic!("sums are float32") };
            for (row, sum) in rows.iter().zip(sums) {
                let expected = expected(trees, depth, row);
                assert_eq!(sum.to_bits(), expected.to_bits(), "{told}{row:?}");
            }
        }
    }
}
