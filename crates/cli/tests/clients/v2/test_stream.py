"""`InvokeEndpointWithResponseStream` with boto3."""

import csv
import shutil
import tempfile
from pathlib import Path

from botocore.eventstream import EventStreamBuffer
from botocore.exceptions import EventStreamError
from support import MODELS, TestCase, as_csv, districts

GOLDEN_FRAME = bytes.fromhex(
    "0000006b00000059997770650b3a6576656e742d7479706507000b5061796c6f6164506172740d3a636f6e74656e"
    "742d747970650700186170706c69636174696f6e2f6f637465742d73747265616d0d3a6d6573736167652d747970"
    "650700056576656e746869f0e10a16"
)


class Stream(TestCase):
    """Parts of a reply."""

    def stream(self, **parameters):
        return self.client.invoke_endpoint_with_response_stream(
            EndpointName="housing", ContentType="text/csv", **parameters
        )

    def test_golden_frame_is_what_botocore_takes_for_one(self):
        buffer = EventStreamBuffer()
        buffer.add_data(GOLDEN_FRAME)
        (event,) = buffer
        self.assertEqual(event.payload, b"hi")
        self.assertEqual(event.headers[":event-type"], "PayloadPart")

    def test_few_rows_are_one_part(self):
        rows, prices = districts(3)
        reply = self.stream(Body=as_csv(rows), Accept="text/csv", CustomAttributes="trace=1")
        self.assertEqual(reply["ContentType"], "text/csv")
        self.assertEqual(reply["InvokedProductionVariant"], "AllTraffic")
        (event,) = reply["Body"]
        self.assert_prices(event["PayloadPart"]["Bytes"].split(), prices)

    def test_many_rows_are_many_parts_in_order(self):
        rows, prices = districts(1000)
        reply = self.stream(Body=as_csv(rows * 20), Accept="text/csv")
        parts = [event["PayloadPart"]["Bytes"] for event in reply["Body"]]
        self.assertGreater(len(parts), 2)
        self.assert_prices(b"".join(parts).split(), prices * 20)

    def test_accept_is_that_of_the_reply(self):
        rows, _ = districts(3)
        self.assertEqual(self.stream(Body=as_csv(rows))["ContentType"], "application/json")
        with self.assertRaises(self.client.exceptions.ModelError) as refused:
            self.stream(Body=as_csv(rows), Accept="image/png")
        self.assertEqual(refused.exception.response["OriginalStatusCode"], 406)

    def test_rows_that_are_wrong_raise_before_the_stream(self):
        with self.assertRaises(self.client.exceptions.ModelError) as refused:
            self.stream(Body=b"1,2\n")
        self.assertEqual(refused.exception.response["OriginalStatusCode"], 400)


class BrokenStream(TestCase):
    """A model that refuses a category as it is run."""

    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        shutil.copy(MODELS / "churn/model.onnx", folder)
        settings = Path(folder) / "hotplate.toml"
        settings.write_text('[model]\nunknown_categories = "refuse"\n', encoding="utf-8")
        cls.ARGUMENTS = (folder, "--aws-endpoint-name", "churn")
        super().setUpClass()

    def test_failure_behind_the_first_part_raises_while_iterating(self):
        with (MODELS / "churn/rows.csv").open(encoding="utf-8", newline="") as file:
            header, row = next(csv.reader(file)), file.readline()
        wrong = row.replace("Two year", "Ten years")
        self.assertNotEqual(row, wrong)
        reply = self.client.invoke_endpoint_with_response_stream(
            EndpointName="churn",
            Body=",".join(header) + "\n" + row * 6000 + wrong,
            ContentType="text/csv",
            Accept="text/csv",
        )
        got = b""
        with self.assertRaises(EventStreamError) as broken:
            for event in reply["Body"]:
                got += event["PayloadPart"]["Bytes"]
        self.assertEqual(broken.exception.response["Error"]["Code"], "ModelStreamError")
        self.assertGreaterEqual(got.count(b"\n"), 1024)
        # The next request finds the server as it was.
        self.assertEqual(self.client.invoke_endpoint(
            EndpointName="churn", Body=",".join(header) + "\n" + row, ContentType="text/csv"
        )["ResponseMetadata"]["HTTPStatusCode"], 200)
