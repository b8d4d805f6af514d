//! Requests of texts, as the containers of Hugging Face take them.

use hotplate_tensor::{Columns, DType, Schema};

use crate::{
    DecodeError, DecodeErrorKind, Decoder, Predictions, decoder::Progress, error::quoted_text,
};

/// What a pair's two columns are called.
pub(crate) const PAIR: [&str; 2] = ["text", "text_pair"];

/// What a body in Hugging Face's form asks for beside its texts; see the crate's documentation for
/// the form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextRequest {
    /// How the texts came.
    pub form: TextForm,
    /// `top_k`: how many classes each answer has; the predicted one alone where it is not said.
    pub top_k: Option<TopK>,
    /// `function_to_apply`: what makes scores of logits; what the model says where it is not said.
    pub function: Option<ScoreFunction>,
}

/// How the texts of a request came, which is how their answers go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TextForm {
    /// `"inputs": "a text"`.
    #[default]
    Text,
    /// `"inputs": {"text": .., "text_pair": ..}`.
    Object,
    /// `"inputs": [..]`.
    List,
}

/// How many classes each answer has, the likeliest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopK {
    /// `null`: every one.
    All,
    /// At most so many.
    Most(usize),
}

impl TopK {
    pub(crate) fn of(self, classes: usize) -> usize {
        match self {
            Self::All => classes,
            Self::Most(most) => most.min(classes),
        }
    }
}

/// What makes scores of logits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreFunction {
    /// Each class against the others.
    Softmax,
    /// Each class by itself.
    Sigmoid,
    /// Nothing: scores are logits.
    None,
}

impl ScoreFunction {
    pub(crate) const NAMES: &str = "\"softmax\", \"sigmoid\" or \"none\"";

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [("softmax", Self::Softmax), ("sigmoid", Self::Sigmoid), ("none", Self::None)]
            .into_iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, function)| function)
    }
}

impl TextRequest {
    /// Refuses parameters, where answers are not in the form that these are about.
    ///
    /// # Errors
    ///
    /// When there are any.
    pub fn without_parameters(&self) -> Result<(), DecodeError> {
        let name = match self {
            Self { top_k: Some(_), .. } => "top_k",
            Self { function: Some(_), .. } => "function_to_apply",
            _ => return Ok(()),
        };
        let error = DecodeError::new(DecodeErrorKind::WrongParameter).with_column(name);
        Err(error.with_expected("none, where answers are records of a file".into()))
    }

    /// Whether such answers have a form of Hugging Face's: classes, values, and an only output of
    /// numbers, which are embeddings. Others are written as they always are.
    ///
    /// # Errors
    ///
    /// When a parameter asks for what the answers do not have.
    pub fn fits(&self, predictions: &Predictions<'_>) -> Result<bool, DecodeError> {
        let has_logits = match *predictions {
            Predictions::Classifier { probabilities, margins, .. } => {
                margins.is_some_and(|margins| margins.len() == probabilities.len())
            }
            Predictions::Regressor { .. } => true,
            Predictions::Tensors { .. } => false,
        };
        let has_classes = !matches!(predictions, Predictions::Tensors { .. });
        let refused = |name, expected: &'static str| {
            let error = DecodeError::new(DecodeErrorKind::WrongParameter).with_column(name);
            Err(error.with_expected(expected.into()))
        };
        if self.top_k.is_some() && !has_classes {
            return refused("top_k", "a model that tells classes apart");
        }
        if self.function.is_some() && !has_logits {
            return refused("function_to_apply", "a model that gives logits");
        }
        Ok(match predictions {
            Predictions::Tensors { outputs: [(_, output)], .. } => {
                matches!(output.data().dtype(), DType::F32 | DType::F64)
            }
            Predictions::Tensors { .. } => false,
            _ => true,
        })
    }
}

/// The most texts of a list in Hugging Face's form: their answers are written whole.
pub(crate) const MOST_TEXTS: usize = 8192;

/// Whether rows of `schema` are texts: then bodies in Hugging Face's form are taken. A column with
/// the name of one of the form's keys keeps its meaning.
pub(crate) fn are_rows_of(schema: &Schema) -> bool {
    let has_key = |name: &str| schema.column_index(name).is_some();
    schema.holds_texts() && !has_key("inputs") && !has_key("parameters")
}

impl Decoder {
    /// Appends the row of which the only text, or the first of two, is the whole body.
    pub(crate) fn plain_text(
        &self,
        text: &str,
        progress: &mut Progress,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        if !self.schema.holds_texts() {
            return Err(DecodeError::new(DecodeErrorKind::WrongType)
                .with_expected("rows, for no text alone is a row of this model".into())
                .with_got("text/plain"));
        }
        progress.begun = true;
        columns.begin_row();
        let name = &self.schema.columns()[0].name;
        columns.set_text(0, text).map_err(|error| {
            DecodeError::cell(error, quoted_text(text)).with_column(name).with_row(0)
        })
    }
}
