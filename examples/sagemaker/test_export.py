"""Pipelines of many kinds through export.py: what comes out, and what is said of what does not."""

from __future__ import annotations

import contextlib
import io
import json
import sys
import tempfile
import unittest
import warnings
from pathlib import Path
from unittest import mock

import export

import joblib
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestRegressor, VotingClassifier
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    QuantileTransformer,
    SplineTransformer,
    StandardScaler,
)
from sklearn.svm import LinearSVC

import steps

RANDOM = np.random.default_rng(0)
ROWS = 200
NUMBERS = RANDOM.normal(size=(ROWS, 3)).round(2)
LABELS = (NUMBERS[:, 0] + NUMBERS[:, 1] ** 2 > 0.5).astype(int)
FRAME = pd.DataFrame(NUMBERS, columns=["a", "b", "c"]).assign(
    zip=RANDOM.choice(["01", "1", "2"], ROWS), kind=RANDOM.choice(["x", "y, z", "ü"], ROWS)
)
WORDS = ["good", "bad-day", "Don't", "U.S.", "x2", "Ünder"]
TEXTS = pd.Series([" ".join(RANDOM.choice(WORDS, 5)) for _ in range(ROWS)])


class Doubled(TransformerMixin, BaseEstimator):
    """A transformer of the user's own."""

    def fit(self, rows: np.ndarray, _labels: object = None) -> Doubled:
        """Nothing to learn."""
        return self

    def transform(self, rows: np.ndarray) -> np.ndarray:
        """Twice the numbers."""
        return rows * 2


class Steps(unittest.TestCase):
    """Single steps, examined as they are."""

    def examine(self, step: object, given: object, labels: object = LABELS) -> steps.Step:
        """One fitted step."""
        return steps.examine("step", step.fit(given, labels), given)

    def test_exact_ones(self) -> None:
        for step in (
            StandardScaler(),
            PolynomialFeatures(),
            QuantileTransformer(n_quantiles=20),
            FunctionTransformer(),
            KNeighborsClassifier(),
            VotingClassifier(
                [("a", LogisticRegression()), ("b", GaussianNB())],
                voting="soft",
                flatten_transform=False,
            ),
        ):
            with self.subTest(step=step):
                self.assertTrue(self.examine(step, NUMBERS).is_exact)
        for step in (OneHotEncoder(handle_unknown="ignore"), OrdinalEncoder()):
            with self.subTest(step=step):
                self.assertTrue(self.examine(step, FRAME[["zip", "kind"]]).is_exact)

    def test_those_that_are_not_exported_say_why_and_what_to_do(self) -> None:
        for step, reason, advice in (
            (FunctionTransformer(np.log1p), "unless the transform function is None", "before the"),
            (Doubled(), "shape calculator", "update_registered_converter"),
            (SplineTransformer(), "shape calculator", "a step of scikit-learn's own"),
            (
                QuantileTransformer(n_quantiles=20, output_distribution="normal"),
                "output_distribution='normal'",
                "not with the setting",
            ),
            (LinearSVC(), "must have probabilities", "CalibratedClassifierCV"),
        ):
            with self.subTest(step=step):
                found = self.examine(step, np.abs(NUMBERS))
                self.assertIsNone(found.difference)
                self.assertIn(reason, found.reason)
                self.assertIn(advice, found.advice)
        found = self.examine(HashingVectorizer(n_features=8), TEXTS)
        self.assertIn("hashing has no operator", found.advice)

    def test_a_vectorizer_is_exact_only_with_the_tokens_of_the_advice(self) -> None:
        words = self.examine(TfidfVectorizer(lowercase=False), TEXTS)
        self.assertIsNotNone(words.difference)
        self.assertFalse(words.is_exact)
        self.assertIn("[a-zA-Z]+", words.advice)
        plain = TfidfVectorizer(lowercase=False, token_pattern="[a-zA-Z]+")
        self.assertTrue(self.examine(plain, TEXTS).is_exact)

    def test_steps_inside_steps_are_named(self) -> None:
        union = FeatureUnion([("same", StandardScaler()), ("mine", Doubled())])
        columns = ColumnTransformer(
            [("numbers", union, ["a", "b"]), ("rest", "passthrough", ["c"])]
        )
        pipeline = Pipeline([("encode", columns), ("last", LogisticRegression())])
        found = steps.check(pipeline.fit(FRAME, LABELS), FRAME)
        self.assertEqual(
            [(step.path, step.is_exact) for step in found],
            [
                ("encode.numbers.same", True),
                ("encode.numbers.mine", False),
                ("encode.rest", True),
                ("last", True),
            ],
        )


