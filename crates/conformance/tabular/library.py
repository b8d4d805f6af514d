"""Cases of models in the libraries' own files, `model.txt`, `model.ubj` or `model.json`.

What is expected is what the library answers that has read the file: LightGBM from float64,
XGBoost from float32.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import xgboost

import paths
from backend_test import Tensors, read_tensors, require, write_tensors
from case import require_thresholds_crossed
from rows import Takes, draw, number_columns

FEATURES = "features"
"""The input of a model without categories of text."""


class LightGbmFile:
    """A text file of LightGBM."""

    number = np.float64

    def __init__(self, file: Path) -> None:
        self.booster = lightgbm.Booster(model_file=file)
        self.trees = paths.of_lightgbm(file)
        lines = file.read_text("utf-8").splitlines()
        objective = next(line for line in lines if line.startswith("objective="))
        self.objective = objective.removeprefix("objective=").split()[0]
        self.names = self.booster.feature_name()
        listed = next(line for line in lines if line.startswith("[categorical_feature:"))
        places = listed.strip("[]").removeprefix("categorical_feature:")
        self._categorical = [int(place) for place in places.split(",") if place.strip()]

    @property
    def is_classifier(self) -> bool:
        return self.objective in ("binary", "multiclass", "multiclassova")

    @property
    def has_texts(self) -> bool:
        """Whether a column has categories of text."""
        lists = self.booster.pandas_categorical or []
        return any(isinstance(category, str) for categories in lists for category in categories)

    def prepare(self, rows: pd.DataFrame) -> pd.DataFrame | np.ndarray:
        """Rows as the library is to have them."""
        if not self.booster.pandas_categorical:
            return rows.to_numpy(np.float64)
        rows = categorical(rows)
        names = [rows.columns[place] for place in self._categorical]
        return rows.astype(dict.fromkeys(names, "category"))

    def leaves(self, rows: pd.DataFrame) -> np.ndarray:
        return paths.lightgbm_leaves(self.booster, self.prepare(rows))

    def scores(self, rows: pd.DataFrame) -> np.ndarray:
        return self.booster.predict(self.prepare(rows), num_threads=1)


class XgBoostFile:
    """A file of XGBoost, of which the rounds up to the best one count."""

    number = np.float32

    def __init__(self, file: Path) -> None:
        self.booster = xgboost.Booster({"nthread": 1}, model_file=file)
        best = self.booster.attr("best_iteration")
        self._rounds = (0, 0 if best is None else int(best) + 1)
        self.trees = paths.of_xgboost(self.booster)
        learner = json.loads(self.booster.save_raw("json"))["learner"]
        self.objective = learner["objective"]["name"]
        self.names = self.booster.feature_names
        booster = learner["gradient_booster"]
        categories = booster.get("gbtree", booster)["model"]["cats"]["enc"]
        # Texts lie one after the other, each from an offset.
        self.has_texts = any("offsets" in of_column for of_column in categories)

    @property
    def is_classifier(self) -> bool:
        return self.objective in ("binary:logistic", "multi:softprob")

    def prepare(self, rows: pd.DataFrame) -> xgboost.DMatrix:
        if self.has_texts:
            return xgboost.DMatrix(categorical(rows), enable_categorical=True, nthread=1)
        return xgboost.DMatrix(
            rows.to_numpy(np.float32),
            feature_names=self.names,
            feature_types=self.booster.feature_types,
            enable_categorical=True,
            nthread=1,
        )

    def leaves(self, rows: pd.DataFrame) -> np.ndarray:
        return paths.xgboost_leaves(self.booster, self.prepare(rows), self._rounds)

    def scores(self, rows: pd.DataFrame) -> np.ndarray:
        return self.booster.predict(self.prepare(rows), iteration_range=self._rounds)


READERS = {"model.txt": LightGbmFile, "model.ubj": XgBoostFile, "model.json": XgBoostFile}


def categorical(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows whose texts are categories, an empty text a missing one."""
    rows = rows.copy()
    for name in set(rows) - set(number_columns(rows)):
        rows[name] = pd.Categorical(rows[name].where(rows[name] != "", None))
    return rows


def read(folder: Path) -> LightGbmFile | XgBoostFile:
    """The library's file in a folder, read by the library."""
    name = next(name for name in READERS if (folder / name).exists())
    return READERS[name](folder / name)


@dataclass(frozen=True)
class Picks:
    """Numbers on thresholds of a model's trees that rows come to."""

    model: LightGbmFile | XgBoostFile

    def __call__(
        self, held_out: pd.DataFrame, generator: np.random.Generator
    ) -> Iterator[tuple[int, str, np.floating]]:
        leaves = self.model.leaves(held_out)
        while True:
            row, tree = generator.integers(leaves.shape[0]), generator.integers(leaves.shape[1])
            met = self.model.trees[tree].path(int(leaves[row, tree]))
            if met:
                split = met[generator.integers(len(met))]
                yield int(row), held_out.columns[split.feature], split.threshold


def write(folder: Path, held_out: pd.DataFrame, takes: Takes) -> None:
    """Write what is fed to the model in a folder, and what it answers."""
    model = read(folder)
    types = dict.fromkeys(number_columns(held_out), model.number)
    # The library may not take names as they are.
    held_out = held_out.astype(types).set_axis(model.names, axis=1)
    drawn, kinds = draw(held_out, takes, Picks(model))
    for position, rows in enumerate([drawn, drawn[:1]]):
        data_set = folder / f"test_data_set_{position}"
        data_set.mkdir()
        outputs = answer(model, rows)
        write_tensors(data_set, "input", feed(model, rows))
        write_tensors(data_set, "output", outputs)
        if position == 0:
            require_thresholds_crossed(outputs, kinds)


def feed(model: LightGbmFile | XgBoostFile, rows: pd.DataFrame) -> Tensors:
    """Rows as tensors: one matrix, or an input for each column where some hold texts."""
    if not model.has_texts:
        return {FEATURES: rows.to_numpy(model.number)}
    return {name: rows[[name]].to_numpy() for name in rows}


def answer(model: LightGbmFile | XgBoostFile, rows: pd.DataFrame) -> Tensors:
    """Labels and the probability of each class, or the predictions."""
    scores = model.scores(rows)
    scores = scores.reshape(len(rows), -1)
    require(scores.dtype == model.number, f"the scores are {scores.dtype}")
    if not model.is_classifier:
        return {"prediction": scores}
    if scores.shape[1] == 1:
        scores = np.hstack([1 - scores, scores])
    return {"label": scores.argmax(axis=1), "probabilities": scores}


def check(folder: Path) -> int:
    """Read a folder back: the file gives its outputs again, bit for bit.

    Gives the number of data sets.
    """
    model = read(folder)
    data_sets = sorted(folder.glob("test_data_set_*"))
    require(bool(data_sets), f"{folder.name} has no data set")
    for data_set in data_sets:
        inputs = read_tensors(data_set, "input")
        matrix = inputs.get(FEATURES)
        columns = {name: tensor[:, 0] for name, tensor in inputs.items()}
        rows = pd.DataFrame(columns if matrix is None else matrix)
        expected = read_tensors(data_set, "output")
        for name, tensor in answer(model, rows).items():
            same = np.array_equal(tensor, expected[name])
            require(same, f"{data_set}: {name} is not what was written")
    return len(data_sets)
