"""Make the models that the conformance tests and the benches read.

Each goes into target/models/NAME, as a model with inputs and the outputs that ONNX
Runtime gives for them; minilm-safetensors without, for its rows are in the repository.
What is there already, from these recipes and whole, is left. Some need the package index.
"""

from __future__ import annotations

import sys
from pathlib import Path

import backend_test
import making
from safetensors import safe_open

HERE = Path(__file__).resolve().parent


def check(folder: Path) -> int:
    """Read a made folder back, and give the number of its data sets."""
    weights = folder / "model.safetensors"
    if not weights.exists():
        return backend_test.check(folder)
    with safe_open(weights, framework="numpy") as file:
        backend_test.require(bool(file.keys()), f"{weights} has no tensor")
    return 0


RECIPES = making.Recipes(
    what=__doc__,
    functions={
        "minilm": ("minilm", "build"),
        "minilm-external": ("minilm", "build_external"),
        "minilm-safetensors": ("minilm", "build_safetensors"),
        "cnn": ("cnn", "build"),
        "tickets": ("tickets", "build"),
        "tickets-zipmap": ("tickets", "build_zipmap"),
        "fraud-mlp": ("networks", "build_fraud_mlp"),
        "identity": ("networks", "build_identity"),
    },
    sources=[*HERE.glob("*.py"), HERE / "requirements.txt"],
    output=making.ROOT / "target" / "models",
    check=check,
)


if __name__ == "__main__":
    sys.exit(making.main(RECIPES))
