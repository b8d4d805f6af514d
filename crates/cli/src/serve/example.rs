//! A request that a model answers, for a person to try.

use std::{fmt::Write as _, fs, path::Path, sync::Arc};

use hotplate::{DType, Engine};
use hotplate_codec::{Decoder, Format};
use serde_json::{Value, json};

/// The file of rows that a model folder may hold to be sent.
const ROWS: &str = "rows.json";

/// The largest such file that is looked at.
const ROWS_BYTES: u64 = 1 << 20;

/// The most columns of a row that is made up; a wider one is nothing to paste.
const MADE_UP_COLUMNS: usize = 64;

/// What stands behind `--data` on a command line, quoted for a shell: the file of rows in the
/// model's folder, or a row of zeros. Nothing unless the model answers it.
pub(super) fn data(engine: &Engine, folder: Option<&Path>) -> Option<String> {
    from_folder(engine, folder).or_else(|| made_up(engine))
}

fn from_folder(engine: &Engine, folder: Option<&Path>) -> Option<String> {
    let path = folder?.join(ROWS);
    if fs::metadata(&path).ok()?.len() > ROWS_BYTES {
        return None;
    }
    let body = fs::read(&path).ok()?;
    answers(engine, &body).then(|| quoted(&format!("@{}", path.display())))
}

fn made_up(engine: &Engine) -> Option<String> {
    let columns = engine.columns();
    if columns.len() > MADE_UP_COLUMNS {
        return None;
    }
    let cells = columns.map(|column| {
        let value = match column.dtype {
            DType::Str => json!(""),
            DType::Bool => json!(false),
            _ => json!(0),
        };
        (column.name.clone(), value)
    });
    let row = match engine.signature().schema().is_named() {
        true => Value::Object(cells.collect()),
        false => Value::Array(cells.map(|(_, value)| value).collect()),
    };
    let body = json!({ "instances": [row] }).to_string();
    answers(engine, body.as_bytes()).then(|| quoted(&body))
}

fn answers(engine: &Engine, body: &[u8]) -> bool {
    let mut rows = engine.rows();
    let mut decoder = Decoder::new(Arc::clone(engine.signature().schema()));
    decoder.decode(Format::Json, body, &mut rows).is_ok() && engine.predict(&rows).is_ok()
}

/// The text as one word of a shell's command line.
fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@%+=:,./-_".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The text as one segment of a path.
pub(super) fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn shipped(name: &str) -> (Engine, PathBuf) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models").join(name);
        (Engine::open(&folder).unwrap(), folder)
    }

    #[test]
    fn rows_of_the_folder_are_sent_when_the_model_answers_them() {
        let (churn, folder) = shipped("churn");
        let data = data(&churn, Some(&folder)).unwrap();
        assert!(data.ends_with("churn/rows.json"), "{data}");

        let (housing, _) = shipped("housing");
        let data = super::data(&housing, Some(&folder)).unwrap();
        assert!(data.starts_with(r#"'{"instances":[{"#), "{data}");
    }

    #[test]
    fn row_is_made_up_of_every_column() {
        let (churn, _) = shipped("churn");
        let data = data(&churn, None).unwrap();
        assert!(data.contains(r#""gender":"""#) && data.contains(r#""tenure":0"#), "{data}");
    }

    #[test]
    fn words_are_safe_in_a_shell_and_in_a_path() {
        assert_eq!(quoted("@models/churn/rows.json"), "@models/churn/rows.json");
        assert_eq!(quoted("@my models/it's"), r"'@my models/it'\''s'");
        assert_eq!(percent_encoded("a model/é"), "a%20model%2F%C3%A9");
    }
}
