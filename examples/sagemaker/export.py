"""Export a fitted scikit-learn pipeline into a folder that Hotplate serves, and prove it right.

The pipeline is asked the rows of a sample, and so are ONNX Runtime and Hotplate with the exported
graph. What differs is told; so is each step that could not be exported, why, and what to do.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "models"))

import joblib  # noqa: E402
import numpy as np  # noqa: E402

import graph  # noqa: E402
import parity  # noqa: E402
import recipe  # noqa: E402
import sample as samples  # noqa: E402
import steps  # noqa: E402

EPILOG = """\
files written:
  model.onnx      the graph
  hotplate.toml   the model's name and file
  signature.json  columns, classes and outputs, for whoever writes a client
  golden.csv      rows with the answers that Hotplate must give before it serves the model
  parity.json     what this command prints, for programs

--pipeline module:function calls a function without arguments that returns the fitted pipeline.
A joblib or pickle file runs whatever code it carries: load only your own, and with the versions
of scikit-learn that wrote it. Where classes of your own are in it, their module must be on
PYTHONPATH.

exit codes: 0 exported; 1 not exported, or more decisions flip than --max-flips allows;
2 wrong usage

examples:
  python export.py --pipeline trained/pipeline.joblib --sample trained/sample.csv --out churn
  python export.py --pipeline my_model:fitted --sample rows.csv --out next --text zip_code"""


class NotExported(Exception):
    """Why there is no model; the message says it step by step."""


def load(pipeline: str) -> object:
    """The fitted pipeline in a file, or that a function returns."""
    if Path(pipeline).exists():
        return joblib.load(pipeline)
    module, colon, function = pipeline.partition(":")
    if not colon:
        raise FileNotFoundError(f"{pipeline}: no such file, and no module:function")
    sys.path.insert(0, os.getcwd())
    return getattr(importlib.import_module(module), function)()


def find_hotplate(given: str | None) -> Path | None:
    """The program: as given, from HOTPLATE or PATH, or built here; None where that is said."""
    if given == "none":
        return None
    built = ROOT / "target" / "release" / "hotplate"
    named = given or os.environ.get("HOTPLATE") or shutil.which("hotplate") or built
    if shutil.which(named) is None:
        raise FileNotFoundError(
            f"{named}: no such program; build it with `cargo build --release`, or compare "
            "without it: --hotplate none"
        )
    return Path(named)


def write_model(model: object, rows: samples.Sample, name: str, folder: Path) -> list[steps.Step]:
    """Write graph, settings and signature; what became of each step."""
    try:
        proto, failure = graph.convert(model, rows, name), None
    # An exporter fails in as many ways as it has converters.
    except Exception as error:
        proto, failure = None, error
    found = steps.check(model, rows.frame())
    if proto is None:
        told = "\n".join(f"  {step}" for step in found)
        raise NotExported(f"{steps.first_sentence(failure)}\n{told}")
    folder.mkdir(parents=True, exist_ok=True)
    recipe.write_model(proto, folder / "model.onnx")
    (folder / "hotplate.toml").write_text(
        f'[model]\nname = {json.dumps(name)}\nfile = "model.onnx"\n', encoding="utf-8"
    )
    signature = graph.signature(folder / "model.onnx", model, rows)
    (folder / "signature.json").write_text(json.dumps(signature, indent=2) + "\n", encoding="utf-8")
    return found


def compare(
    model: object, rows: samples.Sample, golden_rows: int, folder: Path, hotplate: Path | None
) -> tuple[list[parity.Difference], list[str]]:
    """Ask everybody, write the golden rows; the differences, and odd rows that nobody is asked."""
    odd, refused = samples.accepted(rows, lambda one: parity.of_trainer(model, one))
    asked = rows.with_rows(rows.rows + odd)
    session = recipe.one_thread_session(folder / "model.onnx")
    outputs = recipe.run(session, asked.rows)
    trainer = parity.of_trainer(model, asked)
    graph_says = parity.of_onnx_runtime(outputs, bool(trainer.labels))
    found = [parity.compare("scikit-learn and ONNX Runtime", trainer, graph_says)]

    spread = np.linspace(0, len(rows.rows) - 1, min(golden_rows, len(rows.rows))).astype(int)
    kept = [*spread, *range(len(rows.rows), len(asked.rows))]
    header, *lines = parity.golden(asked, outputs, trainer)
    recipe.write_csv(folder / "golden.csv", header, [lines[row] for row in kept])

    if hotplate is not None:
        print(parity.run(hotplate, "verify", folder), end="")
        served = parity.of_hotplate(hotplate, folder, asked)
        found.append(parity.compare("ONNX Runtime and Hotplate", graph_says, served))
        found.append(parity.compare("scikit-learn and Hotplate", trainer, served))
    return found, refused


def report(
    folder: Path,
    found: list[steps.Step],
    differences: list[parity.Difference],
    refused: list[str],
    backend: str | None,
) -> None:
    """Print what was found, and write it for programs."""
    for step in found:
        print(f"step {step}")
    for difference in differences:
        print(difference)
    for what in refused:
        print(f"not asked, because the pipeline refuses it: {what}")
    if backend is not None:
        print(f"Hotplate runs it with: {backend}")
    content = {
        "steps": [
            {"path": one.path, "kind": one.kind, "difference": one.difference} for one in found
        ],
        "differences": [difference.to_json() for difference in differences],
        "refused": refused,
        "backend": backend,
    }
    (folder / "parity.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, epilog=EPILOG
    )
    parser.add_argument(
        "--pipeline", required=True, metavar="FILE|MODULE:FUNCTION", help="the fitted pipeline"
    )
    parser.add_argument(
        "--sample",
        type=Path,
        required=True,
        metavar="FILE",
        help="CSV with a header: rows that the pipeline was not trained on, a few hundred or more",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="made if missing")
    parser.add_argument("--name", help="the model's name (default: that of the folder)")
    parser.add_argument(
        "--text",
        action="append",
        default=[],
        metavar="COLUMN",
        help="a column of texts that look like numbers, such as a zip code; may be repeated",
    )
    parser.add_argument(
        "--golden-rows",
        type=int,
        default=300,
        metavar="N",
        help="rows of the sample that become golden rows (default: %(default)s)",
    )
    parser.add_argument(
        "--max-flips",
        type=int,
        default=0,
        metavar="N",
        help="decisions that may differ from scikit-learn's (default: %(default)s)",
    )
    parser.add_argument(
        "--hotplate",
        metavar="PROGRAM",
        help="the program, or none (default: $HOTPLATE, else from PATH, else target/release)",
    )
    return parser.parse_args()


def export(arguments: argparse.Namespace) -> list[parity.Difference]:
    """The whole of it, in order."""
    hotplate = find_hotplate(arguments.hotplate)
    model = load(arguments.pipeline)
    rows = samples.read(arguments.sample, model, arguments.text)
    name = arguments.name or arguments.out.resolve().name
    found = write_model(model, rows, name, arguments.out)
    differences, refused = compare(model, rows, arguments.golden_rows, arguments.out, hotplate)
    backend = None
    if hotplate is not None:
        backend = json.loads(parity.run(hotplate, "inspect", arguments.out, "--json"))["backend"]
    report(arguments.out, found, differences, refused, backend)
    return differences


def main() -> int:
    arguments = parse_arguments()
    try:
        differences = export(arguments)
    except NotExported as error:
        print(f"not exported: {error}", file=sys.stderr)
        return 1
    except (OSError, RuntimeError, ValueError, ImportError, AttributeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    flips = max(len(difference.flips) for difference in differences)
    if flips > arguments.max_flips:
        print(f"error: {flips} decisions flip, {arguments.max_flips} may", file=sys.stderr)
        return 1
    print(f"{arguments.out} is ready")
    return 0


if __name__ == "__main__":
    sys.exit(main())
