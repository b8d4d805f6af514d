//! Several requests at once, and workers that come and go.

use hotplate_backend::{Limits, Part};
use hotplate_model::onnx::fixture::{
    FLOAT, STRING,
    TestDim::{Fixed, Open},
    Writer, graph, operation, tensor, value, with_constant,
};
use hotplate_tensor::{DataView, Inputs, Tensor};

use crate::support::{
    LIMITS, ask, backend_or_return, compile, empty_outputs, floats, numbers, texts, worker,
};

/// `y = x · w`, of three numbers each; `t` through an identity.
fn mixed() -> Writer {
    let inputs = [value("x", FLOAT, &[Open, Fixed(3)]), value("t", STRING, &[Open, Fixed(1)])];
    let nodes =
        [operation("MatMul", &["x", "w"], &["y"], &[]), operation("Identity", &["t"], &["u"], &[])];
    let outputs = [value("y", FLOAT, &[Open, Fixed(1)]), value("u", STRING, &[Open, Fixed(1)])];
    let weights = tensor("w", FLOAT, &[3, 1]).float(4, 1.0).float(4, 10.0).float(4, 100.0);
    with_constant(graph(&inputs, &nodes, &outputs), &weights)
}

#[test]
fn parts_of_one_batch_get_their_own_answers() {
    let backend = backend_or_return!();
    let (plan, mut worker) = worker(&backend, &mixed());
    let requests = [
        ([1., 2., 3., 4., 5., 6.].to_vec(), ["a", "b"].to_vec()),
        ([7., 8., 9.].to_vec(), ["c"].to_vec()),
        (Vec::new(), Vec::new()),
    ];
    let views: Vec<_> =
        requests.iter().map(|(x, t)| [floats(&[t.len(), 3], x), texts(&[t.len(), 1], t)]).collect();
    let mut outputs: Vec<Vec<Tensor>> = views.iter().map(|_| empty_outputs(&plan)).collect();
    for count in [2, 3] {
        let mut parts: Vec<Part<'_>> = views
            .iter()
            .zip(&mut outputs)
            .take(count)
            .map(|(views, outputs)| Part::new(Inputs::from(&views[..]), outputs))
            .collect();
        worker.run(&mut parts);
        assert!(parts.iter().all(|part| part.outcome.is_ok()));
        drop(parts);
        assert_eq!(numbers(&outputs[0][0]), [321., 654.]);
        assert_eq!(outputs[0][1].data(), DataView::Str((&["a", "b"][..]).into()));
        assert_eq!(numbers(&outputs[1][0]), [987.]);
        assert_eq!(outputs[1][1].data(), DataView::Str((&["c"][..]).into()));
    }
    assert_eq!(outputs[2][0].shape().rows(), 0);
}

#[test]
fn part_that_fails_harms_no_other() {
    let backend = backend_or_return!();
    let (plan, mut worker) = worker(&backend, &mixed());
    let (good, bad) = (["fine"], ["not\0fine"]);
    let views = [good, bad, good].map(|_| floats(&[1, 3], &[1., 1., 1.]));
    let words = [texts(&[1, 1], &good), texts(&[1, 1], &bad), texts(&[1, 1], &good)];
    let inputs: Vec<_> = views.into_iter().zip(words).map(|(x, t)| [x, t]).collect();
    let mut outputs: Vec<Vec<Tensor>> = inputs.iter().map(|_| empty_outputs(&plan)).collect();
    let mut parts: Vec<Part<'_>> = inputs
        .iter()
        .zip(&mut outputs)
        .map(|(inputs, outputs)| Part::new(Inputs::from(&inputs[..]), outputs))
        .collect();
    worker.run(&mut parts);
    let outcomes: Vec<bool> = parts.iter().map(|part| part.outcome.is_ok()).collect();
    assert_eq!(outcomes, [true, false, true]);
    drop(parts);
    assert_eq!(numbers(&outputs[2][0]), [111.]);
}

#[test]
fn turns_write_their_own_rows() {
    let backend = backend_or_return!();
    let plan = compile(&backend, &mixed()).unwrap();
    // A worker that is given more rows than it takes at once makes turns of its own as well.
    for max_rows in [4, 1024] {
        let mut worker = plan.worker(&Limits { max_rows, ..LIMITS }).unwrap();
        let x: Vec<f32> = (0..30_u8).map(f32::from).collect();
        let t: Vec<&str> = "abcdefghij".split("").filter(|letter| !letter.is_empty()).collect();
        let views = [floats(&[10, 3], &x), texts(&[10, 1], &t)];
        let mut outputs = empty_outputs(&plan);
        for rows in [0..6, 6..7, 7..10] {
            let mut part = Part::new(Inputs::from(&views[..]), &mut outputs);
            part.rows = rows;
            let mut parts = [part];
            worker.run(&mut parts);
            assert!(parts[0].outcome.is_ok());
        }
        let expected: Vec<f32> =
            x.chunks(3).map(|row| row[0] + 10. * row[1] + 100. * row[2]).collect();
        assert_eq!(numbers(&outputs[0]), expected);
        assert_eq!(outputs[1].data(), DataView::Str((&t[..]).into()));
    }
}

#[test]
fn workers_can_be_replaced_but_not_multiplied_once_sealed() {
    let backend = backend_or_return!();
    let plan = compile(&backend, &mixed()).unwrap();
    let first = plan.worker(&LIMITS).unwrap();
    let second = plan.worker(&LIMITS).unwrap();
    plan.seal();
    assert!(plan.worker(&LIMITS).is_err());
    drop(first);
    let mut third = plan.worker(&LIMITS).unwrap();
    assert!(plan.worker(&LIMITS).is_err());
    let inputs = [floats(&[1, 3], &[1., 1., 1.]), texts(&[1, 1], &["x"])];
    assert_eq!(numbers(&ask(&plan, &mut third, &inputs).unwrap()[0]), [111.]);
    drop(second);
}
