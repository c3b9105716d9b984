//! Runs and baselines for the tests of the gate.

#![allow(dead_code)] // Each test crate uses a part of it.

use hil::results::baseline::{Accepted, Baseline, Key};
use hil::results::{Latency, Measurement, Outcome, Provenance, RunInfo, RunState, Source, StoredRun};

pub fn run_of(rows: Vec<Measurement>) -> StoredRun {
    StoredRun {
        id: "made-up-20261124T010203Z-1".into(),
        state: RunState::Finished,
        message: None,
        started: "2026-11-24T01:02:03Z".into(),
        ended: Some("2026-11-24T01:12:03Z".into()),
        info: RunInfo { scenario: "made up".into(), ..RunInfo::default() },
        rows,
        source: Source::Parquet,
        torn: None,
    }
}

pub fn accepted() -> Accepted {
    Accepted {
        why: "the first of its kind".into(),
        when: "2026-11-01T00:00:00Z".into(),
        scenario: "made up".into(),
        run: "made-up-20261101T000000Z-1".into(),
        started: "2026-11-01T00:00:00Z".into(),
        git: "0123abc".into(),
        hil_version: "0.1.0".into(),
    }
}

pub fn baseline_of(row: &Measurement) -> Baseline {
    Baseline::of(row, Key::of(row, None), accepted()).expect("an ok row")
}

pub fn silicon(mut row: Measurement, unit: &str, image: &str) -> Measurement {
    row.provenance = Provenance::Silicon;
    row.unit = unit.into();
    row.image_sha256 = Some(hil::results::sha256_hex(image.as_bytes()));
    row
}

/// Changes what an ok row measured.
pub fn changed(mut row: Measurement, change: impl FnOnce(&mut hil::results::Run)) -> Measurement {
    let Outcome::Ok(run) = &mut row.outcome else { panic!("not ok") };
    change(run);
    row
}

/// Replaces the cycles of an ok row.
pub fn with_cycles(row: Measurement, cycles: Vec<u64>, steps: Vec<u64>) -> Measurement {
    changed(row, |run| run.latency = Some(Latency::new(cycles, 216_000_000, steps).expect("a latency")))
}
