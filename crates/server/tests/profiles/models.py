"""Trains the small models that exchanges are recorded with.

    python models.py FOLDER

Runs in requirements-models.txt. Each folder of `FOLDER/xgboost` is a model of XGBoost, several files being an ensemble. Each of
`FOLDER/sklearn` holds `model.onnx`, and below `pickled/` what scikit-learn's container loads.
"""
import itertools
import json
import pathlib
import pickle
import sys

import numpy as np
import onnx
import xgboost
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

FEATURES = 4
LEAVES = [
    1e-9, 1.5e-5, 9.9999e-5, 1e-4, -1e-5, 0.5, 0.0, 1e15, 9.99e15, 1e16, 123456790519087104.0,
    1e-40, 3e38,
]


def rows(seed, count=400):
    made = np.random.default_rng(seed).normal(size=(count, FEATURES))
    made[made > 1.8] = np.nan
    return made.astype(np.float32)


def number(table):
    filled = np.nan_to_num(table)
    return filled[:, 0] + filled[:, 1] * filled[:, 2] - 0.5 * filled[:, 3]


def boosted(file, objective, seed=0, rounds=6, **params):
    table = rows(seed)
    target = number(table)
    if objective.startswith("binary:"):
        target = (target > 0).astype(int)
    elif objective.startswith("multi:"):
        target = np.digitize(target, [-0.7, 0.7])
        params["num_class"] = 3
    elif objective in ("reg:gamma", "reg:tweedie", "count:poisson"):
        target = np.exp(target)
    elif objective == "reg:logistic":
        target = 1 / (1 + np.exp(-target))
    params = {"objective": objective, "max_depth": 3, "seed": seed, "nthread": 1, **params}
    booster = xgboost.train(params, xgboost.DMatrix(table, target), rounds)
    file.parent.mkdir(parents=True, exist_ok=True)
    # The encoding is told by the name; the container's training saves `xgboost-model`, UBJSON.
    booster.save_model(file)


def wide(file):
    """One tree whose leaves take every form that Python writes numbers in."""
    boosted(file, "reg:squarederror", rounds=1, max_depth=4, base_score=0.0)
    booster = xgboost.Booster(model_file=file)
    document = json.loads(booster.save_raw("json"))
    tree = document["learner"]["gradient_booster"]["model"]["trees"][0]
    leaves = [at for at, child in enumerate(tree["left_children"]) if child == -1]
    for leaf, value in zip(leaves, itertools.cycle(LEAVES)):
        tree["split_conditions"][leaf] = value
    booster.load_model(bytearray(json.dumps(document).encode()))
    booster.save_model(file)


def xgboost_models(folder):
    for objective in [
        "binary:logistic", "binary:logitraw", "binary:hinge", "multi:softprob", "multi:softmax",
        "reg:squarederror", "reg:logistic", "reg:gamma", "reg:tweedie", "reg:absoluteerror",
        "count:poisson",
    ]:
        boosted(folder / objective.replace(":", "-") / "xgboost-model", objective)
    wide(folder / "wide" / "xgboost-model")
    for objective, count in [
        ("reg:squarederror", 2), ("reg:squarederror", 3), ("reg:squarederror", 12),
        ("binary:logistic", 3), ("multi:softprob", 3), ("multi:softmax", 4), ("binary:hinge", 2),
    ]:
        several = folder / f"{count}-{objective.replace(':', '-')}"
        for seed in range(count):
            boosted(several / f"xgboost-model-{seed:02}", objective, seed=seed + 1, rounds=3)
        (several / ".hidden").write_text("not a model\n")


def sklearn_models(folder, pickled):
    table = np.nan_to_num(rows(0))
    target = number(table)
    classes = np.digitize(target, [-0.7, 0.7])
    for name, model, target in [
        ("integers", LogisticRegression(), classes),
        ("texts", DecisionTreeClassifier(max_depth=4, random_state=0),
         np.array(["low", "mid \"ü\"", "a,b"])[classes]),
        # Leaves of one row each, whose targets are the same in float32 and in float64.
        ("numbers", DecisionTreeRegressor(random_state=0), np.round(target * 64) / 64),
    ]:
        model.fit(table, target)
        options = {"zipmap": False} if hasattr(model, "classes_") else None
        options = {id(model): options} if options else None
        graph = to_onnx(model, table[:1], options=options, target_opset={"": 15, "ai.onnx.ml": 3})
        (folder / name).mkdir(parents=True, exist_ok=True)
        onnx.save(graph, folder / name / "model.onnx")
        (pickled / name).mkdir(parents=True, exist_ok=True)
        (pickled / name / "model.pkl").write_bytes(pickle.dumps(model))


if __name__ == "__main__":
    made = pathlib.Path(sys.argv[1])
    xgboost_models(made / "xgboost")
    sklearn_models(made / "sklearn", made / "pickled")
