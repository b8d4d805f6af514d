//! ai.onnx.ml's `LinearClassifier` and `LinearRegressor`, with ONNX Runtime's rules.

use hotplate_backend::BackendError;
use hotplate_model::onnx::Node;
use hotplate_tensor::{DType, Shape, Tensor};

use super::{
    super::support::operand,
    number::Load,
    packed::{Packed, Strides},
};
use crate::{
    ensemble::Labels,
    operator::NotTaken,
    post_transform::{PostTransform, logistic},
    program::{
        kernel::{Compiled, Kernel, Operand, Operands},
        shape::{Dim, ValueType},
    },
    simd::Level,
};

pub(super) fn classifier(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let x = operand(node, operands, 0)?;
    let (rows, features) = matrix(node, &x.ty)?;
    let intercepts = floats(node, "intercepts")?;
    if intercepts.is_empty() {
        return Err(NotTaken::unsupported("a classifier without intercepts"));
    }
    let scores = Scores::new(node, intercepts, features)?;
    let classes = scores.classes();
    let labels = labels(node, classes)?;
    let transform = PostTransform::read(node)?;
    let second = classes == 1 && labels.as_ref().is_some_and(|labels| labels.len() == 2);
    let width = if second { 2 } else { classes };
    let label = match labels {
        Some(Labels::Texts(_)) => DType::Str,
        _ => DType::I64,
    };
    let outputs = vec![
        ValueType::new(label, vec![rows]).map_err(NotTaken::unsupported)?,
        ValueType::new(DType::F32, vec![rows, Dim::Fixed(width)]).map_err(NotTaken::unsupported)?,
    ];
    let labels = labels.unwrap_or(Labels::Integers(vec![0, 1]));
    let types = [outputs[0].clone(), outputs[1].clone()];
    let model = Classifier { scores, second, transform, labels, types };
    let kernel = of_type(node, x.ty.dtype, model)?;
    Ok(Compiled { kernel, outputs })
}

pub(super) fn regressor(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let x = operand(node, operands, 0)?;
    let (rows, features) = matrix(node, &x.ty)?;
    let targets = node.int("targets")?.unwrap_or(1);
    let targets = usize::try_from(targets).ok().filter(|&targets| targets > 0);
    let targets = targets.ok_or_else(|| NotTaken::invalid(node, "targets is not positive"))?;
    let mut intercepts = floats(node, "intercepts")?;
    if intercepts.is_empty() {
        // Checked against the coefficients, which are in memory, before it is believed.
        let coefficients = floats(node, "coefficients")?.len();
        if targets > coefficients {
            let problem = format!("{coefficients} coefficients for {targets} targets");
            return Err(NotTaken::invalid(node, problem));
        }
        intercepts.resize(targets, 0.0);
    }
    if intercepts.len() != targets {
        let problem = format!("{} intercepts for {targets} targets", intercepts.len());
        return Err(NotTaken::invalid(node, problem));
    }
    let scores = Scores::new(node, intercepts, features)?;
    let mut transform = PostTransform::read(node)?;
    if targets == 1 {
        // As ONNX Runtime has it: the others are for several scores.
        transform = PostTransform::None;
    }
    let output = ValueType::new(DType::F32, vec![rows, Dim::Fixed(targets)])
        .map_err(NotTaken::unsupported)?;
    let outputs = vec![output.clone()];
    let kernel = of_type(node, x.ty.dtype, Regressor { scores, transform, output })?;
    Ok(Compiled { kernel, outputs })
}

/// The rows of an input, and how many features one has; a vector is one row.
fn matrix(node: &Node<'_>, ty: &ValueType) -> Result<(Dim, usize), NotTaken> {
    match ty.dims[..] {
        [Dim::Fixed(features)] => Ok((Dim::Fixed(1), features)),
        [rows, Dim::Fixed(features)] => Ok((rows, features)),
        [] => Err(NotTaken::invalid(node, "reads a scalar")),
        _ => Err(NotTaken::unsupported(format!("reads {ty}"))),
    }
}

