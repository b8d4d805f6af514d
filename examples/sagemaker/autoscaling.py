"""Scale an endpoint's variant by load, from what one instance was measured to take.

Two policies, of which the one that wants more instances wins:

- invocations: `hotplate bench` tells how many requests a second one instance holds. The target is
  that, times a safety factor, times 60, because the metric counts invocations per minute. It
  scales out and in, on metrics of one minute.
- concurrency: requests that are open at once on one instance, on metrics of ten seconds. It
  reacts first when a burst comes. Its target is read off a load test: what the metric
  ConcurrentRequestsPerModel shows at the safe load.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import aws

DIMENSION = "sagemaker:variant:DesiredInstanceCount"
SCALE_OUT_SECONDS = 60
"""Between two steps up: an instance takes minutes to come, more would be ordered meanwhile."""

SCALE_IN_SECONDS = 300
"""Between two steps down, so that a pause of a minute costs nothing."""


def held_rate(path: Path) -> float:
    """Requests a second that the server held, by the JSON of `hotplate bench`."""
    bench = json.loads(path.read_text(encoding="utf-8"))
    if bench["target"]["kind"] != "url":
        raise SystemExit(
            f"{path}: measured in process; measure a server: hotplate bench http://..."
        )
    if bench["knee"] is None:
        raise SystemExit(f"{path}: no rate was held; give lower --rates, or a longer --slo")
    return float(bench["knee"]["requests_per_second"])


def target_tracking(metric: str, target: float) -> dict[str, object]:
    """Keep a metric at a target."""
    return {
        "TargetValue": target,
        "PredefinedMetricSpecification": {"PredefinedMetricType": metric},
        "ScaleOutCooldown": SCALE_OUT_SECONDS,
        "ScaleInCooldown": SCALE_IN_SECONDS,
    }


def policies(arguments: argparse.Namespace) -> dict[str, dict[str, object]]:
    """The policies by name."""
    rate = arguments.max_rps or held_rate(arguments.bench)
    found = {
        "invocations": target_tracking(
            "SageMakerVariantInvocationsPerInstance", round(rate * arguments.safety * 60, 1)
        )
    }
    if arguments.concurrency is not None:
        found["concurrency"] = target_tracking(
            "SageMakerVariantConcurrentRequestsPerModelHighResolution", arguments.concurrency
        )
    return found


def scale(cloud: aws.Cloud, arguments: argparse.Namespace) -> None:
    """Register the variant, and put the policies."""
    scaling = cloud.client("application-autoscaling")
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{arguments.endpoint}/variant/{arguments.variant}",
        "ScalableDimension": DIMENSION,
    }
    scaling.register_scalable_target(
        **target, MinCapacity=arguments.min_instances, MaxCapacity=arguments.max_instances
    )
    for name, policy in policies(arguments).items():
        scaling.put_scaling_policy(
            **target,
            PolicyName=f"{arguments.endpoint}-{arguments.variant}-{name}",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=policy,
        )


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n"
        "  hotplate bench http://10.0.0.7:8080 --model churn --json > bench.json\n"
        "  python autoscaling.py --endpoint churn --bench bench.json --max-instances 8\n\n"
        "Measure an instance of the endpoint's type from another machine: what the generator\n"
        "takes of the processor is missing otherwise.",
    )
    parser.add_argument("--endpoint", required=True, metavar="NAME")
    parser.add_argument(
        "--variant", default="AllTraffic", metavar="NAME", help="default: %(default)s"
    )
    rate = parser.add_mutually_exclusive_group(required=True)
    rate.add_argument(
        "--bench", type=Path, metavar="FILE", help="what hotplate bench --json printed"
    )
    rate.add_argument(
        "--max-rps", type=float, metavar="N", help="requests a second of one instance"
    )
    parser.add_argument(
        "--safety",
        type=float,
        default=0.5,
        metavar="SHARE",
        help="how much of that is used before another instance is wanted (default: %(default)s)",
    )
    parser.add_argument(
        "--concurrency", type=float, metavar="N", help="open requests, per instance"
    )
    parser.add_argument(
        "--min-instances", type=int, default=2, metavar="N", help="default: %(default)s"
    )
    parser.add_argument("--max-instances", type=int, required=True, metavar="N")
    aws.add_arguments(parser)
    return parser


def main() -> None:
    arguments = parser().parse_args()
    scale(aws.connect(arguments), arguments)


if __name__ == "__main__":
    main()
