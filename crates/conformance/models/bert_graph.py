"""BERT with a pooled output as an ONNX graph, built node by node.

The graph has the inputs and outputs that sentence-transformers gives its own exports.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LAYERS = 6
HIDDEN = 384
HEADS = 12
EPSILON = 1e-12

Weights = Mapping[str, np.ndarray]
"""By the names that PyTorch's BERT gives them."""


class Graph:
    """Nodes and weights while a graph is built. Methods that add a node give its output's name."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def add(self, operator: str, inputs: Sequence[str], output: str, **attributes: object) -> str:
        """A node with one output, and named as that is."""
        node = helper.make_node(operator, list(inputs), [output], name=output, **attributes)
        self.nodes.append(node)
        return output

    def constant(self, name: str, value: object, dtype: type) -> str:
        """A weight or a number."""
        array = np.ascontiguousarray(value, dtype=dtype)
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def weight(self, name: str) -> str:
        """A weight as the file has it."""
        return self.constant(name, self.weights[name], np.float32)

    def dense(self, name: str, entering: str) -> str:
        """`x · wᵀ + bias`; the file has `w` as `[out, in]`, MatMul wants `[in, out]`."""
        weight = self.constant(f"{name}.weight", self.weights[f"{name}.weight"].T, np.float32)
        product = self.add("MatMul", [entering, weight], f"{name}.product")
        return self.add("Add", [product, self.weight(f"{name}.bias")], name)

    def normalise(self, name: str, entering: str, output: str | None = None) -> str:
        """Layer normalisation over the last axis."""
        inputs = [entering, self.weight(f"{name}.weight"), self.weight(f"{name}.bias")]
        return self.add("LayerNormalization", inputs, output or name, axis=-1, epsilon=EPSILON)

    def embed(self) -> str:
        """What enters the first layer: the sum of the words, their places and their kind."""
        words = self.add(
            "Gather", [self.weight("embeddings.word_embeddings.weight"), "input_ids"], "words"
        )
        kinds = self.add(
            "Gather",
            [self.weight("embeddings.token_type_embeddings.weight"), "token_type_ids"],
            "kinds",
        )
        length = self.add("Shape", ["input_ids"], "length", start=1, end=2)
        start = self.constant("zero", [0], np.int64)
        positions = self.weight("embeddings.position_embeddings.weight")
        places = self.add("Slice", [positions, start, length, start], "places")
        worded = self.add("Add", [words, kinds], "words_and_kinds")
        placed = self.add("Add", [worded, places], "embeddings")
        return self.normalise("embeddings.LayerNorm", placed)

    def mask_scores(self) -> str:
        """What is added to attention's scores, `[batch, 1, 1, sequence]`: 0, or the least float."""
        axes = self.constant("head_and_query_axes", [1, 2], np.int64)
        spread = self.add("Unsqueeze", ["attention_mask", axes], "mask.spread")
        kept = self.add("Cast", [spread], "mask.kept", to=TensorProto.FLOAT)
        one = self.constant("one", 1.0, np.float32)
        dropped = self.add("Sub", [one, kept], "mask.dropped")
        least = self.constant("least", np.finfo(np.float32).min, np.float32)
        return self.add("Mul", [dropped, least], "mask.scores")

    def heads(self, name: str, entering: str, order: list[int]) -> str:
        """A dense layer, cut into heads and transposed from `[batch, sequence, head, width]`."""
        cut = self.add("Reshape", [self.dense(name, entering), "head_shape"], f"{name}.cut")
        return self.add("Transpose", [cut], f"{name}.heads", perm=order)

    def attend(self, layer: str, entering: str, mask: str) -> str:
        """Self-attention of all heads."""
        at = f"{layer}.attention.self"
        query = self.heads(f"{at}.query", entering, [0, 2, 1, 3])
        key = self.heads(f"{at}.key", entering, [0, 2, 3, 1])
        value = self.heads(f"{at}.value", entering, [0, 2, 1, 3])
        products = self.add("MatMul", [query, key], f"{at}.products")
        scores = self.add("Div", [products, "root_of_width"], f"{at}.scores")
        masked = self.add("Add", [scores, mask], f"{at}.masked")
        shares = self.add("Softmax", [masked], f"{at}.shares", axis=-1)
        mixed = self.add("MatMul", [shares, value], f"{at}.mixed")
        turned = self.add("Transpose", [mixed], f"{at}.turned", perm=[0, 2, 1, 3])
        joined = self.add("Reshape", [turned, "hidden_shape"], f"{at}.joined")
        return self.dense(f"{layer}.attention.output.dense", joined)

    def gelu(self, name: str, entering: str) -> str:
        """`x · (1 + erf(x / √2)) / 2`."""
        scaled = self.add("Div", [entering, "root_of_two"], f"{name}.scaled")
        error = self.add("Erf", [scaled], f"{name}.erf")
        raised = self.add("Add", [error, "one"], f"{name}.raised")
        product = self.add("Mul", [entering, raised], f"{name}.product")
        return self.add("Mul", [product, "half"], name)

    def layer(self, layer: str, entering: str, mask: str, output: str) -> str:
        """Attention and two dense layers, each added to what entered it."""
        attended = self.attend(layer, entering, mask)
        summed = self.add("Add", [attended, entering], f"{layer}.attention.sum")
        middle = self.normalise(f"{layer}.attention.output.LayerNorm", summed)
        inner = self.dense(f"{layer}.intermediate.dense", middle)
        active = self.gelu(f"{layer}.gelu", inner)
        narrowed = self.dense(f"{layer}.output.dense", active)
        summed = self.add("Add", [narrowed, middle], f"{layer}.sum")
        return self.normalise(f"{layer}.output.LayerNorm", summed, output)

    def pool(self, embeddings: str, output: str) -> str:
        """The mean over the tokens that the mask keeps, at length one."""
        last = self.constant("last_axis", [-1], np.int64)
        sequence = self.constant("sequence_axis", [1], np.int64)
        spread = self.add("Unsqueeze", ["attention_mask", last], "pool.spread")
        kept = self.add("Cast", [spread], "pool.kept", to=TensorProto.FLOAT)
        masked = self.add("Mul", [embeddings, kept], "pool.masked")
        summed = self.add("ReduceSum", [masked, sequence], "pool.sum", keepdims=0)
        counted = self.add("ReduceSum", [kept, sequence], "pool.count", keepdims=0)
        # A sentence of no tokens becomes zeros, and not NaN.
        few = self.constant("fewest_tokens", 1e-9, np.float32)
        mean = self.add("Div", [summed, self.add("Max", [counted, few], "pool.tokens")], "mean")
        norm = self.add("ReduceL2", [mean], "norm", axes=[1], keepdims=1)
        short = self.constant("shortest", 1e-12, np.float32)
        length = self.add("Max", [norm, short], "norm.positive")
        return self.add("Div", [mean, length], output)


