//! LightGBM's text files (`model.txt`, as versions 2 to 4 of the library write them): what is in
//! them, checked.
//!
//! # What the library computes
//!
//! The rules below are those of `src/c_api.cpp`, `include/LightGBM/tree.h` and
//! `src/boosting/gbdt_prediction.cpp` of [the library's source](https://github.com/microsoft/LightGBM),
//! all in float64. A file of an old version is read by today's rules, as today's library does.
//!
//! *A value* of a feature with [`Categories`] is replaced by its place in their list, and one that
//! is not there by NaN. Then one that is at most [`ZERO_THRESHOLD`] away from 0, on either side, is
//! replaced by 0, in a row that the library is given as a dense one (`RowPairFunctionFromDenseMatric`).
//!
//! *A numerical split* takes NaN for 0, unless its missing values are [`Missing::Nan`]. Then a
//! missing value, NaN or with [`Missing::Zero`] 0, goes where `default_left` says. Any other goes
//! left if it is less than or equal to the threshold, and right if not. With [`Missing::None`]
//! nothing is missing.
//!
//! *A categorical split* cuts the value's fraction off, so that -0.5 is category 0. A category in
//! the set goes left. All else goes right: NaN, negative numbers, and those that no 32-bit integer
//! can hold.
//!
//! *Scores*: tree `i` adds the value of the leaf that the row comes to, shrunk already, to score
//! `i % scores` of the row ([`LightGbmModel::scores`]), in the order of the trees, from 0. These
//! are the raw scores. Only then, where the file says [`average_output`](
//! LightGbmModel::average_output), each is divided by the number of iterations, and the
//! objective's [`Transform`] makes the prediction of them.
//!
//! # What is not read
//!
//! A tree with linear models in its leaves is refused. The file's `tree_sizes` are only counted.
//! No file says which iteration was the best: the library cuts the trees behind it off when it
//! saves a model that was stopped early, and all trees that are in a file count.

mod categories;
mod fault;
mod model;
mod objective;
mod signature;
mod text;
mod tree;

pub use categories::Categories;
pub(crate) use fault::LightGbmFault;
pub(crate) use model::starts_like_a_model;
pub use model::{Feature, LightGbmModel};
pub use objective::{Loss, Objective, Transform};
pub use tree::{CategorySet, Child, Missing, Node, Split, Tree, ZERO_THRESHOLD};
