//! Packing of buffers with known lifetimes into one arena.
//!
//! Finding the smallest arena is NP-hard (dynamic storage allocation), but networks of this size are mostly easy:
//! some greedy order meets the lower bound, and where none does a bounded search improves on the best of them.
//! Nothing here depends on time or chance, so that equal inputs give equal arenas.

use super::search;

/// Alignment of offsets in bytes that suits kernels which load words.
pub const DEFAULT_ALIGNMENT: usize = 4;

/// A buffer to be placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// First moment at which it is held.
    pub first: usize,
    /// Last moment at which it is held (inclusive).
    pub last: usize,
    /// Size in bytes.
    pub bytes: usize,
}

impl Block {
    /// Whether both are held at some moment.
    pub fn meets(&self, other: &Block) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// Why blocks cannot be packed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArenaError {
    #[error("alignment {0} is not a power of two")]
    Alignment(usize),
    #[error("block {index} ends at moment {last}, before it begins at moment {first}")]
    Backwards { index: usize, first: usize, last: usize },
    #[error("the blocks add up to more bytes than can be addressed")]
    TooLarge,
}

/// Where each block lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arena {
    /// Bytes from the start of the arena, one per block.
    pub offsets: Vec<usize>,
    /// Bytes of the arena, a multiple of the alignment.
    pub total: usize,
    /// Bytes held at the widest moment, each block rounded up to the alignment: no arena can be smaller.
    pub lower_bound: usize,
}

impl Arena {
    /// Packs `blocks` at offsets that are multiples of `alignment` bytes.
    pub fn pack(blocks: &[Block], alignment: usize) -> Result<Self, ArenaError> {
        let aligned = align(blocks, alignment)?;
        // Empty blocks take no room and would only distract the orders.
        let solid: Vec<usize> = (0..aligned.len()).filter(|&i| aligned[i].bytes > 0).collect();
        let dense: Vec<Block> = solid.iter().map(|&i| aligned[i]).collect();
        let lower_bound = widest_moment(&dense);
        let mut best = best_greedy(&dense, lower_bound);
        if top(&dense, &best) > lower_bound
            && let Some(better) = search::improve(&dense, top(&dense, &best), lower_bound)
        {
            best = better;
        }
        let mut offsets = vec![0; blocks.len()];
        solid.iter().zip(&best).for_each(|(&i, &offset)| offsets[i] = offset);
        Ok(Self { offsets, total: top(&dense, &best), lower_bound })
    }
}

/// `blocks` with sizes rounded up, which add up to no more than can be addressed and run forwards.
pub(super) fn align(blocks: &[Block], alignment: usize) -> Result<Vec<Block>, ArenaError> {
    if !alignment.is_power_of_two() {
        return Err(ArenaError::Alignment(alignment));
    }
    let mut sum = 0usize;
    let mut aligned = Vec::with_capacity(blocks.len());
    for (index, &block) in blocks.iter().enumerate() {
        let Block { first, last, bytes } = block;
        if last < first {
            return Err(ArenaError::Backwards { index, first, last });
        }
        let bytes = bytes.checked_next_multiple_of(alignment).ok_or(ArenaError::TooLarge)?;
        // The sum bounds every offset below, so that later additions cannot overflow.
        sum = sum.checked_add(bytes).ok_or(ArenaError::TooLarge)?;
        aligned.push(Block { bytes, ..block });
    }
    Ok(aligned)
}

/// The load can only peak where some block begins.
fn widest_moment(blocks: &[Block]) -> usize {
    let mut events: Vec<(usize, bool, usize)> = Vec::with_capacity(2 * blocks.len());
    for block in blocks {
        // At equal moments begins (`false`) come before ends, since `last` is inclusive.
        events.push((block.first, false, block.bytes));
        events.push((block.last, true, block.bytes));
    }
    events.sort_unstable();
    let (mut load, mut widest) = (0usize, 0);
    for (_, ends, bytes) in events {
        load = if ends { load - bytes } else { load + bytes };
        widest = widest.max(load);
    }
    widest
}

/// End of the highest block.
fn top(blocks: &[Block], offsets: &[usize]) -> usize {
    blocks.iter().zip(offsets).map(|(block, offset)| offset + block.bytes).max().unwrap_or(0)
}

/// Which gap a block is put into.
#[derive(Clone, Copy)]
enum Gap {
    /// The lowest that is wide enough.
    Lowest,
    /// The narrowest that is wide enough, the lowest of equals.
    Narrowest,
}

/// Rounds of repair per order.
const MAX_REPAIRS: usize = 200;
/// Limit of rounds times blocks squared, so that large networks are planned in seconds.
const MAX_REPAIR_WORK: usize = 40_000_000;

type Key = fn(&Block) -> (usize, usize);

/// Blocks are placed by ascending key; equal keys keep the order of the input.
const ORDERS: [Key; 6] = [
    |b| (usize::MAX - b.bytes, usize::MAX - (b.last - b.first)),
    |b| (usize::MAX - (b.last - b.first), usize::MAX - b.bytes),
    |b| (usize::MAX - b.bytes.saturating_mul(b.last - b.first + 1), b.first),
    |b| (b.first, usize::MAX - b.bytes),
    |b| (usize::MAX - b.last, usize::MAX - b.bytes),
    |b| (usize::MAX - b.bytes, b.first),
];

