//! Which operators are computed band by band, and how.

use super::super::arena::DEFAULT_ALIGNMENT;
use super::super::kernel::Kernel;
use super::super::layout::Layout;
use super::super::plan::{Draft, PlanError};
use super::cost;
use super::rows::{RowOp, Rows};
use super::schedule::{Halo, Schedule, Source, sources};
use super::stage::{Cut, Over, Stage, overlaid};
use crate::network::TensorId;

/// Operators of a stage at most.
const MAX_OPS: usize = 40;
/// Rows of a band.
const BAND_ROWS: [usize; 11] = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24];

/// A stage that could be.
#[derive(Debug, Clone)]
struct Candidate {
    cut: Cut,
    /// Bytes held at its widest moment.
    peak: usize,
    /// Cycles beyond those of whole maps.
    extra: f64,
}

/// What is known of the network.
struct Terrain<'a> {
    draft: &'a Draft<'a>,
    ops: Vec<Option<RowOp>>,
    /// Bytes held during each operator where it is computed as a whole.
    alone: Vec<usize>,
    /// Cycles of each operator that way.
    cycles: Vec<f64>,
}

/// The stage of each cut; `cuts` do not overlap.
pub(in crate::engine) fn exactly(draft: &Draft, cuts: &[Cut]) -> Result<Vec<Stage>, PlanError> {
    let terrain = Terrain::new(draft)?;
    let stage = |cut: &Cut| {
        let op = draft.network.ops.get(cut.first).or(draft.network.ops.last());
        let problem = || PlanError::Operator {
            op: op.map_or(cut.first, |op| op.origin),
            kind: op.map_or("none", |op| op.kind.name()),
            tensor: op.map_or(String::new(), |op| draft.network.tensor(op.output).name.clone()),
            problem: format!(
                "operators {} to {} cannot be computed {} rows at a time",
                cut.first, cut.last, cut.band_rows
            ),
        };
        terrain.stage(cut).ok_or_else(problem)
    };
    cuts.iter().map(stage).collect()
}

/// The stages with which the arena is smallest, of those that take at most `slowdown` (a fraction) more cycles.
///
/// With `enough` bytes it is small enough: then they are those that take the fewest cycles.
pub(in crate::engine) fn best(draft: &Draft, slowdown: f64, enough: usize) -> Result<Vec<Stage>, PlanError> {
    let terrain = Terrain::new(draft)?;
    let allowed = slowdown * terrain.cycles.iter().sum::<f64>();
    let candidates = terrain.candidates(allowed);
    let mut peaks: Vec<usize> = candidates.iter().map(|c| c.peak).chain(terrain.alone.iter().copied()).collect();
    peaks.sort_unstable();
    peaks.dedup();
    // What is possible with some bytes is possible with more.
    let possible = |&peak: &usize| terrain.path(&candidates, peak).filter(|(extra, _)| *extra <= allowed).is_some();
    let least = peaks.partition_point(|peak| !possible(peak));
    let Some(&peak) = peaks.get(least) else { return Ok(Vec::new()) };
    let Some((_, chosen)) = terrain.path(&candidates, peak.max(enough)) else { return Ok(Vec::new()) };
    let chosen: Vec<Candidate> = chosen.into_iter().map(|at| candidates[at].clone()).collect();
    Ok(chosen.iter().filter_map(|candidate| terrain.stage(&candidate.cut)).collect())
}

impl<'a> Terrain<'a> {
    fn new(draft: &'a Draft<'a>) -> Result<Self, PlanError> {
        let overlays = draft.overlays(&[]);
        let layout = Layout::best(&overlays, DEFAULT_ALIGNMENT)?;
        let alone = layout.load.iter().zip(overlays.scratch()).map(|(held, scratch)| held + scratch).collect();
        let kernels = &draft.kernels;
        let ops: Vec<Option<RowOp>> =
            kernels.iter().enumerate().map(|(i, kernel)| RowOp::of(&draft.network, i, kernel)).collect();
        let cycles = |(index, kernel): (usize, &Kernel)| match &ops[index] {
            Some(op) => cost::call(op, kernel, op.height),
            None => draft.network.op_macs(&draft.network.ops[index]) as f64,
        };
        let cycles = kernels.iter().enumerate().map(cycles).collect();
        Ok(Self { draft, ops, alone, cycles })
    }

