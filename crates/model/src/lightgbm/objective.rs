use super::{
    fault::{Problem, Wrong},
    text::{Value, shown},
};

/// What a model was trained for.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Objective {
    /// A number, by one of the losses that need no link.
    Regression {
        /// How errors were weighed.
        loss: Loss,
        /// Whether the roots of the labels were learned (`reg_sqrt`).
        sqrt: bool,
    },
    /// A count, by its logarithm.
    Poisson,
    /// A positive number, by its logarithm.
    Gamma,
    /// A number that is often 0, by its logarithm.
    Tweedie,
    /// One of two classes.
    Binary {
        /// The steepness of the logistic function.
        sigmoid: f64,
    },
    /// One of several classes, their probabilities together 1.
    Multiclass,
    /// One of several classes, each against all others.
    MulticlassOva {
        /// The steepness of the logistic function.
        sigmoid: f64,
    },
    /// A number between 0 and 1 (`cross_entropy`).
    CrossEntropy,
    /// The same by another parameter, which is not below 0 (`cross_entropy_lambda`).
    CrossEntropyLambda,
    /// A rank within a query, by LambdaMART.
    Lambdarank,
    /// A rank within a query, by XE-NDCG.
    RankXendcg,
    /// The trainer's own, which the file does not name: its predictions are the raw scores.
    Custom,
}

/// How a regression weighed its errors. The answer does not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Loss {
    /// Squares (`regression`).
    L2,
    /// Absolute values (`regression_l1`).
    L1,
    /// Squares near 0, absolute values beyond (`huber`).
    Huber,
    /// The fair loss (`fair`).
    Fair,
    /// The pinball loss (`quantile`).
    Quantile,
    /// Absolute percentages (`mape`).
    Mape,
}

/// How the raw scores `s` of a row become its prediction: `ConvertOutput` of the objectives in the
/// library's `src/objective`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Transform {
    /// `s`.
    Identity,
    /// `sign(s) * s * s`.
    SignedSquare,
    /// `exp(s)`.
    Exponential,
    /// `1 / (1 + exp(-sigmoid * s))`, each score by itself. With two classes the one score gives
    /// the probability of class 1.
    Logistic {
        /// The steepness, above 0.
        sigmoid: f64,
    },
    /// `exp(s - m) / sum(exp(s - m))`, `m` being the row's largest score.
    Softmax,
    /// `log(1 + exp(s))`.
    Softplus,
}

impl Objective {
    /// How scores become predictions.
    pub const fn transform(self) -> Transform {
        match self {
            Self::Regression { sqrt: true, .. } => Transform::SignedSquare,
            Self::Poisson | Self::Gamma | Self::Tweedie => Transform::Exponential,
            Self::Binary { sigmoid } | Self::MulticlassOva { sigmoid } => {
                Transform::Logistic { sigmoid }
            }
            Self::CrossEntropy => Transform::Logistic { sigmoid: 1.0 },
            Self::CrossEntropyLambda => Transform::Softplus,
            Self::Multiclass => Transform::Softmax,
            Self::Regression { sqrt: false, .. }
            | Self::Lambdarank
            | Self::RankXendcg
            | Self::Custom => Transform::Identity,
        }
    }

    /// The classes that are told apart by so many scores a row, if classes are what comes out.
    pub(super) const fn classes(self, scores: usize) -> Option<usize> {
        match self {
            Self::Binary { .. } => Some(2),
            Self::Multiclass | Self::MulticlassOva { .. } => Some(scores),
            _ => None,
        }
    }

    /// Reads the line `objective`, or its absence, for a model of so many scores a row.
    pub(super) fn read(value: Option<Value<'_>>, scores: usize) -> Result<Self, Wrong> {
        let Some(value) = value else { return Ok(Self::Custom) };
        let mut words = value.words();
        let name = words.next().unwrap_or_default();
        let wrong = |problem: Problem| problem.at(value.offset);
        let sqrt = || value.words().skip(1).any(|word| word == "sqrt");
        let parameter = |name: &'static str| {
            let mut found = value
                .words()
                .skip(1)
                .filter_map(|word| word.strip_prefix(name)?.strip_prefix(':')?.parse().ok())
                .filter(|parameter: &f64| *parameter > 0.0 && parameter.is_finite());
            match (found.next(), found.next()) {
                (Some(parameter), None) => Ok(parameter),
                _ => Err(wrong(Problem::Parameter { name })),
            }
        };
        let regression = |loss| Self::Regression { loss, sqrt: sqrt() };
        // The other names are those that old versions wrote, or took as aliases.
        let objective = match name {
            "regression"
            | "regression_l2"
            | "mean_squared_error"
            | "mse"
            | "l2"
            | "l2_root"
            | "root_mean_squared_error"
            | "rmse" => regression(Loss::L2),
            "regression_l1" | "mean_absolute_error" | "l1" | "mae" => regression(Loss::L1),
            // The one that takes no notice of the word.
            "huber" => Self::Regression { loss: Loss::Huber, sqrt: false },
            "fair" => regression(Loss::Fair),
            "quantile" => regression(Loss::Quantile),
            "mape" | "mean_absolute_percentage_error" => regression(Loss::Mape),
            "poisson" => Self::Poisson,
            "gamma" => Self::Gamma,
            "tweedie" => Self::Tweedie,
            "binary" => Self::Binary { sigmoid: parameter("sigmoid")? },
            "multiclass" | "softmax" => Self::Multiclass,
            "multiclassova" | "multiclass_ova" | "ova" | "ovr" => {
                Self::MulticlassOva { sigmoid: parameter("sigmoid")? }
            }
            "cross_entropy" | "xentropy" => Self::CrossEntropy,
            "cross_entropy_lambda" | "xentlambda" => Self::CrossEntropyLambda,
            "lambdarank" => Self::Lambdarank,
            "rank_xendcg" | "xendcg" | "xe_ndcg" | "xe_ndcg_mart" | "xendcg_mart" => {
                Self::RankXendcg
            }
            "custom" | "none" | "null" | "na" => Self::Custom,
            other => return Err(wrong(Problem::UnknownObjective { got: shown(other) })),
        };
        match objective {
            Self::Custom => {}
            Self::Multiclass | Self::MulticlassOva { .. } => {
                // Written as an integer, and far below the largest that a float64 can tell apart.
                #[expect(clippy::cast_precision_loss, reason = "the number of trees bounds it")]
                let fits = scores > 1 && parameter("num_class")? == scores as f64;
                if !fits {
                    return Err(wrong(Problem::Scores { objective: "multiclass", got: scores }));
                }
            }
            _ if scores == 1 => {}
            _ => return Err(wrong(Problem::Scores { objective: "of one score", got: scores })),
        }
        Ok(objective)
    }
}
