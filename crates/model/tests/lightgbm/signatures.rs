//! What rows of LightGBM files look like, and what comes out.

use hotplate_model::{Batching, Format, Labels, Model, ModelErrorKind, Signature, Task};
use hotplate_tensor::DType;

use crate::data;

fn signature(model: &str) -> Signature {
    data::open(model).signature(None).expect("it can be described")
}

/// The name, the type and the dimensions of a row of each output.
fn outputs(signature: &Signature) -> Vec<(&str, DType, Vec<Option<usize>>)> {
    let outputs = signature.outputs().iter();
    outputs.map(|o| (&*o.name, o.dtype, o.row_dims.clone().expect("they are known"))).collect()
}

#[test]
fn numbers_are_one_matrix_with_names() {
    let signature = signature("regression");
    let schema = signature.schema();
    assert_eq!(schema.inputs().len(), 1);
    assert_eq!(schema.inputs()[0].name, "features");
    assert_eq!(schema.inputs()[0].dtype, DType::F64);
    assert_eq!(schema.inputs()[0].row_shape.width(), Some(5));
    assert_eq!(schema.column_index("höhe"), Some(2));
    assert_eq!(signature.batching(), Batching::Rows);
    assert_eq!(outputs(&signature), [("prediction", DType::F64, vec![Some(1)])]);
    assert_eq!(*signature.task(), Task::Regressor { value: 0 });
}

#[test]
fn names_may_be_the_librarys_or_given() {
    let schema = signature("shallow").schema().clone();
    assert!(schema.is_named());
    assert_eq!(schema.column_index("Column_4"), Some(4));

    let names = ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec();
    let given = data::open("shallow").signature(Some(names)).unwrap();
    assert_eq!(given.schema().column_index("e"), Some(4));
    let error = data::open("shallow").signature(Some(vec!["a".into()])).unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::BadNames);
}

#[test]
fn names_that_repeat_are_refused() {
    let text = data::text("regression").replace("=age income ", "=age age ");
    let error = Model::from_bytes(text.into()).unwrap().signature(None).unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::BadNames);
    assert_eq!(error.to_string(), "two columns are called \"age\"");
}

#[test]
fn categories_of_text_are_columns_of_text() {
    for model in ["frame", "version-2-frame", "version-3-frame"] {
        let signature = signature(model);
        let columns = signature.schema().columns();
        let found: Vec<_> = columns.iter().map(|c| (&*c.name, c.dtype, c.input)).collect();
        let expected = [
            ("town", DType::Str, 0),
            ("amount", DType::F64, 1),
            ("size", DType::F64, 2),
            ("member", DType::F64, 3),
        ];
        assert_eq!(found, expected, "{model}");
    }
    let names = ["t", "a", "s", "m"].map(str::to_owned).to_vec();
    let given = data::open("frame").signature(Some(names)).unwrap();
    assert_eq!(given.schema().column_index("t"), Some(0));
    assert_eq!(given.schema().input_index("town"), Some(0));
}

#[test]
fn classifiers_give_a_label_and_probabilities() {
    for (model, classes) in [
        ("binary", 2),
        ("binary-sigmoid", 2),
        ("forest-binary", 2),
        ("multiclass", 3),
        ("multiclassova", 3),
        ("frame-multiclass", 3),
    ] {
        let signature = signature(model);
        let probabilities = ("probabilities", DType::F64, vec![Some(classes)]);
        assert_eq!(outputs(&signature), [("label", DType::I64, vec![]), probabilities], "{model}");
        let classes = Labels::Integers((0..classes as i64).collect());
        let task = Task::Classifier { label: 0, probabilities: 1, classes };
        assert_eq!(*signature.task(), task, "{model}");
    }
}

#[test]
fn scores_of_ones_own_are_as_wide_as_they_are() {
    let signature = signature("custom-of-two");
    assert_eq!(outputs(&signature), [("prediction", DType::F64, vec![Some(2)])]);
    assert_eq!(*signature.task(), Task::Other);
    for model in ["custom", "lambdarank", "cross_entropy", "forest"] {
        assert_eq!(*self::signature(model).task(), Task::Regressor { value: 0 }, "{model}");
    }
}

#[test]
fn other_formats_views_are_refused() {
    let model = data::open("regression");
    assert_eq!(model.format(), Format::LightGbm);
    let error = model.onnx().unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::UnsupportedFormat);
    assert!(error.to_string().ends_with("should be in ONNX format, is in LightGBM format"));
    assert!(model.without_zipmap().is_err());
    assert!(model.external_files().unwrap().is_empty());
}