    /// The operators from `first` to `last`, if each can be computed by rows and only the last one is read elsewhere.
    fn ground(&self, first: usize, last: usize) -> Option<Ground<'a>> {
        let ops: Vec<RowOp> = self.ops.get(first..=last)?.iter().cloned().collect::<Option<_>>()?;
        let (input, sources) = sources(&ops)?;
        let (network, lifetimes) = (&self.draft.network, &self.draft.lifetimes);
        let owner = lifetimes.owner(input);
        if ops.len() < 2 || network.tensor(owner).data.is_some() {
            return None;
        }
        let outputs: Vec<TensorId> = network.outputs.iter().map(|id| lifetimes.owner(*id)).collect();
        let (mut others, mut dies) = (0, true);
        for span in &lifetimes.spans {
            let is_output = span.tensor == ops[ops.len() - 1].output;
            let inside = !is_output && ops.iter().any(|op| op.output == span.tensor);
            let read_later = span.last > last || outputs.contains(&span.tensor);
            if inside && read_later {
                return None;
            }
            if span.tensor == owner {
                dies = !read_later;
            } else if !inside && !is_output && span.first <= last && span.last >= first {
                others += span.bytes;
            }
        }
        let (input_bytes, output_bytes) =
            (network.tensor(owner).bytes(), network.tensor(ops[ops.len() - 1].output).bytes());
        let kernels = &self.draft.kernels[first..=last];
        Some(Ground { kernels, first, ops, sources, input, dies, input_bytes, output_bytes, others })
    }

    fn stage(&self, cut: &Cut) -> Option<Stage> {
        let ground = self.ground(cut.first, cut.last)?;
        if cut.halos.len() != ground.ops.len() || cut.band_rows == 0 {
            return None;
        }
        let schedule = Schedule::new(&ground.ops, &ground.sources, &cut.halos, cut.band_rows)?;
        Some(Stage::new(cut.clone(), ground.input, &ground.ops, &ground.sources, &schedule, ground.kernels))
    }

    /// Stages that hold less than their operators do as a whole, within `allowed` cycles.
    fn candidates(&self, allowed: f64) -> Vec<Candidate> {
        let network = &self.draft.network;
        // They exist as a whole whatever is done.
        let whole = network.inputs.iter().chain(&network.outputs).map(|id| network.tensor(*id).bytes()).max();
        let floor = whole.unwrap_or(0);
        let mut found = Vec::new();
        for first in 0..self.ops.len() {
            for last in first + 1..self.ops.len().min(first + MAX_OPS) {
                if self.ops[last].is_none() {
                    break;
                }
                let alone = self.alone[first..=last].iter().copied().max().unwrap_or(0);
                if alone <= floor {
                    continue;
                }
                let Some(ground) = self.ground(first, last) else { continue };
                let whole: f64 = self.cycles[first..=last].iter().sum();
                for rows in BAND_ROWS.into_iter().filter(|rows| *rows < ground.ops[last - first].height) {
                    ground.consider(rows, whole, |candidate| {
                        if candidate.peak < alone && candidate.extra <= allowed {
                            found.push(candidate);
                        }
                    });
                }
            }
        }
        found
    }

    /// The candidates with which no moment holds more than `peak` bytes at the fewest cycles, and those cycles.
    fn path(&self, candidates: &[Candidate], peak: usize) -> Option<(f64, Vec<usize>)> {
        let count = self.ops.len();
        // Cycles up to each operator, and the candidate that ends before it.
        let mut reached: Vec<Option<(f64, Option<usize>)>> = vec![None; count + 1];
        reached[0] = Some((0.0, None));
        let mut ending: Vec<Vec<usize>> = vec![Vec::new(); count + 1];
        for (at, candidate) in candidates.iter().enumerate().filter(|(_, c)| c.peak <= peak) {
            ending[candidate.cut.last + 1].push(at);
        }
        for end in 1..=count {
            let mut best = reached[end - 1].filter(|_| self.alone[end - 1] <= peak).map(|(cycles, _)| (cycles, None));
            for &at in &ending[end] {
                let Some((before, _)) = reached[candidates[at].cut.first] else { continue };
                let cycles = before + candidates[at].extra;
                if best.is_none_or(|(least, _)| cycles < least) {
                    best = Some((cycles, Some(at)));
                }
            }
            reached[end] = best;
        }
        let (cycles, _) = reached[count]?;
        let (mut end, mut chosen) = (count, Vec::new());
        while end > 0 {
            match reached[end]?.1 {
                Some(at) => {
                    chosen.push(at);
                    end = candidates[at].cut.first;
                }
                None => end -= 1,
            }
        }
        chosen.reverse();
        Some((cycles, chosen))
    }
}

