//! Steps that no output needs.

use super::{compile::Program, kernel::Source};

impl Program {
    /// Leaves out the steps that no output needs.
    pub(super) fn without_dead_steps(mut self) -> Self {
        let mut needed = vec![false; self.steps.len()];
        let mark = |sources: &[Source], needed: &mut Vec<bool>| {
            for source in sources {
                if let Source::Step { step, .. } = *source {
                    needed[step] = true;
                }
            }
        };
        mark(&self.outputs, &mut needed);
        for step in (0..self.steps.len()).rev() {
            if needed[step] {
                mark(&self.steps[step].sources, &mut needed);
            }
        }
        let mut renumbered = Vec::with_capacity(needed.len());
        let mut next = 0;
        for &is_needed in &needed {
            renumbered.push(next);
            next += usize::from(is_needed);
        }
        let renumber = |source: &mut Source| {
            if let Source::Step { step, .. } = source {
                *step = renumbered[*step];
            }
        };
        let mut needed = needed.into_iter();
        self.steps.retain(|_| needed.next() == Some(true));
        for step in &mut self.steps {
            step.sources.iter_mut().for_each(renumber);
        }
        self.outputs.iter_mut().for_each(renumber);
        self
    }
}
