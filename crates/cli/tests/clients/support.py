"""A server for the tests, what they send it, and AWS's clients that talk to it."""

import contextlib
import csv
import errno
import os
import random
import select
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

# Before boto3 looks: no account of whoever runs the tests has a part in them.
os.environ.update(
    AWS_ACCESS_KEY_ID="A",
    AWS_SECRET_ACCESS_KEY="s",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    AWS_EC2_METADATA_DISABLED="true",
    SAGEMAKER_SUPPRESS_V2_WARNING="1",
)

import boto3
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[4]
MODELS = ROOT / "models"
# Without its golden rows, which a server would go through at each start.
QUICK = tempfile.TemporaryDirectory()
HOUSING = Path(QUICK.name) / "housing"
HOUSING.mkdir()
shutil.copy(MODELS / "housing/model.onnx", HOUSING)
SECONDS_TO_START = 120
SECONDS_TO_STOP = 40


class Server:
    """`hotplate serve` on two free ports, the container's and that of AWS's clients."""

    def __init__(self, *arguments, ready=True, variables=None, errors=subprocess.DEVNULL):
        port, aws_port = free_ports(2)
        command = [os.environ["HOTPLATE"], "serve", *map(str, arguments)]
        command += ["--port", str(port), "--aws-endpoint", str(aws_port)]
        self.port, self.aws_port = port, aws_port
        self.process = subprocess.Popen(
            command, env=variables or {}, stdout=subprocess.PIPE, stderr=errors
        )
        if ready:
            self.wait_until_ready()
        else:
            for port in (port, aws_port):
                self.wait_until_bound(port)

    @property
    def url(self):
        """Where AWS's clients are answered."""
        return f"http://127.0.0.1:{self.aws_port}"

    @property
    def container_url(self):
        """Where the container is asked."""
        return f"http://127.0.0.1:{self.port}"

    def wait_until_ready(self):
        """Returns when the models are warm."""
        out = self.process.stdout
        if not select.select([out], [], [], SECONDS_TO_START)[0]:
            raise TimeoutError("the server does not become ready")
        line = out.readline()
        if not line.startswith(b"listening on http://"):
            raise RuntimeError(f"the server printed {line!r} and not where it listens")

    def wait_until_bound(self, port):
        """Returns when connections are accepted, with or without models."""
        end = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except ConnectionRefusedError:
                time.sleep(0.01)
        raise TimeoutError("nobody listens")

    def client(self, service="sagemaker-runtime", attempts=1):
        """A client of boto3 that asks so many times in all."""
        config = Config(retries={"total_max_attempts": attempts})
        return boto3.client(service, endpoint_url=self.url, config=config)

    def terminate(self):
        """Asks the server to stop."""
        self.process.send_signal(signal.SIGTERM)

    def stop(self):
        """Asks the server to stop, and returns its exit code."""
        self.terminate()
        try:
            return self.process.wait(SECONDS_TO_STOP)
        finally:
            self.kill()

    def kill(self):
        """Ends the server where a test did not get so far."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class TestCase(unittest.TestCase):
    """A test of one server, which must also end well."""

    ARGUMENTS = (HOUSING,)

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.ARGUMENTS)
        cls.addClassCleanup(cls.server.kill)
        cls.client = cls.server.client()

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        if code != 0:
            raise AssertionError(f"the server ends with {code}")

    def assert_prices(self, got, expected):
        """Prices are those of the golden rows."""
        self.assertEqual(len(got), len(expected))
        for price, golden in zip(got, expected):
            self.assertAlmostEqual(float(price), golden, delta=1e-5 * golden)


def free_ports(count):
    """Ports that nobody listens on, and that no connection of others is given meanwhile: those
    come from higher up."""
    ports = set()
    while len(ports) < count:
        port = random.randrange(10_000, 30_000)
        with contextlib.suppress(OSError), socket.socket() as free:
            free.bind(("127.0.0.1", port))
            ports.add(port)
    return ports


def when_read(fifo):
    """Opens a FIFO for writing, once somebody waits for what is written."""
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end:
        try:
            return os.fdopen(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK), "wb")
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            time.sleep(0.01)
    raise TimeoutError("nobody reads")


def districts(count):
    """So many golden rows of the model of houses: eight numbers each, and their prices."""
    with (MODELS / "housing/golden.csv").open(encoding="utf-8") as file:
        golden = [row for _, row in zip(range(count), csv.DictReader(file))]
    prices = [float(row["output.price"]) for row in golden]
    return [[float(cell) for cell in list(row.values())[:8]] for row in golden], prices


def as_csv(rows):
    """Rows as the body of a request."""
    return "\n".join(",".join(map(repr, row)) for row in rows).encode()


def docker_on_path(case):
    """Puts a `docker` first on PATH that always fails: local mode looks for one."""
    folder = case.enterClassContext(tempfile.TemporaryDirectory())
    docker = Path(folder) / "docker"
    docker.write_text("#!/bin/sh\necho 'no daemon' >&2\nexit 1\n", encoding="utf-8")
    docker.chmod(docker.stat().st_mode | stat.S_IXUSR)
    path = os.environ["PATH"]
    os.environ["PATH"] = f"{folder}{os.pathsep}{path}"
    case.addClassCleanup(os.environ.__setitem__, "PATH", path)
