"""What every endpoint of Hotplate's is deployed with, whether it holds one model or many."""

from __future__ import annotations

import argparse

from sagemaker.deserializers import JSONDeserializer
from sagemaker.model import Model
from sagemaker.predictor import Predictor
from sagemaker.serializers import CSVSerializer

import aws


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


def container(cloud: aws.Cloud, arguments: argparse.Namespace) -> dict[str, object]:
    """What a model of the SDK's is told of its container, and of whoever asks it."""
    return {
        "image_uri": arguments.image,
        "role": arguments.role,
        "env": aws.environment(arguments.env),
        "predictor_cls": HotplatePredictor,
        # Hotplate fetches nothing, so that nothing needs to get out.
        "enable_network_isolation": True,
        "sagemaker_session": cloud.sagemaker_session(),
    }


def deploy(
    cloud: aws.Cloud, arguments: argparse.Namespace, model: Model, **others: object
) -> HotplatePredictor:
    """Create the model, the endpoint's configuration and the endpoint."""
    return model.deploy(
        initial_instance_count=arguments.instances,
        instance_type=arguments.instance_type,
        endpoint_name=arguments.endpoint,
        wait=cloud.waits,
        **others,
    )


def add_container(parser: argparse.ArgumentParser) -> None:
    """The arguments that say which endpoint it is, and what runs there."""
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


def add_instances(parser: argparse.ArgumentParser, kind: str, why: str = "") -> None:
    """The arguments that say on what it runs; `kind` unless said, because of `why`."""
    parser.add_argument(
        "--instances",
        type=int,
        default=2,
        metavar="N",
        help="two lie in two zones, so that one may fail (default: %(default)s)",
    )
    parser.add_argument(
        "--instance-type", default=kind, metavar="TYPE", help=f"{why}default: %(default)s"
    )
