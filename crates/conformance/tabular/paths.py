"""The decisions that rows meet in the trees of a library's own file.

Which leaf a row comes to is asked of the library, so that none of its rules are told here
again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import lightgbm
import numpy as np
import xgboost


@dataclass(frozen=True)
class Split:
    """A number that a tree compares, and with what, in the precision of the library."""

    feature: int
    threshold: np.floating


@dataclass(frozen=True)
class Tree:
    """Nodes by their numbers."""

    parents: dict[int, int]
    splits: dict[int, Split]
    """Those by numbers; splits by categories are left out."""

    def path(self, leaf: int) -> list[Split]:
        """The splits above a leaf."""
        met = []
        while leaf in self.parents:
            leaf = self.parents[leaf]
            if leaf in self.splits:
                met.append(self.splits[leaf])
        return met


def of_lightgbm(file: Path) -> list[Tree]:
    """The trees of a text file; leaf `l` has the number `~l`."""
    return [lightgbm_tree(block) for block in file.read_text("utf-8").split("\nTree=")[1:]]


def lightgbm_tree(block: str) -> Tree:
    fields = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
    if int(fields["num_leaves"]) == 1:
        return Tree({}, {})
    numbers = {
        name: [int(word) for word in fields[name].split()]
        for name in ("split_feature", "decision_type", "left_child", "right_child")
    }
    parents = {
        child: node
        for side in ("left_child", "right_child")
        for node, child in enumerate(numbers[side])
    }
    splits = {
        node: Split(feature, np.float64(threshold))
        for node, (feature, threshold, kind) in enumerate(
            zip(numbers["split_feature"], fields["threshold"].split(), numbers["decision_type"])
        )
        # The lowest bit is that of a categorical split.
        if not kind & 1
    }
    return Tree(parents, splits)


def of_xgboost(booster: xgboost.Booster) -> list[Tree]:
    """The trees of a booster."""
    document = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]
    model = document.get("gbtree", document)["model"]
    return [xgboost_tree(tree) for tree in model["trees"]]


def xgboost_tree(tree: dict) -> Tree:
    nodes = range(len(tree["left_children"]))
    branches = [node for node in nodes if tree["left_children"][node] != -1]
    parents = {
        tree[side][node]: node for side in ("left_children", "right_children") for node in branches
    }
    splits = {
        node: Split(tree["split_indices"][node], np.float32(tree["split_conditions"][node]))
        for node in branches
        if tree["split_type"][node] == 0
    }
    return Tree(parents, splits)


def lightgbm_leaves(booster: lightgbm.Booster, rows: object) -> np.ndarray:
    """`[rows, trees]`, the number of the leaf that each row comes to."""
    leaves = booster.predict(rows, pred_leaf=True, num_threads=1)
    return ~leaves.reshape(-1, booster.num_trees())


def xgboost_leaves(
    booster: xgboost.Booster, rows: xgboost.DMatrix, rounds: tuple[int, int]
) -> np.ndarray:
    """The same, of the trees in use."""
    leaves = booster.predict(rows, pred_leaf=True, iteration_range=rounds)
    return leaves.astype(np.int64).reshape(rows.num_row(), -1)
