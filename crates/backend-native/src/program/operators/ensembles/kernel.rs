//! From rows of features to the answers of an ensemble.

use hotplate_backend::BackendError;
use hotplate_model::onnx::Node as OnnxNode;
use hotplate_tensor::{DType, Shape, Tensor};

use super::{
    Table,
    head::{Aggregate, Answer, Class, Head, Model},
    real::Real,
    trees::Trees,
};
use crate::{
    head::Labels,
    operator::NotTaken,
    program::{
        kernel::{Compiled, Kernel, Operands},
        operators::post_transform::PostTransform,
        shape::{Dim, ValueType},
    },
};

/// Compiles an ensemble whose scores come out as `dtype`.
pub(super) fn compile<X: Real>(
    node: &OnnxNode<'_>,
    table: Table,
    mut model: Model<X>,
    dtype: DType,
) -> Result<Compiled, NotTaken> {
    let Model { scores, aggregate, .. } = model;
    let wanted = if matches!(model.answer, Answer::Class(_)) { 2 } else { 1 };
    if node.outputs.len() > wanted {
        return Err(NotTaken::invalid(node, format!("makes {} outputs", node.outputs.len())));
    }
    let described = std::mem::replace(
        &mut model.described,
        super::trees::Described { nodes: Vec::new(), roots: Vec::new(), weights: Vec::new() },
    );
    let trees = Trees::new(node, described, table.features)?;
    let head = Head::new(node, &model, &trees)?;
    let is_wide = dtype == DType::F64;
    if is_wide && model.post_transform != PostTransform::None {
        return Err(NotTaken::unsupported("a function of scores in double precision"));
    }
    let is_one = head.is_of_one(scores);
    // ONNX Runtime answers with the first of several weights, and with the threshold of a leaf that
    // has none.
    if scores == 1 && !trees.has_one_weight_a_leaf() {
        return Err(NotTaken::unsupported("leaves without a weight, or with several"));
    }
    // Two classes by one score take several weights as several scores do.
    let is_one = is_one && trees.has_one_weight_a_leaf();

    let value = |dtype, dims: Vec<Dim>| ValueType::new(dtype, dims).map_err(NotTaken::unsupported);
    let labels = match model.answer {
        Answer::Class(labels) => Some(labels),
        Answer::Values => None,
    };
    let mut outputs = Vec::new();
    match &labels {
        Some(Labels::Texts(_)) => outputs.push(value(DType::Str, vec![table.rows])?),
        Some(Labels::Integers(_)) => outputs.push(value(DType::I64, vec![table.rows])?),
        None => {}
    }
    outputs.push(value(dtype, vec![table.rows, Dim::Fixed(scores)])?);
    // Scratch of the thread's: scores, which of them got anything, the features of a row.
    outputs.push(value(X::DTYPE, vec![Dim::Fixed(scores)])?);
    outputs.push(value(DType::Bool, vec![Dim::Fixed(scores)])?);
    outputs.push(value(X::DTYPE, vec![Dim::Fixed(table.features)])?);
    let features = table.features;
    let kernel = Ensemble { trees, head, labels, aggregate, scores, features, is_one, is_wide };
    Ok(Compiled { kernel: Box::new(kernel), outputs })
}

#[derive(Debug)]
struct Ensemble<X> {
    trees: Trees<X>,
    head: Head<X>,
    labels: Option<Labels>,
    aggregate: Aggregate,
    scores: usize,
    features: usize,
    /// Whether all leaves add to one score, one number each.
    is_one: bool,
    /// Whether the scores come out in double precision.
    is_wide: bool,
}

/// One thread's scratch, and where the answers go.
struct Slots<'a, X> {
    label: Option<&'a mut Tensor>,
    sums: &'a mut [X],
    got: &'a mut [bool],
    features: &'a mut [X],
}

