"""What the scripts would send to AWS, against botocore's models of the services.

No request leaves the machine: the test fails where one opens a connection.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import socket
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import autoscaling
import aws
import batch_transform
import canary
import deploy
import deploy_multi_model
import predict

IMAGE = "111122223333.dkr.ecr.us-east-1.amazonaws.com/hotplate:1"
ROLE = "arn:aws:iam::111122223333:role/SageMaker"
WHERE = ["--image", IMAGE, "--role", ROLE, "--dry-run"]


class Requests(unittest.TestCase):
    """Each script's requests, in order."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.archive = self.folder / "churn.tar.gz"
        self.archive.write_bytes(b"an archive")
        self.model = [
            "--model",
            str(self.archive),
            "--s3",
            "s3://bucket/churn",
            "--endpoint",
            "churn",
        ]
        no_network = mock.patch.object(socket.socket, "connect", side_effect=AssertionError("sent"))
        no_network.start()
        self.addCleanup(no_network.stop)

    def ask(
        self, act: object, arguments: argparse.Namespace, **answers: aws.Answer
    ) -> list[aws.Request]:
        """The requests of one script."""
        cloud = aws.connect(arguments, answers)
        with contextlib.redirect_stdout(io.StringIO()):
            act(cloud, arguments)
        return cloud.dry_run.requests

    def assert_operations(self, requests: list[aws.Request], *names: str) -> None:
        """These operations, in this order."""
        self.assertEqual([request.operation for request in requests], list(names))

    def test_deploy_uploads_and_creates_model_configuration_and_endpoint(self) -> None:
        arguments = deploy.parser().parse_args([*self.model, *WHERE, "--env", "HOTPLATE_THREADS=2"])
        sent = self.ask(deploy.deploy, arguments)
        self.assert_operations(
            sent, "PutObject", "CreateModel", "CreateEndpointConfig", "CreateEndpoint"
        )
        put, model, config, endpoint = (request.parameters for request in sent)
        container = model["PrimaryContainer"]
        self.assertEqual(container["ModelDataUrl"], f"s3://{put['Bucket']}/{put['Key']}")
        self.assertEqual(container["Image"], IMAGE)
        self.assertEqual(container["Environment"]["HOTPLATE_THREADS"], "2")
        (variant,) = config["ProductionVariants"]
        self.assertEqual(variant["ModelName"], model["ModelName"])
        self.assertEqual(variant["ContainerStartupHealthCheckTimeoutInSeconds"], 120)
        self.assertEqual(endpoint["EndpointConfigName"], config["EndpointConfigName"])

    def test_multi_model_endpoint_holds_a_prefix(self) -> None:
        line = ["--models", str(self.folder), "--s3", "s3://bucket/models", "--endpoint", "tabular"]
        arguments = deploy_multi_model.parser().parse_args([*line, *WHERE])
        sent = self.ask(deploy_multi_model.deploy, arguments)
        self.assert_operations(
            sent, "PutObject", "CreateModel", "CreateEndpointConfig", "CreateEndpoint"
        )
        self.assertEqual(sent[0].parameters["Key"], "models/churn.tar.gz")
        container = sent[1].parameters["PrimaryContainer"]
        self.assertEqual(container["Mode"], "MultiModel")
        self.assertEqual(container["ModelDataUrl"], "s3://bucket/models/")

    def test_predict_sends_rows_without_a_header(self) -> None:
        rows = self.folder / "rows.csv"
        rows.write_text("tenure,Contract\n1,No\n,NA\n", encoding="utf-8")
        line = ["--endpoint", "tabular", "--rows", str(rows), "--target-model", "churn.tar.gz"]
        arguments = predict.parser().parse_args([*line, "--dry-run"])
        nothing = {"Body": io.BytesIO(b"null"), "ContentType": "application/json"}
        (request,) = self.ask(predict.ask, arguments, InvokeEndpoint=nothing)
        self.assertEqual(request.parameters["Body"], "1,No\n,NA\n")
        self.assertEqual(request.parameters["ContentType"], "text/csv")
        self.assertEqual(request.parameters["TargetModel"], "churn.tar.gz")
        self.assertTrue(request.url.endswith("/endpoints/tabular/invocations"))

    def test_autoscaling_targets_a_share_of_what_was_measured(self) -> None:
        bench = self.folder / "bench.json"
        measured = {"target": {"kind": "url"}, "knee": {"requests_per_second": 12000.0}}
        bench.write_text(json.dumps(measured), encoding="utf-8")
        line = ["--endpoint", "churn", "--bench", str(bench), "--max-instances", "8"]
        arguments = autoscaling.parser().parse_args([*line, "--concurrency", "4", "--dry-run"])
        sent = self.ask(autoscaling.scale, arguments)
        self.assert_operations(
            sent, "RegisterScalableTarget", "PutScalingPolicy", "PutScalingPolicy"
        )
        self.assertEqual(sent[0].parameters["ResourceId"], "endpoint/churn/variant/AllTraffic")
        policies = [
            request.parameters["TargetTrackingScalingPolicyConfiguration"] for request in sent[1:]
        ]
        self.assertEqual([policy["TargetValue"] for policy in policies], [360_000.0, 4.0])

    def test_autoscaling_refuses_what_was_measured_in_process(self) -> None:
        bench = self.folder / "bench.json"
        bench.write_text('{"target": {"kind": "model"}, "knee": null}', encoding="utf-8")
        with self.assertRaisesRegex(SystemExit, "measured in process"):
            autoscaling.held_rate(bench)

    def canary(self, *line: str) -> list[aws.Request]:
        arguments = canary.parser().parse_args([*self.model, *WHERE, *line])
        return self.ask(canary.update, arguments, **canary.dry_answers(arguments))

    def test_canary_waits_under_the_alarms_that_it_makes(self) -> None:
        sent = self.canary("--percent", "20")
        self.assert_operations(
            sent,
            *["PutMetricAlarm"] * 3,
            "PutObject",
            "DescribeEndpoint",
            "DescribeEndpointConfig",
            "CreateModel",
            "CreateEndpointConfig",
            "UpdateEndpoint",
        )
        update = sent[-1].parameters
        self.assertEqual(update["EndpointConfigName"], sent[-2].parameters["EndpointConfigName"])
        (variant,) = sent[-2].parameters["ProductionVariants"]
        self.assertEqual(variant["ModelName"], sent[-3].parameters["ModelName"])
        self.assertEqual(variant["InstanceType"], "ml.c7i.large")
        watched = update["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]
        made = [request.parameters["AlarmName"] for request in sent[:3]]
        self.assertEqual([alarm["AlarmName"] for alarm in watched], made)
        self.assertEqual(sent[2].parameters["Threshold"], 20_000.0)

    def test_batch_transform_splits_and_joins_lines(self) -> None:
        line = ["--input", "s3://bucket/in/", "--output", "s3://bucket/out", "--join"]
        arguments = batch_transform.parser().parse_args([*self.model, *WHERE, *line])
        sent = self.ask(batch_transform.transform, arguments)
        self.assert_operations(sent, "PutObject", "CreateModel", "CreateTransformJob")
        job = sent[-1].parameters
        self.assertEqual(job["TransformInput"]["SplitType"], "Line")
        self.assertEqual(job["TransformOutput"]["AssembleWith"], "Line")
        self.assertEqual(job["DataProcessing"], {"JoinSource": "Input"})
        self.assertEqual(job["BatchStrategy"], "MultiRecord")

    def test_dry_run_refuses_what_the_service_would(self) -> None:
        client = aws.connect(argparse.Namespace(dry_run=True, region=None)).client("sagemaker")
        with self.assertRaisesRegex(ValueError, "EndpointName: 'under_score' does not match"):
            client.describe_endpoint(EndpointName="under_score")
        with self.assertRaisesRegex(
            ValueError, "WaitIntervalInSeconds: 7200 is not from 0 to 3600"
        ):
            self.canary("--wait-seconds", "7200")
        with self.assertRaisesRegex(ValueError, "InstanceType: 'ml.none' is none of"):
            line = ["--instance-type", "ml.none"]
            arguments = deploy.parser().parse_args([*self.model, *WHERE, *line])
            self.ask(deploy.deploy, arguments)

    def test_a_file_needs_to_know_where_it_goes(self) -> None:
        arguments = deploy.parser().parse_args(
            ["--model", str(self.archive), "--endpoint", "churn", *WHERE]
        )
        with self.assertRaisesRegex(SystemExit, "--s3"):
            self.ask(deploy.deploy, arguments)


if __name__ == "__main__":
    unittest.main()
