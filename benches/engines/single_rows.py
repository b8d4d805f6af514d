"""Answer and time the rows of a case one by one with a function of a C library.

For a line `answers` on the standard input, write the answer to each row, on one line; for
a number, make so many calls, over the rows in turn, and write how many nanoseconds they
took; for `overhead`, write how many a call takes that does nothing.
"""

from __future__ import annotations

import ctypes
import importlib.util
import sys
import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

IDLE_CALLS = 200_000


def library(package: str) -> ctypes.PyDLL:
    """The shared library of a wheel, called without letting go of Python's lock, which would
    take its time from each call. The package itself is not imported."""
    folder = Path(importlib.util.find_spec(package).origin).parent
    # Its ending is the system's.
    (file,) = (folder / "lib").glob(f"*{package}.*")
    return ctypes.PyDLL(str(file))


def rows_of(folder: Path) -> np.ndarray:
    """The matrix that a case is fed, row by row."""
    tensor = onnx.TensorProto.FromString((folder / "test_data_set_0" / "input_0.pb").read_bytes())
    return np.ascontiguousarray(numpy_helper.to_array(tensor))


def require(code: int) -> None:
    """Stop where a function of the library failed."""
    if code != 0:
        raise RuntimeError(f"the library answers {code}")


def serve(
    call: Callable[..., int],
    arguments: Sequence[tuple],
    answer: Callable[[], float],
    nothing: Callable[..., object],
    idle: tuple,
) -> None:
    """Answer what is asked on the standard input.

    `arguments` are those of `call` for each row, `answer` is what it left behind, and `idle`
    those of `nothing`.
    """

    def timed(function: Callable[..., object], each: Sequence[tuple], calls: int) -> int:
        started = time.perf_counter_ns()
        for given in islice(cycle(each), calls):
            function(*given)
        return time.perf_counter_ns() - started

    for line in sys.stdin:
        match line.strip():
            case "answers":
                answers = []
                for given in arguments:
                    require(call(*given))
                    answers.append(repr(float(answer())))
                print(*answers, flush=True)
            case "overhead":
                print(timed(nothing, [idle], IDLE_CALLS) / IDLE_CALLS, flush=True)
            case calls:
                print(timed(call, arguments, int(calls)), flush=True)
