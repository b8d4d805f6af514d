"""Time XGBoost's in-place prediction of a single row: `XGBoosterPredictFromDense`."""

import ctypes
import json
import sys
from pathlib import Path

from single_rows import library, require, rows_of, serve

folder = Path(sys.argv[1])
xgboost = library("xgboost")
rows = rows_of(folder)
booster = ctypes.c_void_p()
require(xgboost.XGBoosterCreate(None, ctypes.c_uint64(0), ctypes.byref(booster)))
require(xgboost.XGBoosterLoadModel(booster, str(folder / "model.ubj").encode()))
require(xgboost.XGBoosterSetParam(booster, b"nthread", b"1"))
options = {
    "type": 0,
    "training": False,
    "iteration_begin": 0,
    "iteration_end": 0,
    "strict_shape": False,
    "cache_id": 0,
    "missing": float("nan"),
}
given = json.dumps(options).encode()
shape, axes = ctypes.POINTER(ctypes.c_uint64)(), ctypes.c_uint64()
answers = ctypes.POINTER(ctypes.c_float)()
behind = ctypes.byref(shape), ctypes.byref(axes), ctypes.byref(answers)
arguments = []
for row in rows:
    array = {
        "data": [row.ctypes.data, True],
        "shape": [1, len(row)],
        "strides": None,
        "typestr": row.dtype.str,
        "version": 3,
    }
    arguments.append((booster, json.dumps(array).encode(), given, None, *behind))
version = tuple(ctypes.byref(ctypes.c_int()) for _ in range(3))
serve(
    xgboost.XGBoosterPredictFromDense,
    arguments,
    lambda: answers[0],
    xgboost.XGBoostVersion,
    version,
)
