use std::sync::Arc;

use hotplate_codec::{
    DecodeErrorKind as Kind, Decoder, Format, Predictions, ScoreFunction, TextForm, TextRequest,
    TopK, encode_texts,
};
use hotplate_tensor::{Columns, DType, DataView, Schema, Shape, TensorView};
use proptest::prelude::*;

use crate::support::{accepts, decode, refuses, schema, shown};

fn one() -> Arc<Schema> {
    schema(&[("text", DType::Str)])
}

fn pair() -> Arc<Schema> {
    schema(&[("text", DType::Str), ("text_pair", DType::Str)])
}

fn asked(schema: &Arc<Schema>, body: &str) -> (String, Option<TextRequest>) {
    let mut columns = Columns::new(Arc::clone(schema));
    let mut decoder = Decoder::new(Arc::clone(schema));
    decoder.decode(Format::Json, body.as_bytes(), &mut columns).unwrap();
    (shown(&columns), decoder.text_request())
}

#[test]
fn every_form_gives_its_texts() {
    accepts(
        &one(),
        Format::Json,
        &[
            (r#"{"inputs": "a\nb"}"#, r#""a\nb""#),
            (r#"{"inputs": ["a", {"text": "b"}, ["c"]]}"#, r#""a" | "b" | "c""#),
            (r#"{"inputs": {"text": "a"}}"#, r#""a""#),
            (r#"{"inputs": []}"#, ""),
            (r#"{"parameters": null, "inputs": "a", "params": {}}"#, r#""a""#),
            (r#"[{"inputs": "a"}, {"text": "b"}]"#, r#""a" | "b""#),
        ],
    );
    accepts(
        &pair(),
        Format::Json,
        &[
            (r#"{"inputs": "a"}"#, r#""a" """#),
            (r#"{"inputs": {"text_pair": "b", "text": "a"}}"#, r#""a" "b""#),
            (r#"{"inputs": {"text": "a", "text_pair": null}}"#, r#""a" """#),
            (
                r#"{"inputs": [["a", "b"], ["c"], {"text": "d"}, "e"]}"#,
                r#""a" "b" | "c" "" | "d" "" | "e" """#,
            ),
        ],
    );
    accepts(
        &pair(),
        Format::JsonLines,
        &[(
            "{\"inputs\": \"a\"}\n{\"inputs\": {\"text\": \"b\", \"text_pair\": \"c\"}}\n",
            r#""a" "" | "b" "c""#,
        )],
    );
    // A column's own name is as good as the role's.
    accepts(
        &schema(&[("note", DType::Str)]),
        Format::Json,
        &[(r#"{"inputs": [{"note": "a"}, {"text": "b"}]}"#, r#""a" | "b""#)],
    );
}

#[test]
fn what_a_request_asks_for_is_told() {
    let plain = |form| Some(TextRequest { form, ..TextRequest::default() });
    assert_eq!(asked(&one(), r#"{"inputs": "a"}"#).1, plain(TextForm::Text));
    assert_eq!(asked(&one(), r#"{"inputs": {"text": "a"}}"#).1, plain(TextForm::Object));
    assert_eq!(asked(&one(), r#"{"inputs": ["a"]}"#).1, plain(TextForm::List));
    let body = r#"{"inputs": ["a"], "parameters": {"truncation": true, "top_k": 3,
                   "function_to_apply": "Sigmoid"}}"#;
    let (top_k, function) = (Some(TopK::Most(3)), Some(ScoreFunction::Sigmoid));
    assert_eq!(asked(&one(), body).1, Some(TextRequest { form: TextForm::List, top_k, function }));
    let body = r#"{"parameters": {"function_to_apply": null, "top_k": null}, "inputs": "a"}"#;
    let all = TextRequest { top_k: Some(TopK::All), ..TextRequest::default() };
    assert_eq!(asked(&one(), body).1, Some(all));
}

#[test]
fn other_forms_keep_their_meaning() {
    for body in [
        r#"{"inputs": {"text": ["a", "b"]}}"#,
        r#"{"instances": ["a", "b"]}"#,
        r#"{"text": ["a", "b"]}"#,
        r#"[{"inputs": "a"}, {"inputs": "b"}]"#,
    ] {
        assert_eq!(asked(&one(), body), (r#""a" | "b""#.to_owned(), None), "{body}");
    }
    // The column wins over the key.
    for name in ["inputs", "parameters"] {
        let schema = schema(&[(name, DType::Str)]);
        let body = format!("{{\"{name}\": \"a\"}}");
        assert_eq!(asked(&schema, &body), (r#""a""#.to_owned(), None));
    }
    let categories = schema(&[("color", DType::Str), ("shape", DType::Str)]);
    let body = r#"{"inputs": [{"color": "red", "shape": "round"}]}"#;
    assert_eq!(asked(&categories, body), (r#""red" "round""#.to_owned(), None));
    // A body of another form is not answered in the form of the last.
    let mut columns = Columns::new(one());
    let mut decoder = Decoder::new(one());
    decoder.decode(Format::Json, br#"{"inputs": "a"}"#, &mut columns).unwrap();
    decoder.decode(Format::Csv, b"a\n", &mut columns).unwrap();
    assert_eq!(decoder.text_request(), None);
}

#[test]
fn plain_text_is_one_row() {
    let body = "two lines,\n\"one\" row\n";
    accepts(&one(), Format::Text, &[(body, r#""two lines,\n\"one\" row\n""#)]);
    accepts(&pair(), Format::Text, &[("a", r#""a" """#)]);
    refuses(&one(), Format::Text, &[("", Kind::Empty, "the body is empty")]);
    refuses(
        &schema(&[("x", DType::F32)]),
        Format::Text,
        &[(
            "1",
            Kind::WrongType,
            "expected rows, for no text alone is a row of this model, got text/plain",
        )],
    );
    let error = decode(&one(), Format::Text, b"caf\xe9").unwrap_err();
    assert_eq!((error.kind(), error.offset()), (Kind::NotUtf8, Some(3)), "{error}");
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    refuses(
        &one(),
        Format::Json,
        &[
            (
                r#"{"inputs": 5}"#,
                Kind::WrongType,
                "expected a text, an object of texts, or a list of these, got 5",
            ),
            (
                r#"{"inputs": ["a", 5]}"#,
                Kind::WrongType,
                "row 1: expected a text, or an object or a list of texts, got 5",
            ),
            (r#"{"inputs": ["a", ["b", "c"]]}"#, Kind::WrongArity, "row 1: expected 1 cell, got 2"),
            (
                r#"{"inputs": {"source_sentence": "a"}}"#,
                Kind::UnknownColumn,
                "row 0: unknown column \"source_sentence\"",
            ),
            (
                r#"{"inputs": {"text": "a", "text_pair": "b"}}"#,
                Kind::UnknownColumn,
                "row 0: unknown column \"text_pair\"",
            ),
            (r#"{"inputs": {}}"#, Kind::MissingColumn, "row 0: missing column \"text\""),
            (
                r#"{"inputs": {"text": "a", "text": "b"}}"#,
                Kind::DuplicateColumn,
                "row 0: column \"text\" appears twice",
            ),
            (
                r#"{"inputs": "a", "inputs": "b"}"#,
                Kind::DuplicateColumn,
                "column \"inputs\" appears twice",
            ),
            (r#"{"inputs": "a", "other": 1}"#, Kind::UnknownColumn, "unknown column \"other\""),
            (
                r#"{"inputs": "a", "parameters": {"topk": 1}}"#,
                Kind::WrongParameter,
                "parameter \"topk\": expected top_k, function_to_apply or truncation; \
              did you mean \"top_k\"?",
            ),
            (
                r#"{"inputs": "a", "parameters": {"top_k": 0}}"#,
                Kind::WrongParameter,
                "parameter \"top_k\": expected a whole number from 1 on, or null, got 0",
            ),
            (
                r#"{"inputs": "a", "parameters": {"function_to_apply": "tanh"}}"#,
                Kind::WrongParameter,
                "parameter \"function_to_apply\": expected \"softmax\", \"sigmoid\" or \"none\", or null, \
              got text \"tanh\"",
            ),
            (
                r#"{"inputs": "a", "parameters": {"truncation": false}}"#,
                Kind::WrongParameter,
                "parameter \"truncation\": expected true, for a text longer than the model takes is always \
              cut, got false",
            ),
            (
                r#"{"inputs": "a""#,
                Kind::Malformed,
                "malformed at byte 14: expected a comma or \"}\", got the end of the body",
            ),
        ],
    );
    let mut body = br#"{"inputs": ["a", "b"#.to_vec();
    body.extend_from_slice(b"\xff\"]}");
    let error = decode_bytes(&body);
    assert_eq!((error.kind(), error.offset()), (Kind::NotUtf8, Some(19)), "{error}");
}

fn decode_bytes(body: &[u8]) -> hotplate_codec::DecodeError {
    decode(&one(), Format::Json, body).unwrap_err()
}

fn reply(body: &str, predictions: &Predictions<'_>) -> String {
    let request = asked(&pair(), body).1.unwrap();
    assert!(request.fits(predictions).unwrap(), "{body}");
    let mut reply = Vec::new();
    encode_texts(&request, predictions, &mut reply);
    String::from_utf8(reply).unwrap()
}

/// Two rows of three classes; a threshold chose the first row's.
fn classes<'a>(labels: &'a [&'a str], names: &'a [String]) -> Predictions<'a> {
    Predictions::Classifier {
        labels: DataView::Str(labels.into()),
        probabilities: DataView::F32(&[0.25, 0.5, 0.25, 0.125, 0.125, 0.75]),
        classes: 3,
        names: Some(DataView::Str(names.into())),
        margins: Some(DataView::F32(&[0.0, 0.5, 0.0, -1.0, -1.0, 2.0])),
    }
}

#[test]
fn classes_are_answered_as_hugging_face_does() {
    let names = ["a", "b \"c\"", "d"].map(str::to_owned);
    let labels = ["a", "d"];
    let predictions = classes(&labels, &names);
    for (body, expected) in [
        (r#"{"inputs": "x"}"#, r#"[{"label":"a","score":0.25},{"label":"d","score":0.75}]"#),
        (r#"{"inputs": ["x"]}"#, r#"[{"label":"a","score":0.25},{"label":"d","score":0.75}]"#),
        (
            r#"{"inputs": ["x"], "parameters": {"top_k": 1}}"#,
            r#"[[{"label":"b \"c\"","score":0.5}],[{"label":"d","score":0.75}]]"#,
        ),
        (
            r#"{"inputs": ["x"], "parameters": {"top_k": 2, "function_to_apply": "none"}}"#,
            r#"[[{"label":"b \"c\"","score":0.5},{"label":"a","score":0.0}],[{"label":"d","score":2.0},{"label":"a","score":-1.0}]]"#,
        ),
    ] {
        assert_eq!(reply(body, &predictions), expected, "{body}");
    }
    let body = r#"{"inputs": [""], "parameters": {"top_k": null, "function_to_apply": "softmax"}}"#;
    let softmax = reply(body, &predictions);
    assert!(softmax.starts_with(r#"[[{"label":"b \"c\"","score":0.45186"#), "{softmax}");
    let body = r#"{"inputs": [""], "parameters": {"function_to_apply": "sigmoid"}}"#;
    let sigmoid = reply(body, &predictions);
    assert!(
        sigmoid.starts_with(r#"[{"label":"a","score":0.5},{"label":"d","score":0.8807"#),
        "{sigmoid}"
    );
}

#[test]
fn one_text_is_answered_in_the_form_that_it_came_in() {
    let names = [0, 1];
    let predictions = Predictions::Classifier {
        labels: DataView::I64(&[1]),
        probabilities: DataView::F64(&[0.25, 0.75]),
        classes: 2,
        names: Some(DataView::I64(&names)),
        margins: None,
    };
    for (body, expected) in [
        (r#"{"inputs": "x"}"#, r#"[{"label":"1","score":0.75}]"#),
        (r#"{"inputs": ["x"]}"#, r#"[{"label":"1","score":0.75}]"#),
        (r#"{"inputs": {"text": "x", "text_pair": "y"}}"#, r#"{"label":"1","score":0.75}"#),
        (
            r#"{"inputs": "x", "parameters": {"top_k": 9}}"#,
            r#"[{"label":"1","score":0.75},{"label":"0","score":0.25}]"#,
        ),
        (r#"{"inputs": ["x"], "parameters": {"top_k": 1}}"#, r#"[[{"label":"1","score":0.75}]]"#),
    ] {
        assert_eq!(reply(body, &predictions), expected, "{body}");
    }
    let value = Predictions::Regressor { values: DataView::F32(&[0.0]) };
    let body = r#"{"inputs": "x", "parameters": {"function_to_apply": "sigmoid"}}"#;
    assert_eq!(reply(body, &value), r#"[{"label":"LABEL_0","score":0.5}]"#);
    assert_eq!(
        reply(r#"{"inputs": []}"#, &Predictions::Regressor { values: DataView::F32(&[]) }),
        "[]"
    );

    let request = asked(&one(), body).1.unwrap();
    let error = request.fits(&predictions).unwrap_err();
    assert_eq!(error.kind(), Kind::WrongParameter);
    assert_eq!(
        error.to_string(),
        "parameter \"function_to_apply\": expected a model that gives logits"
    );
}

#[test]
fn embeddings_are_a_vector_for_each_text() {
    let shape = Shape::new(&[2, 3]).unwrap();
    let vectors = DataView::F32(&[0.5, -1.0, 0.25, f32::NAN, 0.0, 1.0]);
    let outputs = [("embedding", TensorView::new(shape, vectors).unwrap())];
    let predictions = Predictions::Tensors { rows: 2, outputs: &outputs };
    let expected = "[[0.5,-1.0,0.25],[null,0.0,1.0]]";
    for body in
        [r#"{"inputs": ["x", "y"]}"#, r#"{"inputs": "x", "parameters": {"truncate": true}}"#]
    {
        assert_eq!(reply(body, &predictions), expected, "{body}");
    }
    let request = asked(&one(), r#"{"inputs": "x", "parameters": {"top_k": 1}}"#).1.unwrap();
    let error = request.fits(&predictions).unwrap_err().to_string();
    assert_eq!(error, "parameter \"top_k\": expected a model that tells classes apart");
    // Two outputs have no form of Hugging Face's.
    let two = [outputs[0], ("other", outputs[0].1)];
    let predictions = Predictions::Tensors { rows: 2, outputs: &two };
    assert!(!TextRequest::default().fits(&predictions).unwrap());
}

proptest! {
    #[test]
    fn any_texts_come_through(texts: Vec<(String, Option<String>)>) {
        let inputs = texts.iter().map(|(text, pair)| match pair {
            None => serde_json::json!(text),
            Some(pair) => serde_json::json!({ "text_pair": pair, "text": text }),
        });
        let body = serde_json::json!({ "inputs": inputs.collect::<Vec<_>>() }).to_string();
        let columns = decode(&pair(), Format::Json, body.as_bytes()).unwrap();
        let (DataView::Str(firsts), DataView::Str(seconds)) = (columns.data(0), columns.data(1)) else {
            panic!("the columns are text");
        };
        let read: Vec<_> = firsts.iter().zip(seconds.iter()).collect();
        let sent = texts.iter().map(|(text, pair)| (&**text, pair.as_deref().unwrap_or_default()));
        prop_assert_eq!(read, sent.collect::<Vec<_>>());
    }
}

#[test]
fn list_of_texts_is_bounded() {
    let list = |texts: usize| format!("{{\"inputs\": [{}\"a\"]}}", "\"a\", ".repeat(texts - 1));
    let (rows, request) = asked(&one(), &list(8192));
    assert_eq!((rows.matches('a').count(), request.is_some()), (8192, true));
    let mut columns = Columns::new(one());
    let more = list(8193);
    let error =
        Decoder::new(one()).decode(Format::Json, more.as_bytes(), &mut columns).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (
            Kind::TooLarge,
            "column \"inputs\": too large: expected 8192 texts at most, or rows under \"instances\""
        )
    );
}

#[test]
fn form_is_not_taken_for_models_from_elsewhere() {
    let mut columns = Columns::new(one());
    let mut decoder = Decoder::new(one()).text_requests(false);
    decoder.decode(Format::Json, br#"{"inputs": ["a"]}"#, &mut columns).unwrap();
    assert_eq!((shown(&columns).as_str(), decoder.text_request()), (r#""a""#, None));
}
