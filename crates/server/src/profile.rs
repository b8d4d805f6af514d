//! Answering as SageMaker's framework containers do, byte by byte.
//!
//! A team that replaces such a container changes nothing else: what their clients send is read as
//! the container reads it, and what they get is what it writes, for the same model. That includes
//! what the container does badly; without a profile none of this is done.
//!
//! The containers are Flask applications, and what those answer to some hundred requests is
//! recorded in the tests. Not the same are: texts that name the time or an address of the process,
//! texts and the order of keys that Python's hashes decide, and digits beyond ASCII, which Python
//! reads as numbers.

mod flask;
mod sklearn;
mod xgboost;

use std::ops::Range;

use hotplate::{Answer, Combine, Engine, Error, OpenOptions, Terms};
use hotplate_codec::profile::Table;

use crate::{head::Head, problem::Problem, reply::Reply};

/// The container whose replies are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Container {
    /// That of XGBoost, in algorithm mode. The model must be XGBoost's.
    Xgboost,
    /// That of scikit-learn, with its default handlers.
    Sklearn,
}

/// A container, and what its environment variables say.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The container.
    pub container: Container,
    /// `SAGEMAKER_BATCH`: replies are for batch transform.
    pub batch: bool,
    /// `SAGEMAKER_MULTI_MODEL`: replies are those of a multi-model endpoint.
    pub multi_model: bool,
    /// `SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT`: the type of replies to clients that accept any.
    pub default_accept: Option<String>,
    /// `SAGEMAKER_INFERENCE_OUTPUT`: the keys of a reply, between commas.
    pub inference_output: Option<String>,
    /// `SAGEMAKER_INFERENCE_ENSEMBLE`: all model files of a folder answer as one.
    pub inference_ensemble: bool,
}

