//! What the model servers of SageMaker's framework containers read and write, quirks and all.

pub mod sklearn;
mod table;
pub mod xgboost;

pub use self::table::Table;
