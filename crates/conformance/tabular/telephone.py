"""Will a telephone customer leave: trees that split on sets of categories, 51 states."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from lightgbm import LGBMClassifier

import answers
import data
import exports
from case import Trained, write
from rows import Takes

CATEGORIES = ["state", "area_code"]


def lightgbm(folder: Path) -> None:
    table = data.coded(data.telephone())
    left = (table.truth == "yes").astype(np.int64)
    train, held_out = data.Table(table.columns, left).split()
    places = [list(train.columns).index(name) for name in CATEGORIES]
    model = LGBMClassifier(
        n_estimators=200, learning_rate=0.05, verbose=-1, n_jobs=1, random_state=0
    ).fit(train.matrix, train.truth, categorical_feature=places)
    graph = exports.lightgbm(model, train.matrix.shape[1], zipmap=False)
    takes = Takes(categories=CATEGORIES)
    write(folder, Trained(graph, held_out.columns, answers.classifier(model), takes))
