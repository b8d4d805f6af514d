"""Tables with their texts, for the libraries that take categories from pandas."""

from __future__ import annotations

from functools import cache

import numpy as np

import data
from diamonds import CLASSES

Tables = tuple[data.Table, data.Table]
"""The rows to train on, and those held out."""


def of_class(table: data.Table, positive: str) -> Tables:
    """1 is the class `positive`."""
    return data.Table(table.columns, (table.truth == positive).astype(np.int64)).split()


@cache
def churn() -> Tables:
    return of_class(data.churn(), "Yes")


@cache
def credit() -> Tables:
    return of_class(data.credit(), "bad")


@cache
def telephone() -> Tables:
    return of_class(data.telephone(), "yes")


@cache
def telephone_codes() -> Tables:
    """Each text by its place in the order of texts."""
    return of_class(data.coded(data.telephone()), "yes")


@cache
def telephone_areas() -> Tables:
    """The code of the area as it is dialled, the other texts by their places."""
    table = data.telephone()
    areas = table.columns["area_code"].str.removeprefix("area_code_").astype(np.float32)
    coded = data.coded(table)
    return of_class(data.Table(coded.columns.assign(area_code=areas), table.truth), "yes")


@cache
def cuts() -> Tables:
    """The five cuts by their numbers."""
    table = data.diamonds()
    return data.Table(table.columns, np.array([CLASSES.index(cut) for cut in table.truth])).split()


@cache
def prices() -> Tables:
    return data.diamond_prices().split()


QUERY = 20
"""The rows that are ranked among each other."""


def by_rank(tables: Tables) -> tuple[Tables, list[int]]:
    """Whole queries of rows one after the other, and what is wanted of a row: a fifth of truths."""
    train, held_out = tables
    rows = len(train.truth) // QUERY * QUERY
    fifths = np.quantile(train.truth, [0.2, 0.4, 0.6, 0.8])
    grades = np.searchsorted(fifths, train.truth)[:rows]
    queries = [QUERY] * (rows // QUERY)
    return (data.Table(train.columns[:rows], grades), held_out), queries
