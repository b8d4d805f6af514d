"""Will a customer leave: ensembles on a matrix of numbers and one-hot encoded texts."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from catboost import CatBoostClassifier
from lightgbm import LGBMClassifier
from sklearn.ensemble import GradientBoostingClassifier
from xgboost import XGBClassifier

import answers
import data
import exports
from case import Trained, write


@cache
def tables() -> tuple[data.Table, data.Table]:
    """The rows to train on and those held out; 1 is a customer who left."""
    table = data.one_hot(data.churn())
    return data.Table(table.columns, (table.truth == "Yes").astype(np.int64)).split()


def trained(model: object, graph: object) -> Trained:
    return Trained(graph, tables()[1].columns, answers.classifier(model))


@cache
def train_lightgbm() -> Trained:
    train, _ = tables()
    model = LGBMClassifier(
        n_estimators=500, num_leaves=31, learning_rate=0.02, verbose=-1, n_jobs=1, random_state=0
    ).fit(train.matrix, train.truth)
    return trained(model, exports.lightgbm(model, train.matrix.shape[1], zipmap=False))


def lightgbm(folder: Path) -> None:
    write(folder, train_lightgbm())


def lightgbm_trees_alone(folder: Path) -> None:
    write(folder, train_lightgbm(), exports.trees_alone(train_lightgbm().graph))


def xgboost(folder: Path) -> None:
    train, _ = tables()
    model = XGBClassifier(
        n_estimators=500,
        max_depth=6,
        learning_rate=0.02,
        tree_method="hist",
        n_jobs=1,
        random_state=0,
    ).fit(train.matrix, train.truth)
    write(folder, trained(model, exports.xgboost(model, train.matrix.shape[1])))


@cache
def train_catboost() -> CatBoostClassifier:
    train, _ = tables()
    return CatBoostClassifier(
        iterations=500,
        depth=6,
        learning_rate=0.05,
        thread_count=1,
        random_seed=0,
        verbose=False,
        allow_writing_files=False,
    ).fit(train.matrix, train.truth)


def catboost(folder: Path) -> None:
    model = train_catboost()
    write(folder, trained(model, exports.catboost(model)))


def catboost_trees_alone(folder: Path) -> None:
    """The bench times CatBoost itself too, and so needs its own file."""
    model = train_catboost()
    graph = exports.catboost(model)
    write(folder, trained(model, graph), exports.trees_alone(graph))
    model.save_model(str(folder / "model.cbm"))


def boosting(folder: Path) -> None:
    train, _ = tables()
    model = GradientBoostingClassifier(n_estimators=100, max_depth=3, random_state=0)
    model.fit(train.matrix, train.truth)
    write(folder, trained(model, exports.matrix(model, train.matrix.shape[1], zipmap=False)))
