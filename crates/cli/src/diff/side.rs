//! One of the two models, and what it answers.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Error, Result, anyhow, bail};
use hotplate::{Answer, Columns, DataView, Engine, Label, Labels, Schema, Task};
use hotplate_codec::BlockDecoder;

use crate::{
    diff::{
        classes,
        compared::{Compared, Kind},
    },
    rows::RowsFile,
};

/// Scores the blocks of one file with one model.
#[derive(Debug)]
pub(super) struct Side<'a> {
    pub(super) engine: &'a Engine,
    pub(super) path: &'a Path,
    decoder: BlockDecoder,
    columns: Columns,
    answer: Answer,
    scored: Scored,
    /// Rows in front of the block at hand.
    rows: usize,
}

/// The answers to one block.
#[derive(Debug, Default)]
pub(super) struct Scored {
    /// Row-major, [`Compared::width`] numbers a row.
    pub(super) scores: Vec<f64>,
    /// The decision on each row, as an index; empty where nothing is decided.
    pub(super) decisions: Vec<usize>,
}

impl<'a> Side<'a> {
    pub(super) fn new(engine: &'a Engine, path: &'a Path, file: &RowsFile<'_>) -> Self {
        let schema = Arc::clone(engine.signature().schema());
        Self {
            engine,
            path,
            // What the other model alone reads, or neither does, is no mistake in the rows.
            decoder: BlockDecoder::new(schema, file.format)
                .ignore_unknown_columns(true)
                .sparse(engine.sparse()),
            columns: engine.rows(),
            answer: engine.answer(),
            scored: Scored::default(),
            rows: 0,
        }
    }

    pub(super) fn whole_records(&self, buffer: &[u8]) -> usize {
        self.decoder.whole_records(buffer)
    }

    pub(super) const fn is_blank(&self) -> bool {
        self.decoder.is_blank()
    }

    pub(super) const fn has_rows_by_position(&self) -> bool {
        self.decoder.has_rows_by_position()
    }

    pub(super) const fn scored(&self) -> &Scored {
        &self.scored
    }

    /// Whether rows without names mean the same for both models, as far as names tell.
    pub(super) fn has_columns_of(&self, other: &Self) -> bool {
        let (own, others) = (self.schema().columns(), other.schema().columns());
        let unnamed = !self.schema().is_named() || !other.schema().is_named();
        let names = |columns: &[hotplate::Column]| -> Vec<String> {
            columns.iter().map(|column| column.name.clone()).collect()
        };
        unnamed || names(own) == names(others)
    }

    /// The columns that the other model does not have, where both name theirs.
    pub(super) fn columns_beyond(&self, other: &Self) -> Vec<&str> {
        if !self.schema().is_named() || !other.schema().is_named() {
            return Vec::new();
        }
        let names = self.schema().columns().iter().map(|column| column.name.as_str());
        names.filter(|name| other.schema().column_index(name).is_none()).collect()
    }

    /// How often each text column held a text that training never saw, where it did.
    pub(super) fn unknown_categories(&self) -> Vec<(&str, u64)> {
        self.engine.unknown_categories().filter(|&(_, texts)| texts > 0).collect()
    }

    /// Answers the rows of the next block.
    ///
    /// # Errors
    ///
    /// At the first row that is not the model's.
    pub(super) fn score(&mut self, block: &[u8], compared: &Compared) -> Result<()> {
        self.scored.scores.clear();
        self.scored.decisions.clear();
        let mut rest = block;
        while !rest.is_empty() {
            // What was decoded ends early where rows of another shape follow.
            let length =
                self.decoder.decode(rest, &mut self.columns).with_context(|| self.name())?;
            rest = &rest[length..];
            if self.columns.rows() > 0 {
                self.answer_rows(compared).with_context(|| self.name())?;
            }
        }
        Ok(())
    }

    fn answer_rows(&mut self, compared: &Compared) -> Result<()> {
        self.engine
            .predict_into(&self.columns, &mut self.answer)
            .map_err(|error| placed(&error, self.rows))?;
        let rows = self.answer.rows();
        match compared.kind {
            Kind::Classes(classes) => self.take_probabilities(classes)?,
            Kind::TwoClasses | Kind::Regressors => {
                self.scored.scores.extend((0..rows).map(|row| self.answer.score(row)));
            }
        }
        if let Some(threshold) = compared.threshold {
            let decided = (0..rows).map(|row| usize::from(self.answer.score(row) >= threshold));
            self.scored.decisions.extend(decided);
        } else if let Some(classes) = classes(self.engine) {
            for row in 0..rows {
                let class = self.answer.label(row).and_then(|label| index_of(label, classes));
                let unlisted = || anyhow!("row {}: no class of the model's", self.rows + row);
                self.scored.decisions.push(class.ok_or_else(unlisted)?);
            }
        }
        self.rows += rows;
        Ok(())
    }

    /// Takes the probability of each class of every row.
    fn take_probabilities(&mut self, classes: usize) -> Result<()> {
        let &Task::Classifier { probabilities, .. } = self.engine.signature().task() else {
            bail!("no classifier");
        };
        let data = self.answer.outputs()[probabilities].data();
        if data.len() != self.answer.rows() * classes {
            bail!("expected {classes} probabilities a row, got {} numbers", data.len());
        }
        match data {
            DataView::F32(numbers) => {
                self.scored.scores.extend(numbers.iter().map(|&number| f64::from(number)));
            }
            DataView::F64(numbers) => self.scored.scores.extend_from_slice(numbers),
            _ => bail!("expected probabilities, got an output of another type"),
        }
        Ok(())
    }

    fn schema(&self) -> &Schema {
        self.engine.signature().schema()
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }
}

fn index_of(label: Label<'_>, classes: &Labels) -> Option<usize> {
    match (label, classes) {
        (Label::Text(name), Labels::Text(names)) => names.iter().position(|own| own == name),
        (Label::Integer(number), Labels::Integers(numbers)) => {
            numbers.iter().position(|&own| own == number)
        }
        _ => None,
    }
}

/// The engine counts rows within what it was given, a person within the file.
fn placed(error: &hotplate::Error, answered: usize) -> Error {
    let message = error.to_string();
    match error.row() {
        Some(within) => match message.strip_prefix(&format!("row {within}")) {
            Some(rest) => anyhow!("row {}{rest}", answered + within),
            None => anyhow!("row {}: {message}", answered + within),
        },
        None => anyhow!("{message}"),
    }
}
