//! Records to answers, each in its place: what scores files, and batches of which no line may be
//! lost.

mod fault;
mod lines;
mod reply;
mod stretch;

use std::{mem, ops::Range, sync::Arc};

use hotplate_codec::{BadRecord, BlockDecoder, Encoder, Format};
use hotplate_tensor::Columns;

use self::lines::{Lines, Part};
pub use self::{
    fault::RowFault,
    reply::{Outcome, Reply},
    stretch::Stretch,
};
use crate::{Answer, Engine, Error};

/// What becomes of a record that has no answer: for it is no row of the model, or a row that the
/// model refuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// It ends the run, and the records in front of it are answered.
    #[default]
    Stop,
    /// A placeholder stands in the place of its answer, and the run goes on; in a format of answers
    /// that [has placeholders](Format::has_placeholders).
    Placeholder,
}

/// How records are read, scored and answered.
#[derive(Clone, Copy, Debug)]
pub struct ScorerOptions {
    /// The records' format.
    pub input: Format,
    /// The answers' format.
    pub output: Format,
    /// Whether columns that the model does not have are passed over.
    pub ignore_unknown_columns: bool,
    /// How many columns explain each score, if any do; see [`Engine::explain`].
    pub explain: Option<usize>,
    /// What becomes of a record that has no answer.
    pub on_error: OnError,
}

/// Where a block stands in its file.
#[derive(Clone, Copy, Debug)]
pub enum Position<'a> {
    /// The file begins with it.
    First,
    /// Others stand in front.
    Behind {
        /// What [began](BlockDecoder::begin) the file's first block.
        first: &'a BlockDecoder,
        /// The bytes in front.
        bytes: usize,
    },
}

/// Answers blocks of one file in any order, on one thread.
///
/// A file is cut into blocks of [independent records](BlockDecoder::independent_records), each of
/// which some scorer makes a [`Stretch`] of. A [`Reply`] then takes the stretches in the order of
/// the blocks. A body that is in memory is one block.
///
/// ```
/// use hotplate::{Engine, scorer::{OnError, Position, Reply, Scorer, ScorerOptions, Stretch}};
/// use hotplate_codec::Format;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/housing");
/// let housing = Engine::open(path)?;
/// let options = ScorerOptions {
///     input: Format::Csv,
///     output: Format::Csv,
///     ignore_unknown_columns: false,
///     explain: None,
///     on_error: OnError::Placeholder,
/// };
/// let body = b"8.3,41,7,1,322,2.6,37.9,-122.2\nmany\n8.3,41,7,1,322,2.6,37.9,-122.2\n";
/// let mut stretch = Stretch::default();
/// Scorer::new(&housing, options).score(Position::First, body, &mut stretch);
///
/// let (mut reply, mut bytes) = (Reply::new(Format::Csv), Vec::new());
/// reply.push(&mut stretch, &mut bytes)?;
/// let outcome = reply.finish(&mut bytes)?;
/// assert_eq!((outcome.answered, outcome.unanswered), (2, 1));
/// assert_eq!(String::from_utf8(bytes)?.lines().nth(1), Some("ERROR"));
/// assert_eq!(outcome.first[0].to_string(), "row 1 (line 2): expected 8 cells, got 1");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Scorer<'e> {
    engine: &'e Engine,
    options: ScorerOptions,
    decoder: BlockDecoder,
    columns: Columns,
    bad: Vec<BadRecord>,
    answer: Answer,
}

impl<'e> Scorer<'e> {
    /// Memory for one thread that scores blocks with `engine`.
    pub fn new(engine: &'e Engine, options: ScorerOptions) -> Self {
        Self {
            engine,
            options,
            decoder: options.decoder(engine),
            columns: engine.rows(),
            bad: Vec::new(),
            answer: engine.answer(),
        }
    }

