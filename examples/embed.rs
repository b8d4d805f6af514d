//! A program that scores its customers itself, with one model for all of its threads:
//!
//! ```text
//! cargo run --release -p hotplate-examples --example embed [MODEL]
//! ```
//!
//! MODEL is a file or a folder. Without it, it is the `models/churn` of this repository, wherever
//! the program is started.
#![expect(clippy::print_stdout, reason = "a program that prints")]

use std::{env, sync::Arc, thread, time::Instant};

use hotplate::{Engine, Error, Value};

/// What this program knows of a customer, under the model's names. The order is our own.
const NAMES: [&str; 6] =
    ["tenure", "MonthlyCharges", "TotalCharges", "Contract", "PaymentMethod", "InternetService"];

type Customer = (&'static str, [Value<'static>; 6]);

fn customer(name: &'static str, months: u32, monthly: f64, texts: [&'static str; 3]) -> Customer {
    let [contract, payment, internet] = texts.map(Value::Text);
    let total = f64::from(months) * monthly;
    (name, [months.into(), monthly.into(), total.into(), contract, payment, internet])
}

fn main() -> Result<(), Error> {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/churn");
    let path = env::args().nth(1).unwrap_or_else(|| shipped.to_owned());
    // From here on the model is warm and has given the right answers for its golden rows.
    let engine = Arc::new(Engine::open(path)?);

    let customers = [
        customer("Ada", 61, 64.5, ["Two year", "Credit card (automatic)", "DSL"]),
        customer("Blaise", 1, 89.9, ["Month-to-month", "Electronic check", "Fiber optic"]),
        customer("Charles", 30, 20.1, ["One year", "Mailed check", "No"]),
        customer("Grace", 14, 49.2, ["Month-to-month", "Mailed check", "DSL"]),
    ];
    let threads = customers.map(|(name, known)| {
        let engine = Arc::clone(&engine);
        (name, thread::spawn(move || score(&engine, &known)))
    });

    println!("customer  leaves with  microseconds");
    for (name, thread) in threads {
        let (probability, microseconds) = thread.join().expect("a thread that does not panic")?;
        println!("{name:8} {:10.1} %  {microseconds:12.1}", 100.0 * probability);
    }
    Ok(())
}

/// The probability that a customer leaves, and how long it took to know.
fn score(engine: &Engine, known: &[Value<'_>]) -> Result<(f64, f64), Error> {
    // Once: which column is which, and memory for answers. All other columns stay missing.
    let others = engine.columns().map(|column| column.name.as_str());
    let names: Vec<&str> =
        NAMES.into_iter().chain(others.filter(|name| !NAMES.contains(name))).collect();
    let bound = engine.bind(&names)?;
    let mut answer = engine.answer();
    let mut row = vec![Value::Missing; names.len()];
    row[..known.len()].copy_from_slice(known);
    bound.predict_into(&row, &mut answer)?;

    // For each customer: nothing is allocated, and no thread waits for another.
    let start = Instant::now();
    bound.predict_into(&row, &mut answer)?;
    Ok((answer.score(0), start.elapsed().as_secs_f64() * 1e6))
}
