//! Metrics of the variants of endpoints, of what became of them, and of shadows.

use hotplate::{Change, Endpoint, Endpoints, ShadowFigures};

use super::{Family, Kind, Value};

/// A family that tells of a shadow.
struct OfShadow {
    name: &'static str,
    kind: Kind,
    help: &'static str,
    of: fn(&ShadowFigures) -> f64,
}

#[expect(clippy::cast_precision_loss, reason = "counters of Prometheus are float64")]
const OF_SHADOW: [OfShadow; 7] = [
    OfShadow {
        name: "hotplate_shadow_requests_total",
        kind: Kind::Counter,
        help: "Requests that a shadow answered, which nobody saw.",
        of: |figures| figures.requests as f64,
    },
    OfShadow {
        name: "hotplate_shadow_dropped_total",
        kind: Kind::Counter,
        help: "Requests that a shadow was to see, and was too slow for.",
        of: |figures| figures.dropped as f64,
    },
    OfShadow {
        name: "hotplate_shadow_failed_total",
        kind: Kind::Counter,
        help: "Requests that a shadow failed on.",
        of: |figures| figures.failed as f64,
    },
    OfShadow {
        name: "hotplate_shadow_rows_total",
        kind: Kind::Counter,
        help: "Rows of which a shadow's answer was compared with the one that was given.",
        of: |figures| figures.rows as f64,
    },
    OfShadow {
        name: "hotplate_shadow_beyond_tolerance_total",
        kind: Kind::Counter,
        help: "Rows of which a shadow's answer is out of tolerance.",
        of: |figures| figures.beyond_tolerance as f64,
    },
    OfShadow {
        name: "hotplate_shadow_label_flips_total",
        kind: Kind::Counter,
        help: "Rows of which a shadow predicts another class.",
        of: |figures| figures.label_flips as f64,
    },
    OfShadow {
        name: "hotplate_shadow_largest_difference",
        kind: Kind::Gauge,
        help: "The largest difference between a shadow's number and the one that was given.",
        of: |figures| figures.largest_difference,
    },
];

/// Families of variants, without samples where there are no endpoints yet.
pub(super) fn families(endpoints: Option<&Endpoints>) -> Vec<Family> {
    let endpoints =
        || endpoints.into_iter().flat_map(|endpoints| endpoints.iter()).map(|one| &**one);

    let mut shares = Family::new(
        "hotplate_variant_share",
        Kind::Gauge,
        "The share of a model's requests that a variant answers.",
    );
    let mut changes = Family::new(
        "hotplate_variant_changes_total",
        Kind::Counter,
        "What became of a model's variants, by the kind of change.",
    );
    for endpoint in endpoints() {
        for variant in endpoint.variants() {
            let labels = [("model", endpoint.name()), ("variant", variant.name())];
            shares.push(&labels, Value::Number(endpoint.share(variant)));
        }
        for change in Change::ALL {
            let labels = [("model", endpoint.name()), ("change", change.name())];
            changes.push(&labels, Value::of(endpoint.history().count(change)));
        }
    }

    let shadows = OF_SHADOW.into_iter().map(|OfShadow { name, kind, help, of }| {
        let mut family = Family::new(name, kind, help);
        for (endpoint, shadow) in endpoints().filter_map(with_shadow) {
            let labels = [("model", endpoint.name()), ("variant", shadow.0)];
            family.push(&labels, Value::Number(of(&shadow.1)));
        }
        family
    });
    [shares, changes].into_iter().chain(shadows).collect()
}

fn with_shadow(endpoint: &Endpoint) -> Option<(&Endpoint, (&str, ShadowFigures))> {
    let shadow = endpoint.shadow()?;
    Some((endpoint, (shadow.variant().name(), shadow.figures())))
}
