"""Train the small LightGBM models that the tests of the reader read, and score their rows.

Python 3.11. A version of LightGBM other than 4 only trains, for a file in its own form:

    python recipe.py        with requirements-2.txt, then requirements-3.txt, then requirements.txt

The last one trains the rest, writes the rows of each data set (`numbers.tsv`, `codes.tsv`,
`frame.tsv`) and scores every model with them: `<model>.f64` holds the raw scores of all rows,
row by row, and then what `predict` makes of the first rows, in little-endian float64, and
`<model>.contributions` what `pred_contrib` does, a row of contributions for each score. The
listing of parameters, most of a small file, is cut short in most models. All numbers are made
up here, from one seed; nothing is anybody's data.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
MODELS = HERE / "models"
MAJOR = int(lgb.__version__.split(".")[0])
TRAINING_ROWS = 600
ROWS = 200
PREDICTED_ROWS = 16
EXPLAINED_ROWS = 24
ROUNDS = 3

COMMON = {
    "verbose": -1,
    "num_threads": 1,
    "num_leaves": 6,
    "min_data_in_leaf": 5,
    "learning_rate": 0.3,
    "seed": 3,
    "deterministic": True,
    "force_col_wise": True,
}
# Old versions refuse what is not ASCII.
NAMES = ["age", "income", "höhe" if MAJOR >= 3 else "height", "balance", "ratio"]
TOWNS = ["Aachen", "Bonn", "Köln, links", "Ulm \"am\" Berg", "Zwickau"]


def numbers(random: np.random.RandomState, rows: int) -> np.ndarray:
    """Numbers of few values, so that many rows lie beside thresholds; some zero, some missing."""
    values = np.round(random.normal(size=(rows, 5)) * 8) / 4
    values[:, 1] = np.exp(values[:, 1] * 3)
    values[random.uniform(size=(rows, 5)) < 0.15] = 0.0
    values[random.uniform(size=rows) < 0.2, 2] = np.nan
    values[random.uniform(size=rows) < 0.1, 3] = np.nan
    return values


def codes(random: np.random.RandomState, rows: int) -> np.ndarray:
    """Two columns of category codes, one beyond a word of the bit sets, and two of numbers."""
    small = random.randint(0, 6, size=rows).astype(float)
    large = random.choice([0, 1, 2, 5, 31, 32, 33, 63, 64, 70, 95, 96, 130], size=rows).astype(float)
    large[random.uniform(size=rows) < 0.1] = np.nan
    return np.column_stack([small, numbers(random, rows)[:, 2:4], large])


def frame(random: np.random.RandomState, rows: int) -> pd.DataFrame:
    """Categories of text, of numbers and of truth values, and a column of numbers."""
    town = random.choice([*TOWNS, None], size=rows)
    return pd.DataFrame(
        {
            "town": pd.Categorical(town, categories=TOWNS),
            "amount": numbers(random, rows)[:, 3],
            "size": pd.Categorical(random.choice([0.1, 1.0, 2.5, 40.0], size=rows)),
            "member": pd.Categorical(random.uniform(size=rows) < 0.4),
        }
    )


def signal(matrix: np.ndarray, random: np.random.RandomState) -> np.ndarray:
    """Something to learn, with a part that depends on what is missing."""
    filled = np.nan_to_num(matrix, nan=-3.0)
    bent = np.sin(filled).sum(axis=1) + 0.3 * (filled[:, 0] > 1) * filled[:, -1]
    return bent + random.normal(scale=0.2, size=len(matrix))


def encoded(table: pd.DataFrame) -> np.ndarray:
    coded = [table[name].cat.codes if name != "amount" else table[name] for name in table]
    return np.column_stack([np.asarray(column, dtype=float) for column in coded])


def train(name: str, params: dict, data: lgb.Dataset, rounds: int = ROUNDS, **more) -> None:
    booster = lgb.train({**COMMON, **params}, data, num_boost_round=rounds, **more)
    path = MODELS / f"{name}.txt"
    booster.save_model(str(path))
    if name != "codes" and not name.endswith("frame"):
        text = path.read_text(encoding="utf-8")
        start, end = text.index("[boosting"), text.index("end of parameters")
        path.write_text(text[:start] + text[end:], encoding="utf-8")


def dataset(kind: str, label: Callable | None = None, **more) -> lgb.Dataset:
    """The training rows of a data set, labelled by `label` of the signal."""
    random = np.random.RandomState(7)
    if kind == "numbers":
        table = matrix = numbers(random, TRAINING_ROWS)
        more.setdefault("feature_name", NAMES)
    elif kind == "codes":
        table = matrix = codes(random, TRAINING_ROWS)
        more.update(feature_name=["shelf", "left", "right", "item"], categorical_feature=[0, 3])
    else:
        table = frame(random, TRAINING_ROWS)
        matrix = encoded(table)
    target = signal(matrix, random)
    return lgb.Dataset(table, target if label is None else label(target), **more)


def positive(y: np.ndarray) -> np.ndarray:
    return np.exp(y / 2)


def binary(y: np.ndarray) -> np.ndarray:
    return (y > 0.5).astype(int)


def classes(y: np.ndarray) -> np.ndarray:
    return np.digitize(y, [-0.5, 1.0])


def share(y: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-y))


def squares(scores: np.ndarray, data: lgb.Dataset) -> tuple[np.ndarray, np.ndarray]:
    return scores - data.get_label(), np.ones_like(scores)


def squares_of_two(scores: np.ndarray, data: lgb.Dataset) -> tuple[np.ndarray, np.ndarray]:
    target = np.column_stack([data.get_label(), -2 * data.get_label()])
    return scores - target, np.ones_like(scores)


def train_all() -> None:
    for objective, label in {
        "regression": None,
        "regression_l1": None,
        "huber": None,
        "fair": None,
        "quantile": None,
        "mape": positive,
        "poisson": positive,
        "gamma": positive,
        "tweedie": positive,
        "binary": binary,
        "cross_entropy": share,
        "cross_entropy_lambda": share,
    }.items():
        train(objective, {"objective": objective}, dataset("numbers", label))
    train("regression-sqrt", {"objective": "regression", "reg_sqrt": True}, dataset("numbers"))
    train("binary-sigmoid", {"objective": "binary", "sigmoid": 0.7}, dataset("numbers", binary))
    train("multiclass", {"objective": "multiclass", "num_class": 3}, dataset("numbers", classes), 2)
    ova = {"objective": "multiclassova", "num_class": 3, "sigmoid": 0.8}
    train("multiclassova", ova, dataset("numbers", classes), 2)
    for objective in ["lambdarank", "rank_xendcg"]:
        train(objective, {"objective": objective}, dataset("numbers", classes, group=[20] * 30))
    train("custom", {"objective": squares}, dataset("numbers"))
    train("custom-of-two", {"objective": squares_of_two, "num_class": 2}, dataset("numbers"), 2)

    train("missing-none", {"use_missing": False}, dataset("numbers"))
    train("missing-zero", {"zero_as_missing": True}, dataset("numbers"))
    train("dart", {"boosting": "dart", "drop_rate": 0.5}, dataset("numbers"), 4)
    forest = {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6}
    train("forest", forest, dataset("numbers"), 4)
    train("forest-binary", {**forest, "objective": "binary"}, dataset("numbers", binary))
    deep = {"num_leaves": 60, "min_data_in_leaf": 1, "max_depth": -1}
    train("deep", deep, dataset("numbers"), 1)
    train("shallow", {"max_depth": 1}, dataset("numbers", feature_name="auto"), 5)
    train("constant", {"min_data_in_leaf": TRAINING_ROWS}, dataset("numbers"), 2)
    stopped = dataset("numbers")
    random = np.random.RandomState(8)
    valid = numbers(random, 200)
    valid = lgb.Dataset(valid, signal(valid, random), reference=stopped)
    stop = lgb.early_stopping(2, verbose=False)
    train("stopped", {"learning_rate": 1.0}, stopped, 60, valid_sets=[valid], callbacks=[stop])

    train("codes", {"max_cat_to_onehot": 2}, dataset("codes"))
    train("codes-missing-none", {"use_missing": False}, dataset("codes"))
    train("frame", {"objective": "binary", "max_cat_to_onehot": 2}, dataset("frame", binary))
    train("frame-multiclass", {"objective": "multiclass", "num_class": 3}, dataset("frame", classes), 2)


def thresholds(kind: str) -> dict[int, set[float]]:
    """The numbers that the models of a data set compare with, by feature."""
    found: dict[int, set[float]] = {}
    for path in sorted(MODELS.glob("*.txt")):
        if kind_of(path.stem) != kind:
            continue
        arrays = dict.fromkeys(["split_feature", "threshold", "decision_type"], "")
        for line in path.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition("=")
            if key in arrays:
                arrays[key] = value
            if key == "decision_type":
                rows = zip(*(array.split() for array in arrays.values()))
                for feature, threshold, decision in rows:
                    if int(decision) & 1 == 0:
                        found.setdefault(int(feature), set()).add(float(threshold))
    return found


def awkward(random: np.random.RandomState, matrix: np.ndarray, limits: dict[int, set[float]]) -> np.ndarray:
    """Puts the numbers into half of the rows that are easily decided wrongly."""
    odd = [math.nan, 0.0, -0.0, 1e-36, -1e-36, 1e-35, float(np.float32(1e-35)), 2e-35, -2e-35]
    odd += [math.inf, -math.inf, 1e300, -1e300, 1.5, -0.5, -1.0, -7.0]
    for row in range(1, len(matrix), 2):
        for feature in range(matrix.shape[1]):
            near = [
                value
                for limit in sorted(limits.get(feature, ()))
                for value in (limit, np.nextafter(limit, np.inf), np.nextafter(limit, -np.inf))
            ]
            pool = near if near and random.uniform() < 0.7 else odd
            matrix[row, feature] = pool[random.randint(len(pool))]
    return matrix


def rows_of(kind: str) -> np.ndarray | pd.DataFrame:
    random = np.random.RandomState(11)
    limits = thresholds(kind)
    if kind == "numbers":
        return awkward(random, numbers(random, ROWS), limits)
    if kind == "codes":
        matrix = awkward(random, codes(random, ROWS), limits)
        unseen = [3.0, 3.9, 4.0, 6.0, 34.0, 131.0, 159.0, 160.0, 1e6, 2.0**31, 1e10, 0.5, -1.0]
        for row in range(0, ROWS, 4):
            matrix[row, 3] = unseen[random.randint(len(unseen))]
        return matrix
    table = frame(random, ROWS)
    amount = awkward(random, table[["amount"]].to_numpy(copy=True), {0: limits.get(1, set())})
    table["amount"] = amount[:, 0]
    # Categories that the model has never seen.
    town = table["town"].astype(object)
    town[::9] = "Atlantis"
    table["town"] = pd.Categorical(town)
    size = table["size"].astype(float)
    size[::7] = 2.0
    table["size"] = pd.Categorical(size)
    return table


def kind_of(name: str) -> str:
    return next((kind for kind in ["codes", "frame"] if kind in name), "numbers")


def cell(value: object) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return "nan"
    if isinstance(value, (bool, np.bool_)):
        return str(float(value))
    return value if isinstance(value, str) else repr(float(value))


def score_all() -> None:
    for kind in ["numbers", "codes", "frame"]:
        rows = rows_of(kind)
        table = rows.astype(object).to_numpy() if isinstance(rows, pd.DataFrame) else rows
        lines = ["\t".join(map(cell, row)) for row in table]
        (HERE / f"{kind}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        for path in sorted(MODELS.glob("*.txt")):
            if kind_of(path.stem) != kind:
                continue
            booster = lgb.Booster(model_file=str(path))
            raw = booster.predict(rows, raw_score=True).reshape(ROWS, -1)
            predicted = booster.predict(rows).reshape(ROWS, -1)
            scores = np.concatenate([raw, predicted[:PREDICTED_ROWS]])
            path.with_suffix(".f64").write_bytes(scores.astype("<f8").tobytes())
            contributions = booster.predict(rows[:EXPLAINED_ROWS], pred_contrib=True)
            path.with_suffix(".contributions").write_bytes(contributions.astype("<f8").tobytes())


def main() -> None:
    MODELS.mkdir(exist_ok=True)
    if MAJOR >= 4:
        train_all()
        score_all()
    else:
        name = f"version-{MAJOR}"
        train(f"{name}-codes", {"zero_as_missing": True}, dataset("codes"))
        train(f"{name}-frame", {"objective": "binary"}, dataset("frame", binary))
        entropy = {"objective": "xentropy"}
        train(f"{name}-numbers", entropy, dataset("numbers", share))


if __name__ == "__main__":
    main()
