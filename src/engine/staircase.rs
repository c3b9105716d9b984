//! Packing of buffers whose size changes over their lifetime: tensors that follow one another at the same offset.

use super::arena::{Arena, ArenaError, Block};

/// Rounds of repair per order.
const MAX_REPAIRS: usize = 60;

/// Packs `groups` of blocks at offsets that are multiples of `alignment` bytes, one offset per group. Blocks of a group
/// that are held at the same moment share their bytes.
///
/// Greedy, over several orders; each is repaired for some rounds, as [`Arena::pack`] does. Where no group has more than
/// one block that is what packs them.
pub(super) fn pack(groups: &[Vec<Block>], alignment: usize) -> Result<Arena, ArenaError> {
    if groups.iter().all(|group| group.len() == 1) {
        let blocks: Vec<Block> = groups.iter().flatten().copied().collect();
        return Arena::pack(&blocks, alignment);
    }
    let alone: Vec<Block> = groups.iter().flatten().copied().collect();
    super::arena::align(&alone, alignment)?;
    let moments = alone.iter().map(|b| b.last + 1).max().unwrap_or(0);
    let stairs: Vec<Stair> = groups.iter().map(|group| Stair::new(group, alignment)).collect();
    let lower_bound = widest_moment(&stairs, moments);
    let mut best: Option<(usize, Vec<usize>)> = None;
    for key in ORDERS {
        let mut order: Vec<usize> = (0..stairs.len()).filter(|i| stairs[*i].highest > 0).collect();
        order.sort_by_key(|&i| key(&stairs[i]));
        for _ in 0..MAX_REPAIRS {
            let offsets = greedy(&stairs, &order, moments);
            let end = |&at: &usize| offsets[order[at]] + stairs[order[at]].highest;
            let top = (0..order.len()).max_by_key(end);
            let total = top.as_ref().map_or(0, end);
            if best.as_ref().is_none_or(|(least, _)| total < *least) {
                best = Some((total, offsets));
            }
            match top {
                Some(at) if at > 0 && total > lower_bound => order[at / 2..=at].rotate_right(1),
                _ => break,
            }
        }
        if best.as_ref().is_some_and(|(least, _)| *least <= lower_bound) {
            break;
        }
    }
    let (total, offsets) = best.unwrap_or_default();
    Ok(Arena { offsets, total, lower_bound })
}

/// A group: bytes from moment to moment.
struct Stair {
    first: usize,
    /// Aligned bytes at `first` and the moments after it.
    bytes: Vec<usize>,
    highest: usize,
    area: usize,
}

impl Stair {
    fn new(group: &[Block], alignment: usize) -> Self {
        let first = group.iter().map(|b| b.first).min().unwrap_or(0);
        let end = group.iter().map(|b| b.last + 1).max().unwrap_or(first);
        let mut bytes = vec![0usize; end - first];
        for block in group {
            let aligned = block.bytes.next_multiple_of(alignment);
            bytes[block.first - first..=block.last - first].iter_mut().for_each(|held| *held = aligned.max(*held));
        }
        let (highest, area) = (bytes.iter().copied().max().unwrap_or(0), bytes.iter().sum());
        Self { first, bytes, highest, area }
    }

    fn moments(&self) -> impl Iterator<Item = (usize, usize)> {
        self.bytes.iter().enumerate().map(|(i, bytes)| (self.first + i, *bytes))
    }
}

type Key = fn(&Stair) -> (usize, usize);

/// Groups are placed by ascending key; equal keys keep their order.
const ORDERS: [Key; 5] = [
    |s| (usize::MAX - s.highest, usize::MAX - s.bytes.len()),
    |s| (usize::MAX - s.area, s.first),
    |s| (usize::MAX - s.bytes.len(), usize::MAX - s.highest),
    |s| (s.first, usize::MAX - s.highest),
    |s| (usize::MAX - s.first - s.bytes.len(), usize::MAX - s.highest),
];

fn widest_moment(stairs: &[Stair], moments: usize) -> usize {
    let mut load = vec![0; moments];
    stairs.iter().flat_map(Stair::moments).for_each(|(moment, bytes)| load[moment] += bytes);
    load.into_iter().max().unwrap_or(0)
}

/// Each group at the lowest offset at which it meets nothing that is placed.
fn greedy(stairs: &[Stair], order: &[usize], moments: usize) -> Vec<usize> {
    let mut offsets = vec![0; stairs.len()];
    // (offset, bytes) of what is held at each moment.
    let mut held: Vec<Vec<(usize, usize)>> = vec![Vec::new(); moments];
    for &index in order {
        let stair = &stairs[index];
        // Offsets that begin above `low` and end at `high` (exclusive) would overlap.
        let mut taken: Vec<(usize, usize)> = Vec::new();
        for (moment, bytes) in stair.moments().filter(|(_, bytes)| *bytes > 0) {
            taken.extend(
                held[moment].iter().map(|(offset, other)| ((offset + 1).saturating_sub(bytes), offset + other)),
            );
        }
        taken.sort_unstable();
        let mut offset = 0;
        for (low, high) in taken {
            if low > offset {
                break;
            }
            offset = offset.max(high);
        }
        offsets[index] = offset;
        for (moment, bytes) in stair.moments().filter(|(_, bytes)| *bytes > 0) {
            held[moment].push((offset, bytes));
        }
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
    fn a_group_shares_bytes_where_its_blocks_meet() {
        let arena = pack(&[vec![block(0, 1, 8), block(1, 2, 20)], vec![block(1, 1, 4)]], 4).expect("an arena");
        assert_eq!((arena.total, arena.lower_bound), (24, 24));
    }

    #[test]
    fn what_a_group_leaves_free_is_used() {
        // The group is low at first, so that the large block fits above it.
        let arena = pack(&[vec![block(0, 1, 4), block(1, 3, 20)], vec![block(0, 0, 16)]], 4).expect("an arena");
        assert_eq!((arena.total, arena.lower_bound), (20, 20));
        assert_eq!(arena.offsets[0], 0);
    }

    #[test]
    fn groups_never_overlap() {
        let mut state = 7u64;
        let mut below = |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((state >> 33) % n) as usize
        };
        for _ in 0..300 {
            let groups: Vec<Vec<Block>> = (0..8)
                .map(|_| {
                    let mut at = below(6);
                    (0..1 + below(3))
                        .map(|_| {
                            let (first, last) = (at, at + below(3));
                            at = last;
                            block(first, last, below(40))
                        })
                        .collect()
                })
                .collect();
            let arena = pack(&groups, 4).expect("an arena");
            for (i, a) in groups.iter().enumerate() {
                for (j, b) in groups.iter().enumerate().skip(i + 1) {
                    for (x, y) in a.iter().flat_map(|x| b.iter().map(move |y| (x, y))).filter(|(x, y)| x.meets(y)) {
                        let (p, q) = (arena.offsets[i], arena.offsets[j]);
                        assert!(p + x.bytes <= q || q + y.bytes <= p || x.bytes == 0 || y.bytes == 0, "{groups:?}");
                    }
                }
                assert!(a.iter().all(|x| arena.offsets[i] + x.bytes <= arena.total));
            }
            assert!(arena.total >= arena.lower_bound);
        }
    }
}
