use super::Encoder;
use crate::{Format, json::write_string};

/// The line of CSV in the place of an answer that there is not.
const ERROR: &[u8] = b"ERROR";

/// Why a record has no answer, to be written in the answer's place.
#[derive(Clone, Copy, Debug)]
pub struct Placeholder<'a> {
    /// What is wrong, for a person.
    pub error: &'a str,
    /// A stable code for programs.
    pub reason: &'a str,
    /// The row, from zero.
    pub row: Option<usize>,
    /// The column.
    pub column: Option<&'a str>,
    /// What should have been there.
    pub expected: Option<&'a str>,
    /// What was there.
    pub got: Option<&'a str>,
}

impl Encoder<'_> {
    /// Appends what stands in the place of an answer: in CSV the line `ERROR`, in JSON an object
    /// with the keys of [`Placeholder`] that apply.
    ///
    /// # Panics
    ///
    /// When the format [has none](Format::has_placeholders).
    ///
    /// ```
    /// use hotplate_codec::{Encoder, Format, Placeholder};
    ///
    /// let problem = Placeholder {
    ///     error: "row 7: expected 3 cells, got 1",
    ///     reason: "wrong_arity",
    ///     row: Some(7),
    ///     column: None,
    ///     expected: Some("3 cells"),
    ///     got: Some("1"),
    /// };
    /// let mut reply = Vec::new();
    /// Encoder::new(Format::JsonLines, None).placeholder(&problem, &mut reply);
    /// assert_eq!(
    ///     String::from_utf8_lossy(&reply),
    ///     "{\"error\":\"row 7: expected 3 cells, got 1\",\"reason\":\"wrong_arity\",\
    ///      \"expected\":\"3 cells\",\"got\":\"1\",\"row\":7}\n"
    /// );
    /// ```
    pub fn placeholder(&mut self, problem: &Placeholder<'_>, out: &mut Vec<u8>) {
        assert!(self.format.has_placeholders(), "{} has no placeholders", self.format);
        self.begin(out);
        match self.format {
            Format::Csv => out.extend_from_slice(ERROR),
            Format::Json if !self.has_rows => problem.write(out),
            Format::Json => {
                out.push(b',');
                problem.write(out);
            }
            _ => problem.write(out),
        }
        if self.format != Format::Json {
            out.push(b'\n');
        }
        self.has_rows = true;
    }
}

impl Placeholder<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"error\":");
        write_string(out, self.error);
        let texts = [
            ("reason", Some(self.reason)),
            ("column", self.column),
            ("expected", self.expected),
            ("got", self.got),
        ];
        for (key, text) in texts {
            if let Some(text) = text {
                out.push(b',');
                write_string(out, key);
                out.push(b':');
                write_string(out, text);
            }
        }
        if let Some(row) = self.row {
            out.extend_from_slice(b",\"row\":");
            out.extend_from_slice(itoa::Buffer::new().format(row).as_bytes());
        }
        out.push(b'}');
    }
}
