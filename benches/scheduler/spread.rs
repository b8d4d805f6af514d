//! Figures of alternating rounds: their median, and how far they lie apart.

use std::fmt;

/// One figure of each round, in order of size.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spread(Vec<f64>);

impl Spread {
    pub(crate) fn new(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        Self(figures)
    }

    pub(crate) fn median(&self) -> f64 {
        self.0.get(self.0.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// The median, and the least and the most.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(2);
        match &self.0[..] {
            [] => f.write_str("nothing"),
            [least, .., most] => {
                let median = self.median();
                write!(f, "{median:.digits$} ({least:.digits$} to {most:.digits$})")
            }
            [only] => write!(f, "{only:.digits$}"),
        }
    }
}
