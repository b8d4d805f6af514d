//! Prometheus' text format, version 0.0.4.

use std::fmt::Write as _;

use super::{
    super::buckets::{CELL, CLASSIC},
    Family, Kind, Value,
};

/// A page of families, of which those without samples show but what they are.
pub(super) fn write(families: &[Family]) -> String {
    let mut page = String::new();
    for family in families {
        let Family { name, kind, help, samples } = family;
        // Writing to a `String` cannot fail.
        let _ = writeln!(page, "# HELP {name} {help}\n# TYPE {name} {}", word(*kind));
        for sample in samples {
            let mut labels = String::new();
            for (label, value) in &sample.labels {
                let separator = if labels.is_empty() { "" } else { "," };
                let _ = write!(labels, "{separator}{label}=\"{}\"", escaped(value));
            }
            match &sample.value {
                Value::Number(number) => line(&mut page, name, "", &labels, *number),
                Value::Sum { count, sum } => {
                    line(&mut page, name, "_sum", &labels, *sum);
                    line(&mut page, name, "_count", &labels, count);
                }
                Value::Times(spread) => {
                    let separator = if labels.is_empty() { "" } else { "," };
                    let counts = CELL.classic(&spread.counts);
                    for (bound, count) in CLASSIC.into_iter().zip(counts) {
                        let labels = format!("{labels}{separator}le=\"{bound:?}\"");
                        line(&mut page, name, "_bucket", &labels, count);
                    }
                    let count = spread.count();
                    let all = format!("{labels}{separator}le=\"+Inf\"");
                    line(&mut page, name, "_bucket", &all, count);
                    line(&mut page, name, "_sum", &labels, spread.seconds());
                    line(&mut page, name, "_count", &labels, count);
                }
            }
        }
    }
    page
}

const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Summary => "summary",
        Kind::Histogram => "histogram",
    }
}

fn line(page: &mut String, name: &str, suffix: &str, labels: &str, value: impl std::fmt::Display) {
    let _ = match labels {
        "" => writeln!(page, "{name}{suffix} {value}"),
        labels => writeln!(page, "{name}{suffix}{{{labels}}} {value}"),
    };
}

/// A label's value as it stands between quotes.
fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use super::{super::super::shard::Spread, *};

    #[test]
    fn values_of_labels_are_escaped() {
        let mut family = Family::new("up", Kind::Gauge, "Is up.");
        family.push(&[("a", "x"), ("b", "say \"\\\n\"")], Value::of(1));
        family.push(&[], Value::Number(0.5));
        let text = write(&[family]);
        let expected = "# HELP up Is up.\n# TYPE up gauge\n\
                        up{a=\"x\",b=\"say \\\"\\\\\\n\\\"\"} 1\nup 0.5\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn histograms_accumulate() {
        let mut spread = Spread::default();
        for nanos in [900, 1_000, 1_001, 20_000_000_000] {
            spread.counts[CELL.of(nanos)] += 1;
            spread.sum += nanos;
        }
        let mut family = Family::new("took", Kind::Histogram, "Took.");
        family.push(&[("m", "a")], Value::Times(Box::new(spread)));
        let text = write(&[family]);
        for line in [
            "took_bucket{m=\"a\",le=\"1e-6\"} 2",
            "took_bucket{m=\"a\",le=\"2e-6\"} 3",
            "took_bucket{m=\"a\",le=\"10.0\"} 3",
            "took_bucket{m=\"a\",le=\"+Inf\"} 4",
            "took_sum{m=\"a\"} 20.000002901",
            "took_count{m=\"a\"} 4",
        ] {
            assert!(text.lines().any(|known| known == line), "{line} in\n{text}");
        }
    }
}
