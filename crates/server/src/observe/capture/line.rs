//! A record as one line of JSON, in SageMaker's schema.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use hotplate_codec::json;
use uuid::{Builder, Uuid};

use super::{CaptureConfig, record::Record};
use crate::observe::calendar::Moment;

/// How bodies are written.
#[derive(Debug)]
pub(super) struct LineStyle {
    input: bool,
    output: bool,
    csv: Vec<String>,
    json: Vec<String>,
    ids: Ids,
    /// The second that was written last, and how.
    last: (u64, String),
}

impl LineStyle {
    pub(super) fn of(config: &CaptureConfig) -> Self {
        Self {
            input: config.input,
            output: config.output,
            csv: config.csv_content_types.clone(),
            json: config.json_content_types.clone(),
            ids: Ids::default(),
            last: (0, Moment::of(UNIX_EPOCH).to_string()),
        }
    }

    /// Appends a record of that time as a line:
    ///
    /// ```json
    /// {"captureData":{"endpointInput":{"observedContentType":"text/csv","mode":"INPUT","data":"1,2\n","encoding":"CSV"},"endpointOutput":{...}},"eventMetadata":{"eventId":"...","inferenceId":"...","inferenceTime":"2022-02-14T17:25:49Z"},"eventVersion":"0"}
    /// ```
    pub(super) fn write(&mut self, record: &Record<'_>, at: SystemTime, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"captureData\":{");
        if self.input {
            out.extend_from_slice(b"\"endpointInput\":");
            self.write_body(record.content_type, "INPUT", record.body, out);
        }
        if self.input && self.output {
            out.push(b',');
        }
        if self.output {
            out.extend_from_slice(b"\"endpointOutput\":");
            self.write_body(Some(record.reply_content_type), "OUTPUT", record.reply, out);
        }
        out.extend_from_slice(b"},\"eventMetadata\":{\"eventId\":\"");
        let id = self.ids.next().hyphenated();
        out.extend_from_slice(id.encode_lower(&mut Uuid::encode_buffer()).as_bytes());
        out.push(b'"');
        if let Some(id) = record.inference_id {
            out.extend_from_slice(b",\"inferenceId\":");
            json::write_string(out, id);
        }
        out.extend_from_slice(b",\"inferenceTime\":\"");
        let second = at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        if self.last.0 != second {
            self.last = (second, Moment::of(at).to_string());
        }
        out.extend_from_slice(self.last.1.as_bytes());
        out.extend_from_slice(b"\"},\"eventVersion\":\"0\"}\n");
    }

    fn write_body(&self, media_type: Option<&str>, mode: &str, body: &[u8], out: &mut Vec<u8>) {
        out.push(b'{');
        if let Some(media_type) = media_type {
            out.extend_from_slice(b"\"observedContentType\":");
            json::write_string(out, media_type);
            out.push(b',');
        }
        out.extend_from_slice(b"\"mode\":\"");
        out.extend_from_slice(mode.as_bytes());
        out.extend_from_slice(b"\",\"data\":");
        let name = media_type.and_then(|name| name.split(';').next()).unwrap_or_default().trim();
        let is_in = |list: &[String]| list.iter().any(|known| known.eq_ignore_ascii_case(name));
        let encoding = if is_in(&self.csv) {
            Some("CSV")
        } else if is_in(&self.json) {
            Some("JSON")
        } else {
            None
        };
        // What is no text cannot be written as one, whatever its type says.
        let encoding = match (encoding, str::from_utf8(body)) {
            (Some(encoding), Ok(text)) => {
                json::write_string(out, text);
                encoding
            }
            _ => {
                out.push(b'"');
                let start = out.len();
                out.resize(start + body.len().div_ceil(3) * 4, 0);
                let length = BASE64.encode_slice(body, &mut out[start..]).unwrap_or_default();
                out.truncate(start + length);
                out.push(b'"');
                "BASE64"
            }
        };
        out.extend_from_slice(b",\"encoding\":\"");
        out.extend_from_slice(encoding.as_bytes());
        out.extend_from_slice(b"\"}");
    }
}

/// Random identifiers, for many of which the system is asked at once.
#[derive(Debug, Default)]
pub(super) struct Ids {
    random: Vec<[u8; 16]>,
}

impl Ids {
    /// As many as a page of memory holds.
    const AT_ONCE: usize = 256;

    pub(super) fn next(&mut self) -> Uuid {
        let bytes = self.random.pop().unwrap_or_else(|| {
            let mut random = [[0; 16]; Self::AT_ONCE];
            if getrandom::fill(random.as_flattened_mut()).is_err() {
                // A system without randomness is no reason to capture nothing.
                random.as_flattened_mut().fill_with(|| fastrand::u8(..));
            }
            self.random.extend_from_slice(&random[1..]);
            random[0]
        });
        Builder::from_random_bytes(bytes).into_uuid()
    }
}
