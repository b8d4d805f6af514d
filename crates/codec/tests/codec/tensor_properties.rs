use std::sync::Arc;

use hotplate_codec::{BlockDecoder, DecodeErrorKind, Format, json};
use hotplate_tensor::{Columns, DType, DataView, Schema, Shape};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{bert, decode, shown, tensors};

/// Elements of one row as lists of this shape.
fn nested(dims: &[usize], elements: &mut impl Iterator<Item = Value>) -> Value {
    match dims {
        [] => elements.next().unwrap(),
        [length, inner @ ..] => (0..*length).map(|_| nested(inner, elements)).collect(),
    }
}

/// The lengths of the first list at each depth.
fn nested_len(value: &Value) -> Vec<usize> {
    let mut lists = std::iter::successors(value.as_array(), |list| list.first()?.as_array());
    lists.by_ref().map(Vec::len).collect()
}

/// Each dimension is fixed, or open.
fn dims(least: usize) -> impl Strategy<Value = Vec<(usize, bool)>> {
    prop::collection::vec((least..4, any::<bool>()), 1..6)
}

fn written(dims: &[(usize, bool)]) -> String {
    let dim = |&(dim, is_open): &(usize, bool)| if is_open { "?".into() } else { dim.to_string() };
    dims.iter().map(dim).collect::<Vec<_>>().join(" ")
}

/// Every document that says these rows of an input `x` and an input `s`, row by row.
fn documents_by_row(rows: &[(Value, Value)]) -> Vec<(Format, String)> {
    let objects: Vec<Value> = rows.iter().map(|(x, s)| json!({"s": s, "x": x})).collect();
    let lines: Vec<String> = objects.iter().map(Value::to_string).collect();
    vec![
        (Format::Json, Value::from(objects.clone()).to_string()),
        (Format::Json, json!({"instances": objects}).to_string()),
        (Format::JsonLines, lines.join("\n")),
    ]
}

/// Every document that says these rows.
fn documents(rows: &[(Value, Value)]) -> Vec<(Format, String)> {
    let (xs, strings): (Vec<_>, Vec<_>) = rows.iter().cloned().unzip();
    let mut documents = documents_by_row(rows);
    documents.push((Format::Json, json!({"x": xs, "s": strings}).to_string()));
    documents.push((Format::Json, json!({"inputs": {"x": xs, "s": strings}}).to_string()));
    documents
}

fn schemas() -> [Arc<Schema>; 7] {
    [
        bert(),
        tensors(&[("x", DType::F32, "2 n")]),
        tensors(&[("x", DType::Str, "?"), ("y", DType::F32, "n n"), ("z", DType::Bool, "")]),
        tensors(&[("x", DType::F32, "2 2")]),
        tensors(&[("x", DType::F32, "? 2")]),
        tensors(&[("x", DType::F32, "0 3")]),
        tensors(&[("x", DType::F32, "2"), ("y", DType::I64, "1")]),
    ]
}

fn survives(bytes: &[u8]) {
    for schema in schemas() {
        for format in [Format::Csv, Format::Json, Format::JsonLines] {
            let whole = decode(&schema, format, bytes).map(|columns| columns.rows());
            let mut blocks = BlockDecoder::new(Arc::clone(&schema), format);
            let mut columns = Columns::new(Arc::clone(&schema));
            let (mut rest, mut rows) = (bytes, 0);
            let blocks_end_well = loop {
                match blocks.decode(rest, &mut columns) {
                    Ok(length) => rest = &rest[length..],
                    Err(_) => break false,
                }
                rows += columns.rows();
                if rest.is_empty() {
                    break true;
                }
            };
            if let Ok(whole) = whole {
                assert!(blocks_end_well && rows == whole, "{format}: {bytes:?}");
            }
        }
    }
}

const TEMPLATES: [&str; 6] = [
    r#"{"input_ids":[[1,2],[3,4]],"attention_mask":[[1,1],[1,0]]}"#,
    "{\"input_ids\":[1,2],\"attention_mask\":[1,1]}\n{\"attention_mask\":[1],\"input_ids\":[3]}\n",
    r#"{"instances":[{"x":["a","\u00e9"],"y":[[1,2],[3,null]],"z":true}]}"#,
    r#"{"inputs":{"x":[[1,2],[3,4]],"y":[5,6]},"params":{"a":[]}}"#,
    "[[[1,2],[3,4]],[[5,6],[7,8]]]",
    r#"{"instances":[{"x":[]},{"x":[[1,2]]}]}"#,
];

