"""Two small graphs for the benches.

`fraud-mlp` has the shape of a scorer of payments, 20 numbers to a probability, with
weights from a seeded generator: it costs what a trained one costs. `identity` does
nothing, and so costs what everything around a model costs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from backend_test import require, write_data_sets

FEATURES = 20
HIDDEN = (64, 32)
ROWS = (1, 32)
TOLERANCE = 1e-6


def data_sets() -> list[dict[str, np.ndarray]]:
    """Rows of standardised numbers, a data set for each count of rows."""
    generator = np.random.default_rng(20)
    return [
        {"features": generator.standard_normal((rows, FEATURES)).astype(np.float32)}
        for rows in ROWS
    ]


def save(folder: Path, nodes: list, output: str, width: int, weights: list) -> None:
    """Write a graph from `features` to one output, both with a free batch dimension."""
    graph = helper.make_graph(
        nodes,
        folder.name,
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", FEATURES])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["batch", width])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, folder / "model.onnx")


def build_fraud_mlp(folder: Path) -> None:
    """Dense layers of 64 and 32 with ReLU, then one with a sigmoid."""
    generator = np.random.default_rng(7)
    widths = (FEATURES, *HIDDEN, 1)
    nodes, initializers, layers = [], [], []
    entering = "features"
    for layer, (k, n) in enumerate(zip(widths, widths[1:])):
        # He's initialisation: the sums keep their size from layer to layer.
        weight = (generator.standard_normal((n, k)) * np.sqrt(2 / k)).astype(np.float32)
        bias = (generator.standard_normal(n) * 0.1).astype(np.float32)
        layers.append((weight, bias))
        names = [f"layer_{layer}.weight", f"layer_{layer}.bias"]
        for name, value in zip(names, (weight, bias)):
            initializers.append(numpy_helper.from_array(value, name))
        summed = f"layer_{layer}.sum"
        nodes.append(helper.make_node("Gemm", [entering, *names], [summed], transB=1))
        last = layer == len(HIDDEN)
        entering = "probability" if last else f"layer_{layer}"
        nodes.append(helper.make_node("Sigmoid" if last else "Relu", [summed], [entering]))
    save(folder, nodes, "probability", 1, initializers)

    for inputs, outputs in zip(data_sets(), write_data_sets(folder, data_sets())):
        values = inputs["features"].astype(np.float64)
        for weight, bias in layers[:-1]:
            values = np.maximum(values @ weight.T.astype(np.float64) + bias, 0)
        weight, bias = layers[-1]
        expected = 1 / (1 + np.exp(-(values @ weight.T.astype(np.float64) + bias)))
        apart = np.abs(outputs["probability"] - expected).max()
        require(apart < TOLERANCE, f"the network is {apart:.1e} off the same sums in numpy")


def build_identity(folder: Path) -> None:
    """The features, as they come."""
    save(folder, [helper.make_node("Identity", ["features"], ["same"])], "same", FEATURES, [])
    for inputs, outputs in zip(data_sets(), write_data_sets(folder, data_sets())):
        require(np.array_equal(inputs["features"], outputs["same"]), "Identity changes a value")
