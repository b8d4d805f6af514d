"""A connection to AWS, or a dry run of one: every request is checked and printed, and none sent.

A dry run stops each request where botocore has validated and serialized it, just before it would
be signed. What botocore leaves to the service (lengths, ranges, patterns, the values of enums) is
checked here against the same service model, so that what a dry run prints is what AWS takes.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import boto3
import sagemaker
from botocore.model import (
    ListShape,
    MapShape,
    OperationModel,
    Shape,
    StringShape,
    StructureShape,
)

DRY_REGION = "us-east-1"
DRY_ACCOUNT = "111122223333"
"""The account that AWS's documentation uses."""

Answer = dict[str, object]


@dataclass(frozen=True)
class Request:
    """A request that would have been sent."""

    service: str
    operation: str
    method: str
    url: str
    parameters: dict[str, object]

    def __str__(self) -> str:
        shown = json.dumps(self.parameters, indent=2, default=repr)
        return f"# {self.service} {self.operation}\n{self.method} {self.url}\n{shown}\n"


@dataclass
class DryRun:
    """Stops requests, keeps them, and answers as the service would on the shortest way."""

    answers: dict[str, Answer] = field(default_factory=dict)
    """By operation; any other gets what its output must have."""
    requests: list[Request] = field(default_factory=list)
    _parameters: dict[str, object] = field(default_factory=dict)

    def attach(self, session: boto3.Session) -> None:
        """Stop every request of this session's clients, also of those that come later."""
        # Last, so that what botocore's own handlers add is seen.
        session.events.register_last("before-parameter-build", self._keep)
        session.events.register_last("before-call", self._stop)

    def _keep(self, params: dict[str, object], **_: object) -> None:
        self._parameters = dict(params)

    def _stop(
        self, model: OperationModel, params: dict[str, object], **_: object
    ) -> tuple[object, Answer]:
        service = model.service_model.service_name
        if model.input_shape is not None:
            wrong = list(complaints(model.input_shape, self._parameters, model.name))
            if wrong:
                raise ValueError("; ".join(wrong))
        request = Request(service, model.name, params["method"], params["url"], self._parameters)
        self.requests.append(request)
        print(request, flush=True)
        answer = {"ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {}}}
        answer |= shortest(model.output_shape) if model.output_shape else {}
        answer |= self.answers.get(model.name, {})
        return Sent(), answer


class Sent:
    """The HTTP reply to a request that was not sent."""

    status_code = 200


def shortest(shape: StructureShape) -> Answer:
    """An output with what it must have, and names."""
    return {
        name: f"arn:aws:sagemaker:{DRY_REGION}:{DRY_ACCOUNT}:dry-run/{name}"
        for name, member in shape.members.items()
        if isinstance(member, StringShape)
    }


def complaints(shape: Shape, value: object, where: str) -> Iterator[str]:
    """What the service would say about a value that botocore let pass."""
    bounds = shape.metadata
    if isinstance(shape, StructureShape):
        for name, item in value.items():
            yield from complaints(shape.members[name], item, f"{where}.{name}")
    elif isinstance(shape, ListShape):
        yield from outside(len(value), bounds, f"{where}: items")
        for at, item in enumerate(value):
            yield from complaints(shape.member, item, f"{where}[{at}]")
    elif isinstance(shape, MapShape):
        yield from outside(len(value), bounds, f"{where}: entries")
        for key, item in value.items():
            yield from complaints(shape.key, key, f"{where} key {key}")
            yield from complaints(shape.value, item, f"{where}.{key}")
    elif isinstance(shape, StringShape):
        yield from outside(len(value), bounds, f"{where}: length")
        if shape.enum and value not in shape.enum:
            yield f"{where}: {value!r} is none of {', '.join(shape.enum)}"
        pattern = bounds.get("pattern")
        if pattern and not re.search(anchored(pattern), value):
            yield f"{where}: {value!r} does not match {pattern}"
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from outside(value, bounds, where)


def outside(size: float, bounds: dict[str, float], where: str) -> Iterator[str]:
    """Whether a size lies outside of its bounds."""
    if not bounds.get("min", size) <= size <= bounds.get("max", size):
        yield f"{where}: {size} is not from {bounds.get('min')} to {bounds.get('max')}"


CLASSES = {
    r"\p{ASCII}": r"\x00-\x7f",
    r"\p{Print}": r"\x20-\x7e",
    r"\p{Alnum}": "a-zA-Z0-9",
    r"\p{L}": "a-zA-Z",
    r"\p{N}": "0-9",
    r"\p{Z}": " ",
    r"\uD800\uDC00-\uDBFF\uDFFF": r"\U00010000-\U0010ffff",
}
"""What Python's regular expressions call the characters that the service models' patterns name;
letters are those of ASCII."""


def anchored(pattern: str) -> str:
    """A service model's pattern, which means the whole text, for Python."""
    for java, python in CLASSES.items():
        in_brackets = re.compile(r"\[[^\]]*\]")
        pattern = in_brackets.sub(
            lambda found, java=java, python=python: found[0].replace(java, python), pattern
        )
        pattern = pattern.replace(java, f"[{python}]")
    return rf"\A(?:{pattern})\Z".replace(r"\z", r"\Z")


@dataclass(frozen=True)
class Cloud:
    """Where requests go."""

    session: boto3.Session
    dry_run: DryRun | None

    def client(self, service: str) -> object:
        """A client of a service."""
        return self.session.client(service)

    def sagemaker_session(self) -> sagemaker.Session:
        """The session that the SageMaker SDK wants."""
        return sagemaker.Session(boto_session=self.session)

    @property
    def waits(self) -> bool:
        """Whether there is anything to wait for."""
        return self.dry_run is None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that every script here has."""
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="print the requests, checked against the service's model, and send none; needs no "
        "credentials",
    )
    parser.add_argument("--region", metavar="NAME", help="default: that of your AWS configuration")


def connect(arguments: argparse.Namespace, answers: dict[str, Answer] | None = None) -> Cloud:
    """To AWS, or to a dry run, whose operations give `answers`."""
    if not arguments.dry_run:
        return Cloud(boto3.Session(region_name=arguments.region), None)
    session = boto3.Session(
        aws_access_key_id="none",
        aws_secret_access_key="none",
        region_name=arguments.region or DRY_REGION,
    )
    dry_run = DryRun(answers or {})
    dry_run.attach(session)
    return Cloud(session, dry_run)


def environment(settings: list[str]) -> dict[str, str]:
    """KEY=VALUE settings as a container's variables."""
    pairs = [setting.partition("=") for setting in settings]
    wrong = [key for key, equals, _ in pairs if not (key and equals)]
    if wrong:
        raise SystemExit(f"--env: expected KEY=VALUE, got {', '.join(wrong)}")
    return {key: value for key, _, value in pairs}
