use std::ops::Range;

use crate::CellError;

/// Where an element's bytes lie in the text of its buffer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

/// The elements of a string tensor, in one text with a span for each.
///
/// Elements may be set in any order and again, and one that is never set is the empty string, which is what
/// a missing cell reads as.
#[derive(Clone, Debug, Default)]
pub struct StrBuf {
    text: String,
    spans: Vec<Span>,
}

impl StrBuf {
    /// The number of elements.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Removes every element and keeps the memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.spans.clear();
    }

    /// Appends empty strings, or drops elements from the end, until there are `len`.
    pub fn resize(&mut self, len: usize) {
        self.spans.resize(len, Span::default());
    }

    /// Appends one element.
    ///
    /// # Errors
    ///
    /// When the text of all elements would pass 4 GiB.
    pub fn push(&mut self, value: &str) -> Result<(), CellError> {
        let span = self.append(value)?;
        self.spans.push(span);
        Ok(())
    }

    /// Sets the element at `index`. What it held before keeps its place in the text until
    /// [`clear`](Self::clear).
    ///
    /// # Errors
    ///
    /// When the text of all elements would pass 4 GiB.
    ///
    /// # Panics
    ///
    /// When `index` is not below [`len`](Self::len).
    pub fn set(&mut self, index: usize, value: &str) -> Result<(), CellError> {
        self.spans[index] = self.append(value)?;
        Ok(())
    }

    /// The elements, borrowed.
    pub fn view(&self) -> StrView<'_> {
        StrView(Layout::Packed { text: &self.text, spans: &self.spans })
    }

    fn append(&mut self, value: &str) -> Result<Span, CellError> {
        let start = self.text.len();
        let end = start.checked_add(value.len()).ok_or(CellError::TextTooLong)?;
        let span = Span {
            start: u32::try_from(start).map_err(|_| CellError::TextTooLong)?,
            end: u32::try_from(end).map_err(|_| CellError::TextTooLong)?,
        };
        self.text.push_str(value);
        Ok(span)
    }
}

impl<'s> Extend<&'s str> for StrBuf {
    /// Appends elements.
    ///
    /// # Panics
    ///
    /// When the text of all elements would pass 4 GiB.
    fn extend<I: IntoIterator<Item = &'s str>>(&mut self, values: I) {
        for value in values {
            assert!(self.push(value).is_ok(), "the text of a string tensor passes 4 GiB");
        }
    }
}

/// The elements of a string tensor, borrowed from a [`StrBuf`] or from a slice of strings.
#[derive(Clone, Copy, Debug)]
pub struct StrView<'a>(Layout<'a>);

#[derive(Clone, Copy, Debug)]
enum Layout<'a> {
    Packed { text: &'a str, spans: &'a [Span] },
    Slices(&'a [&'a str]),
    Strings(&'a [String]),
}

impl<'a> StrView<'a> {
    /// The number of elements.
    pub fn len(&self) -> usize {
        match self.0 {
            Layout::Packed { spans, .. } => spans.len(),
            Layout::Slices(slices) => slices.len(),
            Layout::Strings(strings) => strings.len(),
        }
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element at `index`.
    ///
    /// # Panics
    ///
    /// When `index` is not below [`len`](Self::len).
    pub fn get(&self, index: usize) -> &'a str {
        match self.0 {
            Layout::Packed { text, spans } => {
                let Span { start, end } = spans[index];
                &text[start as usize..end as usize]
            }
            Layout::Slices(slices) => slices[index],
            Layout::Strings(strings) => &strings[index],
        }
    }

    /// The elements in `range`.
    ///
    /// # Panics
    ///
    /// When there are not as many elements.
    #[must_use]
    pub fn slice(self, range: Range<usize>) -> Self {
        Self(match self.0 {
            Layout::Packed { text, spans } => Layout::Packed { text, spans: &spans[range] },
            Layout::Slices(slices) => Layout::Slices(&slices[range]),
            Layout::Strings(strings) => Layout::Strings(&strings[range]),
        })
    }

    /// The elements in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        let view = *self;
        (0..view.len()).map(move |index| view.get(index))
    }
}

impl<'a> From<&'a [&'a str]> for StrView<'a> {
    fn from(slices: &'a [&'a str]) -> Self {
        Self(Layout::Slices(slices))
    }
}

impl<'a> From<&'a [String]> for StrView<'a> {
    fn from(strings: &'a [String]) -> Self {
        Self(Layout::Strings(strings))
    }
}

impl PartialEq for StrView<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn unset_elements_read_as_empty() {
        let mut buffer = StrBuf::default();
        buffer.resize(3);
        buffer.set(2, "last").unwrap();
        buffer.set(0, "").unwrap();
        assert_eq!(buffer.view().iter().collect::<Vec<_>>(), ["", "", "last"]);
    }

    proptest! {
        #[test]
        fn packed_and_sliced_views_agree(values: Vec<String>, order in any::<u64>()) {
            let mut buffer = StrBuf::default();
            buffer.resize(values.len());
            let mut indices: Vec<usize> = (0..values.len()).collect();
            indices.sort_by_key(|&index| (index as u64).wrapping_mul(order | 1));
            for index in indices {
                buffer.set(index, &values[index]).unwrap();
            }
            let slices: Vec<&str> = values.iter().map(String::as_str).collect();
            let sliced = StrView::from(&slices[..]);
            prop_assert_eq!(buffer.view(), sliced);
            let back = values.len() / 2..values.len();
            prop_assert_eq!(buffer.view().slice(back.clone()), sliced.slice(back));
        }
    }
}
