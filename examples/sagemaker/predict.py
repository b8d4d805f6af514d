"""Ask an endpoint for predictions, with the SageMaker Python SDK."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path

import pandas as pd

import aws
from endpoint import HotplatePredictor


def read(path: Path, limit: int) -> pd.DataFrame:
    """Rows of a CSV file with a header, as they stand there: "No" and "NA" stay texts."""
    return pd.read_csv(path, dtype=str, keep_default_na=False, nrows=limit)


def ask(cloud: aws.Cloud, arguments: argparse.Namespace) -> object:
    """The predictions. The serializer sends rows without a header, so in the model's order."""
    predictor = HotplatePredictor(arguments.endpoint, cloud.sagemaker_session())
    return predictor.predict(
        read(arguments.rows, arguments.limit),
        target_model=arguments.target_model,
        target_variant=arguments.target_variant,
        custom_attributes=arguments.custom_attributes,
    )


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True, metavar="NAME")
    parser.add_argument(
        "--rows",
        type=Path,
        required=True,
        metavar="FILE",
        help="CSV with a header, columns in the order of signature.json",
    )
    parser.add_argument("--limit", type=int, default=1000, metavar="N", help="default: %(default)s")
    parser.add_argument("--target-model", metavar="NAME.tar.gz", help="of a multi-model endpoint")
    parser.add_argument("--target-variant", metavar="NAME", help="of an endpoint with several")
    parser.add_argument(
        "--custom-attributes", metavar="TEXT", help="such as 'priority=low; deadline_ms=50'"
    )
    aws.add_arguments(parser)
    return parser


def main() -> None:
    arguments = parser().parse_args()
    nothing = {"Body": io.BytesIO(b"null"), "ContentType": "application/json"}
    cloud = aws.connect(arguments, {"InvokeEndpoint": nothing})
    predictions = ask(cloud, arguments)
    if cloud.dry_run is None:
        print(json.dumps(predictions, indent=2))


if __name__ == "__main__":
    main()
