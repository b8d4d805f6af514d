"""Trained models as ONNX graphs, each by the exporter that its users have."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import onnxmltools
from catboost import CatBoost
from onnx import TensorProto, helper
from onnxmltools.convert.common.data_types import FloatTensorType as MatrixType
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, StringTensorType

from data import Table

INPUT = "features"


def matrix(model: object, width: int, **options: object) -> onnx.ModelProto:
    """A scikit-learn model that takes `[rows, width]`."""
    inputs = [(INPUT, FloatTensorType([None, width]))]
    return scikit_learn(model, inputs, options)


def columns(
    model: object, table: Table, operators: dict[str, int] | None = None, **options: object
) -> onnx.ModelProto:
    """A scikit-learn model with an input `[rows, 1]` for each column.

    `operators` is the version of each domain, where the newest will not do.
    """
    inputs = [
        (name, FloatTensorType([None, 1]) if name in table.numbers else StringTensorType([None, 1]))
        for name in table.columns
    ]
    return scikit_learn(model, inputs, options, operators)


def scikit_learn(
    model: object, inputs: list, options: dict[str, object], operators: dict[str, int] | None = None
) -> onnx.ModelProto:
    with booleans_as_integers():
        return convert_sklearn(
            model,
            initial_types=inputs,
            options={id(model): options} if options else None,
            target_opset=operators,
        )


@contextmanager
def booleans_as_integers() -> Iterator[None]:
    """While this is entered, onnx takes a list with booleans as an attribute of integers.

    What skl2onnx writes for histogram-based boosting has such a list, and onnx refuses it.
    """
    original = helper.make_attribute

    def make_attribute(key: str, value: object, *rest: object, **named: object) -> object:
        booleans = (bool, np.bool_)
        if isinstance(value, list) and any(isinstance(item, booleans) for item in value):
            value = [int(item) for item in value]
        return original(key, value, *rest, **named)

    helper.make_attribute = make_attribute
    try:
        yield
    finally:
        helper.make_attribute = original


def lightgbm(model: object, width: int, **options: object) -> onnx.ModelProto:
    """A LightGBM model that takes `[rows, width]`."""
    inputs = [(INPUT, MatrixType([None, width]))]
    return onnxmltools.convert_lightgbm(model, initial_types=inputs, **options)


def xgboost(model: object, width: int) -> onnx.ModelProto:
    """An XGBoost model that takes `[rows, width]`."""
    return onnxmltools.convert_xgboost(model, initial_types=[(INPUT, MatrixType([None, width]))])


def catboost(model: CatBoost) -> onnx.ModelProto:
    """A CatBoost model, by its own exporter."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "model.onnx"
        model.save_model(str(path), format="onnx")
        return onnx.load(path)


def trees_alone(graph: onnx.ModelProto) -> onnx.ModelProto:
    """The same model with the ensemble's node as its only one."""
    alone = onnx.ModelProto()
    alone.CopyFrom(graph)
    node = next(node for node in graph.graph.node if node.op_type.startswith("TreeEnsemble"))
    for declared, name in zip(alone.graph.output, node.output):
        declared.name = name
    # It may have been maps, which are not the ensemble's own.
    scores = helper.make_tensor_value_info(node.output[-1], TensorProto.FLOAT, [None, None])
    alone.graph.output[-1].CopyFrom(scores)
    del alone.graph.node[:], alone.graph.initializer[:]
    alone.graph.node.append(node)
    return alone
