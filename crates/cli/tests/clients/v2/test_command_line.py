"""AWS's command line, first version."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from support import TestCase, as_csv, districts


class CommandLine(TestCase):
    """`aws sagemaker-runtime` and `aws sagemaker`."""

    def aws(self, service, *arguments):
        program = Path(sys.executable).parent / "aws"
        command = [program, service, *arguments, "--endpoint-url", self.server.url]
        # It would ask again, and again, where the server refuses for the time being.
        environment = os.environ | {"AWS_MAX_ATTEMPTS": "1"}
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=60
        )

    def invoke(self, body, out):
        parameters = ["--endpoint-name", "housing", "--content-type", "text/csv"]
        parameters += ["--accept", "text/csv", "--body", body, str(out)]
        return self.aws("sagemaker-runtime", "invoke-endpoint", *parameters)

    def test_invoke_endpoint(self):
        rows, prices = districts(3)
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out"
            done = self.invoke(as_csv(rows).decode(), out)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout)["InvokedProductionVariant"], "AllTraffic")
            self.assert_prices(out.read_bytes().split(), prices)

    def test_errors_are_named(self):
        done = self.invoke("1,2", os.devnull)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("(ModelError)", done.stderr)

    def test_describe_endpoint(self):
        done = self.aws("sagemaker", "describe-endpoint", "--endpoint-name", "housing")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["EndpointStatus"], "InService")
