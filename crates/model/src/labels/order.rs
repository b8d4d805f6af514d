//! Whether scores are in the order of the classes that a label is chosen from.
//!
//! Scores are followed back through operators that keep the order of the elements of a row, and so
//! is what the label is chosen by. Where both come to the same value, they agree on the greatest.

use hotplate_tensor::Data;

use super::{Choice, FOLLOWED_NODES, ML_DOMAIN, Trace, goes_over_classes};
use crate::{ModelError, onnx::Node};

/// The operator that gives a score for each pair of classes, unless it was taught probabilities.
const SVM: &str = "SVMClassifier";

impl<'a> Trace<'_, 'a> {
    /// Whether the classes of this choice are in the order of these scores.
    pub(super) fn orders(
        &self,
        choice: &Choice<'_, 'a>,
        scores: &'a str,
    ) -> Result<bool, ModelError> {
        let Some(root) = self.root(scores)? else { return Ok(false) };
        if self.is_of_pairs(root)? {
            return Ok(false);
        }
        match *choice {
            Choice::Greatest(value) => Ok(self.root(value)? == Some(root)),
            Choice::Second(value) => self.is_second(value, root),
            Choice::Node(node) => match node.outputs.get(1) {
                Some(&made) if made == root => Ok(true),
                Some(_) if node.op_type == SVM => self.is_votes(root, node),
                _ => Ok(false),
            },
        }
    }

    /// The value that has its elements in the order of this one's, the furthest back.
    pub(super) fn root(&self, mut name: &'a str) -> Result<Option<&'a str>, ModelError> {
        for _ in 0..FOLLOWED_NODES {
            let Some(&node) = self.maker_of.get(name) else { return Ok(Some(name)) };
            match self.same_order(node)? {
                Some(input) => name = input,
                None => return Ok(Some(name)),
            }
        }
        Ok(None)
    }

    /// The input whose order within a row is that of the node's output, if there is one.
    fn same_order(&self, node: &Node<'a>) -> Result<Option<&'a str>, ModelError> {
        Ok(match (node.domain, node.op_type, &node.inputs[..]) {
            ("", "Exp" | "Flatten" | "Identity" | "Reshape" | "Sigmoid", &[input, ..])
            | ("", "Squeeze" | "Unsqueeze", &[input, ..])
            | (ML_DOMAIN, "ZipMap", &[input]) => Some(input),
            ("", "Cast", &[input]) if is_float(node.int("to")?) => Some(input),
            ("", "LogSoftmax" | "LpNormalization" | "Softmax", &[input])
                if goes_over_classes(node, -1)? =>
            {
                Some(input)
            }
            // The norm of a row by its greatest element may be negative.
            (ML_DOMAIN, "Normalizer", &[input])
                if matches!(node.string("norm")?, Some("L1" | "L2")) =>
            {
                Some(input)
            }
            ("", "Mul", &[input, factor] | &[factor, input])
                if self.scalar(factor)?.is_some_and(|factor| factor > 0.0) =>
            {
                Some(input)
            }
            ("", "Sub", &[input, of_row]) => {
                let is_reduced = self.is_reduced(of_row, input, &["ReduceLogSumExp", "ReduceMax"]);
                is_reduced?.then_some(input)
            }
            // Scores that are divided by their sum are meant to be positive.
            ("", "Div", &[input, sum]) => {
                self.is_reduced(sum, input, &["ReduceSum"])?.then_some(input)
            }
            _ => None,
        })
    }

    /// Whether `name` is one number for each row, which one of these operators makes of `of`.
    fn is_reduced(&self, name: &'a str, of: &str, operators: &[&str]) -> Result<bool, ModelError> {
        let Some(node) = self.maker_of.get(self.same_value(name)) else { return Ok(false) };
        if !node.domain.is_empty() || !operators.contains(&node.op_type) {
            return Ok(false);
        }
        Ok(match node.inputs[..] {
            [input] if input == of => node
                .ints("axes")?
                .is_some_and(|axes| matches!(axes.collect::<Vec<_>>()[..], [1 | -1])),
            [input, axes] if input == of => {
                self.scalar(axes)?.is_some_and(|axis| axis == 1.0 || axis == -1.0)
            }
            _ => false,
        })
    }

    /// Whether `value` is the second of two scores.
    fn is_second(&self, value: &'a str, scores: &'a str) -> Result<bool, ModelError> {
        if let Some(node) = self.maker_of.get(self.same_value(value))
            && let ("", "Gather", &[of, index]) | (ML_DOMAIN, "ArrayFeatureExtractor", &[of, index]) =
                (node.domain, node.op_type, &node.inputs[..])
        {
            let is_column = node.domain == ML_DOMAIN || goes_over_classes(node, 0)?;
            let is_second = self.scalar(index)?.is_some_and(|index| index == 1.0);
            return Ok(is_column && is_second && self.root(of)? == Some(scores));
        }
        // One score was computed, and the other is the rest of one, or its opposite.
        let Some(concat) = self.made_by("Concat", scores) else { return Ok(false) };
        let &[first, second] = &concat.inputs[..] else { return Ok(false) };
        let Some(node) = self.maker_of.get(self.same_value(first)) else { return Ok(false) };
        let opposite = match (node.domain, node.op_type, &node.inputs[..]) {
            ("", "Neg", &[of]) => of,
            ("", "Sub", &[constant, of]) if self.constants.contains_key(constant) => of,
            _ => return Ok(false),
        };
        let root = self.root(second)?;
        let same = root == self.root(value)? && root == self.root(opposite)?;
        Ok(root.is_some() && same && goes_over_classes(concat, 0)?)
    }

    /// Whether this is the output of a classifier that holds no score for each class.
    fn is_of_pairs(&self, name: &str) -> Result<bool, ModelError> {
        match self.maker_of.get(name) {
            Some(node) if (node.domain, node.op_type) == (ML_DOMAIN, SVM) => {
                let [a, b] = [node.floats("prob_a")?, node.floats("prob_b")?];
                Ok([a, b].iter().flatten().filter(|list| list.len() > 0).count() < 2)
            }
            _ => Ok(false),
        }
    }

    /// The node that makes a value, if it is of this operator of ONNX's own.
    pub(super) fn made_by(&self, op_type: &str, name: &str) -> Option<&Node<'a>> {
        let node = self.maker_of.get(name)?;
        (node.domain.is_empty() && node.op_type == op_type).then_some(node)
    }

    /// The one element of a constant, where it is a number.
    pub(super) fn scalar(&self, name: &str) -> Result<Option<f64>, ModelError> {
        let Some(tensor) = self.constants.get(name).filter(|tensor| tensor.len() == 1) else {
            return Ok(None);
        };
        if tensor.external.is_some() || tensor.element.dtype().is_none() {
            return Ok(None);
        }
        Ok(match &tensor.decode()? {
            Data::F32(elements) => elements.first().map(|&element| element.into()),
            Data::F64(elements) => elements.first().copied(),
            Data::I32(elements) => elements.first().map(|&element| element.into()),
            #[expect(clippy::cast_precision_loss, reason = "no two are near that matter here")]
            Data::I64(elements) => elements.first().map(|&element| element as f64),
            _ => None,
        })
    }
}

/// Whether this is the code of a type whose numbers have fractions.
const fn is_float(code: Option<i64>) -> bool {
    const FLOAT: i64 = 1;
    const FLOAT16: i64 = 10;
    const DOUBLE: i64 = 11;
    const BFLOAT16: i64 = 16;
    matches!(code, Some(FLOAT | FLOAT16 | DOUBLE | BFLOAT16))
}

#[cfg(test)]
mod tests;
