"""Make the tiny safetensors models of the repository, with what sentence-transformers and
transformers answer.

Writes crates/conformance/cases/safetensors/NAME. The same versions of the packages in
requirements.txt give the same files. Tests read what is in the repository and need none
of this.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from functools import partial
from pathlib import Path

import minilm
import mlps
import oracle
from encoders import ENCODERS
from mlps import MLPS

RECIPES = {
    **{name: partial(oracle.build, encoder) for name, encoder in ENCODERS.items()},
    **{name: partial(mlps.build, mlp) for name, mlp in MLPS.items()},
    "minilm": minilm.build,
}
"""Each writes a folder and gives the number of its golden rows."""

OUTPUT = Path(__file__).resolve().parents[1] / "cases" / "safetensors"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"what to make (default: all): {', '.join(RECIPES)}",
    )
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FOLDER")
    arguments = parser.parse_args()
    for name in arguments.names or RECIPES:
        if name not in RECIPES:
            parser.error(f"there is no recipe for {name!r}")
        folder = arguments.output / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        rows = RECIPES[name](folder)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        print(f"{name:<20} {rows} rows, {size / 1e3:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
