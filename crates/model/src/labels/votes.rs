//! Scores that count in how many pairs a class is preferred.
//!
//! A support vector machine that was taught no probabilities gives a margin for each pair of
//! classes, at least zero where it prefers the first. scikit-learn's `decision_function` makes
//! scores of them, and skl2onnx a graph of some fifty nodes: the sum of the class's pairs won, and
//! a fraction of the sum of its margins that is too small to outweigh a pair.

use super::{Labels, ML_DOMAIN, Trace};
use crate::{ModelError, onnx::Node};

impl<'a> Trace<'_, 'a> {
    /// Whether `scores` are such votes on the margins of `svm`, in the order of its classes.
    pub(super) fn is_votes(&self, scores: &'a str, svm: &Node<'a>) -> Result<bool, ModelError> {
        let Some(count) = Labels::of_node(svm)?.map(|classes| classes.len()) else {
            return Ok(false);
        };
        let Some(&[votes, fraction]) = self.inputs_of("Add", scores) else { return Ok(false) };
        let Some(sums) = self.inputs_of("Concat", votes) else { return Ok(false) };
        if sums.len() != count || !self.is_fraction(fraction)? {
            return Ok(false);
        }
        for (class, &sum) in sums.iter().enumerate() {
            let Some(terms) = self.inputs_of("Sum", sum).filter(|terms| terms.len() + 1 == count)
            else {
                return Ok(false);
            };
            // In the order of the other classes, which is how the pairs are numbered too.
            let mut pairs = Vec::with_capacity(terms.len());
            for &term in terms {
                match self.vote(term, svm)? {
                    Some(vote) => pairs.push(vote),
                    None => return Ok(false),
                }
            }
            pairs.sort_unstable();
            let others = (0..count).filter(|&other| other != class);
            let mut expected: Vec<_> = others
                .map(|other| (pair(class.min(other), class.max(other), count), class < other))
                .collect();
            expected.sort_unstable();
            if pairs != expected {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The pair that `term` is one for if the first of it is preferred (true) or the second.
    fn vote(&self, term: &str, svm: &Node<'a>) -> Result<Option<(usize, bool)>, ModelError> {
        let (second, is_first) = match self.inputs_of("Add", term) {
            Some(&[negative, one]) if self.scalar(one)? == Some(1.0) => {
                match self.inputs_of("Neg", negative) {
                    Some(&[second]) => (second, true),
                    _ => return Ok(None),
                }
            }
            _ => (term, false),
        };
        let Some(node) = self.maker_of.get(second) else { return Ok(None) };
        let (ML_DOMAIN, "ArrayFeatureExtractor", &[lost, index]) =
            (node.domain, node.op_type, &node.inputs[..])
        else {
            return Ok(None);
        };
        let Some(&[margins, zero]) = self.inputs_of("Less", self.same_value(lost)) else {
            return Ok(None);
        };
        if self.scalar(zero)? != Some(0.0) || self.root(margins)? != svm.outputs.get(1).copied() {
            return Ok(None);
        }
        Ok(match self.scalar(index)? {
            #[expect(clippy::cast_possible_truncation, reason = "checked to be small and whole")]
            #[expect(clippy::cast_sign_loss, reason = "checked to be positive")]
            Some(index) if index.fract() == 0.0 && (0.0..1e9).contains(&index) => {
                Some((index as usize, is_first))
            }
            _ => None,
        })
    }

    /// Whether `name` is `x / (3 (|x| + 1))`, which is always nearer to zero than a third.
    fn is_fraction(&self, name: &str) -> Result<bool, ModelError> {
        let Some(&[x, divisor]) = self.inputs_of("Div", name) else { return Ok(false) };
        let Some(&[sum, three]) = self.inputs_of("Mul", divisor) else { return Ok(false) };
        let Some(&[size, one]) = self.inputs_of("Add", sum) else { return Ok(false) };
        let Some(&[of]) = self.inputs_of("Abs", size) else { return Ok(false) };
        Ok(of == x && self.scalar(one)? == Some(1.0) && self.scalar(three)? == Some(3.0))
    }

    fn inputs_of(&self, op_type: &str, name: &str) -> Option<&[&'a str]> {
        self.made_by(op_type, name).map(|node| &node.inputs[..])
    }
}

/// The number of the pair of these classes, of `count`: those of the first class come first.
const fn pair(first: usize, second: usize, count: usize) -> usize {
    first * (2 * count - first - 1) / 2 + second - first - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        labels::tests::traced,
        onnx::fixture::{FLOAT, INT64, Writer, int, ints, ml_operation, operation, shape, tensor},
    };

    /// The graph that skl2onnx makes of three classes, with a sum of these terms for each: `v0` is
    /// one where the first pair is lost, and `w0` where it is won.
    fn is_classifier(sums: [[&str; 2]; 3], one: f32) -> bool {
        let node = |op_type: &str, inputs: &[&str], output: &str| {
            let axis = [int("axis", 1)];
            let attributes = if op_type == "Concat" { &axis[..] } else { &[] };
            operation(op_type, inputs, &[output], attributes)
        };
        let labels = ints("classlabels_ints", &[3, 1, 2]);
        let cast =
            |input: &str, output: &str| operation("Cast", &[input], &[output], &[int("to", FLOAT)]);
        let mut nodes = vec![
            ml_operation("SVMClassifier", &["x"], &["label", "m"], &[labels]),
            cast("m", "margins"),
            node("Less", &["margins", "zero"], "lost"),
            cast("lost", "losses"),
            node("Concat", &["s0", "s1", "s2"], "votes"),
            node("Abs", &["sums"], "size"),
            node("Add", &["size", "one"], "a"),
            node("Mul", &["a", "three"], "b"),
            node("Div", &["sums", "b"], "fraction"),
            node("Add", &["votes", "fraction"], "scores"),
        ];
        for pair in ["0", "1", "2"] {
            let [lost, negative, won] = ["v", "n", "w"].map(|name| format!("{name}{pair}"));
            let extract = ["losses", &format!("p{pair}")];
            nodes.push(ml_operation("ArrayFeatureExtractor", &extract, &[&lost], &[]));
            nodes.push(node("Neg", &[&lost], &negative));
            nodes.push(node("Add", &[&negative, "one"], &won));
        }
        for (sum, output) in sums.iter().zip(["s0", "s1", "s2"]) {
            nodes.push(node("Sum", sum, output));
        }
        let number = |name: &str, number: f32| tensor(name, FLOAT, &[]).float(4, number);
        let constants: [Writer; 6] = [
            number("zero", 0.0),
            number("one", one),
            number("three", 3.0),
            shape("p0", &[0]),
            shape("p1", &[1]),
            shape("p2", &[2]),
        ];
        let classes = traced(&nodes, &constants, INT64);
        assert!(classes.is_none() || classes == Some(Labels::Integers(vec![3, 1, 2])));
        classes.is_some()
    }

    #[test]
    fn votes_are_scores_where_each_class_has_its_own_pairs() {
        let right = [["w0", "w1"], ["v0", "w2"], ["v1", "v2"]];
        assert!(is_classifier(right, 1.0));
        assert!(!is_classifier(right, 0.5));
        let [a, b, c] = right;
        assert!(!is_classifier([b, a, c], 1.0), "in another order");
        assert!(!is_classifier([["v0", "w1"], b, c], 1.0), "lost, not won");
        assert!(!is_classifier([["w0", "w0"], b, c], 1.0), "one pair twice");
        assert!(!is_classifier([["w0", "x"], b, c], 1.0), "no vote");
    }

    #[test]
    fn pairs_are_numbered_by_the_first_and_then_the_second() {
        let all = (0..4).flat_map(|first| (first + 1..4).map(move |second| (first, second)));
        let numbers: Vec<usize> = all.map(|(first, second)| pair(first, second, 4)).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5]);
    }
}
