use super::*;
use crate::{
    ModelErrorKind as Kind,
    onnx::fixture::{FLOAT, STRING, Writer, tensor},
};

/// A map as the suites store it: a scalar tensor for each value.
fn map(keys: Writer, values: &[f32]) -> Writer {
    let scores = values.iter().fold(Writer::default().int(2, 1), |scores, &value| {
        scores.message(3, &tensor("", FLOAT, &[]).float(4, value))
    });
    keys.message(5, &scores)
}

fn maps(maps: &[Writer]) -> Result<Vec<TestMap>, ModelError> {
    let head = Writer::default().text(1, "scores").int(2, 4);
    let file = maps.iter().fold(head, |file, map| file.message(6, map)).finish();
    match read_value(&file)? {
        TestValue::Maps(maps) => Ok(maps),
        other @ TestValue::Tensor { .. } => panic!("{other:?}"),
    }
}

#[test]
fn tensors_are_read_with_name_and_shape() {
    let file = tensor("x", FLOAT, &[2, 1]).bytes(9, &[0, 0, 128, 63, 0, 0, 0, 64]).finish();
    let TestValue::Tensor { name, shape, data } = read_value(&file).unwrap() else { panic!() };
    assert_eq!((name.as_str(), shape.dims()), ("x", &[2, 1][..]));
    assert!(matches!(data, Data::F32(elements) if elements == [1.0, 2.0]));
    let texts = tensor("x", STRING, &[1]).text(6, "a").finish();
    assert!(matches!(read_value(&texts).unwrap(), TestValue::Tensor { data: Data::Str(_), .. }));
    let of_code_four = tensor("x", 4, &[1]).int(5, 7).finish();
    assert!(matches!(read_value(&of_code_four).unwrap(), TestValue::Tensor { .. }));
}

#[test]
fn maps_of_numbers_and_texts_are_read() {
    let numbers = Writer::default().int(2, 7).int(3, 0).int(3, -1);
    let packed = Writer::default().bytes(3, &[5, 6]);
    let texts = Writer::default().text(4, "no").text(4, "yes");
    let read = maps(&[
        map(numbers, &[0.25, 0.75]),
        map(packed, &[1.0, 0.0]),
        map(texts, &[0.5, 0.5]),
        Writer::default(),
    ])
    .unwrap();
    assert!(matches!(&read[0].keys, Data::I64(keys) if *keys == [0, -1]));
    assert_eq!(read[0].values, [0.25, 0.75]);
    assert!(matches!(&read[1].keys, Data::I64(keys) if *keys == [5, 6]));
    let Data::Str(texts) = &read[2].keys else { panic!("texts were written") };
    assert_eq!(texts.view().iter().collect::<Vec<_>>(), ["no", "yes"]);
    assert!(read[3].keys.is_empty() && read[3].values.is_empty());
    assert!(maps(&[]).unwrap().is_empty());
}

#[test]
fn maps_that_make_no_sense_are_refused() {
    let two = || Writer::default().int(3, 0).int(3, 1);
    let cases = [
        (map(two(), &[0.5]), Kind::BadTensor),
        (map(two().text(4, "a"), &[0.5; 3]), Kind::BadTensor),
        (map(Writer::default().bytes(4, &[0xff]), &[0.5]), Kind::Malformed),
        (Writer::default().bytes(3, &[0x80]), Kind::Truncated),
        (
            two().message(5, &Writer::default().message(3, &tensor("", 7, &[1]).int(7, 1))),
            Kind::BadTensor,
        ),
    ];
    for (map, kind) in cases {
        let error = maps(&[map]).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
    for file in [&[][..], &[0x08], &[0x10, 0x01, 0x4a, 0x7f]] {
        read_value(file).unwrap_err();
    }
}
