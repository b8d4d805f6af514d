"""What becomes of each step of a pipeline: exported, exported with other answers, or not at all.

Each step is exported alone, with what the steps before it make of the sample as its input, and
run beside itself. So the step that is at fault is named, and not the pipeline.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import onnxruntime
import pandas as pd
from scipy import sparse
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.base import is_classifier
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, Pipeline

REASON_NO_PROBABILITIES = "a classifier that is served must have probabilities"
TOLERANCE = 1e-4
"""Of a step, absolute and relative: rounding to float32 stays below, another meaning does not."""

VECTORIZER = (
    "a graph splits texts by rules of its own: give it a token_pattern without \\b and \\w, such "
    "as [a-zA-Z]+, and lowercase=False where the machine lacks the locale en_US.UTF-8, and compare "
    "on many texts; or make the columns in the client"
)
XGBOOST = (
    "save it with save_model('model.ubj') and serve that file, with the steps before it in the "
    "client; or register XGBoost's converter of onnxmltools"
)
LIGHTGBM = (
    "save booster_ with save_model('model.txt') and serve that file, with the steps before it in "
    "the client; or register LightGBM's converter of onnxmltools"
)
ADVICE = {
    "FunctionTransformer": "a Python function is no part of a graph: compute this column before "
    "the request is sent, or use a step that has a formula, such as StandardScaler, "
    "PowerTransformer or PolynomialFeatures",
    "KBinsDiscretizer": "use one of encode='onehot-dense' and strategy='uniform' or 'quantile', or "
    "leave binning to trees",
    "HashingVectorizer": "hashing has no operator: use CountVectorizer or OneHotEncoder",
    "FeatureHasher": "hashing has no operator: use OneHotEncoder(max_categories=...)",
    "CountVectorizer": VECTORIZER,
    "TfidfVectorizer": VECTORIZER,
    "XGBClassifier": XGBOOST,
    "XGBRegressor": XGBOOST,
    "LGBMClassifier": LIGHTGBM,
    "LGBMRegressor": LIGHTGBM,
}
NO_PROBABILITIES = "wrap it in CalibratedClassifierCV, which has predict_proba"
NO_CONVERTER = (
    "skl2onnx has no converter for this class: use a step of scikit-learn's own, compute it in "
    "the client, or write a converter and register it with skl2onnx.update_registered_converter"
)
NOT_THIS_SETTING = (
    "the class can be exported, but not with the setting or the values that the reason names: "
    "change them, or use another step"
)
OTHER_ANSWERS = "compare answers on many rows before this is served, or use another step"


@dataclass(frozen=True)
class Step:
    """One fitted step: where it stands, and what became of it."""

    path: str
    kind: str
    difference: float | None
    """The greatest difference of a number that it gives; None where it was not exported."""
    reason: str = ""
    """Why it was not exported, in the exporter's own words."""

    @property
    def is_exact(self) -> bool:
        """Whether the exported step does what the step does."""
        return self.difference is not None and self.difference <= TOLERANCE

    @property
    def advice(self) -> str:
        """What to do about a step that is not exact."""
        if self.is_exact:
            return ""
        if self.reason == REASON_NO_PROBABILITIES:
            return NO_PROBABILITIES
        if self.difference is not None:
            return ADVICE.get(self.kind, OTHER_ANSWERS)
        unknown = "Unable to find a shape calculator" in self.reason
        return ADVICE.get(self.kind, NO_CONVERTER if unknown else NOT_THIS_SETTING)

    def __str__(self) -> str:
        where = f"{self.path} ({self.kind})"
        if self.difference is None:
            return f"{where}: NOT EXPORTED: {self.reason}\n    {self.advice}"
        if self.is_exact:
            return f"{where}: exported, greatest difference {self.difference:.1e}"
        return (
            f"{where}: OTHER ANSWERS, greatest difference {self.difference:.1e}\n    {self.advice}"
        )


