//! An answer depends on its row alone: not on the rows beside it, the thread that asks, the slot
//! that runs it, or what was asked before.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::{sync::Arc, thread};

use hotplate::{Answer, Binding, Engine, ErrorKind, Label, OpenOptions, UnknownCategories, Value};
use support::{Golden, model, names};

const _: () = {
    const fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<Engine>();
    is_shared::<Answer>();
    is_shared::<Binding<'static>>();
};

/// Everything that an answer says of a row, bit for bit.
type Bits = (String, Vec<u32>, u64);

fn bits(answer: &Answer, row: usize) -> Bits {
    let label = match answer.label(row) {
        Some(Label::Text(text)) => text.to_owned(),
        Some(Label::Integer(integer)) => integer.to_string(),
        None => String::new(),
    };
    let probabilities = answer.probabilities(row).iter().map(|number| number.to_bits());
    (label, probabilities.collect(), answer.score(row).to_bits())
}

fn open(name: &str, options: &OpenOptions) -> Engine {
    options.clone().golden_rows(false).open(model(name)).unwrap()
}

/// Every golden row of churn asked alone.
fn churn_alone(engine: &Engine, golden: &Golden) -> Vec<Bits> {
    let bound = engine.bind(&names(engine)).unwrap();
    let ask = |row| bits(&bound.predict(&golden.values(engine, row)).unwrap(), 0);
    (0..golden.rows()).map(ask).collect()
}

/// Every golden row of housing asked alone.
fn housing_alone(engine: &Engine, rows: &[[f32; 8]]) -> Vec<Bits> {
    rows.iter().map(|row| bits(&engine.predict(row).unwrap(), 0)).collect()
}

fn housing_rows() -> Vec<[f32; 8]> {
    let golden = Golden::of("housing");
    (0..golden.rows()).map(|row| golden.numbers(row)).collect()
}

#[test]
fn row_alone_and_in_a_batch_of_64_is_answered_with_the_same_bits() {
    let churn = open("churn", &OpenOptions::new());
    let golden = Golden::of("churn");
    let bound = churn.bind(&names(&churn)).unwrap();
    let rows: Vec<Vec<Value<'_>>> =
        (0..golden.rows()).map(|row| golden.values(&churn, row)).collect();
    let alone = churn_alone(&churn, &golden);
    let mut answer = churn.answer();
    for (batch, alone) in rows.chunks(64).zip(alone.chunks(64)) {
        bound.predict_rows_into(batch, &mut answer).unwrap();
        let together: Vec<Bits> = (0..batch.len()).map(|row| bits(&answer, row)).collect();
        assert_eq!(together, alone);
    }

    let housing = open("housing", &OpenOptions::new());
    let rows = housing_rows();
    let alone = housing_alone(&housing, &rows);
    for (batch, alone) in rows.chunks(64).zip(alone.chunks(64)) {
        let answer = housing.predict(batch).unwrap();
        let together: Vec<Bits> = (0..batch.len()).map(|row| bits(&answer, row)).collect();
        assert_eq!(together, alone);
    }
}

#[test]
fn eight_threads_share_two_slots_and_get_the_right_answers() {
    const THREADS: usize = 8;

    let two_slots = OpenOptions::new().instances(2);
    let churn = Arc::new(open("churn", &two_slots));
    let housing = Arc::new(open("housing", &two_slots));
    assert_eq!((churn.instances(), housing.instances()), (2, 2));
    let golden = Golden::of("churn");
    let districts = housing_rows();
    let churn_alone = churn_alone(&churn, &golden);
    let housing_alone = housing_alone(&housing, &districts);

    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (churn, housing) = (Arc::clone(&churn), Arc::clone(&housing));
            let (golden, districts) = (&golden, &districts);
            let (churn_alone, housing_alone) = (&churn_alone, &housing_alone);
            scope.spawn(move || {
                let bound = churn.bind(&names(&churn)).unwrap();
                let (mut customer, mut district) = (churn.answer(), housing.answer());
                for step in 0..golden.rows() {
                    let row = (step + thread * golden.rows() / THREADS) % golden.rows();
                    bound.predict_into(&golden.values(&churn, row), &mut customer).unwrap();
                    assert_eq!(bits(&customer, 0), churn_alone[row]);
                    let row = row % districts.len();
                    housing.predict_into(&districts[row], &mut district).unwrap();
                    assert_eq!(bits(&district, 0), housing_alone[row]);
                }
            });
        }
    });
}

