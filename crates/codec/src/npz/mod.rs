//! Sparse matrices as SciPy saves them: a zip archive of arrays, a row to a row.
//!
//! Compressed rows (csr), compressed columns (csc), coordinates (coo) and compressed blocks (bsr),
//! stored or deflated. What an archive expands to is bounded.

mod matrix;
mod zip;

pub(crate) use matrix::Archived;
pub(crate) use zip::LOCAL as MAGIC;
