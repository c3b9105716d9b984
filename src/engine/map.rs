//! What the arena holds when, for people to look at.

use super::offer::Optimisations;
use super::plan::{Draft, Place, Plan, PlanError};
use crate::network::Network;

/// What a block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    Activation,
    Scratch,
}

/// Bytes of the arena over some steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub holds: Holds,
    /// The tensor's, or of scratch the kernel's.
    pub name: String,
    /// Bytes from the start of the arena.
    pub offset: usize,
    pub bytes: usize,
    /// First and last step that it is held during.
    pub first: usize,
    pub last: usize,
}

/// Blocks of an arena over the steps of its plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArenaMap {
    pub bytes: usize,
    /// Kernel of each step.
    pub steps: Vec<&'static str>,
    /// Activations as they come into being, then scratch.
    pub blocks: Vec<Held>,
}

impl ArenaMap {
    /// Of a network and its plan.
    pub(super) fn of(network: &Network, plan: &Plan, optimisations: Optimisations) -> Result<Self, PlanError> {
        let network = &*plan.planned(network);
        let kernels = plan.steps.iter().map(|step| step.kernel.clone()).collect();
        let draft = Draft { in_place: optimisations.in_place, ..Draft::with(network, kernels)? };
        let overlays = draft.overlays(&plan.stages);
        let owner = |id| draft.lifetimes.owner(id);
        let mut blocks = Vec::new();
        for (at, span) in draft.lifetimes.spans.iter().enumerate() {
            let written = plan.steps.iter().find(|step| owner(network.ops[step.op].output) == span.tensor);
            let given = || network.inputs.iter().position(|id| owner(*id) == span.tensor).map(|at| plan.inputs[at]);
            let Some(Place::Arena(offset)) = written.map(|step| step.output).or_else(given) else { continue };
            blocks.extend(overlays.held(at).iter().filter(|block| block.bytes > 0).map(|block| Held {
                holds: Holds::Activation,
                name: network.tensor(span.tensor).name.clone(),
                offset,
                bytes: block.bytes,
                first: block.first,
                last: block.last,
            }));
        }
        let scratch = plan.steps.iter().enumerate().filter_map(|(at, step)| {
            let (holds, name) = (Holds::Scratch, step.kernel.name().to_string());
            Some(Held { holds, name, offset: step.scratch?, bytes: step.scratch_bytes, first: at, last: at })
        });
        blocks.extend(scratch);
        Ok(Self { bytes: plan.arena_bytes, steps: plan.steps.iter().map(|s| s.kernel.name()).collect(), blocks })
    }

    /// Bytes of the arena that something lies in during `step`.
    pub fn held(&self, step: usize) -> usize {
        let mut ranges: Vec<(usize, usize)> = self.at(step).map(|b| (b.offset, b.offset + b.bytes)).collect();
        ranges.sort_unstable();
        let (mut total, mut end) = (0, 0);
        for (from, to) in ranges {
            total += to.saturating_sub(from.max(end));
            end = end.max(to);
        }
        total
    }

    /// Blocks that are held during `step`.
    pub fn at(&self, step: usize) -> impl Iterator<Item = &Held> {
        self.blocks.iter().filter(move |block| (block.first..=block.last).contains(&step))
    }
}
