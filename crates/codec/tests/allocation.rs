//! Nothing is allocated once buffers have grown to the size of the requests.

#[path = "support/counting.rs"]
mod counting;

use std::sync::Arc;

use counting::allocations;
use hotplate_codec::{Decoder, Field, Format, Predictions, encode};
use hotplate_tensor::{Columns, DType, DataView, InputSpec, RowDim, RowShape, Schema, StrView};

/// The allocations of the second run of `work`, after a first that may grow its buffers.
fn second_run(mut work: impl FnMut()) -> usize {
    work();
    allocations(work)
}

#[test]
fn second_decode_allocates_nothing() {
    let columns = [("age", DType::F32), ("job", DType::Str), ("calls", DType::I64)];
    let inputs =
        columns.map(|(name, dtype)| InputSpec { name: name.into(), dtype, row_shape: 1.into() });
    let schema = Arc::new(Schema::new(inputs.into()).unwrap());
    let mut columns = Columns::new(Arc::clone(&schema));
    let mut decoder = Decoder::new(schema);
    for (format, body) in [
        (Format::Csv, "1.5,\"a \"\"b\"\"\",3\n,plain,4\n"),
        (Format::Csv, "calls,job,age\n3,\"a \"\"b\"\"\",1\n4,plain,\n"),
        (Format::Json, r#"[[1.5,"a\u00e9\n",3],[null,"",4]]"#),
        (Format::Json, r#"[1.2345678901234567890123e-30,"a",3]"#),
        (
            Format::Json,
            r#"{"instances":[{"job":"a\"b","age":1,"calls":2},{"calls":1,"age":2,"j\u006fb":""}]}"#,
        ),
        (Format::Json, r#"{"age":[1,2],"calls":[3,4],"job":["a","\\"]}"#),
        (
            Format::Json,
            r#"{"dataframe_split":{"data":[[1,"a",2]],"columns":["age","job","calls"]}}"#,
        ),
        (Format::Json, r#"{"columns":["calls","job","age"],"index":[0,[1]],"data":[[1,"a",2]]}"#),
        (Format::JsonLines, "[1,\"a\\t\",2]\n{\"job\":\"x\",\"age\":1,\"calls\":2}\n"),
    ] {
        let allocations =
            second_run(|| decoder.decode(format, body.as_bytes(), &mut columns).unwrap());
        assert_eq!(allocations, 0, "{format}: {body}");
    }
}

#[test]
fn second_decode_of_numbers_allocates_nothing() {
    let matrix = InputSpec { name: "x".into(), dtype: DType::F64, row_shape: 4.into() };
    let schema = Arc::new(Schema::new(vec![matrix]).unwrap());
    let mut columns = Columns::new(Arc::clone(&schema));
    let mut decoder = Decoder::new(schema);
    for name in [
        "float-big-f4.npy",
        "fortran.npy",
        "csr-deflated.npz",
        "csc-stored.npz",
        "coo-deflated.npz",
        "bsr-blocks.npz",
        "sklearn-one.libsvm",
        "dense-float64.recordio",
        "sparse-float32.recordio",
    ] {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/formats/golden/");
        let body = std::fs::read(format!("{path}{name}")).unwrap();
        let format = Format::from_name(name.rsplit_once('.').unwrap().1).unwrap();
        let allocations = second_run(|| decoder.decode(format, &body, &mut columns).unwrap());
        assert_eq!(allocations, 0, "{name}");
    }
    let body = br#"{"instances":[{"keys":[3,1],"shape":[4],"values":[1,2]}]}"#;
    let allocations = second_run(|| decoder.decode(Format::Json, body, &mut columns).unwrap());
    assert_eq!(allocations, 0);
}

#[test]
fn second_decode_of_tensors_allocates_nothing() {
    let open = || RowDim::Open(Some("n".into()));
    let inputs = [
        ("ids", DType::I64, vec![open()]),
        ("words", DType::Str, vec![open(), RowDim::Fixed(2)]),
        ("weight", DType::F32, vec![RowDim::Fixed(1)]),
    ];
    let inputs = inputs.map(|(name, dtype, dims)| InputSpec {
        name: name.into(),
        dtype,
        row_shape: RowShape::new(dims).unwrap(),
    });
    let schema = Arc::new(Schema::new(inputs.into()).unwrap());
    let mut columns = Columns::new(Arc::clone(&schema));
    let mut decoder = Decoder::new(schema);
    let row = r#"{"ids":[1,2],"words":[["a\n","b"],["c",null]],"weight":0.5}"#;
    let turned = r#"{"w\u0065ight":[1],"words":[["a","b"],["c",""]],"ids":[1,2]}"#;
    for (format, body) in [
        (Format::Json, row.to_owned()),
        (Format::Json, format!("[{row},{turned}]")),
        (Format::Json, format!("{{\"instances\":[{turned},{row}]}}")),
        (
            Format::Json,
            r#"{"ids":[[1],[2]],"weight":[1,2],"words":[[["a","b"]],[["c","d\u00e9"]]]}"#.into(),
        ),
        (Format::JsonLines, format!("{row}\n{turned}\n")),
    ] {
        let allocations =
            second_run(|| decoder.decode(format, body.as_bytes(), &mut columns).unwrap());
        assert_eq!(allocations, 0, "{format}: {body}");
    }
}

#[test]
fn second_encode_allocates_nothing() {
    let labels = ["Yes", "No \"way\""];
    let predictions = Predictions::Classifier {
        labels: DataView::Str(StrView::from(&labels[..])),
        probabilities: DataView::F32(&[0.1, 0.9, 0.75, f32::NAN]),
        classes: 2,
        names: None,
        margins: None,
    };
    let fields = [Field::PredictedLabel, Field::Probabilities];
    let mut reply = Vec::new();
    for format in [Format::Csv, Format::Json, Format::JsonLines, Format::RecordIo] {
        for fields in [None, Some(&fields[..])] {
            let allocations = second_run(|| {
                reply.clear();
                encode(format, &predictions, fields, &mut reply);
            });
            assert_eq!(allocations, 0, "{format}");
        }
    }
}
