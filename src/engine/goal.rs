//! What a plan is made for: what is preferred, and what it must not exceed.

use super::arena::DEFAULT_ALIGNMENT;
use super::candidate::{EXPANSION_BYTES, choose_among, estimate};
use super::fit::Reserved;
use super::offer::{Offer, Optimisations};
use super::patch;
use super::plan::{Draft, Plan, PlanError};
use super::tariff::Tariff;
use crate::board::Board;
use crate::network::Network;

/// What is to be least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Prefer {
    /// The fastest kernels, and the smallest arena that costs next to nothing: no more than [`FREE_SLOWDOWN`]. Filters that are
    /// read once, which flash would bound, are copied to SRAM: as far as a budget for it goes, and without one where [`Room`]
    /// says that it pays.
    #[default]
    Latency,
    /// The smallest arena at no more than [`MAX_SLOWDOWN`] more cycles.
    Sram,
    /// The smallest constants, and code that layers share.
    Flash,
    /// As [`Prefer::Latency`], but with the kernels that take the least energy: as measured where the unit tells, else by
    /// the board's own coefficients ([`Tariff`]), else by time: a core's power hardly depends on what it computes
    /// (MicroNets, arXiv 2010.11267, section 3.3).
    Energy,
}

impl Prefer {
    pub const ALL: [Self; 4] = [Self::Latency, Self::Sram, Self::Flash, Self::Energy];

    /// The name in scenarios and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Sram => "sram",
            Self::Flash => "flash",
            Self::Energy => "energy",
        }
    }
}

/// Cycles that less memory may cost where it is preferred, as a fraction of all, by the estimate: a tenth, less what the
/// estimate may be off by.
pub const MAX_SLOWDOWN: f64 = 0.09;

/// The same where latency is preferred: less than estimates can tell.
pub const FREE_SLOWDOWN: f64 = 0.005;

/// Bytes of a whole image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Budget {
    pub sram: Option<usize>,
    pub flash: Option<usize>,
}

/// What a board has beside the network: whether its flash is worth going round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Bytes of the longest run of adjoining data memory.
    pub sram: usize,
    /// Cycles that reading a KiB of flash in order waits beyond what the same takes from SRAM.
    pub stall: u64,
}

impl Room {
    pub fn of(board: &Board) -> Self {
        let (processor, flash) = (&board.processor, &board.flash);
        let wait = u64::from(board.clock.flash_wait_states) * u64::from(board.clock.ahb_div);
        // With a data cache both come in lines.
        let fill = processor.data_cache.map_or((0, 0), |_| (processor.line_fill.flash, processor.line_fill.ram));
        let line = (wait + u64::from(fill.0)).saturating_sub(u64::from(fill.1));
        Self { sram: board.ram().1 as usize, stall: line * 1024 / u64::from(flash.line).max(1) }
    }
}

/// Copies of filters are made where they save this share of the cycles, by the estimate, and take no more than that share of
/// the SRAM that is left.
const COPIES_SAVE: f64 = 0.1;
const COPIES_TAKE: f64 = 0.5;

/// Bytes of an image that are none of the plan's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Around {
    pub fixed: Reserved,
    /// Of each operator.
    pub per_op: Reserved,
}

impl Around {
    fn of(self, ops: usize) -> Reserved {
        Reserved { flash: self.fixed.flash + ops * self.per_op.flash, sram: self.fixed.sram + ops * self.per_op.sram }
    }
}

/// What a plan is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Goal {
    pub prefer: Prefer,
    pub budget: Budget,
    pub around: Around,
    /// What may be done for it.
    pub optimisations: Optimisations,
    /// Of the board, where it is known.
    pub room: Option<Room>,
    /// Of the board, where it and its power are known.
    pub tariff: Option<Tariff>,
}

impl Goal {
    pub fn preferring(prefer: Prefer) -> Self {
        Self { prefer, ..Self::default() }
    }

