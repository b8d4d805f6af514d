//! Texts that training never saw: counted by column, and refused where that is asked for.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use hotplate_backend::{BackendError, BackendErrorKind};
use hotplate_tensor::DType;

use crate::program::kernel::{Operand, Operands};

/// The most characters of a client's text that a refusal repeats.
const QUOTED_CHARS: usize = 40;

/// The most categories that a refusal names.
const NAMED_CATEGORIES: usize = 8;

/// Counts for the columns that an operand is made of; none where it is no input of the model.
#[derive(Debug)]
pub(super) struct Unknown {
    first_column: usize,
    counts: Box<[AtomicU64]>,
}

impl Unknown {
    pub(super) fn of(operand: &Operand<'_>) -> Self {
        let columns = match operand.column {
            Some(_) if operand.ty.dtype == DType::Str => operand.ty.shape(1).elements(),
            _ => 0,
        };
        let counts = (0..columns).map(|_| AtomicU64::new(0)).collect();
        Self { first_column: operand.column.unwrap_or_default(), counts }
    }

    /// For what is looked up only to find out whether it is known.
    pub(super) fn uncounted() -> Self {
        Self { first_column: 0, counts: Box::default() }
    }

    /// Counts a text that is no category, the element `at` of the operand. No text at all is a
    /// missing value, not an unknown one: it is never counted, and refused by the model alone.
    ///
    /// # Errors
    ///
    /// When the model takes no such text, or the request is to have none.
    #[cold]
    pub(super) fn met(
        &self,
        operands: &Operands<'_>,
        at: usize,
        text: &str,
        refused_by_model: bool,
        known: &[String],
    ) -> Result<(), BackendError> {
        let missing = text.is_empty();
        let got: String = text.chars().take(QUOTED_CHARS).collect();
        if self.counts.is_empty() {
            if refused_by_model {
                let problem = format!("{got:?} is none of the model's categories");
                return Err(BackendError::told(BackendErrorKind::RefusedRows, problem));
            }
            return Ok(());
        }
        let (row, column) = (at / self.counts.len(), at % self.counts.len());
        if !missing {
            self.counts[column].fetch_add(1, Relaxed);
        }
        if refused_by_model || (operands.refuses_unknown() && !missing) {
            let known = known.iter().take(NAMED_CATEGORIES).cloned().collect();
            return Err(operands.refused(row, self.first_column + column, &got, known));
        }
        Ok(())
    }

    /// How often each column held a text that is no category.
    pub(super) fn counts(&self) -> Vec<(usize, u64)> {
        (self.first_column..).zip(self.counts.iter().map(|count| count.load(Relaxed))).collect()
    }
}
