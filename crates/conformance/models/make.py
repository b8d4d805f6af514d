"""Make the models that the conformance tests and the benches read.

Each goes into target/models/NAME, as a model with inputs and the outputs that ONNX
Runtime gives for them. What is there already, from these recipes and whole, is left.
Two of them need the package index.
"""

from __future__ import annotations

import sys
from pathlib import Path

import making

HERE = Path(__file__).resolve().parent

RECIPES = making.Recipes(
    what=__doc__,
    functions={
        "minilm": ("minilm", "build"),
        "minilm-external": ("minilm", "build_external"),
        "cnn": ("cnn", "build"),
        "tickets": ("tickets", "build"),
        "tickets-zipmap": ("tickets", "build_zipmap"),
        "fraud-mlp": ("networks", "build_fraud_mlp"),
        "identity": ("networks", "build_identity"),
    },
    sources=[*HERE.glob("*.py"), HERE / "requirements.txt"],
    output=making.ROOT / "target" / "models",
)


if __name__ == "__main__":
    sys.exit(making.main(RECIPES))
