"""A sentence through BERT in float64, step by step: what the graph is checked against.

It shares nothing with the graph but the weights, and takes one sentence at a time
without padding, so that it also tells whether the graph's masks do what they should.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

HEADS = 12
EPSILON = 1e-12

Weights = Mapping[str, np.ndarray]
"""By the names that PyTorch's BERT gives them, in float64."""

erf = np.vectorize(math.erf, otypes=[np.float64])


def dense(weights: Weights, name: str, x: np.ndarray) -> np.ndarray:
    """`x · wᵀ + bias`, with `w` as PyTorch has it: `[out, in]`."""
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def normalise(weights: Weights, name: str, x: np.ndarray) -> np.ndarray:
    """Layer normalisation over the last axis."""
    centred = x - x.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + EPSILON)
    return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def attend(weights: Weights, layer: str, x: np.ndarray) -> np.ndarray:
    """Self-attention, a head after another; `x` is `[tokens, hidden]`."""
    query, key, value = (
        np.split(dense(weights, f"{layer}.attention.self.{name}", x), HEADS, axis=1)
        for name in ("query", "key", "value")
    )
    mixed = []
    for q, k, v in zip(query, key, value, strict=True):
        scores = q @ k.T / math.sqrt(q.shape[1])
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        mixed.append(shares / shares.sum(axis=1, keepdims=True) @ v)
    return dense(weights, f"{layer}.attention.output.dense", np.concatenate(mixed, axis=1))


def token_embeddings(weights: Weights, ids: Sequence[int]) -> np.ndarray:
    """The last hidden state, `[tokens, hidden]`."""
    x = (
        weights["embeddings.word_embeddings.weight"][list(ids)]
        + weights["embeddings.position_embeddings.weight"][: len(ids)]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    x = normalise(weights, "embeddings.LayerNorm", x)
    layers = {name.split(".")[2] for name in weights if name.startswith("encoder.layer.")}
    for number in range(len(layers)):
        layer = f"encoder.layer.{number}"
        x = x + attend(weights, layer, x)
        x = normalise(weights, f"{layer}.attention.output.LayerNorm", x)
        inner = dense(weights, f"{layer}.intermediate.dense", x)
        inner = inner * (1 + erf(inner / math.sqrt(2))) / 2
        x = x + dense(weights, f"{layer}.output.dense", inner)
        x = normalise(weights, f"{layer}.output.LayerNorm", x)
    return x


def sentence_embedding(embeddings: np.ndarray) -> np.ndarray:
    """The mean over the tokens, at length one."""
    mean = embeddings.mean(axis=0)
    return mean / np.linalg.norm(mean)
