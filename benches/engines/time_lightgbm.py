"""Time LightGBM's prediction of a single row."""

import sys
from pathlib import Path

from fast_lightgbm import serve_fast

NORMAL = 0
"""The prediction, not the raw score."""

serve_fast(Path(sys.argv[1]), NORMAL, lambda predicted: predicted[0])
