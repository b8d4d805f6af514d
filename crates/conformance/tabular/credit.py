"""Is an applicant good for a credit: rows with cells that are really missing."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import onnx
from lightgbm import LGBMClassifier
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from xgboost import XGBClassifier

import answers
import data
import exports
from case import Trained, write
from rows import Takes


@cache
def tables() -> tuple[data.Table, data.Table]:
    """Numbers alone, the texts by their codes, NaN where a cell is missing; 1 is bad."""
    table = data.coded(data.credit())
    return data.Table(table.columns, (table.truth == "bad").astype(np.int64)).split()


def write_with_gaps(folder: Path, model: object, graph: onnx.ModelProto) -> None:
    takes = Takes(missing_numbers=True)
    write(folder, Trained(graph, tables()[1].columns, answers.classifier(model), takes))


def lightgbm(folder: Path) -> None:
    train, _ = tables()
    model = LGBMClassifier(
        n_estimators=300, learning_rate=0.05, verbose=-1, n_jobs=1, random_state=0
    ).fit(train.matrix, train.truth)
    graph = exports.lightgbm(model, train.matrix.shape[1], zipmap=False)
    write_with_gaps(folder, model, graph)


def xgboost(folder: Path) -> None:
    train, _ = tables()
    model = XGBClassifier(
        n_estimators=300, max_depth=6, learning_rate=0.05, n_jobs=1, random_state=0
    ).fit(train.matrix, train.truth)
    write_with_gaps(folder, model, exports.xgboost(model, train.matrix.shape[1]))


def hist_boosting(folder: Path) -> None:
    train, _ = tables()
    model = HistGradientBoostingClassifier(max_iter=200, random_state=0)
    model.fit(train.matrix, train.truth)
    graph = exports.matrix(model, train.matrix.shape[1], zipmap=False)
    write_with_gaps(folder, model, graph)


def columns_forest(folder: Path) -> None:
    """Missing numbers imputed, a missing text a category like any other."""
    train, held_out = data.credit().split()
    numbers = SimpleImputer(strategy="median")
    texts = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    encode = ColumnTransformer([("numbers", numbers, train.numbers), ("texts", texts, train.texts)])
    forest = RandomForestClassifier(max_depth=12, n_jobs=1, random_state=0)
    pipeline = make_pipeline(encode, forest)
    pipeline.fit(answers.in_float64(train.columns), train.truth)
    graph = exports.columns(pipeline, train, zipmap=False)
    takes = Takes(missing_numbers=True, missing_texts=True, unknown_texts=True)
    answer = answers.classifier(pipeline, answers.in_float64)
    write(folder, Trained(graph, held_out.columns, answer, takes))
