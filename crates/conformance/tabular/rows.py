"""The rows of a case: held out of the training, on thresholds, with gaps, with news.

Rows are a frame of numbers and texts, as the model's user has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import onnx
import onnxruntime as ort
import pandas as pd

import recipe
from ensemble import Ensemble

ROWS = 1000
THRESHOLD = "threshold"
TRIPLES_ON_THRESHOLDS = 83
MISSING_ROWS = 100
UNKNOWN_ROWS = 50
EXTREME_ROWS = 48

NEXT_TO_ZERO = float(np.float32(1e-35))
"""What LightGBM takes for zero, on either side."""

EXTREMES = [
    *(sign * number for number in (0.0, 1e-36, NEXT_TO_ZERO) for sign in (1, -1)),
    *(sign * np.nextafter(NEXT_TO_ZERO, 1) for sign in (1, -1)),
    *(sign * number for number in (1e300, np.inf) for sign in (1, -1)),
]

UNKNOWN_TEXTS = ["unheard of", "yes", "No ", "", "Überweisung", 'by "cheque", in cash']
"""Texts that no model here has seen: plain, differing in case or by a space, empty,
outside ASCII, and with the characters that a CSV file must quote."""

UNKNOWN_CODES = [-1.0, 51.0, 1e6, 0.5]
"""Codes that no category here has."""


@dataclass(frozen=True)
class Takes:
    """What a model has an answer for, beside rows like those it was trained on."""

    missing_numbers: bool = False
    missing_texts: bool = False
    unknown_texts: bool = False
    categories: list[str] = field(default_factory=list)
    """The columns that hold the codes of categories, where others may be unknown."""
    extreme_numbers: bool = False
    """Numbers next to zero on either side, and infinities."""


Picks = Callable[[pd.DataFrame, np.random.Generator], Iterator[tuple[int, str, np.floating]]]
"""Rows without end, each with a column and the number that stands for a threshold there."""


def draw(
    held_out: pd.DataFrame, takes: Takes, picks: Picks
) -> tuple[pd.DataFrame, list[str]]:
    """`ROWS` rows, and of what kind each is."""
    generator = np.random.default_rng(0)
    kinds = {THRESHOLD: on_thresholds(held_out, picks(held_out, generator))}
    if takes.missing_numbers or takes.missing_texts:
        kinds["missing"] = with_gaps(held_out, takes, generator)
    if takes.unknown_texts or takes.categories:
        kinds["unknown"] = with_unknown_categories(held_out, takes, generator)
    if takes.extreme_numbers:
        kinds["extreme"] = with_extremes(held_out, takes, generator)
    others = ROWS - sum(len(rows) for rows in kinds.values())
    kinds = {"held out": held_out[:others], **kinds}
    names = [name for name, rows in kinds.items() for _ in range(len(rows))]
    return pd.concat(kinds.values(), ignore_index=True), names


def number_columns(rows: pd.DataFrame) -> list[str]:
    """The columns of numbers."""
    return [name for name in rows if rows[name].dtype != object]


# --- one number below, on and above a threshold --------------------------------


def on_thresholds(
    held_out: pd.DataFrame, picks: Iterator[tuple[int, str, np.floating]]
) -> pd.DataFrame:
    """Threes of rows: a number is the one below one of the model's thresholds that this row
    comes to, that threshold, and the one above, in the precision of the column."""
    made = []
    for _, (row, column, value) in zip(range(TRIPLES_ON_THRESHOLDS), picks):
        infinity = value.dtype.type(np.inf)
        for number in (np.nextafter(value, -infinity), value, np.nextafter(value, infinity)):
            changed = held_out.iloc[row].copy()
            changed[column] = number
            made.append(changed)
    return pd.DataFrame(made).astype(held_out.dtypes)


def thresholds(
    model: onnx.ModelProto, takes: Takes, held_out: pd.DataFrame, generator: np.random.Generator
) -> Iterator[tuple[int, str, np.float32]]:
    """Rows without end, each with a column and the last number that passes there.

    A model without trees has no thresholds: each row's own numbers stand in for them.
    """
    ensemble = Ensemble.of(model.graph)
    names = number_columns(held_out)
    if ensemble is None:
        while True:
            row, name = int(generator.integers(len(held_out))), str(generator.choice(names))
            if not np.isnan(held_out.at[row, name]):
                yield row, name, held_out.at[row, name]
    seen = seen_by_trees(model, ensemble, held_out)
    scaled = scaler(model.graph, len(names))
    while True:
        row = int(generator.integers(len(held_out)))
        met = [
            decision
            for decision in ensemble.path(int(generator.choice(ensemble.trees)), seen[row])
            # The numbers come first in what the trees see.
            if decision.feature < len(names) and names[decision.feature] not in takes.categories
        ]
        if met:
            decision = met[generator.integers(len(met))]
            # A comparison with `<` changes at the same place as one with `<=`, one float32 off.
            threshold, into = decision.threshold, scaled(decision.feature)
            last = recipe.largest_passing(lambda x: into(x) <= threshold)
            yield row, names[decision.feature], last


def scaler(
    graph: onnx.GraphProto, numbers: int
) -> Callable[[int], Callable[[np.float32], np.float32]]:
    """What a graph does to each of its numbers before the trees see it."""
    node = next((node for node in graph.node if node.op_type == "Scaler"), None)
    if node is None:
        return lambda _: lambda x: x
    attributes = {attribute.name: attribute.floats for attribute in node.attribute}
    offset, scale = (np.array(attributes[name], np.float32) for name in ("offset", "scale"))
    if not len(offset) == len(scale) == numbers:
        raise ValueError("the graph scales other columns than its numbers")
    return lambda feature: lambda x: (x - offset[feature]) * scale[feature]


def seen_by_trees(
    model: onnx.ModelProto, ensemble: Ensemble, rows: pd.DataFrame
) -> np.ndarray:
    """The matrix that the trees are given for these rows."""
    if ensemble.input == model.graph.input[0].name:
        return rows.to_numpy(np.float32)
    before = onnx.ModelProto()
    before.CopyFrom(model)
    shape = onnx.helper.make_tensor_value_info(ensemble.input, onnx.TensorProto.FLOAT, None)
    del before.graph.output[:]
    before.graph.output.append(shape)
    session = ort.InferenceSession(
        before.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, feed(model.graph, rows))[0]


# --- gaps and news -------------------------------------------------------------


def with_gaps(
    held_out: pd.DataFrame, takes: Takes, generator: np.random.Generator
) -> pd.DataFrame:
    """Rows of which one to all cells are missing."""
    rows = held_out.sample(MISSING_ROWS, random_state=1).reset_index(drop=True)
    numbers = number_columns(held_out)
    names = [
        name
        for name in held_out
        if (takes.missing_numbers if name in numbers else takes.missing_texts)
    ]
    for row in range(len(rows)):
        for name in generator.choice(names, 1 + row % len(names), replace=False):
            rows.at[row, name] = np.float32(np.nan) if name in numbers else ""
    return rows


def with_unknown_categories(
    held_out: pd.DataFrame, takes: Takes, generator: np.random.Generator
) -> pd.DataFrame:
    """Rows with one category that the model has not seen, and some with all of them new."""
    rows = held_out.sample(UNKNOWN_ROWS, random_state=2).reset_index(drop=True)
    numbers = number_columns(held_out)
    names = takes.categories or [name for name in held_out if name not in numbers]
    for row in range(len(rows)):
        for name in names if row % 10 == 0 else [generator.choice(names)]:
            if takes.categories:
                rows.at[row, name] = np.float32(UNKNOWN_CODES[row % len(UNKNOWN_CODES)])
            else:
                rows.at[row, name] = UNKNOWN_TEXTS[row % len(UNKNOWN_TEXTS)]
    return rows


def with_extremes(
    held_out: pd.DataFrame, takes: Takes, generator: np.random.Generator
) -> pd.DataFrame:
    """Rows with one number or all of them at an end, or next to zero."""
    rows = held_out.sample(EXTREME_ROWS, random_state=3).reset_index(drop=True)
    names = [name for name in number_columns(held_out) if name not in takes.categories]
    for row in range(len(rows)):
        for name in names if row % 7 == 0 else [generator.choice(names)]:
            rows.at[row, name] = EXTREMES[row % len(EXTREMES)]
    return rows


def feed(graph: onnx.GraphProto, rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """Rows as the graph takes them: one matrix, or an input for each column."""
    if len(graph.input) == 1:
        return {graph.input[0].name: rows.to_numpy(np.float32)}
    return {entry.name: rows[[entry.name]].to_numpy() for entry in graph.input}
