use std::{fmt, marker::PhantomData};

use super::wire::{
    Field, Fields, Piece, Value, WireType, read_array, read_bytes, read_tag, read_varint,
};
use crate::{ModelError, fault::Fault};

/// A number of a repeated field, packed or with a tag each.
pub(super) trait Scalar: Copy {
    const WIRE_TYPE: WireType;

    /// The bytes of one number, or `None` where they vary.
    const BYTES: Option<usize>;

    fn read(rest: &mut &[u8]) -> Result<Self, Fault>;
}

macro_rules! scalars {
    ($($type:ty: $wire_type:ident, $bytes:expr, $rest:ident => $read:expr;)+) => {
        $(impl Scalar for $type {
            const WIRE_TYPE: WireType = WireType::$wire_type;
            const BYTES: Option<usize> = $bytes;

            #[inline]
            fn read($rest: &mut &[u8]) -> Result<Self, Fault> {
                Ok($read)
            }
        })+
    };
}

scalars! {
    f32: Fixed32, Some(4), rest => Self::from_le_bytes(read_array(rest)?);
    f64: Fixed64, Some(8), rest => Self::from_le_bytes(read_array(rest)?);
    i64: Varint, None, rest => read_varint(rest)?.cast_signed();
    u64: Varint, None, rest => read_varint(rest)?;
}

/// Counts and checks the numbers in `field`, and in the run of its like that follows.
pub(super) fn count<T: Scalar>(
    field: &Field<'_>,
    fields: &mut Fields<'_>,
) -> Result<usize, ModelError> {
    match field.value {
        Value::Bytes(packed) => count_packed::<T>(packed),
        Value::Varint(_) if T::WIRE_TYPE == WireType::Varint => Ok(1 + run::<T>(field, fields)),
        Value::Fixed32(_) if T::WIRE_TYPE == WireType::Fixed32 => Ok(1 + run::<T>(field, fields)),
        Value::Fixed64 if T::WIRE_TYPE == WireType::Fixed64 => Ok(1 + run::<T>(field, fields)),
        _ => Err(field.not("a list of numbers")),
    }
}

/// A forest's lists are millions of fields of the same tag, each one byte: these are counted
/// without taking each apart.
fn run<T: Scalar>(field: &Field<'_>, fields: &mut Fields<'_>) -> usize {
    match one_byte_tag::<T>(field.number) {
        Some(tag) => fields.skip_run(tag, |mut rest| {
            T::read(&mut rest).ok()?;
            Some(rest)
        }),
        None => 0,
    }
}

/// The tag of a number in this field, where it is a single byte.
#[inline]
fn one_byte_tag<T: Scalar>(number: u32) -> Option<u8> {
    u8::try_from(number << 3 | T::WIRE_TYPE as u32).ok().filter(|&tag| tag < 0x80)
}

fn count_packed<T: Scalar>(packed: Piece<'_>) -> Result<usize, ModelError> {
    let bytes = packed.bytes.len();
    if let Some(element_bytes) = T::BYTES {
        return if bytes.is_multiple_of(element_bytes) {
            Ok(bytes / element_bytes)
        } else {
            let fault = Fault::PackedLength { bytes, element_bytes };
            Err(ModelError::from(fault).at(packed.offset))
        };
    }
    let mut rest = packed.bytes;
    let mut count = 0;
    while !rest.is_empty() {
        let offset = packed.offset + bytes - rest.len();
        T::read(&mut rest).map_err(|fault| ModelError::from(fault).at(offset))?;
        count += 1;
    }
    Ok(count)
}

/// The numbers of one repeated field of a message, read where they lie.
///
/// The message was checked, and the numbers counted, when it was read. Should its bytes have
/// changed since, in a mapped file that someone writes to, the walk ends early.
#[derive(Clone)]
pub(super) struct Repeated<'a, T> {
    rest: &'a [u8],
    packed: &'a [u8],
    number: u32,
    left: usize,
    scalar: PhantomData<T>,
}

impl<'a, T: Scalar> Repeated<'a, T> {
    pub(super) const fn new(message: Piece<'a>, number: u32, count: usize) -> Self {
        Self { rest: message.bytes, packed: &[], number, left: count, scalar: PhantomData }
    }

    #[inline]
    fn read(&mut self) -> Result<T, Fault> {
        loop {
            if !self.packed.is_empty() {
                return T::read(&mut self.packed);
            }
            // The case of a long list first: a number with the tag that all have.
            if let Some((&first, value)) = self.rest.split_first()
                && one_byte_tag::<T>(self.number) == Some(first)
            {
                self.rest = value;
                return T::read(&mut self.rest);
            }
            let (number, wire_type) = read_tag(&mut self.rest)?;
            match wire_type {
                _ if number == self.number && wire_type == T::WIRE_TYPE => {
                    return T::read(&mut self.rest);
                }
                WireType::Varint => drop(read_varint(&mut self.rest)?),
                WireType::Fixed32 => drop(read_array::<4>(&mut self.rest)?),
                WireType::Fixed64 => drop(read_array::<8>(&mut self.rest)?),
                WireType::Bytes => {
                    let bytes = read_bytes(&mut self.rest)?;
                    if number == self.number {
                        self.packed = bytes;
                    }
                }
            }
        }
    }
}

impl<T: Scalar> Iterator for Repeated<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        self.left = self.left.checked_sub(1)?;
        self.read().ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

/// The byte strings of one repeated field of a message; see [`Repeated`].
#[derive(Clone)]
pub(super) struct RepeatedBytes<'a> {
    fields: Fields<'a>,
    number: u32,
    left: usize,
}

impl<'a> RepeatedBytes<'a> {
    pub(super) const fn new(message: Piece<'a>, number: u32, count: usize) -> Self {
        Self { fields: message.fields(), number, left: count }
    }
}

impl<'a> Iterator for RepeatedBytes<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        self.left = self.left.checked_sub(1)?;
        loop {
            let field = self.fields.next().ok()??;
            if field.number == self.number {
                return field.piece().ok();
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

macro_rules! lists {
    ($($(#[$doc:meta])+ $name:ident: $item:ty, $inner:ty, $list:ident => $next:expr;)+) => {
        $(
            $(#[$doc])+
            #[derive(Clone)]
            pub struct $name<'a>(pub(super) $inner);

            impl<'a> Iterator for $name<'a> {
                type Item = $item;

                #[inline]
                fn next(&mut self) -> Option<Self::Item> {
                    let $list = &mut self.0;
                    $next
                }

                fn size_hint(&self) -> (usize, Option<usize>) {
                    self.0.size_hint()
                }
            }

            impl ExactSizeIterator for $name<'_> {}

            impl fmt::Debug for $name<'_> {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, "{} of {}", stringify!($name), self.len())
                }
            }
        )+
    };
}

lists! {
    /// The floats of an attribute, in order. Their number is known without walking them.
    Floats: f32, Repeated<'a, f32>, list => list.next();
    /// The integers of an attribute, in order. Their number is known without walking them.
    Ints: i64, Repeated<'a, i64>, list => list.next();
    /// The strings of an attribute, in order. Their number is known without walking them.
    Strings: &'a str, RepeatedBytes<'a>, list => std::str::from_utf8(list.next()?.bytes).ok();
}
