//! LightGBM files: what is read of those that the library wrote, against what the library makes of
//! them, and what becomes of files that are wrong. `recipe.py` made the models, rows and scores.

mod data;
mod mutations;
mod refusals;
mod scores;
mod signatures;
mod structure;
