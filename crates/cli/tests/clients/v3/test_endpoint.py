"""`Endpoint` of the SageMaker SDK, third version."""

import os

import boto3
from botocore.exceptions import ClientError
from sagemaker.core.resources import Endpoint
from support import TestCase, as_csv, districts


class EndpointCase(TestCase):
    """One model; the environment says where it is."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for service in ("RUNTIME", None):
            name = "_".join(filter(None, ("AWS_ENDPOINT_URL_SAGEMAKER", service)))
            os.environ[name] = cls.server.url
            cls.addClassCleanup(os.environ.pop, name)
        cls.session = boto3.Session(region_name="us-east-1")
        cls.endpoint = Endpoint(endpoint_name="housing")

    def test_invoke(self):
        rows, prices = districts(3)
        reply = self.endpoint.invoke(
            body=as_csv(rows), content_type="text/csv", accept="text/csv", session=self.session
        )
        self.assertEqual(reply.content_type, "text/csv")
        self.assertEqual(reply.invoked_production_variant, "AllTraffic")
        self.assert_prices(reply.body.read().split(), prices)

    def test_model_error(self):
        with self.assertRaises(ClientError) as refused:
            self.endpoint.invoke(body=b"1,2\n", content_type="text/csv", session=self.session)
        self.assertEqual(refused.exception.response["Error"]["Code"], "ModelError")
        self.assertEqual(refused.exception.response["OriginalStatusCode"], 400)

    def test_endpoint_is_described(self):
        endpoint = Endpoint.get(endpoint_name="housing", session=self.session)
        self.assertEqual(endpoint.endpoint_status, "InService")
