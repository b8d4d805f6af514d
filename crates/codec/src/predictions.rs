use hotplate_tensor::{DataView, TensorView};

/// What a reply is written from: the answers of one batch of one request.
///
/// All parts are row-major and of the same rows, [`rows`](Self::rows) of them. Nothing else would
/// tell which answer is whose, so that a reply is not written from parts that disagree.
#[derive(Clone, Copy, Debug)]
pub enum Predictions<'a> {
    /// Classes.
    Classifier {
        /// The predicted class of each row: text or integers.
        labels: DataView<'a>,
        /// `[rows, classes]`, floats.
        probabilities: DataView<'a>,
        /// The number of classes.
        classes: usize,
        /// The classes themselves in the order of their probabilities, where they are known.
        names: Option<DataView<'a>>,
        /// What probabilities are made of, floats, where it is known: `[rows, classes]`, or `[rows]`
        /// of the second of two classes.
        margins: Option<DataView<'a>>,
    },
    /// One number for each row.
    Regressor {
        /// `[rows]`, whatever axes of length one follow: each element is a row.
        values: DataView<'a>,
    },
    /// Whatever a graph gives.
    Tensors {
        /// The number of rows.
        rows: usize,
        /// Each output and its name; axis 0 is rows.
        outputs: &'a [(&'a str, TensorView<'a>)],
    },
}

impl Predictions<'_> {
    /// The number of rows answered.
    pub fn rows(&self) -> usize {
        match self {
            Self::Classifier { labels, .. } => labels.len(),
            Self::Regressor { values } => values.len(),
            Self::Tensors { rows, .. } => *rows,
        }
    }

    /// # Panics
    ///
    /// When the parts disagree about the number of rows.
    pub(crate) fn check_rows(&self) {
        let rows = self.rows();
        match self {
            Self::Classifier { probabilities, classes, margins, .. } => {
                let got = probabilities.len();
                assert!(
                    Some(got) == rows.checked_mul(*classes),
                    "{got} probabilities of {classes} classes for {rows} rows"
                );
                let got = margins.map_or(0, |margins| margins.len());
                assert!(
                    got == rows || got == 0 || got == probabilities.len(),
                    "{got} margins for {rows} rows"
                );
            }
            // A value is a row.
            Self::Regressor { .. } => {}
            Self::Tensors { outputs, .. } => {
                for (name, tensor) in *outputs {
                    let got = tensor.shape().rows();
                    assert!(got == rows, "output {name:?} of {got} rows for {rows} rows");
                }
            }
        }
    }
}

/// A part of a classifier's or regressor's answer that a client can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// The class; of a regressor, nothing.
    PredictedLabel,
    /// The probability of the second of two classes, or the greatest of more; a regressor's value.
    Score,
    /// [`Score`](Self::Score) under the name that SageMaker gives it for classifiers.
    Probability,
    /// [`Score`](Self::Score) under the name that SageMaker gives it for regressors.
    PredictedScore,
    /// The probability of every class; of a regressor, nothing.
    Probabilities,
    /// Every class, in the order of its probability; of a regressor, nothing.
    Labels,
    /// The margin of the second of two classes, or the greatest of more; nothing where margins are
    /// not known.
    RawScore,
    /// The margins; nothing where they are not known.
    RawScores,
}

impl Field {
    /// The key on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PredictedLabel => "predicted_label",
            Self::Score => "score",
            Self::Probability => "probability",
            Self::PredictedScore => "predicted_score",
            Self::Probabilities => "probabilities",
            Self::Labels => "labels",
            Self::RawScore => "raw_score",
            Self::RawScores => "raw_scores",
        }
    }

    /// Whether it needs margins.
    pub const fn is_raw(self) -> bool {
        matches!(self, Self::RawScore | Self::RawScores)
    }

    /// The field of this name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::PredictedLabel,
            Self::Score,
            Self::Probability,
            Self::PredictedScore,
            Self::Probabilities,
            Self::Labels,
            Self::RawScore,
            Self::RawScores,
        ]
        .into_iter()
        .find(|field| field.name().eq_ignore_ascii_case(name))
    }
}
