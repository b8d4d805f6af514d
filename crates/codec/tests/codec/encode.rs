use hotplate_codec::{Encoder, Field, Format, Predictions, encode};
use hotplate_tensor::{DataView, Shape, StrView, TensorView};

fn reply(format: Format, predictions: &Predictions<'_>, fields: Option<&[Field]>) -> String {
    let mut reply = Vec::new();
    encode(format, predictions, fields, &mut reply);
    String::from_utf8(reply).unwrap()
}

const YES_NO: [&str; 2] = ["No, \"never\"", "Yes"];

fn binary() -> Predictions<'static> {
    Predictions::Classifier {
        labels: DataView::Str(StrView::from(&YES_NO[..])),
        probabilities: DataView::F32(&[0.75, 0.25, 0.1, 0.9]),
        classes: 2,
        names: None,
        margins: None,
    }
}

fn three_classes() -> Predictions<'static> {
    Predictions::Classifier {
        labels: DataView::I64(&[2, -1]),
        probabilities: DataView::F64(&[0.25, 0.25, 0.5, f64::NAN, 1e-7, f64::INFINITY]),
        classes: 3,
        names: None,
        margins: None,
    }
}

#[test]
fn classifier_replies() {
    assert_eq!(
        reply(Format::Json, &binary(), None),
        concat!(
            r#"{"predictions":[{"predicted_label":"No, \"never\"","score":0.25,"probabilities":[0.75,0.25]},"#,
            r#"{"predicted_label":"Yes","score":0.9,"probabilities":[0.1,0.9]}]}"#
        )
    );
    assert_eq!(reply(Format::Csv, &binary(), None), "0.25\n0.9\n");
    assert_eq!(
        reply(Format::JsonLines, &three_classes(), None),
        concat!(
            "{\"predicted_label\":2,\"score\":0.5,\"probabilities\":[0.25,0.25,0.5]}\n",
            "{\"predicted_label\":-1,\"score\":null,\"probabilities\":[null,1e-7,null]}\n"
        )
    );
    assert_eq!(reply(Format::Csv, &three_classes(), None), "0.25,0.25,0.5\nnan,1e-7,inf\n");
}

#[test]
fn regressor_replies() {
    let predictions =
        Predictions::Regressor { values: DataView::F32(&[0.1, -0.0, f32::NEG_INFINITY]) };
    assert_eq!(
        reply(Format::Json, &predictions, None),
        r#"{"predictions":[{"score":0.1},{"score":-0.0},{"score":null}]}"#
    );
    assert_eq!(reply(Format::Csv, &predictions, None), "0.1\n-0.0\n-inf\n");
    let integers = Predictions::Regressor { values: DataView::I64(&[i64::MIN]) };
    assert_eq!(reply(Format::Csv, &integers, None), "-9223372036854775808\n");
}

