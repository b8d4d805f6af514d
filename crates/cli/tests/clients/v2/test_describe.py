"""`DescribeEndpoint` with boto3."""

import datetime

from botocore.exceptions import ClientError
from support import MODELS, TestCase


class Describe(TestCase):
    """Endpoints of a server of several models."""

    ARGUMENTS = (MODELS, "--aws-endpoint-name", "all-of-them")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = cls.server.client("sagemaker")

    def test_models_and_the_name_of_all_are_in_service(self):
        for name in ("housing", "churn", "all-of-them"):
            described = self.client.describe_endpoint(EndpointName=name)
            self.assertEqual(described["EndpointName"], name)
            self.assertEqual(described["EndpointStatus"], "InService")
            self.assertTrue(described["EndpointArn"].endswith(f":endpoint/{name}"))
            now = datetime.datetime.now(datetime.timezone.utc)
            for time in ("CreationTime", "LastModifiedTime"):
                self.assertLess(abs(now - described[time]), datetime.timedelta(minutes=10))

    def test_variants_are_told(self):
        described = self.client.describe_endpoint(EndpointName="housing")
        (variant,) = described["ProductionVariants"]
        self.assertEqual(variant["VariantName"], "AllTraffic")
        self.assertEqual((variant["CurrentWeight"], variant["DesiredWeight"]), (1.0, 1.0))

    def test_waiter(self):
        waiter = self.client.get_waiter("endpoint_in_service")
        waiter.wait(EndpointName="all-of-them", WaiterConfig={"Delay": 1, "MaxAttempts": 2})

    def test_unknown_endpoint_and_operation(self):
        for ask, why in (
            (lambda: self.client.describe_endpoint(EndpointName="boats"), "Could not find"),
            (self.client.list_endpoints, "SageMaker.DescribeEndpoint"),
        ):
            with self.assertRaisesRegex(ClientError, why) as refused:
                ask()
            self.assertEqual(refused.exception.response["Error"]["Code"], "ValidationException")
