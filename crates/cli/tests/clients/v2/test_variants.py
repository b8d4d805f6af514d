"""Several versions under one name, with boto3."""

import collections
import shutil
import tempfile
from pathlib import Path

from support import MODELS, TestCase, as_csv, districts

ASKED = 200

SETTINGS = """
[[variant]]
name = "blue"
model = "blue"
weight = 3.0

[[variant]]
name = "green"
model = "green"
weight = 1.0
"""


class Variants(TestCase):
    """Two of them, three requests in four for one."""

    @classmethod
    def setUpClass(cls):
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory())) / "houses"
        for name in ("blue", "green"):
            (folder / name).mkdir(parents=True)
            shutil.copy(MODELS / "housing/model.onnx", folder / name)
        (folder / "hotplate.toml").write_text(SETTINGS, encoding="utf-8")
        cls.ARGUMENTS = (folder,)
        super().setUpClass()

    def invoke(self, **parameters):
        rows, _ = districts(1)
        request = {"EndpointName": "houses", "Body": as_csv(rows), "ContentType": "text/csv"}
        return self.client.invoke_endpoint(**request, **parameters)

    def test_target_variant_answers(self):
        for name in ("blue", "green") * 5:
            self.assertEqual(self.invoke(TargetVariant=name)["InvokedProductionVariant"], name)
        with self.assertRaisesRegex(self.client.exceptions.ValidationError, "red"):
            self.invoke(TargetVariant="red")

    def test_weights_share_the_traffic(self):
        names = (self.invoke()["InvokedProductionVariant"] for _ in range(ASKED))
        asked = collections.Counter(names)
        self.assertEqual(set(asked), {"blue", "green"})
        self.assertGreater(asked["blue"], asked["green"])

    def test_weights_are_described(self):
        control = self.server.client("sagemaker")
        described = control.describe_endpoint(EndpointName="houses")["ProductionVariants"]
        weights = {each["VariantName"]: each["CurrentWeight"] for each in described}
        self.assertEqual(weights, {"blue": 3.0, "green": 1.0})
