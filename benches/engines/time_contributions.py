"""Time LightGBM's contributions (`pred_contrib`) of a single row. An answer is their sum, each
times its place, so that one number tells them all; what is expected of any row is the last."""

import sys
from pathlib import Path

import numpy as np
from fast_lightgbm import serve_fast

CONTRIBUTIONS = 3

serve_fast(
    Path(sys.argv[1]),
    CONTRIBUTIONS,
    lambda predicted: predicted @ np.arange(1, len(predicted) + 1),
)
