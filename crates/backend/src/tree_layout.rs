use std::{fmt, str::FromStr};

/// How decision trees lie in memory, for a backend that knows several ways. The answers are the same
/// in each, bit for bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TreeLayout {
    /// Nodes, walked several trees at a time.
    Walk,
    /// Blocks of three levels, one cache line each, walked many trees at a time: deep trees.
    Blocks,
    /// Masks of leaves for each interval of a feature: trees of 64 leaves or fewer.
    QuickScorer,
    /// Masks of levels for each interval of a feature: trees whose levels each ask one thing, as
    /// CatBoost's do.
    Symmetric,
}

impl TreeLayout {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Walk, Self::Blocks, Self::QuickScorer, Self::Symmetric];

    /// The layout of a name in configuration, where `auto` is none; the error is what was expected.
    ///
    /// # Errors
    ///
    /// When there is no such layout.
    pub fn choice(name: &str) -> Result<Option<Self>, &'static str> {
        if name == "auto" { Ok(None) } else { name.parse().map(Some) }
    }
}

impl fmt::Display for TreeLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Walk => "walk",
            Self::Blocks => "blocks",
            Self::QuickScorer => "quickscorer",
            Self::Symmetric => "symmetric",
        })
    }
}

/// The error is what was expected.
impl FromStr for TreeLayout {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let layout = Self::ALL.into_iter().find(|layout| layout.to_string() == name);
        layout.ok_or("auto, walk, blocks, quickscorer or symmetric")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_read_as_they_are_written() {
        for layout in TreeLayout::ALL {
            assert_eq!(TreeLayout::choice(&layout.to_string()), Ok(Some(layout)));
        }
        assert_eq!(TreeLayout::choice("auto"), Ok(None));
        assert!(TreeLayout::choice("Walk").is_err());
    }
}
