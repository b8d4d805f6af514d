//! Which format a reply has: `Accept` as RFC 9110, section 12.5.1 has it.

use hotplate_codec::Format;

/// The formats that replies are written in; where the client does not care, the first.
const FORMATS: [Format; 5] =
    [Format::Json, Format::Csv, Format::JsonLines, Format::Npy, Format::RecordIo];

/// The format that `accept` weighs most among those that are written; `None` when it takes none.
///
/// Without `accept`, and between formats of one weight, `default` wins, then the order in which the
/// client lists them. A range that is more specific decides over one that is less.
pub(crate) fn negotiate(accept: Option<&str>, default: Format) -> Option<Format> {
    let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else {
        return Some(default);
    };
    let mut best: Option<(Format, Match)> = None;
    for format in FORMATS {
        let Some(found) = weigh(accept, format) else { continue };
        let better = best.as_ref().is_none_or(|(chosen, best)| {
            if found.weight != best.weight {
                return found.weight > best.weight;
            }
            // `*/*` names nothing, so the default may stand in for it.
            let by_default = |at: &Match| !at.exact;
            if by_default(&found) && by_default(best) {
                return format == default && *chosen != default;
            }
            found.position < best.position
        });
        if better {
            best = Some((format, found));
        }
    }
    best.map(|(format, _)| format)
}

/// How a client's list meets one format.
struct Match {
    /// Thousandths.
    weight: u16,
    /// Where in the list.
    position: usize,
    /// Whether by name, and not by a wildcard.
    exact: bool,
}

/// The most specific range of the list that the format falls in, unless its weight is zero.
fn weigh(accept: &str, format: Format) -> Option<Match> {
    let mut best: Option<(u8, Match)> = None;
    for (position, range) in accept.split(',').enumerate() {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let specificity = match name {
            "*/*" | "*" => 1,
            "text/*" if format == Format::Csv => 2,
            "application/*" if format != Format::Csv => 2,
            name if Format::from_media_type(name) == Some(format) => 3,
            _ => continue,
        };
        let weight = parts.find_map(quality).map_or(1000, thousandths);
        if best.as_ref().is_none_or(|(known, _)| specificity > *known) {
            best = Some((specificity, Match { weight, position, exact: specificity == 3 }));
        }
    }
    best.map(|(_, found)| found).filter(|found| found.weight > 0)
}

fn quality(parameter: &str) -> Option<&str> {
    parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q="))
}

/// A quality value; one that is not well-formed counts in full.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0 to 1000")]
fn thousandths(quality: &str) -> u16 {
    let quality = quality.parse::<f32>().ok().filter(|quality| (0.0..=1.0).contains(quality));
    quality.map_or(1000, |quality| (quality * 1000.0).round() as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_negotiated() {
        let (csv, json, lines) = (Some(Format::Csv), Some(Format::Json), Some(Format::JsonLines));
        let cases = [
            (None, json),
            (Some(""), json),
            (Some("*/*"), json),
            (Some("text/csv"), csv),
            (Some("Text/CSV; charset=utf-8"), csv),
            (Some("text/*"), csv),
            (Some("application/*"), json),
            (Some("application/jsonlines"), lines),
            // As SageMaker's PandasDeserializer sends it.
            (Some("text/csv, application/json"), csv),
            (Some("application/json;q=0.2, text/csv;q=0.9"), csv),
            (Some("application/json; Q=0.2, text/csv"), csv),
            (Some("text/html, application/xhtml+xml, */*;q=0.8"), json),
            (Some("*/*;q=0.1, text/csv"), csv),
            (Some("*/*, application/json;q=0"), csv),
            (Some("application/json;q=nonsense"), json),
            (Some("application/x-npy"), Some(Format::Npy)),
            (Some("application/x-recordio-protobuf;q=0.5, */*;q=0.4"), Some(Format::RecordIo)),
            (Some("application/x-npy;q=0.5, application/json;q=0.4"), Some(Format::Npy)),
            (Some("application/x-npy;q=0, application/*"), json),
            // Rows are read so, and no reply is written.
            (Some("text/libsvm"), None),
            (Some("application/x-npz, text/csv;q=0.1"), csv),
            (Some("image/png"), None),
            (Some("application/json;q=0"), None),
        ];
        for (accept, expected) in cases {
            assert_eq!(negotiate(accept, Format::Json), expected, "{accept:?}");
        }
    }

    #[test]
    fn default_wins_where_anything_will_do() {
        for accept in [None, Some("*/*"), Some("text/html, */*;q=0.8")] {
            assert_eq!(negotiate(accept, Format::Csv), Some(Format::Csv), "{accept:?}");
        }
        assert_eq!(negotiate(Some("application/json"), Format::Csv), Some(Format::Json));
    }
}
