//! From the sum of the trees to the answer, with ONNX Runtime's rules and rounding.

/// What is made of the trees' sum.
#[derive(Debug)]
pub(crate) enum Head {
    /// A value: the sum, divided for an average, then the base added.
    Value { base: Option<f32>, divisor: Option<f32> },
    /// Two classes by one score.
    Binary(Binary),
}

/// Two classes by one score, that of the second.
#[derive(Debug)]
pub(crate) struct Binary {
    /// Two of them.
    pub(crate) labels: Labels,
    pub(crate) base: Option<f32>,
    /// Whether no leaf weighs less than zero: the score is a probability then, and one half cuts.
    pub(crate) all_positive: bool,
    /// Whether the score is a log-odds that the logistic function makes a probability.
    pub(crate) logistic: bool,
}

/// What the classes are called.
#[derive(Clone, Debug)]
pub(crate) enum Labels {
    Texts(Vec<String>),
    Integers(Vec<i64>),
}

impl Labels {
    pub(crate) const fn len(&self) -> usize {
        match self {
            Self::Texts(texts) => texts.len(),
            Self::Integers(integers) => integers.len(),
        }
    }
}

impl Binary {
    /// The index of the class, and the scores of both.
    pub(crate) fn decide(&self, sum: f32) -> (usize, [f32; 2]) {
        let score = self.base.map_or(sum, |base| sum + base);
        let cut = if self.all_positive { 0.5 } else { 0.0 };
        let scores = if self.logistic {
            [logistic(-score), logistic(score)]
        } else if self.all_positive {
            [1.0 - score, score]
        } else {
            [-score, score]
        };
        (usize::from(score > cut), scores)
    }
}

/// 1 / (1 + e⁻ˢ) in ONNX Runtime's form, which rounds differently from the textbook's.
fn logistic(s: f32) -> f32 {
    let v = 1.0 / (1.0 + (-s.abs()).exp());
    if s < 0.0 { 1.0 - v } else { v }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positive_weights_are_cut_at_one_half() {
        let labels = Labels::Integers(vec![0, 1]);
        let mut head = Binary { labels, base: None, all_positive: true, logistic: false };
        assert_eq!(head.decide(0.25), (0, [0.75, 0.25]));
        head.all_positive = false;
        assert_eq!(head.decide(0.25), (1, [-0.25, 0.25]));
    }

    #[test]
    fn logistic_is_symmetric_and_saturates() {
        assert_eq!(logistic(0.0), 0.5);
        assert_eq!(logistic(200.0), 1.0);
        assert_eq!(logistic(-200.0), 0.0);
        for s in [0.1_f32, 1.0, 3.5] {
            assert_eq!(logistic(-s), 1.0 - logistic(s));
        }
        assert!(logistic(f32::NAN).is_nan());
    }
}
