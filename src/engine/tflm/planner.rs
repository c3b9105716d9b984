//! The greedy planner of TFLM: the largest buffers first, each into the lowest gap between those that it meets.

/// A tensor in the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Buffer {
    pub bytes: usize,
    /// First operator during which it is held.
    pub first: usize,
    /// Last operator during which it is held.
    pub last: usize,
}

/// Bytes that `GreedyMemoryPlanner` arrives at.
pub(super) fn plan(buffers: &[Buffer]) -> usize {
    let mut order: Vec<&Buffer> = buffers.iter().collect();
    // Stable, so that among equals the first comes first.
    order.sort_by_key(|buffer| std::cmp::Reverse(buffer.bytes));
    // By offset.
    let mut placed: Vec<(usize, &Buffer)> = Vec::new();
    for buffer in order {
        let mut offset = 0;
        for (start, other) in placed.iter().filter(|(_, b)| b.first <= buffer.last && buffer.first <= b.last) {
            if *start >= offset + buffer.bytes {
                break;
            }
            offset = offset.max(start + other.bytes);
        }
        let at = placed.partition_point(|(start, _)| *start <= offset);
        placed.insert(at, (offset, buffer));
    }
    placed.iter().map(|(start, buffer)| start + buffer.bytes).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(buffers: &[(usize, usize, usize)]) -> usize {
        plan(&buffers.iter().map(|&(bytes, first, last)| Buffer { bytes, first, last }).collect::<Vec<_>>())
    }

    #[test]
    fn buffers_that_do_not_meet_share_their_place() {
        assert_eq!(of(&[]), 0);
        assert_eq!(of(&[(16, 0, 1), (32, 1, 2), (48, 3, 3)]), 48);
        assert_eq!(of(&[(16, 0, 0), (32, 1, 1)]), 32);
    }

    #[test]
    fn a_gap_is_filled_and_one_too_small_is_not() {
        // The largest lies at 0; the second on top of it; the third meets the second alone and fits below it.
        assert_eq!(of(&[(64, 0, 1), (48, 1, 2), (32, 2, 3)]), 112);
        // As large as the gap.
        assert_eq!(of(&[(64, 0, 1), (64, 1, 2), (64, 2, 3)]), 128);
    }

    #[test]
    fn it_is_greedy_not_optimal() {
        // The one of 2 does not fit between those of 3, and goes on top; with the first of 3 a byte higher 8 would do.
        assert_eq!(of(&[(4, 0, 1), (3, 1, 2), (2, 2, 3), (3, 3, 4), (4, 0, 0)]), 9);
    }
}