#[test]
fn answer_does_not_depend_on_what_was_asked_before() {
    let refusing = OpenOptions::new().instances(1).unknown_categories(UnknownCategories::Refuse);
    let engine = open("churn", &refusing);
    let golden = Golden::of("churn");
    let names = names(&engine);
    let bound = engine.bind(&names).unwrap();
    let all = (0..golden.rows()).map(|row| golden.values(&engine, row));
    // Some golden rows hold a category that the model does not know, and are refused here.
    let (rows, alone): (Vec<_>, Vec<_>) = all
        .filter_map(|values| {
            let answer = bound.predict(&values).ok()?;
            Some((values, bits(&answer, 0)))
        })
        .unzip();
    assert!(rows.len() > 1_000);

    let contract = names.iter().position(|&name| name == "Contract").unwrap();
    let mut unknown = rows[0].clone();
    unknown[contract] = "Three years".into();
    let missing = vec![Value::Missing; names.len()];
    let mut answer = engine.answer();
    for (row, values) in rows.iter().enumerate().rev() {
        match row % 4 {
            0 => {
                // Refused in the middle of a block, behind rows that were good.
                let batch = rows[..20].iter().chain([&unknown]).chain(&rows[20..40]);
                let error = bound.predict_rows_into(batch, &mut answer).unwrap_err();
                assert_eq!((error.kind(), error.row()), (ErrorKind::UnknownCategory, Some(20)));
                assert_eq!(answer.rows(), 0);
            }
            1 => bound.predict_into(&missing, &mut answer).unwrap(),
            2 => bound.predict_rows_into(&rows[..40], &mut answer).unwrap(),
            _ => drop(bound.predict_into(&values[1..], &mut answer).unwrap_err()),
        }
        bound.predict_into(values, &mut answer).unwrap();
        assert_eq!((answer.rows(), bits(&answer, 0)), (1, alone[row].clone()), "row {row}");
    }
}

#[test]
fn rows_that_are_split_over_slots_are_answered_in_order_with_the_same_bits() {
    for slots in [2, 3] {
        let options = OpenOptions::new().instances(slots);
        let churn = open("churn", &options.clone().unknown_categories(UnknownCategories::Refuse));
        let golden = Golden::of("churn");
        let bound = churn.bind(&names(&churn)).unwrap();
        let all = (0..golden.rows()).map(|row| golden.values(&churn, row));
        let known: Vec<_> = all.filter(|values| bound.predict(values).is_ok()).collect();
        let alone: Vec<Bits> =
            known.iter().map(|values| bits(&bound.predict(values).unwrap(), 0)).collect();
        let many: Vec<&Vec<Value<'_>>> = known.iter().cycle().take(9_001).collect();
        let mut answer = churn.answer();
        let before = churn.figures().requests;
        bound.predict_rows_into(&many, &mut answer).unwrap();
        assert!(churn.figures().requests >= before + slots, "in several turns");
        assert_eq!(answer.rows(), many.len());
        for row in 0..many.len() {
            assert_eq!(bits(&answer, row), alone[row % alone.len()], "row {row}, {slots} slots");
        }

        // The first row that is refused is named, counted from the first of all.
        let contract = churn.columns().position(|column| column.name == "Contract").unwrap();
        let mut unknown = known[0].clone();
        unknown[contract] = "Three years".into();
        let mut some_wrong = many.clone();
        for row in [7_777, 8_999] {
            some_wrong[row] = &unknown;
        }
        let error = bound.predict_rows_into(&some_wrong, &mut answer).unwrap_err();
        assert_eq!((error.kind(), error.row()), (ErrorKind::UnknownCategory, Some(7_777)));
    }
}
