"""Score a CSV file in S3 with a batch transform: instances that start for it, and end after it.

SageMaker cuts the file at line ends, packs lines up to --max-payload-mb into a request, and joins
the replies in order into FILE.out, a line for each line. The file has no header, and its columns
are in the order of signature.json.
"""

from __future__ import annotations

import argparse

from sagemaker.model import Model

import aws
import storage
from deploy import add_model


def transform(cloud: aws.Cloud, arguments: argparse.Namespace) -> None:
    """Create the model and the transform job."""
    address, version = storage.upload(cloud, arguments.model, arguments.s3)
    model = Model(
        name=f"{arguments.endpoint}-batch-{version}",
        image_uri=arguments.image,
        model_data=address,
        role=arguments.role,
        env=aws.environment(arguments.env),
        enable_network_isolation=True,
        sagemaker_session=cloud.sagemaker_session(),
    )
    transformer = model.transformer(
        instance_count=arguments.instances,
        instance_type=arguments.instance_type,
        strategy="MultiRecord",
        assemble_with="Line",
        accept="text/csv",
        output_path=arguments.output,
        max_payload=arguments.max_payload_mb,
        max_concurrent_transforms=arguments.concurrent,
    )
    transformer.transform(
        arguments.input,
        content_type="text/csv",
        split_type="Line",
        # Input puts each row in front of its score.
        join_source="Input" if arguments.join else None,
        wait=cloud.waits,
        logs=False,
    )


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_model(parser)
    parser.add_argument("--input", required=True, metavar="ADDRESS", help="s3:// file or prefix")
    parser.add_argument("--output", required=True, metavar="ADDRESS", help="s3:// prefix")
    parser.add_argument("--join", action="store_true", help="write each row in front of its score")
    parser.add_argument(
        "--instances", type=int, default=1, metavar="N", help="default: %(default)s"
    )
    parser.add_argument(
        "--instance-type", default="ml.c5.xlarge", metavar="TYPE", help="default: %(default)s"
    )
    parser.add_argument(
        "--max-payload-mb",
        type=int,
        default=6,
        metavar="N",
        help="of a request; times --concurrent at most 100 (default: %(default)s)",
    )
    parser.add_argument(
        "--concurrent",
        type=int,
        default=4,
        metavar="N",
        help="requests at once to an instance, one per core (default: %(default)s)",
    )
    aws.add_arguments(parser)
    return parser


def main() -> None:
    arguments = parser().parse_args()
    if arguments.max_payload_mb * arguments.concurrent > 100:
        raise SystemExit("--max-payload-mb times --concurrent: expected at most 100")
    transform(aws.connect(arguments), arguments)


if __name__ == "__main__":
    main()
