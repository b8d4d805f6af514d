"""Tiny dense networks with random weights, in the two ways that a file says it is one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

import golden

ROWS = 24

ACTIVATIONS: Mapping[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "relu": torch.relu,
    "gelu": torch.nn.functional.gelu,
}


@dataclass(frozen=True)
class Mlp:
    """One network."""

    seed: int
    widths: Sequence[int]
    """The numbers of a row, and what each layer gives."""
    activation: str
    layers: Sequence[str]
    """What the layers' tensors are called, before `.weight`."""
    unbiased: Sequence[str] = ()
    """The layers without a bias."""
    columns: Sequence[str] = ()
    labels: Sequence[str] = ()
    standardised: bool = False
    """Whether rows are standardised first."""
    in_metadata: bool = False
    """Whether the description is in the file of the weights, and not beside it."""
    dtype: torch.dtype = torch.float32


MLPS = {
    "mlp-churn": Mlp(
        seed=21,
        widths=(5, 24, 13, 3),
        activation="relu",
        layers=("0", "2", "4"),
        columns=("age", "income", "calls", "months", "debt"),
        labels=("stays", "leaves", "unsure"),
        standardised=True,
    ),
    "mlp-price": Mlp(
        seed=22,
        widths=(7, 40, 1),
        activation="gelu",
        layers=("layers.0", "layers.1"),
        unbiased=("layers.0",),
        in_metadata=True,
        dtype=torch.bfloat16,
    ),
}


def description(mlp: Mlp) -> dict[str, object]:
    """What says that the file is a network."""
    said: dict[str, object] = {"model_type": "mlp", "activation": mlp.activation}
    if mlp.layers[0] != "layers.0":
        said["layers"] = list(mlp.layers)
    if mlp.columns:
        said["columns"] = list(mlp.columns)
    if mlp.labels:
        said["labels"] = list(mlp.labels)
    return said


def tensors(mlp: Mlp, random: np.random.Generator) -> dict[str, torch.Tensor]:
    made = {}
    for name, inputs, outputs in zip(mlp.layers, mlp.widths, mlp.widths[1:], strict=False):
        made[f"{name}.weight"] = random.standard_normal((outputs, inputs)) * 1.4 / inputs**0.5
        if name not in mlp.unbiased:
            made[f"{name}.bias"] = random.standard_normal(outputs) * 0.3
    if mlp.standardised:
        made["input.mean"] = random.standard_normal(mlp.widths[0]) * 20
        made["input.scale"] = random.uniform(2.0, 30.0, mlp.widths[0])
    return {name: torch.from_numpy(value).to(mlp.dtype) for name, value in made.items()}


def answers(mlp: Mlp, weights: Mapping[str, torch.Tensor], rows: torch.Tensor) -> torch.Tensor:
    """What PyTorch gives, in float32."""
    weights = {name: value.float() for name, value in weights.items()}
    if mlp.standardised:
        rows = (rows - weights["input.mean"]) / weights["input.scale"]
    for name in mlp.layers:
        if name != mlp.layers[0]:
            rows = ACTIVATIONS[mlp.activation](rows)
        rows = torch.nn.functional.linear(
            rows, weights[f"{name}.weight"], weights.get(f"{name}.bias")
        )
    return rows


def build(mlp: Mlp, folder: Path) -> int:
    """Write the folder of a network with its golden rows; give how many there are."""
    random = np.random.default_rng(mlp.seed)
    weights = tensors(mlp, random)
    text = json.dumps(description(mlp), indent=2) + "\n"
    metadata = {"format": "pt"}
    if mlp.in_metadata:
        metadata["hotplate"] = text
    else:
        (folder / "config.json").write_text(text, encoding="utf-8")
    save_file(weights, folder / "model.safetensors", metadata=metadata)

    rows = random.standard_normal((ROWS, mlp.widths[0])).astype(np.float32)
    if mlp.standardised:
        rows *= 25
    given = answers(mlp, weights, torch.from_numpy(rows))
    lines = []
    for row, answer in zip(rows, given, strict=True):
        line = {"inputs": golden.numbers(row)}
        if mlp.labels:
            line |= {"logits": golden.numbers(answer), "scores": golden.numbers(torch.softmax(answer, 0))}
        else:
            line["value"] = golden.numbers(answer)
        lines.append(line)
    golden.write(folder, {"labels": list(mlp.labels)}, lines)
    return ROWS
