"""Pack model folders as SageMaker takes them: model.tar.gz, with the model at the top.

SageMaker unpacks the archive into /opt/ml/model, and that of a multi-model endpoint into
/opt/ml/models/HASH/model; both are read-only, and both hold hotplate.toml beside the model. The
same files give the same bytes, whatever their dates and owners are, so an archive's SHA-256
tells the version.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import re
import stat
import sys
import tarfile
import tomllib
from pathlib import Path

CONFIG = "hotplate.toml"
RUNS_CODE = {".pkl", ".pickle", ".joblib", ".pt", ".pth", ".py", ".sh"}
"""Endings of files that have no place beside a model that is only ever read."""

MODEL_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*")
"""What SageMaker takes as a name, and a client as TargetModel without quoting."""

EPILOG = """\
One folder and an --out that ends in .tar.gz: one archive for an endpoint or a batch transform.
Otherwise --out is a folder, which gets NAME.tar.gz of each model: upload it as the prefix of a
multi-model endpoint, whose clients say TargetModel=NAME.tar.gz.

Refused: a folder without hotplate.toml or without the file that it names, links and devices,
pickles and scripts, and files of other names than SageMaker's tools can carry.

examples:
  python pack.py churn --out model.tar.gz
  python pack.py churn housing --out models"""


class Refused(Exception):
    """Why a folder is not packed."""


def contents(folder: Path) -> list[Path]:
    """The files of a model folder, sorted; hidden ones are left out."""
    found = []
    for where, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "__pycache__"))]
        for name in [*folders, *files]:
            path = Path(where, name)
            mode = path.lstat().st_mode
            if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
                raise Refused(f"{path}: neither a file nor a folder; copy what it points to")
        found += [Path(where, name) for name in files if not name.startswith(".")]
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def checked(folder: Path) -> list[Path]:
    """The files to pack; refuses what would fail in the container, where that takes minutes to
    be seen."""
    files = contents(folder)
    if folder / CONFIG not in files:
        raise Refused(f"{folder}: no {CONFIG} at the top; export.py writes one")
    config = tomllib.loads((folder / CONFIG).read_text(encoding="utf-8"))
    named = config.get("model", {}).get("file")
    if named is not None and folder / named not in files:
        raise Refused(f"{folder / CONFIG}: names {named}, which is not in the folder")
    for path in files:
        if path.suffix in RUNS_CODE:
            raise Refused(f"{path}: may run code; only the exported model is packed")
        if not path.name.isascii() or not path.name.isprintable():
            raise Refused(f"{path}: a name in printable ASCII is safe with every tool; rename it")
    return files


def bare(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """An entry without what differs between machines."""
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o644
    return entry


def pack(folder: Path, files: list[Path], archive: Path) -> str:
    """Write the archive of one model folder; its SHA-256."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    # Without a name and a date in gzip's own header.
    with (
        archive.open("wb") as out,
        gzip.GzipFile("", "wb", compresslevel=6, fileobj=out, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for path in files:
            tar.add(path, path.relative_to(folder).as_posix(), recursive=False, filter=bare)
    return hashlib.sha256(archive.read_bytes()).hexdigest()


def archives(folders: list[Path], out: Path) -> list[Path]:
    """The archive of each folder."""
    if out.name.endswith(".tar.gz"):
        if len(folders) != 1:
            raise Refused(f"{out}: an archive holds one model; name a folder for {len(folders)}")
        return [out]
    names = [folder.resolve().name for folder in folders]
    for name in names:
        if names.count(name) > 1:
            raise Refused(f"{name}: two models of this name")
        if not MODEL_NAME.fullmatch(name):
            raise Refused(f"{name}: letters, digits and hyphens inside are what SageMaker takes")
    return [out / f"{name}.tar.gz" for name in names]


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, epilog=EPILOG
    )
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER", help="a model folder")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="PATH", help="an archive, or a folder of them"
    )
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    try:
        targets = archives(arguments.folders, arguments.out)
        # All are checked before the first is written.
        files = [checked(folder) for folder in arguments.folders]
        for folder, found, archive in zip(arguments.folders, files, targets, strict=True):
            digest = pack(folder, found, archive)
            print(f"{archive}  {archive.stat().st_size:,} bytes  sha256 {digest}")
    except (Refused, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
