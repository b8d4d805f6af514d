//! Any model that is accepted predicts: none makes a worker panic.

use std::path::Path;

use hotplate_backend::{Backend, CompileOptions, Part, Plan};
use hotplate_model::{
    Model,
    onnx::fixture::{self, Ensemble, floats, int, ml_operation, operation, shape, strings},
};
use hotplate_native::Native;
use hotplate_tensor::{Columns, DType, Value};

use crate::support::{
    LIMITS, NUMBERS, class, numbered_classes, numbers, outputs, regression, texts,
};

const NUMBERS_TRIED: [f64; 6] = [0.0, -1.5, 1.0e30, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];

fn shipped(name: &str) -> Vec<u8> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    std::fs::read(models.join(name).join("model.onnx")).expect("a shipped model is there")
}

fn small_forest() -> Vec<u8> {
    let trees = (0..3).fold(Ensemble::regressor(), |trees, tree| {
        trees
            .branch((tree, 0), "BRANCH_LEQ", (tree, 0.5), (1, 2))
            .branch((tree, 1), "BRANCH_GT", (0, -0.5), (3, 4))
            .missing_is_true()
            .leaf((tree, 2), 1.0)
            .leaf((tree, 3), 2.0)
            .leaf((tree, 4), 3.0)
    });
    fixture::model(&regression(&trees, 3)).finish()
}

fn small_pipeline() -> Vec<u8> {
    let trees = Ensemble::classifier()
        .branch((0, 0), "BRANCH_LT", (2, 0.5), (1, 2))
        .leaf((0, 1), -1.0)
        .leaf((0, 2), 1.0);
    let nodes = [
        ml_operation("Imputer", &["x"], &["i"], &[floats("imputed_value_floats", &[0.5])]),
        ml_operation("OneHotEncoder", &["s"], &["e"], &[strings("cats_strings", &["a", "b"])]),
        operation("Reshape", &["e", "dims"], &["r"], &[]),
        operation("Concat", &["i", "r"], &["c"], &[int("axis", 1)]),
        ml_operation(
            "Scaler",
            &["c"],
            &["z"],
            &[floats("offset", &[0.0]), floats("scale", &[2.0])],
        ),
        numbered_classes(trees).node("z", &["label", "scores"]),
    ];
    let graph = fixture::graph(&[numbers("x", 1), texts("s", 1)], &nodes, &class(NUMBERS));
    fixture::model(&fixture::with_constant(graph, &shape("dims", &[-1, 2]))).finish()
}

#[test]
fn changed_forest_predicts_or_is_refused() {
    let accepted = change(&small_forest(), 15_000);
    assert!(accepted > 500, "{accepted} were accepted: too few to prove much");
}

#[test]
fn changed_pipeline_predicts_or_is_refused() {
    let accepted = change(&small_pipeline(), 15_000);
    assert!(accepted > 500, "{accepted} were accepted: too few to prove much");
}

#[test]
fn changed_churn_predicts_or_is_refused() {
    assert!(change(&shipped("churn"), 500) > 20);
}

#[test]
fn changed_housing_predicts_or_is_refused() {
    assert!(change(&shipped("housing"), 8) > 0);
}

/// Changes and truncates copies of a file, and runs those that are still accepted, of which it
/// gives the number.
fn change(whole: &[u8], rounds: u32) -> u32 {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut accepted = 0;
    for round in 0..rounds {
        let mut bytes = whole.to_vec();
        for _ in 0..=round % 3 {
            let at = random.below(bytes.len());
            match random.below(4) {
                0 => bytes[at] ^= 1 << random.below(8),
                1 => bytes[at] = random.next().to_le_bytes()[0],
                2 => bytes[at] = bytes[at].wrapping_add(1),
                _ => bytes[at] = [0, 1, 0x7f, 0xff][random.below(4)],
            }
        }
        if random.below(32) == 0 {
            bytes.truncate(random.below(whole.len()));
        }
        let Ok(model) = Model::from_bytes(bytes) else { continue };
        let Ok(plan) = Native.compile(&model, &CompileOptions::default()) else { continue };
        accepted += 1;
        predict(&*plan);
    }
    accepted
}

/// Runs rows of odd numbers, and one row alone. A text that is refused is an answer too.
fn predict(plan: &dyn Plan) {
    let schema = plan.signature().schema();
    let mut worker = plan.worker(&LIMITS).unwrap();
    for count in [1, NUMBERS_TRIED.len()] {
        let mut columns = Columns::new(schema.clone());
        for number in &NUMBERS_TRIED[..count] {
            columns.begin_row();
            for (index, column) in schema.columns().iter().enumerate() {
                let value = match column.dtype {
                    DType::Str if number.is_nan() => Value::Missing,
                    DType::Str => Value::Text("b"),
                    _ => Value::Number(*number),
                };
                columns.set(index, value).unwrap();
            }
        }
        let mut answers = outputs(plan);
        let mut parts = [Part::new(columns.inputs(), &mut answers)];
        worker.run(&mut parts);
        let [part] = parts;
        match part.outcome {
            Ok(()) => assert!(answers.iter().all(|tensor| tensor.shape().rows() == count)),
            Err(error) => assert!(error.as_unknown_category().is_some(), "{error}"),
        }
        for (tensor, output) in answers.iter().zip(plan.signature().outputs()) {
            assert_eq!(tensor.dtype(), output.dtype);
        }
    }
}

/// Numbers that are scattered enough for tests and the same at every run (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).expect("it is below a usize")
    }
}
