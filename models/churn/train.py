"""Train the churn model and write every generated file of this folder.

The model tells whether a telephone customer will leave: 15 one-hot encoded text
columns and 4 scaled numbers go into gradient boosted trees. All of it, encoding
and scaling included, is exported as one ONNX graph that takes the columns as
they stand in the data file, each as an input of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import recipe  # noqa: E402

DESCRIPTION = "Will a telephone customer leave? Gradient boosted trees on IBM's Telco data."
TARGET = "Churn"
NUMBERS = ["SeniorCitizen", "tenure", "MonthlyCharges", "TotalCharges"]

HELD_OUT_ROWS = 1000
SAMPLE_ROWS = 6
SPLITS_PER_NUMBER = 16
"""How many thresholds of each numeric column get rows in the golden file."""

TREES = {
    "n_estimators": 120,
    "learning_rate": 0.07,
    "max_depth": 3,
    "min_samples_leaf": 20,
    "random_state": 0,
}
"""Picked by log loss in 5-fold cross-validation on the training rows only."""

UNKNOWN_CATEGORIES = ["unheard of", "yes", "No ", "Überweisung", 'by "cheque", in cash']
"""Texts the model has never seen: plain, differing in case or by a space, outside
ASCII, and with the characters that a CSV file must quote."""


# --- data --------------------------------------------------------------------


def read_data(path: Path) -> pd.DataFrame:
    """Read the data set; only an empty cell of a numeric column is a missing value."""
    with recipe.open_gzipped_csv(path) as file:
        return pd.read_csv(
            file,
            dtype={name: np.float64 for name in NUMBERS},
            keep_default_na=False,
            na_values={name: [""] for name in NUMBERS},
        )


def texts_of(columns: Sequence[str]) -> list[str]:
    """The text columns among `columns`, in their order."""
    return [name for name in columns if name not in NUMBERS]


def to_cells(frame: pd.DataFrame) -> list[recipe.Row]:
    """Rows of the data set as a client would write them: each number as a float32."""
    columns = [
        [recipe.format_float32(np.float32(value)) for value in frame[name]]
        if name in NUMBERS
        else list(frame[name])
        for name in frame.columns
    ]
    return [list(row) for row in zip(*columns)]


def to_frame(rows: Sequence[recipe.Row], columns: Sequence[str]) -> pd.DataFrame:
    """Rows of text as the trainer takes them, the numbers as float64."""
    frame = pd.DataFrame(rows, columns=list(columns))
    for name in NUMBERS:
        frame[name] = [float(cell) if cell else np.nan for cell in frame[name]]
    return frame


def to_instance(row: recipe.Row, columns: Sequence[str]) -> dict[str, object]:
    """One row as an instance of a JSON request."""
    return {
        name: recipe.json_number(cell) if name in NUMBERS else cell
        for name, cell in zip(columns, row)
    }


# --- model -------------------------------------------------------------------


def build_model(columns: Sequence[str]) -> Pipeline:
    """The untrained pipeline: numbers imputed and scaled, texts one-hot encoded, trees."""
    numbers = Pipeline(
        [("impute", SimpleImputer(strategy="median")), ("scale", StandardScaler())]
    )
    texts = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    encode = ColumnTransformer(
        [("numbers", numbers, NUMBERS), ("texts", texts, texts_of(columns))]
    )
    return Pipeline([("encode", encode), ("trees", GradientBoostingClassifier(**TREES))])


def export(model: Pipeline, columns: Sequence[str], path: Path) -> None:
    """Write the pipeline as an ONNX file with one graph input for each column."""
    inputs = [
        (name, FloatTensorType([None, 1]) if name in NUMBERS else StringTensorType([None, 1]))
        for name in columns
    ]
    graph = convert_sklearn(
        model,
        name="churn",
        initial_types=inputs,
        doc_string=DESCRIPTION,
        options={id(model): {"zipmap": False}},
    )
    onnx.checker.check_model(graph)
    recipe.write_model(graph, path)


def scores(
    probability: np.ndarray, labels: Sequence[str], truth: Sequence[str]
) -> dict[str, float]:
    """Scores of P(Yes) and of the labels against the truth."""
    return {
        "ROC AUC": roc_auc_score(truth, probability),
        "log loss": log_loss(truth, np.column_stack([1 - probability, probability])),
        "accuracy": accuracy_score(truth, labels),
    }


# --- golden rows -------------------------------------------------------------


def rows_with_unknown_categories(
    rows: Sequence[recipe.Row], columns: Sequence[str]
) -> list[recipe.Row]:
    """A row for each text column and each unknown text, and one unknown throughout."""
    made = []
    for name in texts_of(columns):
        for text in UNKNOWN_CATEGORIES:
            row = list(rows[len(made) % len(rows)])
            row[columns.index(name)] = text
            made.append(row)
    nothing_known = list(rows[0])
    for name in texts_of(columns):
        nothing_known[columns.index(name)] = UNKNOWN_CATEGORIES[0]
    return made + [nothing_known]


def rows_with_missing_numbers(
    rows: Sequence[recipe.Row], columns: Sequence[str]
) -> list[recipe.Row]:
    """Rows for each numeric column with this cell empty, and some with all of them empty."""
    made = []
    for emptied in [[name] for name in NUMBERS] + [NUMBERS]:
        for source in rows[:5]:
            row = list(source)
            for name in emptied:
                row[columns.index(name)] = ""
            made.append(row)
    return made


def rows_on_thresholds(
    model: Pipeline, path: Path, rows: Sequence[recipe.Row], columns: Sequence[str]
) -> list[recipe.Row]:
    """Rows whose number is the last float32 that a split of the graph sends to the
    left, and the float32 before and after it.

    The graph compares (x - offset) * scale, rounded to float32 twice, so the last
    x is searched for with the same two roundings.
    """
    encoded = model.named_steps["encode"].transform(to_frame(rows, columns))
    trees = model.named_steps["trees"].estimators_.ravel()
    splits = recipe.reachable_splits(
        trees, encoded.astype(np.float32), range(len(NUMBERS)), SPLITS_PER_NUMBER
    )
    offsets, scales = scaler_of(path)
    made = []
    for split in splits:
        threshold = recipe.float32_at_most(split.threshold)
        offset, scale = offsets[split.feature], scales[split.feature]
        last = recipe.largest_passing(lambda x: (x - offset) * scale <= threshold)
        column = columns.index(NUMBERS[split.feature])
        made += recipe.rows_around(rows[split.row], column, last)
    return made


def scaler_of(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The float32 offsets and scales of the Scaler node in the exported graph."""
    scaler = next(node for node in onnx.load(path).graph.node if node.op_type == "Scaler")
    attributes = {attribute.name: attribute for attribute in scaler.attribute}
    offsets = np.array(attributes["offset"].floats, dtype=np.float32)
    scales = np.array(attributes["scale"].floats, dtype=np.float32)
    return offsets, scales


