"""Deploy model.tar.gz to a SageMaker endpoint with the SageMaker Python SDK."""

from __future__ import annotations

import argparse

from sagemaker.model import Model

import aws
import endpoint
import storage

SECONDS_TO_START = 120
"""Until /ping must answer 200. SageMaker allows 60 to 3600; the models are warm in far less, the
rest is for unpacking."""


def deploy(cloud: aws.Cloud, arguments: argparse.Namespace) -> endpoint.HotplatePredictor:
    """Upload, create the model, the endpoint's configuration and the endpoint."""
    address, version = storage.upload(cloud, arguments.model, arguments.s3)
    model = Model(
        name=f"{arguments.endpoint}-{version}",
        model_data=address,
        **endpoint.container(cloud, arguments),
    )
    return endpoint.deploy(
        cloud,
        arguments,
        model,
        container_startup_health_check_timeout=SECONDS_TO_START,
        # Requests take so little that the instance with the fewest open ones is the idle one.
        routing_config={"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"},
    )


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example:\n"
        "  python deploy.py --model model.tar.gz --s3 s3://my-bucket/churn --endpoint churn \\\n"
        "    --image 111122223333.dkr.ecr.us-east-1.amazonaws.com/hotplate:1 \\\n"
        "    --role arn:aws:iam::111122223333:role/SageMaker --dry-run",
    )
    add_model(parser)
    endpoint.add_instances(parser, "ml.c7i.large")
    aws.add_arguments(parser)
    return parser


def add_model(parser: argparse.ArgumentParser) -> None:
    """The arguments that say what is deployed, and where."""
    parser.add_argument("--model", required=True, help="model.tar.gz, or its s3:// address")
    parser.add_argument(
        "--s3", metavar="ADDRESS", help="where a file is uploaded: s3://BUCKET/PREFIX"
    )
    endpoint.add_container(parser)


def main() -> None:
    arguments = parser().parse_args()
    cloud = aws.connect(arguments)
    predictor = deploy(cloud, arguments)
    if cloud.dry_run is None:
        print(f"{predictor.endpoint_name} is in service; ask it with predict.py")


if __name__ == "__main__":
    main()