impl<X: Real> Kernel for Ensemble<X> {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let input = operands.view(0);
        let rows = if input.shape().rank() == 1 { 1 } else { input.shape().rows() };
        let (label, outputs) = match (&self.labels, outputs) {
            (Some(labels), [label, outputs @ ..]) => {
                match labels {
                    Labels::Texts(_) => drop(label.reset_strings(Shape::of_rows(rows))),
                    Labels::Integers(_) => drop(label.reset::<i64>(Shape::of_rows(rows))),
                }
                (Some(label), outputs)
            }
            (_, outputs) => (None, outputs),
        };
        let [scores, sums, got, features, ..] = outputs else {
            unreachable!("compiled with these outputs")
        };
        let mut slots = Slots {
            label,
            sums: sums.reset::<X>(Shape::of_rows(self.scores)),
            got: got.reset::<bool>(Shape::of_rows(self.scores)),
            features: features.reset::<X>(Shape::of_rows(self.features)),
        };
        let shape = Shape::new(&[rows, self.scores])
            .unwrap_or_else(|_| unreachable!("rows times a bounded width"));
        let direct = X::slice(input.data());
        if self.is_wide {
            let output = scores.reset::<X>(shape);
            for (row, output) in output.chunks_exact_mut(self.scores).enumerate() {
                let elements = row * self.features..(row + 1) * self.features;
                let x = direct.map_or(&slots.features[..], |direct| &direct[elements]);
                self.add_up(x, slots.sums, slots.got);
                output.copy_from_slice(slots.sums);
            }
            return Ok(());
        }
        let output = scores.reset::<f32>(shape);
        for (row, output) in output.chunks_exact_mut(self.scores).enumerate() {
            let elements = row * self.features..(row + 1) * self.features;
            let x = match direct {
                Some(direct) => &direct[elements],
                None => {
                    X::convert(input.data().slice(elements), slots.features);
                    &*slots.features
                }
            };
            let class = if self.is_one {
                self.head.answer_one(self.add_up_one(x), output)
            } else {
                self.add_up(x, slots.sums, slots.got);
                if self.head.is_of_one(self.scores) {
                    self.head.answer_one(slots.sums[0], output)
                } else {
                    self.head.answer(slots.sums, slots.got, output)
                }
            };
            if let (Some(label), Some(labels)) = (&mut slots.label, &self.labels) {
                write_label(labels, class, row, label);
            }
        }
        Ok(())
    }
}

impl<X: Real> Ensemble<X> {
    /// The only score of a row.
    fn add_up_one(&self, x: &[X]) -> X {
        match self.aggregate {
            Aggregate::Sum | Aggregate::Average => {
                let mut sum = X::ZERO;
                self.trees.for_each_value(x, |value| sum = sum + value);
                self.averaged(sum)
            }
            Aggregate::Min => self.extreme(x, |value, least| value < least),
            Aggregate::Max => self.extreme(x, |value, greatest| value > greatest),
        }
    }

    fn extreme(&self, x: &[X], is_further: impl Fn(X, X) -> bool) -> X {
        let mut extreme = None;
        self.trees.for_each_value(x, |value| {
            if extreme.is_none_or(|other| is_further(value, other)) {
                extreme = Some(value);
            }
        });
        extreme.unwrap_or(X::ZERO)
    }

    /// Every score of a row, and which of them got anything.
    fn add_up(&self, x: &[X], sums: &mut [X], got: &mut [bool]) {
        sums.fill(X::ZERO);
        got.fill(false);
        let is_further: fn(X, X) -> bool = match self.aggregate {
            Aggregate::Sum | Aggregate::Average => {
                self.trees.for_each_weight(x, |weight| {
                    let score = weight.score as usize;
                    sums[score] = sums[score] + weight.value;
                    got[score] = true;
                });
                sums.iter_mut().for_each(|sum| *sum = self.averaged(*sum));
                return;
            }
            Aggregate::Min => |value, least| value < least,
            Aggregate::Max => |value, greatest| value > greatest,
        };
        self.trees.for_each_weight(x, |weight| {
            let score = weight.score as usize;
            if !got[score] || is_further(weight.value, sums[score]) {
                sums[score] = weight.value;
            }
            got[score] = true;
        });
    }

    fn averaged(&self, sum: X) -> X {
        match self.aggregate {
            Aggregate::Average => sum / X::of_count(self.trees.len()),
            _ => sum,
        }
    }
}

fn write_label(labels: &Labels, class: Class, row: usize, to: &mut Tensor) {
    match (labels, class) {
        (Labels::Texts(texts), Class::At(at)) => to.set_string(row, &texts[at]),
        (Labels::Texts(texts), Class::Truth(truth)) => {
            to.set_string(row, &texts[usize::from(truth)]);
        }
        (Labels::Integers(integers), Class::At(at)) => {
            to.elements_mut::<i64>()[row] = integers[at];
        }
        (Labels::Integers(_), Class::Truth(truth)) => {
            to.elements_mut::<i64>()[row] = i64::from(truth);
        }
    }
}
