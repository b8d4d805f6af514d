"""Models in XGBoost's own files, of every kind of objective, booster and category."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xgboost

import churn
import credit
import diamonds
import frames
import housing
import library
import telephone
from backend_test import require
from frames import Tables
from rows import Takes

SETTINGS = {"tree_method": "hist", "eta": 0.1, "max_depth": 6, "nthread": 1, "seed": 0}
"""What each model is trained with, unless it says otherwise."""

UBJSON, JSON = "model.ubj", "model.json"
NUMBERS = Takes(missing_numbers=True)
TEXTS = Takes(missing_numbers=True, missing_texts=True)
"""XGBoost refuses a text that is no category of the training."""


def train(
    folder: Path,
    tables: Tables,
    parameters: dict,
    rounds: int = 100,
    takes: Takes = NUMBERS,
    queries: list[int] | None = None,
    patience: int | None = None,
    file: str = UBJSON,
) -> None:
    """Train a model, write its file, and the case.

    With `patience` a fifth of the rows decides when the training stops.
    """
    table, held_out = tables
    columns = library.categorical(table.columns)
    types = ["c" if name in takes.categories else "q" for name in columns]

    def matrix(rows: slice) -> xgboost.DMatrix:
        frame, truth = columns[rows], table.truth[rows]
        named = {"feature_names": list(columns), "enable_categorical": True, "nthread": 1}
        if not takes.categories:
            return xgboost.DMatrix(frame, truth, **named)
        return xgboost.DMatrix(frame.to_numpy(np.float32), truth, feature_types=types, **named)

    if patience is None:
        training = matrix(slice(None))
        if queries is not None:
            training.set_group(queries)
        booster = xgboost.train(SETTINGS | parameters, training, rounds)
    else:
        fifth = len(columns) // 5
        booster = xgboost.train(
            SETTINGS | parameters,
            matrix(slice(fifth, None)),
            rounds,
            evals=[(matrix(slice(fifth)), "deciding")],
            early_stopping_rounds=patience,
            verbose_eval=False,
        )
        require(booster.best_iteration + 1 < rounds, "the training was not stopped early")
    booster.save_model(folder / file)
    library.write(folder, held_out.columns, takes)


def churn_500(folder: Path) -> None:
    train(folder, churn.tables(), {"objective": "binary:logistic", "eta": 0.02}, 500)


def churn_columns(folder: Path) -> None:
    train(folder, frames.churn(), {"objective": "binary:logistic"}, takes=TEXTS, file=JSON)


def churn_dart(folder: Path) -> None:
    parameters = {"booster": "dart", "rate_drop": 0.1, "one_drop": 1}
    train(folder, churn.tables(), {"objective": "binary:logistic", **parameters}, file=JSON)


def churn_forest(folder: Path) -> None:
    sample = {"num_parallel_tree": 100, "subsample": 0.8, "colsample_bynode": 0.8, "eta": 1}
    train(folder, churn.tables(), {"objective": "binary:logistic", **sample}, 1)


def churn_margin(folder: Path) -> None:
    train(folder, frames.churn(), {"objective": "binary:logitraw"}, takes=TEXTS)


def credit_gaps(folder: Path) -> None:
    train(folder, credit.tables(), {"objective": "binary:logistic"}, 500, patience=10)


def credit_columns(folder: Path) -> None:
    parameters = {"objective": "binary:logistic", "max_cat_to_onehot": 1}
    train(folder, frames.credit(), parameters, 500, TEXTS, patience=10)


def telephone_codes(folder: Path) -> None:
    takes = Takes(missing_numbers=True, categories=telephone.CATEGORIES)
    train(folder, frames.telephone_codes(), {"objective": "binary:logistic"}, takes=takes)


def telephone_columns(folder: Path) -> None:
    parameters = {"objective": "binary:logistic", "max_cat_to_onehot": 64}
    train(folder, frames.telephone(), parameters, takes=TEXTS, file=JSON)


def housing_500(folder: Path) -> None:
    train(folder, housing.tables(), {"objective": "reg:squarederror"}, 500)


def housing_gamma(folder: Path) -> None:
    train(folder, housing.tables(), {"objective": "reg:gamma"}, file=JSON)


def housing_quantiles(folder: Path) -> None:
    quantiles = {"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.5, 0.9]}
    train(folder, housing.tables(), quantiles, 60)


def housing_rank(folder: Path) -> None:
    tables, queries = frames.by_rank(housing.tables())
    train(folder, tables, {"objective": "rank:ndcg"}, queries=queries)


def price_poisson(folder: Path) -> None:
    train(folder, frames.prices(), {"objective": "count:poisson"}, takes=TEXTS)


def price_tweedie(folder: Path) -> None:
    parameters = {"objective": "reg:tweedie", "tree_method": "approx"}
    train(folder, frames.prices(), parameters, takes=TEXTS)


def cut_softmax(folder: Path) -> None:
    parameters = {"objective": "multi:softprob", "num_class": 5}
    train(folder, diamonds.numbered(), parameters, 500, patience=10)


def cut_columns(folder: Path) -> None:
    parameters = {"objective": "multi:softprob", "num_class": 5}
    train(folder, frames.cuts(), parameters, takes=TEXTS)


def cut_vector_leaves(folder: Path) -> None:
    parameters = {
        "objective": "multi:softprob",
        "num_class": 5,
        "multi_strategy": "multi_output_tree",
    }
    train(folder, diamonds.numbered(), parameters, 60)
