use hotplate_tensor::DataView;
use proptest::prelude::*;

use super::*;
use crate::{
    ModelErrorKind as Kind,
    onnx::fixture::{Writer, tensor},
};

fn parse(bytes: &[u8]) -> Result<TensorProto<'_>, ModelError> {
    TensorProto::parse(Piece::of_file(bytes), &mut Allowance::new())
}

/// Checks that `values` come back from raw bytes and from the typed field that `append` writes.
fn reads_back<T: Element>(
    element: i64,
    values: &[T],
    raw: impl Fn(T) -> Vec<u8>,
    append: impl Fn(Writer, T) -> Writer,
) {
    let head = tensor("t", element, &[i64::try_from(values.len()).unwrap()]);
    let bytes: Vec<u8> = values.iter().flat_map(|&value| raw(value)).collect();
    let typed = values.iter().fold(head.clone(), |tensor, &value| append(tensor, value));
    for file in [head.bytes(9, &bytes).finish(), typed.finish()] {
        let tensor = parse(&file).unwrap();
        assert_eq!((tensor.len(), tensor.element.dtype()), (values.len(), Some(T::DTYPE)));
        let decoded = tensor.decode().unwrap();
        assert!(T::slice(decoded.view()).unwrap() == values);
        assert!(tensor.elements::<T>().unwrap() == values);
    }
}

proptest! {
    #[test]
    fn numbers_of_every_type_read_back(
        i8s: Vec<i8>, i16s: Vec<i16>, i32s: Vec<i32>, i64s: Vec<i64>,
        u8s: Vec<u8>, u16s: Vec<u16>, u32s: Vec<u32>, u64s: Vec<u64>,
        bools: Vec<bool>, f32s: Vec<f32>, f64s: Vec<f64>,
    ) {
        let le = |value: i64| value.to_le_bytes();
        reads_back(3, &i8s, |v| le(v.into())[..1].into(), |t, v| t.int(5, v.into()));
        reads_back(5, &i16s, |v| le(v.into())[..2].into(), |t, v| t.int(5, v.into()));
        reads_back(6, &i32s, |v| le(v.into())[..4].into(), |t, v| t.int(5, v.into()));
        reads_back(7, &i64s, |v| le(v).into(), |t, v| t.int(7, v));
        reads_back(2, &u8s, |v| vec![v], |t, v| t.int(5, v.into()));
        reads_back(4, &u16s, |v| le(v.into())[..2].into(), |t, v| t.int(5, v.into()));
        reads_back(12, &u32s, |v| le(v.into())[..4].into(), |t, v| t.int(11, v.into()));
        reads_back(13, &u64s, |v| v.to_le_bytes().into(), |t, v| t.int(11, v.cast_signed()));
        reads_back(9, &bools, |v| vec![v.into()], |t, v| t.int(5, v.into()));
        reads_back(1, &f32s, |v| v.to_le_bytes().into(), |t, v| t.float(4, v));
        reads_back(11, &f64s, |v| v.to_le_bytes().into(), |t, v| t.double(10, v));
    }
}

#[test]
fn text_reads_back() {
    let file = tensor("t", 8, &[2]).text(6, "").text(6, "naïve").finish();
    let tensor = parse(&file).unwrap();
    assert_eq!(tensor.strings().unwrap(), ["", "naïve"]);
    let decoded = tensor.decode().unwrap();
    let DataView::Str(texts) = decoded.view() else { panic!("text was written") };
    assert!(texts.iter().eq(["", "naïve"]));
}

#[test]
fn scalar_has_one_element_and_no_dimensions() {
    let file = tensor("t", 1, &[]).float(4, 2.5).finish();
    let tensor = parse(&file).unwrap();
    assert!(tensor.dims.is_empty() && !tensor.is_empty());
    assert_eq!(tensor.elements::<f32>().unwrap(), [2.5]);
}

#[test]
fn packed_dimensions_are_read() {
    let dims = Writer::default().varint(2).varint(1).finish();
    let file = Writer::default().bytes(1, &dims).int(2, 1).bytes(9, &[0; 8]).finish();
    assert_eq!(parse(&file).unwrap().dims, [2, 1]);
}

#[test]
fn integer_of_five_bytes_is_read_as_negative() {
    // Some writers do not extend the sign of a 32-bit number to the 64 bits of a varint.
    let file = tensor("t", 6, &[1]).int(5, 0xffff_ffff).finish();
    assert_eq!(parse(&file).unwrap().elements::<i32>().unwrap(), [-1]);
}

#[test]
fn elements_that_are_none_of_their_type_are_refused() {
    let cases = [
        tensor("t", 3, &[1]).int(5, 128),
        tensor("t", 2, &[1]).int(5, -1),
        tensor("t", 9, &[1]).int(5, 2),
        tensor("t", 9, &[1]).bytes(9, &[2]),
        tensor("t", 12, &[1]).int(11, 1 << 32),
        tensor("t", 8, &[1]).bytes(6, &[0xff]),
    ];
    for case in cases {
        let file = case.finish();
        assert_eq!(parse(&file).unwrap().decode().unwrap_err().kind(), Kind::BadTensor);
    }
}

#[test]
fn tensor_of_another_type_is_refused() {
    let file = tensor("t", 1, &[1]).float(4, 1.0).finish();
    let tensor = parse(&file).unwrap();
    let error = tensor.elements::<i64>().unwrap_err();
    assert_eq!(error.to_string(), "a tensor should hold int64, holds float32, at byte 0");
    assert_eq!(tensor.strings().unwrap_err().kind(), Kind::BadTensor);
}

#[test]
fn types_that_are_not_computed_with_are_checked_but_not_decoded() {
    let cases = [
        tensor("t", 10, &[3]).bytes(9, &[0; 6]),
        tensor("t", 10, &[2]).int(5, 1).int(5, 2),
        tensor("t", 14, &[1]).float(4, 1.0).float(4, 2.0),
        tensor("t", 22, &[3]).bytes(9, &[0; 2]),
        tensor("t", 22, &[3]).int(5, 1).int(5, 2),
        tensor("t", 27, &[2]).bytes(9, &[0; 2]),
    ];
    for case in cases {
        let file = case.finish();
        let tensor = parse(&file).unwrap();
        assert_eq!(tensor.element.dtype(), None);
        assert_eq!(tensor.decode().unwrap_err().kind(), Kind::BadTensor);
    }
}
