"""`golden.json`: rows, and what the libraries that made these formats answer."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

LIBRARIES = ("sentence-transformers", "tokenizers", "torch", "transformers")


def versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name).partition("+")[0] for name in LIBRARIES}


def numbers(values: Iterable[float]) -> list[float]:
    """Each float32 with the fewest digits that read back as it."""
    return [float(np.format_float_scientific(np.float32(value), unique=True)) for value in values]


def write(folder: Path, head: Mapping[str, object], rows: Sequence[Mapping[str, object]]) -> None:
    """Write the file, a row on a line."""
    head = {"libraries": versions(), **head}
    fields = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in head.items())
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    text = "{\n" + fields + ',\n"rows": [\n' + lines + "\n]\n}\n"
    (folder / "golden.json").write_text(text, encoding="utf-8")