# --- the recipe --------------------------------------------------------------


def main() -> None:
    arguments = recipe.parse_arguments(__doc__, HERE)
    arguments.output.mkdir(parents=True, exist_ok=True)
    model_path = arguments.output / "model.onnx"

    data = read_data(arguments.data)
    features = data.drop(columns=TARGET)
    columns = list(features.columns)
    train, held_out, train_truth, truth = train_test_split(
        features, data[TARGET], test_size=HELD_OUT_ROWS, random_state=0, stratify=data[TARGET]
    )

    model = build_model(columns)
    with recipe.step(f"training {TREES['n_estimators']} trees on {len(train)} rows"):
        model.fit(train, train_truth)
    with recipe.step("exporting"):
        export(model, columns, model_path)
    session = recipe.one_thread_session(model_path)

    def trainer(rows: Sequence[recipe.Row]) -> dict[str, Sequence[object]]:
        frame = to_frame(rows, columns)
        probabilities = model.predict_proba(frame)
        return {
            "label": [str(label) for label in model.predict(frame)],
            "probabilities.0": list(probabilities[:, 0]),
            "probabilities.1": list(probabilities[:, 1]),
        }

    cells = to_cells(held_out)
    with recipe.step("choosing golden rows"):
        groups = {
            "held out": cells,
            "unknown category": rows_with_unknown_categories(cells, columns),
            "missing number": rows_with_missing_numbers(cells, columns),
            "on a threshold": rows_on_thresholds(model, model_path, cells, columns),
        }
        recipe.require_thresholds_to_be_crossed(
            session, groups["on a threshold"], "probabilities.1"
        )
    recipe.write_golden(arguments.output / "golden.csv", session, groups, trainer)

    samples = cells[:SAMPLE_ROWS]
    recipe.write_csv(arguments.output / "rows.csv", columns, samples)
    recipe.write_instances(
        arguments.output / "rows.json", [to_instance(row, columns) for row in samples]
    )

    exported = recipe.run(session, cells)
    recipe.print_scores(
        {
            "scikit-learn": scores(
                model.predict_proba(held_out)[:, 1], model.predict(held_out), truth
            ),
            "model.onnx": scores(
                np.array(exported["probabilities.1"], dtype=np.float64), exported["label"], truth
            ),
        }
    )
    print()
    for name in ("model.onnx", "golden.csv", "rows.csv", "rows.json"):
        recipe.print_file(arguments.output / name)


if __name__ == "__main__":
    main()
