//! Metrics in Prometheus' text format, version 0.0.4.

mod variants;

use std::fmt::{Display, Write as _};

use hotplate::{Endpoints, LaneFigures};

/// The format's media type.
pub(crate) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What the models are and where they run; families without samples where there are no models yet.
pub(crate) fn of_models(endpoints: Option<&Endpoints>) -> String {
    let mut text = String::new();
    let engines = || {
        let endpoints = endpoints.into_iter().flat_map(|endpoints| endpoints.iter());
        endpoints.map(|endpoint| (endpoint.name(), endpoint.variants()[0].engine()))
    };

    let name = "hotplate_model_info";
    gauge(&mut text, name, "A model that is served, what runs it, and where.");
    for (model, engine) in engines() {
        let labels: [(_, &dyn Display); 4] = [
            ("model", &model),
            ("backend", &engine.backend()),
            ("device", &engine.placement().device),
            ("requested_device", &engine.requested_device()),
        ];
        sample(&mut text, name, &labels, 1);
    }

    let name = "hotplate_model_device_fallback";
    let help = "Whether a model runs elsewhere than on the device that was asked for, or that \
                auto tries first.";
    gauge(&mut text, name, help);
    for (model, engine) in engines() {
        let fell_back = engine.placement().fell_back.is_some();
        sample(&mut text, name, &[("model", &model)], u64::from(fell_back));
    }

    for Lane { name, kind, help, of } in LANE {
        family(&mut text, name, kind, help);
        for (model, engine) in engines() {
            let value = of(&engine.figures());
            let value = u64::try_from(value).unwrap_or(u64::MAX);
            sample(&mut text, name, &[("model", &model)], value);
        }
    }
    variants::write(endpoints, &mut text);
    text
}

/// A family that tells of how a model is asked.
struct Lane {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    of: fn(&LaneFigures) -> usize,
}

const LANE: [Lane; 4] = [
    Lane {
        name: "hotplate_model_runs_total",
        kind: "counter",
        help: "Requests that a model ran; one of many rows counts once for each of its turns.",
        of: |figures| figures.requests,
    },
    Lane {
        name: "hotplate_model_batches_total",
        kind: "counter",
        help: "The batches that these were run in.",
        of: |figures| figures.batches,
    },
    Lane {
        name: "hotplate_model_cancelled_total",
        kind: "counter",
        help: "Requests whose clients went away before the answer.",
        of: |figures| figures.cancelled,
    },
    Lane {
        name: "hotplate_model_waiting_rows",
        kind: "gauge",
        help: "Rows that wait for a slot, or are run after they did.",
        of: |figures| figures.waiting_rows,
    },
];

/// Begins a family of gauges.
fn gauge(text: &mut String, name: &str, help: &str) {
    family(text, name, "gauge", help);
}

fn family(text: &mut String, name: &str, kind: &str, help: &str) {
    // Writing to a `String` cannot fail.
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn sample(text: &mut String, name: &str, labels: &[(&str, &dyn Display)], value: impl Display) {
    text.push_str(name);
    let mut open = '{';
    for (label, value) in labels {
        let _ = write!(text, "{open}{label}=\"{}\"", escaped(&value.to_string()));
        open = ',';
    }
    let _ = writeln!(text, "}} {value}");
}

/// A label's value as it stands between quotes.
fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_labels_are_escaped() {
        let mut text = String::new();
        sample(&mut text, "up", &[("a", &"x"), ("b", &"say \"\\\n\"")], 1);
        assert_eq!(text, "up{a=\"x\",b=\"say \\\"\\\\\\n\\\"\"} 1\n");
    }

    #[test]
    fn families_are_there_before_their_models() {
        let text = of_models(None);
        assert_eq!(text.lines().count() % 2, 0, "{text}");
        assert!(text.contains("hotplate_model_runs_total"), "{text}");
        assert!(text.lines().all(|line| line.starts_with("# ")), "{text}");
    }
}
