//! One element of a typed buffer, set to a value that it may have no room for.

use crate::{CellError, DType, Data};

/// Sets an element to a number, rounded once to the type of floats.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "rounding to float32 is the contract")]
pub(crate) fn put_number(data: &mut Data, index: usize, number: f64) -> Result<(), CellError> {
    match data {
        Data::F32(elements) => elements[index] = number as f32,
        Data::F64(elements) => elements[index] = number,
        Data::Str(_) => return Err(CellError::WrongType { expected: DType::Str }),
        _ => {
            let integer = exact_integer(number, data.dtype())?;
            return put_integer(data, index, integer);
        }
    }
    Ok(())
}

/// Sets an element to an integer, if it is one of their type.
#[inline]
pub(crate) fn put_integer(data: &mut Data, index: usize, integer: i64) -> Result<(), CellError> {
    let expected = data.dtype();
    let out_of_range = CellError::OutOfRange { expected };
    match data {
        #[expect(clippy::cast_precision_loss, reason = "a float column rounds once")]
        Data::F32(elements) => elements[index] = integer as f32,
        #[expect(clippy::cast_precision_loss, reason = "a float column rounds once")]
        Data::F64(elements) => elements[index] = integer as f64,
        Data::Bool(elements) => {
            elements[index] = match integer {
                0 => false,
                1 => true,
                _ => return Err(out_of_range),
            }
        }
        Data::I8(elements) => elements[index] = narrow(integer, expected)?,
        Data::I16(elements) => elements[index] = narrow(integer, expected)?,
        Data::I32(elements) => elements[index] = narrow(integer, expected)?,
        Data::I64(elements) => elements[index] = integer,
        Data::U8(elements) => elements[index] = narrow(integer, expected)?,
        Data::U16(elements) => elements[index] = narrow(integer, expected)?,
        Data::U32(elements) => elements[index] = narrow(integer, expected)?,
        Data::U64(elements) => elements[index] = narrow(integer, expected)?,
        Data::Str(_) => return Err(CellError::WrongType { expected }),
    }
    Ok(())
}

/// Sets an element to text, if they are text.
#[inline]
pub(crate) fn put_text(data: &mut Data, index: usize, text: &str) -> Result<(), CellError> {
    match data {
        Data::Str(strings) => strings.set(index, text),
        _ => Err(CellError::WrongType { expected: data.dtype() }),
    }
}

/// Sets an element to NaN or the empty text.
#[inline]
pub(crate) fn put_missing(data: &mut Data, index: usize) -> Result<(), CellError> {
    match data {
        Data::F32(elements) => elements[index] = f32::NAN,
        Data::F64(elements) => elements[index] = f64::NAN,
        Data::Str(strings) => strings.set(index, "")?,
        _ => return Err(CellError::Missing { expected: data.dtype() }),
    }
    Ok(())
}

fn narrow<T: TryFrom<i64>>(integer: i64, expected: DType) -> Result<T, CellError> {
    T::try_from(integer).map_err(|_| CellError::OutOfRange { expected })
}

/// `number` as the integer that it is exactly.
fn exact_integer(number: f64, expected: DType) -> Result<i64, CellError> {
    // Both bounds are powers of two and so exact: every double in between has an i64.
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    if number.trunc() == number && (-BOUND..BOUND).contains(&number) {
        #[expect(clippy::cast_possible_truncation, reason = "checked to be exact")]
        return Ok(number as i64);
    }
    Err(CellError::OutOfRange { expected })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DataView;

    #[test]
    fn integers_are_kept_exactly_or_refused() {
        let mut data = Data::I64(vec![0]);
        put_integer(&mut data, 0, i64::MAX).unwrap();
        assert_eq!(data.view(), DataView::I64(&[i64::MAX]));
        assert_eq!(put_missing(&mut data, 0), Err(CellError::Missing { expected: DType::I64 }));
        let mut data = Data::U8(vec![0]);
        let out_of_range = Err(CellError::OutOfRange { expected: DType::U8 });
        for number in [256.0, -1.0, 1.5, f64::NAN, 1e300] {
            assert_eq!(put_number(&mut data, 0, number), out_of_range, "{number}");
        }
        put_number(&mut data, 0, 255.0).unwrap();
        assert_eq!(data.view(), DataView::U8(&[255]));
    }

    #[test]
    fn truth_is_one_or_zero() {
        let mut data = Data::Bool(vec![false]);
        put_integer(&mut data, 0, 1).unwrap();
        let out_of_range = Err(CellError::OutOfRange { expected: DType::Bool });
        assert_eq!(put_integer(&mut data, 0, 2), out_of_range);
        assert_eq!(data.view(), DataView::Bool(&[true]));
    }

    #[test]
    fn kinds_do_not_mix() {
        let wrong_type = |expected| Err(CellError::WrongType { expected });
        assert_eq!(put_text(&mut Data::F32(vec![0.0]), 0, "12"), wrong_type(DType::F32));
        let mut texts = Data::new(DType::Str);
        assert_eq!(put_number(&mut texts, 0, 12.0), wrong_type(DType::Str));
        assert_eq!(put_integer(&mut texts, 0, 12), wrong_type(DType::Str));
    }
}
