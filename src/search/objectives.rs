//! Several aims at once: what dominates what, and the volume that a set of networks dominates. All are minimised.

/// One number per aim.
pub type Objectives = Vec<f64>;

/// Whether `a` is no worse than `b` in anything and better in something.
pub fn dominates(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| a <= b) && a.iter().zip(b).any(|(a, b)| a < b)
}

/// Indices of the points that no other dominates, ascending; of equal ones the first.
pub fn front(points: &[Objectives]) -> Vec<usize> {
    let beaten = |i: usize| {
        let other = |(j, p): (usize, &Objectives)| dominates(p, &points[i]) || (j < i && *p == points[i]);
        points.iter().enumerate().any(other)
    };
    (0..points.len()).filter(|i| !beaten(*i)).collect()
}

/// How many fronts must be taken away until a point is on one: 0 on the front itself.
pub fn ranks(points: &[Objectives]) -> Vec<usize> {
    let mut ranks = vec![usize::MAX; points.len()];
    let mut left: Vec<usize> = (0..points.len()).collect();
    let mut rank = 0;
    while !left.is_empty() {
        let undominated = |i: &usize| !left.iter().any(|j| dominates(&points[*j], &points[*i]));
        let (best, rest): (Vec<usize>, Vec<usize>) = left.iter().copied().partition(undominated);
        best.iter().for_each(|i| ranks[*i] = rank);
        (left, rank) = (rest, rank + 1);
    }
    ranks
}

/// How lonely each point is among those of its rank: the sum over aims of the distance between its neighbours, in units
/// of the whole; the ends are loneliest (NSGA-II, doi 10.1109/4235.996017, III B).
pub fn crowding(points: &[Objectives], ranks: &[usize]) -> Vec<f64> {
    let mut distance = vec![0.0; points.len()];
    for rank in 0..=ranks.iter().copied().max().unwrap_or(0) {
        let mut of: Vec<usize> = (0..points.len()).filter(|i| ranks[*i] == rank).collect();
        for aim in 0..of.first().map_or(0, |i| points[*i].len()) {
            of.sort_by(|a, b| points[*a][aim].total_cmp(&points[*b][aim]));
            let (Some(&low), Some(&high)) = (of.first(), of.last()) else { continue };
            let span = points[high][aim] - points[low][aim];
            distance[low] = f64::INFINITY;
            distance[high] = f64::INFINITY;
            for three in of.windows(3).filter(|_| span > 0.0) {
                distance[three[1]] += (points[three[2]][aim] - points[three[0]][aim]) / span;
            }
        }
    }
    distance
}

/// The volume that `points` dominate below `reference`. Slices along the last aim: for the few dozen points of a front in
/// a few dimensions.
pub fn hypervolume(points: &[Objectives], reference: &[f64]) -> f64 {
    let inside: Vec<&[f64]> =
        points.iter().map(Vec::as_slice).filter(|p| p.iter().zip(reference).all(|(x, r)| x < r)).collect();
    volume(&inside, reference)
}

fn volume(points: &[&[f64]], reference: &[f64]) -> f64 {
    let Some((&end, below)) = reference.split_last() else { return 0.0 };
    let last = below.len();
    if below.is_empty() {
        return points.iter().map(|p| end - p[last]).fold(0.0, f64::max);
    }
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a[last].total_cmp(&b[last]));
    let mut sum = 0.0;
    for (index, point) in sorted.iter().enumerate() {
        let next = sorted.get(index + 1).map_or(end, |p| p[last]);
        if next > point[last] {
            sum += (next - point[last]) * volume(&sorted[..=index], below);
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fronts_ranks_and_loneliness() {
        let points: Vec<Objectives> =
            [[1.0, 4.0], [2.0, 2.0], [4.0, 1.0], [2.0, 2.0], [3.0, 3.0], [5.0, 5.0]].map(Vec::from).to_vec();
        assert_eq!(front(&points), [0, 1, 2]);
        let ranks = ranks(&points);
        assert_eq!(ranks, [0, 0, 0, 0, 1, 2]);
        let lonely = crowding(&points, &ranks);
        assert!(lonely[0].is_infinite() && lonely[2].is_infinite() && lonely[1].is_finite());
    }

    #[test]
    fn volumes_are_those_of_boxes() {
        let points = |all: &[&[f64]]| all.iter().map(|p| p.to_vec()).collect::<Vec<_>>();
        assert_eq!(hypervolume(&points(&[&[1.0, 3.0], &[2.0, 1.0]]), &[4.0, 4.0]), 3.0 + 4.0);
        // Two boxes of 8 and 8 that share 4; what lies beyond the reference counts for nothing.
        let three = points(&[&[0.0, 1.0, 1.0], &[1.0, 0.0, 1.0], &[5.0, 0.0, 0.0]]);
        assert_eq!(hypervolume(&three, &[3.0, 3.0, 3.0]), 12.0 + 12.0 - 8.0);
        assert_eq!(hypervolume(&[], &[1.0]), 0.0);
    }
}
