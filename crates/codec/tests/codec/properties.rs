use std::sync::Arc;

use hotplate_codec::{BlockDecoder, Decoder, Field, Format, Predictions, encode, json};
use hotplate_tensor::{Columns, DType, DataView, Schema, StrView};
use proptest::prelude::*;

use crate::support::{decode, matrix, mixed, schema, shown};

const FORMATS: [Format; 3] = [Format::Csv, Format::Json, Format::JsonLines];

type Row = (Option<f32>, Option<f64>, String, i64);

fn kinds() -> Arc<Schema> {
    schema(&[("f32", DType::F32), ("f64", DType::F64), ("text", DType::Str), ("i64", DType::I64)])
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let f32s = any::<u32>().prop_map(f32::from_bits).prop_map(|x| x.is_finite().then_some(x));
    let f64s = any::<u64>().prop_map(f64::from_bits).prop_map(|x| x.is_finite().then_some(x));
    let text = prop_oneof!["[a-c,\"\n\r ]{0,8}", any::<String>()];
    prop::collection::vec((f32s, f64s, text, any::<i64>()), 1..12)
}

fn number(number: Option<impl std::fmt::Debug>, missing: &str) -> String {
    number.map_or_else(|| missing.to_owned(), |number| format!("{number:?}"))
}

fn json_text(text: &str) -> String {
    let mut out = Vec::new();
    json::write_string(&mut out, text);
    String::from_utf8(out).unwrap()
}

