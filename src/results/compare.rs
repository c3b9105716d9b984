//! Two runs, row by row and step by step. What is unlike is not compared: rows meet by network, engine, board and
//! provenance, and on the same unit where there are several.

use super::gate::{Pairing, pair_steps};
use super::{Energy, Measurement, StoredRun};

/// Rows of two runs, side by side.
pub struct Comparison<'a> {
    pub a: &'a StoredRun,
    pub b: &'a StoredRun,
    /// In the order of `a`.
    pub pairs: Vec<RowPair<'a>>,
    /// Rows that only one run has.
    pub only_a: Vec<&'a Measurement>,
    pub only_b: Vec<&'a Measurement>,
}

/// Two rows that may be compared.
pub struct RowPair<'a> {
    pub a: &'a Measurement,
    pub b: &'a Measurement,
    /// What differs beside numbers, and so may be why they differ.
    pub unlike: Vec<&'static str>,
    /// Steps that are not equal, in the order of the plans.
    pub layers: Vec<LayerChange>,
}

/// A step that changed, or that one side does not have.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LayerChange {
    pub name: String,
    pub kernel: String,
    pub a: Option<LayerNumbers>,
    pub b: Option<LayerNumbers>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct LayerNumbers {
    pub step: usize,
    /// None where steps were not timed.
    pub cycles: Option<u64>,
    pub macs: u64,
    pub live_bytes: u64,
}

impl LayerChange {
    /// Cycles that `b` spends more, or less.
    pub fn cycles(&self) -> i128 {
        let of = |side: &Option<LayerNumbers>| side.and_then(|n| n.cycles).map_or(0, i128::from);
        of(&self.b) - of(&self.a)
    }
}

/// Pairs the rows of `a` with those of `b`.
pub fn compare<'a>(a: &'a StoredRun, b: &'a StoredRun) -> Comparison<'a> {
    let key = |row: &'a Measurement| (&row.network, &row.engine, &row.board, row.provenance);
    let mut partners: Vec<Option<usize>> = vec![None; a.rows.len()];
    // Same units first, so that two boards of a type do not swap their numbers.
    for same_unit in [true, false] {
        for (at, row) in a.rows.iter().enumerate().filter(|(at, _)| partners[*at].is_none()).collect::<Vec<_>>() {
            let free = |other: &usize| !partners.contains(&Some(*other));
            let meets = |other: &usize| {
                let other = &b.rows[*other];
                key(other) == key(row) && (!same_unit || other.unit == row.unit)
            };
            let partner = (0..b.rows.len()).filter(free).find(meets);
            partners[at] = partner;
        }
    }
    let paired = a.rows.iter().zip(&partners);
    Comparison {
        a,
        b,
        pairs: paired.clone().filter_map(|(row, other)| Some(pair(row, &b.rows[(*other)?]))).collect(),
        only_a: paired.filter(|(_, other)| other.is_none()).map(|(row, _)| row).collect(),
        only_b: (0..b.rows.len()).filter(|at| !partners.contains(&Some(*at))).map(|at| &b.rows[at]).collect(),
    }
}

fn pair<'a>(a: &'a Measurement, b: &'a Measurement) -> RowPair<'a> {
    let clock = |row: &Measurement| row.latency().map(|latency| latency.clock_hz());
    let checks = [
        ("network", a.network_sha256 != b.network_sha256),
        ("engine's options", a.engine_options_sha256 != b.engine_options_sha256),
        ("unit", a.unit != b.unit),
        ("clock", clock(a).is_some() && clock(b).is_some() && clock(a) != clock(b)),
        ("image", a.image_sha256 != b.image_sha256),
        ("compiler", a.repeat.compiler != b.repeat.compiler),
        ("flags", a.repeat.flags_sha256 != b.repeat.flags_sha256),
        ("hil", a.repeat.hil_version != b.repeat.hil_version || a.repeat.git != b.repeat.git),
    ];
    let unlike = checks.into_iter().filter(|(_, differs)| *differs).map(|(what, _)| what).collect();
    RowPair { a, b, unlike, layers: layers(a, b) }
}

fn layers(a: &Measurement, b: &Measurement) -> Vec<LayerChange> {
    fn kernels(row: &Measurement) -> Vec<&str> {
        row.steps.iter().map(|step| step.kernel.as_str()).collect()
    }
    let numbers = |row: &Measurement, step: usize| LayerNumbers {
        step,
        cycles: row.latency().and_then(|latency| latency.step_cycles().get(step).copied()),
        macs: row.steps[step].macs,
        live_bytes: row.steps[step].live_bytes,
    };
    let change = |pairing| {
        let (of, step, a, b) = match pairing {
            Pairing::Both(i, j) => (b, j, Some(numbers(a, i)), Some(numbers(b, j))),
            Pairing::OnlyA(i) => (a, i, Some(numbers(a, i)), None),
            Pairing::OnlyB(j) => (b, j, None, Some(numbers(b, j))),
        };
        let same = |(a, b): (LayerNumbers, LayerNumbers)| LayerNumbers { step: b.step, ..a } == b;
        let equal = a.zip(b).is_some_and(same);
        let step = &of.steps[step];
        (!equal).then(|| LayerChange { name: step.name.clone(), kernel: step.kernel.clone(), a, b })
    };
    pair_steps(&kernels(a), &kernels(b)).into_iter().filter_map(change).collect()
}

impl RowPair<'_> {
    /// The first step in the order of the plan that changed: what comes after it may only follow.
    pub fn first(&self) -> Option<&LayerChange> {
        self.layers.first()
    }

    /// The step whose cycles changed most.
    pub fn most(&self) -> Option<&LayerChange> {
        self.layers.iter().filter(|layer| layer.cycles() != 0).max_by_key(|layer| layer.cycles().abs())
    }
}

/// Microjoules of a row; none where they were not measured.
pub fn energy_uj(row: &Measurement) -> Option<f64> {
    match energy(row)? {
        Energy::Microjoules(uj) => Some(*uj),
        Energy::Missing(_) => None,
    }
}

/// Energy of a row whose outputs were verified, or why it is not known.
pub fn energy(row: &Measurement) -> Option<&Energy> {
    let image = row.prebuilt().filter(|image| image.check().is_some());
    row.run().map(|run| &run.energy).or(image.map(|image| &image.energy))
}
