//! What stands between the layers of networks.

use hotplate_model::onnx::Node;

use super::{
    super::Taken,
    exactly,
    map::map,
    not_of,
    number::{Number, Real},
};
use crate::{
    operator::NotTaken,
    program::kernel::{Compiled, Operand},
};

/// Takes an activation that reads one value.
pub(super) fn compile(node: &Node<'_>, operands: &[Option<Operand<'_>>]) -> Taken {
    if node.op_type == "Relu" {
        let [operand] = exactly(node, operands)?;
        let dtype = operand.ty.dtype;
        return with_type!(
            signed, dtype,
            // NaN stays NaN.
            T => map::<T, T>(operand, #[inline(always)] |x| if x < T::ZERO { T::ZERO } else { x }),
            else Err(not_of(dtype))
        )
        .map(Some);
    }
    if !matches!(
        node.op_type,
        "Sigmoid"
            | "LeakyRelu"
            | "Elu"
            | "Selu"
            | "Celu"
            | "ThresholdedRelu"
            | "HardSigmoid"
            | "HardSwish"
            | "Softplus"
            | "Softsign"
            | "Gelu"
            | "Mish"
    ) {
        return Ok(None);
    }
    let [operand] = exactly(node, operands)?;
    with_type!(
        reals, operand.ty.dtype,
        T => of_reals::<T>(node, operand).map(Some),
        else Err(not_of(operand.ty.dtype))
    )
}

fn of_reals<T: Real>(node: &Node<'_>, operand: &Operand<'_>) -> Result<Compiled, NotTaken> {
    let number = |name: &str, default: f32| -> Result<T, NotTaken> {
        Ok(T::of(node.float(name)?.unwrap_or(default)))
    };
    match node.op_type {
        "Sigmoid" => map::<T, T>(
            operand,
            #[inline(always)]
            |x| T::ONE / (T::ONE + (-x).exp()),
        ),
        "LeakyRelu" => {
            let alpha = number("alpha", 0.01)?;
            map::<T, T>(
                operand,
                #[inline(always)]
                move |x| if x < T::ZERO { alpha * x } else { x },
            )
        }
        "Elu" => {
            let alpha = number("alpha", 1.0)?;
            map::<T, T>(
                operand,
                #[inline(always)]
                move |x| if x < T::ZERO { alpha * (x.exp() - T::ONE) } else { x },
            )
        }
        "Selu" => {
            // The float32 numbers that ONNX gives as defaults.
            let alpha = number("alpha", 1.673_263_2)?;
            let gamma = number("gamma", 1.050_701)?;
            map::<T, T>(
                operand,
                #[inline(always)]
                move |x| gamma * if x < T::ZERO { alpha * (x.exp() - T::ONE) } else { x },
            )
        }
        "Celu" => {
            let alpha = number("alpha", 1.0)?;
            map::<T, T>(
                operand,
                #[inline(always)]
                move |x| {
                    let below = (alpha * ((x / alpha).exp() - T::ONE)).least(T::ZERO);
                    x.greatest(T::ZERO) + below
                },
            )
        }
        "ThresholdedRelu" => {
            let alpha = number("alpha", 1.0)?;
            map::<T, T>(
                operand,
                #[inline(always)]
                move |x| if x > alpha { x } else { T::ZERO },
            )
        }
        "HardSigmoid" => {
            let (alpha, beta) = (number("alpha", 0.2)?, number("beta", 0.5)?);
            map::<T, T>(
                operand,
                #[inline(always)]
                move |x| (alpha * x + beta).least(T::ONE).greatest(T::ZERO),
            )
        }
        "HardSwish" => {
            let (sixth, half) = (T::ONE / T::of(6.0), T::of(0.5));
            map::<T, T>(
                operand,
                #[inline(always)]
                move |x| x * (sixth * x + half).least(T::ONE).greatest(T::ZERO),
            )
        }
        "Softplus" => map::<T, T>(operand, softplus),
        "Softsign" => map::<T, T>(
            operand,
            #[inline(always)]
            |x| x / (T::ONE + x.magnitude()),
        ),
        "Mish" => map::<T, T>(
            operand,
            #[inline(always)]
            |x| x * softplus(x).tanh(),
        ),
        _ => gelu::<T>(node, operand),
    }
}

/// `ln(1 + eˣ)`, with an exponential that cannot overflow.
#[inline(always)]
fn softplus<T: Real>(x: T) -> T {
    x.greatest(T::ZERO) + (-x.magnitude()).exp().ln_of_one_and()
}

fn gelu<T: Real>(node: &Node<'_>, operand: &Operand<'_>) -> Result<Compiled, NotTaken> {
    let half = T::of(0.5);
    match node.string("approximate")?.unwrap_or("none") {
        "none" => {
            let scale = T::ONE / T::of(2.0).sqrt();
            map::<T, T>(
                operand,
                #[inline(always)]
                move |x| half * x * (T::ONE + (x * scale).error_function()),
            )
        }
        "tanh" => {
            let (scale, cube) = (T::of(std::f32::consts::FRAC_2_PI).sqrt(), T::of(0.044_715));
            map::<T, T>(
                operand,
                #[inline(always)]
                move |x| half * x * (T::ONE + (scale * (x + cube * x * x * x)).tanh()),
            )
        }
        other => Err(NotTaken::invalid(node, format!("{other:?} is no approximation of Gelu"))),
    }
}
