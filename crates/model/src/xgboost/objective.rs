use std::fmt;

/// What a model was trained for, as far as its answers depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Objective {
    /// XGBoost's name for it.
    pub name: &'static str,
    /// What becomes of margins.
    pub transform: Transform,
    link: Link,
}

/// What becomes of a row's margins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transform {
    /// Nothing: margins are the answer.
    Identity,
    /// `1 / (1 + exp(min(-x, 88.7)))` of each.
    Sigmoid,
    /// `exp(x)` of each.
    Exp,
    /// 1 for a margin above 0, else 0.
    Hinge,
    /// `exp(x - max)` of each, divided by their sum (in float64) over the row's groups.
    Softmax,
}

/// What makes the base score a margin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Identity,
    Logit,
    Log,
    /// The logit up to 1.2, where the objective was forgotten to be a raw one.
    LogitOfOld,
}

const OBJECTIVES: [Objective; 24] = {
    use Transform::{Exp, Hinge, Identity, Sigmoid, Softmax};
    [
        of("reg:squarederror", Identity, Link::Identity),
        of("reg:linear", Identity, Link::Identity),
        of("reg:squaredlogerror", Identity, Link::Identity),
        of("reg:pseudohubererror", Identity, Link::Identity),
        of("reg:absoluteerror", Identity, Link::Identity),
        of("reg:quantileerror", Identity, Link::Identity),
        of("reg:logistic", Sigmoid, Link::Logit),
        of("reg:gamma", Exp, Link::Log),
        of("reg:tweedie", Exp, Link::Log),
        of("count:poisson", Exp, Link::Log),
        of("survival:cox", Exp, Link::Log),
        of("survival:aft", Exp, Link::Log),
        of("binary:logistic", Sigmoid, Link::Logit),
        of("binary:logitraw", Identity, Link::LogitOfOld),
        of("binary:hinge", Hinge, Link::Identity),
        of("multi:softmax", Softmax, Link::Identity),
        of("multi:softprob", Softmax, Link::Identity),
        of("rank:pairwise", Identity, Link::Identity),
        of("rank:ndcg", Identity, Link::Identity),
        of("rank:map", Identity, Link::Identity),
        // The same on a GPU, as releases before 1.0 spelt them.
        of("gpu:reg:linear", Identity, Link::Identity),
        of("gpu:reg:logistic", Sigmoid, Link::Logit),
        of("gpu:binary:logitraw", Identity, Link::LogitOfOld),
        of("gpu:binary:logistic", Sigmoid, Link::Logit),
    ]
};

const fn of(name: &'static str, transform: Transform, link: Link) -> Objective {
    Objective { name, transform, link }
}

/// The release that wrote a file: major and minor.
pub(super) type Release = (u32, u32);

impl Objective {
    /// The objective that XGBoost calls `name`.
    pub(super) fn named(name: &str) -> Option<Self> {
        OBJECTIVES.into_iter().find(|objective| objective.name == name)
    }

    /// Whether it tells two classes apart and gives the probability of the second.
    pub fn is_binary_classifier(&self) -> bool {
        matches!(self.name, "binary:logistic" | "gpu:binary:logistic")
    }

    /// The margin that a base score stands for in a file of `release`, as that release computes it.
    pub(super) fn margin(&self, base_score: f32, release: Release) -> f32 {
        match self.link {
            Link::Identity => base_score,
            Link::Log => base_score.ln(),
            Link::LogitOfOld if release >= (1, 3) => base_score,
            Link::Logit | Link::LogitOfOld => {
                /// From 3.2 on a base score at the ends is moved off them.
                const EDGE: f32 = 1e-6;
                let bounded = base_score.clamp(EDGE, 1.0 - EDGE);
                let probability = if release >= (3, 2) { bounded } else { base_score };
                -(1.0 / probability - 1.0).ln()
            }
        }
    }
}

/// Writes the names of all objectives.
pub(super) fn list(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, objective) in OBJECTIVES.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        write!(f, "{comma}{}", objective.name)?;
    }
    Ok(())
}
