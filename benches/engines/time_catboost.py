"""Answer and time the rows of a case with CatBoost's own library, on one thread.

For a line `answers` on the standard input, write the sum of the trees for each row, on one
line; for a number, make so many calls of all the rows and write how many nanoseconds they
took.
"""

import sys
import time
from pathlib import Path

import numpy as np
import onnx
from catboost import CatBoost
from onnx import numpy_helper

folder = Path(sys.argv[1])
model = CatBoost().load_model(str(folder / "model.cbm"))
tensor = onnx.TensorProto.FromString((folder / "test_data_set_0" / "input_0.pb").read_bytes())
# Column by column: CatBoost answers sooner from it than from the rows one after the other.
rows = np.asfortranarray(numpy_helper.to_array(tensor), dtype=np.float32)


def predict() -> np.ndarray:
    return model.predict(rows, prediction_type="RawFormulaVal", thread_count=1)


for line in sys.stdin:
    if line.strip() == "answers":
        print(*(repr(float(margin)) for margin in predict()), flush=True)
        continue
    started = time.perf_counter_ns()
    for _ in range(int(line)):
        predict()
    print(time.perf_counter_ns() - started, flush=True)
