//! A request that a model answers, for a person to try.

use std::{fs, path::Path, sync::Arc};

use hotplate::{DType, Engine};
use hotplate_codec::{Decoder, Format};
use serde_json::json;

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
    let named = engine.signature().schema().is_named();
    // Written by hand, because a map would lose the order of the columns.
    let cells: Vec<String> = columns
        .map(|column| {
            let value = match column.dtype {
                DType::Str => "\"\"",
                DType::Bool => "false",
                _ => "0",
            };
            if named { format!("{}: {value}", json!(column.name)) } else { value.to_owned() }
        })
        .collect();
    let (open, close) = if named { ('{', '}') } else { ('[', ']') };
    let body = format!("{{\"instances\": [{open}{}{close}]}}", cells.join(", "));
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
        assert!(data.starts_with(r#"'{"instances": [{"MedInc": 0, "#), "{data}");
    }

    #[test]
    fn row_is_made_up_of_every_column() {
        let (churn, _) = shipped("churn");
        let data = data(&churn, None).unwrap();
        assert!(data.contains(r#"{"gender": "", "SeniorCitizen": 0, "#), "{data}");
    }

    #[test]
    fn words_are_safe_in_a_shell() {
        assert_eq!(quoted("@models/churn/rows.json"), "@models/churn/rows.json");
        assert_eq!(quoted("@my models/it's"), r"'@my models/it'\''s'");
    }
}
