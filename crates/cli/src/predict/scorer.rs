//! Blocks of a file to their answers.

use std::sync::Arc;

use anyhow::{Error, Result, anyhow};
use hotplate::{Answer, Columns, Engine};
use hotplate_codec::{BlockDecoder, DecodeError, DecodeErrorKind, Encoder, Format};

/// Answers the blocks of one file, one after the other.
#[derive(Debug)]
pub(super) struct Scorer<'e> {
    engine: &'e Engine,
    input: Format,
    output: Format,
    ignore_unknown_columns: bool,
    /// How many columns each score is explained by, if at all.
    explain: Option<usize>,
    decoder: BlockDecoder,
    encoder: Encoder<'e>,
    columns: Columns,
    answer: Answer,
    /// How the file began, which may be with a header.
    first_block: Vec<u8>,
    /// Rows answered.
    rows: usize,
    /// Lines in front of the block at hand.
    lines: usize,
}

impl<'e> Scorer<'e> {
    pub(super) fn new(
        engine: &'e Engine,
        input: Format,
        output: Format,
        ignore_unknown_columns: bool,
        explain: Option<usize>,
    ) -> Self {
        Self {
            engine,
            input,
            output,
            ignore_unknown_columns,
            explain,
            decoder: decoder(engine, input, ignore_unknown_columns),
            encoder: Encoder::new(output, engine.output()),
            columns: engine.rows(),
            answer: engine.answer(),
            first_block: Vec::new(),
            rows: 0,
            lines: 0,
        }
    }

    /// The rows answered so far.
    pub(super) const fn rows(&self) -> usize {
        self.rows
    }

    /// Whether the file has held nothing so far, not even a header.
    pub(super) const fn is_blank(&self) -> bool {
        self.decoder.is_blank()
    }

    /// Refuses a file that ended here and announced more rows.
    pub(super) fn check_whole(&self) -> Result<(), DecodeError> {
        self.decoder.finish()
    }

    /// The length of the whole records at the beginning of what follows the last block.
    pub(super) fn whole_records(&self, buffer: &[u8]) -> usize {
        self.decoder.whole_records(buffer)
    }

    /// Appends the answers to the next block to `reply`.
    ///
    /// # Errors
    ///
    /// At the first row that is not the model's. The rows in front of it have been answered then,
    /// unless the file is one document.
    pub(super) fn block(&mut self, block: &[u8], reply: &mut Vec<u8>) -> Result<()> {
        let holds_rows = self.input != Format::Csv || self.columns.schema().is_table();
        let mut rest = block;
        while !rest.is_empty() {
            let decoded = self.decoder.decode(rest, &mut self.columns);
            let decoded = decoded.map_err(|error| advised(error, holds_rows));
            let answered = decoded.and_then(|length| {
                self.answer_rows(reply)?;
                Ok(length)
            });
            let length = match answered {
                Ok(length) => length,
                Err(error) if matches!(self.input, Format::Json | Format::Npz) => {
                    return Err(error);
                }
                Err(error) => return self.answer_up_to_bad_row(rest, reply).and(Err(error)),
            };
            // What was decoded ends early where rows of another shape follow.
            let (decoded, behind) = rest.split_at(length);
            self.lines += lines(decoded);
            if self.first_block.is_empty() {
                self.first_block.extend_from_slice(decoded);
            }
            rest = behind;
        }
        Ok(())
    }

    /// Appends what closes the reply.
    pub(super) fn finish(self, reply: &mut Vec<u8>) {
        self.encoder.finish(reply);
        if self.output == Format::Json {
            // A file of text ends with a line end; the other formats end their lines themselves.
            reply.push(b'\n');
        }
    }

    /// Answers the records of a block one by one, up to the first that cannot be decoded.
    ///
    /// # Errors
    ///
    /// When the model refuses a record before that.
    fn answer_up_to_bad_row(&mut self, block: &[u8], reply: &mut Vec<u8>) -> Result<()> {
        // A decoder is of no use after an error, and a new one must see how the file began.
        let mut decoder = decoder(self.engine, self.input, self.ignore_unknown_columns);
        decoder.decode(&self.first_block, &mut self.columns)?;
        let mut rest = block;
        let mut line = self.lines + 1;
        while !rest.is_empty() {
            let (record, behind) = rest.split_at(decoder.first_record(rest));
            if decoder.decode(record, &mut self.columns).is_err() {
                return Ok(());
            }
            let answered = self.rows;
            self.answer_rows(reply).map_err(|error| placed(error, answered, line))?;
            line += lines(record);
            rest = behind;
        }
        Ok(())
    }

    /// Answers what was decoded.
    fn answer_rows(&mut self, reply: &mut Vec<u8>) -> Result<(), hotplate::Error> {
        if self.columns.rows() == 0 {
            return Ok(());
        }
        self.engine.predict_into(&self.columns, &mut self.answer)?;
        let explanations = self.explain.map(|_| self.engine.explain(&self.columns)).transpose()?;
        let most = self.explain.unwrap_or_default();
        let reasons = explanations.as_ref().map(|explanations| explanations.reasons(most));
        let mut tensors = Vec::new();
        let predictions = self.answer.predictions(&mut tensors);
        self.encoder.block_with_reasons(&predictions, reasons.as_ref(), reply);
        self.rows += self.columns.rows();
        Ok(())
    }
}

fn decoder(engine: &Engine, format: Format, ignore_unknown_columns: bool) -> BlockDecoder {
    BlockDecoder::new(Arc::clone(engine.signature().schema()), format)
        .ignore_unknown_columns(ignore_unknown_columns)
}

fn lines(block: &[u8]) -> usize {
    block.iter().filter(|&&byte| byte == b'\n').count()
}

/// Adds the way out, where a flag is one and no nearer one was given; `holds_rows` says whether
/// rows of the model can have the input's format at all.
fn advised(error: DecodeError, holds_rows: bool) -> Error {
    let message = error.to_string();
    if !holds_rows {
        anyhow!("{message}; --input-format says that it is json or jsonl")
    } else if error.kind() == DecodeErrorKind::UnknownColumn && !message.ends_with('?') {
        anyhow!("{message}; --ignore-unknown-columns passes over what the model does not have")
    } else {
        error.into()
    }
}

/// The engine counts rows within what it was given, a person within the file.
fn placed(error: hotplate::Error, answered: usize, line: usize) -> Error {
    let within = error.row().unwrap_or_default();
    let place = format!("row {} (line {line})", answered + within);
    let message = error.to_string();
    match message.strip_prefix(&format!("row {within}")) {
        Some(rest) => anyhow!("{place}{rest}"),
        None => anyhow!("{place}: {message}"),
    }
}
