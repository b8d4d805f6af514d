//! Which part of a long list a client wants.

/// The most models of a page, and of one that is not said otherwise.
const MOST: usize = 100;

/// A part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    start: usize,
    limit: usize,
}

impl Page {
    /// What `limit` and `next_page_token` of a query say. What is no number, or none in range, says
    /// nothing.
    pub(crate) fn of(query: Option<&str>) -> Self {
        let value = |key: &str| {
            let mut pairs = query.unwrap_or_default().split('&');
            let value = pairs.find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
            value.and_then(|value| value.parse::<usize>().ok())
        };
        let limit = value("limit").filter(|limit| *limit <= MOST).unwrap_or(MOST);
        Self { start: value("next_page_token").unwrap_or_default(), limit }
    }

    /// The page of a list, and where the next one begins if there is one.
    pub(super) fn cut<T>(self, list: &[T]) -> (&[T], Option<usize>) {
        let rest = list.get(self.start..).unwrap_or_default();
        let page = &rest[..rest.len().min(self.limit)];
        (page, (page.len() < rest.len()).then_some(self.start + page.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_and_end() {
        let list: Vec<usize> = (0..250).collect();
        let cut = |query: &str| {
            let (page, next) = Page::of(Some(query)).cut(&list);
            (page.first().copied(), page.len(), next)
        };
        assert_eq!(cut(""), (Some(0), 100, Some(100)));
        assert_eq!(cut("limit=100&next_page_token=100"), (Some(100), 100, Some(200)));
        assert_eq!(cut("next_page_token=200"), (Some(200), 50, None));
        // A page that ends with the list is the last.
        assert_eq!(cut("next_page_token=240&limit=10"), (Some(240), 10, None));
        assert_eq!(cut("next_page_token=250"), (None, 0, None));
        assert_eq!(cut("next_page_token=9999"), (None, 0, None));
        assert_eq!(cut("limit=0"), (None, 0, Some(0)));
        for garbage in ["limit=101", "limit=-1", "limit=x", "next_page_token=x", "nextPageToken=7"]
        {
            assert_eq!(cut(garbage), (Some(0), 100, Some(100)), "{garbage}");
        }
        assert_eq!(Page::of(None).cut(&[(); 3]), (&[(); 3][..], None));
    }
}
