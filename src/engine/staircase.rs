//! Packing of buffers whose size changes over their lifetime: tensors that follow one another at the same offset.

use super::arena::{Arena, ArenaError, Block};

/// Rounds of repair per order.
const MAX_REPAIRS: usize = 60;

/// A block of a group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub block: Block,
    /// Bytes from the group's offset to its own, a multiple of the alignment.
    pub delta: usize,
}

/// Packs `groups` at offsets that are multiples of `alignment` bytes, one offset per group. Pieces of a group that are
/// held at the same moment may overlap.
///
/// Greedy, over several orders; each is repaired for some rounds, as [`Arena::pack`] does. Where no group has more than
/// one block that is what packs them.
pub(super) fn pack(groups: &[Vec<Piece>], alignment: usize) -> Result<Arena, ArenaError> {
    if groups.iter().all(|group| group.len() == 1) {
        let blocks: Vec<Block> = groups.iter().flatten().map(|piece| piece.block).collect();
        return Arena::pack(&blocks, alignment);
    }
    let end = |piece: &Piece| Block { bytes: piece.block.bytes.saturating_add(piece.delta), ..piece.block };
    let alone: Vec<Block> = groups.iter().flatten().map(end).collect();
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

/// A group from moment to moment.
struct Stair {
    first: usize,
    /// Begin and end of what is held at `first` and the moments after it, from the group's offset.
    held: Vec<(usize, usize)>,
    highest: usize,
    area: usize,
}

impl Stair {
    fn new(group: &[Piece], alignment: usize) -> Self {
        let first = group.iter().map(|p| p.block.first).min().unwrap_or(0);
        let end = group.iter().map(|p| p.block.last + 1).max().unwrap_or(first);
        let mut held = vec![(usize::MAX, 0); end - first];
        for Piece { block, delta } in group.iter().filter(|piece| piece.block.bytes > 0) {
            let top = delta + block.bytes.next_multiple_of(alignment);
            for (low, high) in &mut held[block.first - first..=block.last - first] {
                (*low, *high) = ((*low).min(*delta), (*high).max(top));
            }
        }
        let highest = held.iter().map(|(_, high)| *high).max().unwrap_or(0);
        let area = held.iter().map(|(low, high)| high.saturating_sub(*low)).sum();
        Self { first, held, highest, area }
    }

    /// (moment, begin, end), where anything is held.
    fn moments(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let all = self.held.iter().enumerate().map(|(i, (low, high))| (self.first + i, *low, *high));
        all.filter(|(_, low, high)| low < high)
    }
}

type Key = fn(&Stair) -> (usize, usize);

/// Groups are placed by ascending key; equal keys keep their order.
const ORDERS: [Key; 5] = [
    |s| (usize::MAX - s.highest, usize::MAX - s.held.len()),
    |s| (usize::MAX - s.area, s.first),
    |s| (usize::MAX - s.held.len(), usize::MAX - s.highest),
    |s| (s.first, usize::MAX - s.highest),
    |s| (usize::MAX - s.first - s.held.len(), usize::MAX - s.highest),
];

fn widest_moment(stairs: &[Stair], moments: usize) -> usize {
    let mut load = vec![0; moments];
    stairs.iter().flat_map(Stair::moments).for_each(|(moment, low, high)| load[moment] += high - low);
    load.into_iter().max().unwrap_or(0)
}

/// Each group at the lowest offset at which it meets nothing that is placed.
fn greedy(stairs: &[Stair], order: &[usize], moments: usize) -> Vec<usize> {
    let mut offsets = vec![0; stairs.len()];
    // (begin, end) of what is held at each moment.
    let mut held: Vec<Vec<(usize, usize)>> = vec![Vec::new(); moments];
    for &index in order {
        let stair = &stairs[index];
        // Offsets from `low` to `high` (exclusive) would overlap.
        let mut taken: Vec<(usize, usize)> = Vec::new();
        for (moment, low, high) in stair.moments() {
            let overlaps = |(begin, end): &(usize, usize)| ((begin + 1).saturating_sub(high), end.saturating_sub(low));
            taken.extend(held[moment].iter().map(overlaps));
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
        for (moment, low, high) in stair.moments() {
            held[moment].push((offset + low, offset + high));
        }
    }
    offsets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(first: usize, last: usize, bytes: usize, delta: usize) -> Piece {
        Piece { block: Block { first, last, bytes }, delta }
    }

    #[test]
    fn a_group_shares_bytes_where_its_blocks_meet() {
        let arena = pack(&[vec![piece(0, 1, 8, 0), piece(1, 2, 20, 0)], vec![piece(1, 1, 4, 0)]], 4).expect("an arena");
        assert_eq!((arena.total, arena.lower_bound), (24, 24));
    }

    #[test]
    fn what_a_group_leaves_free_is_used() {
        // The group is low at first, so that the large block fits above it.
        let arena =
            pack(&[vec![piece(0, 1, 4, 0), piece(1, 3, 20, 0)], vec![piece(0, 0, 16, 0)]], 4).expect("an arena");
        assert_eq!((arena.total, arena.lower_bound), (20, 20));
        assert_eq!(arena.offsets[0], 0);
        // And below it, where it begins higher at first.
        let arena =
            pack(&[vec![piece(0, 1, 8, 12), piece(1, 3, 20, 0)], vec![piece(0, 0, 12, 0)]], 4).expect("an arena");
        assert_eq!((arena.total, arena.lower_bound), (20, 20));
        assert_eq!(arena.offsets, [0, 0]);
    }

    #[test]
    fn groups_never_overlap() {
        let mut state = 7u64;
        let mut below = |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((state >> 33) % n) as usize
        };
        for _ in 0..300 {
            let groups: Vec<Vec<Piece>> = (0..8)
                .map(|_| {
                    let mut at = below(6);
                    (0..1 + below(3))
                        .map(|_| {
                            let (first, last) = (at, at + below(3));
                            at = last;
                            piece(first, last, below(40), 4 * below(4))
                        })
                        .collect()
                })
                .map(|mut group: Vec<Piece>| {
                    // A single piece begins where its group does.
                    if group.len() == 1 {
                        group[0].delta = 0;
                    }
                    group
                })
                .collect();
            let arena = pack(&groups, 4).expect("an arena");
            for (i, a) in groups.iter().enumerate() {
                for (j, b) in groups.iter().enumerate().skip(i + 1) {
                    let pairs = a.iter().flat_map(|x| b.iter().map(move |y| (x, y)));
                    for (x, y) in pairs.filter(|(x, y)| x.block.meets(&y.block)) {
                        let (p, q) = (arena.offsets[i] + x.delta, arena.offsets[j] + y.delta);
                        let (m, n) = (x.block.bytes, y.block.bytes);
                        assert!(p + m <= q || q + n <= p || m == 0 || n == 0, "{groups:?}");
                    }
                }
                assert!(
                    a.iter().all(|x| x.block.bytes == 0 || arena.offsets[i] + x.delta + x.block.bytes <= arena.total)
                );
            }
            assert!(arena.total >= arena.lower_bound);
        }
    }
}
