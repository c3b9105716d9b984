//! Products of matrices: where training spends its time.

use super::vector::vectorised;

/// Rows that one call of the inner kernel computes.
const ROWS: usize = 6;
/// Columns of a wide and of a narrow panel: two vectors and one.
const WIDE: usize = 16;
const NARROW: usize = 8;
/// Terms of a sum that are added up before the next ones are touched, so that a panel stays in the first cache.
const DEPTH: usize = 256;

/// How the left factor lies in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::train) enum Left {
    /// Row after row.
    Rows,
    /// Column after column: the factor is the transpose of what lies there.
    Columns,
}

vectorised! {
    /// `to += left * right`, where `left` is `rows` x `depth`, `right` `depth` x `columns` and `to` `rows` x `columns`,
    /// the latter two row after row. `panels` is room to work in.
    ///
    /// # Panics
    /// Where a slice is shorter than its matrix.
    pub(in crate::train) fn multiply(
        left: &[f32],
        layout: Left,
        right: &[f32],
        rows: usize,
        depth: usize,
        columns: usize,
        to: &mut [f32],
        panels: &mut Vec<f32>,
    ) {
        for start in (0..depth).step_by(DEPTH) {
            let part = DEPTH.min(depth - start);
            pack(&right[start * columns..(start + part) * columns], part, columns, panels);
            let mut row = 0;
            while row < rows {
                let block = Block { row, start, part, depth, rows, columns };
                let left = |height| match layout {
                    Left::Rows => block.by_rows(left, height),
                    Left::Columns => &left[start * rows..(start + part) * rows],
                };
                row += match rows - row {
                    r if r >= ROWS => block.run::<ROWS>(left(ROWS), layout, panels, to),
                    r if r >= 4 => block.run::<4>(left(4), layout, panels, to),
                    r if r >= 2 => block.run::<2>(left(2), layout, panels, to),
                    _ => block.run::<1>(left(1), layout, panels, to),
                };
            }
        }
    }
}

/// Width of the panel at `column`.
#[inline(always)]
fn width(columns: usize, column: usize) -> usize {
    if columns - column > NARROW { WIDE } else { NARROW }
}

/// `right` as panels, each row after row, the last filled up with zeros.
#[inline(always)]
fn pack(right: &[f32], depth: usize, columns: usize, panels: &mut Vec<f32>) {
    panels.clear();
    let mut column = 0;
    while column < columns {
        let width = width(columns, column);
        let used = width.min(columns - column);
        for row in 0..depth {
            let from = row * columns + column;
            panels.extend_from_slice(&right[from..from + used]);
            panels.extend(std::iter::repeat_n(0.0, width - used));
        }
        column += width;
    }
}

/// A few rows of the product.
struct Block {
    row: usize,
    start: usize,
    part: usize,
    depth: usize,
    rows: usize,
    columns: usize,
}

impl Block {
    #[inline(always)]
    fn by_rows<'a>(&self, left: &'a [f32], height: usize) -> &'a [f32] {
        &left[self.row * self.depth..(self.row + height) * self.depth]
    }

    #[inline(always)]
    fn run<const R: usize>(&self, left: &[f32], layout: Left, panels: &[f32], to: &mut [f32]) -> usize {
        let (mut column, mut panel) = (0, panels);
        while column < self.columns {
            let width = width(self.columns, column);
            let (now, rest) = panel.split_at(width * self.part);
            panel = rest;
            if width == WIDE {
                self.panel::<R, WIDE>(left, layout, now, column, to);
            } else {
                self.panel::<R, NARROW>(left, layout, now, column, to);
            }
            column += width;
        }
        R
    }

    #[inline(always)]
    fn panel<const R: usize, const W: usize>(
        &self,
        left: &[f32],
        layout: Left,
        panel: &[f32],
        column: usize,
        to: &mut [f32],
    ) {
        let mut sums = [[0f32; W]; R];
        match layout {
            Left::Rows => {
                let rows: [&[f32]; R] =
                    std::array::from_fn(|r| &left[r * self.depth + self.start..][..self.part]);
                for (p, right) in panel.chunks_exact(W).enumerate().take(self.part) {
                    let terms: [f32; R] = std::array::from_fn(|r| rows[r][p]);
                    add::<R, W>(&mut sums, terms, right);
                }
            }
            Left::Columns => {
                for (column, right) in left.chunks_exact(self.rows).zip(panel.chunks_exact(W)) {
                    let column = &column[self.row..self.row + R];
                    let terms: [f32; R] = std::array::from_fn(|r| column[r]);
                    add::<R, W>(&mut sums, terms, right);
                }
            }
        }
        let used = W.min(self.columns - column);
        for (r, sums) in sums.iter().enumerate() {
            let at = (self.row + r) * self.columns + column;
            for (to, sum) in to[at..at + used].iter_mut().zip(sums) {
                *to += sum;
            }
        }
    }
}

#[inline(always)]
fn add<const R: usize, const W: usize>(sums: &mut [[f32; W]; R], terms: [f32; R], right: &[f32]) {
    let right: &[f32; W] = right.try_into().expect("a panel's row");
    for r in 0..R {
        for w in 0..W {
            sums[r][w] += terms[r] * right[w];
        }
    }
}

/// The transpose of a `rows` x `columns` matrix.
pub(in crate::train) fn transpose(matrix: &[f32], rows: usize, columns: usize) -> Vec<f32> {
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
            multiply(&left, Left::Rows, &right, rows, depth, columns, &mut to, &mut panels);
            assert_eq!(to, expected);
            let (left, mut to) = (transpose(&left, rows, depth), before.clone());
            multiply(&left, Left::Columns, &right, rows, depth, columns, &mut to, &mut panels);
            assert_eq!(to, expected);
        }
    }
}