    /// The same on `board`.
    pub fn on(self, board: &Board) -> Self {
        Self { room: Some(Room::of(board)), tariff: Tariff::of(board), ..self }
    }

    /// What energy costs, where that is what counts.
    pub(super) fn billed(&self) -> Option<Tariff> {
        self.tariff.filter(|_| self.prefer == Prefer::Energy)
    }

    /// The plan of `network`, which is planned as it stands. One that would exceed the budget is an error.
    pub fn plan(&self, network: &Network) -> Result<Plan, PlanError> {
        self.plan_from(network, &Offer::estimated(self))
    }

    /// The same with the kernels that are on offer.
    pub(super) fn plan_from(&self, network: &Network, offer: &Offer) -> Result<Plan, PlanError> {
        let choices = offer.all(network)?;
        let around = self.around.of(network.ops.len());
        let arena = self.budget.sram.map(|bytes| bytes.saturating_sub(around.sram));
        let constants = self.budget.flash.map(|bytes| bytes.saturating_sub(around.flash));
        // Code that layers share takes the least flash.
        let within = |expansion: Option<usize>, bands: bool| {
            let optimisations = Optimisations { bands, ..self.optimisations };
            let mut kernels = choose_among(choices.clone(), expansion.unwrap_or(0));
            if expansion.is_none() {
                kernels = kernels.into_iter().zip(&network.ops).map(|(k, op)| k.shrunk(network, op)).collect();
            }
            let draft = Draft { in_place: optimisations.in_place, ..Draft::with(network, kernels)? };
            Self { optimisations, ..*self }.within(draft, arena)
        };
        let bands = self.optimisations.bands;
        let least = if self.optimisations.specialised { None } else { Some(0) };
        let expansion = EXPANSION_BYTES;
        let mut plan = within(if self.prefer == Prefer::Flash { least } else { Some(expansion) }, bands)?;
        let is_too_large = arena.is_some_and(|most| plan.arena_bytes > most);
        if self.prefer == Prefer::Flash && (is_too_large || !plan.stages.is_empty()) {
            // Layers that share their code need more scratch memory, and take whole maps.
            plan = within(Some(0), bands)?;
        }
        if let Some(limit) = constants.filter(|limit| plan.flash_bytes() > *limit) {
            let fits = |plan: &Plan| plan.flash_bytes() <= limit && arena.is_none_or(|most| plan.arena_bytes <= most);
            // Tables of calls take flash, too: where SRAM is not preferred it is rather spent on faster kernels.
            let order = if self.prefer == Prefer::Sram { [true, false] } else { [false, true] };
            for bands in order.into_iter().filter(|banded| bands || !banded) {
                let smallest = within(Some(0), bands)?;
                // What the smallest leaves may be spent, where nothing else grows with it.
                let left = limit.saturating_sub(smallest.flash_bytes()).min(expansion);
                let larger = if left > 0 { Some(within(Some(left), bands)?) } else { None };
                let better = larger.into_iter().chain([smallest]).find(fits);
                if let Some(better) = better {
                    plan = better;
                    break;
                }
            }
            if !fits(&plan) {
                let whole = within(least, false)?;
                let small = arena.is_none_or(|most| whole.arena_bytes <= most);
                plan = if small { whole } else { within(Some(0), bands)? };
            }
        }
        let network = &*plan.planned(network);
        // The error counts with what is around, as the budget does.
        if let (Some(limit), Some(budget)) = (arena, self.budget.sram)
            && plan.arena_bytes > limit
        {
            let needed = plan.arena_bytes + around.sram;
            return Err(exceeded(network, &plan, "SRAM", budget, needed, |step| step.live_bytes));
        }
        if let (Some(limit), Some(budget)) = (constants, self.budget.flash)
            && plan.flash_bytes() > limit
        {
            let needed = plan.flash_bytes() + around.flash;
            return Err(exceeded(network, &plan, "flash", budget, needed, |step| {
                step.weights_bytes + step.table_bytes
            }));
        }
        let copies = self.optimisations.copies && matches!(self.prefer, Prefer::Latency | Prefer::Energy);
        Ok(match (arena, self.room) {
            _ if !copies => plan,
            // What is left of a budget for SRAM may make the rest faster.
            (Some(limit), _) => plan.copy_filters(limit),
            (None, Some(room)) => self.copied(network, plan, room),
            (None, None) => plan,
        })
    }

