//! Elements of tensors as text, and the score of a row.

use hotplate_tensor::DataView;

/// How a format writes what is not a finite number.
pub(super) trait Notation {
    /// Appends the element at `index` of text.
    fn text(text: &str, out: &mut Vec<u8>);

    /// Appends a number that is not finite.
    fn special(number: f64, out: &mut Vec<u8>);
}

/// Appends the element at `index`. A float has the fewest digits that are read back as itself.
pub(super) fn write_element<N: Notation>(data: DataView<'_>, index: usize, out: &mut Vec<u8>) {
    match data {
        DataView::F32(elements) => {
            let number = elements[index];
            if number.is_finite() {
                out.extend_from_slice(zmij::Buffer::new().format_finite(number).as_bytes());
            } else {
                N::special(number.into(), out);
            }
        }
        DataView::F64(elements) => {
            let number = elements[index];
            if number.is_finite() {
                out.extend_from_slice(zmij::Buffer::new().format_finite(number).as_bytes());
            } else {
                N::special(number, out);
            }
        }
        DataView::Str(strings) => N::text(strings.get(index), out),
        DataView::Bool(elements) => {
            out.extend_from_slice(if elements[index] { b"true" } else { b"false" });
        }
        DataView::I8(elements) => write_integer(elements[index], out),
        DataView::I16(elements) => write_integer(elements[index], out),
        DataView::I32(elements) => write_integer(elements[index], out),
        DataView::I64(elements) => write_integer(elements[index], out),
        DataView::U8(elements) => write_integer(elements[index], out),
        DataView::U16(elements) => write_integer(elements[index], out),
        DataView::U32(elements) => write_integer(elements[index], out),
        DataView::U64(elements) => write_integer(elements[index], out),
        _ => N::special(f64::NAN, out),
    }
}

fn write_integer(integer: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(integer).as_bytes());
}

/// The element at `index` as a number: NaN for text.
#[expect(clippy::cast_precision_loss, reason = "the nearest double is wanted")]
pub(super) fn number(data: DataView<'_>, index: usize) -> f64 {
    match data {
        DataView::F32(elements) => elements[index].into(),
        DataView::F64(elements) => elements[index],
        DataView::Bool(elements) => elements[index].into(),
        DataView::I8(elements) => elements[index].into(),
        DataView::I16(elements) => elements[index].into(),
        DataView::I32(elements) => elements[index].into(),
        DataView::I64(elements) => elements[index] as f64,
        DataView::U8(elements) => elements[index].into(),
        DataView::U16(elements) => elements[index].into(),
        DataView::U32(elements) => elements[index].into(),
        DataView::U64(elements) => elements[index] as f64,
        _ => f64::NAN,
    }
}

/// The index of the probability that is a row's score: the second of two, the greatest of more.
///
/// NaN is not greater than anything, so a row of them has its first as its score.
pub(super) fn score_index(probabilities: DataView<'_>, classes: usize, row: usize) -> usize {
    let start = row * classes;
    match (classes, probabilities) {
        (2, _) => start + 1,
        (_, DataView::F32(elements)) => start + greatest(&elements[start..start + classes]),
        (_, DataView::F64(elements)) => start + greatest(&elements[start..start + classes]),
        _ => start,
    }
}

fn greatest<T: PartialOrd + Copy>(elements: &[T]) -> usize {
    let mut best = 0;
    for (index, element) in elements.iter().enumerate() {
        #[expect(clippy::eq_op, reason = "a NaN, which differs from itself, gives way to a number")]
        if *element > elements[best] || elements[best] != elements[best] {
            best = index;
        }
    }
    best
}
