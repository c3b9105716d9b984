//! A stage: adjoining operators that are computed band by band, and the calls that compute them.

use super::super::kernel::Kernel;
use super::super::work::Bands;
use super::rows::{Read, RowOp, Rows};
use super::schedule::{Halo, Schedule, Source, Window};
use crate::network::TensorId;

/// Bytes of `hil_band` (`firmware/templates/network.h.j2`) on the board.
const CALL_BYTES: usize = 24;

/// What a stage is made of. With the network it decides everything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// Index of the first operator.
    pub first: usize,
    /// Index of the last operator.
    pub last: usize,
    /// Rows of the last operator's output in a band; the last band may have fewer.
    pub band_rows: usize,
    /// What becomes of the halo of each operator's output; that of the last one is not read.
    pub halos: Vec<Halo>,
}

/// One call of a kernel on some rows, or a move of rows that are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    Run {
        /// Index of the operator.
        op: usize,
        /// Bytes from where each operand lies to the first row that is read.
        inputs: Vec<usize>,
        /// Bytes from where the output lies to the first row that is written.
        output: usize,
        /// Rows that are read.
        in_rows: usize,
        /// Rows that are written.
        out_rows: usize,
        /// Rows of padding above those that are read.
        pad_top: usize,
    },
    /// Rows of the output of an operator go to the beginning of its window.
    Keep {
        /// Index of the operator.
        op: usize,
        /// Bytes from the beginning of the window.
        from: usize,
        bytes: usize,
    },
}

impl Call {
    /// Index of the operator whose rows are computed or moved.
    pub fn op(&self) -> usize {
        match self {
            Self::Run { op, .. } | Self::Keep { op, .. } => *op,
        }
    }
}

/// An output that is written over an operand inside a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) struct Over {
    /// The tensor that is written over.
    pub from: TensorId,
    /// Bytes by which the output begins before it at least.
    pub lead: usize,
}

/// Adjoining operators that are computed band by band. What they pass on to one another never exists as a whole; their
/// first operand and their last output do.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    pub cut: Cut,
    /// What the first operators read.
    pub input: TensorId,
    /// One per operator but the last.
    pub windows: Vec<Window>,
    /// In order.
    pub calls: Vec<Call>,
    /// Multiply-accumulates of each operator; those of recomputed rows count as often as they are computed.
    pub macs: Vec<u64>,
    /// Those of rows that were computed before.
    pub recomputed_macs: u64,
    /// Rows that the longest call of each operator computes.
    pub rows: Vec<usize>,
    /// One per operator.
    pub(in crate::engine) over: Vec<Option<Over>>,
}

impl Stage {
    pub(super) fn new(
        cut: Cut,
        input: TensorId,
        ops: &[RowOp],
        sources: &[Vec<Source>],
        schedule: &Schedule,
        kernels: &[Kernel],
    ) -> Self {
        let longest = |i: usize| schedule.bands.iter().filter_map(|b| b.computes[i]).map(Rows::count).max();
        let over = overlaid(input, ops, sources, schedule, kernels);
        let mut windows = schedule.windows.clone();
        for (index, over) in over.iter().enumerate() {
            let from = over.and_then(|over| ops.iter().position(|op| op.output == over.from));
            if let Some(from) = from {
                windows[from].until = windows[from].until.max(windows[index].until);
            }
        }
        let again = |(i, op): (usize, &RowOp)| op.macs * schedule.computed(i).saturating_sub(op.height) as u64;
        Self {
            input,
            recomputed_macs: ops.iter().enumerate().map(again).sum(),
            calls: calls(cut.first, ops, sources, schedule, &windows),
            macs: ops.iter().enumerate().map(|(i, op)| op.macs * schedule.computed(i) as u64).collect(),
            rows: (0..ops.len()).map(|i| longest(i).unwrap_or(0)).collect(),
            windows,
            over,
            cut,
        }
    }

    /// Bytes of flash of the table of calls.
    pub fn table_bytes(&self) -> usize {
        CALL_BYTES * self.calls.len()
    }

    /// Whether operator `op` of the network is in it.
    pub fn holds(&self, op: usize) -> bool {
        (self.cut.first..=self.cut.last).contains(&op)
    }

    /// How operator `op` of the network is computed.
    pub(in crate::engine) fn bands_of(&self, op: usize) -> Bands {
        let mut bands = Bands { calls: 0, rows: 0, moved_bytes: 0 };
        for call in self.calls.iter().filter(|call| call.op() == op) {
            match call {
                Call::Run { out_rows, .. } => {
                    bands.calls += 1;
                    bands.rows += out_rows;
                }
                Call::Keep { bytes, .. } => bands.moved_bytes += bytes,
            }
        }
        bands
    }

