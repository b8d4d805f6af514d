"""The trees of an ONNX file, and the decisions that a row meets in them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper

COMPARISONS: dict[str, Callable[[np.float32, np.float32], bool]] = {
    "BRANCH_LEQ": operator.le,
    "BRANCH_LT": operator.lt,
    "BRANCH_GTE": operator.ge,
    "BRANCH_GT": operator.gt,
    "BRANCH_EQ": operator.eq,
    "BRANCH_NEQ": operator.ne,
}


@dataclass(frozen=True)
class Decision:
    """A number that a tree compares, and with what."""

    feature: int
    threshold: np.float32
    mode: str


class Ensemble:
    """The trees of a TreeEnsembleClassifier or TreeEnsembleRegressor node."""

    def __init__(self, node: onnx.NodeProto) -> None:
        attributes = {
            attribute.name: helper.get_attribute_value(attribute)
            for attribute in node.attribute
            if attribute.name.startswith("nodes_")
        }
        self.input = node.input[0]
        """The name of the matrix that the trees see."""
        self._trees = np.array(attributes["nodes_treeids"])
        self._nodes = attributes["nodes_nodeids"]
        self._features = attributes["nodes_featureids"]
        self._modes = [mode.decode() for mode in attributes["nodes_modes"]]
        self._thresholds = np.array(attributes["nodes_values"], dtype=np.float32)
        self._true = attributes["nodes_truenodeids"]
        self._false = attributes["nodes_falsenodeids"]
        self._tracks = attributes.get("nodes_missing_value_tracks_true") or [0] * len(self._nodes)
        self.trees = np.unique(self._trees)

    @classmethod
    def of(cls, graph: onnx.GraphProto) -> Ensemble | None:
        """The ensemble of a graph, if it has one."""
        node = next((node for node in graph.node if node.op_type.startswith("TreeEnsemble")), None)
        return None if node is None else cls(node)

    def path(self, tree: int, row: np.ndarray) -> list[Decision]:
        """The decisions that a row meets on its way through a tree."""
        positions = np.flatnonzero(self._trees == tree)
        by_node = {self._nodes[position]: position for position in positions}
        at = positions[0]
        met = []
        while self._modes[at] != "LEAF":
            value, threshold = row[self._features[at]], self._thresholds[at]
            met.append(Decision(self._features[at], threshold, self._modes[at]))
            tracks = np.isnan(value) and self._tracks[at]
            taken = tracks or COMPARISONS[self._modes[at]](value, threshold)
            at = by_node[(self._true if taken else self._false)[at]]
        return met