class Exports(unittest.TestCase):
    """Whole pipelines, through the command line."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def export(self, model: object, frame: pd.DataFrame, *others: str) -> tuple[int, str, str]:
        """Exit code, what is printed, and what is complained about."""
        joblib.dump(model, self.folder / "pipeline.joblib")
        frame.to_csv(self.folder / "sample.csv", index=False)
        line = ["export.py", "--pipeline", str(self.folder / "pipeline.joblib")]
        line += ["--sample", str(self.folder / "sample.csv"), "--out", str(self.folder / "model")]
        out, complaints = io.StringIO(), io.StringIO()
        with (
            mock.patch.object(sys, "argv", [*line, *others]),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(complaints),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            code = export.main()
        return code, out.getvalue(), complaints.getvalue()

    def report(self) -> dict:
        """What parity.json says."""
        return json.loads((self.folder / "model" / "parity.json").read_text())

    def test_columns_of_numbers_and_texts(self) -> None:
        numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
        texts = OneHotEncoder(handle_unknown="ignore")
        columns = ColumnTransformer([("n", numbers, ["a", "b"]), ("t", texts, ["zip", "kind"])])
        model = make_pipeline(columns, LogisticRegression()).fit(FRAME, LABELS)
        code, out, complaints = self.export(model, FRAME.assign(target=1), "--text", "zip")
        self.assertEqual(code, 0, complaints)
        self.assertIn("Hotplate runs it with: native", out)
        differences = self.report()["differences"]
        self.assertEqual(len(differences), 3)
        for difference in differences:
            self.assertEqual(difference["beyond"], 0, difference)
        # Each column has one odd row, and c is not asked for.
        self.assertEqual(differences[0]["rows"], ROWS + 5)
        golden = (self.folder / "model" / "golden.csv").read_text().splitlines()
        self.assertEqual(len(golden), 1 + ROWS + 5)
        self.assertTrue(golden[0].startswith("a,b,c,zip,kind,output.label,"))

    def test_a_matrix_without_names(self) -> None:
        model = RandomForestRegressor(10, random_state=0).fit(NUMBERS, NUMBERS[:, 0] * 3)
        frame = pd.DataFrame(NUMBERS, columns=["a", "b", "c"])
        code, _, complaints = self.export(model, frame, "--golden-rows", "20")
        self.assertEqual(code, 0, complaints)
        signature = json.loads((self.folder / "model" / "signature.json").read_text())
        self.assertEqual(signature["task"], "regression")
        self.assertEqual([column["name"] for column in signature["columns"]], ["a", "b", "c"])
        golden = (self.folder / "model" / "golden.csv").read_text().splitlines()
        self.assertEqual(len(golden), 1 + 20 + 3)

    def test_what_a_pipeline_refuses_is_not_asked(self) -> None:
        model = LogisticRegression().fit(NUMBERS, LABELS)
        frame = pd.DataFrame(NUMBERS, columns=["a", "b", "c"])
        code, out, complaints = self.export(model, frame)
        self.assertEqual(code, 0, complaints)
        self.assertIn("the pipeline refuses it: missing number in b", out)

    def test_a_step_that_stays_behind_is_named(self) -> None:
        log = FunctionTransformer(np.abs)
        model = Pipeline([("log", log), ("last", LogisticRegression())]).fit(NUMBERS, LABELS)
        frame = pd.DataFrame(NUMBERS, columns=["a", "b", "c"])
        code, _, complaints = self.export(model, frame)
        self.assertEqual(code, 1)
        self.assertIn("log (FunctionTransformer): NOT EXPORTED", complaints)
        self.assertIn("last (LogisticRegression): exported", complaints)
        self.assertFalse((self.folder / "model").exists())

    def test_flips_fail_unless_they_may_be(self) -> None:
        # A scaler before trees: float32 rounds to the other side of splits that lie on the data.
        grid = RANDOM.integers(0, 1000, (ROWS, 1)) / 10
        labels = (np.floor(grid[:, 0] * 5) % 2).astype(int)
        trees = GradientBoostingClassifier(n_estimators=60, max_depth=8, random_state=0)
        model = make_pipeline(StandardScaler(), trees).fit(grid, labels)
        values = np.unique(grid)
        between = pd.DataFrame({"x": ((values[1:] + values[:-1]) / 2).round(3)})
        code, out, complaints = self.export(model, between)
        self.assertEqual(code, 1, out)
        self.assertIn("decisions flip, 0 may", complaints)
        # The graph is what it is, and Hotplate answers as the graph does.
        self.assertEqual(self.report()["differences"][1]["flips"], [])
        code, _, complaints = self.export(model, between, "--max-flips", str(len(values)))
        self.assertEqual(code, 0, complaints)

    def test_a_sample_without_a_column_is_refused(self) -> None:
        model = LogisticRegression().fit(FRAME[["a", "b"]], LABELS)
        code, _, complaints = self.export(model, FRAME[["a"]])
        self.assertEqual(code, 1)
        self.assertIn("no column b", complaints)


if __name__ == "__main__":
    unittest.main()
