//! The container of XGBoost.

use std::borrow::Cow;

use hotplate::{Answer, DataView, Engine, Task};
use hotplate_codec::profile::{
    Table,
    xgboost::{self, BodyType, Scores, Selection, TooLong, essence},
};

use super::{Headers, Profile, flask};
use crate::{problem::Refusal, reply::Reply};

const CSV: &str = "text/csv";
const JSON: &str = "application/json";
const JSON_LINES: &str = "application/jsonlines";
const RECORDIO: &str = "application/x-recordio-protobuf";

/// Reads the body, or writes the reply to one that cannot be read.
pub(super) fn read(
    profile: &Profile,
    headers: &Headers,
    body: &[u8],
    width: usize,
    reply: &mut Reply,
) -> Result<Table, Refusal> {
    if body.is_empty() {
        return Err(refuse(profile, 204, "", reply));
    }
    let body_type = BodyType::of(headers.content_type.as_deref());
    let table = body_type.and_then(|body_type| xgboost::read(body_type, body));
    let table = table.map_err(|problem| refuse(profile, 415, &problem, reply))?;
    let columns = table.columns();
    if columns > width {
        let problem = format!(
            "Check failed: learner_model_param_.num_feature >= p_fmat->Info().num_col_ ({width} vs. \
             {columns}) : Number of columns does not match number of features in booster."
        );
        return Err(not_evaluated(profile, &problem, reply));
    }
    Ok(table)
}

/// Says why rows cannot be the model's.
pub(super) fn not_evaluated(profile: &Profile, problem: &str, reply: &mut Reply) -> Refusal {
    let problem = format!("Unable to evaluate payload provided: {problem}");
    refuse(profile, 400, &problem, reply)
}

/// Refuses a request before the model is asked, or because of what the model says.
fn refuse(profile: &Profile, status: u16, problem: &str, reply: &mut Reply) -> Refusal {
    if profile.multi_model {
        model_server_failed(reply)
    } else {
        flask::text(status, problem, reply)
    }
}

/// Appends what a booster predicts for the rows of an answer.
#[expect(clippy::cast_precision_loss, reason = "XGBoost gives the number of a class in float32")]
pub(super) fn add_scores(engine: &Engine, answer: &Answer, numbers: &mut Vec<f32>) {
    let signature = engine.signature();
    let (output, is_pair) = match (signature.task(), signature.objective()) {
        (Task::Classifier { label, .. }, Some("multi:softmax")) => {
            if let DataView::I64(labels) = answer.outputs()[*label].data() {
                numbers.extend(labels.iter().map(|&label| label as f32));
            }
            return;
        }
        // Of two classes that one number tells apart, the booster gives the second's.
        (Task::Classifier { probabilities, .. }, objective) => {
            (*probabilities, objective != Some("multi:softprob"))
        }
        _ => (0, false),
    };
    let DataView::F32(given) = answer.outputs()[output].data() else { return };
    if is_pair {
        numbers.extend(given.iter().skip(1).step_by(2));
    } else {
        numbers.extend_from_slice(given);
    }
}

/// How many numbers a booster predicts for a row, where it is a list of them.
fn list(engine: &Engine) -> Option<usize> {
    let signature = engine.signature();
    match signature.task() {
        Task::Classifier { classes, .. } => {
            (signature.objective() == Some("multi:softprob")).then_some(classes.len())
        }
        Task::Regressor { .. } => None,
        _ => signature.outputs()[0].row_dims.as_deref()?.first().copied().flatten(),
    }
}

