use std::{ops::Range, time::Instant};

use hotplate_tensor::{Inputs, Tensor};

use crate::{BackendError, UnknownCategories};

/// One request's share of a batch.
#[derive(Debug)]
pub struct Part<'a> {
    /// What the request brought.
    pub inputs: Inputs<'a>,
    /// The rows of the inputs to answer now. A request of many rows takes several turns, in order,
    /// so that others get theirs in between.
    pub rows: Range<usize>,
    /// One tensor per output of the signature. The turn that has row zero gives them their shape
    /// for all rows of the inputs; each turn writes its own.
    pub outputs: &'a mut [Tensor],
    /// What becomes of texts that training never saw.
    pub unknown_categories: UnknownCategories,
    /// When its first turn began, where it had to wait for that.
    pub began: Option<Instant>,
    /// How it went; good until a worker says otherwise.
    pub outcome: Result<(), BackendError>,
}

impl<'a> Part<'a> {
    /// All rows of a request, which have not run yet; categories are taken as the model says.
    pub fn new(inputs: Inputs<'a>, outputs: &'a mut [Tensor]) -> Self {
        let rows = 0..inputs.rows();
        Self {
            inputs,
            rows,
            outputs,
            unknown_categories: UnknownCategories::AsModelSays,
            began: None,
            outcome: Ok(()),
        }
    }
}
