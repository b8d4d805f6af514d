//! What a lane adds to one row when nothing else is asked: the time, in alternating rounds, and the
//! instructions, where valgrind is there to count them.
//!
//! Three ways to the same answer: the plan's own worker, the lane around it, and the engine around
//! that. `crates/engine/tests/allocations.rs` holds that none of them allocates.

use std::{
    env,
    hint::black_box,
    process::{Command, Stdio},
    sync::Arc,
};

use hotplate::{Engine, OpenOptions, Tensor, TreeLayout};
use hotplate_backend::{Part, made_up};
use hotplate_benches::{compare, model};
use hotplate_scheduler::{Lane, Terms};
use hotplate_tensor::Columns;

use crate::{Run, contenders};

/// The first argument of a process that makes calls for valgrind to count.
pub(crate) const COUNT: &str = "--count";

/// The calls of one run and of another: the instructions that one has more are those of calls
/// alone, but for what the lane timed meanwhile, which so many calls drown.
const COUNTED: [u32; 2] = [10_000, 60_000];

const MODELS: [&str; 2] = ["churn", "housing"];

const SIDES: [&str; 3] = ["worker", "lane", "engine"];

/// One model and a row of it.
struct Case {
    engine: Engine,
    lane: Lane,
    row: Columns,
}

impl Case {
    /// The golden rows are for those who have the time.
    fn open(name: &str) -> Self {
        // One layout, whatever the clock says today: it is not the trees that are compared.
        let options = OpenOptions::new().golden_rows(false).tree_layout(TreeLayout::Walk);
        let engine = options.instances(1).open(model(name)).unwrap();
        let lane = contenders::lane(Arc::clone(engine.plan()), 1, 1 << 16);
        let mut row = engine.rows();
        made_up::rows(1, &mut row);
        Self { engine, lane, row }
    }

    /// A call of one side.
    fn call(&self, side: &str) -> Box<dyn FnMut() + '_> {
        let empty = |output: &hotplate::OutputSpec| Tensor::empty(output.dtype);
        let mut outputs: Vec<Tensor> =
            self.engine.signature().outputs().iter().map(empty).collect();
        match side {
            "worker" => {
                let mut worker = contenders::worker(&**self.engine.plan());
                Box::new(move || {
                    let mut part = Part::new(black_box(&self.row).inputs(), &mut outputs);
                    worker.run(std::slice::from_mut(&mut part));
                    part.outcome.unwrap();
                })
            }
            "lane" => Box::new(move || {
                let part = Part::new(black_box(&self.row).inputs(), &mut outputs);
                let part = self.lane.run(part, &Terms::default());
                part.unwrap_or_else(|_| panic!("refused")).outcome.unwrap();
            }),
            _ => {
                let mut answer = self.engine.answer();
                Box::new(move || {
                    self.engine.predict_into(black_box(&self.row), &mut answer).unwrap();
                })
            }
        }
    }
}

/// Times both ways around the worker beside it.
pub(crate) fn run(run: &Run) {
    for name in MODELS {
        let case = Case::open(name);
        for side in &SIDES[1..] {
            let paired = compare(run.quick, case.call(side), case.call(SIDES[0]));
            let more = paired.ours.as_secs_f64() - paired.theirs.as_secs_f64();
            println!("{name}, {side} beside worker: {paired}; {:.0} ns more", more * 1e9);
        }
        if !run.quick {
            instructions(name);
        }
    }
}

/// What the process does that valgrind watches.
pub(crate) fn count(name: &str, side: &str, calls: u32) {
    let case = Case::open(name);
    let mut call = case.call(side);
    (0..calls).for_each(|_| call());
}

fn instructions(name: &str) {
    let sides = SIDES.map(|side| {
        let [few, many] = COUNTED.map(|calls| instructions_of(name, side, calls));
        Some((many? - few?) as f64 / f64::from(COUNTED[1] - COUNTED[0]))
    });
    let [Some(worker), Some(lane), Some(engine)] = sides else {
        return println!("{name}: no valgrind to count instructions with");
    };
    println!(
        "{name}, instructions a call: worker {worker:.0}, lane {:.0} more, engine {:.0} more",
        lane - worker,
        engine - worker
    );
}

/// The instructions of a whole process.
fn instructions_of(name: &str, side: &str, calls: u32) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe().unwrap())
        .args([COUNT, name, side, &calls.to_string()])
        .stdout(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let line = text.lines().find_map(|line| line.split_once("Collected : "))?;
    line.1.trim().parse().ok()
}
