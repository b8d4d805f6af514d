"""Replace the model of an endpoint behind a canary that takes itself back.

UpdateEndpoint makes a second fleet, sends it a part of the traffic, waits, then sends it all, and
at last removes the first fleet. While it waits, any of the alarms made here brings all traffic
back to the first fleet: errors of the container, refusals of requests, or a model latency beyond
--latency-ms. No request is lost either way, because Hotplate answers what it accepted before it
ends.
"""

from __future__ import annotations

import argparse

import aws
import storage
from deploy import add_model

NAMESPACE = "AWS/SageMaker"
VARIANT = "AllTraffic"
MICROSECONDS = 1000


def new_config(cloud: aws.Cloud, arguments: argparse.Namespace) -> str:
    """Create the new model, and a configuration like the endpoint's but for the model; its name."""
    address, version = storage.upload(cloud, arguments.model, arguments.s3)
    client = cloud.client("sagemaker")
    endpoint = client.describe_endpoint(EndpointName=arguments.endpoint)
    old = client.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    (variant,) = old["ProductionVariants"]
    name = f"{arguments.endpoint}-{version}"
    client.create_model(
        ModelName=name,
        ExecutionRoleArn=arguments.role,
        PrimaryContainer={
            "Image": arguments.image,
            "ModelDataUrl": address,
            "Environment": aws.environment(arguments.env),
        },
        EnableNetworkIsolation=True,
    )
    # What the endpoint has now may be more than what it began with: autoscaling goes on from it.
    client.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=[variant | {"ModelName": name}]
    )
    return name


def alarms(arguments: argparse.Namespace) -> list[dict[str, object]]:
    """Alarms on one minute of a variant: server errors, refused requests, and latency."""
    common = {
        "Namespace": NAMESPACE,
        "Dimensions": [
            {"Name": "EndpointName", "Value": arguments.endpoint},
            {"Name": "VariantName", "Value": VARIANT},
        ],
        "Period": 60,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        # A minute without traffic says nothing against the new model.
        "TreatMissingData": "notBreaching",
    }
    prefix = f"{arguments.endpoint}-{VARIANT}"
    return [
        common
        | {
            "AlarmName": f"{prefix}-5xx",
            "MetricName": "Invocation5XXErrors",
            "Statistic": "Sum",
            "Threshold": arguments.errors,
        },
        common
        | {
            "AlarmName": f"{prefix}-4xx",
            "MetricName": "Invocation4XXErrors",
            "Statistic": "Sum",
            "Threshold": arguments.refusals,
        },
        common
        | {
            "AlarmName": f"{prefix}-latency",
            "MetricName": "ModelLatency",
            "ExtendedStatistic": "p99",
            "Threshold": arguments.latency_ms * MICROSECONDS,
        },
    ]


def deployment(arguments: argparse.Namespace, names: list[str]) -> dict[str, object]:
    """The canary: a part, a wait under alarms, then the rest."""
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {
                "Type": "CANARY",
                "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": arguments.percent},
                "WaitIntervalInSeconds": arguments.wait_seconds,
            },
            "TerminationWaitInSeconds": arguments.wait_seconds,
            "MaximumExecutionTimeoutInSeconds": 3600 + 2 * arguments.wait_seconds,
        },
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name} for name in names]},
    }


def update(cloud: aws.Cloud, arguments: argparse.Namespace) -> str:
    """Make alarms and configuration, update, and wait; the endpoint's configuration at the end."""
    wanted = alarms(arguments)
    for alarm in wanted:
        cloud.client("cloudwatch").put_metric_alarm(**alarm)
    name = new_config(cloud, arguments)
    client = cloud.client("sagemaker")
    client.update_endpoint(
        EndpointName=arguments.endpoint,
        EndpointConfigName=name,
        RetainAllVariantProperties=True,
        DeploymentConfig=deployment(arguments, [alarm["AlarmName"] for alarm in wanted]),
    )
    if not cloud.waits:
        return name
    client.get_waiter("endpoint_in_service").wait(
        EndpointName=arguments.endpoint, WaiterConfig={"MaxAttempts": 240}
    )
    now = client.describe_endpoint(EndpointName=arguments.endpoint)
    if now["EndpointConfigName"] != name:
        raise SystemExit(f"rolled back to {now['EndpointConfigName']}: an alarm went off")
    return name


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_model(parser)
    parser.add_argument(
        "--percent",
        type=int,
        default=10,
        metavar="N",
        help="of the instances that begin, at most 50 (default: %(default)s)",
    )
    parser.add_argument(
        "--wait-seconds",
        type=int,
        default=600,
        metavar="N",
        help="with a part of the traffic, and again with all of it (default: %(default)s)",
    )
    parser.add_argument(
        "--errors", type=float, default=0, metavar="N", help="5xx a minute that may be"
    )
    parser.add_argument(
        "--refusals", type=float, default=10, metavar="N", help="4xx a minute that may be"
    )
    parser.add_argument(
        "--latency-ms", type=float, default=20, metavar="MS", help="p99 that may be"
    )
    aws.add_arguments(parser)
    return parser


def dry_answers(arguments: argparse.Namespace) -> dict[str, aws.Answer]:
    """The endpoint that deploy.py makes."""
    variant = {
        "VariantName": VARIANT,
        "ModelName": arguments.endpoint,
        "InitialInstanceCount": 2,
        "InstanceType": "ml.c7i.large",
        "InitialVariantWeight": 1.0,
    }
    return {
        "DescribeEndpoint": {"EndpointConfigName": arguments.endpoint},
        "DescribeEndpointConfig": {"ProductionVariants": [variant]},
    }


def main() -> None:
    arguments = parser().parse_args()
    cloud = aws.connect(arguments, dry_answers(arguments))
    name = update(cloud, arguments)
    if cloud.dry_run is None:
        print(f"{arguments.endpoint} serves {name}")


if __name__ == "__main__":
    main()
