use hotplate_tensor::{DType, Data, StrBuf};

use super::{
    element::{DOUBLES, FLOATS, INT32S, INT64S, STRINGS, UINT64S},
    repeated::{Repeated, RepeatedBytes},
    wire::Piece,
};

/// Elements that lie side by side, little-endian, as they do in a tensor's raw data.
pub(super) fn raw(dtype: DType, bytes: &[u8]) -> Option<Data> {
    macro_rules! chunks {
        ($type:ty) => {{
            let (chunks, _) = bytes.as_chunks();
            chunks.iter().map(|&chunk| <$type>::from_le_bytes(chunk)).collect()
        }};
    }
    Some(match dtype {
        DType::Bool => Data::Bool(bytes.iter().map(|&byte| truth(byte)).collect::<Option<_>>()?),
        DType::I8 => Data::I8(chunks!(i8)),
        DType::I16 => Data::I16(chunks!(i16)),
        DType::I32 => Data::I32(chunks!(i32)),
        DType::I64 => Data::I64(chunks!(i64)),
        DType::U8 => Data::U8(bytes.to_vec()),
        DType::U16 => Data::U16(chunks!(u16)),
        DType::U32 => Data::U32(chunks!(u32)),
        DType::U64 => Data::U64(chunks!(u64)),
        DType::F32 => Data::F32(chunks!(f32)),
        DType::F64 => Data::F64(chunks!(f64)),
        _ => return None,
    })
}

/// `len` elements that lie in the repeated field of a tensor message that is for their type.
pub(super) fn typed(dtype: DType, message: Piece<'_>, len: usize) -> Option<Data> {
    Some(match dtype {
        DType::Bool => Data::Bool(narrow(message, len, |int| truth(u8::try_from(int).ok()?))?),
        DType::I8 => Data::I8(narrow(message, len, |int| int.try_into().ok())?),
        DType::I16 => Data::I16(narrow(message, len, |int| int.try_into().ok())?),
        DType::I32 => Data::I32(narrow(message, len, Some)?),
        DType::I64 => Data::I64(Repeated::new(message, INT64S, len).collect()),
        DType::U8 => Data::U8(narrow(message, len, |int| int.try_into().ok())?),
        DType::U16 => Data::U16(narrow(message, len, |int| int.try_into().ok())?),
        DType::U32 => Data::U32(
            Repeated::<u64>::new(message, UINT64S, len)
                .map(|int| int.try_into().ok())
                .collect::<Option<_>>()?,
        ),
        DType::U64 => Data::U64(Repeated::new(message, UINT64S, len).collect()),
        DType::F32 => Data::F32(Repeated::new(message, FLOATS, len).collect()),
        DType::F64 => Data::F64(Repeated::new(message, DOUBLES, len).collect()),
        DType::Str => Data::Str(texts(RepeatedBytes::new(message, STRINGS, len))?),
        _ => return None,
    })
}

/// The elements of the field that holds every integer of up to 32 bits.
fn narrow<T>(message: Piece<'_>, len: usize, convert: impl Fn(i32) -> Option<T>) -> Option<Vec<T>> {
    #[expect(clippy::cast_possible_truncation, reason = "protobuf takes the low 32 bits")]
    Repeated::<i64>::new(message, INT32S, len).map(|int| convert(int as i32)).collect()
}

fn texts(pieces: RepeatedBytes<'_>) -> Option<StrBuf> {
    let mut texts = StrBuf::default();
    for piece in pieces {
        texts.push(std::str::from_utf8(piece.bytes).ok()?).ok()?;
    }
    Some(texts)
}

const fn truth(byte: u8) -> Option<bool> {
    match byte {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}