    /// Replaces what `stretch` holds by the answers to a block.
    ///
    /// Where records are to [stop](OnError::Stop) the run, it ends with the first that has no
    /// answer. It ends in any case where that is the fault of no single record: of a header, of a
    /// JSON document, which is answered whole or not at all, or of the machine's. A model that
    /// refuses rows is asked until it is known which.
    pub fn score(&mut self, position: Position<'_>, block: &[u8], stretch: &mut Stretch) {
        stretch.clear();
        let at_start = matches!(position, Position::First);
        match position {
            Position::First => self.decoder = self.options.decoder(self.engine),
            Position::Behind { first, bytes } => self.decoder.follow(first, bytes),
        }
        let mut rest = block;
        while !rest.is_empty() && stretch.end.is_none() {
            let lines = self.decoder.counts().1;
            let begins_file = at_start && rest.len() == block.len();
            match self.decoder.decode_lenient(rest, &mut self.columns, &mut self.bad) {
                Ok(length) => {
                    let asked = self.decoder.text_request().unwrap_or_default();
                    if let Err(error) = asked.without_parameters() {
                        stretch.end = Some(RowFault::of_record(error));
                        break;
                    }
                    // What was decoded ends early where rows of another shape follow.
                    let (part, behind) = rest.split_at(length);
                    let format = self.options.input;
                    let has_header = begins_file
                        && format == Format::Csv
                        && !self.decoder.has_rows_by_position();
                    let rows = stretch.rows;
                    let part = Part { format, bytes: part, rows, lines, has_header };
                    self.answer_part(Lines::new(part), stretch);
                    rest = behind;
                }
                Err(error) => stretch.end = Some(RowFault::of_record(error)),
            }
        }
        // An array says at its beginning how long it is.
        stretch.unless_followed = self.decoder.finish().err().map(RowFault::of_record);
        stretch.lines = self.decoder.counts().1;
        stretch.is_blank = at_start && self.decoder.is_blank();
    }

    /// Answers the records that were decoded last, in their order.
    fn answer_part(&mut self, mut lines: Lines<'_>, stretch: &mut Stretch) {
        let mut row = 0;
        for (left_out, bad) in mem::take(&mut self.bad).into_iter().enumerate() {
            let behind = bad.index - left_out;
            self.answer_rows(row..behind, &mut lines, stretch);
            if stretch.end.is_none() {
                self.refuse(RowFault::of_record(bad.error), stretch);
            }
            if stretch.end.is_some() {
                return;
            }
            row = behind;
        }
        self.answer_rows(row..self.columns.rows(), &mut lines, stretch);
    }

    /// Answers rows, and finds those that the model refuses: where it does not say which they
    /// are, by asking for ever fewer; and behind one of them for ever more, so that a stretch of
    /// them costs little more than a run for each.
    fn answer_rows(&mut self, rows: Range<usize>, lines: &mut Lines<'_>, stretch: &mut Stretch) {
        let mut from = rows.start;
        let mut step = rows.len();
        while from < rows.end {
            let asked = from..rows.end.min(from + step);
            let error = match self.answer(asked.clone(), stretch) {
                Ok(()) => {
                    from = asked.end;
                    step *= 2;
                    continue;
                }
                Err(error) => error,
            };
            let refused = error.row().unwrap_or(asked.len() / 2);
            if !error.kind().is_about_rows() {
                stretch.end = Some(RowFault::of_engine(error));
                return;
            } else if refused > 0 {
                step = refused;
                continue;
            }
            let line = lines.of(stretch.rows, || self.options.decoder(self.engine));
            let fault = RowFault::of_row(error, stretch.rows, line);
            self.refuse(fault, stretch);
            if stretch.end.is_some() {
                return;
            }
            from += 1;
            step = 1;
        }
    }

    /// Answers rows that were decoded, all or none.
    fn answer(&mut self, rows: Range<usize>, stretch: &mut Stretch) -> Result<(), Error> {
        let Self { engine, options, columns, answer, .. } = self;
        let columns = &*columns;
        let count = rows.len();
        let explanations = if count == columns.rows() {
            engine.predict_into(columns, answer)?;
            options.explain.map(|_| engine.explain(columns)).transpose()?
        } else {
            let views = columns.inputs().slice(rows);
            engine.predict_into(&views[..], answer)?;
            options.explain.map(|_| engine.explain(&views[..])).transpose()?
        };
        let most = options.explain.unwrap_or_default();
        let reasons = explanations.as_ref().map(|explanations| explanations.reasons(most));
        let mut tensors = Vec::new();
        let predictions = answer.predictions(&mut tensors);
        let mut encoder = Encoder::within(options.output, engine.output());
        encoder.block_with_reasons(&predictions, reasons.as_ref(), &mut stretch.answers);
        stretch.rows += count;
        Ok(())
    }

    fn refuse(&self, fault: RowFault, stretch: &mut Stretch) {
        let goes_on = self.options.on_error == OnError::Placeholder
            && self.options.output.has_placeholders()
            // What is wrong with no row is so with the header, behind which nothing can be read.
            && fault.row().is_some();
        if goes_on {
            stretch.leave_gap(fault);
        } else {
            stretch.end = Some(fault);
        }
    }
}

impl ScorerOptions {
    /// A decoder for the beginning of a file.
    pub fn decoder(&self, engine: &Engine) -> BlockDecoder {
        BlockDecoder::new(Arc::clone(engine.signature().schema()), self.input)
            .ignore_unknown_columns(self.ignore_unknown_columns)
            .sparse(engine.sparse())
            .text_requests(engine.takes_text_requests())
    }
}
