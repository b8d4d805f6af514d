use hotplate_codec::{Encoder, Field, Format, Predictions, Sparse, encode};
use hotplate_tensor::{DType, DataView, RowDim, Shape, StrView, TensorView};

use crate::{
    golden::golden,
    support::{decode, matrix, of, shown},
};

fn reply(format: Format, predictions: &Predictions<'_>, fields: Option<&[Field]>) -> Vec<u8> {
    let mut reply = Vec::new();
    encode(format, predictions, fields, &mut reply);
    reply
}

fn classifier<'a>(probabilities: &'a [f32], classes: usize) -> Predictions<'a> {
    Predictions::Classifier {
        labels: DataView::I64(&[1, 0]),
        probabilities: DataView::F32(probabilities),
        classes,
        names: Some(DataView::I64(&[0, 1])),
        margins: Some(DataView::F32(&[0.5, -1.5])),
    }
}

#[test]
fn arrays_are_as_numpy_saves_them() {
    let numbers = Predictions::Regressor { values: DataView::F32(&[1.5, -2.0]) };
    assert_eq!(reply(Format::Npy, &numbers, None), golden("reply-numbers.npy"));
    let classes = Predictions::Classifier {
        labels: DataView::I64(&[1, 0]),
        probabilities: DataView::F64(&[0.25, 0.75, 0.0, 0.5, 0.25, 0.25]),
        classes: 3,
        names: None,
        margins: None,
    };
    assert_eq!(reply(Format::Npy, &classes, None), golden("reply-classes.npy"));
}

#[test]
fn arrays_are_read_back() {
    let read = |width, body: &[u8]| {
        let columns = decode(&matrix(width), Format::Npy, Sparse::default(), body).unwrap();
        shown(&columns)
    };
    let two = classifier(&[0.25, 0.75, 0.5, 0.5], 2);
    assert_eq!(read(1, &reply(Format::Npy, &two, None)), "0.75 | 0.5");
    let three = classifier(&[0.25, 0.75, 0.0, 0.5, 0.25, 0.25], 3);
    assert_eq!(read(3, &reply(Format::Npy, &three, None)), "0.25 0.75 0 | 0.5 0.25 0.25");
    let fields = [Field::PredictedLabel, Field::Probabilities, Field::RawScore];
    assert_eq!(
        read(4, &reply(Format::Npy, &two, Some(&fields))),
        "1 0.25 0.75 0.5 | 0 0.5 0.5 -1.5"
    );
    let none = Predictions::Regressor { values: DataView::F64(&[]) };
    assert_eq!(read(1, &reply(Format::Npy, &none, None)), "");
    let precise = Predictions::Regressor { values: DataView::F64(&[0.1]) };
    assert_eq!(read(1, &reply(Format::Npy, &precise, None)), "0.1");

    let shape = Shape::new(&[1, 2, 2]).unwrap();
    let output = TensorView::new(shape, DataView::I64(&[1, 2, 3, 1 << 52])).unwrap();
    let outputs = [("y", output)];
    let tensors = Predictions::Tensors { rows: 1, outputs: &outputs };
    let body = reply(Format::Npy, &tensors, None);
    let open = || RowDim::Open(None);
    let schema = of(&[("y", DType::F64, vec![open(), open()])]);
    let columns = decode(&schema, Format::Npy, Sparse::default(), &body).unwrap();
    assert_eq!(shown(&columns), "1 2 3 4503599627370496");
}

#[test]
fn array_of_many_blocks_is_one() {
    let mut encoder = Encoder::new(Format::Npy, None);
    let mut out = Vec::new();
    for value in [1.0, 2.0] {
        encoder.block(&Predictions::Regressor { values: DataView::F32(&[value]) }, &mut out);
        assert!(out.is_empty());
    }
    encoder.finish(&mut out);
    let whole = Predictions::Regressor { values: DataView::F32(&[1.0, 2.0]) };
    assert_eq!(out, reply(Format::Npy, &whole, None));
}

