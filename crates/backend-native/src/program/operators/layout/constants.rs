//! Values that are the same for every row, or of one element everywhere: Constant, ConstantOfShape,
//! Range.

use hotplate_model::onnx::Node;
use hotplate_tensor::{DType, Element, Shape, Tensor};

use super::{
    super::support::operand,
    copies::{Copied, compiled},
    lists, moves,
};
use crate::{
    operator::NotTaken,
    program::{
        constants::constant_of,
        kernel::{Compiled, Operand},
        shape::{Dim, MOST_ELEMENTS, ValueType},
    },
};

/// A node that makes this tensor.
fn made(tensor: Tensor) -> Compiled {
    let dims = tensor.shape().dims().iter().copied().map(Dim::Fixed).collect();
    let ty = ValueType { dtype: tensor.dtype(), dims };
    Compiled { kernel: Box::new(Made(tensor)), outputs: vec![ty] }
}

/// A tensor that is there beforehand.
#[derive(Debug)]
struct Made(Tensor);

impl crate::program::kernel::Kernel for Made {
    fn run(
        &self,
        _: crate::program::kernel::Operands<'_>,
        outputs: &mut [Tensor],
    ) -> Result<(), hotplate_backend::BackendError> {
        outputs.iter_mut().for_each(|output| self.0.clone_into(output));
        Ok(())
    }
}

fn list<T: Element>(elements: &[T]) -> Tensor {
    let mut tensor = Tensor::empty(T::DTYPE);
    tensor.reset::<T>(Shape::of_rows(elements.len())).copy_from_slice(elements);
    tensor
}

fn scalar<T: Element>(element: T) -> Tensor {
    let mut tensor = Tensor::empty(T::DTYPE);
    tensor.reset::<T>(Shape::default())[0] = element;
    tensor
}

pub(super) fn constant(node: &Node<'_>) -> Result<Compiled, NotTaken> {
    let [attribute] = node.attributes() else {
        let problem = format!("{} attributes, one of them the value", node.attributes().len());
        return Err(NotTaken::invalid(node, problem));
    };
    let name = attribute.name();
    let tensor = match name {
        "value" => node.tensor(name)?.as_ref().map(constant_of).transpose()?,
        "value_float" => node.float(name)?.map(scalar),
        "value_int" => node.int(name)?.map(scalar),
        "value_floats" => node.floats(name)?.map(|floats| list(&floats.collect::<Vec<_>>())),
        "value_ints" => node.ints(name)?.map(|ints| list(&ints.collect::<Vec<_>>())),
        "value_string" => node.string(name)?.map(|text| texts(Shape::default(), &[text])),
        "value_strings" => match node.strings(name)? {
            Some(strings) => {
                let strings: Vec<&str> = strings.collect();
                Some(texts(Shape::of_rows(strings.len()), &strings))
            }
            None => None,
        },
        "sparse_value" => return Err(NotTaken::unsupported("a sparse tensor")),
        _ => None,
    };
    let tensor = tensor.ok_or_else(|| NotTaken::invalid(node, format!("{name} is no value")))?;
    Ok(made(tensor))
}

fn texts(shape: Shape, strings: &[&str]) -> Tensor {
    let mut tensor = Tensor::empty(DType::Str);
    tensor.reset_strings(shape);
    strings.iter().enumerate().for_each(|(index, text)| tensor.set_string(index, text));
    tensor
}

pub(super) fn constant_of_shape(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let shape = lists::known(operand(node, operands, 0)?, "dimensions")?;
    let value = match node.tensor("value")? {
        Some(value) => constant_of(&value)?,
        None => scalar(0.0_f32),
    };
    if value.shape().elements() != 1 {
        let problem = format!("a value of {} elements", value.shape().elements());
        return Err(NotTaken::invalid(node, problem));
    }
    let dims = moves::dims(node, &shape)?;
    let ty = ValueType::new(value.dtype(), dims).map_err(NotTaken::unsupported)?;
    Ok(compiled(vec![Copied { ty, background: Some(value), walks: Vec::new() }]))
}

pub(super) fn range(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let dtype = operand(node, operands, 0)?.ty.dtype;
    let mut bounds = [None; 3];
    for (index, bound) in bounds.iter_mut().enumerate() {
        let operand = operand(node, operands, index)?;
        if operand.ty.dtype != dtype {
            return Err(NotTaken::invalid(node, format!("{dtype} with {}", operand.ty.dtype)));
        }
        let constant = operand
            .constant
            .ok_or_else(|| NotTaken::unsupported("a range between bounds that are computed"))?;
        if constant.shape().elements() != 1 {
            let problem = format!("a bound of {} elements", constant.shape().elements());
            return Err(NotTaken::invalid(node, problem));
        }
        *bound = Some(constant);
    }
    macro_rules! of {
        ($($variant:ident: $type:ty, $wide:ty),+) => {
            match dtype {
                $(DType::$variant => {
                    let [start, limit, delta] = bounds.map(|bound| {
                        let elements = bound.and_then(|bound| <$type>::slice(bound.data()));
                        elements.map_or(<$type>::default(), |elements| elements[0])
                    });
                    if delta == <$type>::default() {
                        return Err(NotTaken::invalid(node, "takes steps of zero"));
                    }
                    // As ONNX Runtime counts; a double holds every number that is taken.
                    let count = ((limit as $wide - start as $wide) as f64 / delta as f64).ceil();
                    let count = count_of(count)?;
                    let mut elements: Vec<$type> = Vec::with_capacity(count);
                    while elements.len() < count {
                        elements.push(elements.last().map_or(start, |last| *last + delta));
                    }
                    made(list(&elements))
                })+
                _ => return Err(NotTaken::unsupported(format!("a range of {dtype}"))),
            }
        };
    }
    #[expect(clippy::cast_precision_loss, reason = "only counts that are small are taken")]
    let made = of!(F32: f32, f64, F64: f64, f64, I16: i16, i128, I32: i32, i128, I64: i64, i128);
    Ok(made)
}

fn count_of(count: f64) -> Result<usize, NotTaken> {
    if count.is_nan() || count > MOST_ELEMENTS as f64 {
        return Err(NotTaken::unsupported(format!(
            "a range of more than {MOST_ELEMENTS} elements"
        )));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between zero and a bound"
    )]
    Ok(count.max(0.0) as usize)
}
