//! One answer, looked at before anything is timed: nobody should learn how fast wrong answers come.

use anyhow::{Context as _, Result, bail};
use hotplate::{Answer, Columns, DType, DataView, Engine, tolerance::Tolerance};
use hotplate_load::http::HttpTarget;
use serde_json::Value;

use super::units::counted;

/// Has the model answer a request.
///
/// # Errors
///
/// When it does not, or not with as many rows, or with what is no number.
pub(super) fn model(engine: &Engine, request: &Columns) -> Result<String> {
    let answer = engine
        .predict(request)
        .context("the model refuses the first request; --rows FILE names other rows")?;
    if answer.rows() != request.rows() {
        bail!("{} rows were answered with {}", request.rows(), answer.rows());
    }
    for (output, spec) in answer.outputs().iter().zip(engine.signature().outputs()) {
        let finite = match output.data() {
            DataView::F32(numbers) => numbers.iter().all(|number| number.is_finite()),
            DataView::F64(numbers) => numbers.iter().all(|number| number.is_finite()),
            _ => true,
        };
        if !finite {
            bail!(
                "the first request is answered with what is no finite number in {:?}; --rows FILE \
                 names other rows",
                spec.name
            );
        }
    }
    let golden = match engine.golden_rows() {
        0 => "no golden rows".to_owned(),
        rows => format!("{} reproduced", counted(rows as u64, "golden row")),
    };
    Ok(format!("{golden}, the first request answered with finite numbers"))
}

/// Has the server answer its first request, which has so many rows, and compares that with what the
/// model answers, where there is one.
///
/// # Errors
///
/// When it answers nothing, something else, or what is no answer.
pub(super) fn server(
    target: &HttpTarget,
    rows: Option<usize>,
    expected: Option<&(Engine, Answer)>,
) -> Result<String> {
    let reply = target.ask(0)?;
    if reply.status != 200 {
        bail!("the server does not answer the first request: {}", reply.told());
    }
    let text = std::str::from_utf8(&reply.body)
        .context("the reply to the first request is no text")?
        .trim();
    if text.is_empty() {
        bail!("the reply to the first request is empty");
    }
    let Ok(document) = serde_json::from_str::<Value>(text) else {
        if text.starts_with(['{', '[']) {
            bail!("the reply to the first request is no JSON: {}", reply.told());
        }
        return Ok("the first request answered, not in JSON".to_owned());
    };
    let Some(predictions) = document.get("predictions").and_then(Value::as_array) else {
        return Ok("the first request answered in JSON".to_owned());
    };
    if let Some(rows) = rows
        && rows != predictions.len()
    {
        let got = counted(predictions.len() as u64, "prediction");
        bail!("the first request has {}, and is answered with {got}", counted(rows as u64, "row"));
    }
    match expected {
        Some((engine, answer)) => compare(predictions, engine, answer),
        None => Ok("the first request answered, a prediction for each row".to_owned()),
    }
}

fn compare(predictions: &[Value], engine: &Engine, answer: &Answer) -> Result<String> {
    let tolerance = Tolerance::of_engine(engine, DType::F32);
    let mut compared = 0;
    for (row, prediction) in predictions.iter().enumerate() {
        // What a model's configuration leaves out of replies cannot be compared.
        let Some(got) = prediction.get("score").and_then(Value::as_f64) else { continue };
        let expected = answer.score(row);
        if !tolerance.accepts(got, expected) {
            bail!(
                "the server answers row {row} with {got}, and the model {} with {expected}; is it \
                 another version?",
                engine.name()
            );
        }
        compared += 1;
    }
    match compared {
        0 => Ok("the first request answered, a prediction for each row".to_owned()),
        rows => Ok(format!("{} answered as the model does", counted(rows, "row"))),
    }
}
