//! Answering as SageMaker's framework containers do, byte by byte.
//!
//! A team that replaces such a container changes nothing else: what their clients send is read as
//! the container reads it, and what they get is what it writes, for the same model. That includes
//! what the container does badly; without a profile none of this is done.
//!
//! A profile is how a body is read and a reply is written, and no more: who is asked, when, and what
//! happens beside is as without one. Replies are whole, since the containers' are: none is streamed.
//!
//! The containers are Flask applications, and what those answer to some hundred requests is
//! recorded in the tests. Not the same are: texts that name the time or an address of the process,
//! texts and the order of keys that Python's hashes decide, and digits beyond ASCII, which Python
//! reads as numbers.

mod flask;
mod imitation;
mod sklearn;
mod xgboost;

use hotplate::{Combine, DType, Engine, InputSpec, OpenOptions};

pub(crate) use self::imitation::{Imitated, Imitation};
use crate::head::Head;

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
#[derive(Debug)]
struct Headers {
    content_type: Option<String>,
    accept: Option<String>,
}

impl From<&Head<'_>> for Headers {
    fn from(head: &Head<'_>) -> Self {
        let owned = |header: Option<&str>| header.map(str::to_owned);
        Self { content_type: owned(head.content_type), accept: owned(head.accept) }
    }
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
        let signature = engine.signature();
        let schema = signature.schema();
        let is_of_numbers = |input: &InputSpec| !matches!(input.dtype, DType::Str | DType::Bool);
        match self.container {
            Container::Xgboost if signature.objective().is_none() => {
                Err("the profile xgboost is for models that XGBoost wrote; this is none")
            }
            Container::Sklearn
                if !schema.is_table()
                    || !matches!(schema.inputs(), [one] if is_of_numbers(one)) =>
            {
                Err(
                    "the profile sklearn is for models of one table of numbers; this has other inputs",
                )
            }
            _ => Ok(()),
        }
    }
}
