"""What the recipes of the shipped models have in common.

A recipe (`churn/train.py`, `housing/train.py`) trains a model and exports it to
ONNX. This module does what happens next, in the same way for every model:
it turns rows of text into the tensors a graph takes, runs the graph with ONNX
Runtime on one thread, finds rows that lie exactly on the model's thresholds,
and writes the golden file.

Numbers travel as text. A float32 is written with the fewest digits that bring
the same float32 back, whether the reader parses straight to float32 or goes
through float64 first, so that any CSV reader feeds a graph the same bits.

Only numpy and onnxruntime are needed, because `check_golden.py` uses this
module too and must run without the training libraries.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import io
import json
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator, Mapping, Sequence

import numpy as np
import onnxruntime as ort

Row = list[str]
"""One row of a CSV file: a cell per column, as text."""

OUTPUT_PREFIX = "output."
"""Marks the columns of a golden file that hold ONNX Runtime's answers."""

TRAINER_PREFIX = "trainer."
"""Marks the columns of a golden file that hold the training library's answers."""

ABSOLUTE_TOLERANCE = 1e-6
RELATIVE_TOLERANCE = 1e-5


def parse_arguments(description: str, folder: Path) -> argparse.Namespace:
    """The arguments of a recipe that lies in `folder`, beside its data."""
    parser = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=(
            "files written:\n"
            "  model.onnx   the exported model\n"
            "  golden.csv   rows with the answers of ONNX Runtime and of scikit-learn\n"
            "  rows.csv     a few held-out rows, as a client would send them\n"
            "  rows.json    the same rows as the body of a prediction request\n\n"
            "The same versions of the packages in requirements.txt give the same bytes.\n"
            "To see this without touching the shipped files, write to another folder:\n"
            "  python train.py --output again && cmp model.onnx again/model.onnx"
        ),
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=folder / "data.csv.gz",
        metavar="FILE",
        help="the gzipped CSV file to train on (default: data.csv.gz beside this script)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=folder,
        metavar="FOLDER",
        help="where to write; made if it is missing (default: the folder of this script)",
    )
    return parser.parse_args()


# --- numbers as text ---------------------------------------------------------


def parse_float32(cell: str) -> np.float32:
    """Read a number the way most CSV readers do: as float64, then rounded to
    float32. An empty cell is a missing value, NaN."""
    return np.float32(float(cell)) if cell else np.float32(np.nan)


def format_float32(value: np.float32) -> str:
    """Write a float32 with the fewest characters that read back as the same bits."""
    value = np.float32(value)
    if np.isnan(value):
        return ""
    text = min(
        np.format_float_positional(value, unique=True, trim="-"),
        np.format_float_scientific(value, unique=True, trim="-"),
        key=len,
    )
    if parse_float32(text).tobytes() != value.tobytes():
        raise ValueError(f"{value!r} does not survive being written as {text!r}")
    return text


def format_cell(value: object) -> str:
    """Write one answer: text as it is, integers whole, float32 and float64 with their fewest
    digits."""
    if isinstance(value, (str, int, np.integer)):
        return str(value)
    if isinstance(value, np.float32):
        return format_float32(value)
    return repr(float(value))


# --- files -------------------------------------------------------------------


def open_gzipped_csv(path: Path) -> io.TextIOWrapper:
    """Open a gzipped UTF-8 CSV file for reading."""
    return gzip.open(path, "rt", encoding="utf-8", newline="")


def write_csv(path: Path, header: Sequence[str], rows: Sequence[Row]) -> None:
    """Write an RFC 4180 file with a header row and `\\n` line ends."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def read_csv(path: Path) -> tuple[Row, list[Row]]:
    """Read a CSV file into its header and its rows."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


def json_number(cell: str) -> int | float | None:
    """The number in a cell as a JSON request holds it; null where it is missing."""
    return json.loads(cell) if cell else None


def write_instances(path: Path, instances: Sequence[object]) -> None:
    """Write rows as the JSON body of a prediction request, one instance a line."""
    lines = ",\n  ".join(json.dumps(instance) for instance in instances)
    path.write_text(f'{{"instances": [\n  {lines}\n]}}\n', encoding="utf-8")


def write_model(model, path: Path) -> None:
    """Write an ONNX ModelProto, always with the same bytes for the same model.

    The exporter collects the operator sets in a Python set, whose order changes
    from run to run; here they are sorted by domain.
    """
    operator_sets = sorted(model.opset_import, key=lambda entry: entry.domain)
    del model.opset_import[:]
    model.opset_import.extend(operator_sets)
    path.write_bytes(model.SerializeToString(deterministic=True))


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