def build_model(weights: Weights) -> onnx.ModelProto:
    """The whole graph, from token ids to `token_embeddings` and `sentence_embedding`."""
    graph = Graph(weights)
    graph.constant("head_shape", [0, 0, HEADS, HIDDEN // HEADS], np.int64)
    graph.constant("hidden_shape", [0, 0, HIDDEN], np.int64)
    graph.constant("root_of_width", math.sqrt(HIDDEN // HEADS), np.float32)
    graph.constant("root_of_two", math.sqrt(2), np.float32)
    graph.constant("half", 0.5, np.float32)
    mask = graph.mask_scores()
    entering = graph.embed()
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}"
        output = "token_embeddings" if number == LAYERS - 1 else f"{layer}.output"
        entering = graph.layer(layer, entering, mask, output)
    graph.pool(entering, "sentence_embedding")

    names = ("input_ids", "attention_mask", "token_type_ids")
    tokens = ["batch", "sequence"]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, tokens) for name in names]
    outputs = [
        helper.make_tensor_value_info("token_embeddings", TensorProto.FLOAT, [*tokens, HIDDEN]),
        helper.make_tensor_value_info("sentence_embedding", TensorProto.FLOAT, ["batch", HIDDEN]),
    ]
    proto = helper.make_graph(graph.nodes, "minilm", inputs, outputs, graph.initializers)
    return helper.make_model(proto, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
