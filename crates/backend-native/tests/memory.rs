//! Compiling a large forest holds a small multiple of its file.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    path::Path,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use hotplate_backend::{Backend, CompileOptions};
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

#[test]
fn compiling_housing_holds_a_small_multiple_of_its_file() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/housing/model.onnx");
    let model = Model::open(&path).expect("a shipped model opens");
    let file = model.size_bytes();
    let before = HELD.load(Relaxed);
    PEAK.store(before, Relaxed);
    let plan = Native.compile(&model, &CompileOptions::default()).expect("it is taken");
    let peak = PEAK.load(Relaxed) - before;
    let kept = HELD.load(Relaxed) - before;
    println!("file {file} bytes, at most {peak} while compiling, {kept} in the plan");
    assert!(peak < 4 * file, "{peak} bytes at once for a file of {file}");
    assert!(kept < file, "{kept} bytes kept for a file of {file}");
    drop(plan);
}
