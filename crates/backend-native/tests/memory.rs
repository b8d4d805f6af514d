//! Compiling holds a small multiple of the model's file.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    fs,
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use hotplate_backend::{Backend, BackendErrorKind, CompileOptions};
use hotplate_model::Model;
use hotplate_native::Native;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

struct Counting;

fn take(bytes: usize) {
    let held = HELD.fetch_add(bytes, Relaxed) + bytes;
    PEAK.fetch_max(held, Relaxed);
}

#[expect(unsafe_code, reason = "an allocator is unsafe to implement")]
// SAFETY: every call goes to the system's allocator unchanged; counting touches no memory of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        // SAFETY: our caller promises what `System` asks.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: our caller promises what `System` asks.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both at once, as when the allocator has to move.
        take(size);
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: our caller promises what `System` asks.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Keeps other tests waiting, for what is counted is the process's.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What `run` gives, and the most that it held at once.
fn peak_of<T>(run: impl FnOnce() -> T) -> (T, usize) {
    let before = HELD.load(Relaxed);
    PEAK.store(before, Relaxed);
    let given = run();
    (given, PEAK.load(Relaxed) - before)
}

#[test]
fn compiling_housing_holds_a_small_multiple_of_its_file() {
    let _alone = alone();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/housing/model.onnx");
    let model = Model::open(&path).expect("a shipped model opens");
    let file = model.size_bytes();
    let ((plan, kept), peak) = peak_of(|| {
        let before = HELD.load(Relaxed);
        let plan = Native.compile(&model, &CompileOptions::default()).expect("it is taken");
        (plan, HELD.load(Relaxed) - before)
    });
    println!("file {file} bytes, at most {peak} while compiling, {kept} in the plan");
    assert!(peak < 4 * file, "{peak} bytes at once for a file of {file}");
    assert!(kept < file, "{kept} bytes kept for a file of {file}");
    drop(plan);
}

#[test]
fn features_that_a_small_file_declares_take_no_memory() {
    let _alone = alone();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../model/tests/xgboost/0.90");
    let mut bytes = fs::read(folder.join("hinge.bin")).expect("a model of the reader's tests");
    // Behind the base score, in a model of XGBoost's old binary format.
    bytes[4..8].copy_from_slice(&(1_u32 << 27).to_le_bytes());
    let (refused, peak) = peak_of(|| {
        let model = Model::from_bytes(bytes).expect("as many features as a tensor has elements");
        Native.compile(&model, &CompileOptions::default()).expect_err("they are no table")
    });
    assert_eq!(refused.kind(), BackendErrorKind::Unsupported, "{refused}");
    assert!(refused.to_string().contains("134217728"), "{refused}");
    assert!(peak < 1 << 20, "{peak} bytes at once");
}
