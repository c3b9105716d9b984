//! Offsets of all activations and scratch buffers, and which activations are written over.

use super::arena::{Arena, ArenaError, Block};
use super::kernel::Kernel;
use super::lifetime::{Lifetime, Lifetimes};
use super::overlay::{Choice, Overlays};
use super::staircase::pack;

/// Rounds over all operators in search of a smaller arena.
const MAX_ROUNDS: usize = 3;

pub(super) struct Layout {
    /// Spans in groups, one offset each: the first offsets of the arena.
    pub groups: Vec<Vec<usize>>,
    /// Bytes of activations held during each operator.
    pub load: Vec<usize>,
    /// Its offsets: groups, then the scratch buffer of each operator.
    pub arena: Arena,
}

impl Layout {
    /// The smallest arena that is found.
    ///
    /// Writing over everything gives the least load, but ties offsets together; where that keeps the arena above the
    /// load, operators are tried one by one with another operand or none.
    pub fn best(
        overlays: &Overlays,
        lifetimes: &Lifetimes,
        kernels: &[Kernel],
        alignment: usize,
    ) -> Result<Self, ArenaError> {
        let at = |choice: &Choice| Self::of(overlays, choice, lifetimes, kernels, alignment);
        let mut choice = overlays.all();
        let mut best = at(&choice)?;
        let bound = best.arena.lower_bound;
        for _ in 0..MAX_ROUNDS {
            let before = best.arena.total;
            for op in 0..kernels.len() {
                if best.arena.total <= bound {
                    break;
                }
                for other in overlays.options[op].iter().copied().map(Some).chain([None]) {
                    let kept = std::mem::replace(&mut choice[op], other);
                    let layout = at(&choice)?;
                    if layout.arena.total < best.arena.total {
                        best = layout;
                    } else {
                        choice[op] = kept;
                    }
                }
            }
            if best.arena.total == before {
                break;
            }
        }
        best.arena.lower_bound = bound;
        Ok(best)
    }

    fn of(
        overlays: &Overlays,
        choice: &Choice,
        lifetimes: &Lifetimes,
        kernels: &[Kernel],
        alignment: usize,
    ) -> Result<Self, ArenaError> {
        let groups = overlays.groups(choice);
        let block = |span: &usize| {
            let Lifetime { first, last, bytes, .. } = lifetimes.spans[*span];
            Block { first, last, bytes }
        };
        let mut blocks: Vec<Vec<Block>> = groups.iter().map(|group| group.iter().map(block).collect()).collect();
        let load = load(&blocks, kernels.len());
        let scratch = kernels.iter().enumerate();
        blocks.extend(scratch.map(|(i, k)| vec![Block { first: i, last: i, bytes: k.scratch_bytes() }]));
        Ok(Self { groups, load, arena: pack(&blocks, alignment)? })
    }
}

/// Bytes held at each of `moments` moments; blocks of a group share theirs.
fn load(groups: &[Vec<Block>], moments: usize) -> Vec<usize> {
    let held = |moment: usize| {
        let widest = |group: &Vec<Block>| {
            let now = group.iter().filter(|b| b.first <= moment && moment <= b.last);
            now.map(|b| b.bytes).max().unwrap_or(0)
        };
        groups.iter().map(widest).sum()
    };
    (0..moments).map(held).collect()
}
