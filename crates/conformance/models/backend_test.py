"""Models in the form of ONNX's own backend tests.

A folder holds `model.onnx` and data sets from `test_data_set_0` on: a TensorProto for
each input and output of the graph, in its order. The outputs are ONNX Runtime's, on
the CPU with one thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import numpy_helper

Tensors = dict[str, np.ndarray]
"""Tensors by the name of an input or output of the graph."""


def require(holds: bool, complaint: str) -> None:
    """Stop a recipe whose model is not what it should be."""
    if not holds:
        raise ValueError(complaint)


def session(folder: Path) -> ort.InferenceSession:
    """The model of a folder in ONNX Runtime, on one thread of the CPU."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    # Exporters declare shapes that outputs do not have, of which each run would warn.
    options.log_severity_level = 3
    return ort.InferenceSession(folder / "model.onnx", options, providers=["CPUExecutionProvider"])


def dense(name: str, value: object) -> np.ndarray:
    """An output as a tensor. ZipMap's, a map of classes for each row, is `[rows, classes]`."""
    if not isinstance(value, list):
        return np.asarray(value)
    require(
        all(list(row) == list(value[0]) for row in value),
        f"{name}: the rows have other classes, or others first",
    )
    return np.array([list(row.values()) for row in value], dtype=np.float32)


def run(model: ort.InferenceSession, inputs: Mapping[str, np.ndarray]) -> Tensors:
    """The model's outputs, in the order of the graph."""
    names = [output.name for output in model.get_outputs()]
    answers = model.run(names, dict(inputs))
    return {name: dense(name, answer) for name, answer in zip(names, answers, strict=True)}


def write_tensors(folder: Path, kind: str, tensors: Mapping[str, np.ndarray]) -> None:
    """Write one file for each tensor: `input_0.pb` and so on."""
    for position, (name, tensor) in enumerate(tensors.items()):
        proto = numpy_helper.from_array(tensor, name)
        path = folder / f"{kind}_{position}.pb"
        path.write_bytes(proto.SerializeToString(deterministic=True))


def read_tensors(folder: Path, kind: str) -> Tensors:
    """Read what `write_tensors` wrote, in its order."""
    tensors: Tensors = {}
    for position in range(len(list(folder.glob(f"{kind}_*.pb")))):
        proto = onnx.TensorProto.FromString((folder / f"{kind}_{position}.pb").read_bytes())
        tensors[proto.name] = numpy_helper.to_array(proto)
    return tensors


def write_data_sets(folder: Path, data_sets: Sequence[Mapping[str, np.ndarray]]) -> list[Tensors]:
    """Write the data sets beside the model of `folder`; give the outputs of each."""
    model = session(folder)
    names = [graph_input.name for graph_input in model.get_inputs()]
    outputs = []
    for position, inputs in enumerate(data_sets):
        data_set = folder / f"test_data_set_{position}"
        data_set.mkdir()
        outputs.append(run(model, inputs))
        write_tensors(data_set, "input", {name: inputs[name] for name in names})
        write_tensors(data_set, "output", outputs[-1])
    return outputs


def check(folder: Path) -> int:
    """Read a folder back: the model is valid and gives its outputs again, bit for bit.

    Gives the number of data sets.
    """
    onnx.checker.check_model(folder / "model.onnx")
    model = session(folder)
    data_sets = sorted(folder.glob("test_data_set_*"))
    require(bool(data_sets), f"{folder.name} has no data set")
    for data_set in data_sets:
        answers = run(model, read_tensors(data_set, "input"))
        expected = read_tensors(data_set, "output")
        require(list(answers) == list(expected), f"{data_set}: other outputs than the graph's")
        for name, answer in answers.items():
            same = answer.shape == expected[name].shape and np.all(answer == expected[name])
            require(bool(same), f"{data_set}: {name} is not what was written")
    return len(data_sets)
