//! Answers as one array, `[rows]` or `[rows, elements]`.

use hotplate_tensor::{DType, MAX_RANK, Shape};

use crate::{
    Field, Predictions,
    encode::{
        parts::{each_part, own_cells},
        value::number,
    },
    npy::split_header,
};

/// The header and the array are aligned to this.
const ALIGNMENT: usize = 64;

/// The bytes in front of a header's dictionary.
const HEAD: usize = 10;

/// Rows of one shape, whose number is known when the last has come.
#[derive(Clone, Debug, Default)]
pub(super) struct Array {
    layout: Option<Layout>,
    pub(super) rows: usize,
    pub(super) elements: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    is_f64: bool,
    row: Shape,
}

impl Layout {
    fn of(predictions: &Predictions<'_>, fields: &[Field]) -> Self {
        let (mut is_f64, mut width, mut parts, mut row) = (false, 0, 0, Shape::of_rows(0));
        each_part(predictions, fields, 0, |_, part, shape| {
            let dtype = part.elements().0.dtype();
            // Labels are small numbers or text; any other number may need its 64 bits.
            is_f64 |= matches!(predictions, Predictions::Tensors { .. })
                && !matches!(dtype, DType::F32 | DType::Bool)
                || dtype == DType::F64;
            width += shape.elements();
            parts += 1;
            row = shape;
        });
        if parts != 1 || row.rank() == MAX_RANK {
            row = Shape::of_rows(width);
        }
        if row.elements() == 1 {
            row = Shape::of_rows(0).of_one_row();
        }
        Self { is_f64, row }
    }

    pub(super) fn row_bytes(self) -> usize {
        self.row.elements() * if self.is_f64 { 8 } else { 4 }
    }
}

impl Array {
    /// Takes rows in; those of another shape are an array of their own, which follows in `out`.
    pub(super) fn push(
        &mut self,
        predictions: &Predictions<'_>,
        fields: Option<&[Field]>,
        out: &mut Vec<u8>,
    ) {
        let rows = predictions.rows();
        if rows == 0 {
            return;
        }
        let fields = fields.unwrap_or_else(|| own_cells(predictions));
        let layout = Layout::of(predictions, fields);
        self.expect(layout, out);
        self.rows += rows;
        for row in 0..rows {
            each_part(predictions, fields, row, |_, part, _| {
                let (data, start, width) = part.elements();
                for index in start..start + width {
                    let number = number(data, index);
                    if layout.is_f64 {
                        self.elements.extend_from_slice(&number.to_le_bytes());
                    } else {
                        #[expect(clippy::cast_possible_truncation, reason = "it was a float32")]
                        self.elements.extend_from_slice(&(number as f32).to_le_bytes());
                    }
                }
            });
        }
    }

    /// Makes room for rows of this layout.
    pub(super) fn expect(&mut self, layout: Layout, out: &mut Vec<u8>) {
        if self.layout.is_some_and(|own| own != layout) {
            self.write(out);
        }
        self.layout = Some(layout);
    }

    /// The layout and the rows of the array that `bytes` begin with, and where its elements do.
    pub(super) fn split(bytes: &[u8]) -> Option<(Layout, usize, usize)> {
        let (header, start) = split_header(bytes).ok()??;
        let layout = Layout { is_f64: header.element.bytes == 8, row: header.shape.of_one_row() };
        Some((layout, header.shape.rows(), start))
    }

    /// Appends the array to `out`, and begins another.
    pub(super) fn write(&mut self, out: &mut Vec<u8>) {
        let scalar = Shape::of_rows(0).of_one_row();
        let layout = self.layout.take().unwrap_or(Layout { is_f64: false, row: scalar });
        write_header(layout, self.rows, out);
        out.extend_from_slice(&self.elements);
        self.elements.clear();
        self.rows = 0;
    }
}

fn write_header(layout: Layout, rows: usize, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(b"\x93NUMPY\x01\x00\x00\x00{'descr': '<f");
    out.push(if layout.is_f64 { b'8' } else { b'4' });
    out.extend_from_slice(b"', 'fortran_order': False, 'shape': (");
    out.extend_from_slice(itoa::Buffer::new().format(rows).as_bytes());
    out.push(b',');
    for (axis, &dim) in layout.row.dims().iter().enumerate() {
        out.extend_from_slice(if axis == 0 { b" " } else { b", " });
        out.extend_from_slice(itoa::Buffer::new().format(dim).as_bytes());
    }
    out.extend_from_slice(b"), }");
    let length = (out.len() - start + 1).next_multiple_of(ALIGNMENT);
    out.resize(start + length - 1, b' ');
    out.push(b'\n');
    // Of at most eight dimensions, the dictionary always fits.
    let dictionary = u16::try_from(length - HEAD).unwrap_or_default().to_le_bytes();
    out[start + HEAD - 2..start + HEAD].copy_from_slice(&dictionary);
}
