"""Rows of text: what a client sends, what a pipeline is given, and rows that are made of them.

Every number is written as the float32 that the exported graph will see, with the fewest digits
that bring it back, so that scikit-learn, ONNX Runtime and Hotplate answer the same rows.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

import recipe

UNKNOWN_TEXT = "unheard of"
"""A category that no training set has."""


@dataclass(frozen=True)
class Sample:
    """Rows, their columns in the pipeline's order, and which of these are texts."""

    columns: list[str]
    texts: frozenset[str]
    rows: list[recipe.Row]
    named: bool
    """Whether the pipeline was fitted on a data frame and takes one, or on a matrix."""

    def with_rows(self, rows: Sequence[recipe.Row]) -> Sample:
        """The same columns with other rows."""
        return replace(self, rows=list(rows))

    def frame(self) -> pd.DataFrame | np.ndarray:
        """The rows as the pipeline takes them: float64, NaN where a cell is empty, and texts."""
        frame = pd.DataFrame(
            {
                name: pd.Series([row[at] for row in self.rows], dtype=object)
                if name in self.texts
                else np.array([number(row[at]) for row in self.rows], np.float64)
                for at, name in enumerate(self.columns)
            }
        )
        return frame if self.named else frame.to_numpy(object if self.texts else np.float64)


def number(cell: str) -> float:
    """The number in a cell, NaN where it is empty."""
    return float(cell) if cell else np.nan


def is_number(cell: str) -> bool:
    """Whether a cell may belong to a column of numbers."""
    try:
        number(cell)
    except ValueError:
        return False
    return True


def read(path: Path, model: object, texts: Sequence[str]) -> Sample:
    """The rows of a CSV file with a header, as the fitted pipeline `model` wants them.

    A column is text if `texts` names it or some cell is no number. Columns that the pipeline does
    not know, such as the target, are passed over. A row with an empty text is left out, because
    pipelines do not agree on what that means.
    """
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    named = hasattr(model, "feature_names_in_")
    columns = [str(name) for name in model.feature_names_in_] if named else header
    absent = [name for name in [*columns, *texts] if name not in header]
    if absent:
        raise ValueError(f"{path}: no column {', '.join(absent)}; the header has {header}")
    wanted = getattr(model, "n_features_in_", len(columns))
    if wanted != len(columns):
        raise ValueError(
            f"{path}: the pipeline takes {wanted} columns, the file has {len(columns)}"
        )
    rows = [[row[header.index(name)] for name in columns] for row in rows]

    cells = {name: [row[at] for row in rows] for at, name in enumerate(columns)}
    is_text = frozenset(
        name for name in columns if name in texts or not all(map(is_number, cells[name]))
    )
    kept = [
        [
            cell if name in is_text else recipe.format_float32(recipe.parse_float32(cell))
            for name, cell in zip(columns, row, strict=True)
        ]
        for row in rows
        if all(cell for name, cell in zip(columns, row, strict=True) if name in is_text)
    ]
    if not kept:
        raise ValueError(f"{path}: no row without an empty text")
    return Sample(columns, is_text, kept, named)


def odd_rows(sample: Sample) -> Iterator[tuple[str, recipe.Row]]:
    """A row for each column as clients send it on a bad day, with what is odd about it: a missing
    number, or a text that training never saw."""
    for at, name in enumerate(sample.columns):
        row = list(sample.rows[at % len(sample.rows)])
        row[at] = UNKNOWN_TEXT if name in sample.texts else ""
        yield f"{'unknown text' if name in sample.texts else 'missing number'} in {name}", row


def accepted(sample: Sample, ask: Callable[[Sample], object]) -> tuple[list[recipe.Row], list[str]]:
    """The odd rows that the pipeline itself answers, and what it refuses."""
    rows, refused = [], []
    for what, row in odd_rows(sample):
        try:
            ask(sample.with_rows([row]))
        except ValueError:
            refused.append(what)
        else:
            rows.append(row)
    return rows, refused
