"""Check the shipped models against their golden files.

For every folder here that holds a `model.onnx`:
  - the SHA-256 in its README is that of the file,
  - `golden.csv` has the columns that the graph's inputs and outputs call for,
  - ONNX Runtime, with one thread, gives the answers in `golden.csv` again: labels
    are equal and scores are the same float32, bit for bit. Every row is checked
    twice, among all the others in one batch and in a call of its own.

Needs only the packages in requirements-check.txt. ONNX Runtime must be the pinned
version, because another one may add scores in another order.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import onnxruntime as ort

import recipe

HERE = Path(__file__).resolve().parent
SHOWN_FAILURES = 10


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


def same_answer(cell: str, answer: object) -> bool:
    """Whether a golden cell holds exactly this answer: equal text or equal float32 bits."""
    if isinstance(answer, str):
        return cell == answer
    return recipe.parse_float32(cell).tobytes() == answer.tobytes()


def run_alone(
    session: ort.InferenceSession, rows: Sequence[recipe.Row]
) -> dict[str, list[object]]:
    """The same answers as `recipe.run`, from a call for each row."""
    columns: dict[str, list[object]] = {}
    for row in rows:
        for name, answer in recipe.run(session, [row]).items():
            columns.setdefault(name, []).extend(answer)
    return columns


def wrong_cells(
    answers: dict[str, list[object]], golden: dict[str, list[str]], row: int
) -> Iterator[str]:
    """Say for each output of one row how it differs from the golden file, if it does."""
    for name, column in answers.items():
        expected = golden[recipe.OUTPUT_PREFIX + name][row]
        if not same_answer(expected, column[row]):
            yield f"{name} is {recipe.format_cell(column[row])}, not {expected}"


def check_readme(folder: Path, tally: Tally) -> None:
    """Check that the README names the SHA-256 of the model file."""
    stated = re.findall(r"\b[0-9a-f]{64}\b", (folder / "README.md").read_text(encoding="utf-8"))
    actual = recipe.sha256_of(folder / "model.onnx")
    tally.check(
        stated == [actual],
        f"{folder.name}/README.md: the SHA-256 of model.onnx is {actual}, not {stated}",
    )


def check_answers(folder: Path, tally: Tally) -> None:
    """Check every row of the golden file, in one batch and alone."""
    session = recipe.one_thread_session(folder / "model.onnx")
    header, lines = recipe.read_csv(folder / "golden.csv")
    inputs = recipe.input_columns(session)
    rows = [line[: len(inputs)] for line in lines]
    batch = recipe.run(session, rows)
    outputs = [recipe.OUTPUT_PREFIX + name for name in batch]
    trained = [recipe.TRAINER_PREFIX + name for name in batch]
    if not tally.check(
        header == inputs + outputs + trained,
        f"{folder.name}/golden.csv: the header does not match the graph",
    ):
        return
    golden = {name: list(column) for name, column in zip(header, zip(*lines, strict=True))}
    for how, answers in (("in a batch", batch), ("alone", run_alone(session, rows))):
        for row in range(len(rows)):
            wrong = "; ".join(wrong_cells(answers, golden, row))
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
    folders = arguments.folders or sorted(path.parent for path in HERE.glob("*/model.onnx"))
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
