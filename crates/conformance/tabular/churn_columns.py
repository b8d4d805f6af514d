"""Will a customer leave: pipelines with an input for each of 19 columns, 15 of them texts."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from lightgbm import LGBMClassifier
from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm
from skl2onnx import update_registered_converter
from skl2onnx.common.shape_calculator import calculate_linear_classifier_output_shapes
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

import answers
import data
import exports
from case import Trained, write
from rows import Takes

update_registered_converter(
    LGBMClassifier,
    "LightGbmLGBMClassifier",
    calculate_linear_classifier_output_shapes,
    convert_lightgbm,
    options={"nocl": [True, False], "zipmap": [True, False, "columns"]},
)


@cache
def tables() -> tuple[data.Table, data.Table]:
    return data.churn().split()


@cache
def train(kind: type, **options: object) -> Pipeline:
    """Numbers imputed and scaled, texts one-hot encoded, and a classifier of this kind."""
    table, _ = tables()
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    texts = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    encode = ColumnTransformer([("numbers", numbers, table.numbers), ("texts", texts, table.texts)])
    pipeline = make_pipeline(encode, kind(**options))
    return pipeline.fit(answers.in_float64(table.columns), table.truth)


def write_pipeline(folder: Path, pipeline: Pipeline, **options: object) -> None:
    table, held_out = tables()
    graph = exports.columns(pipeline, table, **{"zipmap": False, **options})
    takes = Takes(missing_numbers=True, unknown_texts=True)
    answer = answers.classifier(pipeline, answers.in_float64)
    write(folder, Trained(graph, held_out.columns, answer, takes))


def logistic(folder: Path) -> None:
    write_pipeline(folder, train(LogisticRegression, max_iter=1000))


def logistic_zipmap(folder: Path) -> None:
    write_pipeline(folder, train(LogisticRegression, max_iter=1000), zipmap=True)


def mlp(folder: Path) -> None:
    hidden = {"hidden_layer_sizes": (64, 32), "early_stopping": True}
    write_pipeline(folder, train(MLPClassifier, random_state=0, **hidden))


def boosting(folder: Path) -> None:
    write_pipeline(folder, train(GradientBoostingClassifier, random_state=0))


def lightgbm(folder: Path) -> None:
    size = {"n_estimators": 500, "num_leaves": 31, "learning_rate": 0.02}
    options = {"verbose": -1, "n_jobs": 1, "random_state": 0}
    pipeline = train(LGBMClassifier, **size, **options)
    # The newest operators that LightGBM's converter writes.
    write_pipeline(folder, pipeline, operators={"": 20, "ai.onnx.ml": 3})


def ordinal_forest(folder: Path) -> None:
    """Texts by their place in the order of texts, -1 for those that are new."""
    table, _ = tables()
    numbers = SimpleImputer(strategy="median")
    texts = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    encode = ColumnTransformer([("numbers", numbers, table.numbers), ("texts", texts, table.texts)])
    forest = RandomForestClassifier(max_depth=10, n_jobs=1, random_state=0)
    pipeline = make_pipeline(encode, forest)
    write_pipeline(folder, pipeline.fit(answers.in_float64(table.columns), table.truth))