/// Writes the reply, or says why not.
pub(super) fn write(
    profile: &Profile,
    headers: &Headers,
    engine: &Engine,
    numbers: &[f32],
    reply: &mut Reply,
) -> Result<(), Refusal> {
    let scores = Scores { numbers, list: list(engine) };
    if profile.multi_model {
        return write_of_several(profile, headers, scores, reply);
    }
    let accept = match accepted(profile, headers) {
        Ok(accept) => accept,
        Err(problem) => return Err(flask::text(406, &problem, reply)),
    };
    if let Some(asked) = &profile.inference_output {
        write_selected(asked, &accept, profile.batch, engine, scores, reply)
            .map_err(|problem| flask::text(500, &problem, reply))?;
        flask::set_type(&accept, reply);
        return Ok(());
    }
    match &*accept {
        _ if profile.batch => xgboost::write_batch(scores, &mut reply.body),
        CSV => xgboost::write_csv(scores, &mut reply.body),
        JSON => xgboost::write_json(scores, &mut reply.body),
        _ => return Err(flask::failed(reply)),
    }
    flask::set_type(&accept, reply);
    Ok(())
}

/// The type of the reply; the default one is not looked at.
fn accepted<'a>(profile: &'a Profile, headers: &'a Headers) -> Result<Cow<'a, str>, String> {
    let accept = essence(headers.accept.as_deref().unwrap_or_default());
    if matches!(accept, "" | "*/*") {
        return Ok(Cow::Borrowed(profile.default_accept.as_deref().unwrap_or(CSV)));
    }
    let lower = accept.to_lowercase();
    if [JSON, JSON_LINES, RECORDIO, CSV].contains(&&*lower) {
        return Ok(Cow::Owned(lower));
    }
    Err(format!(
        "Accept type {accept} is not supported. Please use supported accept types: ['{JSON}', \
         '{JSON_LINES}', '{RECORDIO}', '{CSV}']."
    ))
}

fn write_selected(
    asked: &str,
    accept: &str,
    batch: bool,
    engine: &Engine,
    scores: Scores<'_>,
    reply: &mut Reply,
) -> Result<(), String> {
    let signature = engine.signature();
    let classes = match signature.task() {
        Task::Classifier { classes, .. } => classes.len(),
        _ => 0,
    };
    let selection = Selection::new(asked, signature.objective().unwrap_or_default(), classes)?;
    match accept {
        JSON => selection.write_json(scores, &mut reply.body),
        JSON_LINES => selection.write_json_lines(scores, &mut reply.body),
        RECORDIO => selection.write_records(scores, &mut reply.body).map_err(|TooLong| {
            "the records are longer than SageMaker passes on; send fewer rows".to_owned()
        })?,
        CSV => selection.write_csv(scores, batch, &mut reply.body),
        _ => {
            return Err(format!("Cannot encode selected predictions into accept type '{accept}'."));
        }
    }
    Ok(())
}

/// Writes the reply of a multi-model endpoint, whose types have no character set.
fn write_of_several(
    profile: &Profile,
    headers: &Headers,
    scores: Scores<'_>,
    reply: &mut Reply,
) -> Result<(), Refusal> {
    let accept = headers.accept.as_deref().filter(|accept| !matches!(*accept, "" | "*/*"));
    let accept = accept.or(profile.default_accept.as_deref()).unwrap_or(JSON);
    let write = match &*accept.to_lowercase() {
        "text/csv" | "csv" if profile.batch => xgboost::write_batch,
        "text/csv" | "csv" => xgboost::write_one_line,
        "application/json" => xgboost::write_list_json,
        _ => return Err(model_server_failed(reply)),
    };
    write(scores, &mut reply.body);
    reply.status = 200;
    reply.headers.push(("content-type", accept.to_owned()));
    Ok(())
}

/// What the server of multi-model endpoints says of whatever its model does not like: the errors
/// that the container has for it are lost on the way.
fn model_server_failed(reply: &mut Reply) -> Refusal {
    const DOCUMENT: &[u8] = b"{\n  \"code\": 503,\n  \"type\": \"InternalServerException\",\n  \
        \"message\": \"Prediction failed\"\n}\n";
    reply.clear();
    reply.status = 503;
    reply.content_type = JSON;
    reply.body.extend_from_slice(DOCUMENT);
    Refusal::Told
}