fn floats(node: &Node<'_>, name: &str) -> Result<Vec<f32>, NotTaken> {
    Ok(node.floats(name)?.map(Iterator::collect).unwrap_or_default())
}

/// The names of the classes, where they are given.
fn labels(node: &Node<'_>, classes: usize) -> Result<Option<Labels>, NotTaken> {
    let texts: Vec<String> =
        node.strings("classlabels_strings")?.into_iter().flatten().map(str::to_owned).collect();
    let integers: Vec<i64> = match node.ints("classlabels_ints")? {
        Some(integers) => integers.collect(),
        None => Vec::new(),
    };
    let labels = match (texts.is_empty(), integers.is_empty()) {
        (false, true) => Labels::Texts(texts),
        (true, false) => Labels::Integers(integers),
        (true, true) if classes == 1 => return Ok(None),
        (true, true) => return Err(NotTaken::invalid(node, "no class labels are given")),
        (false, false) => {
            return Err(NotTaken::invalid(node, "classes have texts and integers for labels"));
        }
    };
    let expected = if classes == 1 { 2 } else { classes };
    if labels.len() == expected {
        Ok(Some(labels))
    } else {
        let problem = format!("{} class labels for {classes} scores", labels.len());
        Err(NotTaken::invalid(node, problem))
    }
}

/// A model that reads elements of whatever type as float32.
trait Model: std::fmt::Debug + Send + Sync + 'static {
    fn answer<A: Load<f32>>(&self, level: Level, x: &[A], rows: usize, outputs: &mut [Tensor]);
    fn rows(&self, rows: usize) -> usize;
    /// The number of the margins of a row; see [`Kernel::margins`].
    fn margins(&self) -> Option<usize>;
}

#[derive(Debug)]
struct Reading<A, M> {
    model: M,
    element: std::marker::PhantomData<A>,
}

fn of_type<M: Model>(node: &Node<'_>, dtype: DType, model: M) -> Result<Box<dyn Kernel>, NotTaken> {
    fn reading<A: Load<f32> + std::fmt::Debug>(model: impl Model) -> Box<dyn Kernel> {
        Box::new(Reading::<A, _> { model, element: std::marker::PhantomData })
    }
    Ok(match dtype {
        DType::F32 => reading::<f32>(model),
        DType::F64 => reading::<f64>(model),
        DType::I32 => reading::<i32>(model),
        DType::I64 => reading::<i64>(model),
        other => return Err(NotTaken::invalid(node, format!("a linear model of {other}"))),
    })
}

impl<A: Load<f32> + std::fmt::Debug, M: Model> Kernel for Reading<A, M> {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let rows = self.model.rows(operands.rows());
        self.model.answer(operands.level, operands.elements::<A>(0), rows, outputs);
        Ok(())
    }

    fn margins(&self) -> Option<(DType, usize)> {
        self.model.margins().map(|margins| (DType::F32, margins))
    }
}

/// Coefficients and intercepts.
#[derive(Debug)]
struct Scores {
    features: usize,
    coefficients: Packed<f32>,
    intercepts: Vec<f32>,
}

impl Scores {
    fn new(node: &Node<'_>, intercepts: Vec<f32>, features: usize) -> Result<Self, NotTaken> {
        let coefficients = floats(node, "coefficients")?;
        let classes = intercepts.len();
        if classes.checked_mul(features) != Some(coefficients.len()) {
            let got = coefficients.len();
            let problem = format!("{got} coefficients for {classes} times {features}");
            return Err(NotTaken::invalid(node, problem));
        }
        let strides = Strides { row: 1, element: features };
        let coefficients = Packed::new(&coefficients, features, classes, strides).in_small_slices();
        Ok(Self { features, coefficients, intercepts })
    }

    const fn classes(&self) -> usize {
        self.coefficients.n()
    }

