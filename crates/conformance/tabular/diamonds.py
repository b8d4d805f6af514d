"""Which of five cuts a diamond has, and what it costs: models of several classes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from catboost import CatBoostClassifier
from lightgbm import LGBMClassifier
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from xgboost import XGBClassifier

import answers
import data
import exports
from case import Trained, write
from rows import Takes

CLASSES = ["Fair", "Good", "Ideal", "Premium", "Very Good"]


@cache
def tables() -> tuple[data.Table, data.Table]:
    """Numbers alone: colour and clarity by their codes. The cuts are texts."""
    return data.coded(data.diamonds()).split()


@cache
def numbered() -> tuple[data.Table, data.Table]:
    """As `tables`, the cuts by their numbers, for libraries or exporters that need them."""

    def with_numbers(table: data.Table) -> data.Table:
        return data.Table(table.columns, np.array([CLASSES.index(cut) for cut in table.truth]))

    train, held_out = tables()
    return with_numbers(train), with_numbers(held_out)


@cache
def train_forest() -> RandomForestClassifier:
    train, _ = tables()
    return RandomForestClassifier(50, n_jobs=1, random_state=0).fit(train.matrix, train.truth)


def write_forest(folder: Path, zipmap: bool) -> None:
    train, held_out = tables()
    model = train_forest()
    graph = exports.matrix(model, train.matrix.shape[1], zipmap=zipmap)
    write(folder, Trained(graph, held_out.columns, answers.classifier(model)))


def forest(folder: Path) -> None:
    write_forest(folder, zipmap=False)


def forest_zipmap(folder: Path) -> None:
    write_forest(folder, zipmap=True)


@cache
def train_logistic() -> Pipeline:
    train, _ = data.diamonds().split()
    texts = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    encode = ColumnTransformer(
        [("numbers", StandardScaler(), train.numbers), ("texts", texts, train.texts)]
    )
    pipeline = make_pipeline(encode, LogisticRegression(max_iter=1000))
    return pipeline.fit(answers.in_float64(train.columns), train.truth)


def write_logistic(folder: Path, zipmap: bool | str) -> None:
    train, held_out = data.diamonds().split()
    pipeline = train_logistic()
    graph = exports.columns(pipeline, train, zipmap=zipmap)
    answer = answers.classifier(pipeline, answers.in_float64)
    write(folder, Trained(graph, held_out.columns, answer, Takes(unknown_texts=True)))


def logistic(folder: Path) -> None:
    write_logistic(folder, zipmap=False)


def logistic_zipmap(folder: Path) -> None:
    write_logistic(folder, zipmap=True)


def logistic_zipmap_columns(folder: Path) -> None:
    """An output for each class."""
    write_logistic(folder, zipmap="columns")


def lightgbm(folder: Path) -> None:
    train, held_out = numbered()
    model = LGBMClassifier(n_estimators=100, verbose=-1, n_jobs=1, random_state=0)
    model.fit(train.matrix, train.truth)
    graph = exports.lightgbm(model, train.matrix.shape[1], zipmap=False)
    write(folder, Trained(graph, held_out.columns, answers.classifier(model)))


def xgboost(folder: Path) -> None:
    train, held_out = numbered()
    model = XGBClassifier(n_estimators=100, max_depth=6, n_jobs=1, random_state=0)
    model.fit(train.matrix, train.truth)
    graph = exports.xgboost(model, train.matrix.shape[1])
    write(folder, Trained(graph, held_out.columns, answers.classifier(model)))


def catboost(folder: Path) -> None:
    train, held_out = numbered()
    model = CatBoostClassifier(
        iterations=100,
        depth=6,
        thread_count=1,
        random_seed=0,
        verbose=False,
        allow_writing_files=False,
    ).fit(train.matrix, train.truth)
    graph = exports.catboost(model)
    write(folder, Trained(graph, held_out.columns, answers.classifier(model)))


def price(folder: Path) -> None:
    """A regression behind an encoder that gives each text its place in an order."""
    train, held_out = data.diamond_prices().split()
    encode = ColumnTransformer(
        [("numbers", "passthrough", train.numbers), ("texts", OrdinalEncoder(), train.texts)]
    )
    pipeline = make_pipeline(encode, GradientBoostingRegressor(random_state=0))
    pipeline.fit(answers.in_float64(train.columns), train.truth)
    graph = exports.columns(pipeline, train)
    answer = answers.regression(pipeline, answers.in_float64)
    write(folder, Trained(graph, held_out.columns, answer))