    /// Whether convolutions make additions: each is code of its own.
    pub(super) fn fuses(&self) -> bool {
        self.optimisations.sums && self.optimisations.specialised && self.prefer != Prefer::Flash
    }

    /// `plan` with copies of filters, where flash bounds much of it and SRAM lies idle.
    fn copied(&self, network: &Network, plan: Plan, room: Room) -> Plan {
        let taken = plan.sram_bytes() + self.around.of(network.ops.len()).sram;
        let left = room.sram.saturating_sub(taken) as f64 * COPIES_TAKE;
        let limit = plan.sram_bytes() + left as usize;
        let cycles: u64 = plan.steps.iter().map(|s| estimate(network, &network.ops[s.op], &s.kernel)).sum();
        let before = plan.sram_bytes();
        let copied = plan.clone().copy_filters(limit);
        let saved = (copied.sram_bytes() - before) as u64 * room.stall / 1024;
        if saved as f64 >= COPIES_SAVE * cycles as f64 { copied } else { plan }
    }

    pub(super) fn within(&self, draft: Draft, arena: Option<usize>) -> Result<Plan, PlanError> {
        let draft = if self.fuses() { draft.fused()? } else { draft };
        let whole = draft.clone().plan(Vec::new(), DEFAULT_ALIGNMENT)?;
        let fits = |plan: &Plan| arena.is_none_or(|limit| plan.arena_bytes <= limit);
        let smaller = |slowdown: f64, enough: usize| {
            let stages = patch::best(&draft, slowdown, enough)?;
            draft.clone().plan(stages, DEFAULT_ALIGNMENT)
        };
        let mut plans = vec![whole];
        let slowdown = match self.prefer {
            Prefer::Sram => Some(MAX_SLOWDOWN),
            Prefer::Latency | Prefer::Energy => Some(FREE_SLOWDOWN),
            // Tables of calls take flash.
            Prefer::Flash => None,
        };
        let slowdown = slowdown.filter(|_| self.optimisations.bands);
        if let Some(slowdown) = slowdown {
            plans.push(smaller(slowdown, 0)?);
        }
        if let Some(limit) = arena
            && self.optimisations.bands
            && !plans.iter().any(fits)
        {
            plans.push(smaller(f64::INFINITY, limit)?);
            // Packing may take more than what is held at the widest moment: then what takes least.
            if !plans.iter().any(fits) {
                plans.push(smaller(f64::INFINITY, 0)?);
            }
            if let Some(at) = plans.iter().position(fits) {
                return Ok(plans.swap_remove(at));
            }
        }
        let least = (0..plans.len()).min_by_key(|&at| plans[at].arena_bytes).unwrap_or(0);
        Ok(plans.swap_remove(least))
    }
}

fn exceeded(
    network: &Network,
    plan: &Plan,
    memory: &'static str,
    budget: usize,
    needed: usize,
    bytes: impl Fn(&super::plan::Step) -> usize,
) -> PlanError {
    let widest = plan.steps.iter().max_by_key(|step| (bytes(step), usize::MAX - step.op));
    let op = widest.and_then(|step| network.ops.get(step.op));
    PlanError::Budget {
        memory,
        budget,
        needed,
        over: needed - budget,
        op: op.map_or(0, |op| op.origin),
        kind: op.map_or("none", |op| op.kind.name()),
        tensor: op.map_or(String::new(), |op| network.tensor(op.output).name.clone()),
        at_op: widest.map_or(0, bytes),
    }
}
