//! What a plan may make use of: optimisations, and for each operator the kernels that it may choose from, with their cost:
//! cycles, or nanojoules where energy is preferred and known.

use super::candidate::{KernelChoice, candidates, estimate, flash_bytes};
use super::goal::{Goal, Prefer};
use super::pack::Form;
use super::plan::PlanError;
use super::tariff::Tariff;
use super::tuning::{Timings, kernel_name, layer};
use crate::network::{Network, Op};

/// Optimisations, each of which changes no output; all of them by default. Padding and kernels are independent of one
/// another; minimal filtering is one of the specialised kernels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Optimisations {
    /// Padding operators are folded into convolutions, and weights that only meet padding are dropped.
    pub padding: bool,
    /// Kernels are specialised for their layer, with weights laid out for them.
    pub specialised: bool,
    /// Channels that hold one value whatever the input are removed.
    pub pruning: bool,
    /// Outputs are written over inputs that nobody reads any more.
    pub in_place: bool,
    /// 3x3 convolutions by minimal filtering where that pays.
    pub minimal_filtering: bool,
    /// Convolutions make the additions that follow them where they can.
    pub sums: bool,
    /// Adjoining operators are computed band by band where that pays.
    pub bands: bool,
    /// Filters that are read once are copied to SRAM where that pays.
    pub copies: bool,
}

impl Optimisations {
    pub const NONE: Self = Self {
        padding: false,
        specialised: false,
        pruning: false,
        in_place: false,
        minimal_filtering: false,
        sums: false,
        bands: false,
        copies: false,
    };
}

impl Default for Optimisations {
    fn default() -> Self {
        Self {
            padding: true,
            specialised: true,
            pruning: true,
            in_place: true,
            minimal_filtering: true,
            sums: true,
            bands: true,
            copies: true,
        }
    }
}

/// The candidates of every operator, and by what they are ranked.
pub(super) struct Offer<'a> {
    optimisations: Optimisations,
    /// Whether the general form of a specialised kernel is a candidate, too.
    general: bool,
    timings: Option<&'a Timings>,
    /// Whether timed candidates are ranked by their energy.
    by_energy: bool,
    /// What estimates are ranked by in place of cycles.
    tariff: Option<Tariff>,
}

impl<'a> Offer<'a> {
    /// Ranked by estimates.
    pub fn estimated(goal: &Goal) -> Self {
        let (optimisations, tariff) = (goal.optimisations, goal.billed());
        Self { optimisations, general: false, timings: None, by_energy: false, tariff }
    }

    /// Ranked by what was timed. Energy counts where all that was timed has it: costs of layers are compared.
    pub fn tuned(goal: &Goal, timings: &'a Timings) -> Self {
        // The general form saves next to no constants, brings code of its own, and writes over no input.
        let general = matches!(goal.prefer, Prefer::Latency | Prefer::Energy);
        let by_energy = goal.prefer == Prefer::Energy && timings.tell_energy();
        let tariff = goal.billed().filter(|_| by_energy || timings.is_empty());
        Self { optimisations: goal.optimisations, general, timings: Some(timings), by_energy, tariff }
    }

    /// The candidates of all operators.
    pub fn all(&self, network: &Network) -> Result<Vec<Vec<KernelChoice>>, PlanError> {
        network.ops.iter().map(|op| self.of(network, op)).collect()
    }

    /// The candidates of `op`, never none. Where some were timed the others are left out: they did not fit.
    fn of(&self, network: &Network, op: &Op) -> Result<Vec<KernelChoice>, PlanError> {
        let Some(timings) = self.timings else { return self.to_time(network, op) };
        let mut choices = self.to_time(network, op)?;
        let layer = layer(network, op);
        let cost = |choice: &KernelChoice| {
            let timing = timings.of(&layer, &kernel_name(&choice.kernel))?;
            if self.by_energy { timing.nanojoules } else { Some(timing.cycles) }
        };
        if choices.len() < 2 || !choices.iter().any(|choice| cost(choice).is_some()) {
            // Estimates do not tell the general form of some kernels from the specialised one.
            let estimated = Self { general: false, timings: None, ..*self };
            return estimated.to_time(network, op);
        }
        choices.retain(|choice| cost(choice).is_some());
        choices.iter_mut().for_each(|choice| choice.cost = cost(choice).unwrap_or(choice.cost));
        Ok(choices)
    }

    /// The candidates of `op` with estimates, in the order in which they are timed.
    pub fn to_time(&self, network: &Network, op: &Op) -> Result<Vec<KernelChoice>, PlanError> {
        let mut choices = candidates(network, op)?;
        let general = |choice: &KernelChoice| {
            let kernel = choice.kernel.clone().into_general();
            let (cost, flash_bytes) = (estimate(network, op, &kernel), flash_bytes(network, op, &kernel));
            KernelChoice { kernel, cost, flash_bytes }
        };
        let Optimisations { specialised, minimal_filtering, .. } = self.optimisations;
        if !specialised {
            let only = choices.first().map(general);
            return Ok(only.into_iter().collect());
        }
        if !minimal_filtering {
            let tiled = |choice: &KernelChoice| choice.kernel.packed().is_some_and(|p| p.form == Form::Winograd);
            choices.retain(|choice| !tiled(choice));
        }
        if self.general && choices.iter().all(|choice| choice.kernel.packed().is_some()) {
            choices.extend(choices.first().map(general));
        }
        if let (Some(tariff), true) = (self.tariff, choices.len() > 1) {
            for choice in &mut choices {
                choice.cost = tariff.nanojoules(network, op, &choice.kernel, choice.cost);
            }
        }
        Ok(choices)
    }
}
