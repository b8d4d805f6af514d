//! How one row came to its answer.

use hotplate_backend::RowTrace;

use crate::{Engine, Error, Input};

impl Engine {
    /// Follows the first of these rows through the model: what its features are made of, where
    /// each tree led, and what the trees make in all.
    ///
    /// # Errors
    ///
    /// When the plan cannot tell, or the row is not the model's.
    ///
    /// # Panics
    ///
    /// When there are no rows.
    pub fn trace<I: Input + ?Sized>(&self, rows: &I) -> Result<RowTrace, Error> {
        let mut staging = self.rows();
        let traced = rows.with_inputs(&mut staging, |inputs| {
            assert!(inputs.rows() > 0, "no row to trace");
            self.plan().trace(inputs)
        })?;
        traced.map_err(|error| Error::of_rows(error, self.signature().schema()))
    }
}
