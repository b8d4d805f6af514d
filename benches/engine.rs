//! In process: one row, and a thousand rows at once, of both models that ship.
//!
//! One row is a different one each time, so that no branch predictor learns it by heart.
#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "the macros of criterion make undocumented functions")]
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on panics")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hotplate_benches::{Golden, open};

fn churn(criterion: &mut Criterion) {
    let engine = open("churn");
    let golden = Golden::of(&engine, "output.probabilities.1");
    let bound = engine.bind(&golden.names()).unwrap();
    let rows = golden.values();
    let mut answer = engine.answer();

    bound.predict_rows_into(&rows, &mut answer).unwrap();
    (0..Golden::ROWS).for_each(|row| golden.check(row, answer.score(row)));
    bound.predict_into(&rows[17], &mut answer).unwrap();
    golden.check(17, answer.score(0));

    let mut group = criterion.benchmark_group("churn");
    group.throughput(Throughput::Elements(1));
    let mut next = rows.iter().cycle();
    group.bench_function(BenchmarkId::new("engine", "1 row"), |bencher| {
        bencher.iter(|| {
            bound.predict_into(next.next().unwrap(), &mut answer).unwrap();
            answer.score(0)
        });
    });
    group.throughput(Throughput::Elements(Golden::ROWS as u64));
    group.bench_function(BenchmarkId::new("engine", "1000 rows"), |bencher| {
        bencher.iter(|| {
            bound.predict_rows_into(&rows, &mut answer).unwrap();
            answer.score(0)
        });
    });
}

fn housing(criterion: &mut Criterion) {
    let engine = open("housing");
    let golden = Golden::of(&engine, "output.price");
    let rows = golden.numbers::<8>();
    let mut answer = engine.answer();

    engine.predict_into(&rows, &mut answer).unwrap();
    (0..Golden::ROWS).for_each(|row| golden.check(row, answer.score(row)));
    engine.predict_into(&rows[17], &mut answer).unwrap();
    golden.check(17, answer.score(0));

    let mut group = criterion.benchmark_group("housing");
    group.throughput(Throughput::Elements(1));
    let mut next = rows.iter().cycle();
    group.bench_function(BenchmarkId::new("engine", "1 row"), |bencher| {
        bencher.iter(|| {
            engine.predict_into(next.next().unwrap(), &mut answer).unwrap();
            answer.score(0)
        });
    });
    group.throughput(Throughput::Elements(Golden::ROWS as u64));
    group.bench_function(BenchmarkId::new("engine", "1000 rows"), |bencher| {
        bencher.iter(|| {
            engine.predict_into(&rows, &mut answer).unwrap();
            answer.score(0)
        });
    });
}

criterion_group!(benches, churn, housing);
criterion_main!(benches);
