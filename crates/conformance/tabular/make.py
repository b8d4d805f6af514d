"""Train tabular models on real data and make a conformance case of each.

Each goes into target/tabular/NAME: the model as its exporter or its library wrote it,
1000 rows, and the outputs that ONNX Runtime or the library gives for them. What is there already, from these recipes
and whole, is left.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE.parent / "models"), str(HERE.parents[2] / "models")]

import backend_test  # noqa: E402
import library  # noqa: E402
import making  # noqa: E402

SHIPPED = making.ROOT / "models"
"""The models that ship, whose data and search for thresholds are used here too."""

CASES = HERE / "cases.txt"


def functions() -> dict[str, tuple[str, str]]:
    """The module and the function for each name in the list of cases."""
    lines = CASES.read_text(encoding="utf-8").splitlines()
    cases = [line.split() for line in lines if line and not line.startswith("#")]
    return {name: tuple(function.split(".")) for name, function in cases}


def check(folder: Path) -> int:
    """Whether a case gives its outputs again, by whoever wrote them."""
    if (folder / "model.onnx").exists():
        return backend_test.check(folder)
    return library.check(folder)


RECIPES = making.Recipes(
    what=__doc__,
    functions=functions(),
    sources=[
        *HERE.glob("*.py"),
        *HERE.glob("data/*.gz"),
        CASES,
        HERE / "requirements.txt",
        HERE.parent / "models" / "backend_test.py",
        HERE.parent / "models" / "making.py",
        SHIPPED / "recipe.py",
        SHIPPED / "churn" / "data.csv.gz",
        SHIPPED / "housing" / "data.csv.gz",
    ],
    output=making.ROOT / "target" / "tabular",
    check=check,
)


if __name__ == "__main__":
    sys.exit(making.main(RECIPES))