/// One row in every way that this format has to write it.
fn written(format: Format, (f32, f64, text, i64): &Row, by_name: bool) -> String {
    let missing = if format == Format::Csv { "" } else { "null" };
    let (f32, f64) = (number(*f32, missing), number(*f64, missing));
    match format {
        Format::Csv => format!("{f32},{f64},\"{}\",{i64}", text.replace('"', "\"\"")),
        _ if by_name => {
            let text = json_text(text);
            format!(r#"{{"i64": {i64}, "text": {text}, "f32": {f32}, "f64": {f64}}}"#)
        }
        _ => format!("[{f32},{f64},{},{i64}]", json_text(text)),
    }
}

fn body(format: Format, rows: &[Row], by_name: bool) -> String {
    let rows: Vec<String> = rows.iter().map(|row| written(format, row, by_name)).collect();
    match format {
        Format::Json => format!(r#"{{"instances": [{}]}}"#, rows.join(", ")),
        _ => rows.join("\n") + "\n",
    }
}

/// A body that some client could have sent, of any format.
fn bodies(formats: &'static [Format]) -> impl Strategy<Value = (Format, String)> {
    let format = prop::sample::select(formats);
    (format, rows(), any::<bool>()).prop_map(|(format, rows, by_name)| {
        let header = if format == Format::Csv && by_name { "f32,f64,text,i64\n" } else { "" };
        (format, header.to_owned() + &body(format, &rows, by_name))
    })
}

const TEMPLATES: [&str; 6] = [
    r#"{"dataframe_split": {"index": [0], "data": [[1, 2.5, "é\ud83d\ude00", 3]], "columns": ["f32", "f64", "text", "i64"]}}"#,
    r#"{"columns": ["i64", "f32", "f64", "text"], "data": [[1, null, NaN, "x"], [2, -Infinity, 1e5, ""]]}"#,
    r#"{"f32": [1, 2], "f64": [null, 3], "text": ["a", "b"], "i64": [true, false]}"#,
    r#"{"instances": [{"data": {"features": {"values": [1, 2, "x", 3]}}}, {"features": [1, 2, "y", 4]}]}"#,
    "f32,text,i64,f64\n1,\"a\n\"\"b\"\"\",2,\r\n\n",
    "[1,2,\"\\u00e9\",3]\n{\"f32\":1,\"f64\":2,\"text\":\"\",\"i64\":0}\n",
];

/// Decodes in every format under several schemas: none may panic, whatever the bytes.
fn survives(bytes: &[u8]) {
    for schema in [kinds(), mixed(), matrix(3), schema(&[("text", DType::Str)])] {
        for format in FORMATS {
            if let Ok(columns) = decode(&schema, format, bytes) {
                columns.inputs();
            }
            let mut blocks = BlockDecoder::new(Arc::clone(&schema), format);
            let whole = blocks.whole_records(bytes);
            assert!(whole <= bytes.len());
            assert!(blocks.first_record(bytes) <= bytes.len());
            let _ = blocks.decode(&bytes[..whole], &mut Columns::new(Arc::clone(&schema)));
        }
    }
}

proptest! {
    #[test]
    fn rows_come_back_bit_for_bit(rows in rows(), by_name: bool) {
        for format in FORMATS {
            let columns = decode(&kinds(), format, body(format, &rows, by_name).as_bytes()).unwrap();
            let DataView::F32(f32s) = columns.data(0) else { panic!("float32") };
            let DataView::F64(f64s) = columns.data(1) else { panic!("float64") };
            let DataView::Str(texts) = columns.data(2) else { panic!("text") };
            let DataView::I64(i64s) = columns.data(3) else { panic!("int64") };
            prop_assert_eq!(columns.rows(), rows.len());
            for (row, (f32, f64, text, i64)) in rows.iter().enumerate() {
                prop_assert_eq!(f32.map(f32::to_bits), (!f32s[row].is_nan()).then(|| f32s[row].to_bits()));
                prop_assert_eq!(f64.map(f64::to_bits), (!f64s[row].is_nan()).then(|| f64s[row].to_bits()));
                prop_assert_eq!(texts.get(row), text);
                prop_assert_eq!(i64s[row], *i64);
            }
        }
    }

    #[test]
    fn independent_blocks_give_what_the_whole_gives(
        (format, body) in bodies(&[Format::Csv, Format::JsonLines]),
        blanks in 0_usize..3,
        mangle in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
        cuts in prop::collection::vec(1_usize..40, 1..20),
    ) {
        let mut body = (body + &"\n".repeat(blanks)).into_bytes();
        if let Some((index, byte)) = mangle {
            *index.get_mut(&mut body) = byte;
        }
        let whole = decode(&kinds(), format, &body);

        let mut first = BlockDecoder::new(kinds(), format);
        let mut decoder = BlockDecoder::new(kinds(), format);
        let mut columns = Columns::new(kinds());
        let mut shown_rows = Vec::new();
        let (mut rows, mut lines) = (0, 0);
        let (mut start, mut end) = (0, 0);
        let mut cuts = cuts.iter().cycle();
        let result = loop {
            end = body.len().min(end + cuts.next().unwrap());
            let length = match first.independent_records(&body[start..end]) {
                _ if end == body.len() => end - start,
                length => length,
            };
            if length == 0 && start < body.len() {
                continue;
            }
            let block = &body[start..start + length];
            if start == 0 {
                first.begin(block, &mut columns);
            } else {
                decoder.follow(&first, start);
            }
            if let Err(error) = decoder.decode(block, &mut columns) {
                break Err(error.behind(rows, lines));
            }
            rows += decoder.counts().0;
            lines += decoder.counts().1;
            start += length;
            if columns.rows() > 0 {
                shown_rows.push(shown(&columns));
            }
            if start == body.len() {
                break Ok(shown_rows.join(" | "));
            }
        };
        match whole {
            Ok(whole) => prop_assert_eq!(result, Ok(shown(&whole))),
            // The whole is checked for UTF-8 before its first row is read.
            Err(error) if error.reason() == "not_utf8" => prop_assert!(result.is_err()),
            Err(error) => prop_assert_eq!(result, Err(error)),
        }
    }

    #[test]
    fn blocks_give_what_the_whole_gives(
        (format, body) in bodies(&[Format::Csv, Format::JsonLines]),
        blanks in 0_usize..3,
        mangle in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
        cuts in prop::collection::vec(1_usize..40, 1..20),
    ) {
        let mut body = (body + &"\n".repeat(blanks)).into_bytes();
        if let Some((index, byte)) = mangle {
            *index.get_mut(&mut body) = byte;
        }
        let whole = decode(&kinds(), format, &body);

        let mut blocks = BlockDecoder::new(kinds(), format);
        let mut columns = Columns::new(kinds());
        let mut shown_rows = Vec::new();
        let (mut start, mut end) = (0, 0);
        let mut cuts = cuts.iter().cycle();
        let result = loop {
            end = body.len().min(end + cuts.next().unwrap());
            let length = match blocks.whole_records(&body[start..end]) {
                _ if end == body.len() => end - start,
                length => length,
            };
            if let Err(error) = blocks.decode(&body[start..start + length], &mut columns) {
                break Err(error);
            }
            start += length;
            if columns.rows() > 0 {
                shown_rows.push(shown(&columns));
            }
            if start == body.len() {
                break Ok(shown_rows.join(" | "));
            }
        };
        match whole {
            Ok(whole) => prop_assert_eq!(result, Ok(shown(&whole))),
            // The whole is checked for UTF-8 before its first row is read.
            Err(error) if error.reason() == "not_utf8" => prop_assert!(result.is_err()),
            Err(error) => prop_assert_eq!(result, Err(error)),
        }
    }

    #[test]
    fn first_record_is_the_shortest_whole_one(
        (format, body) in bodies(&[Format::Csv, Format::JsonLines]),
    ) {
        let blocks = BlockDecoder::new(kinds(), format);
        let mut rest = body.as_bytes();
        while !rest.is_empty() {
            let whole = (1..=rest.len()).map(|end| blocks.whole_records(&rest[..end]));
            let shortest = whole.into_iter().find(|&whole| whole > 0);
            let first = blocks.first_record(rest);
            prop_assert_eq!(first, shortest.unwrap_or(rest.len()));
            rest = &rest[first..];
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes: Vec<u8>) {
        survives(&bytes);
    }

    #[test]
    fn any_punctuation_is_survived(text in "[\\[\\]{}:,\"\\\\0-9eE.+a-z\n -]{0,60}") {
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
                2 => bytes.insert(at, byte),
                _ => bytes.extend_from_within(at..),
            }
        }
        survives(&bytes);
    }

    #[test]
    fn replies_are_json_and_round_trip(
        rows in prop::collection::vec((any::<String>(), any::<u32>(), any::<u32>(), any::<u32>()), 0..6),
    ) {
        let labels: Vec<&str> = rows.iter().map(|row| &*row.0).collect();
        let probabilities: Vec<f32> =
            rows.iter().flat_map(|row| [row.1, row.2, row.3]).map(f32::from_bits).collect();
        let predictions = Predictions::Classifier {
            labels: DataView::Str(StrView::from(&labels[..])),
            probabilities: DataView::F32(&probabilities),
            classes: 3, names: None, margins: None,
        };
        let mut reply = Vec::new();
        encode(Format::Json, &predictions, None, &mut reply);
        let document: serde_json::Value = serde_json::from_slice(&reply).unwrap();
        let answers = document["predictions"].as_array().unwrap();
        prop_assert_eq!(answers.len(), rows.len());
        for (row, answer) in answers.iter().enumerate() {
            prop_assert_eq!(answer["predicted_label"].as_str(), Some(labels[row]));
            for class in 0..3 {
                let sent = probabilities[row * 3 + class];
                let text = answer["probabilities"][class].to_string();
                if sent.is_finite() {
                    prop_assert_eq!(text.parse::<f32>().unwrap().to_bits(), sent.to_bits());
                } else {
                    prop_assert_eq!(text, "null");
                }
            }
        }

        // A reply is a table of its own, which the decoder reads back.
        let fields = [Field::PredictedLabel, Field::Score];
        let table = schema(&[("predicted_label", DType::Str), ("score", DType::F32)]);
        for format in FORMATS {
            let mut reply = Vec::new();
            encode(format, &predictions, Some(&fields), &mut reply);
            let body = match format {
                Format::Json => String::from_utf8(reply).unwrap().replacen("predictions", "instances", 1).into_bytes(),
                _ => reply,
            };
            if rows.is_empty() {
                continue;
            }
            let columns = decode(&table, format, &body).unwrap();
            let DataView::Str(texts) = columns.data(0) else { panic!("text") };
            prop_assert_eq!(texts, StrView::from(&labels[..]));
        }
    }
}

#[test]
fn bodies_cut_at_any_byte_are_survived() {
    for template in TEMPLATES {
        for end in 0..=template.len() {
            survives(&template.as_bytes()[..end]);
        }
    }
}

#[test]
fn decoder_is_as_good_after_a_refusal_as_before() {
    let mut decoder = Decoder::new(kinds());
    let mut columns = Columns::new(kinds());
    for template in TEMPLATES {
        for end in 0..=template.len() {
            for format in FORMATS {
                let body = &template.as_bytes()[..end];
                let reused = decoder.decode(format, body, &mut columns).map(|()| shown(&columns));
                let fresh = decode(&kinds(), format, body).map(|columns| shown(&columns));
                assert_eq!(reused, fresh, "{format}: {}", String::from_utf8_lossy(body));
            }
        }
    }
}
