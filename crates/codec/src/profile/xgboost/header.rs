//! Media types as Python's `cgi.parse_header` takes them apart.

/// What a body is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyType {
    /// Cells behind a delimiter that is guessed.
    Csv,
    /// `column:number`.
    Libsvm,
    /// Protobuf in RecordIO's frames.
    Recordio,
}

impl BodyType {
    /// What a `Content-Type` says of a body.
    ///
    /// # Errors
    ///
    /// What the container says of a type that it does not read.
    pub fn of(content_type: Option<&str>) -> Result<Self, String> {
        let Some(got) = content_type else { return Ok(Self::Libsvm) };
        let lower = got.to_lowercase();
        match essence(&lower) {
            "csv" | "text/csv" => match parameter(&lower, "label_size") {
                Some(size) if size != "1" => Err(format!(
                    "{got} is not an accepted csv ContentType. Optional parameter label_size must \
                     be equal to 1"
                )),
                _ => Ok(Self::Csv),
            },
            "libsvm" | "text/libsvm" | "text/x-libsvm" => Ok(Self::Libsvm),
            "recordio-protobuf" | "application/x-recordio-protobuf" => Ok(Self::Recordio),
            "parquet" | "application/x-parquet" => {
                Err(format!("Content-type {got} is not supported."))
            }
            _ => Err(format!(
                "{got} is not an accepted ContentType: csv, libsvm, parquet, recordio-protobuf, \
                 text/csv, text/libsvm, text/x-libsvm, application/x-parquet, \
                 application/x-recordio-protobuf."
            )),
        }
    }
}

/// A media type without its parameters. A comma means nothing here.
pub fn essence(header: &str) -> &str {
    header.split(';').next().unwrap_or_default().trim()
}

/// The last parameter of this name, without its quotes.
fn parameter<'h>(header: &'h str, name: &str) -> Option<&'h str> {
    let of_part = |part: &'h str| {
        let (key, value) = part.split_once('=')?;
        (key.trim() == name).then(|| {
            let value = value.trim();
            let unquoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            unquoted.unwrap_or(value)
        })
    };
    header.split(';').skip(1).filter_map(of_part).last()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_told_apart() {
        assert_eq!(BodyType::of(None), Ok(BodyType::Libsvm));
        assert_eq!(BodyType::of(Some("TEXT/CSV ;x")), Ok(BodyType::Csv));
        assert_eq!(BodyType::of(Some("text/csv; label_size=\"1\"")), Ok(BodyType::Csv));
        assert!(BodyType::of(Some("text/csv;label_size=0")).is_err());
        assert!(BodyType::of(Some("application/json")).is_err());
    }
}
