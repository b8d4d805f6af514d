//! The runs before a lane is ready.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use hotplate_backend::{BackendError, Device, Part, made_up};
use hotplate_tensor::{Columns, Tensor};

use crate::{Lane, Tier, combiner::Runner};

/// The batches whose time is taken, in rows.
const TIMED_ROWS: [usize; 6] = [1, 2, 4, 8, 16, 32];

/// The runs of each of which the fastest counts, behind a first that does not.
const RUNS: usize = 3;

/// No more batches are timed once those so far took this long together.
const TIMING: Duration = Duration::from_millis(40);

/// A plan whose rows take longer than this is run by threads of its own: a caller that helps others
/// would be kept too long, and a wake-up is nothing beside it.
const INLINE_UP_TO: Duration = Duration::from_millis(1);

impl Lane {
    /// Runs rows made from the signature in every slot, in every size that the plan asks for; then
    /// takes the time of batches, and settles by it who runs the requests: on a lane that tasks used
    /// while it was cold, threads that bring them.
    ///
    /// # Errors
    ///
    /// When the plan fails on rows that it should answer.
    pub fn warm_up(&self) -> Result<(), BackendError> {
        let signature = self.plan().signature();
        let mut rows = Columns::new(Arc::clone(signature.schema()));
        let mut outputs = outputs_of(self);
        for &count in self.plan().warmup() {
            made_up::rows(count, &mut rows);
            for slot in 0..self.instances() {
                let mut parts = [Part::new(rows.inputs(), &mut outputs)];
                self.run_in_slot(slot, &mut parts);
                let [part] = parts;
                made_up::outcome(part.outcome)?;
            }
        }
        self.take_times(&mut rows)?;
        let on_device = self.plan().placement().device != Device::Cpu;
        let awaits = !self.settings.max_queue_delay.is_zero();
        if (on_device || awaits || self.time_of(1) > INLINE_UP_TO) && self.tier() == Tier::Inline {
            self.leave_to_attendants()?;
        } else if self.runner().is_long() {
            self.start_attendants();
        }
        Ok(())
    }

    /// Times batches of requests of one row each.
    fn take_times(&self, rows: &mut Columns) -> Result<(), BackendError> {
        made_up::rows(1, rows);
        let most =
            self.settings.max_batch_rows.unwrap_or(usize::MAX).min(self.runner().turn_rows());
        let largest = TIMED_ROWS.into_iter().max().unwrap_or_default();
        let mut outputs: Vec<_> = (0..largest).map(|_| outputs_of(self)).collect();
        let mut times = Vec::with_capacity(TIMED_ROWS.len());
        let begun = Instant::now();
        for count in TIMED_ROWS.into_iter().filter(|&count| count <= most) {
            let mut fastest = Duration::MAX;
            for run in 0..=RUNS {
                let parts =
                    outputs[..count].iter_mut().map(|outputs| Part::new(rows.inputs(), outputs));
                let mut parts: Vec<_> = parts.collect();
                let start = Instant::now();
                self.run_in_slot(0, &mut parts);
                // A first run may allocate.
                if run > 0 {
                    fastest = fastest.min(start.elapsed());
                }
                if let Some(failed) = parts.into_iter().find(|part| part.outcome.is_err()) {
                    return made_up::outcome(failed.outcome);
                }
            }
            times.push((count, fastest.as_secs_f64() * 1e9));
            if begun.elapsed() > TIMING {
                break;
            }
        }
        self.runner().record.cost.fit(&times);
        Ok(())
    }
}

fn outputs_of(lane: &Lane) -> Vec<Tensor> {
    let outputs = lane.plan().signature().outputs();
    outputs.iter().map(|output| Tensor::empty(output.dtype)).collect()
}
