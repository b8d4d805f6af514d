"""Archives in S3, under names that tell their content."""

from __future__ import annotations

import hashlib
from pathlib import Path

from aws import Cloud

DIGITS = 12


def digest(archive: Path) -> str:
    """The first digits of an archive's SHA-256."""
    return hashlib.sha256(archive.read_bytes()).hexdigest()[:DIGITS]


def put(cloud: Cloud, file: Path, target: str) -> None:
    """Upload a file to an S3 address."""
    bucket, _, key = target.removeprefix("s3://").partition("/")
    with file.open("rb") as body:
        cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=body)


def upload(cloud: Cloud, archive: str, prefix: str | None) -> tuple[str, str]:
    """The S3 address of an archive, uploaded below `prefix` if it is a local file; and a version,
    to be part of the names of what is made of it."""
    if archive.startswith("s3://"):
        return archive, hashlib.sha256(archive.encode()).hexdigest()[:DIGITS]
    if prefix is None:
        raise SystemExit(f"{archive} is a file: --s3 s3://BUCKET/PREFIX says where it goes")
    version = digest(Path(archive))
    target = f"{prefix.rstrip('/')}/{version}/model.tar.gz"
    put(cloud, Path(archive), target)
    return target, version
