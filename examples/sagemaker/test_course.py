"""Train, export, pack, serve, predict: the course that README.md describes, on this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.request
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sagemaker.deserializers import CSVDeserializer, JSONDeserializer
from sagemaker.serializers import CSVSerializer, JSONLinesSerializer, JSONSerializer

import train

HERE = Path(__file__).resolve().parent
HOTPLATE = os.environ.get("HOTPLATE") or HERE.parents[1] / "target" / "release" / "hotplate"
SECONDS_TO_STOP = 30
TOLERANCE = 1e-6


def script(name: str, *arguments: str | Path) -> str:
    """What a script of this folder prints."""
    return subprocess.run(
        [sys.executable, HERE / name, *arguments], check=True, text=True, stdout=subprocess.PIPE
    ).stdout


class Course(unittest.TestCase):
    """One pipeline, from training to answers."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def serve(self, model: Path) -> tuple[subprocess.Popen, str]:
        """A server, and where it listens."""
        server = subprocess.Popen(
            [HOTPLATE, "serve", model, "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        return server, server.stdout.readline().split()[-1]

    def ask(self, url: str, serializer: object, deserializer: object, rows: object) -> object:
        """One request, in the bytes that the SDK's predictor would send and read."""
        headers = {"Content-Type": serializer.CONTENT_TYPE, "Accept": ",".join(deserializer.ACCEPT)}
        body = serializer.serialize(rows)
        body = body.encode() if isinstance(body, str) else body
        request = urllib.request.Request(f"{url}/invocations", body, headers)
        with urllib.request.urlopen(request, timeout=30) as reply:
            return deserializer.deserialize(reply, reply.headers["Content-Type"])

    def test_answers_over_http_are_those_of_scikit_learn(self) -> None:
        trained, model = self.folder / "trained", self.folder / "churn"
        script("train.py", "--out", trained, "--trees", "20")
        script(
            "export.py",
            "--pipeline",
            trained / "pipeline.joblib",
            "--sample",
            trained / "sample.csv",
            "--out",
            model,
        )
        script("pack.py", model, "--out", self.folder / "model.tar.gz")
        unpacked = self.folder / "opt" / "ml" / "model"
        unpacked.mkdir(parents=True)
        subprocess.run(["tar", "-xzf", self.folder / "model.tar.gz", "-C", unpacked], check=True)

        sample = train.read(trained / "sample.csv")
        expected = joblib.load(trained / "pipeline.joblib").predict_proba(sample)[:, 1]
        server, url = self.serve(unpacked)

        answered = self.ask(url, CSVSerializer(), CSVDeserializer(), sample)
        self.assert_scores([float(score) for (score,) in answered], expected)

        instances = json.loads(sample.to_json(orient="records"))
        answered = self.ask(url, JSONSerializer(), JSONDeserializer(), {"instances": instances})
        self.assert_scores([one["score"] for one in answered["predictions"]], expected)

        answered = self.ask(url, JSONLinesSerializer(), JSONDeserializer(), instances)
        self.assert_scores([one["score"] for one in answered["predictions"]], expected)

        server.send_signal(signal.SIGTERM)
        self.assertEqual(server.wait(timeout=SECONDS_TO_STOP), 0)

    def assert_scores(self, got: list[float], expected: np.ndarray) -> None:
        """The same probabilities, but for rounding to float32."""
        self.assertEqual(len(got), len(expected))
        self.assertLess(float(np.abs(np.array(got) - expected).max()), TOLERANCE)

    def test_sample_keeps_texts_that_look_missing(self) -> None:
        rows = self.folder / "rows.csv"
        rows.write_text("SeniorCitizen,tenure,MonthlyCharges,TotalCharges,a\n0,1,,3,NA\n")
        frame = train.read(rows)
        self.assertEqual(list(frame["a"]), ["NA"])
        self.assertTrue(pd.isna(frame["MonthlyCharges"][0]))


if __name__ == "__main__":
    unittest.main()
