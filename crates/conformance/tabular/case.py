"""A trained model and its exported graph, written as a conformance case."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import pandas as pd

from backend_test import Tensors, require, write_data_sets
from ensemble import Ensemble
from rows import THRESHOLD, Takes, draw, feed, thresholds

TRAINER = "trainer.json"
"""Tells how far the trainer's own answers are from those of its exporter's graph."""

TOLERANCE = 1e-5


@dataclass(frozen=True)
class Answers:
    """What the library that trained a model answers."""

    scores: np.ndarray
    """`[rows, classes]`, or `[rows]` of a regression."""
    labels: np.ndarray | None = None
    """Of a classifier, one for each row."""


@dataclass(frozen=True)
class Trained:
    """A trained model."""

    graph: onnx.ModelProto
    held_out: pd.DataFrame
    answer: Callable[[pd.DataFrame], Answers]
    takes: Takes = field(default_factory=Takes)


def write(folder: Path, trained: Trained, graph: onnx.ModelProto | None = None) -> None:
    """Write the case, of another graph of the same model if there is one."""
    graph = graph or trained.graph
    # The exporters collect operator sets in a set, whose order changes from run to run.
    operator_sets = sorted(graph.opset_import, key=lambda entry: entry.domain)
    del graph.opset_import[:]
    graph.opset_import.extend(operator_sets)
    (folder / "model.onnx").write_bytes(graph.SerializeToString(deterministic=True))

    picks = partial(thresholds, graph, trained.takes)
    rows, kinds = draw(trained.held_out, trained.takes, picks)
    data_sets = [feed(graph.graph, rows), feed(graph.graph, rows[:1])]
    outputs = write_data_sets(folder, data_sets)
    if Ensemble.of(graph.graph):
        require_thresholds_crossed(outputs[0], kinds)
    account = compare(outputs[0], trained.answer(rows), kinds)
    (folder / TRAINER).write_text(json.dumps(account, indent=1) + "\n", encoding="utf-8")


def require_thresholds_crossed(outputs: Tensors, kinds: list[str]) -> None:
    """Most threes of rows around a threshold must not all get the same scores.

    Not all: the leaves on both sides may hold the same, as those of whole classes do.
    """
    on_thresholds = [kind == THRESHOLD for kind in kinds]
    scores = list(outputs.values())[-1][on_thresholds].reshape(sum(on_thresholds) // 3, 3, -1)
    changed = (scores != scores[:, :1]).any(axis=(1, 2))
    require(changed.mean() > 0.75, f"of {len(changed)} thresholds {changed.sum()} were crossed")


def compare(outputs: Tensors, answers: Answers, kinds: list[str]) -> dict[str, object]:
    """How many rows the graph and the trainer do not agree on."""
    values = list(outputs.values())
    labels = None if answers.labels is None else values.pop(0)
    scores = np.column_stack([value.reshape(len(kinds), -1) for value in values])
    expected = np.asarray(answers.scores, np.float64).reshape(len(kinds), -1)
    if scores.shape != expected.shape:
        raise ValueError(f"the graph's scores are {scores.shape}, the trainer's {expected.shape}")
    apart = np.abs(scores.astype(np.float64) - expected)
    differs = (apart > TOLERANCE * np.maximum(1, np.abs(expected))).any(axis=1)
    by_kind = {
        kind: int(differs[[other == kind for other in kinds]].sum()) for kind in dict.fromkeys(kinds)
    }
    other_labels = 0
    if labels is not None:
        told = [str(label) for label in np.ravel(answers.labels)]
        other_labels = sum(str(label) != mine for label, mine in zip(np.ravel(labels), told))
    return {
        "rows": {kind: kinds.count(kind) for kind in by_kind},
        "scores_apart": int(differs.sum()),
        "scores_apart_by_kind": by_kind,
        "furthest_apart": float(apart.max()),
        "labels_apart": other_labels,
    }
