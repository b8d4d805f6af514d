//! Metrics of the variants of endpoints, of what became of them, and of shadows.

use std::fmt::Display;

use hotplate::{Change, Endpoint, Endpoints, ShadowFigures};

use super::{family, gauge, sample};

/// A family that tells of a shadow.
struct OfShadow {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    of: fn(&ShadowFigures) -> f64,
}

#[expect(clippy::cast_precision_loss, reason = "counters of Prometheus are float64")]
const OF_SHADOW: [OfShadow; 7] = [
    OfShadow {
        name: "hotplate_shadow_requests_total",
        kind: "counter",
        help: "Requests that a shadow answered, which nobody saw.",
        of: |figures| figures.requests as f64,
    },
    OfShadow {
        name: "hotplate_shadow_dropped_total",
        kind: "counter",
        help: "Requests that a shadow was to see, and was too slow for.",
        of: |figures| figures.dropped as f64,
    },
    OfShadow {
        name: "hotplate_shadow_failed_total",
        kind: "counter",
        help: "Requests that a shadow failed on.",
        of: |figures| figures.failed as f64,
    },
    OfShadow {
        name: "hotplate_shadow_rows_total",
        kind: "counter",
        help: "Rows of which a shadow's answer was compared with the one that was given.",
        of: |figures| figures.rows as f64,
    },
    OfShadow {
        name: "hotplate_shadow_beyond_tolerance_total",
        kind: "counter",
        help: "Rows of which a shadow's answer is out of tolerance.",
        of: |figures| figures.beyond_tolerance as f64,
    },
    OfShadow {
        name: "hotplate_shadow_label_flips_total",
        kind: "counter",
        help: "Rows of which a shadow predicts another class.",
        of: |figures| figures.label_flips as f64,
    },
    OfShadow {
        name: "hotplate_shadow_largest_difference",
        kind: "gauge",
        help: "The largest difference between a shadow's number and the one that was given.",
        of: |figures| figures.largest_difference,
    },
];

/// Appends families, without samples where there are no endpoints yet.
pub(super) fn write(endpoints: Option<&Endpoints>, text: &mut String) {
    let endpoints =
        || endpoints.into_iter().flat_map(|endpoints| endpoints.iter()).map(|one| &**one);

    let name = "hotplate_variant_share";
    gauge(text, name, "The share of a model's requests that a variant answers.");
    for endpoint in endpoints() {
        for variant in endpoint.variants() {
            let labels: [(_, &dyn Display); 2] =
                [("model", &endpoint.name()), ("variant", &variant.name())];
            sample(text, name, &labels, endpoint.share(variant));
        }
    }

    let name = "hotplate_variant_changes_total";
    family(text, name, "counter", "What became of a model's variants, by the kind of change.");
    for endpoint in endpoints() {
        for change in Change::ALL {
            let labels: [(_, &dyn Display); 2] =
                [("model", &endpoint.name()), ("change", &change.name())];
            sample(text, name, &labels, endpoint.history().count(change));
        }
    }

    for OfShadow { name, kind, help, of } in OF_SHADOW {
        family(text, name, kind, help);
        for (endpoint, shadow) in endpoints().filter_map(with_shadow) {
            let labels: [(_, &dyn Display); 2] =
                [("model", &endpoint.name()), ("variant", &shadow.0)];
            sample(text, name, &labels, of(&shadow.1));
        }
    }
}

fn with_shadow(endpoint: &Endpoint) -> Option<(&Endpoint, (&str, ShadowFigures))> {
    let shadow = endpoint.shadow()?;
    Some((endpoint, (shadow.variant().name(), shadow.figures())))
}
