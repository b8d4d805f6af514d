"""Reads a page of metrics with Prometheus' own parser, and checks that what it finds adds up."""

import sys
from collections import defaultdict

from prometheus_client.parser import text_fd_to_metric_families

with open(sys.argv[1], encoding="utf-8") as page:
    families = {family.name: family for family in text_fd_to_metric_families(page)}

expected = {
    "hotplate_requests": "counter",
    "hotplate_requests_in_flight": "gauge",
    "hotplate_request_seconds": "histogram",
    "hotplate_phase_seconds": "histogram",
    "hotplate_model_info": "gauge",
    "Invocations": "counter",
    "Invocation4XXErrors": "counter",
    "ModelLatency": "summary",
    "LoadedModelCount": "gauge",
}
for name, kind in expected.items():
    assert families[name].type == kind, (name, families.get(name))

requests = sum(sample.value for sample in families["hotplate_requests"].samples)
assert requests == 3, requests
for name in ("hotplate_request_seconds", "hotplate_phase_seconds"):
    series = defaultdict(lambda: ([], []))
    for sample in families[name].samples:
        labels = dict(sample.labels)
        bound = labels.pop("le", None)
        buckets, counts = series[tuple(sorted(labels.items()))]
        if bound is not None:
            buckets.append((float(bound), sample.value))
        elif sample.name.endswith("_count"):
            counts.append(sample.value)
    for buckets, counts in series.values():
        assert buckets == sorted(buckets) and len(buckets) == 23, buckets
        assert buckets[0][0] == 1e-6 and buckets[-1] == (float("inf"), counts[0]), buckets
        assert [count for _, count in buckets] == sorted(count for _, count in buckets)
