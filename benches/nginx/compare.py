#!/usr/bin/env python3
"""How many churn predictions a second, against nginx answering the same requests with a fixed body.

    cargo build --release
    python3 benches/nginx/compare.py

Rounds alternate between the two, so that whatever else the machine does meets both. Both run with
as many threads as there are cores; wrk sends a thousand and more different rows over connections
that are kept. Around every round of hotplate, answers are compared with the golden rows. What is
printed is a figure, not a gate: exit code 1 says that an answer was wrong or a request failed, 2
that something is missing.
"""

import argparse
import contextlib
import csv
import http.client
import json
import os
import pathlib
import platform
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TYPE = "application/json"
PATH = "/invocations"
SAMPLES = 50

NGINX = """\
daemon off;
worker_processes {threads};
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    server_tokens off;
    tcp_nodelay on;
    keepalive_timeout 75s;
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    default_type {type};
    server {{
        listen 127.0.0.1:{port};
        location {path} {{ return 200 '{body}'; }}
    }}
}}
"""


def main():
    options = arguments()
    require(options)
    rows = golden_rows(options.model)
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as running:
        # nginx gives up root's rights, and must still get to its files.
        os.chmod(folder, 0o755)
        bodies = pathlib.Path(folder, "bodies")
        bodies.write_text("".join(body + "\n" for body, _ in rows))
        hotplate = running.enter_context(started_hotplate(options))
        check(hotplate, rows)
        nginx = running.enter_context(
            started_nginx(options, folder, usual_reply(hotplate, rows)))
        describe(options, len(rows))
        rounds = compare(options, hotplate, nginx, rows, bodies)
    conclude(rounds)


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0],
        epilog="Needs wrk and nginx: apt-get install nginx-light wrk")
    parser.add_argument("--hotplate", type=pathlib.Path, metavar="PROGRAM",
                        default=ROOT / "target/release/hotplate",
                        help="the program [default: target/release/hotplate]")
    parser.add_argument("--model", type=pathlib.Path, metavar="FOLDER",
                        default=ROOT / "models/churn",
                        help="a churn model with golden rows [default: models/churn]")
    parser.add_argument("--threads", type=int, metavar="N", default=os.cpu_count(),
                        help="threads of hotplate, processes of nginx [default: one per core]")
    parser.add_argument("--connections", type=int, metavar="N", default=8,
                        help="connections of wrk [default: 8]")
    parser.add_argument("--rounds", type=int, metavar="N", default=7,
                        help="rounds of each [default: 7]")
    parser.add_argument("--seconds", type=int, metavar="N", default=5,
                        help="length of a round [default: 5]")
    return parser.parse_args()


def require(options):
    """Says what is missing, and how to get it."""
    missing = [program for program in ("wrk", "nginx") if shutil.which(program) is None]
    if missing:
        fail(2, f"{' and '.join(missing)} not found; apt-get install nginx-light wrk")
    if not options.hotplate.is_file():
        fail(2, f"{options.hotplate} not found; cargo build --release")


def golden_rows(model):
    """Each different golden row as a body, with the probability that must come back."""
    rows = {}
    with open(model / "golden.csv", newline="") as file:
        for record in csv.DictReader(file):
            expected = float(record["output.probabilities.1"])
            row = {name: cell_value(cell) for name, cell in record.items()
                   if not name.startswith(("output.", "trainer."))}
            rows[json.dumps({"instances": [row]}, separators=(",", ":"))] = expected
    if len(rows) < 1000:
        fail(2, f"{model}/golden.csv has {len(rows)} different rows; 1000 are needed")
    return list(rows.items())


def cell_value(cell):
    if cell == "":
        return None
    try:
        return json.loads(cell) if cell[0] in "-0123456789" else cell
    except ValueError:
        return cell


@contextlib.contextmanager
def started_hotplate(options):
    """A server of the model, as its address."""
    command = [options.hotplate, "serve", options.model, "--host", "127.0.0.1", "--port", "0",
               "--threads", str(options.threads)]
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("HOTPLATE_", "SAGEMAKER_"))}
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              env=environment, text=True)
    try:
        line = server.stdout.readline()
        if "listening on http://" not in line:
            fail(1, f"hotplate did not start: {line!r}")
        yield line.split("http://")[1].strip()
    finally:
        server.terminate()
        server.wait()


