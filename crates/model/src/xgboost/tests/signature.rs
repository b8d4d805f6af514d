use hotplate_tensor::DType;

use super::file;
use crate::{Batching, Labels, Model, Task, xgboost::CategoryNames};

#[test]
fn matrix_in_and_classes_out() {
    let model = Model::from_bytes(file("1.3.3/binary-logistic.bin")).unwrap();
    let signature = model.signature(None).unwrap();
    let schema = signature.schema();
    assert_eq!((schema.inputs().len(), signature.batching()), (1, Batching::Rows));
    assert_eq!((&*schema.inputs()[0].name, schema.inputs()[0].dtype), ("features", DType::F32));
    assert_eq!((schema.inputs()[0].row_shape.width(), schema.is_named()), (Some(3), false));
    let classes = Labels::Integers(vec![0, 1]);
    assert_eq!(*signature.task(), Task::Classifier { label: 0, probabilities: 1, classes });
    let outputs: Vec<_> =
        signature.outputs().iter().map(|output| (&*output.name, output.dtype)).collect();
    assert_eq!(outputs, [("label", DType::I64), ("probabilities", DType::F32)]);
    assert_eq!(signature.outputs()[1].row_dims, Some(vec![Some(2)]));

    let named = model.signature(Some(["a", "b", "c"].map(str::to_owned).to_vec())).unwrap();
    assert_eq!(named.schema().column_index("c"), Some(2));
}

#[test]
fn several_outputs_are_one_prediction() {
    let signature = |name| Model::from_bytes(file(name)).unwrap().signature(None).unwrap();
    let targets = signature("3.2.0/vector-leaves.json");
    assert_eq!(targets.outputs()[0].row_dims, Some(vec![Some(3)]));
    assert_eq!(*targets.task(), Task::Other);
    assert_eq!(*signature("0.90/poisson.bin").task(), Task::Regressor { value: 0 });
    let classes = Labels::Integers(vec![0, 1, 2]);
    let task = Task::Classifier { label: 0, probabilities: 1, classes };
    assert_eq!(*signature("3.2.0/softmax.ubj").task(), task);
}

#[test]
fn categories_that_are_texts_are_columns_of_texts() {
    let model = Model::from_bytes(file("3.2.0/frame.ubj")).unwrap();
    let contents = model.xgboost().unwrap();
    assert_eq!(contents.feature_types, ["float", "c", "c", "c"]);
    let sizes = ["large", "medium", "small"].map(str::to_owned).to_vec();
    assert_eq!(contents.categories[1], Some(CategoryNames::Texts(sizes)));
    assert_eq!(contents.categories[2], Some(CategoryNames::Integers(vec![10, 20, 50])));
    // XGBoost cut these in the wrong places.
    assert_eq!(contents.categories[3], None);

    let signature = model.signature(None).unwrap();
    let columns: Vec<_> = signature
        .schema()
        .columns()
        .iter()
        .map(|column| (&*column.name, column.dtype, column.input))
        .collect();
    let expected = [
        ("age", DType::F32, 0),
        ("size", DType::Str, 1),
        ("plan", DType::F32, 2),
        ("town", DType::F32, 3),
    ];
    assert_eq!(columns, expected);
}
