"""Check the shipped models against their golden files.

For every folder here that holds a `model.onnx` or a `model.ubj`:
  - the SHA-256 in its README is that of the file,
  - `golden.csv` has the columns that the model's inputs and outputs call for,
  - the library that the model is for, with one thread, gives the answers in
    `golden.csv` again: ONNX Runtime, or XGBoost. Labels are equal and scores are the
    same float32, bit for bit; only XGBoost's probabilities may be off by
    1e-6 + 1e-5 times their size, because the processor's exponential function is in
    them. Every row is checked twice, among all the others in one batch and in a call
    of its own.

Needs only the packages in requirements-check.txt. The libraries must be the pinned
versions, because another one may add scores in another order.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import booster
import recipe

HERE = Path(__file__).resolve().parent
FILES = ("model.onnx", "model.ubj")
SHOWN_FAILURES = 10

Answers = dict[str, list[object]]
"""The answers to some rows, by column."""


@dataclass(frozen=True)
class Shipped:
    """A model with its own library around it."""

    inputs: list[str]
    header: Callable[[Answers], list[str]]
    """What the golden file calls the answers."""
    run: Callable[[Sequence[recipe.Row]], Answers]
    near: tuple[str, ...] = ()
    """The answers that need not be the same to the last bit."""


def of_onnx(path: Path) -> Shipped:
    """A graph, and ONNX Runtime. Its golden file also has the trainer's answers."""
    session = recipe.one_thread_session(path)

    def header(answers: Answers) -> list[str]:
        prefixes = (recipe.OUTPUT_PREFIX, recipe.TRAINER_PREFIX)
        return [prefix + name for prefix in prefixes for name in answers]

    return Shipped(
        recipe.input_columns(session), header, lambda rows: recipe.run(session, rows)
    )


def of_xgboost(path: Path) -> Shipped:
    """A booster, and XGBoost."""
    model = booster.load(path)
    near = ("probabilities.0", "probabilities.1")
    return Shipped(
        model.feature_names, booster.header, lambda rows: booster.run(model, rows), near
    )


class Tally:
    """Counts checks, and prints the first few that fail."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0

    def check(self, holds: bool, complaint: str) -> bool:
        """Count one check; `complaint` says what is wrong when it does not hold."""
        if holds:
            self.passed += 1
            return True
        self.failed += 1
        if self.failed <= SHOWN_FAILURES:
            print(f"FAILED {complaint}")
        elif self.failed == SHOWN_FAILURES + 1:
            print("FAILED more checks, which are counted but not shown")
        return False


def model_file(folder: Path) -> Path:
    """The model file of a folder."""
    found = [folder / name for name in FILES if (folder / name).exists()]
    if len(found) != 1:
        raise ValueError(f"expected one of {', '.join(FILES)}, found {len(found)}")
    return found[0]


def same_answer(cell: str, answer: object, near: bool) -> bool:
    """Whether a golden cell holds this answer: equal text, or equal float32 bits unless
    `near` will do."""
    if isinstance(answer, str):
        return cell == answer
    expected = recipe.parse_float32(cell)
    if near:
        return np.isclose(
            answer, expected, rtol=recipe.RELATIVE_TOLERANCE, atol=recipe.ABSOLUTE_TOLERANCE
        )
    return expected.tobytes() == answer.tobytes()


def run_alone(model: Shipped, rows: Sequence[recipe.Row]) -> Answers:
    """The same answers as from one batch, from a call for each row."""
    columns: Answers = {}
    for row in rows:
        for name, answer in model.run([row]).items():
            columns.setdefault(name, []).extend(answer)
    return columns


def wrong_cells(
    model: Shipped, answers: Answers, golden: dict[str, list[str]], row: int
) -> Iterator[str]:
    """Say for each answer to one row how it differs from the golden file, if it does."""
    # The trainer's answers to a graph come behind those of ONNX Runtime, and are not checked.
    for (name, column), header in zip(answers.items(), model.header(answers)):
        expected = golden[header][row]
        if not same_answer(expected, column[row], name in model.near):
            yield f"{name} is {recipe.format_cell(column[row])}, not {expected}"


def check_readme(folder: Path, tally: Tally) -> None:
    """Check that the README names the SHA-256 of the model file."""
    stated = re.findall(r"\b[0-9a-f]{64}\b", (folder / "README.md").read_text(encoding="utf-8"))
    path = model_file(folder)
    actual = recipe.sha256_of(path)
    tally.check(
        stated == [actual],
        f"{folder.name}/README.md: the SHA-256 of {path.name} is {actual}, not {stated}",
    )


def check_answers(folder: Path, tally: Tally) -> None:
    """Check every row of the golden file, in one batch and alone."""
    path = model_file(folder)
    model = of_onnx(path) if path.suffix == ".onnx" else of_xgboost(path)
    header, lines = recipe.read_csv(folder / "golden.csv")
    rows = [line[: len(model.inputs)] for line in lines]
    batch = model.run(rows)
    if not tally.check(
        header == model.inputs + model.header(batch),
        f"{folder.name}/golden.csv: the header does not match the model",
    ):
        return
    golden = {name: list(column) for name, column in zip(header, zip(*lines, strict=True))}
    for how, answers in (("in a batch", batch), ("alone", run_alone(model, rows))):
        for row in range(len(rows)):
            wrong = "; ".join(wrong_cells(model, answers, golden, row))
            # Line 1 of the file is the header.
            tally.check(not wrong, f"{folder.name}/golden.csv line {row + 2}, {how}: {wrong}")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="The last line counts the checks; the exit code is 1 if any failed.",
    )
    parser.add_argument(
        "folders",
        type=Path,
        nargs="*",
        metavar="FOLDER",
        help="model folders to check (default: all beside this script)",
    )
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    folders = arguments.folders or sorted(
        path.parent for name in FILES for path in HERE.glob(f"*/{name}")
    )
    tally = Tally()
    tally.check(bool(folders), "there is no model to check")
    for folder in folders:
        print(f"checking {folder.name}", flush=True)
        for check in (check_readme, check_answers):
            try:
                check(folder, tally)
            except Exception as error:
                # A missing or damaged file, or a model that does not load, is a failed check.
                tally.check(False, f"{folder.name}: {error}")
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
