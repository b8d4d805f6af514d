//! The container of scikit-learn.

use hotplate::{Answer, DataView, Engine, Format, Labels, Task};
use hotplate_codec::profile::{
    Table,
    sklearn::{self, BodyType, Column, Predicted},
};

use super::{Headers, Profile, flask};
use crate::{problem::Refusal, reply::Reply};

const JSON: &str = "application/json";

/// Reads the body, or writes the page that every body gets that cannot be read.
pub(super) fn read(
    headers: &Headers,
    body: &[u8],
    width: usize,
    reply: &mut Reply,
) -> Result<Table, Refusal> {
    let content_type = headers.content_type.as_deref().filter(|header| !header.is_empty());
    let body_type = BodyType::of(content_type.unwrap_or(JSON));
    let table = body_type.and_then(|body_type| sklearn::read(body_type, body, width));
    table.ok_or_else(|| flask::failed(reply))
}

/// Writes the reply, or the page that a client gets that accepts something else.
pub(super) fn write(
    profile: &Profile,
    headers: &Headers,
    engine: &Engine,
    answer: &Answer,
    reply: &mut Reply,
) -> Result<(), Refusal> {
    let accept = headers.accept.as_deref().filter(|accept| !matches!(*accept, "" | "*/*"));
    let accept = accept.or(profile.default_accept.as_deref()).unwrap_or(JSON);
    let Some(predicted) = predicted(engine, answer) else { return Err(flask::failed(reply)) };
    let write = match accept {
        "text/csv" => sklearn::write_csv,
        JSON => sklearn::write_json,
        "application/x-npy" => sklearn::write_npy,
        _ => return Err(flask::failed(reply)),
    };
    write(&predicted, &mut reply.body);
    flask::set_type(accept, reply);
    Ok(())
}

/// What the estimator's `predict` gives: the classes of a classifier, else numbers.
fn predicted<'a>(engine: &Engine, answer: &'a Answer) -> Option<Predicted<'a>> {
    let signature = engine.signature();
    let (output, classes) = match signature.task() {
        Task::Classifier { label, classes, .. } => (*label, Some(classes)),
        Task::Regressor { value } => (*value, None),
        _ => (0, None),
    };
    let tensor = answer.outputs().get(output)?;
    let column = match tensor.data() {
        DataView::I64(integers) => Column::Integers(integers),
        DataView::F64(doubles) => Column::Doubles(doubles),
        // XGBoost's own estimators predict in float32, all others in float64.
        DataView::F32(floats) if matches!(engine.format(), Format::XgBoost(_)) => {
            Column::Floats(floats)
        }
        DataView::F32(floats) => Column::Widened(floats),
        DataView::Str(texts) => {
            let Some(Labels::Text(names)) = classes else { return None };
            let longest = names.iter().map(|name| name.chars().count()).max();
            Column::Texts(texts, longest.unwrap_or_default().max(1))
        }
        _ => return None,
    };
    let elements = tensor.shape().elements();
    let width = elements.checked_div(answer.rows())?;
    let is_list = !matches!(signature.task(), Task::Classifier { .. } | Task::Regressor { .. });
    Some(Predicted { column, list: is_list.then_some(width) })
}
