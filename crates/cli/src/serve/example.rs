//! A request that a model answers, for a person to try.

use std::{fs, path::Path, sync::Arc};

use hotplate::{DType, Engine, InputSpec, RowDim};
use hotplate_codec::{Decoder, Format};
use serde_json::json;

/// The file of rows that a model folder may hold to be sent.
const ROWS: &str = "rows.json";

/// The largest such file that is looked at.
const ROWS_BYTES: u64 = 1 << 20;

/// A text that is made up.
const TEXT: &str = "the parcel came late and nobody answered the phone";

/// The most columns of a row that is made up; a wider one is nothing to paste.
const MADE_UP_COLUMNS: usize = 64;

/// The longest body of tensors that is made up.
const TENSOR_BYTES: usize = 200;

/// How long an open dimension is made.
const OPEN_DIM: usize = 4;

/// What stands behind `--data` on a command line, quoted for a shell: the file of rows in the
/// model's folder, or a row that is made up. Nothing unless the model answers it.
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
    let schema = engine.signature().schema();
    match schema.holds_texts() && engine.takes_text_requests() {
        true => text(engine),
        false if schema.is_table() => cells(engine),
        false => tensors(engine),
    }
}

/// A text, as clients of Hugging Face's containers send it; by name where that means something else.
fn text(engine: &Engine) -> Option<String> {
    let body = json!({ "inputs": TEXT }).to_string();
    if answers(engine, body.as_bytes()) { Some(quoted(&body)) } else { cells(engine) }
}

/// A row of tensors, of ones: most models take them for token numbers as well as for a mask.
fn tensors(engine: &Engine) -> Option<String> {
    let inputs = engine.signature().schema().inputs().iter();
    let tensors: Option<Vec<String>> =
        inputs.map(|input| Some(format!("{}: {}", json!(input.name), tensor(input)?))).collect();
    let body = format!("{{\"instances\": [{{{}}}]}}", tensors?.join(", "));
    (body.len() <= TENSOR_BYTES && answers(engine, body.as_bytes())).then(|| quoted(&body))
}

/// Nested lists, where they are short.
fn tensor(input: &InputSpec) -> Option<String> {
    let element = match input.dtype {
        DType::Str => "\"text\"",
        DType::Bool => "true",
        _ => "1",
    };
    input.row_shape.dims().iter().rev().try_fold(element.to_owned(), |inner, dim| {
        let length = match dim {
            RowDim::Fixed(length) => *length,
            RowDim::Open(_) => OPEN_DIM,
        };
        let fits = length.saturating_mul(inner.len()) <= TENSOR_BYTES;
        fits.then(|| format!("[{}]", vec![inner; length].join(", ")))
    })
}

/// A row of zeros and empty texts, by name where columns have names.
fn cells(engine: &Engine) -> Option<String> {
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

    use hotplate::RowShape;

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
    fn tensors_are_made_up_where_they_are_short() {
        let input = |dims: Vec<RowDim>| {
            let (name, dtype) = ("x".to_owned(), DType::I64);
            tensor(&InputSpec { name, dtype, row_shape: RowShape::new(dims).unwrap() })
        };
        let open = || RowDim::Open(None);
        assert_eq!(input(vec![open()]).unwrap(), "[1, 1, 1, 1]");
        assert_eq!(input(vec![RowDim::Fixed(2), RowDim::Fixed(1)]).unwrap(), "[[1], [1]]");
        assert_eq!(input(vec![]).unwrap(), "1");
        assert_eq!(input(vec![RowDim::Fixed(3), RowDim::Fixed(224), open()]), None);
        assert_eq!(input(vec![RowDim::Fixed(usize::MAX)]), None);
    }

    #[test]
    fn words_are_safe_in_a_shell() {
        assert_eq!(quoted("@models/churn/rows.json"), "@models/churn/rows.json");
        assert_eq!(quoted("@my models/it's"), r"'@my models/it'\''s'");
    }
}
