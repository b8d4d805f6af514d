"""What local mode's client must get, whichever version of the SDK it comes from."""

import json

from support import TestCase, as_csv, districts, docker_on_path


class LocalMode(TestCase):
    """One model, asked as a container on this machine."""

    CLIENT: type

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        docker_on_path(cls)
        cls.local = cls.CLIENT({"local": {"serving_port": cls.server.port}})

    def invoke(self, body, **parameters):
        return self.local.invoke_endpoint(Body=body, EndpointName="any", **parameters)

    def test_csv_in_json_out(self):
        rows, prices = districts(3)
        text = as_csv(rows).decode()
        reply = self.invoke(text, ContentType="text/csv", Accept="application/json")
        self.assertEqual(reply["ContentType"], "application/json")
        predictions = json.loads(reply["Body"].read())["predictions"]
        self.assert_prices([prediction["score"] for prediction in predictions], prices)

    def test_every_parameter(self):
        rows, prices = districts(3)
        reply = self.invoke(
            as_csv(rows),
            ContentType="text/csv",
            Accept="text/csv",
            CustomAttributes="trace=1",
            TargetModel="housing.tar.gz",
            TargetVariant="AllTraffic",
            InferenceId="one request",
        )
        self.assertEqual(reply["Body"].status, 200)
        self.assert_prices(reply["Body"].read().split(), prices)

    def test_errors_are_in_the_body(self):
        reply = self.invoke(b"1,2\n", ContentType="text/csv")
        self.assertEqual(reply["Body"].status, 400)
        self.assertIn("error", json.loads(reply["Body"].read()))