/// Operators that could be a stage.
struct Ground<'a> {
    kernels: &'a [Kernel],
    first: usize,
    ops: Vec<RowOp>,
    sources: Vec<Vec<Source>>,
    input: TensorId,
    /// Whether nothing reads the input after them.
    dies: bool,
    input_bytes: usize,
    output_bytes: usize,
    /// Bytes of what else is held.
    others: usize,
}

impl Ground<'_> {
    /// Candidates with bands of `rows` rows; `whole` are the cycles without bands.
    fn consider(&self, rows: usize, whole: f64, mut found: impl FnMut(Candidate)) {
        let reach = |index: usize| {
            let reads = self.ops.iter().zip(&self.sources).flat_map(|(op, from)| op.reads.iter().zip(from));
            let readers = reads.filter(|(_, from)| **from == Source::Op(index));
            readers.map(|(read, _)| read.reach.taps.saturating_sub(read.reach.stride)).max().unwrap_or(0)
        };
        let all = |halo: Halo| vec![halo; self.ops.len()];
        let again = |index: usize| match self.kernels[index] {
            Kernel::Conv1x1(_) if reach(index) > 0 => Halo::Recomputed,
            _ => Halo::Kept,
        };
        let mixed: Vec<Halo> = (0..self.ops.len()).map(again).collect();
        for halos in [all(Halo::Kept), mixed, all(Halo::Recomputed)] {
            if let Some(candidate) = self.candidate(rows, halos, whole) {
                found(candidate);
            }
        }
    }

    fn candidate(&self, band_rows: usize, halos: Vec<Halo>, whole: f64) -> Option<Candidate> {
        let schedule = Schedule::new(&self.ops, &self.sources, &halos, band_rows)?;
        let over = overlaid(self.input, &self.ops, &self.sources, &schedule, self.kernels);
        let extra = (self.cycles(&schedule) - whole).max(0.0);
        let peak = self.peak(&schedule, &over);
        let cut = Cut { first: self.first, last: self.first + self.ops.len() - 1, band_rows, halos };
        Some(Candidate { cut, peak, extra })
    }

    fn cycles(&self, schedule: &Schedule) -> f64 {
        let mut cycles = 0.0;
        for (at, band) in schedule.bands.iter().enumerate() {
            for (index, op) in self.ops.iter().enumerate() {
                if let Some(rows) = band.computes[index] {
                    cycles += cost::call(op, &self.kernels[index], rows.count());
                }
            }
            let Some(next) = schedule.bands.get(at + 1) else { continue };
            for (index, window) in schedule.windows.iter().enumerate().filter(|(_, w)| w.halo == Halo::Kept) {
                let rows = band.top[index].saturating_sub(next.base[index]);
                if rows > 0 && next.base[index] > band.base[index] {
                    cycles += cost::keep(rows * window.row_bytes);
                }
            }
        }
        cycles
    }

    /// Bytes held at the widest moment.
    fn peak(&self, schedule: &Schedule, over: &[Option<Over>]) -> usize {
        let aligned = |bytes: usize| bytes.next_multiple_of(DEFAULT_ALIGNMENT);
        let last = self.ops.len() - 1;
        let (x, y) = (aligned(self.input_bytes), aligned(self.output_bytes));
        let borders = match over[last] {
            Some(over) if self.dies => (x + aligned(over.lead)).max(y),
            _ => x + y,
        };
        let windows = &schedule.windows;
        let written: Vec<Option<(usize, usize)>> = (0..last)
            .map(|index| {
                let (by, over) = over.iter().take(last).enumerate().find_map(|(by, over)| {
                    let over = over.filter(|over| over.from == self.ops[index].output)?;
                    Some((by, over))
                })?;
                Some((by, aligned(over.lead)))
            })
            .collect();
        let longest = |i: usize| schedule.bands.iter().filter_map(|b| b.computes[i]).map(Rows::count).max();
        let mut widest = 0;
        for index in 0..=last {
            let mut held =
                super::scratch_bytes(&self.kernels[index], self.ops[index].width, longest(index).unwrap_or(0));
            for (of, window) in windows.iter().enumerate() {
                if over[of].is_some() {
                    continue;
                }
                let until = written[of].map_or(window.until, |(by, _)| windows[by].until);
                let is_full = of <= index && index <= until;
                let own = aligned(if is_full { window.bytes() } else { window.kept_bytes() });
                held += match written[of] {
                    Some((by, lead)) if by <= index && index <= windows[by].until => {
                        (own + lead).max(aligned(windows[by].bytes()))
                    }
                    _ => own,
                };
            }
            widest = widest.max(held);
        }
        borders + self.others + aligned(widest)
    }
}
