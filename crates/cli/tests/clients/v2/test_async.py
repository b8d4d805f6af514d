"""`InvokeEndpointAsync` with boto3, and a folder in S3's place."""

import os
import tempfile
import time
from pathlib import Path

from support import HOUSING, SECONDS_TO_STOP, Server, TestCase, as_csv, districts, when_read

SECONDS_TO_ANSWER = 30


class Asynchronous(TestCase):
    """Requests that wait in a line of two."""

    @classmethod
    def setUpClass(cls):
        cls.s3 = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.ARGUMENTS = (HOUSING, "--aws-s3-folder", cls.s3, "--aws-async-queue", "2")
        super().setUpClass()
        (cls.s3 / "input").mkdir()

    def enqueue(self, **parameters):
        return self.client.invoke_endpoint_async(
            EndpointName="housing", ContentType="text/csv", Accept="text/csv", **parameters
        )

    def file(self, location):
        self.assertTrue(location.startswith("s3://"), location)
        return self.s3 / location.removeprefix("s3://")

    def wait_for(self, location):
        file = self.file(location)
        end = time.monotonic() + SECONDS_TO_ANSWER
        while not file.exists():
            self.assertLess(time.monotonic(), end, f"{location} does not come")
            time.sleep(0.01)
        return file.read_bytes()

    def test_input_location(self):
        rows, prices = districts(1000)
        (self.s3 / "input/rows.csv").write_bytes(as_csv(rows))
        queued = self.enqueue(
            InputLocation="s3://input/rows.csv",
            InferenceId="batch-1",
            RequestTTLSeconds=60,
            InvocationTimeoutSeconds=60,
            CustomAttributes="trace=1",
        )
        self.assertEqual(queued["ResponseMetadata"]["HTTPStatusCode"], 202)
        self.assertEqual(queued["InferenceId"], "batch-1")
        self.assert_prices(self.wait_for(queued["OutputLocation"]).split(), prices)
        self.assertFalse(self.file(queued["FailureLocation"]).exists())

    def test_inline_body(self):
        rows, prices = districts(3)
        queued = self.enqueue(Body=as_csv(rows))
        self.assertTrue(queued["InferenceId"])
        self.assert_prices(self.wait_for(queued["OutputLocation"]).split(), prices)

    def test_output_is_named(self):
        rows, prices = districts(3)
        queued = self.enqueue(
            Body=as_csv(rows), Filename="prices.csv", S3OutputPathExtension="today"
        )
        self.assertTrue(queued["OutputLocation"].endswith("/today/prices.csv"))
        self.assert_prices(self.wait_for(queued["OutputLocation"]).split(), prices)

    def test_failure_file(self):
        for parameters, why in (
            ({"Body": b"1,2\n"}, b"(400)"),
            ({"InputLocation": "s3://input/nothing.csv"}, b"s3://input/nothing.csv"),
        ):
            queued = self.enqueue(**parameters)
            self.assertIn(why, self.wait_for(queued["FailureLocation"]))
            self.assertFalse(self.file(queued["OutputLocation"]).exists())

    def test_parameters_that_are_wrong(self):
        for parameters in (
            {},
            {"InputLocation": "s3://../etc/passwd"},
            {"InputLocation": "file:///etc/passwd"},
            {"Body": bytes(128_001)},
            {"Body": b"1", "InputLocation": "s3://input/rows.csv"},
            {"Body": b"1", "Filename": "../../x"},
        ):
            with self.subTest(parameters.keys()):
                with self.assertRaises(self.client.exceptions.ValidationError):
                    self.enqueue(**parameters)

    def test_full_line(self):
        rows, prices = districts(1)
        slow = self.s3 / "input/slow.csv"
        os.mkfifo(slow)
        first = self.enqueue(InputLocation="s3://input/slow.csv")
        # The one that is at hand is no longer in line.
        with when_read(slow) as feed:
            queued = [first] + [self.enqueue(Body=as_csv(rows)) for _ in range(2)]
            with self.assertRaises(self.client.exceptions.ServiceUnavailable) as refused:
                self.enqueue(Body=as_csv(rows))
            metadata = refused.exception.response["ResponseMetadata"]
            self.assertEqual(metadata["HTTPStatusCode"], 503)
            persistent = self.server.client(attempts=2)
            with self.assertRaises(persistent.exceptions.ServiceUnavailable) as again:
                persistent.invoke_endpoint_async(EndpointName="housing", Body=b"1")
            metadata = again.exception.response["ResponseMetadata"]
            self.assertEqual(metadata["RetryAttempts"], 1)
            feed.write(as_csv(rows))
        for each in queued:
            self.assert_prices(self.wait_for(each["OutputLocation"]).split(), prices)


