"""Train the housing model and write every generated file of this folder.

The model tells the median house price of a Californian district from eight
numbers with a random forest. The trees are limited in size so that the ONNX file
stays small; the table this script prints says what the limit costs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import RandomForestRegressor
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.model_selection import train_test_split

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import recipe  # noqa: E402

DESCRIPTION = "Median house price of a Californian district, in 100,000 USD. Random forest."
TARGET = "MedHouseVal"
INPUT = "features"
OUTPUT = "price"

HELD_OUT_ROWS = 1000
SAMPLE_ROWS = 6
SPLITS_PER_FEATURE = 8
"""How many thresholds of each feature get rows in the golden file."""

FOREST = {"n_estimators": 100, "random_state": 0}
SHIPPED_LIMIT = {"max_leaf_nodes": 600}
"""Keeps the file under 5 MB. Best-first growth spends its leaves where they help
most, so this scores better than the deepest trees that would also fit."""

COMPARED_LIMITS = {
    "unlimited": {},
    "depth at most 9": {"max_depth": 9},
}
"""Forests trained only to be compared with the shipped one: one without a limit, and
one with the greatest depth whose file stays under 5 MB."""


# --- data --------------------------------------------------------------------


def read_data(path: Path) -> pd.DataFrame:
    """Read the data set: eight features and the target."""
    with recipe.open_gzipped_csv(path) as file:
        return pd.read_csv(file)


def to_cells(matrix: np.ndarray) -> list[recipe.Row]:
    """Rows of float32 as a client would write them."""
    return [[recipe.format_float32(value) for value in row] for row in matrix]


# --- model -------------------------------------------------------------------


def train_forest(
    features: np.ndarray, prices: np.ndarray, limit: dict[str, int]
) -> RandomForestRegressor:
    """Train the forest, with a limit on the size of its trees."""
    return RandomForestRegressor(**FOREST, **limit).fit(features, prices)


def node_count(forest: RandomForestRegressor) -> int:
    """The number of nodes in all trees of the forest, leaves included."""
    return sum(tree.tree_.node_count for tree in forest.estimators_)


def export(forest: RandomForestRegressor, feature_names: Sequence[str], path: Path) -> None:
    """Write the forest as an ONNX file whose metadata names the eight features."""
    graph = convert_sklearn(
        forest,
        name="housing",
        initial_types=[(INPUT, FloatTensorType([None, len(feature_names)]))],
        final_types=[(OUTPUT, FloatTensorType([None, 1]))],
        doc_string=DESCRIPTION,
    )
    onnx.helper.set_model_props(graph, {"feature_names": json.dumps(list(feature_names))})
    onnx.checker.check_model(graph)
    recipe.write_model(graph, path)


def scores(predicted: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Scores of predicted prices against the truth."""
    return {
        "RMSE": root_mean_squared_error(truth, predicted),
        "MAE": mean_absolute_error(truth, predicted),
        "R2": r2_score(truth, predicted),
    }


# --- golden rows -------------------------------------------------------------


def rows_on_thresholds(
    forest: RandomForestRegressor, matrix: np.ndarray, rows: Sequence[recipe.Row]
) -> list[recipe.Row]:
    """Rows with a feature exactly on a threshold of the graph, and one float32
    below and above it."""
    splits = recipe.reachable_splits(
        forest.estimators_, matrix, range(matrix.shape[1]), SPLITS_PER_FEATURE
    )
    made = []
    for split in splits:
        threshold = recipe.float32_at_most(split.threshold)
        made += recipe.rows_around(rows[split.row], split.feature, threshold)
    return made


# --- the recipe --------------------------------------------------------------


def main() -> None:
    arguments = recipe.parse_arguments(__doc__, HERE)
    arguments.output.mkdir(parents=True, exist_ok=True)
    model_path = arguments.output / "model.onnx"

    data = read_data(arguments.data)
    feature_names = [name for name in data.columns if name != TARGET]
    train, held_out, train_prices, prices = train_test_split(
        data[feature_names].to_numpy(np.float32),
        data[TARGET].to_numpy(),
        test_size=HELD_OUT_ROWS,
        random_state=0,
    )

    with recipe.step(f"training {FOREST['n_estimators']} trees on {len(train)} rows"):
        forest = train_forest(train, train_prices, SHIPPED_LIMIT)
    with recipe.step("exporting"):
        export(forest, feature_names, model_path)
    session = recipe.one_thread_session(model_path)

    def trainer(rows: Sequence[recipe.Row]) -> dict[str, Sequence[object]]:
        matrix = np.array([[float(cell) for cell in row] for row in rows])
        return {OUTPUT: list(forest.predict(matrix))}

    cells = to_cells(held_out)
    with recipe.step("choosing golden rows"):
        groups = {
            "held out": cells,
            "on a threshold": rows_on_thresholds(forest, held_out, cells),
        }
        recipe.require_thresholds_to_be_crossed(session, groups["on a threshold"], OUTPUT)
    recipe.write_golden(arguments.output / "golden.csv", session, groups, trainer)

    samples = cells[:SAMPLE_ROWS]
    recipe.write_csv(arguments.output / "rows.csv", feature_names, samples)
    recipe.write_instances(
        arguments.output / "rows.json",
        [[recipe.json_number(cell) for cell in row] for row in samples],
    )

    exported = np.array(recipe.run(session, cells)[OUTPUT], dtype=np.float64)
    table = {
        f"model.onnx ({node_count(forest)} nodes)": scores(exported, prices),
        f"shipped ({node_count(forest)} nodes)": scores(forest.predict(held_out), prices),
    }
    for name, limit in COMPARED_LIMITS.items():
        with recipe.step(f"training a forest to compare with: {name}"):
            other = train_forest(train, train_prices, limit)
        table[f"{name} ({node_count(other)} nodes)"] = scores(other.predict(held_out), prices)
    recipe.print_scores(table)
    print()
    for name in ("model.onnx", "golden.csv", "rows.csv", "rows.json"):
        recipe.print_file(arguments.output / name)


if __name__ == "__main__":
    main()