@contextlib.contextmanager
def started_nginx(options, folder, body):
    """An nginx that answers with `body`, as its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    if set("'$\\") & set(body):
        fail(1, f"a reply that nginx would have to quote: {body}")
    configuration = pathlib.Path(folder, "nginx.conf")
    configuration.write_text(NGINX.format(
        threads=options.threads, folder=folder, port=port, body=body, type=TYPE, path=PATH))
    log = pathlib.Path(folder, "error.log")
    server = subprocess.Popen(["nginx", "-p", folder, "-e", log, "-c", configuration])
    address = f"127.0.0.1:{port}"
    try:
        for _ in range(100):
            with contextlib.suppress(OSError):
                if post(http.client.HTTPConnection(address), "{}") == (200, body):
                    break
            time.sleep(0.05)
        else:
            fail(1, f"nginx did not start: {log.read_text() if log.exists() else ''}")
        yield address
    finally:
        server.terminate()
        server.wait()


def post(connection, body):
    connection.request("POST", PATH, body, {"Content-Type": TYPE})
    reply = connection.getresponse()
    return reply.status, reply.read().decode()


def usual_reply(address, rows):
    """A reply of the length that half of all replies do not exceed."""
    connection = http.client.HTTPConnection(address)
    replies = [post(connection, body)[1] for body, _ in random.sample(rows, SAMPLES)]
    return sorted(replies, key=len)[SAMPLES // 2]


def check(address, rows):
    """Compares answers to some rows with the golden ones."""
    connection = http.client.HTTPConnection(address)
    for body, expected in random.sample(rows, SAMPLES):
        status, reply = post(connection, body)
        got = json.loads(reply)["predictions"][0]["score"] if status == 200 else None
        if got is None or abs(got - expected) > 1e-6 + 1e-5 * abs(expected):
            fail(1, f"expected {expected}, got {status} {reply}\n{body}")


def measure(options, address, bodies, seconds):
    """One round of wrk, as what it found."""
    command = ["wrk", "--threads", "1", "--connections", str(options.connections),
               "--duration", f"{seconds}s", "--latency", "--script", HERE / "requests.lua",
               f"http://{address}{PATH}", "--", bodies, TYPE]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    line = next(line for line in output.splitlines() if line.startswith("summary "))
    found = json.loads(line.removeprefix("summary "))
    failed = {name: found[name] for name in ("not_2xx", "connect", "read", "write", "timeout")}
    if any(failed.values()):
        fail(1, f"requests failed: {failed}\n{output}")
    found["per_second"] = found["requests"] / found["seconds"]
    return found


def describe(options, rows):
    processor = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo")
                      if line.startswith("model name")), platform.machine())
    load = ", ".join(f"{load:.2f}" for load in os.getloadavg())
    print(f"{processor}, {os.cpu_count()} cores, load before {load}")
    print(f"wrk -t1 -c{options.connections} -d{options.seconds}s, {rows} different rows, "
          f"{options.threads} threads each")
    print()
    print("       |        hotplate         |          nginx          |")
    print(" round |   req/s  p50 us  p99 us |   req/s  p50 us  p99 us | ratio")


def compare(options, hotplate, nginx, rows, bodies):
    for address in (hotplate, nginx):
        measure(options, address, bodies, 1)
    rounds = []
    for number in range(1, options.rounds + 1):
        check(hotplate, rows)
        ours = measure(options, hotplate, bodies, options.seconds)
        check(hotplate, rows)
        theirs = measure(options, nginx, bodies, options.seconds)
        ratio = ours["per_second"] / theirs["per_second"]
        rounds.append((ours, theirs, ratio))
        print(f" {number:5} | {columns(ours)} | {columns(theirs)} | {ratio:.3f}", flush=True)
    return rounds


def columns(found):
    return f"{found['per_second']:7.0f} {found['p50']:7} {found['p99']:7}"


def conclude(rounds):
    def median(values):
        return statistics.median(list(values))

    middle = [{key: median(round[side][key] for round in rounds)
               for key in ("per_second", "p50", "p99")} for side in (0, 1)]
    ratios = [ratio for _, _, ratio in rounds]
    ours, theirs = ({key: round(value) for key, value in side.items()} for side in middle)
    print(f"median | {columns(ours)} | {columns(theirs)} | {median(ratios):.3f}"
          f" (from {min(ratios):.3f} to {max(ratios):.3f})")


def fail(code, message):
    print(f"compare.py: {message}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