class Ending(TestCase):
    """A server that is told to stop while requests wait."""

    @classmethod
    def setUpClass(cls):
        cls.s3 = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.ARGUMENTS = (HOUSING, "--aws-s3-folder", cls.s3)
        super().setUpClass()

    def test_what_is_in_line_is_answered_before_the_end(self):
        rows, prices = districts(1)
        os.mkdir(self.s3 / "input")
        slow = self.s3 / "input/slow.csv"
        os.mkfifo(slow)
        locations = [
            self.client.invoke_endpoint_async(
                EndpointName="housing", ContentType="text/csv", Accept="text/csv", **parameters
            )["OutputLocation"].removeprefix("s3://")
            for parameters in ({"InputLocation": "s3://input/slow.csv"}, {"Body": as_csv(rows)})
        ]
        self.server.terminate()
        time.sleep(0.5)
        self.assertFalse((self.s3 / locations[1]).exists())
        slow.write_bytes(as_csv(rows))
        self.assertEqual(self.server.process.wait(SECONDS_TO_STOP), 0)
        for location in locations:
            self.assert_prices((self.s3 / location).read_bytes().split(), prices)


class Unwritable(TestCase):
    """A folder in which nothing can be written: the bucket's place is taken by a file."""

    @classmethod
    def setUpClass(cls):
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        (folder / "async-output").write_bytes(b"")
        cls.ARGUMENTS = (HOUSING, "--aws-s3-folder", folder)
        super().setUpClass()

    def test_internal_dependency_exception(self):
        with self.assertRaises(self.client.exceptions.InternalDependencyException) as refused:
            self.client.invoke_endpoint_async(EndpointName="housing", Body=b"1")
        self.assertEqual(refused.exception.response["ResponseMetadata"]["HTTPStatusCode"], 530)


class Speechless(TestCase):
    """A server that has lost an answer, and nobody reads what it says of that."""

    @classmethod
    def setUpClass(cls):
        cls.s3 = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        reader, writer = os.pipe()
        cls.server = Server(HOUSING, "--aws-s3-folder", cls.s3, errors=writer)
        cls.addClassCleanup(cls.server.kill)
        # Not before it has told which models are there.
        os.close(writer)
        os.close(reader)
        cls.client = cls.server.client()

    def test_internal_failure(self):
        os.mkdir(self.s3 / "input")
        slow = self.s3 / "input/slow.csv"
        os.mkfifo(slow)
        ask = {"EndpointName": "housing", "ContentType": "text/csv"}
        rows, _ = districts(1)
        self.client.invoke_endpoint_async(
            InputLocation="s3://input/slow.csv", S3OutputPathExtension="lost", **ask
        )
        with when_read(slow) as feed:
            lost = self.s3 / "async-output/housing/lost"
            lost.rmdir()
            lost.write_bytes(b"")
            feed.write(as_csv(rows))
        end = time.monotonic() + SECONDS_TO_ANSWER
        with self.assertRaises(self.client.exceptions.InternalFailure) as refused:
            while time.monotonic() < end:
                self.client.invoke_endpoint_async(Body=as_csv(rows), **ask)
                time.sleep(0.05)
        response = refused.exception.response
        self.assertEqual(response["Error"]["Code"], "InternalFailure")
        self.assertEqual(response["ResponseMetadata"]["HTTPStatusCode"], 500)


class WithoutFolder(TestCase):
    """A server that has nothing in S3's place."""

    def test_validation_error_says_what_is_missing(self):
        with self.assertRaisesRegex(self.client.exceptions.ValidationError, "--aws-s3-folder"):
            self.client.invoke_endpoint_async(EndpointName="housing", Body=b"1")