#[test]
fn fields_come_in_the_order_asked_for() {
    let fields = [Field::Probabilities, Field::PredictedLabel, Field::Probability];
    assert_eq!(
        reply(Format::JsonLines, &binary(), Some(&fields)),
        concat!(
            "{\"probabilities\":[0.75,0.25],\"predicted_label\":\"No, \\\"never\\\"\",\"probability\":0.25}\n",
            "{\"probabilities\":[0.1,0.9],\"predicted_label\":\"Yes\",\"probability\":0.9}\n"
        )
    );
    assert_eq!(
        reply(Format::Csv, &binary(), Some(&fields)),
        "\"[0.75, 0.25]\",\"No, \"\"never\"\"\",0.25\n\"[0.1, 0.9]\",Yes,0.9\n"
    );
    let regressor = Predictions::Regressor { values: DataView::F64(&[1.5]) };
    let fields = [Field::PredictedScore, Field::PredictedLabel];
    assert_eq!(
        reply(Format::Json, &regressor, Some(&fields)),
        r#"{"predictions":[{"predicted_score":1.5,"predicted_label":null}]}"#
    );
    assert_eq!(reply(Format::Csv, &regressor, Some(&fields)), "1.5,nan\n");
    assert_eq!(reply(Format::Json, &regressor, Some(&[])), r#"{"predictions":[{}]}"#);
}

#[test]
fn tensors_are_nested_by_the_shape_of_a_row() {
    let view = |dims: &[usize], data| TensorView::new(Shape::new(dims).unwrap(), data).unwrap();
    let words = ["a", "b,c"];
    let outputs = [
        ("matrix", view(&[2, 2, 2], DataView::F32(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]))),
        ("scalar", view(&[2], DataView::Bool(&[true, false]))),
        ("one \"wide\"", view(&[2, 1, 1], DataView::I64(&[1, 2]))),
        ("none", view(&[2, 0], DataView::U8(&[]))),
        ("word", view(&[2, 1], DataView::Str(StrView::from(&words[..])))),
    ];
    let predictions = Predictions::Tensors { rows: 2, outputs: &outputs };
    assert_eq!(
        reply(Format::Json, &predictions, None),
        concat!(
            r#"{"predictions":["#,
            r#"{"matrix":[[1.0,2.0],[3.0,4.0]],"scalar":true,"one \"wide\"":1,"none":[],"word":"a"},"#,
            r#"{"matrix":[[5.0,6.0],[7.0,8.0]],"scalar":false,"one \"wide\"":2,"none":[],"word":"b,c"}]}"#
        )
    );
    assert_eq!(
        reply(Format::Csv, &predictions, None),
        "1.0,2.0,3.0,4.0,true,1,a\n5.0,6.0,7.0,8.0,false,2,\"b,c\"\n"
    );
}

#[test]
fn parts_that_disagree_about_the_rows_are_never_written() {
    let labels = DataView::I64(&[0, 1]);
    let outputs = |dims: &[usize]| {
        TensorView::new(Shape::new(dims).unwrap(), DataView::F32(&[0.5; 4])).unwrap()
    };
    let (four, two) = (outputs(&[4]), outputs(&[2, 2]));
    for (predictions, part) in [
        (
            Predictions::Classifier {
                labels,
                probabilities: DataView::F32(&[0.5; 6]),
                classes: 2,
                names: None,
                margins: None,
            },
            "6 probabilities",
        ),
        (
            Predictions::Tensors { rows: 2, outputs: &[("two", two), ("four", four)] },
            "output \"four\" of 4 rows",
        ),
    ] {
        for format in [Format::Csv, Format::Json] {
            let panic = std::panic::catch_unwind(|| reply(format, &predictions, None)).unwrap_err();
            let message = panic.downcast_ref::<String>().unwrap();
            assert!(message.contains(part), "{message}");
        }
    }
}

#[test]
fn no_rows_are_a_reply_as_well() {
    let predictions = Predictions::Regressor { values: DataView::F64(&[]) };
    assert_eq!(reply(Format::Json, &predictions, None), r#"{"predictions":[]}"#);
    assert_eq!(reply(Format::Csv, &predictions, None), "");
    assert_eq!(reply(Format::JsonLines, &predictions, None), "");
    let mut out = Vec::new();
    Encoder::new(Format::Json, None).finish(&mut out);
    assert_eq!(out, br#"{"predictions":[]}"#);
}

#[test]
fn scores_without_a_number_among_them() {
    let predictions = |probabilities, classes| Predictions::Classifier {
        labels: DataView::I64(&[0]),
        probabilities,
        classes,
        names: None,
        margins: None,
    };
    let score = Some(&[Field::Score][..]);
    let all_nan = predictions(DataView::F32(&[f32::NAN; 3]), 3);
    assert_eq!(reply(Format::Csv, &all_nan, score), "nan\n");
    let first_nan = predictions(DataView::F64(&[f64::NAN, 0.25, 0.5]), 3);
    assert_eq!(reply(Format::Csv, &first_nan, score), "0.5\n");
    assert_eq!(reply(Format::Csv, &predictions(DataView::F32(&[0.5]), 1), score), "0.5\n");
    assert_eq!(
        reply(Format::Json, &predictions(DataView::F32(&[]), 0), score),
        r#"{"predictions":[{"score":null}]}"#
    );
}
