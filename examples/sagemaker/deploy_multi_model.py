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
import endpoint
import storage


def deploy(cloud: aws.Cloud, arguments: argparse.Namespace) -> endpoint.HotplatePredictor:
    """Upload the archives, create the model over their prefix, and the endpoint."""
    prefix = arguments.s3.rstrip("/") + "/"
    for archive in sorted(arguments.models.glob("*.tar.gz")):
        storage.put(cloud, archive, prefix + archive.name)
    models = MultiDataModel(
        name=arguments.endpoint,
        model_data_prefix=prefix,
        **endpoint.container(cloud, arguments),
    )
    return endpoint.deploy(cloud, arguments, models)


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
    endpoint.add_container(parser)
    endpoint.add_instances(
        parser, "ml.r7i.large", "models are kept in memory, so memory is what counts; "
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
