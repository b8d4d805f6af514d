//! Elements on their way from one value to another.

use hotplate_backend::{BackendError, BackendErrorKind};
use hotplate_tensor::{Element, StrBuf, StrView};

use super::walk::Line;

/// Where elements come from and where they go, of one type.
pub(super) trait Mover {
    /// Moves elements at one distance of each other.
    fn line(&mut self, from: usize, to: usize, line: Line);

    /// Moves elements that lie side by side.
    fn side_by_side(&mut self, from: usize, to: usize, len: usize) {
        self.line(from, to, Line { len, from_step: 1, to_step: 1 });
    }
}

/// Numbers or truth values.
pub(super) struct Cells<'a, T> {
    pub(super) from: &'a [T],
    pub(super) to: &'a mut [T],
}

impl<T: Element> Mover for Cells<'_, T> {
    fn line(&mut self, from: usize, to: usize, Line { len, from_step, to_step }: Line) {
        match (from_step, to_step) {
            _ if len == 1 => self.to[to] = self.from[from],
            (1, 1) => self.to[to..to + len].copy_from_slice(&self.from[from..from + len]),
            (0, 1) => self.to[to..to + len].fill(self.from[from]),
            (_, 1) => {
                let mut at = from;
                for element in &mut self.to[to..to + len] {
                    *element = self.from[at];
                    at = at.wrapping_add(from_step);
                }
            }
            (1, _) => {
                let mut at = to;
                for element in &self.from[from..from + len] {
                    self.to[at] = *element;
                    at = at.wrapping_add(to_step);
                }
            }
            _ => {
                let (mut from, mut to) = (from, to);
                for _ in 0..len {
                    self.to[to] = self.from[from];
                    from = from.wrapping_add(from_step);
                    to = to.wrapping_add(to_step);
                }
            }
        }
    }
}

/// Texts.
pub(super) struct Texts<'a> {
    pub(super) from: StrView<'a>,
    pub(super) to: &'a mut StrBuf,
    /// Whether a text found no room.
    pub(super) is_full: bool,
}

impl<'a> Texts<'a> {
    pub(super) const fn new(from: StrView<'a>, to: &'a mut StrBuf) -> Self {
        Self { from, to, is_full: false }
    }

    /// # Errors
    ///
    /// When the texts do not fit into one value.
    pub(super) fn finish(self) -> Result<(), BackendError> {
        if self.is_full {
            let problem = "a value of more than 4 GiB of text";
            return Err(BackendError::told(BackendErrorKind::OutOfMemory, problem));
        }
        Ok(())
    }
}

impl Mover for Texts<'_> {
    fn line(&mut self, mut from: usize, mut to: usize, Line { len, from_step, to_step }: Line) {
        for _ in 0..len {
            self.is_full |= self.to.set(to, self.from.get(from)).is_err();
            from = from.wrapping_add(from_step);
            to = to.wrapping_add(to_step);
        }
    }
}

/// Runs an expression for the type of elements that a [`DType`](hotplate_tensor::DType) says, and
/// another for text.
macro_rules! by_type {
    ($dtype:expr, $type:ident => $cells:expr, text => $texts:expr $(,)?) => {
        match $dtype {
            hotplate_tensor::DType::Bool => {
                type $type = bool;
                $cells
            }
            hotplate_tensor::DType::I8 => {
                type $type = i8;
                $cells
            }
            hotplate_tensor::DType::I16 => {
                type $type = i16;
                $cells
            }
            hotplate_tensor::DType::I32 => {
                type $type = i32;
                $cells
            }
            hotplate_tensor::DType::I64 => {
                type $type = i64;
                $cells
            }
            hotplate_tensor::DType::U8 => {
                type $type = u8;
                $cells
            }
            hotplate_tensor::DType::U16 => {
                type $type = u16;
                $cells
            }
            hotplate_tensor::DType::U32 => {
                type $type = u32;
                $cells
            }
            hotplate_tensor::DType::U64 => {
                type $type = u64;
                $cells
            }
            hotplate_tensor::DType::F32 => {
                type $type = f32;
                $cells
            }
            hotplate_tensor::DType::F64 => {
                type $type = f64;
                $cells
            }
            _ => $texts,
        }
    };
}

pub(super) use by_type;
