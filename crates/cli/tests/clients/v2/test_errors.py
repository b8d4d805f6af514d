"""Every exception of the runtime's model, by a server that really errs."""

import json
import os
import shutil
import tempfile
import threading
from pathlib import Path

from botocore.exceptions import ClientError
from support import MODELS, Server, TestCase, as_csv, districts


def code(error):
    """What boto3 calls an exception, and its status."""
    response = error.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


class Refusals(TestCase):
    """What is wrong with one request."""

    def refused(self, **parameters):
        rows, _ = districts(1)
        parameters = {
            "EndpointName": "housing",
            "Body": as_csv(rows),
            "ContentType": "text/csv",
        } | parameters
        with self.assertRaises(ClientError) as refused:
            self.client.invoke_endpoint(**parameters)
        return refused.exception

    def test_validation_error(self):
        for parameters in (
            {"EndpointName": "nobody"},
            {"EndpointName": "a/b"},
            {"CustomAttributes": "a" * 1025},
            {"ContentType": "a" * 1025},
            {"SessionId": "_"},
            {"TargetVariant": "-"},
            {"TargetVariant": "nobody"},
            {"InferenceId": "a" * 65},
        ):
            with self.subTest(parameters):
                error = self.refused(**parameters)
                self.assertIsInstance(error, self.client.exceptions.ValidationError)
                self.assertEqual(code(error), ("ValidationError", 400))
                self.assertTrue(error.response["Message"])

    def test_model_error(self):
        for status, parameters in (
            (400, {"Body": b"1,2\n"}),
            (400, {"Body": b""}),
            (406, {"Accept": "image/png"}),
            (413, {"Body": bytes(26 << 20)}),
            (415, {"ContentType": "image/png"}),
        ):
            with self.subTest(status):
                error = self.refused(**parameters)
                self.assertIsInstance(error, self.client.exceptions.ModelError)
                self.assertEqual(code(error), ("ModelError", 424))
                response = error.response
                self.assertEqual(response["OriginalStatusCode"], status)
                self.assertIn("error", json.loads(response["OriginalMessage"]))
                self.assertIn(f"client error ({status})", response["Message"])
                self.assertTrue(response["LogStreamArn"].startswith("arn:aws:logs:"))

    def test_errors_of_the_model_are_not_tried_again(self):
        client = self.server.client(attempts=3)
        with self.assertRaises(client.exceptions.ModelError) as refused:
            client.invoke_endpoint(EndpointName="housing", Body=b"1,2", ContentType="text/csv")
        self.assertEqual(refused.exception.response["ResponseMetadata"]["RetryAttempts"], 0)

    def test_connection_goes_on_after_a_refusal(self):
        rows, prices = districts(1)
        self.refused(Body=b"1,2\n")
        reply = self.client.invoke_endpoint(
            EndpointName="housing", Body=as_csv(rows), ContentType="text/csv", Accept="text/csv"
        )
        self.assert_prices(reply["Body"].read().split(), prices)


class Loading(TestCase):
    """A server that is asked before its models are warm: a file of theirs is long in coming."""

    @classmethod
    def setUpClass(cls):
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        shutil.copy(MODELS / "housing/model.onnx", folder)
        cls.late = folder / "golden.csv"
        os.mkfifo(cls.late)
        cls.server = Server(folder, "--aws-endpoint-name", "housing", ready=False)
        cls.addClassCleanup(cls.server.kill)
        cls.client = cls.server.client()

    def test_model_not_ready_until_it_is(self):
        rows, prices = districts(1)
        request = {
            "EndpointName": "housing",
            "Body": as_csv(rows),
            "ContentType": "text/csv",
            "Accept": "text/csv",
        }
        control = self.server.client("sagemaker")
        for ask in (
            self.client.invoke_endpoint,
            self.client.invoke_endpoint_with_response_stream,
        ):
            with self.assertRaises(self.client.exceptions.ModelNotReadyException) as refused:
                ask(**request)
            self.assertEqual(code(refused.exception), ("ModelNotReadyException", 429))
        described = control.describe_endpoint(EndpointName="housing")
        self.assertEqual(described["EndpointStatus"], "Creating")

        golden = (MODELS / "housing/golden.csv").read_bytes()
        threading.Thread(target=self.late.write_bytes, args=[golden], daemon=True).start()
        waiter = control.get_waiter("endpoint_in_service")
        waiter.wait(EndpointName="housing", WaiterConfig={"Delay": 1, "MaxAttempts": 120})
        reply = self.client.invoke_endpoint(**request)
        self.assert_prices(reply["Body"].read().split(), prices)
