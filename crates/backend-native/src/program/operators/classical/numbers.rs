//! From numbers to numbers of the same shape: Scaler, Imputer, Binarizer.

use hotplate_backend::{BackendError, BackendErrorKind};
use hotplate_model::onnx::Node;
use hotplate_tensor::{DType, Element, Tensor};

use super::super::support::operand;
use crate::{
    operator::NotTaken,
    program::{
        kernel::{Compiled, Kernel, Operand, Operands},
        shape::ValueType,
    },
};

/// Checks that a value can have `count` numbers for its features: one for all, or as many as the
/// last axis has elements.
///
/// ONNX Runtime takes the numbers in turn along the second axis, whatever comes behind it: with
/// more axes that is not a number for each feature.
fn check_features(node: &Node<'_>, ty: &ValueType, count: usize) -> Result<(), NotTaken> {
    if ty.rank() == 0 {
        return Err(NotTaken::invalid(node, "a scalar has no features"));
    }
    if count == 1 {
        return Ok(());
    }
    if ty.rank() > 2 {
        return Err(NotTaken::unsupported(format!("{count} features of {ty}")));
    }
    match ty.dims[ty.rank() - 1].fixed() {
        None => Err(NotTaken::unsupported(format!("{count} features of {ty}"))),
        Some(width) if width == count => Ok(()),
        Some(width) => {
            Err(NotTaken::invalid(node, format!("{count} numbers for {width} features")))
        }
    }
}

/// Fills `output` with what `one` makes of each element, with its place among `period` features.
fn map<T: Copy, U>(input: &[T], output: &mut [U], period: usize, one: impl Fn(T, usize) -> U) {
    if period == 1 {
        for (to, &x) in output.iter_mut().zip(input) {
            *to = one(x, 0);
        }
    } else {
        for (to, from) in output.chunks_exact_mut(period).zip(input.chunks_exact(period)) {
            for (feature, (to, &x)) in to.iter_mut().zip(from).enumerate() {
                *to = one(x, feature);
            }
        }
    }
}

fn floats(node: &Node<'_>, name: &str) -> Result<Vec<f32>, NotTaken> {
    Ok(node.floats(name)?.map(Iterator::collect).unwrap_or_default())
}

pub(super) fn scaler(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let x = operand(node, operands, 0)?;
    let (offset, scale) = (floats(node, "offset")?, floats(node, "scale")?);
    if offset.len() != scale.len() || scale.is_empty() {
        let problem = format!("{} offsets and {} scales", offset.len(), scale.len());
        return Err(NotTaken::invalid(node, problem));
    }
    check_features(node, &x.ty, scale.len())?;
    let input = match x.ty.dtype {
        DType::F32 => ScaledFrom::F32,
        DType::F64 => ScaledFrom::F64,
        DType::I64 => ScaledFrom::I64,
        DType::I32 => ScaledFrom::I32,
        other => return Err(NotTaken::unsupported(format!("a scaler of {other}"))),
    };
    let output = super::value_type(DType::F32, x.ty.dims.clone())?;
    Ok(Compiled { kernel: Box::new(Scaler { offset, scale, input }), outputs: vec![output] })
}

/// `(x − offset) · scale`, each rounded; in double precision for doubles alone.
#[derive(Debug)]
struct Scaler {
    offset: Vec<f32>,
    scale: Vec<f32>,
    input: ScaledFrom,
}

#[derive(Clone, Copy, Debug)]
enum ScaledFrom {
    F32,
    F64,
    I64,
    I32,
}

impl Kernel for Scaler {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "rounding to float32 is the operator"
    )]
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let shape = *operands.view(0).shape();
        let output = outputs[0].reset::<f32>(shape);
        let (offset, scale) = (&self.offset[..], &self.scale[..]);
        let period = scale.len();
        let narrow = |x: f32, at: usize| (x - offset[at]) * scale[at];
        let wide = |x: f64, at: usize| ((x - f64::from(offset[at])) * f64::from(scale[at])) as f32;
        match self.input {
            ScaledFrom::F32 => map(operands.elements(0), output, period, narrow),
            ScaledFrom::F64 => map(operands.elements(0), output, period, wide),
            ScaledFrom::I64 => {
                map(operands.elements(0), output, period, |x: i64, at| narrow(x as f32, at));
            }
            ScaledFrom::I32 => {
                map(operands.elements(0), output, period, |x: i32, at| narrow(x as f32, at));
            }
        }
        Ok(())
    }
}

