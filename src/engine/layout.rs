//! Offsets of all activations and scratch buffers, and which activations are written over.

use super::arena::{Arena, ArenaError, Block};
use super::overlay::{Choice, Overlays};
use super::staircase::{Piece, pack};

/// Rounds over all operators in search of a smaller arena.
const MAX_ROUNDS: usize = 3;

pub(super) struct Layout {
    pub choice: Choice,
    /// Spans in groups, one offset each: the first offsets of the arena. With each span how far from there it begins.
    pub groups: Vec<Vec<(usize, usize)>>,
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
    pub fn best(overlays: &Overlays, alignment: usize) -> Result<Self, ArenaError> {
        Self::enough(overlays, alignment, 0)
    }

    /// The same, but the first arena of no more than `enough` bytes will do.
    pub fn enough(overlays: &Overlays, alignment: usize, enough: usize) -> Result<Self, ArenaError> {
        let at = |choice: &Choice| Self::of(overlays, choice, alignment);
        let all = at(&overlays.all())?;
        let bound = all.arena.lower_bound;
        // What no arena can reach is not looked for.
        let goal = if enough > 0 && bound > enough { usize::MAX } else { bound.max(enough) };
        let mut best = all.improved(overlays, goal, &at)?;
        if best.arena.total > goal {
            // Outputs that lead their inputs push a group apart: so once without them.
            let other = at(&overlays.without_lead())?.improved(overlays, goal, &at)?;
            if other.arena.total < best.arena.total {
                best = other;
            }
        }
        best.arena.lower_bound = bound;
        Ok(best)
    }

    /// Tries another operand or none for one operator after another, as long as the arena shrinks.
    fn improved(
        mut self,
        overlays: &Overlays,
        bound: usize,
        at: &impl Fn(&Choice) -> Result<Self, ArenaError>,
    ) -> Result<Self, ArenaError> {
        for _ in 0..MAX_ROUNDS {
            let before = self.arena.total;
            for op in 0..self.choice.len() {
                for other in overlays.options[op].iter().copied().map(Some).chain([None]) {
                    if self.arena.total <= bound {
                        return Ok(self);
                    }
                    let mut choice = self.choice.clone();
                    if std::mem::replace(&mut choice[op], other) != other {
                        let layout = at(&choice)?;
                        if layout.arena.total < self.arena.total {
                            self = layout;
                        }
                    }
                }
            }
            if self.arena.total == before {
                break;
            }
        }
        Ok(self)
    }

    fn of(overlays: &Overlays, choice: &Choice, alignment: usize) -> Result<Self, ArenaError> {
        let groups = overlays.groups(choice, alignment);
        let held =
            |&(span, delta): &(usize, usize)| overlays.held(span).iter().map(move |&block| Piece { block, delta });
        let mut pieces: Vec<Vec<Piece>> = groups.iter().map(|group| group.iter().flat_map(held).collect()).collect();
        let load = load(&pieces, choice.len());
        let scratch = overlays.scratch().iter().enumerate().map(|(i, &bytes)| Block { first: i, last: i, bytes });
        pieces.extend(scratch.map(|block| vec![Piece { block, delta: 0 }]));
        Ok(Self { choice: choice.clone(), groups, load, arena: pack(&pieces, alignment)? })
    }
}

/// Bytes held at each of `moments` moments; those that a group shares count once.
fn load(groups: &[Vec<Piece>], moments: usize) -> Vec<usize> {
    let held = |moment: usize| {
        let extent = |group: &Vec<Piece>| {
            let now = || group.iter().filter(|p| p.block.first <= moment && moment <= p.block.last);
            let top = now().map(|p| p.delta + p.block.bytes).max().unwrap_or(0);
            top - now().map(|p| p.delta).min().unwrap_or(0)
        };
        groups.iter().map(extent).sum()
    };
    (0..moments).map(held).collect()
}
