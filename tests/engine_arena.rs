//! Properties that hold of every arena.

use hil::engine::{Arena, Block};
use proptest::prelude::*;

fn blocks() -> impl Strategy<Value = Vec<Block>> {
    let block = (0usize..20, 0usize..8, 0usize..300).prop_map(|(first, span, bytes)| Block {
        first,
        last: first + span,
        bytes,
    });
    prop::collection::vec(block, 0..30)
}

/// Load at the widest moment, counted moment by moment.
fn widest(blocks: &[Block], alignment: usize) -> usize {
    let load = |moment| {
        let held = blocks.iter().filter(|b| b.first <= moment && moment <= b.last);
        held.map(|b| b.bytes.next_multiple_of(alignment)).sum()
    };
    (0..64).map(load).max().unwrap_or(0)
}

proptest! {
    #[test]
    fn blocks_held_together_are_apart_aligned_and_inside(blocks in blocks(), power in 0u32..6) {
        let alignment = 1usize << power;
        let arena = Arena::pack(&blocks, alignment).expect("an arena");
        prop_assert_eq!(arena.offsets.len(), blocks.len());
        for (i, a) in blocks.iter().enumerate() {
            let start = arena.offsets[i];
            prop_assert_eq!(start % alignment, 0);
            prop_assert!(start + a.bytes <= arena.total);
            for (j, b) in blocks.iter().enumerate().skip(i + 1) {
                let together = a.first <= b.last && b.first <= a.last;
                let apart = start + a.bytes <= arena.offsets[j] || arena.offsets[j] + b.bytes <= start;
                prop_assert!(!together || apart || a.bytes == 0 || b.bytes == 0, "{i} and {j} overlap");
            }
        }
    }

    #[test]
    fn the_lower_bound_is_the_widest_moment_and_holds(blocks in blocks(), power in 0u32..6) {
        let arena = Arena::pack(&blocks, 1 << power).expect("an arena");
        prop_assert_eq!(arena.lower_bound, widest(&blocks, 1 << power));
        prop_assert!(arena.total >= arena.lower_bound);
        prop_assert_eq!(arena.total % (1 << power), 0);
    }

    #[test]
    fn equal_blocks_give_equal_arenas(blocks in blocks()) {
        prop_assert_eq!(Arena::pack(&blocks, 4), Arena::pack(&blocks, 4));
    }

    #[test]
    fn few_blocks_are_packed_as_tightly_as_any_order_allows(
        spans in prop::collection::vec((0usize..5, 0usize..3, 1usize..6), 1..6)
    ) {
        let blocks: Vec<_> = spans.iter().map(|&(first, n, bytes)| Block { first, last: first + n, bytes }).collect();
        let least = least_total(&blocks, &mut vec![None; blocks.len()]);
        prop_assert_eq!(Arena::pack(&blocks, 1).expect("an arena").total, least);
    }
}

/// Smallest total over all orders in which blocks are put on top of those that they meet.
fn least_total(blocks: &[Block], offsets: &mut Vec<Option<usize>>) -> usize {
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
    let top = (0..blocks.len()).map(|i| end(i, offsets)).max().unwrap_or(0);
    if least == usize::MAX { top } else { least }
}
