use self::npy::Array;
pub use self::{placeholder::Placeholder, reasons::Reasons, texts::encode_texts};
use crate::{Field, Format, Predictions};

mod csv;
mod json;
mod npy;
mod parts;
mod pieces;
mod placeholder;
mod reasons;
mod record_io;
mod texts;
mod value;

/// Appends a whole reply to `reply`.
///
/// | | JSON | CSV |
/// |---|---|---|
/// | classifier | `{"predictions":[{"predicted_label":…,"score":…,"probabilities":[…]}]}` | the second class's probability of two, all of more |
/// | regressor | `{"predictions":[{"score":…}]}` | the value |
/// | other | `{"predictions":[{"output":…}]}`, nested by the row's shape, bare if a row is one element | all elements of all outputs |
///
/// JSON Lines has one of JSON's predictions per line. With `fields`, classifiers and regressors
/// give those in that order in every format, and a list of probabilities is then one CSV cell,
/// `"[0.25, 0.75]"`; other graphs give all they have. What has no value, such as a regressor's
/// label or a number that is not finite, is `null` in JSON; CSV has `nan`, `inf` and `-inf`.
///
/// An npy file is the numbers of CSV as an array of float32, or of float64 where any is one, of shape
/// `[rows]` where a row is one number and `[rows, numbers]` else; an only output of another kind of
/// model keeps its shape. Text is NaN there. RecordIO has a record for each row, whose `label` maps
/// JSON's keys to tensors of float32, of text to bytes.
///
/// # Panics
///
/// When the parts of `predictions` disagree about the number of rows, or the format is none that is
/// written.
pub fn encode(
    format: Format,
    predictions: &Predictions<'_>,
    fields: Option<&[Field]>,
    reply: &mut Vec<u8>,
) {
    let mut encoder = Encoder::new(format, fields);
    encoder.block(predictions, reply);
    encoder.finish(reply);
}

/// Writes one reply from blocks of answers.
///
/// ```
/// use hotplate_codec::{Encoder, Format, Predictions};
/// use hotplate_tensor::DataView;
///
/// let mut reply = Vec::new();
/// let mut encoder = Encoder::new(Format::Json, None);
/// encoder.block(&Predictions::Regressor { values: DataView::F32(&[0.5]) }, &mut reply);
/// encoder.block(&Predictions::Regressor { values: DataView::F32(&[0.1]) }, &mut reply);
/// encoder.finish(&mut reply);
/// assert_eq!(reply, br#"{"predictions":[{"score":0.5},{"score":0.1}]}"#);
/// ```
#[derive(Clone, Debug)]
pub struct Encoder<'f> {
    format: Format,
    fields: Option<&'f [Field]>,
    begun: bool,
    has_rows: bool,
    /// Whether others write the reply's beginning and end.
    is_within: bool,
    array: Array,
}

impl<'f> Encoder<'f> {
    /// An encoder of these fields, or of all.
    ///
    /// An npy file begins with the number of its rows, so that its encoder holds their answers back
    /// until [`finish`](Self::finish); the other formats are written as they come.
    ///
    /// # Panics
    ///
    /// When the format is only read; see [`Format::is_written`].
    pub fn new(format: Format, fields: Option<&'f [Field]>) -> Self {
        assert!(format.is_written(), "answers are not written as {format}");
        Self {
            format,
            fields,
            begun: false,
            has_rows: false,
            is_within: false,
            array: Array::default(),
        }
    }

    /// Appends a block of answers to `out`.
    ///
    /// # Panics
    ///
    /// When the parts of `predictions` disagree about the number of rows.
    pub fn block(&mut self, predictions: &Predictions<'_>, out: &mut Vec<u8>) {
        self.block_with_reasons(predictions, None, out);
    }

    /// As [`block`](Self::block), with the reasons for the answers of a model that classifies or
    /// regresses: in JSON each answer has one more key, and CSV has no place for them.
    ///
    /// ```text
    /// {"score":0.25,"explanations":[{"class":"Yes","score":-1.1,"expected":-1.5,"covers":"training",
    ///  "contributions":{"tenure":0.3,"Contract":-0.1},"others":0.2}]}
    /// ```
    ///
    /// # Panics
    ///
    /// When the parts of `predictions` disagree about the number of rows, or the reasons are of
    /// fewer.
    pub fn block_with_reasons(
        &mut self,
        predictions: &Predictions<'_>,
        reasons: Option<&Reasons<'_>>,
        out: &mut Vec<u8>,
    ) {
        predictions.check_rows();
        self.begin(out);
        if self.format == Format::Npy {
            self.array.push(predictions, self.fields, out);
            if self.is_within && predictions.rows() > 0 {
                self.array.write(out);
            }
            return;
        }
        for row in 0..predictions.rows() {
            match self.format {
                Format::Csv => csv::write_row(predictions, self.fields, row, out),
                Format::Json => {
                    if self.has_rows {
                        out.push(b',');
                    }
                    json::write_row(predictions, self.fields, reasons, row, out);
                }
                Format::JsonLines => {
                    json::write_row(predictions, self.fields, reasons, row, out);
                    out.push(b'\n');
                }
                Format::RecordIo => record_io::write_row(predictions, self.fields, row, out),
                Format::Npy | Format::Npz | Format::Libsvm | Format::Text => {}
            }
            self.has_rows = true;
        }
    }

    /// Appends what closes the reply to `out`.
    pub fn finish(mut self, out: &mut Vec<u8>) {
        self.begin(out);
        match self.format {
            Format::Json => out.extend_from_slice(b"]}"),
            Format::Npy => self.array.write(out),
            _ => {}
        }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if self.format == Format::Json && !self.begun {
            out.extend_from_slice(b"{\"predictions\":[");
        }
        self.begun = true;
    }
}
