"""Texts in Hugging Face's form with boto3."""

import json

from support import ROOT, TestCase

CASES = ROOT / "crates/conformance/cases/safetensors"


def golden(case):
    """The rows of a case, each with what Hugging Face's libraries answer."""
    return json.loads((CASES / case / "golden.json").read_text())["rows"]


class Texts(TestCase):
    """Clients that a container of Hugging Face's had."""

    CASE = None

    def invoke(self, **body):
        reply = self.client.invoke_endpoint(
            EndpointName=self.CASE,
            ContentType="application/json",
            Body=json.dumps(body).encode(),
        )
        self.assertEqual(reply["ContentType"], "application/json")
        return json.load(reply["Body"])


class Embeddings(Texts):
    """Vectors for texts."""

    CASE = "bert-mean"
    ARGUMENTS = (CASES / CASE,)

    def test_one_and_many(self):
        rows = golden(self.CASE)[:4]
        many = self.invoke(inputs=[row["text"] for row in rows])
        self.assertEqual(self.invoke(inputs=rows[0]["text"]), many[:1])
        for vector, row in zip(many, rows, strict=True):
            for got, expected in zip(vector, row["embedding"], strict=True):
                self.assertAlmostEqual(got, expected, places=4)


    def test_plain_text(self):
        row = golden(self.CASE)[0]
        reply = self.client.invoke_endpoint(
            EndpointName=self.CASE, ContentType="text/plain", Body=row["text"].encode()
        )
        [prediction] = json.load(reply["Body"])["predictions"]
        for got, expected in zip(prediction["embedding"], row["embedding"], strict=True):
            self.assertAlmostEqual(got, expected, places=4)


class Classes(Texts):
    """Classes of texts."""

    CASE = "distilbert-topics"
    ARGUMENTS = (CASES / CASE,)

    def test_one_and_all(self):
        row = golden(self.CASE)[0]
        [one] = self.invoke(inputs=row["text"])
        self.assertAlmostEqual(one["score"], max(row["scores"]), places=4)
        every = self.invoke(inputs=row["text"], parameters={"top_k": None})
        self.assertEqual(every[0], one)
        for got, expected in zip(every, sorted(row["scores"], reverse=True), strict=True):
            self.assertAlmostEqual(got["score"], expected, places=4)

    def test_unknown_parameter(self):
        with self.assertRaises(self.client.exceptions.ModelError) as refused:
            self.invoke(inputs="a", parameters={"temperature": 1})
        self.assertIn("temperature", refused.exception.response["OriginalMessage"])
