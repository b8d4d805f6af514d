use hotplate_tensor::{Inputs, Tensor};

use crate::{BackendError, UnknownCategories};

/// One request's share of a batch.
#[derive(Debug)]
pub struct Part<'a> {
    /// The rows to answer.
    pub inputs: Inputs<'a>,
    /// One tensor per output of the signature, overwritten and grown as needed.
    pub outputs: &'a mut [Tensor],
    /// What becomes of texts that training never saw.
    pub unknown_categories: UnknownCategories,
    /// How it went; good until a worker says otherwise.
    pub outcome: Result<(), BackendError>,
}

impl<'a> Part<'a> {
    /// A part that has not run yet, and takes categories as the model says.
    pub const fn new(inputs: Inputs<'a>, outputs: &'a mut [Tensor]) -> Self {
        Self {
            inputs,
            outputs,
            unknown_categories: UnknownCategories::AsModelSays,
            outcome: Ok(()),
        }
    }
}
