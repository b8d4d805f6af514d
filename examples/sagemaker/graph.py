"""From a fitted scikit-learn pipeline to an ONNX graph."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.base import is_classifier

import recipe
import steps
from sample import Sample

MATRIX = "features"
"""The name of the graph's input where the pipeline takes one matrix."""


def inputs(sample: Sample) -> list[tuple[str, object]]:
    """The graph's inputs: one for each column of a data frame, or one matrix."""
    if sample.named:
        return [
            (name, (StringTensorType if name in sample.texts else FloatTensorType)([None, 1]))
            for name in sample.columns
        ]
    if not sample.texts:
        return [(MATRIX, FloatTensorType([None, len(sample.columns)]))]
    if len(sample.texts) == len(sample.columns):
        return [(MATRIX, StringTensorType([None, len(sample.columns)]))]
    raise ValueError(
        "the pipeline takes a matrix of numbers and texts together, which no graph can: "
        "fit it on a data frame, with a ColumnTransformer that names its columns"
    )


def convert(model: object, sample: Sample, name: str) -> onnx.ModelProto:
    """The whole pipeline as one graph; classifiers give a label and a row of probabilities."""
    if is_classifier(model) and not hasattr(model, "predict_proba"):
        raise ValueError(steps.REASON_NO_PROBABILITIES)
    options = {id(model): {"zipmap": False}} if is_classifier(model) else None
    proto = convert_sklearn(model, name=name, initial_types=inputs(sample), options=options)
    if not sample.named:
        names = proto.metadata_props.add()
        names.key, names.value = "feature_names", json.dumps(sample.columns)
    onnx.checker.check_model(proto)
    return proto


def signature(path: Path, model: object, sample: Sample) -> dict[str, object]:
    """What the model takes and gives, for whoever writes a client."""
    session = recipe.one_thread_session(path)
    first = sample.rows[0]
    return {
        "task": "classification" if is_classifier(model) else "regression",
        "columns": [
            {
                "name": name,
                "type": "text" if name in sample.texts else "number",
                "example": cell if name in sample.texts else recipe.json_number(cell),
            }
            for name, cell in zip(sample.columns, first, strict=True)
        ],
        "classes": [str(label) for label in getattr(model, "classes_", [])],
        "outputs": [
            {"name": output.name, "type": output.type, "shape": output.shape}
            for output in session.get_outputs()
        ],
        "sha256": recipe.sha256_of(path),
    }
