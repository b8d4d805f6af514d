"""LightGBM's fastest call for a single row, `LGBM_BoosterPredictForMatSingleRowFast`, ready."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path

import numpy as np
from single_rows import library, require, rows_of, serve

FLOAT64 = 1


def serve_fast(folder: Path, kind: int, answer: Callable[[np.ndarray], float]) -> None:
    """Serve the rows of a case with a prediction of this kind, `C_API_PREDICT_*`; `answer`
    makes one number of what it leaves behind, which may be a number for each feature and one
    more."""
    lightgbm = library("lightgbm")
    rows = rows_of(folder)
    booster, iterations = ctypes.c_void_p(), ctypes.c_int()
    file = str(folder / "model.txt").encode()
    require(
        lightgbm.LGBM_BoosterCreateFromModelfile(
            file, ctypes.byref(iterations), ctypes.byref(booster)
        )
    )
    fast = ctypes.c_void_p()
    require(
        lightgbm.LGBM_BoosterPredictForMatSingleRowFastInit(
            booster, kind, 0, -1, FLOAT64, rows.shape[1], b"num_threads=1", ctypes.byref(fast)
        )
    )
    predicted = np.zeros(rows.shape[1] + 1)
    length = ctypes.c_int64()
    behind = ctypes.byref(length), ctypes.c_void_p(predicted.ctypes.data)
    serve(
        lightgbm.LGBM_BoosterPredictForMatSingleRowFast,
        [(fast, ctypes.c_void_p(row.ctypes.data), *behind) for row in rows],
        lambda: float(answer(predicted)),
        lightgbm.LGBM_GetLastError,
        (),
    )
