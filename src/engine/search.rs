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

    /// The first arenas of this instance are not good enough: it takes back placements.
    #[test]
    fn placements_are_taken_back_without_a_trace() {
        let blocks = [
            (4, 4, 5),
            (2, 3, 2),
            (0, 0, 6),
            (3, 6, 7),
            (0, 1, 1),
            (3, 4, 2),
            (1, 4, 7),
            (0, 1, 3),
            (0, 3, 8),
            (4, 5, 7),
            (1, 4, 4),
            (3, 4, 3),
            (0, 2, 2),
        ];
        let blocks = blocks.map(|(first, last, bytes)| Block { first, last, bytes });
        assert!(improve(&blocks, 36, 35).is_some());
    }
}
