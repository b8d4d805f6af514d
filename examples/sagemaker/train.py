"""Train a scikit-learn pipeline that tells whether a telephone customer will leave.

The data is IBM's Telco sample, which lies in models/churn of this repository. Texts are one-hot
encoded and numbers imputed; boosted trees follow. Numbers are not scaled: trees gain nothing by
it, and an exported scaler rounds to float32, which sends some rows to the other side of a split.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

DATA = Path(__file__).resolve().parents[2] / "models" / "churn" / "data.csv.gz"
TARGET = "Churn"
NUMBERS = ["SeniorCitizen", "tenure", "MonthlyCharges", "TotalCharges"]
HELD_OUT_ROWS = 1000


def read(path: Path) -> pd.DataFrame:
    """The data; only an empty cell of a number is missing, and "No" and "NA" are texts."""
    return pd.read_csv(
        path,
        dtype={name: np.float64 for name in NUMBERS},
        keep_default_na=False,
        na_values={name: [""] for name in NUMBERS},
    )


def untrained(texts: list[str], trees: int) -> Pipeline:
    """The pipeline before it is fitted."""
    encode = ColumnTransformer(
        [
            ("numbers", SimpleImputer(strategy="median"), NUMBERS),
            ("texts", OneHotEncoder(handle_unknown="ignore", sparse_output=False), texts),
        ]
    )
    classifier = HistGradientBoostingClassifier(
        max_iter=trees, learning_rate=0.07, max_leaf_nodes=8, min_samples_leaf=20, random_state=0
    )
    return Pipeline([("encode", encode), ("trees", classifier)])


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="files written:\n"
        "  pipeline.joblib  the fitted pipeline\n"
        "  sample.csv       rows that it was not trained on, for export.py",
    )
    parser.add_argument(
        "--data", type=Path, default=DATA, metavar="FILE", help="default: %(default)s"
    )
    parser.add_argument("--trees", type=int, default=120, metavar="N", help="default: %(default)s")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="made if missing")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    data = read(arguments.data)
    features = data.drop(columns=TARGET)
    known, held_out, known_truth, truth = train_test_split(
        features, data[TARGET], test_size=HELD_OUT_ROWS, random_state=0, stratify=data[TARGET]
    )
    texts = [name for name in features.columns if name not in NUMBERS]
    pipeline = untrained(texts, arguments.trees).fit(known, known_truth)

    probabilities = pipeline.predict_proba(held_out)
    print(
        f"trained {arguments.trees} trees on {len(known)} rows; on {len(held_out)} others "
        f"ROC AUC {roc_auc_score(truth, probabilities[:, 1]):.4f}, "
        f"log loss {log_loss(truth, probabilities):.4f}"
    )
    arguments.out.mkdir(parents=True, exist_ok=True)
    joblib.dump(pipeline, arguments.out / "pipeline.joblib")
    held_out.to_csv(arguments.out / "sample.csv", index=False)


if __name__ == "__main__":
    main()