/// The best of all greedy orders, each also repaired for some rounds: the block that ends highest moves halfway to the
/// front of the order, so that it is placed while there is more room.
fn best_greedy(blocks: &[Block], lower_bound: usize) -> Vec<usize> {
    let mut best = Best { total: usize::MAX, offsets: Vec::new() };
    let mut orders: Vec<Vec<usize>> = Vec::new();
    for key in ORDERS {
        let mut order: Vec<usize> = (0..blocks.len()).collect();
        order.sort_by_key(|&i| key(&blocks[i]));
        orders.push(order);
    }
    // Unrepaired orders first: mostly one of them meets the bound.
    for rounds in [1, MAX_REPAIRS.min(MAX_REPAIR_WORK / (blocks.len() * blocks.len()).max(1))] {
        for order in &orders {
            for gap in [Gap::Lowest, Gap::Narrowest] {
                best.repair(blocks, order.clone(), gap, rounds, lower_bound);
                if best.total <= lower_bound {
                    return best.offsets;
                }
            }
        }
    }
    best.offsets
}

struct Best {
    total: usize,
    offsets: Vec<usize>,
}

impl Best {
    fn repair(&mut self, blocks: &[Block], mut order: Vec<usize>, gap: Gap, rounds: usize, lower_bound: usize) {
        for _ in 0..rounds {
            let offsets = greedy(blocks, &order, gap);
            let end = |&at: &usize| offsets[order[at]] + blocks[order[at]].bytes;
            let highest = (0..order.len()).max_by_key(end);
            let total = highest.as_ref().map_or(0, end);
            if total < self.total {
                *self = Self { total, offsets };
            }
            match highest {
                Some(at) if at > 0 && total > lower_bound => order[at / 2..=at].rotate_right(1),
                _ => return,
            }
        }
    }
}

fn greedy(blocks: &[Block], order: &[usize], gap: Gap) -> Vec<usize> {
    let mut offsets = vec![0; blocks.len()];
    // (offset, block), by offset.
    let mut placed: Vec<(usize, usize)> = Vec::with_capacity(blocks.len());
    for &index in order {
        let block = &blocks[index];
        let (mut end, mut chosen) = (0, None);
        for &(offset, other) in placed.iter().filter(|(_, other)| blocks[*other].meets(block)) {
            let width = offset.saturating_sub(end);
            let better = match (gap, chosen) {
                (_, None) => true,
                (Gap::Lowest, Some(_)) => false,
                (Gap::Narrowest, Some((least, _))) => width < least,
            };
            if width >= block.bytes && better {
                chosen = Some((width, end));
            }
            end = end.max(offset + blocks[other].bytes);
        }
        let offset = chosen.map_or(end, |(_, start)| start);
        offsets[index] = offset;
        let at = placed.partition_point(|&other| other < (offset, index));
        placed.insert(at, (offset, index));
    }
    offsets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(first: usize, last: usize, bytes: usize) -> Block {
        Block { first, last, bytes }
    }

    #[test]
    fn blocks_that_never_meet_share_bytes_and_sizes_are_rounded_up() {
        let arena = Arena::pack(&[block(0, 1, 5), block(2, 3, 7)], 4).expect("an arena");
        assert_eq!(arena, Arena { offsets: vec![0, 0], total: 8, lower_bound: 8 });
        let arena = Arena::pack(&[block(0, 2, 5), block(2, 3, 7)], 16).expect("an arena");
        assert_eq!((arena.total, arena.lower_bound), (32, 32));
    }

    #[test]
    fn empty_blocks_and_no_blocks_take_no_room() {
        let none = Arena { offsets: vec![], total: 0, lower_bound: 0 };
        assert_eq!(Arena::pack(&[], 4).expect("an arena"), none);
        assert_eq!(Arena::pack(&[block(0, 9, 0)], 4).expect("an arena").total, 0);
    }

    /// Every greedy order fails on this: the search has to find the arena.
    #[test]
    fn the_search_closes_a_gap_that_greedy_orders_leave() {
        let blocks = search::tests::hard_blocks();
        let bound = widest_moment(&blocks);
        assert!(top(&blocks, &best_greedy(&blocks, bound)) > bound);
        assert_eq!(Arena::pack(&blocks, 1).expect("an arena").total, bound);
    }

    #[test]
    fn wrong_input_is_refused() {
        assert_eq!(Arena::pack(&[], 3), Err(ArenaError::Alignment(3)));
        assert_eq!(Arena::pack(&[], 0), Err(ArenaError::Alignment(0)));
        let backwards = ArenaError::Backwards { index: 0, first: 2, last: 1 };
        assert_eq!(Arena::pack(&[block(2, 1, 4)], 4), Err(backwards));
        assert_eq!(Arena::pack(&[block(0, 0, usize::MAX)], 4), Err(ArenaError::TooLarge));
        assert_eq!(Arena::pack(&[block(0, 0, usize::MAX - 3), block(1, 1, 8)], 4), Err(ArenaError::TooLarge));
    }
}
