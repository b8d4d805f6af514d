//! Tasks, priorities, deadlines, and what a model that is asked too much says.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use hotplate::{Engine, ErrorKind, OpenOptions, Priority, Terms, Tier, Value};
use pollster::block_on;
use support::{Golden, model, names};

/// The golden column of churn's score.
const SCORE: &str = "output.probabilities.1";

#[test]
fn task_gets_the_answer_that_a_thread_gets() {
    let engine = Engine::open(model("housing")).unwrap();
    let golden = Golden::of("housing");
    let mut answer = engine.answer();
    for row in 0..50 {
        let numbers = golden.numbers::<8>(row);
        let expected = engine.predict(&numbers).unwrap().score(0);
        answer = block_on(engine.infer(&numbers, answer)).unwrap();
        assert_eq!((answer.rows(), answer.score(0)), (1, expected));
        let doubles = numbers.map(f64::from);
        answer = block_on(engine.infer(&doubles, answer)).unwrap();
        assert_eq!(answer.score(0), expected);
    }
    let many: Vec<[f32; 8]> = (0..3000).map(|row| golden.numbers(row % 1000)).collect();
    answer = block_on(engine.infer(&many[..], answer)).unwrap();
    let expected = engine.predict(&many[..]).unwrap();
    assert_eq!(answer.rows(), 3000);
    assert!((0..3000).all(|row| answer.score(row) == expected.score(row)));
}

#[test]
fn bound_row_of_a_task_is_decided_as_configured() {
    let open = |threshold| OpenOptions::new().threshold(threshold).open(model("churn")).unwrap();
    let golden = Golden::of("churn");
    for (threshold, class) in [(0.0, 1), (1.0, 0)] {
        let engine = open(threshold);
        let names = names(&engine);
        let bound = engine.bind(&names).unwrap();
        let row = golden.values(&engine, 0);
        let answer = block_on(bound.infer(&row, engine.answer())).unwrap();
        let expected = bound.predict(&row).unwrap();
        assert_eq!(answer.label(0), expected.label(0), "class {class}");
        assert_eq!(answer.score(0), expected.score(0));
    }
}

#[test]
fn rows_that_are_not_the_models_come_back_with_the_memory() {
    let engine = Engine::open(model("housing")).unwrap();
    let unanswered = block_on(engine.infer(&[1.0_f32; 7], engine.answer())).unwrap_err();
    assert_eq!(unanswered.error.kind(), ErrorKind::WrongShape);
    let answer = block_on(engine.infer(&[1.0_f32; 8], unanswered.answer)).unwrap();
    assert_eq!(answer.rows(), 1);
}

#[test]
fn request_that_would_be_late_is_refused_at_once() {
    let engine = Engine::open(model("housing")).unwrap();
    let mut answer = engine.answer();
    let late = Terms { deadline: Some(Instant::now()), ..Terms::default() };
    let error = engine.predict_with(&late, &[1.0_f32; 8], &mut answer).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
    assert!(error.retry_after().is_some());
    let unanswered = block_on(engine.infer_with(&late, &[1.0_f32; 8], answer)).unwrap_err();
    assert_eq!(unanswered.error.kind(), ErrorKind::DeadlineExceeded);
    let soon = Instant::now() + Duration::from_secs(3600);
    let terms = Terms { deadline: Some(soon), priority: Priority::Low, ..Terms::default() };
    let mut answer = unanswered.answer;
    engine.predict_with(&terms, &[1.0_f32; 8], &mut answer).unwrap();
}

#[test]
fn drained_model_takes_no_more_requests() {
    let engine = Engine::open(model("housing")).unwrap();
    engine.predict(&[1.0_f32; 8]).unwrap();
    engine.drain();
    assert_eq!(engine.predict(&[1.0_f32; 8]).unwrap_err().kind(), ErrorKind::Drained);
    let unanswered = block_on(engine.infer(&[1.0_f32; 8], engine.answer())).unwrap_err();
    assert_eq!(unanswered.error.kind(), ErrorKind::Drained);
}

/// Threads and tasks that ask for different rows at once, of few slots and of threads of its own.
#[test]
fn everybody_gets_the_answers_to_their_own_rows() {
    let options = [
        (Tier::Inline, OpenOptions::new().instances(1)),
        (Tier::Inline, OpenOptions::new().instances(1).max_batch_rows(2)),
        (Tier::Attended, OpenOptions::new().max_queue_delay(Duration::from_micros(50))),
    ];
    let golden = Arc::new(Golden::of("churn"));
    for (tier, options) in options {
        let engine = Arc::new(options.open(model("churn")).unwrap());
        assert_eq!(engine.tier(), tier);
        thread::scope(|scope| {
            for asker in 0..8_usize {
                let (engine, golden) = (&engine, &golden);
                scope.spawn(move || {
                    let names = names(engine);
                    let bound = engine.bind(&names).unwrap();
                    let mut answer = engine.answer();
                    for row in (asker * 100..).take(300).map(|row| row % 1000) {
                        let values: Vec<Value<'_>> = golden.values(engine, row);
                        if asker % 2 == 0 {
                            bound.predict_into(&values, &mut answer).unwrap();
                        } else {
                            answer = block_on(bound.infer(&values, answer)).unwrap();
                        }
                        let expected: f64 = golden.cell(row, SCORE).parse().unwrap();
                        assert!((answer.score(0) - expected).abs() < 1e-6, "row {row}");
                    }
                });
            }
        });
        let figures = engine.figures();
        assert_eq!((figures.waiting_rows, figures.cancelled), (0, 0));
        assert!(figures.requests >= 2400, "{figures:?}");
    }
}
