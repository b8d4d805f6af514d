//! Ensembles of trees as one step among others.

use std::any::Any;

use hotplate_backend::{BackendError, TreeLayout};
use hotplate_model::onnx::Node;
use hotplate_tensor::{DType, Shape, Tensor};

use super::{Taken, support::operand};
use crate::{
    ensemble::{
        EnsembleScratch, Labels, LaidOutEnsemble,
        onnx::{self, Head},
    },
    operator::NotTaken,
    program::{
        kernel::{Compiled, Kernel, Operand, Operands},
        shape::{Dim, ValueType},
    },
    real::Real,
};

pub(super) fn compile(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    layout: Option<TreeLayout>,
) -> Taken {
    if !onnx::is_ensemble(node) {
        return Ok(None);
    }
    let x = operand(node, operands, 0)?;
    let table = Table::of(x)?;
    let is_five = node.op_type == "TreeEnsemble";
    let compiled = match (x.ty.dtype, is_five) {
        (DType::F32, true) => compile_in::<f32>(node, table, DType::F32, layout),
        (DType::F64, true) => compile_in::<f64>(node, table, DType::F64, layout),
        // Doubles are compared and added up in double precision, and answered in single.
        (DType::F64, false) => compile_in::<f64>(node, table, DType::F32, layout),
        (DType::F32 | DType::I64 | DType::I32, false) => {
            compile_in::<f32>(node, table, DType::F32, layout)
        }
        (other, _) => Err(NotTaken::unsupported(format!("trees on {other}"))),
    };
    compiled.map(Some)
}

/// The rows of features that an ensemble reads.
#[derive(Clone, Copy, Debug)]
struct Table {
    rows: Dim,
    features: usize,
}

impl Table {
    fn of(x: &Operand<'_>) -> Result<Self, NotTaken> {
        let (rows, features) = match x.ty.dims[..] {
            [features] => (Dim::Fixed(1), features),
            [rows, features] => (rows, features),
            _ => return Err(NotTaken::unsupported(format!("trees on {}", x.ty))),
        };
        match features.fixed() {
            Some(features) if features > 0 => Ok(Self { rows, features }),
            _ => Err(NotTaken::unsupported(format!("trees on {}", x.ty))),
        }
    }
}

/// Compiles an ensemble that compares in one precision and whose scores come out as `dtype`.
fn compile_in<X: Real>(
    node: &Node<'_>,
    table: Table,
    dtype: DType,
    layout: Option<TreeLayout>,
) -> Result<Compiled, NotTaken> {
    let (ensemble, head) = onnx::read::<X>(node)?;
    if ensemble.features() > table.features {
        let (feature, width) = (ensemble.features() - 1, table.features);
        return Err(NotTaken::invalid(node, format!("asks for feature {feature} of {width}")));
    }
    let wanted = if head.labels().is_some() { 2 } else { 1 };
    if node.outputs.len() > wanted {
        return Err(NotTaken::invalid(node, format!("makes {} outputs", node.outputs.len())));
    }
    let ensemble = LaidOutEnsemble::new(&ensemble, layout).map_err(NotTaken::Unsupported)?;
    let is_wide = dtype == DType::F64;
    if is_wide && head.has_transform() {
        return Err(NotTaken::unsupported("a function of scores in double precision"));
    }
    let value = |dtype, dims: Vec<Dim>| ValueType::new(dtype, dims).map_err(NotTaken::unsupported);
    let mut outputs = Vec::new();
    match head.labels() {
        Some(Labels::Texts(_)) => outputs.push(value(DType::Str, vec![table.rows])?),
        Some(Labels::Integers(_)) => outputs.push(value(DType::I64, vec![table.rows])?),
        None => {}
    }
    outputs.push(value(dtype, vec![table.rows, Dim::Fixed(head.scores())])?);
    let kernel = EnsembleKernel { ensemble, head, features: table.features, is_wide };
    Ok(Compiled { kernel: Box::new(kernel), outputs })
}

#[derive(Debug)]
struct EnsembleKernel<X: Real> {
    ensemble: LaidOutEnsemble<X>,
    head: Head<X>,
    features: usize,
    /// Whether the scores come out in double precision.
    is_wide: bool,
}

/// What one thread needs.
struct KernelScratch<X> {
    ensemble: EnsembleScratch<X>,
    /// Features that were given in another type.
    features: Vec<X>,
}

impl<X: Real> Kernel for EnsembleKernel<X> {
    fn scratch(&self) -> Box<dyn Any + Send> {
        let ensemble = self.ensemble.scratch();
        Box::new(KernelScratch { ensemble, features: Vec::<X>::new() })
    }

    fn margins(&self) -> Option<(DType, usize)> {
        let is_classifier = self.head.labels().is_some();
        (is_classifier && self.head.has_margins()).then(|| (X::DTYPE, self.ensemble.scores()))
    }

    fn describe(&self) -> Vec<String> {
        let scores = format!("{}{}", self.ensemble.describe(), self.head.description());
        vec![self.ensemble.layout(), scores]
    }

    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        self.run_with(&mut *self.scratch(), operands, outputs)
    }

    fn run_with(
        &self,
        scratch: &mut dyn Any,
        operands: Operands<'_>,
        outputs: &mut [Tensor],
    ) -> Result<(), BackendError> {
        let Some(KernelScratch { ensemble, features }) = scratch.downcast_mut() else {
            unreachable!("the scratch is of this kernel")
        };
        let input = operands.view(0);
        let rows = if input.shape().rank() == 1 { 1 } else { input.shape().rows() };
        let features = match X::slice(input.data()) {
            Some(direct) => direct,
            None => {
                features.resize(rows * self.features, X::ZERO);
                X::convert(input.data(), features);
                &features[..]
            }
        };
        let (label, scores, margins) = match outputs {
            [scores] => (None, scores, None),
            [label, scores, rest @ ..] => (Some(label), scores, rest.first_mut()),
            [] => unreachable!("compiled with these outputs"),
        };
        let a_row = self.head.scores();
        let shape = shape_of(rows, a_row);
        if self.is_wide {
            let scores = scores.reset::<X>(shape);
            self.ensemble.scores_of(features, self.features, ensemble, |row, sums, _| {
                scores[row * a_row..][..a_row].copy_from_slice(sums);
            });
            return Ok(());
        }
        let scores = scores.reset::<f32>(shape);
        let mut label = label.zip(self.head.labels());
        if let Some((label, labels)) = &mut label {
            match labels {
                Labels::Texts(_) => drop(label.reset_strings(Shape::of_rows(rows))),
                Labels::Integers(_) => drop(label.reset::<i64>(Shape::of_rows(rows))),
            }
        }
        let mut margins =
            margins.map(|margins| margins.reset::<X>(shape_of(rows, self.ensemble.scores())));
        self.ensemble.scores_of(features, self.features, ensemble, |row, sums, got| {
            if let Some(margins) = &mut margins {
                let margins = &mut margins[row * sums.len()..][..sums.len()];
                margins.copy_from_slice(sums);
                self.head.margins(margins, got);
            }
            let class = self.head.answer(sums, got, &mut scores[row * a_row..][..a_row]);
            if let Some((label, labels)) = &mut label {
                labels.write(class, row, label);
            }
        });
        Ok(())
    }
}

/// The shape of so many scores for each of so many rows.
fn shape_of(rows: usize, scores: usize) -> Shape {
    Shape::new(&[rows, scores]).unwrap_or_else(|_| unreachable!("rows times a bounded width"))
}
