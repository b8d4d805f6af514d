"""What trained models answer themselves, for rows as a case holds them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from case import Answers

Answer = Callable[[pd.DataFrame], Answers]


def of_matrix(rows: pd.DataFrame) -> np.ndarray:
    """Rows of numbers as float32, which the libraries of boosted trees take."""
    return rows.to_numpy(np.float32)


def in_float64(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows as scikit-learn is mostly given them: the same numbers, in float64."""
    numbers = [name for name in rows if rows[name].dtype == np.float32]
    return rows.astype(dict.fromkeys(numbers, np.float64))


def classifier(model: object, prepare: Callable[[pd.DataFrame], object] = of_matrix) -> Answer:
    """Probabilities and labels."""

    def answer(rows: pd.DataFrame) -> Answers:
        prepared = prepare(rows)
        return Answers(model.predict_proba(prepared), np.ravel(model.predict(prepared)))

    return answer


def regression(model: object, prepare: Callable[[pd.DataFrame], object] = of_matrix) -> Answer:
    """Values."""
    return lambda rows: Answers(np.ravel(model.predict(prepare(rows))))