# --- running a graph ---------------------------------------------------------


def one_thread_session(path: Path) -> ort.InferenceSession:
    """Load a model into ONNX Runtime with one thread.

    With more threads ONNX Runtime may split the trees of an ensemble and add
    the parts in another order, which changes the last bits of a score. With
    one thread the answer is a property of the model alone.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def input_columns(session: ort.InferenceSession) -> list[str]:
    """The names of the cells of one row, in the order of the graph's inputs.

    An input of width 1 is a column named after the input. A wider input is as
    many columns, named by the model's `feature_names` metadata.
    """
    columns: list[str] = []
    for graph_input in session.get_inputs():
        if graph_input.shape[1] == 1:
            columns.append(graph_input.name)
        else:
            columns += json.loads(session.get_modelmeta().custom_metadata_map["feature_names"])
    return columns


def tensors(session: ort.InferenceSession, rows: Sequence[Row]) -> dict[str, np.ndarray]:
    """Turn rows of text into the tensors the graph takes."""
    fed: dict[str, np.ndarray] = {}
    start = 0
    for graph_input in session.get_inputs():
        width = graph_input.shape[1]
        cells = [row[start : start + width] for row in rows]
        if graph_input.type == "tensor(string)":
            fed[graph_input.name] = np.array(cells, dtype=object)
        else:
            numbers = [[parse_float32(cell) for cell in row] for row in cells]
            fed[graph_input.name] = np.array(numbers, dtype=np.float32)
        start += width
    return fed


def run(session: ort.InferenceSession, rows: Sequence[Row]) -> dict[str, list[object]]:
    """Run the graph on all rows at once; give its answers column by column.

    An output of one value a row is a column named after the output; a wider one
    is a column for each element, `name.0`, `name.1` and so on.
    """
    results = session.run(None, tensors(session, rows))
    columns: dict[str, list[object]] = {}
    for output, result in zip(session.get_outputs(), results):
        by_row = result.reshape(len(rows), -1)
        for element in range(by_row.shape[1]):
            name = output.name if by_row.shape[1] == 1 else f"{output.name}.{element}"
            columns[name] = list(by_row[:, element])
    return columns


# --- rows on the model's own thresholds --------------------------------------


@dataclass(frozen=True)
class Split:
    """A decision of a tree, and a row that comes to it."""

    feature: int
    threshold: float
    row: int


def reachable_splits(
    trees: Sequence, matrix: np.ndarray, features: Sequence[int], per_feature: int
) -> list[Split]:
    """Pick splits on each of `features`, spread over the trees of an ensemble.

    Every split has its own threshold and is on the path of at least one row of
    `matrix` (what the trees see, float32), so that moving this row's feature
    across the threshold sends the row to the other side.
    """
    paths = [tree.decision_path(matrix).tocsc() for tree in trees]
    picked: list[Split] = []
    for feature in features:
        by_threshold: dict[float, Split] = {}
        for tree, path in zip(trees, paths):
            for node in np.flatnonzero(tree.tree_.feature == feature):
                comers = path[:, node].indices
                threshold = float(tree.tree_.threshold[node])
                if len(comers) and threshold not in by_threshold:
                    row = int(comers[len(comers) // 2])
                    by_threshold[threshold] = Split(feature, threshold, row)
        splits = list(by_threshold.values())
        spread = np.linspace(0, len(splits) - 1, min(per_feature, len(splits)))
        picked += [splits[int(position)] for position in spread]
    return picked


def float32_at_most(value: float) -> np.float32:
    """The largest float32 that is not above `value`.

    This is the threshold of an exported graph: for a float32 x, x <= value
    holds exactly when x <= float32_at_most(value).
    """
    nearest = np.float32(value)
    if float(nearest) <= value:
        return nearest
    return np.nextafter(nearest, np.float32(-np.inf))


def float32_at(position: int) -> np.float32:
    """The float32 at a place in the ordered line of all float32 values; 0 is +0.0,
    1 the smallest positive value, -1 is -0.0, -2 the largest negative one."""
    bits = position if position >= 0 else 0x7FFFFFFF - position
    return np.uint32(bits).view(np.float32)


def largest_passing(passes: Callable[[np.float32], bool]) -> np.float32:
    """The largest finite float32 x with `passes(x)`, by bisection over the ordered
    line of float32 values; `passes` must be true up to some value and false above.

    Arithmetic in `passes` may overflow at the ends of the line: an infinity
    compares as the huge number would.
    """
    largest_finite = 0x7F7FFFFF
    low, high = -1 - largest_finite, largest_finite
    with np.errstate(over="ignore"):
        if not passes(float32_at(low)) or passes(float32_at(high)):
            raise ValueError("the condition does not change over the finite float32 values")
        while high - low > 1:
            middle = (low + high) // 2
            if passes(float32_at(middle)):
                low = middle
            else:
                high = middle
    return float32_at(low)


def rows_around(row: Row, column: int, value: np.float32) -> list[Row]:
    """Three copies of `row` with a column set to the float32 just below `value`,
    to `value`, and to the float32 just above it."""
    below = np.nextafter(value, np.float32(-np.inf))
    above = np.nextafter(value, np.float32(np.inf))
    return [
        row[:column] + [format_float32(number)] + row[column + 1 :]
        for number in (below, value, above)
    ]


def require_thresholds_to_be_crossed(
    session: ort.InferenceSession, rows: Sequence[Row], score: str
) -> None:
    """Make sure that rows from `rows_around` lie where they should: in each group of
    three, the score of the graph changes between the second row and the third."""
    answers = run(session, rows)[score]
    for at, above in zip(answers[1::3], answers[2::3], strict=True):
        if at == above:
            raise ValueError(f"a row beyond a threshold still scores {at!r}")


# --- the golden file ---------------------------------------------------------


def write_golden(
    path: Path,
    session: ort.InferenceSession,
    groups: Mapping[str, Sequence[Row]],
    trainer: Callable[[Sequence[Row]], Mapping[str, Sequence[object]]],
) -> None:
    """Write the golden file: every row with ONNX Runtime's and the trainer's answers.

    `groups` holds the rows by kind, in the order they are written. The number of
    rows whose two answers are further apart than the tolerance is printed for
    each kind.
    """
    rows = [row for group in groups.values() for row in group]
    outputs = run(session, rows)
    trained = trainer(rows)
    header = input_columns(session)
    header = header + [OUTPUT_PREFIX + name for name in outputs]
    header = header + [TRAINER_PREFIX + name for name in trained]
    answers = zip(*outputs.values(), *trained.values())
    write_csv(
        path,
        header,
        [row + [format_cell(value) for value in values] for row, values in zip(rows, answers)],
    )
    differs = rows_that_differ(outputs, trained)
    print(f"\n{'rows of ' + path.name:<28} {'rows':>6} {'export differs':>15}")
    start = 0
    for kind, group in groups.items():
        stop = start + len(group)
        print(f"{kind:<28} {len(group):>6} {int(differs[start:stop].sum()):>15}")
        start = stop
    print(f"{'all':<28} {len(rows):>6} {int(differs.sum()):>15}")


def rows_that_differ(
    outputs: Mapping[str, Sequence[object]], trained: Mapping[str, Sequence[object]]
) -> np.ndarray:
    """Which rows the export and the trainer disagree on, as a mask.

    Labels must be equal; a score may be off by 1e-6 + 1e-5 times its size.
    """
    differs = np.zeros(len(next(iter(outputs.values()))), dtype=bool)
    for name, answers in outputs.items():
        expected = trained[name]
        if isinstance(answers[0], str):
            differs |= np.array(answers) != np.array(expected)
        else:
            scores = np.array(expected, dtype=np.float64)
            apart = np.abs(np.array(answers, dtype=np.float64) - scores)
            differs |= apart > ABSOLUTE_TOLERANCE + RELATIVE_TOLERANCE * np.abs(scores)
    return differs


# --- telling what goes on ----------------------------------------------------


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say what is being done, and when it is finished how long it took."""
    print(f"{what} ...", end="", flush=True)
    started = time.monotonic()
    yield
    print(f" {time.monotonic() - started:.1f} s", flush=True)


def print_scores(scores: Mapping[str, Mapping[str, float]]) -> None:
    """Print a table of scores: a line a model, a column a score."""
    names = list(next(iter(scores.values())))
    print(f"\n{'held-out rows':<28}" + "".join(f"{name:>12}" for name in names))
    for model, values in scores.items():
        print(f"{model:<28}" + "".join(f"{values[name]:>12.4f}" for name in names))


def print_file(path: Path) -> None:
    """Print the size and the SHA-256 of a written file."""
    print(f"{path.name:<12} {path.stat().st_size:>10,} bytes  {sha256_of(path)}")
