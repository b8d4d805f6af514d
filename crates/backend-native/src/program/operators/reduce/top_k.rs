//! `TopK`: the greatest or the least elements along an axis, in order, and where they stand.

use std::{fmt, marker::PhantomData};

use hotplate_backend::BackendError;
use hotplate_model::onnx::Node;
use hotplate_tensor::{DType, Element, Tensor};

use super::{
    super::support::{operand, optional},
    lanes::{Axis, Lanes},
};
use crate::{
    operator::NotTaken,
    program::{
        kernel::{Compiled, Kernel, Operand, Operands},
        shape::{Dim, ValueType},
    },
};

pub(super) fn compile(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let x = operand(node, operands, 0)?;
    let axis = Axis::read(node, -1, &x.ty)?;
    let k = match (optional(operands, 1), node.int("k")?) {
        (Some(k), _) => match k.constant_elements::<i64>() {
            Some(&[k]) => k,
            Some(_) => return Err(NotTaken::invalid(node, "several numbers of elements")),
            None => return Err(NotTaken::unsupported("a number of elements that is computed")),
        },
        (None, Some(k)) => k,
        (None, None) => return Err(NotTaken::invalid(node, "no number of elements")),
    };
    let k = usize::try_from(k)
        .ok()
        .filter(|&k| k <= axis.count)
        .ok_or_else(|| NotTaken::invalid(node, format!("{k} elements of {}", axis.count)))?;
    if k > 1 && node.int("sorted")?.unwrap_or(1) == 0 {
        // ONNX Runtime leaves them as its heap has them, which nobody else can know.
        return Err(NotTaken::unsupported("elements in no order"));
    }
    let least = node.int("largest")?.unwrap_or(1) == 0;
    let mut dims = x.ty.dims.clone();
    dims[axis.index] = Dim::Fixed(k);
    let of = |dtype| ValueType::new(dtype, dims.clone()).map_err(NotTaken::unsupported);
    let output = of(x.ty.dtype)?;
    let outputs = vec![output.clone(), of(DType::I64)?];
    macro_rules! of {
        ($($variant:ident: $type:ty),+) => {
            match x.ty.dtype {
                $(DType::$variant => {
                    let of = PhantomData::<$type>;
                    Box::new(TopK { axis, k, least, output, of }) as Box<dyn Kernel>
                })+
                other => return Err(NotTaken::unsupported(format!("TopK of {other}"))),
            }
        };
    }
    let kernel = of!(
        F32: f32, F64: f64, I8: i8, I16: i16, I32: i32, I64: i64, U8: u8, U16: u16, U32: u32,
        U64: u64
    );
    Ok(Compiled { kernel, outputs })
}

#[derive(Debug)]
struct TopK<T> {
    axis: Axis,
    k: usize,
    /// Whether the least are meant.
    least: bool,
    output: ValueType,
    of: PhantomData<T>,
}

impl<T: Element + PartialOrd + fmt::Debug> Kernel for TopK<T> {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let [values, places] = outputs else { unreachable!("two outputs were compiled") };
        let from = self.axis.lanes(operands.view(0).shape());
        let x = operands.elements::<T>(0);
        let shape = self.output.shape(operands.rows());
        let values = values.reset::<T>(shape);
        let places = places.reset::<i64>(shape);
        if self.least {
            self.choose(from, x, values, places, |one, other| one < other);
        } else {
            self.choose(from, x, values, places, |one, other| one > other);
        }
        Ok(())
    }
}

impl<T: Element + PartialOrd> TopK<T> {
    /// Puts every element among the best so far of its lane, behind its equals.
    fn choose(
        &self,
        from: Lanes,
        x: &[T],
        values: &mut [T],
        places: &mut [i64],
        is_better: impl Fn(T, T) -> bool,
    ) {
        if self.k == 0 {
            return;
        }
        let to = Lanes { count: self.k, ..from };
        for (first, to_first) in from.firsts().zip(to.firsts()) {
            let at = |place: usize| to_first + place * to.inners;
            let mut chosen = 0;
            for (place, element) in (0..).zip(from.lane(x, first)) {
                if chosen == self.k && !is_better(element, values[at(chosen - 1)]) {
                    continue;
                }
                let mut free = chosen.min(self.k - 1);
                while free > 0 && is_better(element, values[at(free - 1)]) {
                    values[at(free)] = values[at(free - 1)];
                    places[at(free)] = places[at(free - 1)];
                    free -= 1;
                }
                values[at(free)] = element;
                places[at(free)] = place;
                chosen = self.k.min(chosen + 1);
            }
        }
    }
}
