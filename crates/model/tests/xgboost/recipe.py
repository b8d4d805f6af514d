"""Train the small models that `tests/xgboost.rs` reads, with whichever XGBoost is installed.

For each case this writes, in a folder named after the release:

    NAME.json, NAME.ubj, NAME.bin   the model, in the encodings that the release writes
    NAME.rows                       rows with XGBoost's own margins and answers

A `.rows` file holds four uint32 (rows, features, margins per row, answers per row) and then
the rows, the margins and the answers as float32, row by row; all little-endian. Answers that
equal the margins are left out, and so are rows, with 0 for the features, that are those of
`shared.rows` in the same folder.

From release 3.0 on there is `NAME.contributions` too, unless leaves are vectors, which the library
cannot explain: XGBoost's `pred_contribs` of every fourth row, as float32.

Rows are drawn at random, with missing values, and on and one float32 either side of thresholds.
The data are made up here, so they are under the licence of the repository.
See README.md for how to run this.
"""

from __future__ import annotations

import json
import struct
import warnings
from pathlib import Path

import numpy as np
import xgboost

warnings.filterwarnings("ignore")
VERSION = tuple(int(part) for part in xgboost.__version__.split(".")[:2])
HERE = Path(__file__).resolve().parent / xgboost.__version__
MAIN = "ubj" if VERSION >= (3, 0) or VERSION in ((1, 6), (1, 7)) else "bin"
"""The encoding of most of the release's models."""
IN_JSON = {"binary-logistic", "softprob", "dart", "categorical-sets", "vector-leaves", "frame"}
IN_JSON = IN_JSON if VERSION >= (3, 0) else {"binary-logistic", "dart", "pruned"}
"""The models that are written in JSON as well."""
NOT_BINARY = {"categorical-sets", "categorical-one-hot", "vector-leaves"}
FEATURES = 3
TRAINING_ROWS = 300
RANDOM_ROWS = 120
THRESHOLD_ROWS = 27
"""Thresholds that rows are put on, three rows each."""
EXPLAINED_STEP = 4
SHARED: list[tuple[str, xgboost.Booster, dict, list[tuple[int, np.float32]]]] = []
"""What is asked about the shared rows: name, booster, limit of trees, splits."""


