//! Products of matrices: where training spends its time.

use super::tile::{ByColumns, ByRows, LANES, Terms, sums};

/// Rows of a tile.
const ROWS: usize = 6;
/// Columns of a wide and of a narrow panel.
const WIDE: usize = 2 * LANES;
const NARROW: usize = LANES;
/// Terms of a sum that are added up before the next ones are touched, so that a panel stays in the first cache.
const DEPTH: usize = 256;

/// How the left factor lies in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// Row after row.
    Rows,
    /// Column after column: the factor is the transpose of what lies there.
    Columns,
}

/// Sizes of a product: `rows` x `depth` times `depth` x `columns`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sizes {
    pub rows: usize,
    pub depth: usize,
    pub columns: usize,
}

/// `to += left * right`; `right` and `to` lie row after row. `panels` is room to work in.
///
/// # Panics
/// Where a slice is shorter than its matrix.
pub(super) fn multiply(left: &[f32], layout: Left, right: &[f32], sizes: Sizes, to: &mut [f32], panels: &mut Vec<f32>) {
    let Sizes { rows, depth, columns } = sizes;
    for start in (0..depth).step_by(DEPTH) {
        let part = DEPTH.min(depth - start);
        pack(&right[start * columns..(start + part) * columns], part, columns, panels);
        let mut row = 0;
        while row < rows {
            let block = Block { left, layout, sizes, row, start, part };
            row += match rows - row {
                ROWS.. => block.run::<ROWS>(panels, to),
                4.. => block.run::<4>(panels, to),
                2.. => block.run::<2>(panels, to),
                _ => block.run::<1>(panels, to),
            };
        }
    }
}

/// Width of the panel at `column`.
fn width(columns: usize, column: usize) -> usize {
    if columns - column > NARROW { WIDE } else { NARROW }
}

/// `right` as panels, each row after row, the last filled up with zeros.
fn pack(right: &[f32], depth: usize, columns: usize, panels: &mut Vec<f32>) {
    panels.clear();
    let mut column = 0;
    while column < columns {
        let width = width(columns, column);
        let used = width.min(columns - column);
        for row in 0..depth {
            let from = row * columns + column;
            panels.extend_from_slice(&right[from..from + used]);
            panels.resize(panels.len() + width - used, 0.0);
        }
        column += width;
    }
}

/// A few rows of the product, and a part of the terms of their sums.
struct Block<'a> {
    left: &'a [f32],
    layout: Left,
    sizes: Sizes,
    row: usize,
    start: usize,
    part: usize,
}

impl Block<'_> {
    /// Computes `R` rows and returns how many they are.
    fn run<const R: usize>(&self, panels: &[f32], to: &mut [f32]) -> usize {
        let Sizes { rows, depth, columns } = self.sizes;
        match self.layout {
            Left::Rows => {
                let rows = |r| &self.left[(self.row + r) * depth + self.start..][..self.part];
                self.panels(ByRows::<R>(std::array::from_fn(rows)), panels, to);
            }
            Left::Columns => {
                let matrix = &self.left[self.start * rows..];
                self.panels::<R>(ByColumns { matrix, width: rows, first: self.row }, panels, to);
            }
        }
        debug_assert!(to.len() >= (self.row + R) * columns);
        R
    }

    fn panels<const R: usize>(&self, left: impl Terms<R>, panels: &[f32], to: &mut [f32]) {
        let (mut column, mut panels) = (0, panels);
        while column < self.sizes.columns {
            let width = width(self.sizes.columns, column);
            let (panel, rest) = panels.split_at(width * self.part);
            panels = rest;
            if width == WIDE {
                self.store(&sums::<R, 2>(left, panel), column, to);
            } else {
                self.store(&sums::<R, 1>(left, panel), column, to);
            }
            column += width;
        }
    }

    fn store<const R: usize, const V: usize>(&self, sums: &[[[f32; LANES]; V]; R], column: usize, to: &mut [f32]) {
        let columns = self.sizes.columns;
        let used = (V * LANES).min(columns - column);
        for (r, sums) in sums.iter().enumerate() {
            let to = &mut to[(self.row + r) * columns + column..][..used];
            to.iter_mut().zip(sums.as_flattened()).for_each(|(to, sum)| *to += sum);
        }
    }
}

/// The transpose of a `rows` x `columns` matrix.
pub(super) fn transpose(matrix: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut to = vec![0.0; rows * columns];
    for (r, row) in matrix.chunks_exact(columns).enumerate().take(rows) {
        for (c, value) in row.iter().enumerate() {
            to[c * rows + r] = *value;
        }
    }
    to
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::random::Random;

    #[test]
    fn products_equal_the_plain_sum() {
        let mut random = Random::new(5);
        for (rows, depth, columns) in [(1, 1, 1), (7, 3, 5), (13, 300, 24), (6, 17, 40), (23, 8, 33)] {
            // Small integers: every order of a sum is exact.
            let mut some = |count: usize| (0..count).map(|_| random.below(9) as f32 - 4.0).collect::<Vec<_>>();
            let (left, right, before) = (some(rows * depth), some(depth * columns), some(rows * columns));
            let expected: Vec<f32> = (0..rows * columns)
                .map(|at| {
                    let (r, c) = (at / columns, at % columns);
                    before[at] + (0..depth).map(|p| left[r * depth + p] * right[p * columns + c]).sum::<f32>()
                })
                .collect();
            let mut panels = Vec::new();
            let mut to = before.clone();
            let sizes = Sizes { rows, depth, columns };
            multiply(&left, Left::Rows, &right, sizes, &mut to, &mut panels);
            assert_eq!(to, expected);
            let (left, mut to) = (transpose(&left, rows, depth), before.clone());
            multiply(&left, Left::Columns, &right, sizes, &mut to, &mut panels);
            assert_eq!(to, expected);
        }
    }
}
