//! What `GET /metrics` shows, and in which of two formats.

mod families;
mod models;
mod proto;
mod sagemaker;
mod text;
mod variants;

use hotplate::Endpoints;

use self::families::{Family, Kind, Sample, Value};
pub(super) use self::sagemaker::Errors;
use super::Observer;

/// A format of pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// Prometheus' text format, which has classic histograms only.
    Text,
    /// Prometheus' protocol buffers, delimited, which have native ones as well.
    Proto,
}

impl Page {
    /// What a client accepts most; text where it says nothing that is understood.
    pub(crate) fn negotiate(accept: Option<&str>) -> Self {
        let weigh = |is: fn(&str) -> bool| {
            let ranges = accept.unwrap_or_default().split(',');
            ranges.filter(|range| is(range)).map(weight).fold(0.0, f32::max)
        };
        let proto = weigh(is_proto);
        if proto > 0.0 && proto >= weigh(is_text) { Self::Proto } else { Self::Text }
    }

    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::Proto => {
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; \
                 encoding=delimited"
            }
        }
    }

    /// What is known at this moment.
    pub(crate) fn write(self, observer: &Observer, endpoints: Option<&Endpoints>) -> Vec<u8> {
        let mut families = models::families(endpoints);
        families.extend(variants::families(endpoints));
        let shown = observer.shown(endpoints);
        families.extend(families::of_requests(&shown));
        families.extend(sagemaker::families(&shown, endpoints, observer.loaded.count().is_some()));
        if let Some(capture) = observer.capture() {
            families.extend(families::of_capture(&capture.figures()));
        }
        match self {
            Self::Text => text::write(&families).into_bytes(),
            Self::Proto => proto::write(&families),
        }
    }
}

fn is_proto(range: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/vnd.google.protobuf"))
        && parts.clone().any(|part| part == "proto=io.prometheus.client.MetricFamily")
        && parts.any(|part| part == "encoding=delimited")
}

fn is_text(range: &str) -> bool {
    let name = range.split(';').next().unwrap_or_default().trim();
    name.eq_ignore_ascii_case("text/plain")
}

fn weight(range: &str) -> f32 {
    let quality = range.split(';').find_map(|part| part.trim().strip_prefix("q="));
    quality.map_or(1.0, |quality| quality.parse().unwrap_or(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocol_buffers_are_for_those_who_prefer_them() {
        let proto = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;\
                     encoding=delimited";
        let prometheus = format!(
            "{proto};q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,\
             text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
        );
        for accept in [proto, &prometheus, &format!("text/plain;q=0.5, {proto}")] {
            assert_eq!(Page::negotiate(Some(accept)), Page::Proto, "{accept}");
        }
        let others = [
            "",
            "*/*",
            "text/plain",
            "application/vnd.google.protobuf",
            &format!("{proto};q=0.3, text/plain"),
            &format!("{proto};q=0"),
        ];
        for accept in others {
            assert_eq!(Page::negotiate(Some(accept)), Page::Text, "{accept}");
        }
        assert_eq!(Page::negotiate(None), Page::Text);
    }
}