    /// Bands.
    pub fn bands(&self) -> usize {
        self.calls.iter().filter(|call| matches!(call, Call::Run { op, .. } if *op == self.cut.last)).count()
    }
}

/// Which outputs are written over which operand.
pub(super) fn overlaid(
    input: TensorId,
    ops: &[RowOp],
    sources: &[Vec<Source>],
    schedule: &Schedule,
    kernels: &[Kernel],
) -> Vec<Option<Over>> {
    let mut over = vec![None; ops.len()];
    for (index, kernel) in kernels.iter().enumerate().take(ops.len().saturating_sub(1)) {
        // Each channel is copied before its output is written, and that lies where the channel lay.
        let (Kernel::Depthwise(depthwise), [Source::Op(from)]) = (kernel, sources[index].as_slice()) else { continue };
        let is_last_reader = schedule.windows[*from].until == index;
        if depthwise.packed.is_some()
            && depthwise.multiplier == 1
            && is_last_reader
            && schedule.windows[index].kept == 0
        {
            let (x, channels) = (&schedule.windows[*from], depthwise.requants.len());
            let lead = if x.kept == 0 { 0 } else { lead(schedule, index, *from, ops) };
            // Words begin at multiples of 4, pixels at multiples of the channels.
            let lead = lead.next_multiple_of(channels.max(1));
            if lead.is_multiple_of(4) {
                over[index] = Some(Over { from: ops[*from].output, lead });
            }
        }
    }
    let last = ops.len().saturating_sub(1);
    let of_input = |op: usize| {
        let reads = sources.get(op).into_iter().flatten().zip(&ops[op].reads);
        reads.filter(|(from, _)| **from == Source::Input).map(|(_, read)| *read)
    };
    // An addition has read what it writes over.
    let adds =
        |read: Read| ops[last].reads.len() == 2 && read.reach.is_pointwise() && read.row_bytes == ops[last].row_bytes;
    if of_input(last).all(adds) {
        let row = (0..ops.len()).flat_map(of_input).next().map_or(0, |read| read.row_bytes);
        let ends = schedule.bands.iter().map(|band| band.top[last] * ops[last].row_bytes);
        let next = schedule.input_base.iter().skip(1).map(|unread| unread.saturating_mul(row));
        let lead = ends.zip(next).map(|(end, unread)| end.saturating_sub(unread)).max().unwrap_or(0);
        over[last] = Some(Over { from: input, lead });
    }
    over
}

/// Bytes by which what operator `index` writes must lead what is kept of its operand.
fn lead(schedule: &Schedule, index: usize, from: usize, ops: &[RowOp]) -> usize {
    let of = |(at, band): (usize, &super::schedule::Band)| {
        let written = band.computes[index].map_or(0, |rows| rows.count() * ops[index].row_bytes);
        written.saturating_sub(schedule.advance(at, from) * ops[from].row_bytes)
    };
    schedule.bands.iter().enumerate().map(of).max().unwrap_or(0)
}

fn calls(first: usize, ops: &[RowOp], sources: &[Vec<Source>], schedule: &Schedule, windows: &[Window]) -> Vec<Call> {
    let mut calls = Vec::new();
    let last = ops.len().saturating_sub(1);
    for (at, band) in schedule.bands.iter().enumerate() {
        for (index, op) in ops.iter().enumerate() {
            let read = band.computes[index].and_then(|rows| Some((rows, op.reach().reads(rows)?)));
            if let Some((rows, read)) = read {
                let from = |(source, of): (&Source, &Read)| {
                    let first = of.reach.reads(rows).map_or(0, |read| read.first);
                    match source {
                        Source::Input => first * of.row_bytes,
                        Source::Op(from) => (first - band.base[*from]) * of.row_bytes,
                    }
                };
                let begins = if index == last { 0 } else { band.base[index] };
                calls.push(Call::Run {
                    op: first + index,
                    inputs: sources[index].iter().zip(&op.reads).map(from).collect(),
                    output: (rows.first - begins) * op.row_bytes,
                    in_rows: read.count(),
                    out_rows: rows.count(),
                    pad_top: op.reach().padding(rows),
                });
            }
            for (kept, window) in windows.iter().enumerate().filter(|(_, w)| w.until == index && w.halo == Halo::Kept) {
                let Some(next) = schedule.bands.get(at + 1) else { continue };
                let rows = band.top[kept].saturating_sub(next.base[kept]);
                let moved = schedule.advance(at, kept);
                if rows > 0 && moved > 0 {
                    let (from, bytes) = (moved * window.row_bytes, rows * window.row_bytes);
                    calls.push(Call::Keep { op: first + kept, from, bytes });
                }
            }
        }
    }
    calls
}
