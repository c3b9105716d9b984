//! What each optimisation buys: from general kernels on, one is added at a time.

use super::trial::{Bench, TrialError, Tried};
use crate::engine::{Compiled, Engine, Goal, Optimisations, Prefer, Tailored};
use crate::firmware::around;
use crate::measure::Case;
use crate::network::Network;
use crate::results::Provenance;

/// A plan with some of the optimisations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    /// What is added to the one before.
    pub added: &'static str,
    pub goal: Goal,
}

/// What a variant takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    /// Cycles of one inference, whose output was verified.
    pub cycles: u64,
    /// Bytes of SRAM of the whole image, with as much of the stack as was used.
    pub sram: u64,
    /// Bytes of flash of the whole image.
    pub flash: u64,
    pub provenance: Provenance,
}

/// A variant and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ablated {
    pub variant: Variant,
    pub arena_bytes: usize,
    /// Why there is none where it does not fit the board.
    pub numbers: Result<Numbers, String>,
}

/// The variants, each with one optimisation more; the last two prefer something else than latency.
pub fn variants() -> Vec<Variant> {
    let mut optimisations = Optimisations::NONE;
    let mut variants = Vec::new();
    let mut add = |added, prefer, change: &dyn Fn(&mut Optimisations)| {
        change(&mut optimisations);
        variants.push(Variant { added, goal: Goal { prefer, optimisations, around: around(), ..Goal::default() } });
    };
    add("general kernels", Prefer::Latency, &|_| {});
    add("+ specialised kernels", Prefer::Latency, &|all| all.specialised = true);
    add("+ padding folded", Prefer::Latency, &|all| all.padding = true);
    add("+ constant channels removed", Prefer::Latency, &|all| all.pruning = true);
    add("+ outputs written over inputs", Prefer::Latency, &|all| all.in_place = true);
    add("+ minimal filtering", Prefer::Latency, &|all| all.minimal_filtering = true);
    add("+ additions made by convolutions", Prefer::Latency, &|all| all.sums = true);
    add("+ bands of rows", Prefer::Latency, &|all| all.bands = true);
    add("+ filters copied to SRAM", Prefer::Latency, &|all| all.copies = true);
    add("all, for least SRAM", Prefer::Sram, &|_| {});
    add("all, for least flash", Prefer::Flash, &|_| {});
    variants
}

/// Builds and runs every variant of `network`; those that give the same code as the one before are not run again. `tell`
/// hears of each, and how many there are.
pub fn ablation(
    bench: Bench<'_>,
    network: &Network,
    cases: &[Case],
    tell: &dyn Fn(usize, usize),
) -> Result<Vec<Ablated>, TrialError> {
    let variants = variants();
    let count = variants.len();
    let mut last: Option<(Compiled, Ablated)> = None;
    let mut all = Vec::new();
    for (at, variant) in variants.into_iter().enumerate() {
        tell(at, count);
        let compiled = Tailored(variant.goal).compile_for(network, bench.board)?;
        let same = last.take().filter(|(before, _)| before.sources == compiled.sources);
        let numbers = match same {
            Some((_, before)) => before.numbers,
            None => match bench.try_out(&compiled, cases) {
                Ok(tried) => Ok(numbers(&tried)),
                Err(TrialError::Misfit(reason)) => Err(reason),
                Err(other) => return Err(other),
            },
        };
        let ablated = Ablated { variant, arena_bytes: compiled.plan.arena_bytes, numbers };
        all.push(ablated.clone());
        last = Some((compiled, ablated));
    }
    Ok(all)
}

fn numbers(tried: &Tried) -> Numbers {
    let memory = tried.memory();
    Numbers {
        cycles: tried.measured.statistics.median.round() as u64,
        sram: memory.sram.peak(),
        flash: memory.flash.total(),
        provenance: tried.provenance,
    }
}
