//! Which rows of which tensor each band computes, and what is kept from band to band.

use std::collections::HashMap;

use super::rows::{RowOp, Rows};
use crate::network::TensorId;

/// What becomes of the rows of a tensor that the next band needs again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halo {
    /// They stay in memory while the other operators of the stage run.
    Kept,
    /// They are computed again.
    Recomputed,
}

/// A tensor inside a stage, of which only some rows exist at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Rows at most.
    pub rows: usize,
    /// Rows at most that are kept for the next band.
    pub kept: usize,
    /// Bytes of a row.
    pub row_bytes: usize,
    pub halo: Halo,
    /// Index of the last operator in the stage that needs all its rows: the next may write over those not kept.
    pub until: usize,
}

impl Window {
    pub fn bytes(&self) -> usize {
        self.rows * self.row_bytes
    }

    pub fn kept_bytes(&self) -> usize {
        self.kept * self.row_bytes
    }
}

/// One band, from the stage's first operator to its last; indices are those of operators in the stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Band {
    /// Rows that each operator computes.
    pub computes: Vec<Option<Rows>>,
    /// The row at which the window of each operator's output begins.
    pub base: Vec<usize>,
    /// The row at which it ends once they are computed.
    pub top: Vec<usize>,
}

/// The rows of all bands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Schedule {
    pub bands: Vec<Band>,
    /// One per operator but the last, whose output exists as a whole.
    pub windows: Vec<Window>,
    /// The first row of the stage's input that each band or a later one reads.
    pub input_base: Vec<usize>,
}

/// Where an operand comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The stage's input.
    Input,
    /// The output of an operator in the stage.
    Op(usize),
}

/// Operands of each operator in the stage, if but one tensor comes from outside; with that tensor.
pub(super) fn sources(ops: &[RowOp]) -> Option<(TensorId, Vec<Vec<Source>>)> {
    let made: HashMap<TensorId, usize> = ops.iter().enumerate().map(|(i, op)| (op.output, i)).collect();
    let mut input = None;
    let mut all = Vec::with_capacity(ops.len());
    for (index, op) in ops.iter().enumerate() {
        let mut of = Vec::with_capacity(op.reads.len());
        for id in op.reads.iter().map(|read| read.tensor) {
            of.push(match made.get(&id) {
                Some(&from) if from < index => Source::Op(from),
                Some(_) => return None,
                None if input.is_none_or(|known| known == id) => {
                    input = Some(id);
                    Source::Input
                }
                None => return None,
            });
        }
        all.push(of);
    }
    Some((input?, all))
}

impl Schedule {
    /// Bands of `band_rows` rows of the output of the last of `ops`; `halos` has one entry per operator. None where some
    /// band would read nothing but padding.
    pub fn new(ops: &[RowOp], sources: &[Vec<Source>], halos: &[Halo], band_rows: usize) -> Option<Self> {
        let last = ops.len().checked_sub(1)?;
        let height = ops[last].height;
        let count = height.div_ceil(band_rows.max(1));
        // Rows of each output that exist after the bands so far.
        let mut done = vec![0; ops.len()];
        let mut bands: Vec<Band> = Vec::with_capacity(count);
        let mut needs: Vec<Vec<Option<Rows>>> = Vec::with_capacity(count);
        let mut input: Vec<Option<Rows>> = Vec::with_capacity(count);
        for band in 0..count {
            let mut need: Vec<Option<Rows>> = vec![None; ops.len()];
            need[last] = Some(Rows { first: band * band_rows, end: ((band + 1) * band_rows).min(height) });
            let mut computes = vec![None; ops.len()];
            let mut of_input: Option<Rows> = None;
            for index in (0..=last).rev() {
                let wanted = match (need[index], halos[index]) {
                    (Some(rows), Halo::Kept) if index < last => {
                        (rows.end > done[index]).then_some(Rows { first: done[index], end: rows.end })
                    }
                    (rows, _) => rows,
                };
                computes[index] = wanted;
                let Some(rows) = wanted else { continue };
                for (source, read) in sources[index].iter().zip(&ops[index].reads) {
                    let read = read.reach.reads(rows)?;
                    let at = match source {
                        Source::Input => &mut of_input,
                        Source::Op(from) => &mut need[*from],
                    };
                    *at = Some(at.map_or(read, |rows| rows.with(read)));
                }
            }
            let begins: Vec<usize> = done.clone();
            for (done, rows) in done.iter_mut().zip(&computes) {
                *done = rows.map_or(*done, |rows| rows.end);
            }
            bands.push(Band { computes, base: begins, top: done.clone() });
            needs.push(need);
            input.push(of_input);
        }
        // What is written over as it is read cannot be read again.
        let again =
            |op: usize| bands.iter().filter_map(|b| b.computes[op]).map(Rows::count).sum::<usize>() > ops[op].height;
        if (0..ops.len()).any(|op| ops[op].spoils && again(op)) {
            return None;
        }
        let mut base = done.clone();
        let mut input_base = vec![0; count];
        let mut unread = usize::MAX;
        for band in (0..count).rev() {
            unread = input[band].map_or(unread, |rows| rows.first.min(unread));
            input_base[band] = unread;
            for index in 0..last {
                base[index] = match (halos[index], needs[band][index]) {
                    (Halo::Recomputed, Some(rows)) => rows.first,
                    // Nothing is computed or read.
                    (Halo::Recomputed, None) => bands[band].top[index],
                    // `base` of the band still holds where its computation begins.
                    (Halo::Kept, need) => need.map_or(base[index], |rows| rows.first.min(base[index])),
                };
                let begins = bands[band].base[index];
                bands[band].base[index] = match halos[index] {
                    Halo::Kept if bands[band].computes[index].is_some() => base[index].min(begins),
                    _ => base[index],
                };
            }
        }
        let window = |index: usize| {
            let rows = bands.iter().map(|band| band.top[index].saturating_sub(band.base[index])).max().unwrap_or(0);
            let kept = |pair: &[Band]| pair[0].top[index].saturating_sub(pair[1].base[index]);
            let kept = match halos[index] {
                Halo::Kept => bands.windows(2).map(kept).max().unwrap_or(0),
                Halo::Recomputed => 0,
            };
            let until = (0..ops.len()).rev().find(|i| sources[*i].contains(&Source::Op(index))).unwrap_or(index);
            Window { rows, kept, row_bytes: ops[index].row_bytes, halo: halos[index], until }
        };
        let windows = (0..last).map(window).collect();
        Some(Self { bands, windows, input_base })
    }

    /// Rows that an operator computes in all bands together.
    pub fn computed(&self, index: usize) -> usize {
        self.bands.iter().filter_map(|band| band.computes[index]).map(Rows::count).sum()
    }

    /// Rows by which the window of an operator's output moves on after a band.
    pub fn advance(&self, band: usize, index: usize) -> usize {
        match self.bands.get(band + 1) {
            Some(next) => next.base[index] - self.bands[band].base[index].min(next.base[index]),
            None => self.windows[index].rows,
        }
    }
}
