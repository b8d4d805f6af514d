use std::ops::Range;

use crate::{CellError, DType, StrBuf, StrView};

mod sealed {
    pub trait Sealed {}
}

/// A number type that tensors hold. Sealed: one implementation per numeric [`DType`].
pub trait Element: sealed::Sealed + Copy + Default + PartialEq + Send + Sync + 'static {
    /// The dtype of tensors that hold `Self`.
    const DTYPE: DType;

    /// The elements, when `data` holds this type.
    fn slice(data: DataView<'_>) -> Option<&[Self]>;

    /// The buffer, which is replaced by an empty one when it holds another type.
    fn buffer(data: &mut Data) -> &mut Vec<Self>;

    /// These elements as a view.
    fn view(slice: &[Self]) -> DataView<'_>;
}

macro_rules! numeric_types {
    ($($variant:ident: $type:ty),+ $(,)?) => {
        /// The elements of a tensor, owned.
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub enum Data {
            $(
                #[doc = concat!("Elements of type `", stringify!($type), "`.")]
                $variant(Vec<$type>),
            )+
            /// Text.
            Str(StrBuf),
        }

        /// The elements of a tensor, borrowed.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum DataView<'a> {
            $(
                #[doc = concat!("Elements of type `", stringify!($type), "`.")]
                $variant(&'a [$type]),
            )+
            /// Text.
            Str(StrView<'a>),
        }

        impl Data {
            /// An empty buffer for elements of `dtype`.
            pub fn new(dtype: DType) -> Self {
                match dtype {
                    $(DType::$variant => Self::$variant(Vec::new()),)+
                    DType::Str => Self::Str(StrBuf::default()),
                }
            }

            /// Appends elements; says whether they are of the same type and have room.
            pub(crate) fn append(&mut self, view: DataView<'_>) -> bool {
                match (self, view) {
                    $((Self::$variant(own), DataView::$variant(elements)) => {
                        own.extend_from_slice(elements);
                        true
                    })+
                    (Self::Str(own), DataView::Str(texts)) => {
                        let before = own.len();
                        let fits = texts.iter().try_for_each(|text| own.push(text)).is_ok();
                        if !fits {
                            own.resize(before);
                        }
                        fits
                    }
                    _ => false,
                }
            }

            /// Replaces the elements by these; the memory is kept where the type stays.
            pub(crate) fn copy_from(&mut self, view: DataView<'_>) -> Result<(), CellError> {
                self.clear();
                match (self, view) {
                    $((Self::$variant(own), DataView::$variant(elements)) => {
                        own.extend_from_slice(elements);
                        Ok(())
                    })+
                    (Self::Str(own), DataView::Str(texts)) => {
                        texts.iter().try_for_each(|text| own.push(text))
                    }
                    (own, view) => {
                        *own = Self::new(view.dtype());
                        own.copy_from(view)
                    }
                }
            }

            /// The type of the elements.
            pub const fn dtype(&self) -> DType {
                match self {
                    $(Self::$variant(_) => DType::$variant,)+
                    Self::Str(_) => DType::Str,
                }
            }

            /// The number of elements.
            pub fn len(&self) -> usize {
                match self {
                    $(Self::$variant(elements) => elements.len(),)+
                    Self::Str(strings) => strings.len(),
                }
            }

            /// Removes every element and keeps the memory.
            pub fn clear(&mut self) {
                match self {
                    $(Self::$variant(elements) => elements.clear(),)+
                    Self::Str(strings) => strings.clear(),
                }
            }

            /// The elements, borrowed.
            pub fn view(&self) -> DataView<'_> {
                match self {
                    $(Self::$variant(elements) => DataView::$variant(elements),)+
                    Self::Str(strings) => DataView::Str(strings.view()),
                }
            }
        }

        impl DataView<'_> {
            /// The elements in `range`.
            ///
            /// # Panics
            ///
            /// When there are not as many elements.
            #[must_use]
            pub fn slice(self, range: Range<usize>) -> Self {
                match self {
                    $(Self::$variant(elements) => Self::$variant(&elements[range]),)+
                    Self::Str(strings) => Self::Str(strings.slice(range)),
                }
            }
        }

        impl DataView<'_> {
            /// The type of the elements.
            pub const fn dtype(&self) -> DType {
                match self {
                    $(Self::$variant(_) => DType::$variant,)+
                    Self::Str(_) => DType::Str,
                }
            }

            /// The number of elements.
            pub fn len(&self) -> usize {
                match self {
                    $(Self::$variant(elements) => elements.len(),)+
                    Self::Str(strings) => strings.len(),
                }
            }

            /// Whether there are no elements.
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// The memory of the elements, in bytes; of texts, of what they say.
            pub fn bytes(&self) -> usize {
                match self {
                    $(Self::$variant(elements) => size_of_val(*elements),)+
                    Self::Str(strings) => strings.iter().map(str::len).sum(),
                }
            }
        }

        $(
            impl sealed::Sealed for $type {}

            impl Element for $type {
                const DTYPE: DType = DType::$variant;

                fn slice(data: DataView<'_>) -> Option<&[Self]> {
                    match data {
                        DataView::$variant(elements) => Some(elements),
                        _ => None,
                    }
                }

                fn buffer(data: &mut Data) -> &mut Vec<Self> {
                    if !matches!(data, Data::$variant(_)) {
                        *data = Data::$variant(Vec::new());
                    }
                    match data {
                        Data::$variant(elements) => elements,
                        _ => unreachable!("the variant was set above"),
                    }
                }

                fn view(slice: &[Self]) -> DataView<'_> {
                    DataView::$variant(slice)
                }
            }
        )+
    };
}

numeric_types! {
    Bool: bool,
    I8: i8,
    I16: i16,
    I32: i32,
    I64: i64,
    U8: u8,
    U16: u16,
    U32: u32,
    U64: u64,
    F32: f32,
    F64: f64,
}

impl Data {
    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The string buffer, which is replaced by an empty one when other elements are held.
    pub fn strings_mut(&mut self) -> &mut StrBuf {
        if !matches!(self, Self::Str(_)) {
            *self = Self::Str(StrBuf::default());
        }
        match self {
            Self::Str(strings) => strings,
            _ => unreachable!("the variant was set above"),
        }
    }
}
