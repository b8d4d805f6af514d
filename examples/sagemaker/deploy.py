"""Deploy model.tar.gz to a SageMaker endpoint with the SageMaker Python SDK."""

from __future__ import annotations

import argparse

from sagemaker.deserializers import JSONDeserializer
from sagemaker.model import Model
from sagemaker.predictor import Predictor
from sagemaker.serializers import CSVSerializer

import aws
import storage

SECONDS_TO_START = 120
"""Until /ping must answer 200. SageMaker allows 60 to 3600; the models are warm in far less, the
rest is for unpacking."""


class HotplatePredictor(Predictor):
    """Sends rows as CSV, a list or a data frame, and gives predictions as JSON has them."""

    def __init__(
        self, endpoint_name: str, sagemaker_session: object = None, **others: object
    ) -> None:
        super().__init__(
            endpoint_name,
            sagemaker_session,
            serializer=CSVSerializer(),
            deserializer=JSONDeserializer(),
            **others,
        )


def deploy(cloud: aws.Cloud, arguments: argparse.Namespace) -> Predictor:
    """Upload, create the model, the endpoint's configuration and the endpoint."""
    address, version = storage.upload(cloud, arguments.model, arguments.s3)
    model = Model(
        name=f"{arguments.endpoint}-{version}",
        image_uri=arguments.image,
        model_data=address,
        role=arguments.role,
        env=aws.environment(arguments.env),
        predictor_cls=HotplatePredictor,
        # Hotplate fetches nothing, so that nothing needs to get out.
        enable_network_isolation=True,
        sagemaker_session=cloud.sagemaker_session(),
    )
    return model.deploy(
        initial_instance_count=arguments.instances,
        instance_type=arguments.instance_type,
        endpoint_name=arguments.endpoint,
        container_startup_health_check_timeout=SECONDS_TO_START,
        # Requests take so little that the instance with the fewest open ones is the idle one.
        routing_config={"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"},
        wait=cloud.waits,
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
    parser.add_argument(
        "--instances",
        type=int,
        default=2,
        metavar="N",
        help="two lie in two zones, so that one may fail (default: %(default)s)",
    )
    parser.add_argument(
        "--instance-type", default="ml.c7i.large", metavar="TYPE", help="default: %(default)s"
    )
    aws.add_arguments(parser)
    return parser


def add_model(parser: argparse.ArgumentParser) -> None:
    """The arguments that say what is deployed, and where."""
    parser.add_argument("--model", required=True, help="model.tar.gz, or its s3:// address")
    parser.add_argument(
        "--s3", metavar="ADDRESS", help="where a file is uploaded: s3://BUCKET/PREFIX"
    )
    parser.add_argument("--endpoint", required=True, metavar="NAME", help="the endpoint")
    parser.add_argument("--image", required=True, metavar="URI", help="Hotplate's image in ECR")
    parser.add_argument(
        "--role", required=True, metavar="ARN", help="the role that SageMaker takes"
    )
    parser.add_argument(
        "--env",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a variable of the container, such as SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT=text/csv",
    )


def main() -> None:
    arguments = parser().parse_args()
    cloud = aws.connect(arguments)
    predictor = deploy(cloud, arguments)
    if cloud.dry_run is None:
        print(f"{predictor.endpoint_name} is in service; ask it with predict.py")


if __name__ == "__main__":
    main()
