//! The quadratures that trees are integrated by.

use super::{pass::Points, quadrature::Quadrature};

/// The most different features that may be asked for on one path.
const MOST_ON_PATH: usize = 256;

/// By which points a tree is integrated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rule {
    Four,
    /// A multiple of eight, by its place among [those](Rules::eights).
    Eights(usize),
}

/// The points of each [`Rule`].
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) four: Points<4>,
    /// One eight, two, and so on, up to as many as there is a need for.
    pub(super) eights: Vec<Vec<Points<8>>>,
}

impl Rules {
    pub(super) fn new() -> Self {
        Self { four: Points::of(&Quadrature::new(4)).swap_remove(0), eights: Vec::new() }
    }

    /// The rule for trees that ask for so many features on a path: that many less one is the degree
    /// of what is integrated.
    ///
    /// # Errors
    ///
    /// The reason why there is none.
    pub(super) fn exact_for(&mut self, features_on_path: usize) -> Result<Rule, String> {
        Ok(match features_on_path {
            0..=8 => Rule::Four,
            9..=MOST_ON_PATH => {
                let eights = features_on_path.div_ceil(16);
                for eights in self.eights.len() + 1..=eights {
                    self.eights.push(Points::of(&Quadrature::new(8 * eights)));
                }
                Rule::Eights(eights - 1)
            }
            _ => {
                return Err(format!(
                    "a tree that asks for {features_on_path} features on one path; at most \
                     {MOST_ON_PATH} can be explained"
                ));
            }
        })
    }
}