def training_data(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows with missing values, and a number that depends on them."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(TRAINING_ROWS, FEATURES)).astype(np.float32)
    number = 1.5 * x[:, 0] - np.abs(x[:, 1]) + x[:, 2] * x[:, 0] + 0.3 * random.normal(size=len(x))
    x[random.random(x.shape) < 0.1] = np.nan
    return x, number.astype(np.float32)


def thresholds(booster: xgboost.Booster, saved: Path) -> list[tuple[int, np.float32]]:
    """The feature and the threshold of every numerical split."""
    if VERSION >= (1, 0):
        booster_of = json.loads(saved.read_text())["learner"]["gradient_booster"]
        found = []
        for tree in booster_of.get("gbtree", booster_of)["model"]["trees"]:
            kinds = tree.get("split_type", [0] * len(tree["left_children"]))
            for node, left in enumerate(tree["left_children"]):
                if left != -1 and kinds[node] == 0:
                    found.append((tree["split_indices"][node], np.float32(tree["split_conditions"][node])))
        return found
    found, waiting = [], [json.loads(text) for text in booster.get_dump(dump_format="json")]
    while waiting:
        node = waiting.pop()
        if "children" in node:
            waiting += node["children"]
            found.append((int(node["split"].lstrip("f")), np.float32(node["split_condition"])))
    return found


def rows_for(splits: list[tuple[int, np.float32]], categorical: tuple[int, ...]) -> np.ndarray:
    """Rows that tell a right reader from a nearly right one."""
    random = np.random.default_rng(7)
    rows = random.normal(size=(RANDOM_ROWS, FEATURES)).astype(np.float32)
    rows[random.random(rows.shape) < 0.15] = np.nan
    edges = []
    for index in random.permutation(len(splits))[:THRESHOLD_ROWS]:
        feature, threshold = splits[index]
        below = np.nextafter(threshold, np.float32(-np.inf))
        above = np.nextafter(threshold, np.float32(np.inf))
        for value in (below, threshold, above):
            row = random.normal(size=FEATURES).astype(np.float32)
            row[feature] = value
            edges.append(row)
    while len(rows) + len(edges) < 200:
        edges.append(random.normal(size=FEATURES).astype(np.float32))
    rows = np.concatenate([rows, np.array(edges, dtype=np.float32)])
    # Members, categories never seen, beyond the set's last word, fractions, negative ones and
    # those that float32 cannot tell apart.
    # The release 1.6 sends all of those the default way.
    odd = [0, 1, 2, 3, 4, 5, 6, 7, 1.5, 2.99, np.nan] if VERSION < (1, 7) else [0, 1, 2, 3, 4, 5, 6, 7, 40, 1.5, 2.99, -0.5, -1, 1e6, 16777215, 16777216, 3e9, np.nan]
    for feature in categorical:
        rows[:, feature] = random.choice(np.array(odd, dtype=np.float32), size=len(rows))
    return rows


def write(name: str, booster: xgboost.Booster, *, categorical=(), rows=None, used=None, frame=None) -> None:
    """Saves the model, and rows with what the library makes of them.

    `used` is how many rounds count, where it is not all.
    """
    HERE.mkdir(exist_ok=True)
    document = HERE / f"{name}.json"
    if VERSION >= (1, 0):
        booster.save_model(str(document))
    main = "json" if MAIN == "bin" and name in NOT_BINARY else MAIN
    # Up to 2.0 every other name was the binary format, then this one.
    saved = HERE / (f"{name}.deprecated" if main == "bin" else f"{name}.{main}")
    booster.save_model(str(saved))
    saved.rename(HERE / f"{name}.{main}")
    splits = thresholds(booster, document)
    if main != "json" and name not in IN_JSON and document.exists():
        document.unlink()
    limit = {} if used is None else {"iteration_range": (0, used)}
    if VERSION < (1, 0) and name == "dart":
        # Without a limit it drops trees as in training.
        limit = {"ntree_limit": 1000}
    if rows is None and not categorical:
        SHARED.append((name, booster, limit, splits))
        return
    if rows is None:
        rows = rows_for(splits, categorical)
    if frame is None:
        types = ["c" if feature in categorical else "float" for feature in range(FEATURES)]
        frame = xgboost.DMatrix(rows, feature_types=types, enable_categorical=True)
    write_rows(name, booster, limit, frame, rows)


def write_rows(name: str, booster: xgboost.Booster, limit: dict, matrix: xgboost.DMatrix, rows: np.ndarray) -> None:
    """Saves rows, unless they are the shared ones and so empty, and what becomes of them."""
    margins = booster.predict(matrix, output_margin=True, **limit).reshape(matrix.num_row(), -1)
    answers = booster.predict(matrix, **limit).reshape(matrix.num_row(), -1)
    if np.array_equal(answers, margins):
        answers = answers[:, :0]
    save(name, rows, margins, answers)
    if VERSION >= (3, 0) and name != "vector-leaves":
        contributions = booster.predict(matrix, pred_contribs=True, **limit)[::EXPLAINED_STEP]
        path = HERE / f"{name}.contributions"
        path.write_bytes(np.ascontiguousarray(contributions, dtype="<f4").tobytes())


def save(name: str, rows: np.ndarray, margins: np.ndarray, answers: np.ndarray) -> None:
    """Writes a `.rows` file."""
    with (HERE / f"{name}.rows").open("wb") as file:
        file.write(struct.pack("<4I", len(rows), rows.shape[1], margins.shape[1], answers.shape[1]))
        for array in (rows, margins, answers):
            file.write(np.ascontiguousarray(array, dtype="<f4").tobytes())


def write_shared() -> None:
    """Draws the shared rows, some on thresholds of each model, and saves what becomes of them."""
    of_each = 1 + THRESHOLD_ROWS // len(SHARED)
    random = np.random.default_rng(11)
    splits = [splits[index] for *_, splits in SHARED for index in random.permutation(len(splits))[:of_each]]
    rows = rows_for(splits, ())
    save("shared", rows, rows[:, :0], rows[:, :0])
    for name, booster, limit, _ in SHARED:
        write_rows(name, booster, limit, xgboost.DMatrix(rows), rows[:, :0])


def train(parameters: dict, rounds: int, label: np.ndarray, seed: int = 1, **options) -> xgboost.Booster:
    """A booster of few small trees."""
    x, _ = training_data(seed)
    matrix = xgboost.DMatrix(x, label=label, **options)
    base = {"max_depth": 3, "eta": 0.4, "nthread": 1, "tree_method": "hist", "verbosity": 0}
    return xgboost.train({**base, **parameters}, matrix, rounds)


def objectives() -> None:
    """A model for each objective that the release has."""
    _, number = training_data(1)
    yes = (number > 0).astype(np.float32)
    positive = np.exp(number / 3)
    count = np.floor(positive * 2)
    share = 1 / (1 + np.exp(-number))
    cases: list[tuple[str, tuple[int, int], dict, np.ndarray]] = [
        ("squarederror", (1, 0), {"objective": "reg:squarederror"}, number),
        ("binary-logistic", (0, 0), {"objective": "binary:logistic", "base_score": 0.3}, yes),
        ("logitraw", (0, 0), {"objective": "binary:logitraw", "base_score": 0.7}, yes),
        ("hinge", (0, 90), {"objective": "binary:hinge"}, yes),
        ("poisson", (0, 0), {"objective": "count:poisson", "base_score": 1.7}, count),
        ("gamma", (0, 0), {"objective": "reg:gamma"}, positive),
        ("tweedie", (0, 0), {"objective": "reg:tweedie"}, count),
        ("cox", (0, 0), {"objective": "survival:cox"}, positive),
        ("reg-logistic", (0, 0), {"objective": "reg:logistic"}, share),
        ("pairwise", (0, 0), {"objective": "rank:pairwise"}, count),
        ("squaredlogerror", (1, 0), {"objective": "reg:squaredlogerror"}, positive),
        ("pseudohuber", (1, 3), {"objective": "reg:pseudohubererror"}, number),
        ("absoluteerror", (1, 7), {"objective": "reg:absoluteerror"}, number),
        ("ndcg", (3, 0), {"objective": "rank:ndcg"}, np.minimum(count, 4)),
        ("map", (3, 0), {"objective": "rank:map"}, yes),
    ]
    # One release has all; the others what differs between them.
    few = {"binary-logistic", "logitraw", "poisson"} | ({"squarederror"} if VERSION == (1, 6) else set())
    few |= {"hinge"} if VERSION < (1, 0) else set()
    for name, since, parameters, label in cases:
        if VERSION >= since and (VERSION >= (3, 0) or name in few):
            write(name, train(parameters, 1, label))
    if VERSION >= (3, 0):
        x, _ = training_data(1)
        matrix = xgboost.DMatrix(x)
        matrix.set_float_info("label_lower_bound", positive)
        matrix.set_float_info("label_upper_bound", np.where(yes > 0, positive, np.inf))
        write("aft", xgboost.train({"objective": "survival:aft", "max_depth": 3, "nthread": 1}, matrix, 2))
        quantiles = {"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.5, 0.9], "max_depth": 2}
        write("quantiles", train(quantiles, 2, number))


def shapes() -> None:
    """The boosters and the forms of ensembles that the release has."""
    _, number = training_data(1)
    if VERSION == (1, 7):
        categorical(number)
        early_stopping(number)
        return
    if VERSION == (1, 6):
        categorical(number)
        return
    # Pruning deletes nodes and leaves their places.
    pruned = {"tree_method": "exact", "gamma": 18.0, "max_depth": 4}
    write("pruned", train(pruned, 2, number))
    if VERSION == (1, 0):
        early_stopping(number)
        return
    three = np.digitize(number, [-1, 1]).astype(np.float32)
    classes = {"objective": "multi:softprob", "num_class": 3, "max_depth": 2}
    write("softprob", train(classes, 2, three))
    dart = {"booster": "dart", "rate_drop": 0.5, "skip_drop": 0.0, "one_drop": 1, "seed": 3, "max_depth": 2}
    write("dart", train({**dart, "objective": "reg:squarederror" if VERSION >= (1, 0) else "reg:linear"}, 4, number))
    if VERSION >= (3, 0):
        write("softmax", train({**classes, "objective": "multi:softmax"}, 2, three))
    parallel = {"num_parallel_tree": 3, "subsample": 0.6, "colsample_bynode": 0.7, "max_depth": 2, "seed": 5}
    if VERSION >= (3, 0):
        write("parallel", train(parallel, 2, number))
    early_stopping(number)
    if VERSION >= (1, 6):
        categorical(number)
    if VERSION >= (2, 0):
        targets = np.stack([number, -2 * number + 1, number**2], axis=1)
        if VERSION >= (3, 0):
            write("targets", train({"max_depth": 2}, 2, targets))
        vector = {"multi_strategy": "multi_output_tree", "max_depth": 3}
        write("vector-leaves", train(vector, 3, targets))
    if VERSION >= (3, 1):
        frame(number)


def early_stopping(number: np.ndarray) -> None:
    """A model with rounds behind the best one."""
    x, _ = training_data(1)
    other_x, other = training_data(2)
    parameters = {"eta": 1.0, "max_depth": 2, "nthread": 1, "num_parallel_tree": 2, "subsample": 0.3, "seed": 2}
    booster = xgboost.train(
        parameters, xgboost.DMatrix(x, label=number), 30,
        evals=[(xgboost.DMatrix(other_x, label=other), "other")], early_stopping_rounds=2, verbose_eval=False,
    )
    best = booster.best_iteration + 1
    # An estimator that loads the file adds up the rounds up to the best one. Before 1.4 files do
    # not say enough for that, and it adds up all, as `Booster.predict` always does.
    used = best if VERSION >= (1, 4) else None
    write("early-stopping", booster, used=used)
    estimator = xgboost.XGBRegressor()
    estimator.load_model(str(HERE / f"early-stopping.{MAIN}"))
    everything = booster.predict(xgboost.DMatrix(other_x))
    expected = everything if used is None else booster.predict(xgboost.DMatrix(other_x), iteration_range=(0, used))
    assert np.array_equal(estimator.predict(other_x), expected)
    assert used is None or not np.array_equal(everything, expected)


def categorical(number: np.ndarray) -> None:
    """Splits by one category, and by sets of them; one feature has many categories."""
    x, _ = training_data(1)
    random = np.random.default_rng(4)
    x[:, 1] = random.integers(0, 6, size=len(x))
    x[:, 2] = random.integers(0, 45, size=len(x))
    number = number + (x[:, 1] == 2) * 3 - np.isin(x[:, 2] % 7, [1, 4]) * 2
    options = {"feature_types": ["float", "c", "c"], "enable_categorical": True}
    base = {"tree_method": "hist" if VERSION >= (1, 7) else "approx", "max_depth": 3, "nthread": 1, "verbosity": 0}
    for name, most in (("one-hot", 100), ("sets", 1)):
        if name == "one-hot" and VERSION == (2, 1):
            continue
        matrix = xgboost.DMatrix(x, label=number, **options)
        booster = xgboost.train({**base, "max_cat_to_onehot": most}, matrix, 3)
        write(f"categorical-{name}", booster, categorical=(1, 2))


def frame(number: np.ndarray) -> None:
    """A data frame with categories that are texts, numbers, and texts outside ASCII."""
    import pandas

    random = np.random.default_rng(4)
    sizes, plans = np.array(["large", "medium", "small"]), np.array([10, 20, 50])
    towns = np.array(["Köln", "Paris", "Łódź"])
    def table(rows: int) -> pandas.DataFrame:
        return pandas.DataFrame({
            "age": random.normal(size=rows).astype(np.float32),
            "size": pandas.Categorical(random.choice(sizes, rows), categories=sizes),
            "plan": pandas.Categorical(random.choice(plans, rows), categories=plans),
            "town": pandas.Categorical(random.choice(towns, rows), categories=towns),
        })
    x = table(TRAINING_ROWS)
    label = number + (x["size"] == "small") * 2 - (x["plan"] == 20) + (x["town"] == "Paris")
    parameters = {"max_depth": 3, "max_cat_to_onehot": 1, "nthread": 1}
    booster = xgboost.train(parameters, xgboost.DMatrix(x, label=label, enable_categorical=True), 3)
    asked = table(200)
    # The rows hold codes; the library is asked with the names.
    codes = np.stack([asked["age"]] + [asked[name].cat.codes for name in ("size", "plan", "town")], axis=1)
    matrix = xgboost.DMatrix(asked, enable_categorical=True)
    write("frame", booster, rows=codes.astype(np.float32), frame=matrix)


if __name__ == "__main__":
    objectives()
    shapes()
    write_shared()