proptest! {
    #[test]
    fn nested_lists_come_back(
        x_dims in dims(1),
        s_dims in dims(0),
        rows in 1_usize..4,
        numbers in prop::collection::vec(any::<f32>().prop_filter("finite", |x| x.is_finite()), 64),
        texts in prop::collection::vec("[a-c\\\\\"\\]\\[,é]{0,3}", 8),
    ) {
        let shape = |dims: &[(usize, bool)]| {
            Shape::new(&dims.iter().map(|&(dim, _)| dim).collect::<Vec<_>>()).unwrap()
        };
        let (x_shape, s_shape) = (shape(&x_dims), shape(&s_dims));
        let x_dims = written(&x_dims);
        let s_dims = written(&s_dims);
        let schema = tensors(&[("x", DType::F32, &x_dims), ("s", DType::Str, &s_dims)]);
        prop_assume!(!schema.is_table());
        let count = |shape: &Shape| shape.elements() * rows;
        let xs: Vec<f32> = numbers.iter().cycle().take(count(&x_shape)).copied().collect();
        let strings: Vec<&str> =
            texts.iter().cycle().take(count(&s_shape)).map(String::as_str).collect();

        let mut x = xs.iter().map(|&x| json!(x));
        let mut s = strings.iter().map(|&text| json!(text));
        let written: Vec<(Value, Value)> = (0..rows)
            .map(|_| (nested(x_shape.dims(), &mut x), nested(s_shape.dims(), &mut s)))
            .collect();
        for (format, body) in documents(&written) {
            let columns = decode(&schema, format, body.as_bytes())
                .unwrap_or_else(|error| panic!("{body} is refused: {error}"));
            prop_assert_eq!(columns.rows(), rows, "{}", body);
            prop_assert_eq!(columns.data(0), DataView::F32(&xs), "{}", body);
            prop_assert_eq!(columns.data(1), DataView::Str((&strings[..]).into()), "{}", body);
            prop_assert_eq!(columns.row_shape(0), &x_shape, "{}", body);
            // What an empty list would hold is not written.
            if s_shape.elements() > 0 {
                prop_assert_eq!(columns.row_shape(1), &s_shape, "{}", body);
            }
        }
    }

    #[test]
    fn later_rows_are_of_the_first_ones_shape_or_refused(
        (open, first, second) in (1_usize..4).prop_flat_map(|rank| {
            let dims = || prop::collection::vec(0_usize..3, rank);
            (prop::collection::vec(any::<bool>(), rank), dims(), dims())
        }),
    ) {
        let dims: Vec<(usize, bool)> = first.iter().copied().zip(open).collect();
        let schema = tensors(&[("x", DType::F32, &written(&dims)), ("s", DType::Bool, "? 1")]);
        let mut elements = (0..).map(Value::from);
        let row = |dims: &[usize], elements: &mut _| (nested(dims, elements), json!([]));
        let rows = [row(&first, &mut elements), row(&second, &mut elements)];
        // What an empty list would hold is not written.
        let alike = nested_len(&rows[0].0) == nested_len(&rows[1].0);
        for (format, body) in documents_by_row(&rows) {
            let decoded = decode(&schema, format, body.as_bytes());
            prop_assert_eq!(decoded.is_ok(), alike, "{}", body);
            if let Err(error) = decoded {
                prop_assert_eq!(error.kind(), DecodeErrorKind::WrongShape, "{}", body);
            }
        }
    }

    #[test]
    fn blocks_of_any_cuts_give_every_row(
        lengths in prop::collection::vec(0_usize..3, 1..20),
        cuts in prop::collection::vec(1_usize..40, 1..20),
    ) {
        let lines: Vec<String> = lengths
            .iter()
            .map(|&length| json!({"attention_mask": vec![1; length], "input_ids": vec![length; length]}).to_string() + "\n")
            .collect();
        let file = lines.concat();
        let mut blocks = BlockDecoder::new(bert(), Format::JsonLines);
        let mut columns = Columns::new(bert());
        let mut got = Vec::new();
        let (mut start, mut end) = (0, 0);
        let mut cuts = cuts.iter().cycle();
        while start < file.len() {
            end = file.len().min(end + cuts.next().unwrap());
            let whole = blocks.whole_records(&file.as_bytes()[start..end]);
            let mut rest = &file.as_bytes()[start..start + whole];
            start += whole;
            while !rest.is_empty() {
                let length = blocks.decode(rest, &mut columns).unwrap();
                prop_assert!(length > 0);
                rest = &rest[length..];
                got.extend(vec![columns.row_shape(0).elements(); columns.rows()]);
            }
        }
        prop_assert_eq!(got, lengths);
    }

    #[test]
    fn any_punctuation_is_survived(text in "[\\[\\]{}:,\"xyz0-9n\n ]{0,60}") {
        survives(text.as_bytes());
    }

    #[test]
    fn mutated_bodies_are_survived(
        template in prop::sample::select(&TEMPLATES[..]),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..4), 1..6),
    ) {
        let mut bytes = template.as_bytes().to_vec();
        for (index, byte, edit) in edits {
            let at = index.index(bytes.len().max(1)).min(bytes.len());
            match edit {
                0 if at < bytes.len() => bytes[at] = byte,
                1 if at < bytes.len() => { bytes.remove(at); }
                2 => bytes.insert(at, b"[]{},\"1x"[usize::from(byte % 8)]),
                _ => bytes.extend_from_within(at..),
            }
        }
        survives(&bytes);
    }
}

#[test]
fn string_writer_and_serde_agree_on_what_is_sent() {
    let mut ours = Vec::new();
    json::write_string(&mut ours, "a\"]");
    let body = format!("[[{}]]", String::from_utf8(ours).unwrap());
    let columns = decode(&tensors(&[("s", DType::Str, "n")]), Format::Json, body.as_bytes());
    assert_eq!(shown(&columns.unwrap()), "1 x [1] \"a\\\"]\"");
}

#[test]
fn bodies_cut_at_any_byte_are_survived() {
    for template in TEMPLATES {
        for end in 0..=template.len() {
            survives(&template.as_bytes()[..end]);
        }
    }
}
