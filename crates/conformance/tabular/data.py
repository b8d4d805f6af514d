"""The data sets, as tables of float32 numbers and of texts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

HERE = Path(__file__).resolve().parent
SHIPPED = HERE.parents[2] / "models"

HELD_OUT_ROWS = 1000


@dataclass(frozen=True)
class Table:
    """Rows, numbers as float32 with NaN for what is missing, and what is to be told of them."""

    columns: pd.DataFrame
    truth: np.ndarray

    @property
    def numbers(self) -> list[str]:
        """The names of the columns of numbers."""
        return [name for name in self.columns if self.columns[name].dtype == np.float32]

    @property
    def texts(self) -> list[str]:
        """The names of the columns of texts."""
        return [name for name in self.columns if self.columns[name].dtype != np.float32]

    @property
    def matrix(self) -> np.ndarray:
        """The rows of a table of numbers alone."""
        return self.columns.to_numpy(np.float32)

    def split(self) -> tuple[Table, Table]:
        """The rows to train on, and those that are held out."""
        columns, held_out, truth, held_out_truth = train_test_split(
            self.columns, self.truth, test_size=HELD_OUT_ROWS, random_state=0
        )
        held_out = held_out.reset_index(drop=True)
        return Table(columns.reset_index(drop=True), truth), Table(held_out, held_out_truth)


def read(path: Path, target: str) -> Table:
    """A table; a column is one of numbers where every cell is a number or empty."""
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    truth = frame.pop(target).to_numpy(object)
    for name in frame:
        cells = frame[name]
        numbers = pd.to_numeric(cells.where(cells != "", "nan"), errors="coerce")
        if (numbers.isna() == (cells == "")).all():
            frame[name] = numbers.astype(np.float32)
        else:
            frame[name] = cells.astype(object)
    return Table(frame, truth)


def churn() -> Table:
    """Telco customers: 4 numbers, one of them missing in some rows, and 15 texts."""
    table = read(SHIPPED / "churn" / "data.csv.gz", "Churn")
    order = [*table.numbers, *table.texts]
    return Table(table.columns[order], table.truth)


def housing() -> Table:
    """Californian districts: 8 numbers, and the price."""
    table = read(SHIPPED / "housing" / "data.csv.gz", "MedHouseVal")
    return Table(table.columns, table.truth.astype(np.float64))


def credit() -> Table:
    """Applicants for credit: 9 numbers and 4 texts, both with missing cells."""
    table = read(HERE / "data" / "credit.csv.gz", "Status")
    order = [*table.numbers, *table.texts]
    return Table(table.columns[order], table.truth)


def telephone() -> Table:
    """Telephone customers: 15 numbers and 4 texts, one of 51 states."""
    table = read(HERE / "data" / "telephone.csv.gz", "churn")
    return Table(table.columns, table.truth)


def diamonds() -> Table:
    """Diamonds, and which of five cuts they have: 7 numbers and 2 texts."""
    table = read(HERE / "data" / "diamonds.csv.gz", "cut")
    order = [*table.numbers, *table.texts]
    return Table(table.columns[order], table.truth)


def diamond_prices() -> Table:
    """Diamonds, and their price: 6 numbers and 3 texts."""
    table = read(HERE / "data" / "diamonds.csv.gz", "price")
    order = [*table.numbers, *table.texts]
    return Table(table.columns[order], table.truth.astype(np.float64))


def one_hot(table: Table) -> Table:
    """Numbers alone: the median where one is missing, a column of 0 and 1 for each text."""
    columns = table.columns.copy()
    for name in table.numbers:
        columns[name] = columns[name].fillna(columns[name].median())
    return Table(pd.get_dummies(columns, columns=table.texts, dtype=np.float32), table.truth)


def coded(table: Table) -> Table:
    """Numbers alone: each text by its place in the order of texts, NaN where it is missing."""
    columns = table.columns.copy()
    for name in table.texts:
        known = sorted(set(columns[name]) - {""})
        codes = {text: float(code) for code, text in enumerate(known)}
        columns[name] = columns[name].map(codes).astype(np.float32)
    return Table(columns, table.truth)
