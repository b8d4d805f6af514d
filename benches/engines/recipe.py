"""Train the ensembles that the bench `engines` times and write them as ONNX.

Two data sets, those of the models that ship: churn, its texts one-hot encoded into
a matrix of 45 numbers, and housing, 8 numbers. A thousand rows of each are held out
of the training and written beside the models, for the bench to ask.

A folder per data set: `rows.f32` (the held-out rows, little-endian float32, row by
row) and one ONNX file per ensemble, whose input is a matrix. What an exporter puts
behind the trees (a product with one, identities) is cut off, so that all engines do
the same; the LightGBM classifier is written as exported too.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxmltools
import pandas as pd
from lightgbm import LGBMClassifier, LGBMRegressor
from onnxmltools.convert.common.data_types import FloatTensorType
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType as SklearnFloatTensorType
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.model_selection import train_test_split
from xgboost import XGBClassifier

MODELS = Path(__file__).resolve().parents[2] / "models"
HELD_OUT_ROWS = 1000

CHURN_NUMBERS = ["SeniorCitizen", "tenure", "MonthlyCharges", "TotalCharges"]

BOOSTED = {"n_jobs": 1, "random_state": 0}
FOREST = {"n_estimators": 100, "n_jobs": 1, "random_state": 0}


def churn() -> tuple[np.ndarray, np.ndarray]:
    """Features and whether the customer left; a missing number is the column's median."""
    data = pd.read_csv(MODELS / "churn" / "data.csv.gz", keep_default_na=False)
    left = (data.pop("Churn") == "Yes").to_numpy(np.int64)
    for name in CHURN_NUMBERS:
        number = pd.to_numeric(data[name], errors="coerce")
        data[name] = number.fillna(number.median())
    texts = [name for name in data.columns if name not in CHURN_NUMBERS]
    matrix = pd.get_dummies(data, columns=texts)
    return matrix.to_numpy(np.float32), left


def housing() -> tuple[np.ndarray, np.ndarray]:
    """Features and prices."""
    data = pd.read_csv(MODELS / "housing" / "data.csv.gz")
    prices = data.pop("MedHouseVal").to_numpy()
    return data.to_numpy(np.float32), prices


ENSEMBLES: dict[str, dict[str, object]] = {
    "churn": {
        "lightgbm-500x31": LGBMClassifier(
            n_estimators=500, num_leaves=31, learning_rate=0.02, verbose=-1, **BOOSTED
        ),
        "xgboost-500-depth-6": XGBClassifier(
            n_estimators=500, max_depth=6, learning_rate=0.02, tree_method="hist", **BOOSTED
        ),
        "boosting-100-depth-3": GradientBoostingClassifier(
            n_estimators=100, max_depth=3, random_state=0
        ),
    },
    "housing": {
        "lightgbm-1000x31": LGBMRegressor(
            n_estimators=1000, num_leaves=31, learning_rate=0.05, verbose=-1, **BOOSTED
        ),
        "boosting-100-depth-3": GradientBoostingRegressor(
            n_estimators=100, max_depth=3, random_state=0
        ),
        "forest-100-depth-12": RandomForestRegressor(max_depth=12, **FOREST),
        "forest-100-unlimited": RandomForestRegressor(**FOREST),
    },
}

DATA: dict[str, Callable[[], tuple[np.ndarray, np.ndarray]]] = {"churn": churn, "housing": housing}


def export(model: object, width: int) -> onnx.ModelProto:
    """The trained ensemble as a graph that takes `[rows, width]`."""
    if isinstance(model, (LGBMClassifier, LGBMRegressor)):
        inputs = [("features", FloatTensorType([None, width]))]
        options = {"zipmap": False} if isinstance(model, LGBMClassifier) else {}
        return onnxmltools.convert_lightgbm(model, initial_types=inputs, **options)
    if isinstance(model, XGBClassifier):
        inputs = [("features", FloatTensorType([None, width]))]
        return onnxmltools.convert_xgboost(model, initial_types=inputs)
    inputs = [("features", SklearnFloatTensorType([None, width]))]
    options = (
        {id(model): {"zipmap": False}} if isinstance(model, GradientBoostingClassifier) else None
    )
    return convert_sklearn(model, initial_types=inputs, options=options)


def trees_alone(graph: onnx.ModelProto) -> onnx.ModelProto:
    """The same model with the ensemble's node as its only one."""
    alone = onnx.ModelProto()
    alone.CopyFrom(graph)
    node = next(node for node in graph.graph.node if node.op_type.startswith("TreeEnsemble"))
    for declared, name in zip(alone.graph.output, node.output):
        declared.name = name
    del alone.graph.node[:], alone.graph.initializer[:]
    alone.graph.node.append(node)
    return alone


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path, help="the folder to write, such as target/engines")
    arguments = parser.parse_args()
    for name, read in DATA.items():
        folder = arguments.output / name
        folder.mkdir(parents=True, exist_ok=True)
        matrix, truth = read()
        train, held_out, train_truth, _ = train_test_split(
            matrix, truth, test_size=HELD_OUT_ROWS, random_state=0
        )
        held_out.astype("<f4").tofile(folder / "rows.f32")
        for ensemble, model in ENSEMBLES[name].items():
            start = time.perf_counter()
            model.fit(train, train_truth)
            graph = export(model, matrix.shape[1])
            if isinstance(model, LGBMClassifier):
                (folder / f"{ensemble}-as-exported.onnx").write_bytes(graph.SerializeToString())
            alone = trees_alone(graph)
            (folder / f"{ensemble}.onnx").write_bytes(alone.SerializeToString())
            operators = ", ".join(node.op_type for node in graph.graph.node)
            print(f"{name}/{ensemble}: {operators} ({time.perf_counter() - start:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
