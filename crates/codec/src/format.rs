use std::fmt;

use crate::{npy, npz, record_io};

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
    /// `text/libsvm`: one sparse row per line, `label index:value ..`. Read only.
    Libsvm,
    /// `application/x-npy`: an array as NumPy saves it.
    Npy,
    /// `application/x-npz`: a sparse matrix as SciPy saves it. Read only.
    Npz,
    /// `application/x-recordio-protobuf`: a protocol buffer per row, as SageMaker's own algorithms
    /// have it.
    RecordIo,
    /// `text/plain`: one text, which is the whole body. Read only, and of models of texts.
    Text,
}

impl Format {
    /// Whether answers are written in this format; rows are read in every one.
    pub const fn is_written(self) -> bool {
        !matches!(self, Self::Libsvm | Self::Npz | Self::Text)
    }

    /// Whether something else than an answer can stand in an answer's place.
    pub const fn has_placeholders(self) -> bool {
        matches!(self, Self::Csv | Self::Json | Self::JsonLines)
    }

    /// The media type of replies in this format, without parameters.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Json => "application/json",
            Self::JsonLines => "application/jsonlines",
            Self::Libsvm => "text/libsvm",
            Self::Npy => "application/x-npy",
            Self::Npz => "application/x-npz",
            Self::RecordIo => "application/x-recordio-protobuf",
            Self::Text => "text/plain",
        }
    }

    /// The format that a `Content-Type`, or one entry of an `Accept`, names; case and parameters
    /// do not matter.
    pub fn from_media_type(media_type: &str) -> Option<Self> {
        const NAMES: [(&str, Format); 17] = [
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
            ("text/libsvm", Format::Libsvm),
            ("text/x-libsvm", Format::Libsvm),
            ("application/x-npy", Format::Npy),
            ("application/x-npz", Format::Npz),
            ("application/x-recordio-protobuf", Format::RecordIo),
            ("text/plain", Format::Text),
        ];
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(essence)).map(|&(_, format)| format)
    }

    /// The format that a body without a type most likely has: a binary one by the bytes that it
    /// begins with, JSON by its first bracket, and CSV otherwise.
    pub fn guess(body: &[u8]) -> Self {
        const RECORD: [u8; 4] = record_io::MAGIC.to_le_bytes();
        const MAGIC: [(&[u8], Format); 3] =
            [(npy::MAGIC, Format::Npy), (&npz::MAGIC, Format::Npz), (&RECORD, Format::RecordIo)];
        if let Some(&(_, format)) = MAGIC.iter().find(|(magic, _)| body.starts_with(magic)) {
            return format;
        }
        match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{' | b'[') => Self::Json,
            _ => Self::Csv,
        }
    }

    /// The format of this name, or of files with this extension: `csv`, `json`, `jsonl`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            "jsonl" | "jsonlines" | "ndjson" => Some(Self::JsonLines),
            "libsvm" | "svm" | "svmlight" => Some(Self::Libsvm),
            "npy" => Some(Self::Npy),
            "npz" => Some(Self::Npz),
            "recordio" | "rec" | "pbr" => Some(Self::RecordIo),
            "text" => Some(Self::Text),
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
            Self::Libsvm => "libsvm",
            Self::Npy => "npy",
            Self::Npz => "npz",
            Self::RecordIo => "recordio",
            Self::Text => "text",
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
            ("Application/X-Npy", Some(Format::Npy)),
            ("application/x-recordio-protobuf", Some(Format::RecordIo)),
            ("text/x-libsvm", Some(Format::Libsvm)),
            ("application/octet-stream", None),
            ("*/*", None),
            ("", None),
        ] {
            assert_eq!(Format::from_media_type(text), format, "{text}");
        }
    }

    #[test]
    fn text_is_guessed_by_its_first_bracket() {
        for (body, format) in [
            ("", Format::Csv),
            (" \n", Format::Csv),
            ("1,2\n", Format::Csv),
            ("\n {\"a\": 1}", Format::Json),
            ("[[1]]", Format::Json),
            ("NUMPY", Format::Csv),
            ("PK,1", Format::Csv),
        ] {
            assert_eq!(Format::guess(body.as_bytes()), format, "{body:?}");
        }
        assert_eq!(Format::guess(b"\x0a\x23\xd7"), Format::Csv, "too short to be a record");
    }

    #[test]
    fn every_format_is_found_by_what_it_prints() {
        use Format::{Csv, Json, JsonLines, Libsvm, Npy, Npz, RecordIo, Text};
        for format in [Csv, Json, JsonLines, Libsvm, Npy, Npz, RecordIo, Text] {
            assert_eq!(Format::from_name(&format.to_string()), Some(format));
            assert_eq!(Format::from_media_type(format.media_type()), Some(format));
        }
    }
}