/// What a container looks at before the body.
#[derive(Clone, Debug, Default)]
pub struct Headers {
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Accept`.
    pub accept: Option<String>,
}

impl From<&Head<'_>> for Headers {
    fn from(head: &Head<'_>) -> Self {
        let owned = |header: Option<&str>| header.map(str::to_owned);
        Self { content_type: owned(head.content_type), accept: owned(head.accept) }
    }
}

/// The most cells, or a few more, that are made of a table that lacks some.
const BLOCK_CELLS: usize = 1 << 20;

/// What a model said to the rows of a table.
enum Answers {
    /// Of XGBoost, the numbers that its booster predicts.
    Scores(Vec<f32>),
    /// Of a table that was asked at once.
    One(Option<Answer>),
}

impl Profile {
    /// A container whose variables say nothing.
    pub const fn new(container: Container) -> Self {
        Self {
            container,
            batch: false,
            multi_model: false,
            default_accept: None,
            inference_output: None,
            inference_ensemble: true,
        }
    }

    /// How to open models, where `options` does not say.
    ///
    /// The container of XGBoost takes all files of a folder for boosters that answer together, or
    /// the first where it is told that they do not. Which one is first is its file system's to say;
    /// here it is the first by name.
    #[must_use]
    pub fn open_options(&self, options: OpenOptions) -> OpenOptions {
        match self.container {
            Container::Xgboost if self.inference_ensemble => {
                options.combine_unless_said(Combine::Xgboost)
            }
            Container::Xgboost => options.first_file_unless_said(),
            Container::Sklearn => options,
        }
    }

    /// Checks that a model is one of those that the container holds.
    ///
    /// # Errors
    ///
    /// What it should be, for a person.
    pub fn check(&self, engine: &Engine) -> Result<(), &'static str> {
        match self.container {
            Container::Xgboost if engine.signature().objective().is_none() => {
                Err("the profile xgboost is for models that XGBoost wrote; this is none")
            }
            _ => Ok(()),
        }
    }

    /// Answers a request to predict.
    pub fn answer(
        &self,
        headers: &Headers,
        body: &[u8],
        engine: &Engine,
        terms: &Terms,
        reply: &mut Reply,
    ) {
        reply.clear();
        let Some(table) = self.read(headers, body, engine, reply) else { return };
        let (mut answers, mut cells) = (self.no_answers(), Vec::new());
        for rows in blocks(&table, engine) {
            table.rows_into(rows, width(engine), &mut cells);
            let mut answer = engine.answer();
            if let Err(error) = engine.predict_with(terms, &cells, &mut answer) {
                return self.refuse(error, reply);
            }
            answers.add(engine, answer);
        }
        self.write(headers, engine, table.rows(), &answers, reply);
    }

    /// As [`answer`](Self::answer), in a task that does not block while the model is run.
    pub(crate) async fn answer_in_task(
        &self,
        headers: &Headers,
        body: &[u8],
        engine: &Engine,
        terms: &Terms,
        reply: &mut Reply,
    ) {
        reply.clear();
        let Some(table) = self.read(headers, body, engine, reply) else { return };
        let (mut answers, mut cells) = (self.no_answers(), Vec::new());
        for rows in blocks(&table, engine) {
            table.rows_into(rows, width(engine), &mut cells);
            let asked = engine.infer_with(terms, &cells, engine.answer()).await;
            match asked {
                Ok(answer) => answers.add(engine, answer),
                Err(unanswered) => return self.refuse(unanswered.error, reply),
            }
        }
        self.write(headers, engine, table.rows(), &answers, reply);
    }

    /// Reads the body, or writes the reply to one that cannot be read.
    fn read(
        &self,
        headers: &Headers,
        body: &[u8],
        engine: &Engine,
        reply: &mut Reply,
    ) -> Option<Table> {
        match self.container {
            Container::Xgboost => xgboost::read(self, headers, body, width(engine), reply),
            Container::Sklearn => sklearn::read(headers, body, width(engine), reply),
        }
    }

    fn no_answers(&self) -> Answers {
        match self.container {
            Container::Xgboost => Answers::Scores(Vec::new()),
            Container::Sklearn => Answers::One(None),
        }
    }

    fn write(
        &self,
        headers: &Headers,
        engine: &Engine,
        rows: usize,
        answers: &Answers,
        reply: &mut Reply,
    ) {
        match answers {
            Answers::Scores(numbers) => xgboost::write(self, headers, engine, numbers, reply),
            Answers::One(Some(answer)) => sklearn::write(self, headers, engine, answer, reply),
            Answers::One(None) => flask::failed(reply),
        }
        reply.rows = rows;
    }

    /// Answers a request that the engine did not.
    fn refuse(&self, error: Error, reply: &mut Reply) {
        let text = error.to_string();
        Problem::from(error).answer(reply);
        // What has another status is about what else goes on, and not about the rows.
        if reply.status == 400 {
            match self.container {
                Container::Xgboost => xgboost::not_evaluated(self, &text, reply),
                Container::Sklearn => flask::failed(reply),
            }
        }
    }
}

impl Answers {
    fn add(&mut self, engine: &Engine, answer: Answer) {
        match self {
            Self::Scores(numbers) => xgboost::add_scores(engine, &answer, numbers),
            Self::One(one) => *one = Some(answer),
        }
    }
}

fn width(engine: &Engine) -> usize {
    engine.columns().len()
}

/// The rows that are asked at once, one after the other: all of a table that has the model's columns,
/// since that is no larger as rows.
///
/// Where there are several, each has at least two: a row alone is averaged in an order of its own.
fn blocks(table: &Table, engine: &Engine) -> impl Iterator<Item = Range<usize>> + use<> {
    let (rows, width) = (table.rows(), width(engine));
    let is_whole = table.is_dense() && table.columns() == width;
    let block = if is_whole { rows } else { BLOCK_CELLS / width.max(1) }.max(2);
    let mut start = 0;
    std::iter::from_fn(move || {
        let left = rows - start;
        let end = if left <= block + 1 { rows } else { start + block };
        (left > 0).then(|| std::mem::replace(&mut start, end)..end)
    })
}
