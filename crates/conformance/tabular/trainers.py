"""Print what the cases in a folder tell about their trainers, as a table."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def line(path: Path) -> str:
    """A line for a case: rows apart, of which kind, and how far."""
    account = json.loads(path.read_text(encoding="utf-8"))
    kinds = account["scores_apart_by_kind"].items()
    places = ", ".join(f"{count} {kind}" for kind, count in kinds if count) or "none"
    furthest = account["furthest_apart"]
    return f"| `{path.parent.name}` | {places} | {furthest:.1e} | {account['labels_apart']} |"


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "target" / "tabular"
    print("| case | rows whose score is apart | furthest | labels apart |")
    print("| --- | --- | --- | --- |")
    for path in sorted(folder.glob("*/trainer.json")):
        print(line(path))


if __name__ == "__main__":
    main()
