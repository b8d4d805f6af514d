"""Deploy many models behind one endpoint: SageMaker's multi-model mode.

The endpoint holds a prefix in S3 and no model. A client says TargetModel=churn.tar.gz; SageMaker
fetches that archive, has the container load it, keeps it while there is memory, and unloads what
was not asked for longest. A new model is one more archive below the prefix: nothing is deployed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sagemaker.multidatamodel import MultiDataModel

import aws
import storage
from deploy import HotplatePredictor


def deploy(cloud: aws.Cloud, arguments: argparse.Namespace) -> HotplatePredictor:
    """Upload the archives, create the model over their prefix, and the endpoint."""
    prefix = arguments.s3.rstrip("/") + "/"
    for archive in sorted(arguments.models.glob("*.tar.gz")):
        storage.put(cloud, archive, prefix + archive.name)
    models = MultiDataModel(
        name=arguments.endpoint,
        model_data_prefix=prefix,
        image_uri=arguments.image,
        role=arguments.role,
        env=aws.environment(arguments.env),
        predictor_cls=HotplatePredictor,
        enable_network_isolation=True,
        sagemaker_session=cloud.sagemaker_session(),
    )
    return models.deploy(
        initial_instance_count=arguments.instances,
        instance_type=arguments.instance_type,
        endpoint_name=arguments.endpoint,
        wait=cloud.waits,
    )


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example:\n"
        "  python pack.py churn housing --out models\n"
        "  python deploy_multi_model.py --models models --s3 s3://my-bucket/models/ \\\n"
        "    --endpoint tabular --image URI --role ARN --dry-run",
    )
    parser.add_argument("--models", type=Path, required=True, metavar="FOLDER", help="archives")
    parser.add_argument(
        "--s3", required=True, metavar="ADDRESS", help="the prefix: s3://BUCKET/PREFIX/"
    )
    parser.add_argument("--endpoint", required=True, metavar="NAME")
    parser.add_argument("--image", required=True, metavar="URI", help="Hotplate's image in ECR")
    parser.add_argument(
        "--role", required=True, metavar="ARN", help="the role that SageMaker takes"
    )
    parser.add_argument("--env", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument(
        "--instances", type=int, default=2, metavar="N", help="default: %(default)s"
    )
    parser.add_argument(
        "--instance-type",
        default="ml.r7i.large",
        metavar="TYPE",
        help="models are kept in memory, so memory is what counts (default: %(default)s)",
    )
    aws.add_arguments(parser)
    return parser


def main() -> None:
    arguments = parser().parse_args()
    cloud = aws.connect(arguments)
    predictor = deploy(cloud, arguments)
    if cloud.dry_run is None:
        print(f"{predictor.endpoint_name} is in service; ask it with predict.py --target-model")


if __name__ == "__main__":
    main()
