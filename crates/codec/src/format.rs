use std::fmt;

/// A form that rows and answers take as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// `text/csv`: one row per line, cells between commas, quotes as in RFC 4180.
    Csv,
    /// `application/json`: one document.
    Json,
    /// `application/jsonlines`: one JSON row per line.
    JsonLines,
}

impl Format {
    /// The media type of replies in this format, without parameters.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Json => "application/json",
            Self::JsonLines => "application/jsonlines",
        }
    }

    /// The format that a `Content-Type`, or one entry of an `Accept`, names; case and parameters
    /// do not matter.
    pub fn from_media_type(media_type: &str) -> Option<Self> {
        const NAMES: [(&str, Format); 11] = [
            ("application/json", Format::Json),
            ("text/csv", Format::Csv),
            ("application/jsonlines", Format::JsonLines),
            ("text/json", Format::Json),
            ("application/csv", Format::Csv),
            ("text/x-csv", Format::Csv),
            ("application/jsonl", Format::JsonLines),
            ("application/jsons", Format::JsonLines),
            ("application/x-jsonlines", Format::JsonLines),
            ("application/ndjson", Format::JsonLines),
            ("application/x-ndjson", Format::JsonLines),
        ];
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(essence)).map(|&(_, format)| format)
    }

    /// The format of this name, or of files with this extension: `csv`, `json`, `jsonl`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            "jsonl" | "jsonlines" | "ndjson" => Some(Self::JsonLines),
            _ => None,
        }
    }
}

/// The name that [`Format::from_name`] reads back.
impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::JsonLines => "jsonl",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_ignore_case_and_parameters() {
        for (text, format) in [
            ("text/csv", Some(Format::Csv)),
            ("Text/CSV; charset=utf-8;label_size=0", Some(Format::Csv)),
            (" application/json ", Some(Format::Json)),
            ("application/jsonlines", Some(Format::JsonLines)),
            ("application/x-ndjson;q=0.5", Some(Format::JsonLines)),
            ("application/x-npy", None),
            ("*/*", None),
            ("", None),
        ] {
            assert_eq!(Format::from_media_type(text), format, "{text}");
        }
    }

    #[test]
    fn every_format_is_found_by_what_it_prints() {
        for format in [Format::Csv, Format::Json, Format::JsonLines] {
            assert_eq!(Format::from_name(&format.to_string()), Some(format));
            assert_eq!(Format::from_media_type(format.media_type()), Some(format));
        }
    }
}
