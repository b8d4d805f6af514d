"""Models in LightGBM's own text files, of every kind of objective, booster and missing value."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import lightgbm
import numpy as np

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

SETTINGS = {"num_threads": 1, "verbosity": -1, "seed": 0, "deterministic": True}
"""What each model is trained with, beside its own parameters."""

FOREST = {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.7, "feature_fraction": 0.7}

NUMBERS = Takes(missing_numbers=True, extreme_numbers=True)
TEXTS = Takes(
    missing_numbers=True, missing_texts=True, unknown_texts=True, extreme_numbers=True
)


def train(
    folder: Path,
    tables: Tables,
    parameters: dict,
    rounds: int = 100,
    takes: Takes = NUMBERS,
    codes: Sequence[str] = (),
    numbers_as_categories: Sequence[str] = (),
    queries: list[int] | None = None,
    patience: int | None = None,
) -> None:
    """Train a model, write its file, and the case.

    With `patience` a fifth of the rows decides when the training stops. The columns `codes` are
    categories by their codes, `numbers_as_categories` those that pandas has as categories.
    """
    table, held_out = tables
    columns = library.categorical(table.columns.astype(dict.fromkeys(table.numbers, np.float64)))
    for name in numbers_as_categories:
        columns[name] = columns[name].astype(int).astype("category")

    def dataset(rows: slice) -> lightgbm.Dataset:
        return lightgbm.Dataset(
            columns[rows],
            table.truth[rows],
            group=queries,
            categorical_feature=list(codes) or "auto",
        )

    if patience is None:
        booster = lightgbm.train(SETTINGS | parameters, dataset(slice(None)), rounds)
    else:
        fifth = len(columns) // 5
        training = dataset(slice(fifth, None))
        deciding = training.create_valid(columns[:fifth], table.truth[:fifth])
        stop = lightgbm.early_stopping(patience, verbose=False)
        booster = lightgbm.train(
            SETTINGS | parameters, training, rounds, [deciding], callbacks=[stop]
        )
        require(booster.best_iteration < rounds, "the training was not stopped early")
    booster.save_model(folder / "model.txt")
    library.write(folder, held_out.columns, takes)


def churn_500(folder: Path) -> None:
    train(folder, churn.tables(), {"objective": "binary", "learning_rate": 0.02}, 500)


def churn_columns(folder: Path) -> None:
    train(folder, frames.churn(), {"objective": "binary"}, takes=TEXTS)


def churn_forest(folder: Path) -> None:
    train(folder, churn.tables(), {"objective": "binary", **FOREST})


def churn_dart(folder: Path) -> None:
    train(folder, churn.tables(), {"objective": "binary", "boosting": "dart"})


def churn_entropy(folder: Path) -> None:
    train(folder, frames.churn(), {"objective": "cross_entropy_lambda"}, 60, TEXTS)


def credit_gaps(folder: Path) -> None:
    train(folder, credit.tables(), {"objective": "binary"}, 500, patience=10)


def credit_zero_is_missing(folder: Path) -> None:
    train(folder, credit.tables(), {"objective": "binary", "zero_as_missing": True})


def credit_nothing_is_missing(folder: Path) -> None:
    train(folder, credit.tables(), {"objective": "binary", "use_missing": False, "sigmoid": 1.7})


def credit_columns(folder: Path) -> None:
    train(folder, frames.credit(), {"objective": "binary"}, 500, TEXTS, patience=10)


def telephone_codes(folder: Path) -> None:
    codes = telephone.CATEGORIES
    takes = Takes(missing_numbers=True, categories=codes, extreme_numbers=True)
    train(folder, frames.telephone_codes(), {"objective": "binary"}, takes=takes, codes=codes)


def telephone_numbers(folder: Path) -> None:
    numbers = ["area_code", "number_customer_service_calls"]
    takes = Takes(missing_numbers=True, categories=numbers, extreme_numbers=True)
    parameters = {"objective": "binary", "min_data_per_group": 5, "cat_smooth": 1}
    tables = frames.telephone_areas()
    train(folder, tables, parameters, takes=takes, numbers_as_categories=numbers)


def telephone_columns(folder: Path) -> None:
    train(folder, frames.telephone(), {"objective": "binary"}, takes=TEXTS)


def housing_500(folder: Path) -> None:
    train(folder, housing.tables(), {"objective": "regression"}, 500)


def housing_roots(folder: Path) -> None:
    train(folder, housing.tables(), {"objective": "regression", "reg_sqrt": True})


def housing_quantile(folder: Path) -> None:
    train(folder, housing.tables(), {"objective": "quantile", "alpha": 0.9})


def housing_gamma(folder: Path) -> None:
    train(folder, housing.tables(), {"objective": "gamma"})


def housing_rank(folder: Path) -> None:
    tables, queries = frames.by_rank(housing.tables())
    train(folder, tables, {"objective": "lambdarank"}, queries=queries)


def price_poisson(folder: Path) -> None:
    train(folder, frames.prices(), {"objective": "poisson"}, takes=TEXTS)


def price_tweedie(folder: Path) -> None:
    train(folder, frames.prices(), {"objective": "tweedie"}, takes=TEXTS)


def cut_softmax(folder: Path) -> None:
    train(folder, diamonds.numbered(), {"objective": "multiclass", "num_class": 5})


def cut_one_against_all(folder: Path) -> None:
    train(folder, frames.cuts(), {"objective": "multiclassova", "num_class": 5}, takes=TEXTS)


def cut_forest(folder: Path) -> None:
    train(folder, diamonds.numbered(), {"objective": "multiclass", "num_class": 5, **FOREST}, 40)
