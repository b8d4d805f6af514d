"""Time LightGBM's contributions (`pred_contrib`) of a single row, by its fastest call for one:
`LGBM_BoosterPredictForMatSingleRowFast`. An answer is the sum of a row's contributions, each times
its place, so that one number tells them all."""

import ctypes
import sys
from pathlib import Path

import numpy as np
from single_rows import library, require, rows_of, serve

CONTRIBUTIONS = 3
FLOAT64 = 1

folder = Path(sys.argv[1])
lightgbm = library("lightgbm")
rows = rows_of(folder)
booster, iterations = ctypes.c_void_p(), ctypes.c_int()
file = str(folder / "model.txt").encode()
require(
    lightgbm.LGBM_BoosterCreateFromModelfile(file, ctypes.byref(iterations), ctypes.byref(booster))
)
fast = ctypes.c_void_p()
require(
    lightgbm.LGBM_BoosterPredictForMatSingleRowFastInit(
        booster, CONTRIBUTIONS, 0, -1, FLOAT64, rows.shape[1], b"num_threads=1", ctypes.byref(fast)
    )
)
# What is expected of any row stands behind the features.
contributions = np.zeros(rows.shape[1] + 1)
places = np.arange(1, len(contributions) + 1)
length = ctypes.c_int64()
behind = ctypes.byref(length), ctypes.c_void_p(contributions.ctypes.data)
serve(
    lightgbm.LGBM_BoosterPredictForMatSingleRowFast,
    [(fast, ctypes.c_void_p(row.ctypes.data), *behind) for row in rows],
    lambda: float(contributions @ places),
    lightgbm.LGBM_GetLastError,
    (),
)
