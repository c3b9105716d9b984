//! Bounded branch and bound over arenas.
//!
//! Some smallest arena has every block at offset 0 or right on top of a block that it meets. Placing its blocks by
//! ascending offset puts each one on the skyline: the highest end of what is placed over its lifetime. So it is
//! enough to branch over which block comes next.

use super::arena::Block;

/// Nodes visited at most: some tens of milliseconds for a hundred blocks.
const MAX_NODES: usize = 40_000;
/// Beyond this many blocks a node costs too much, and the search would not get far.
const MAX_BLOCKS: usize = 512;

/// Offsets of an arena smaller than `incumbent` bytes, if one is found; stops at `lower_bound` bytes.
pub(super) fn improve(blocks: &[Block], incumbent: usize, lower_bound: usize) -> Option<Vec<usize>> {
    if blocks.len() > MAX_BLOCKS {
        return None;
    }
    // Only moments at which a block begins matter: the load between them can only fall.
    let mut moments: Vec<usize> = blocks.iter().map(|b| b.first).collect();
    moments.sort_unstable();
    moments.dedup();
    // Large blocks first: they are hard to place once the arena has filled up.
    let mut order: Vec<usize> = (0..blocks.len()).collect();
    order.sort_by_key(|&i| (usize::MAX - blocks[i].bytes, usize::MAX - (blocks[i].last - blocks[i].first)));
    let spans: Vec<Span> = order
        .iter()
        .map(|&i| &blocks[i])
        .map(|b| Span {
            first: moments.partition_point(|&m| m < b.first),
            end: moments.partition_point(|&m| m <= b.last),
            bytes: b.bytes,
        })
        .collect();
    let mut remaining = vec![0; moments.len()];
    for span in &spans {
        remaining[span.first..span.end].iter_mut().for_each(|load| *load += span.bytes);
    }
    let mut search = Search {
        offsets: vec![None; spans.len()],
        spans,
        skyline: vec![0; moments.len()],
        remaining,
        least: incumbent,
        lower_bound,
        nodes: 0,
        found: None,
    };
    search.descend((0, 0), search.offsets.len());
    let found = search.found?;
    let mut offsets = vec![0; blocks.len()];
    order.iter().zip(found).for_each(|(&i, offset)| offsets[i] = offset);
    Some(offsets)
}

/// A block over indices of moments.
struct Span {
    first: usize,
    /// Exclusive.
    end: usize,
    bytes: usize,
}

struct Search {
    spans: Vec<Span>,
    /// Offsets of the blocks placed so far.
    offsets: Vec<Option<usize>>,
    /// End of the highest placed block at each moment.
    skyline: Vec<usize>,
    /// Bytes still to be placed at each moment.
    remaining: Vec<usize>,
    /// Bytes of the best arena known.
    least: usize,
    lower_bound: usize,
    nodes: usize,
    found: Option<Vec<usize>>,
}

impl Search {
    fn done(&self) -> bool {
        self.nodes >= MAX_NODES || self.least <= self.lower_bound
    }

    /// Places one of the `left` blocks at or above `floor`: offset and index of the block placed last, since
    /// offsets ascend, and indices among equal offsets, so that no arena is met twice.
    fn descend(&mut self, floor: (usize, usize), left: usize) {
        self.nodes += 1;
        if left == 0 {
            // Every placement was checked against `least`.
            self.least = self.skyline.iter().copied().max().unwrap_or(0);
            self.found = Some(self.offsets.iter().map(|offset| offset.unwrap_or(0)).collect());
            return;
        }
        let mut next: Vec<(usize, usize)> = (0..self.spans.len())
            .filter(|&i| self.offsets[i].is_none())
            .map(|i| (self.height(i), i))
            .filter(|&place| place >= floor)
            .collect();
        next.sort_unstable();
        for (offset, index) in next {
            if self.done() {
                return;
            }
            self.branch(offset, index, left);
        }
    }

    fn branch(&mut self, offset: usize, index: usize, left: usize) {
        let Span { first, end, bytes } = self.spans[index];
        let before = self.skyline[first..end].to_vec();
        self.offsets[index] = Some(offset);
        for moment in first..end {
            self.skyline[moment] = offset + bytes;
            self.remaining[moment] -= bytes;
        }
        if self.promising(offset) {
            self.descend((offset, index), left - 1);
        }
        self.offsets[index] = None;
        self.skyline[first..end].copy_from_slice(&before);
        self.remaining[first..end].iter_mut().for_each(|load| *load += bytes);
    }

    /// Whether what is left might still end below the best arena known.
    fn promising(&self, floor: usize) -> bool {
        self.skyline.iter().zip(&self.remaining).all(|(&height, &load)| {
            // What is left at this moment stacks up from the skyline, or from the floor if that is higher.
            let base = if load > 0 { height.max(floor) } else { height };
            base + load < self.least
        })
    }

    fn height(&self, index: usize) -> usize {
        let span = &self.spans[index];
        self.skyline[span.first..span.end].iter().copied().max().unwrap_or(0)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Nine blocks that fit 38 bytes, which no greedy order finds.
    pub(in crate::engine) fn hard_blocks() -> Vec<Block> {
        let blocks =
            [(4, 5, 8), (5, 5, 3), (6, 8, 9), (4, 6, 6), (5, 8, 6), (6, 6, 1), (2, 2, 6), (4, 6, 8), (4, 6, 7)];
        blocks.map(|(first, last, bytes)| Block { first, last, bytes }).to_vec()
    }

    #[test]
    fn nothing_is_returned_unless_it_is_smaller() {
        assert!(improve(&hard_blocks(), 38, 38).is_none());
        assert!(improve(&hard_blocks(), 38, 0).is_none(), "38 bytes are the least there is");
        assert!(improve(&hard_blocks(), 39, 38).is_some());
    }

    /// Smallest total over all orders in which blocks are put on top of those that they meet.
    fn least_total(blocks: &[Block], offsets: &mut [Option<usize>]) -> usize {
        let end = |i: usize, offsets: &[Option<usize>]| offsets[i].map_or(0, |o| o + blocks[i].bytes);
        let mut least = usize::MAX;
        for i in 0..blocks.len() {
            if offsets[i].is_none() {
                let met = (0..blocks.len()).filter(|&j| blocks[i].meets(&blocks[j]));
                offsets[i] = Some(met.map(|j| end(j, offsets)).max().unwrap_or(0));
                least = least.min(least_total(blocks, offsets));
                offsets[i] = None;
            }
        }
        if least < usize::MAX { least } else { (0..blocks.len()).map(|i| end(i, offsets)).max().unwrap_or(0) }
    }

    #[test]
    fn from_any_start_it_ends_at_the_least_total() {
        let mut state = 1u64;
        let mut below = |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((state >> 33) % n) as usize
        };
        for _ in 0..2000 {
            let blocks: Vec<Block> = (0..6)
                .map(|_| (below(5), below(3), 1 + below(9)))
                .map(|(first, span, bytes)| Block { first, last: first + span, bytes })
                .collect();
            let offsets = improve(&blocks, usize::MAX, 0).expect("an arena");
            let total = blocks.iter().zip(&offsets).map(|(b, offset)| offset + b.bytes).max();
            assert_eq!(total, Some(least_total(&blocks, &mut [None; 6])), "{blocks:?}");
        }
    }
}
