"""Make the models that the conformance tests and the benches read.

Each goes into target/models/NAME, as a model with inputs and the outputs that ONNX
Runtime gives for them. What is there already, from these recipes and whole, is left.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import shutil
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
STAMP = "made.json"
"""In each model's folder: the digest of the recipes, and that of every file."""

RECIPES = {
    "minilm": ("minilm", "build"),
    "minilm-external": ("minilm", "build_external"),
    "cnn": ("cnn", "build"),
    "tickets": ("tickets", "build"),
    "tickets-zipmap": ("tickets", "build_zipmap"),
    "fraud-mlp": ("networks", "build_fraud_mlp"),
    "identity": ("networks", "build_identity"),
}
"""The module and the function for each name. A module is imported only when it is needed."""


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def recipes_digest() -> str:
    """A digest of all that decides what is made: every module here, and the requirements."""
    digest = hashlib.sha256()
    for path in sorted([*HERE.glob("*.py"), HERE / "requirements.txt"]):
        digest.update(f"{path.name} {digest_of(path)}\n".encode())
    return digest.hexdigest()


def contents(folder: Path) -> dict[str, str]:
    """The digest of each file of a model's folder but the stamp."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != STAMP)
    return {path.relative_to(folder).as_posix(): digest_of(path) for path in files}


def is_made(folder: Path, recipes: str) -> bool:
    """Whether the folder is whole and from these recipes."""
    try:
        stamp = json.loads((folder / STAMP).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return False
    return stamp == {"recipes": recipes, "files": contents(folder)}


def make(name: str, output: Path, recipes: str) -> int:
    """Make one model, check it, and put it in its place. Gives the number of data sets."""
    from backend_test import check

    module, function = RECIPES[name]
    # Outside of `output`, where a test that lists the models would find it half made.
    folder = output.with_name(output.name + "-unfinished") / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    getattr(importlib.import_module(module), function)(folder)
    data_sets = check(folder)
    stamp = {"recipes": recipes, "files": contents(folder)}
    (folder / STAMP).write_text(json.dumps(stamp, indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(output / name, ignore_errors=True)
    output.mkdir(parents=True, exist_ok=True)
    folder.rename(output / name)
    return data_sets


def parse_arguments() -> argparse.Namespace:
    names = "\n".join(f"  {name}" for name in RECIPES)
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"models:\n{names}\n\n"
        "Needs the packages in requirements.txt, and the package index for two of the models;\n"
        ".ci/models sees to the packages.",
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="what to make (default: all the models)"
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=ROOT / "target" / "models",
        metavar="FOLDER",
        help="where to write (default: target/models)",
    )
    parser.add_argument("--force", action="store_true", help="make again what is there")
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in RECIPES:
            parser.error(f"there is no recipe for {name!r}; there are {', '.join(RECIPES)}")
    return arguments


def main() -> int:
    arguments = parse_arguments()
    output = arguments.output.resolve()
    recipes = recipes_digest()
    failed = 0
    for name in arguments.names or RECIPES:
        if not arguments.force and is_made(output / name, recipes):
            print(f"{name:<16} is there")
            continue
        print(f"{name:<16} ", end="", flush=True)
        started = time.monotonic()
        try:
            data_sets = make(name, output, recipes)
        except Exception as error:
            # Whatever stops one recipe, the others need not wait for it.
            print(f"FAILED {type(error).__name__}: {error}")
            failed += 1
            continue
        size = sum(path.stat().st_size for path in (output / name).rglob("*") if path.is_file())
        taken = time.monotonic() - started
        print(f"{data_sets} data sets, {size / 1e6:.1f} MB, {taken:.1f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
