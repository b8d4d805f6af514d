//! A plan that doubles numbers, and ways to ask a lane for that.
#![allow(dead_code, reason = "each test file uses its own part of this")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{
    panic::resume_unwind,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};

use hotplate_backend::{BackendError, Limits, Part, Placement, Plan, UnknownCategories, Worker};
use hotplate_model::{
    Model, Signature,
    onnx::fixture::{
        self, INT64,
        TestDim::{Fixed, Open},
    },
};
use hotplate_scheduler::Buffers;
use hotplate_tensor::{Columns, DType, DataView, Shape, Tensor};

/// Answers twice the number plus `version`; a negative number makes the worker panic.
#[derive(Debug)]
pub(crate) struct Doubling {
    signature: Signature,
    placement: Placement,
    version: i64,
    /// How long a run sleeps.
    pace: Duration,
}

impl Doubling {
    pub(crate) fn new(version: i64, pace: Duration) -> Self {
        let graph = fixture::graph(
            &[fixture::value("x", INT64, &[Open, Fixed(1)])],
            &[fixture::operation("Identity", &["x"], &["y"], &[])],
            &[fixture::value("y", INT64, &[Open, Fixed(1)])],
        );
        let model = Model::from_bytes(fixture::model(&graph).finish()).unwrap();
        let signature = model.signature(None).unwrap();
        Self { signature, placement: Placement::default(), version, pace }
    }

    pub(crate) const fn answer(&self, number: i64) -> i64 {
        2 * number + self.version
    }
}

impl Plan for Doubling {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn worker(&self, _: &Limits) -> Result<Box<dyn Worker>, BackendError> {
        Ok(Box::new(Doubler { version: self.version, pace: self.pace }))
    }

    fn warmup(&self) -> &[usize] {
        &[1]
    }

    fn steps(&self) -> Vec<String> {
        Vec::new()
    }

    fn placement(&self) -> &Placement {
        &self.placement
    }
}

#[derive(Debug)]
struct Doubler {
    version: i64,
    pace: Duration,
}

impl Worker for Doubler {
    fn run(&mut self, parts: &mut [Part<'_>]) {
        for part in parts {
            let rows = part.inputs.rows();
            if part.rows.start == 0 {
                part.outputs[0].reset::<i64>(Shape::of_rows(rows));
            }
            let DataView::I64(numbers) = part.inputs.data(0) else { unreachable!("the signature") };
            let answers = part.outputs[0].elements_mut::<i64>();
            for row in part.rows.clone() {
                if numbers[row] < 0 {
                    // As a panic, but without a word on the terminal.
                    resume_unwind(Box::new(Bomb));
                }
                answers[row] = 2 * numbers[row] + self.version;
            }
        }
        if !self.pace.is_zero() {
            thread::sleep(self.pace);
        }
    }
}

/// What a worker panics with, and what panics itself when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        resume_unwind(Box::new("a negative number"));
    }
}

/// Buffers without rows.
pub(crate) fn buffers(plan: &dyn Plan) -> Buffers {
    Buffers {
        inputs: Columns::new(Arc::clone(plan.signature().schema())),
        outputs: vec![Tensor::empty(DType::I64)],
        unknown_categories: UnknownCategories::AsModelSays,
        began: None,
    }
}

/// Replaces the rows by these.
pub(crate) fn fill(buffers: &mut Buffers, numbers: impl IntoIterator<Item = i64>) {
    buffers.inputs.clear();
    for number in numbers {
        buffers.inputs.begin_row();
        buffers.inputs.set_integer(0, number).unwrap();
    }
}

/// The numbers in an answer.
pub(crate) fn answers(buffers: &Buffers) -> &[i64] {
    let DataView::I64(answers) = buffers.outputs[0].data() else { unreachable!("the signature") };
    answers
}

/// The numbers that were asked.
pub(crate) fn questions(buffers: &Buffers) -> &[i64] {
    let DataView::I64(questions) = buffers.inputs.data(0) else { unreachable!("the signature") };
    questions
}

/// Wakes a thread that waits for a task.
struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// A waker of this thread.
pub(crate) fn waker() -> Waker {
    Waker::from(Arc::new(Unpark(thread::current())))
}

/// Polls on this thread, which sleeps in between.
pub(crate) fn block_on<F: Future>(future: F, waker: &Waker) -> F::Output {
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
