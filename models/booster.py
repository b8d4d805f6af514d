"""Models in XGBoost's own format, for recipes and for `check_golden.py`: rows of text in,
answers out, as `recipe.run` does it for graphs.

Only numpy and XGBoost are needed beside what `recipe.py` needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xgboost

import recipe

MARGIN = "margin"
"""The column of XGBoost's margin; no output of the model, so it is told for people."""


def load(path: Path) -> xgboost.Booster:
    """Load a model file. One thread, so that an answer is a property of the model alone."""
    booster = xgboost.Booster(params={"nthread": 1})
    booster.load_model(path)
    return booster


def matrix(rows: Sequence[recipe.Row]) -> np.ndarray:
    """Rows of text as XGBoost sees them: float32, NaN where a cell is empty."""
    return np.array([[recipe.parse_float32(cell) for cell in row] for row in rows], np.float32)


def margins(booster: xgboost.Booster, features: np.ndarray) -> np.ndarray:
    """The sum of base score and leaves of each row, float32."""
    rows = xgboost.DMatrix(features, feature_names=booster.feature_names, nthread=1)
    return booster.predict(rows, output_margin=True)


def run(booster: xgboost.Booster, rows: Sequence[recipe.Row]) -> dict[str, list[object]]:
    """XGBoost's answers, column by column, as `XGBClassifier` forms them: the second class
    from a probability above one half on, and the first class's probability by
    subtraction in float32."""
    features = matrix(rows)
    named = xgboost.DMatrix(features, feature_names=booster.feature_names, nthread=1)
    second = booster.predict(named)
    return {
        "label": [str(int(probability > 0.5)) for probability in second],
        "probabilities.0": list(np.float32(1) - second),
        "probabilities.1": list(second),
        MARGIN: list(margins(booster, features)),
    }


def header(found: dict[str, list[object]]) -> list[str]:
    """What a golden file calls these answers: outputs of the model, and the margin."""
    return [
        (recipe.TRAINER_PREFIX if name == MARGIN else recipe.OUTPUT_PREFIX) + name
        for name in found
    ]
