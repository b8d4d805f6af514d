//! What the models are, where they run, and how they are asked.

use hotplate::{Endpoints, LaneFigures};

use super::{Family, Kind, Value};

/// Families of the models that are served; without samples where there are no models yet.
pub(super) fn families(endpoints: Option<&Endpoints>) -> Vec<Family> {
    let engines = || {
        let endpoints = endpoints.into_iter().flat_map(|endpoints| endpoints.iter());
        endpoints.map(|endpoint| (endpoint.name(), endpoint.variants()[0].engine()))
    };

    let mut info = Family::new(
        "hotplate_model_info",
        Kind::Gauge,
        "A model that is served, what runs it, and where.",
    );
    let mut fallback = Family::new(
        "hotplate_model_device_fallback",
        Kind::Gauge,
        "Whether a model runs elsewhere than on the device that was asked for, or that auto \
         tries first.",
    );
    for (model, engine) in engines() {
        let labels = [
            ("model", model),
            ("backend", engine.backend()),
            ("device", &engine.placement().device.to_string()),
            ("requested_device", &engine.requested_device().to_string()),
        ];
        info.push(&labels, Value::of(1));
        let fell_back = engine.placement().fell_back.is_some();
        fallback.push(&[("model", model)], Value::of(u64::from(fell_back)));
    }

    let lanes = LANE.into_iter().map(|Lane { name, kind, help, of }| {
        let mut family = Family::new(name, kind, help);
        for (model, engine) in engines() {
            let value = u64::try_from(of(&engine.figures())).unwrap_or(u64::MAX);
            family.push(&[("model", model)], Value::of(value));
        }
        family
    });
    [info, fallback].into_iter().chain(lanes).collect()
}

/// A family that tells of how a model is asked.
struct Lane {
    name: &'static str,
    kind: Kind,
    help: &'static str,
    of: fn(&LaneFigures) -> usize,
}

const LANE: [Lane; 4] = [
    Lane {
        name: "hotplate_model_runs_total",
        kind: Kind::Counter,
        help: "Requests that a model ran; one of many rows counts once for each of its turns.",
        of: |figures| figures.requests,
    },
    Lane {
        name: "hotplate_model_batches_total",
        kind: Kind::Counter,
        help: "The batches that these were run in.",
        of: |figures| figures.batches,
    },
    Lane {
        name: "hotplate_model_cancelled_total",
        kind: Kind::Counter,
        help: "Requests whose clients went away before the answer.",
        of: |figures| figures.cancelled,
    },
    Lane {
        name: "hotplate_model_waiting_rows",
        kind: Kind::Gauge,
        help: "Rows that wait for a slot, or are run after they did.",
        of: |figures| figures.waiting_rows,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_there_before_their_models() {
        let families = families(None);
        assert_eq!(families.len(), 6);
        assert!(families.iter().all(|family| family.samples.is_empty()));
    }
}
