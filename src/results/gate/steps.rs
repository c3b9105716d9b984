//! Steps of two plans, side by side.

/// A step of one side, of the other, or of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pairing {
    Both(usize, usize),
    OnlyA(usize),
    OnlyB(usize),
}

/// Pairs the steps of `a` and `b`, named by their kernels: by position where the kernels are the same, otherwise along
/// the longest common subsequence. Steps are in the order of the plans.
pub fn pair_steps(a: &[&str], b: &[&str]) -> Vec<Pairing> {
    if a == b {
        return (0..a.len()).map(|i| Pairing::Both(i, i)).collect();
    }
    // Plans have tens of steps; what is far bigger is not worth a quadratic table.
    if a.len().saturating_mul(b.len()) > 1 << 22 {
        let common = a.len().min(b.len());
        let tail = (common..a.len()).map(Pairing::OnlyA).chain((common..b.len()).map(Pairing::OnlyB));
        return (0..common).map(|i| Pairing::Both(i, i)).chain(tail).collect();
    }
    let mut longest = vec![vec![0u32; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i][j] =
                if a[i] == b[j] { longest[i + 1][j + 1] + 1 } else { longest[i + 1][j].max(longest[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            pairs.push(Pairing::Both(i, j));
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || (i < a.len() && longest[i + 1][j] >= longest[i][j + 1]) {
            pairs.push(Pairing::OnlyA(i));
            i += 1;
        } else {
            pairs.push(Pairing::OnlyB(j));
            j += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::{Pairing::*, pair_steps};

    #[test]
    fn steps_pair_by_kernel_around_what_was_added_and_removed() {
        assert_eq!(pair_steps(&["conv", "add"], &["conv", "add"]), [Both(0, 0), Both(1, 1)]);
        assert_eq!(pair_steps(&["conv", "add"], &["conv", "pool", "add"]), [Both(0, 0), OnlyB(1), Both(1, 2)]);
        assert_eq!(pair_steps(&["pad", "conv"], &["conv"]), [OnlyA(0), Both(1, 0)]);
        assert_eq!(pair_steps(&[], &["x"]), [OnlyB(0)]);
        assert_eq!(pair_steps(&["x"], &["y"]), [OnlyA(0), OnlyB(0)]);
    }
}
