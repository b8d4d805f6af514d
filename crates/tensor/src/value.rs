/// One cell of a row, as a caller has it.
///
/// `From` is implemented for numbers, truth values, text and options of them, so that a row can be
/// written as `[12.into(), "Month-to-month".into(), None::<f32>.into()]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// No value: NaN for numbers, the empty string for text.
    Missing,
    /// A number, rounded once to the column's type.
    Number(f64),
    /// An integer that may need more than the 53 bits of a double.
    Integer(i64),
    /// A truth value; one or zero in a numeric column.
    Bool(bool),
    /// Text.
    Text(&'a str),
}

macro_rules! from_numbers {
    ($($type:ty => $variant:ident),+ $(,)?) => {
        $(impl From<$type> for Value<'_> {
            fn from(value: $type) -> Self {
                Self::$variant(value.into())
            }
        })+
    };
}

from_numbers! {
    f32 => Number,
    f64 => Number,
    i8 => Integer,
    i16 => Integer,
    i32 => Integer,
    i64 => Integer,
    u8 => Integer,
    u16 => Integer,
    u32 => Integer,
    bool => Bool,
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Missing, Into::into)
    }
}
