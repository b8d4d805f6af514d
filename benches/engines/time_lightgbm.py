"""Time LightGBM's fastest call for a single row: `LGBM_BoosterPredictForMatSingleRowFast`."""

import ctypes
import sys
from pathlib import Path

from single_rows import library, require, rows_of, serve

NORMAL = 0
"""The prediction, not the raw score."""
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
        booster, NORMAL, 0, -1, FLOAT64, rows.shape[1], b"num_threads=1", ctypes.byref(fast)
    )
)
length, answer = ctypes.c_int64(), ctypes.c_double()
behind = ctypes.byref(length), ctypes.byref(answer)
arguments = [(fast, ctypes.c_void_p(row.ctypes.data), *behind) for row in rows]
serve(
    lightgbm.LGBM_BoosterPredictForMatSingleRowFast,
    arguments,
    lambda: answer.value,
    lightgbm.LGBM_GetLastError,
    (),
)
