"""Makes folders by recipes: all that a table names, or what is asked for.

What is there already, from these recipes and whole, is left. A recipe gets an empty
folder to write a case into, in the form of ONNX's own backend tests.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import shutil
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from backend_test import check

ROOT = Path(__file__).resolve().parents[3]
STAMP = "made.json"
"""In each folder: the digest of the recipes, and that of every file."""


@dataclass(frozen=True)
class Recipes:
    """What can be made, and out of what."""

    what: str
    """Said by `--help`."""

    functions: Mapping[str, tuple[str, str]]
    """The module and the function for each name. A module is imported only when needed."""

    sources: Sequence[Path]
    """Every file that decides what is made."""

    output: Path
    """Where folders go unless another place is asked for."""

    check: Callable[[Path], int] = check
    """Reads a made folder back, and gives the number of data sets."""


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of_all(sources: Sequence[Path]) -> str:
    """One digest of all the files and of where they are."""
    digest = hashlib.sha256()
    for path in sorted(source.resolve() for source in sources):
        digest.update(f"{path.relative_to(ROOT).as_posix()} {digest_of(path)}\n".encode())
    return digest.hexdigest()


def contents(folder: Path) -> dict[str, str]:
    """The digest of each file of a made folder but the stamp."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != STAMP)
    return {path.relative_to(folder).as_posix(): digest_of(path) for path in files}


def is_made(folder: Path, recipes: str) -> bool:
    """Whether the folder is whole and from these recipes."""
    try:
        stamp = json.loads((folder / STAMP).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return False
    return stamp == {"recipes": recipes, "files": contents(folder)}


def make(recipes: Recipes, name: str, place: Path, digest: str) -> int:
    """Make one folder, check it, and put it in its place. Gives the number of data sets."""
    module, function = recipes.functions[name]
    # Outside of the output, where a test that lists the cases would find it half made.
    output = place.parent
    folder = output.with_name(output.name + "-unfinished") / place.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    getattr(importlib.import_module(module), function)(folder)
    data_sets = recipes.check(folder)
    stamp = {"recipes": digest, "files": contents(folder)}
    (folder / STAMP).write_text(json.dumps(stamp, indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(place, ignore_errors=True)
    output.mkdir(parents=True, exist_ok=True)
    folder.rename(place)
    return data_sets


def parse_arguments(recipes: Recipes) -> argparse.Namespace:
    names = "\n".join(f"  {name}" for name in recipes.functions)
    parser = argparse.ArgumentParser(
        description=recipes.what,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"names:\n{names}\n\nNeeds the packages in requirements.txt.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="what to make (default: all)")
    place = recipes.output.relative_to(ROOT).as_posix()
    parser.add_argument(
        "--output",
        type=Path,
        default=recipes.output,
        metavar="FOLDER",
        help=f"where to write (default: {place})",
    )
    parser.add_argument("--force", action="store_true", help="make again what is there")
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in recipes.functions:
            known = ", ".join(recipes.functions)
            parser.error(f"there is no recipe for {name!r}; there are {known}")
    return arguments


def main(recipes: Recipes) -> int:
    """Make what the arguments name. Gives the exit code: 1 when a recipe failed."""
    arguments = parse_arguments(recipes)
    output = arguments.output.resolve()
    digest = digest_of_all(recipes.sources)
    width = max(len(name) for name in recipes.functions)
    failed = 0
    for name in arguments.names or recipes.functions:
        if not arguments.force and is_made(output / name, digest):
            print(f"{name:<{width}} is there")
            continue
        print(f"{name:<{width}} ", end="", flush=True)
        started = time.monotonic()
        try:
            data_sets = make(recipes, name, output / name, digest)
        except Exception as error:
            # Whatever stops one recipe, the others need not wait for it.
            complaint = textwrap.shorten(str(error), 300)
            print(f"FAILED {type(error).__name__}: {complaint}")
            failed += 1
            continue
        size = sum(path.stat().st_size for path in (output / name).rglob("*") if path.is_file())
        taken = time.monotonic() - started
        print(f"{data_sets} data sets, {size / 1e6:.1f} MB, {taken:.1f} s")
    return 1 if failed else 0