#[test]
fn records_are_clean_and_named() {
    let predictions = classifier(&[0.25, 0.75, 0.5, 0.5], 2);
    let fields = [Field::PredictedLabel, Field::Score];
    let entry = |name: &str, value: f32| {
        let tensor = [&[0x12, 6, 0x0a, 4][..], &value.to_le_bytes()].concat();
        let length = u8::try_from(name.len()).unwrap();
        let entry = [&[0x0a, length][..], name.as_bytes(), &[0x12, 8], &tensor].concat();
        [&[0x12, u8::try_from(entry.len()).unwrap()][..], &entry].concat()
    };
    let record = |label: f32, score: f32| {
        let record = [entry("predicted_label", label), entry("score", score)].concat();
        let length = u32::try_from(record.len()).unwrap();
        let padding = vec![0; record.len().next_multiple_of(4) - record.len()];
        [&b"\x0a\x23\xd7\xce"[..], &length.to_le_bytes(), &record, &padding].concat()
    };
    let expected = [record(1.0, 0.75), record(0.0, 0.5)].concat();
    assert_eq!(reply(Format::RecordIo, &predictions, Some(&fields)), expected);
}

#[test]
fn text_in_records_is_bytes() {
    let labels = ["é", ""];
    let predictions = Predictions::Classifier {
        labels: DataView::Str(StrView::from(&labels[..])),
        probabilities: DataView::F32(&[0.5; 4]),
        classes: 2,
        names: None,
        margins: None,
    };
    let reply = reply(Format::RecordIo, &predictions, Some(&[Field::PredictedLabel]));
    let text = b"\x12\x06\x4a\x04\x0a\x02\xc3\xa9";
    assert!(reply.windows(text.len()).any(|window| window == text));
}

#[test]
fn every_field_of_selectable_inference_has_a_value_or_none() {
    let two = classifier(&[0.25, 0.75, 0.5, 0.5], 2);
    let fields: Vec<Field> = [
        "Predicted_Label",
        "labels",
        "probability",
        "probabilities",
        "raw_score",
        "raw_scores",
        "predicted_score",
    ]
    .into_iter()
    .map(|name| Field::from_name(name).unwrap())
    .collect();
    let text =
        |format, predictions| String::from_utf8(reply(format, predictions, Some(&fields))).unwrap();
    assert_eq!(
        text(Format::Csv, &two).lines().next().unwrap(),
        "1,\"[0, 1]\",0.75,\"[0.25, 0.75]\",0.5,\"[0.5]\",0.75"
    );
    assert_eq!(
        text(Format::JsonLines, &two).lines().nth(1).unwrap(),
        concat!(
            r#"{"predicted_label":0,"labels":[0,1],"probability":0.5,"probabilities":[0.5,0.5],"#,
            r#""raw_score":-1.5,"raw_scores":[-1.5],"predicted_score":0.5}"#
        )
    );
    let bare = Predictions::Classifier {
        labels: DataView::I64(&[1]),
        probabilities: DataView::F32(&[0.25, 0.75]),
        classes: 2,
        names: None,
        margins: None,
    };
    assert_eq!(text(Format::Csv, &bare), "1,nan,0.75,\"[0.25, 0.75]\",nan,nan,0.75\n");
    let names = ["No, \"never\"", "Yes"];
    let named = Predictions::Classifier {
        labels: DataView::Str(StrView::from(&names[..1])),
        probabilities: DataView::F32(&[0.25, f32::NAN]),
        classes: 2,
        names: Some(DataView::Str(StrView::from(&names[..]))),
        margins: None,
    };
    let mut out = Vec::new();
    encode(Format::Csv, &named, Some(&[Field::Labels, Field::Probabilities]), &mut out);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "\"[\"\"No, \\\"\"never\\\"\"\"\", \"\"Yes\"\"]\",\"[0.25, nan]\"\n"
    );
}

#[test]
fn formats_that_are_only_read_are_never_written() {
    for format in [Format::Libsvm, Format::Npz] {
        assert!(!format.is_written());
        assert!(std::panic::catch_unwind(|| Encoder::new(format, None)).is_err());
    }
}