pub(super) fn imputer(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let x = operand(node, operands, 0)?;
    let with_floats = floats(node, "imputed_value_floats")?;
    let with_integers: Vec<i64> =
        node.ints("imputed_value_int64s")?.map(Iterator::collect).unwrap_or_default();
    if with_floats.is_empty() == with_integers.is_empty() {
        let problem =
            format!("{} floats and {} integers to impute", with_floats.len(), with_integers.len());
        return Err(NotTaken::invalid(node, problem));
    }
    check_features(node, &x.ty, with_floats.len().max(with_integers.len()))?;
    let float = node.float("replaced_value_float")?.unwrap_or(0.0);
    let integer = node.int("replaced_value_int64")?.unwrap_or(0);
    let no_kind = |kind| NotTaken::invalid(node, format!("no {kind} to impute in {}", x.ty));
    let kernel: Box<dyn Kernel> = match x.ty.dtype {
        DType::F32 | DType::F64 if with_floats.is_empty() => return Err(no_kind("floats")),
        DType::I64 | DType::I32 if with_integers.is_empty() => return Err(no_kind("integers")),
        DType::F32 => Box::new(Imputer { with: with_floats, replaced: float }),
        DType::F64 => Box::new(Imputer {
            with: with_floats.into_iter().map(f64::from).collect(),
            replaced: f64::from(float),
        }),
        DType::I64 => Box::new(Imputer { with: with_integers, replaced: integer }),
        DType::I32 => {
            let narrow = |integer: i64| {
                let problem = || NotTaken::invalid(node, format!("{integer} is no int32"));
                i32::try_from(integer).map_err(|_| problem())
            };
            let with = with_integers.into_iter().map(narrow).collect::<Result<_, _>>()?;
            Box::new(Imputer { with, replaced: narrow(integer)? })
        }
        other => return Err(NotTaken::unsupported(format!("an imputer of {other}"))),
    };
    Ok(Compiled { kernel, outputs: vec![x.ty.clone()] })
}

/// Another value where an element is `replaced`, which may be NaN.
#[derive(Debug)]
struct Imputer<T> {
    with: Vec<T>,
    replaced: T,
}

impl<T: Element + std::fmt::Debug> Kernel for Imputer<T> {
    #[expect(clippy::eq_op, reason = "NaN alone is not itself")]
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let shape = *operands.view(0).shape();
        let output = outputs[0].reset::<T>(shape);
        let input = operands.elements::<T>(0);
        let Self { with, replaced } = self;
        if replaced == replaced {
            let one = |x: T, at: usize| if x == *replaced { with[at] } else { x };
            map(input, output, with.len(), one);
        } else {
            let one = |x: T, at: usize| if x == x { x } else { with[at] };
            map(input, output, with.len(), one);
        }
        Ok(())
    }
}

pub(super) fn binarizer(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let x = operand(node, operands, 0)?;
    let threshold = node.float("threshold")?.unwrap_or(0.0);
    let kernel: Box<dyn Kernel> = match x.ty.dtype {
        DType::F32 => Box::new(Binarizer::<f32>(threshold)),
        DType::F64 => Box::new(Binarizer(f64::from(threshold))),
        other => return Err(NotTaken::unsupported(format!("a binarizer of {other}"))),
    };
    Ok(Compiled { kernel, outputs: vec![x.ty.clone()] })
}

/// One above the threshold, and zero elsewhere; NaN is refused, as ONNX Runtime does.
#[derive(Debug)]
struct Binarizer<T>(T);

impl<T: Element + std::fmt::Debug + PartialOrd + From<bool>> Kernel for Binarizer<T> {
    #[expect(clippy::eq_op, reason = "NaN alone is not itself")]
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let shape = *operands.view(0).shape();
        let output = outputs[0].reset::<T>(shape);
        let input = operands.elements::<T>(0);
        if input.iter().any(|x| x != x) {
            let problem = "a missing number has no side of a threshold";
            return Err(BackendError::told(BackendErrorKind::RefusedRows, problem));
        }
        map(input, output, 1, |x: T, _| T::from(x > self.0));
        Ok(())
    }
}
