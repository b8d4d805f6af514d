//! One request under a profile.

use std::{ops::Range, sync::Arc};

use hotplate::{Answer, Columns, Engine, Error, Input};
use hotplate_codec::profile::Table;

use super::{Container, Headers, Profile, flask, sklearn, xgboost};
use crate::{
    head::Head,
    problem::{Problem, Refusal},
    reply::Reply,
    wishes::Wishes,
};

/// What is known of a request under a profile before its body.
#[derive(Debug)]
pub(crate) struct Imitated {
    profile: Arc<Profile>,
    headers: Headers,
    /// The reasons behind a score are none of them: the containers' replies have no place for those.
    pub(crate) wishes: Wishes,
}

/// Such a request with its body: what was read, and what a model said to the rows so far.
#[derive(Debug)]
pub(crate) struct Imitation<'r> {
    profile: &'r Profile,
    headers: &'r Headers,
    engine: &'r Engine,
    table: Table,
    /// The first row that was not asked.
    next: usize,
    /// Of XGBoost, the numbers that its booster predicts.
    scores: Vec<f32>,
}

/// The most cells, or a few more, that are made of a table that lacks some.
const BLOCK_CELLS: usize = 1 << 20;

impl Imitated {
    /// What a head says.
    ///
    /// The containers do not look at custom attributes, which belong to the client. So wishes that
    /// stand there are heard where all of them are understood, and are no reason to refuse.
    pub(crate) fn of(profile: &Arc<Profile>, head: &Head<'_>) -> Self {
        let wishes = Wishes { explain: None, ..Wishes::of(head).unwrap_or_default() };
        Self { profile: Arc::clone(profile), headers: head.into(), wishes }
    }
}

impl<'r> Imitation<'r> {
    /// A request to this engine, of which nothing was read yet.
    pub(crate) fn new(imitated: &'r Imitated, engine: &'r Engine) -> Self {
        Self {
            profile: &imitated.profile,
            headers: &imitated.headers,
            engine,
            table: Table::dense(1, Vec::new()),
            next: 0,
            scores: Vec::new(),
        }
    }

    /// Reads the body.
    ///
    /// # Errors
    ///
    /// When the container could not.
    pub(crate) fn read(&mut self, body: &[u8], reply: &mut Reply) -> Result<(), Refusal> {
        let width = self.engine.columns().len();
        self.table = match self.profile.container {
            Container::Xgboost => xgboost::read(self.profile, self.headers, body, width, reply),
            Container::Sklearn => sklearn::read(self.headers, body, width, reply),
        }?;
        Ok(())
    }

    /// Replaces `rows` by the next of the table, which are asked at once; says whether there are any.
    ///
    /// # Errors
    ///
    /// When the model does not read them.
    pub(crate) fn next(&mut self, rows: &mut Columns, reply: &mut Reply) -> Result<bool, Refusal> {
        let block = self.block();
        if block.is_empty() {
            return Ok(false);
        }
        self.next = block.end;
        let mut memory = Vec::new();
        let cells = self.table.cells(block, self.engine.columns().len(), &mut memory);
        match cells.stage(rows) {
            Ok(()) => Ok(true),
            Err(error) => Err(self.refuse(error, reply)),
        }
    }

    /// All rows of a table that has the model's columns, since that is no larger as rows; else so
    /// many that a short body does not take much memory.
    ///
    /// Where there are several blocks, each has at least two rows: a row alone is averaged in an order
    /// of its own.
    fn block(&self) -> Range<usize> {
        let (table, width) = (&self.table, self.engine.columns().len());
        let left = table.rows() - self.next;
        let is_whole = table.is_dense() && table.columns() == width;
        let most = if is_whole { left } else { BLOCK_CELLS / width.max(1) }.max(2);
        self.next..self.next + if left <= most + 1 { left } else { most }
    }

    /// Keeps what the model said to them.
    pub(crate) fn add(&mut self, answer: &Answer) {
        if self.profile.container == Container::Xgboost {
            xgboost::add_scores(self.engine, answer, &mut self.scores);
        }
    }

    /// Writes the reply, when all rows were asked; `answer` is that to the last.
    ///
    /// # Errors
    ///
    /// When the container could not.
    pub(crate) fn write(&self, answer: &Answer, reply: &mut Reply) -> Result<(), Refusal> {
        let Self { profile, headers, engine, .. } = *self;
        match profile.container {
            Container::Xgboost => xgboost::write(profile, headers, engine, &self.scores, reply),
            Container::Sklearn if self.next == 0 => Err(flask::failed(reply)),
            Container::Sklearn => sklearn::write(profile, headers, engine, answer, reply),
        }?;
        reply.rows = self.next;
        Ok(())
    }

    /// Says why there is no answer, in the container's words where that is because of the rows.
    pub(crate) fn refuse(&self, error: Error, reply: &mut Reply) -> Refusal {
        let text = error.to_string();
        let problem = Problem::from(error);
        match (problem.on_the_wire(), self.profile.container) {
            ((400, _), Container::Xgboost) => xgboost::not_evaluated(self.profile, &text, reply),
            ((400, _), Container::Sklearn) => flask::failed(reply),
            // About what else goes on.
            _ => problem.into(),
        }
    }
}
