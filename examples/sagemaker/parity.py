"""The same rows, answered by scikit-learn, by ONNX Runtime and by Hotplate, and how they differ."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from sklearn.base import is_classifier

import recipe
from sample import Sample

SHOWN_FLIPS = 5


@dataclass(frozen=True)
class Answers:
    """One runtime's answers to some rows."""

    values: np.ndarray
    """float64: a row of probabilities each, or a row of values."""
    labels: list[str]
    """A classifier's decisions; empty for a regressor."""


@dataclass(frozen=True)
class Difference:
    """How the answers of two runtimes to the same rows differ."""

    between: str
    rows: int
    greatest: float
    beyond: int
    """Rows with a number off by more than 1e-6 + 1e-5 times its size."""
    flips: list[int]
    """Rows that are decided differently, counted from zero."""

    def __str__(self) -> str:
        shown = ", ".join(map(str, self.flips[:SHOWN_FLIPS]))
        more = ", ..." if len(self.flips) > SHOWN_FLIPS else ""
        which = f" (rows {shown}{more})" if self.flips else ""
        return (
            f"{self.between}: {self.rows} rows, greatest difference {self.greatest:.1e}, "
            f"{self.beyond} beyond rounding, {len(self.flips)} flip{which}"
        )

    def to_json(self) -> dict[str, object]:
        """For programs."""
        return asdict(self)


def of_trainer(model: object, sample: Sample) -> Answers:
    """What scikit-learn itself says."""
    frame = sample.frame()
    if is_classifier(model):
        labels = [str(label) for label in model.predict(frame)]
        return Answers(np.asarray(model.predict_proba(frame), np.float64), labels)
    return Answers(np.asarray(model.predict(frame), np.float64).reshape(len(sample.rows), -1), [])


def of_onnx_runtime(outputs: dict[str, list[object]], classifies: bool) -> Answers:
    """What the graph says: `outputs` column by column, a classifier's label in front."""
    columns = list(outputs.values())
    labels = [str(label) for label in columns.pop(0)] if classifies else []
    return Answers(np.array(columns, np.float64).T, labels)


def of_hotplate(hotplate: Path, folder: Path, sample: Sample) -> Answers:
    """What `hotplate predict` says to the same rows."""
    with tempfile.TemporaryDirectory() as scratch:
        rows = Path(scratch) / "rows.csv"
        recipe.write_csv(rows, sample.columns, sample.rows)
        lines = run(hotplate, "predict", folder, "--input", rows, "--output-format", "jsonl")
    answers = [json.loads(line) for line in lines.splitlines()]
    labels = [str(answer["predicted_label"]) for answer in answers if "predicted_label" in answer]
    values = [answer.get("probabilities", answer["score"]) for answer in answers]
    return Answers(np.array(values, np.float64).reshape(len(sample.rows), -1), labels)


def run(hotplate: Path, *arguments: str | Path) -> str:
    """What a command prints; its complaints are the error."""
    done = subprocess.run([hotplate, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"hotplate {arguments[0]}: {done.stderr.strip()}")
    return done.stdout


def compare(between: str, expected: Answers, got: Answers) -> Difference:
    """How `got` differs from `expected`."""
    if expected.values.shape != got.values.shape:
        raise ValueError(f"{between}: {expected.values.shape} answers and {got.values.shape}")
    apart = np.abs(got.values - expected.values)
    allowed = recipe.ABSOLUTE_TOLERANCE + recipe.RELATIVE_TOLERANCE * np.abs(expected.values)
    beyond = int((apart > allowed).any(axis=1).sum())
    pairs = enumerate(zip(expected.labels, got.labels, strict=True))
    flips = [row for row, (one, other) in pairs if one != other]
    return Difference(between, len(apart), float(apart.max()), beyond, flips)


def golden(sample: Sample, outputs: dict[str, list[object]], trainer: Answers) -> list[list[str]]:
    """A golden file: rows, ONNX Runtime's answers, and scikit-learn's, with the header in front."""
    own: list[Sequence[object]] = [trainer.labels] if trainer.labels else []
    own += list(trainer.values.T)
    names = list(outputs)
    header = [recipe.OUTPUT_PREFIX + name for name in names]
    header += [recipe.TRAINER_PREFIX + name for name in names]
    answers = zip(*outputs.values(), *own, strict=True)
    return [sample.columns + header] + [
        row + [recipe.format_cell(value) for value in values]
        for row, values in zip(sample.rows, answers, strict=True)
    ]
