//! XGBoost's model files: boosted trees and what their answers are made into.
//!
//! `save_model` writes one document in one of three encodings: JSON (from 1.0), UBJSON (from 1.6)
//! and, up to 2.x, a binary image of its C structures. JSON and UBJSON hold the same fields, so one
//! walk of the schema reads both; all three end in one unchecked model, which is
//! checked once.
//!
//! # What a model computes
//!
//! Written against XGBoost's own sources (`src/predictor`, `src/objective`, `src/learner.cc`) and
//! checked against its releases. All numbers are float32.
//!
//! * A row has a margin per output group. It starts as the group's
//!   [base margin](XgBoostModel::base_margins); each tree in [use](XgBoostModel::used_trees) adds,
//!   in order, the value of the leaf that the row falls into, times the tree's
//!   [weight](Tree::weight) where the booster is DART. A tree with vector leaves adds to all groups.
//! * A numerical split sends `x < threshold` left and all else right; a missing value (NaN) goes
//!   the default way.
//! * A categorical split sends a member of its set **right** and all else left. The value is
//!   truncated towards zero; a negative one, one of at least 16777216, and one that is in no set
//!   are no member. A missing value goes the default way. (Releases before 1.7 sent impossible
//!   categories the default way; their files are read as later releases read them.)
//! * The [transform](Objective::transform) of the objective makes margins into answers.

mod binary;
mod categories;
mod document;
mod encoding;
mod fault;
mod json;
mod model;
mod objective;
mod pull;
mod raw;
mod signature;
mod tree;
mod ubjson;

#[cfg(test)]
mod tests;

pub use categories::CategoryNames;
pub use encoding::Encoding;
pub(crate) use fault::XgBoostFault;
pub use model::{Booster, XgBoostModel};
pub use objective::{Objective, Transform};
pub use tree::{Node, Tree};
