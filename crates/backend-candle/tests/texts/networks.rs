//! Plain networks over numbers.

use std::fs;

use hotplate_backend::Part;
use hotplate_tensor::{Inputs, TensorView};

use crate::{
    folders::{Tensors, floats, write},
    rows::{compile, floats_of, numbers, options, outputs, texts_of, worker},
};

fn network() -> Tensors {
    [
        ("input.mean", floats(&[2], &[1.0, -1.0])),
        ("input.scale", floats(&[2], &[2.0, 4.0])),
        ("layers.0.weight", floats(&[3, 2], &[1.0, 0.0, 0.0, 1.0, 1.0, 1.0])),
        ("layers.0.bias", floats(&[3], &[0.0, 0.5, -1.0])),
        ("layers.1.weight", floats(&[2, 3], &[1.0, 1.0, 1.0, 2.0, -1.0, 0.0])),
        ("layers.1.bias", floats(&[2], &[0.25, 0.0])),
    ]
    .map(|(name, tensor)| (name.to_owned(), tensor))
    .into()
}

/// The logits of a row, by hand.
fn expected([a, b]: [f32; 2]) -> Vec<f32> {
    let (a, b) = ((a - 1.0) / 2.0, (b + 1.0) / 4.0);
    let [x, y, z] = [a, b + 0.5, a + b - 1.0].map(|x| x.max(0.0));
    vec![x + y + z + 0.25, 2.0 * x - y]
}

#[test]
fn rows_are_standardised_and_go_through_the_layers() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("model.safetensors"), &network());
    let config = r#"{"model_type": "mlp", "activation": "relu", "labels": ["stays", "leaves"]}"#;
    fs::write(folder.path().join("config.json"), config).unwrap();
    let plan = compile(folder.path(), &options(None)).unwrap();
    // More than one block of rows.
    let values: Vec<f32> = (0..600).map(|value| (value % 23) as f32 - 11.0).collect();
    let rows = numbers(2, &values);
    for threads in [1, 2] {
        let mut tensors = outputs(&*plan);
        let views: [TensorView<'_>; 1] = [rows.view()];
        let mut parts = [Part::new(Inputs::from(&views[..]), &mut tensors)];
        worker(&*plan, threads).run(&mut parts);
        let [part] = parts;
        part.outcome.unwrap();
        let logits = floats_of(&*plan, &tensors, "logits");
        let labels = texts_of(&*plan, &tensors, "label");
        assert_eq!((logits.len(), labels.len()), (300, 300));
        for (row, (logits, label)) in values.chunks_exact(2).zip(logits.iter().zip(&labels)) {
            let expected = expected([row[0], row[1]]);
            let near = logits.iter().zip(&expected).all(|(got, want)| (got - want).abs() < 1e-5);
            assert!(near, "{row:?}: {logits:?}, expected {expected:?}");
            assert_eq!(label, if expected[1] > expected[0] { "leaves" } else { "stays" });
        }
        let probabilities = floats_of(&*plan, &tensors, "probabilities");
        assert!(probabilities.iter().all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-6));
    }
}
