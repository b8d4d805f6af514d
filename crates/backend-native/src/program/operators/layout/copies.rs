//! The kernel of whatever moves elements along fixed ways.

use hotplate_backend::BackendError;
use hotplate_tensor::{DType, DataView, Element, Tensor};

use super::{
    cells::{Cells, Texts, by_type},
    walk::Walk,
};
use crate::program::{
    kernel::{Compiled, Kernel, Operands},
    shape::ValueType,
};

/// Each output, made of what the walks to it bring.
#[derive(Debug)]
pub(super) struct Copies {
    outputs: Vec<Copied>,
}

/// How one output is made.
#[derive(Clone, Debug)]
pub(super) struct Copied {
    pub(super) ty: ValueType,
    /// What stands where no walk leads: one element of the output's type. Without it the walks lead
    /// everywhere.
    pub(super) background: Option<Tensor>,
    /// The input that each is through.
    pub(super) walks: Vec<(usize, Walk)>,
}

impl Copied {
    /// All of an input, the way that `walk` takes.
    pub(super) fn of(ty: ValueType, walk: Walk) -> Self {
        Self { ty, background: None, walks: vec![(0, walk)] }
    }
}

/// The node, compiled.
pub(super) fn compiled(outputs: Vec<Copied>) -> Compiled {
    let types = outputs.iter().map(|output| output.ty.clone()).collect();
    Compiled { kernel: Box::new(Copies { outputs }), outputs: types }
}

impl Kernel for Copies {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        for (copied, output) in self.outputs.iter().zip(outputs) {
            by_type!(
                copied.ty.dtype,
                T => copied.cells::<T>(operands, output),
                text => copied.texts(operands, output)?,
            );
        }
        Ok(())
    }
}

impl Copied {
    fn cells<T: Element>(&self, operands: Operands<'_>, output: &mut Tensor) {
        let rows = operands.rows();
        let to = output.reset::<T>(self.ty.shape(rows));
        if let Some(&[background]) = self.background.as_ref().and_then(|one| T::slice(one.data())) {
            to.fill(background);
        }
        for &(input, ref walk) in &self.walks {
            walk.run(rows, &mut Cells { from: operands.elements::<T>(input), to });
        }
    }

    fn texts(&self, operands: Operands<'_>, output: &mut Tensor) -> Result<(), BackendError> {
        let rows = operands.rows();
        let to = output.reset_strings(self.ty.shape(rows));
        if let Some(background) = &self.background {
            let ways = Walk::spread(&self.ty.dims);
            text_walk(background.data(), to, &ways, rows)?;
        }
        for &(input, ref walk) in &self.walks {
            text_walk(operands.view(input).data(), to, walk, rows)?;
        }
        Ok(())
    }
}

fn text_walk(
    from: DataView<'_>,
    to: &mut hotplate_tensor::StrBuf,
    walk: &Walk,
    rows: usize,
) -> Result<(), BackendError> {
    let DataView::Str(from) = from else {
        panic!("a {} where {} was", from.dtype(), DType::Str);
    };
    let mut texts = Texts::new(from, to);
    walk.run(rows, &mut texts);
    texts.finish()
}
