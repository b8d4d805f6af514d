//! What is known of a model once it is warm, for programs: which backend runs it, and where.

use std::fmt::Display;

use hotplate::{Endpoints, Engine};
use hotplate_codec::json;

/// The body of a ping that found every model warm:
///
/// ```json
/// {"status":"ready","models":[{"name":"churn","backend":"native","device":"cpu"}]}
/// ```
///
/// A model that does not run where it was meant to has `fell_back` as well, which says why.
pub(crate) fn health(endpoints: &Endpoints) -> Vec<u8> {
    let mut body = b"{\"status\":\"ready\",\"models\":[".to_vec();
    for (index, endpoint) in endpoints.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        body.push(b'{');
        text("name", endpoint.name(), &mut body);
        body.push(b',');
        placement(endpoint.variants()[0].engine(), &mut body);
        body.push(b'}');
    }
    body.extend_from_slice(b"]}\n");
    body
}

/// Appends the members of a JSON object that say what runs the model.
pub(crate) fn placement(engine: &Engine, out: &mut Vec<u8>) {
    text("backend", engine.backend(), out);
    out.push(b',');
    text("device", engine.placement().device, out);
    if let Some(reason) = &engine.placement().fell_back {
        out.push(b',');
        text("fell_back", reason, out);
    }
}

fn text(key: &str, value: impl Display, out: &mut Vec<u8>) {
    json::write_string(out, key);
    out.push(b':');
    json::write_string(out, &value.to_string());
}