    /// Writes the scores of `rows` rows, `[rows, classes]`.
    fn of<A: Load<f32>>(&self, level: Level, x: &[A], rows: usize, out: &mut [f32]) {
        let strides = Strides { row: self.features, element: 1 };
        self.coefficients.product(level, x, strides, rows, out);
        for scores in out.chunks_exact_mut(self.classes()) {
            for (score, intercept) in scores.iter_mut().zip(&self.intercepts) {
                *score += intercept;
            }
        }
    }
}

#[derive(Debug)]
struct Regressor {
    scores: Scores,
    transform: PostTransform,
    output: ValueType,
}

impl Model for Regressor {
    fn rows(&self, rows: usize) -> usize {
        self.output.dims[0].fixed().unwrap_or(rows)
    }

    fn margins(&self) -> Option<usize> {
        None
    }

    fn answer<A: Load<f32>>(&self, level: Level, x: &[A], rows: usize, outputs: &mut [Tensor]) {
        let out = outputs[0].reset::<f32>(self.output.shape(rows));
        self.scores.of(level, x, rows, out);
        out.chunks_exact_mut(self.scores.classes()).for_each(|row| self.transform.apply(row));
    }
}

#[derive(Debug)]
struct Classifier {
    scores: Scores,
    /// Whether one score stands for two classes, and the answer has both.
    second: bool,
    transform: PostTransform,
    /// Of a model with one score, that of the class at or below zero, and of the one above.
    labels: Labels,
    types: [ValueType; 2],
}

impl Classifier {
    /// The index of the class with these scores.
    fn class(&self, scores: &[f32]) -> usize {
        match *scores {
            [score] => usize::from(score > 0.0),
            _ => {
                let better = |best: usize, class: usize| {
                    if scores[class] > scores[best] { class } else { best }
                };
                (0..scores.len()).fold(0, better)
            }
        }
    }

    /// Both classes' scores from that of the second.
    fn both(&self, score: f32) -> [f32; 2] {
        let score = match self.transform {
            PostTransform::Logistic => logistic(score),
            _ => score,
        };
        [1.0 - score, score]
    }
}

impl Model for Classifier {
    fn rows(&self, rows: usize) -> usize {
        self.types[0].dims[0].fixed().unwrap_or(rows)
    }

    fn margins(&self) -> Option<usize> {
        let classes = self.scores.classes();
        let is_transformed = match self.transform {
            PostTransform::None => false,
            PostTransform::Logistic => self.second || classes > 1,
            PostTransform::Softmax | PostTransform::SoftmaxZero => classes > 1,
        };
        is_transformed.then_some(classes)
    }

    fn answer<A: Load<f32>>(&self, level: Level, x: &[A], rows: usize, outputs: &mut [Tensor]) {
        let [labels, scores, rest @ ..] = outputs else {
            unreachable!("two outputs were compiled")
        };
        let width = self.scores.classes();
        let out = scores.reset::<f32>(self.types[1].shape(rows));
        // Where there are two for one, the scores themselves lie in the back half at first: what
        // is written from the front on never overtakes what is still to be read.
        let first = if self.second { rows } else { 0 };
        self.scores.of(level, x, rows, &mut out[first..]);
        if let [margins] = rest {
            let shape = Shape::new(&[rows, width]);
            let shape = shape.unwrap_or_else(|_| unreachable!("no wider than the answer"));
            margins.reset::<f32>(shape).copy_from_slice(&out[first..]);
        }
        let shape = Shape::of_rows(rows);
        let classes = out[first..].chunks_exact(width).map(|scores| self.class(scores));
        match &self.labels {
            Labels::Integers(names) => {
                let to = labels.reset::<i64>(shape);
                to.iter_mut().zip(classes).for_each(|(to, class)| *to = names[class]);
            }
            Labels::Texts(names) => {
                labels.reset_strings(shape);
                classes.enumerate().for_each(|(row, class)| labels.set_string(row, &names[class]));
            }
        }
        if self.second {
            for row in 0..rows {
                let both = self.both(out[rows + row]);
                out[2 * row..2 * row + 2].copy_from_slice(&both);
            }
        } else if width > 1 {
            out.chunks_exact_mut(width).for_each(|row| self.transform.apply(row));
        }
    }
}
