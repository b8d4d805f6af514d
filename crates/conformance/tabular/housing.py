"""The median house price of a district: regressions on a matrix of eight numbers."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from catboost import CatBoostRegressor
from lightgbm import LGBMRegressor
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from xgboost import XGBRegressor

import answers
import data
import exports
from case import Trained, write


@cache
def tables() -> tuple[data.Table, data.Table]:
    return data.housing().split()


def trained(model: object, graph: object) -> Trained:
    return Trained(graph, tables()[1].columns, answers.regression(model))


def from_scikit_learn(folder: Path, model: object) -> None:
    """Train on float64, as scikit-learn's users do; ask what it answers in it too."""
    train, held_out = tables()
    model.fit(train.matrix.astype(np.float64), train.truth)
    answer = answers.regression(model, lambda rows: rows.to_numpy(np.float64))
    graph = exports.matrix(model, train.matrix.shape[1])
    write(folder, Trained(graph, held_out.columns, answer))


@cache
def train_lightgbm() -> Trained:
    train, _ = tables()
    model = LGBMRegressor(
        n_estimators=1000, num_leaves=31, learning_rate=0.05, verbose=-1, n_jobs=1, random_state=0
    ).fit(train.matrix, train.truth)
    return trained(model, exports.lightgbm(model, train.matrix.shape[1]))


def lightgbm(folder: Path) -> None:
    write(folder, train_lightgbm())


def lightgbm_trees_alone(folder: Path) -> None:
    write(folder, train_lightgbm(), exports.trees_alone(train_lightgbm().graph))


def xgboost(folder: Path) -> None:
    train, _ = tables()
    model = XGBRegressor(
        n_estimators=500,
        max_depth=6,
        learning_rate=0.05,
        tree_method="hist",
        n_jobs=1,
        random_state=0,
    ).fit(train.matrix, train.truth)
    write(folder, trained(model, exports.xgboost(model, train.matrix.shape[1])))


def catboost(folder: Path) -> None:
    train, _ = tables()
    model = CatBoostRegressor(
        iterations=500,
        depth=6,
        learning_rate=0.1,
        thread_count=1,
        random_seed=0,
        verbose=False,
        allow_writing_files=False,
    ).fit(train.matrix, train.truth)
    write(folder, trained(model, exports.catboost(model)))


def boosting(folder: Path) -> None:
    from_scikit_learn(folder, GradientBoostingRegressor(max_depth=3, random_state=0))


def hist_boosting(folder: Path) -> None:
    from_scikit_learn(folder, HistGradientBoostingRegressor(max_iter=300, random_state=0))


def forest_of_depth_12(folder: Path) -> None:
    from_scikit_learn(folder, RandomForestRegressor(max_depth=12, n_jobs=1, random_state=0))


def forest_unlimited(folder: Path) -> None:
    from_scikit_learn(folder, RandomForestRegressor(n_jobs=1, random_state=0))


def ridge(folder: Path) -> None:
    from_scikit_learn(folder, make_pipeline(MinMaxScaler(), Ridge()))


def mlp(folder: Path) -> None:
    network = MLPRegressor(
        hidden_layer_sizes=(64, 32), tol=1e-3, early_stopping=True, random_state=0
    )
    from_scikit_learn(folder, make_pipeline(StandardScaler(), network))