def walk(model: object, given: object, path: str = "") -> Iterator[tuple[str, object, object]]:
    """Each step that is no container, with what it is given."""
    if isinstance(model, Pipeline):
        for name, step in model.steps:
            if step is None or step == "passthrough":
                continue
            yield from walk(step, given, joined(path, name))
            if hasattr(step, "transform"):
                given = step.transform(given)
    elif isinstance(model, ColumnTransformer):
        for name, step, columns in model.transformers_:
            if not isinstance(step, str):
                yield from walk(step, picked(given, columns), joined(path, name))
    elif isinstance(model, FeatureUnion):
        for name, step in model.transformer_list:
            if not isinstance(step, str):
                yield from walk(step, given, joined(path, name))
    else:
        yield path or "model", model, given


def joined(path: str, name: str) -> str:
    """The path of a step inside another."""
    return f"{path}.{name}" if path else name


def picked(given: object, columns: object) -> object:
    """The columns of a data frame or of a matrix."""
    if isinstance(given, pd.DataFrame):
        if isinstance(columns, str):
            return given[columns]
        by_name = all(isinstance(column, str) for column in columns)
        return given[list(columns)] if by_name else given.iloc[:, columns]
    return given[:, columns]


def feeds(given: object) -> dict[str, np.ndarray]:
    """What a step is given, as tensors: one matrix, or a column each of numbers and texts."""
    if isinstance(given, pd.DataFrame):
        columns = {name: matrix(given[name]) for name in given.columns}
        if len({column.dtype for column in columns.values()}) > 1:
            return columns
    return {"x": matrix(given)}


def types(fed: dict[str, np.ndarray]) -> list[tuple[str, object]]:
    """The tensors' types, as skl2onnx wants them."""
    return [
        (name, (StringTensorType if x.dtype == object else FloatTensorType)([None, x.shape[1]]))
        for name, x in fed.items()
    ]


def matrix(given: object) -> np.ndarray:
    """One matrix of float32 or of texts."""
    dense = given.toarray() if sparse.issparse(given) else np.asarray(given)
    if dense.ndim == 1:
        dense = dense.reshape(-1, 1)
    is_text = dense.dtype.kind in "US" or any(isinstance(value, str) for value in dense.flat)
    return dense.astype(object if is_text else np.float32)


def examine(path: str, step: object, given: object) -> Step:
    """Export one step alone, and compare."""
    kind = type(step).__name__
    if is_classifier(step) and not hasattr(step, "predict_proba"):
        return Step(path, kind, None, REASON_NO_PROBABILITIES)
    fed = feeds(given)
    quiet = onnxruntime.SessionOptions()
    quiet.log_severity_level = 4
    options = {id(step): {"zipmap": False}} if is_classifier(step) else None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            proto = convert_sklearn(step, initial_types=types(fed), options=options)
            session = onnxruntime.InferenceSession(
                proto.SerializeToString(), quiet, providers=["CPUExecutionProvider"]
            )
            got = session.run(None, fed)[-1]
    # An exporter fails in as many ways as it has converters.
    except Exception as error:
        return Step(path, kind, None, first_sentence(error))
    return Step(path, kind, distance(answers(step, given), got))


def answers(step: object, given: object) -> np.ndarray:
    """What the step itself gives: features, probabilities or values."""
    for method in ("predict_proba", "transform", "predict"):
        if hasattr(step, method):
            given = getattr(step, method)(given)
            return given.toarray() if sparse.issparse(given) else np.asarray(given)
    raise TypeError(f"{type(step).__name__} has no predict_proba, transform or predict")


def distance(expected: np.ndarray, got: np.ndarray) -> float:
    """The greatest difference, of large numbers relative to their size; infinite where the shapes
    are not the same or one of two is not a number."""
    got = np.asarray(got)
    if expected.size != got.size:
        return float("inf")
    expected, got = expected.reshape(len(expected), -1), got.reshape(len(expected), -1)
    if expected.dtype.kind in "OUS":
        return 0.0 if (expected.astype(str) == got.astype(str)).all() else float("inf")
    expected, got = expected.astype(np.float64), got.astype(np.float64)
    if (np.isnan(expected) != np.isnan(got)).any():
        return float("inf")
    apart = np.abs(expected - got) / np.maximum(1.0, np.abs(expected))
    return float(np.nanmax(apart, initial=0.0))


def first_sentence(error: Exception) -> str:
    """The beginning of an error, in one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text.split(". ")[0][:300]


def check(model: object, given: object) -> list[Step]:
    """Every step of a fitted pipeline."""
    return [examine(path, step, part) for path, step, part in walk(model, given)]
