//! A row as histories see it.

use crate::results::baseline::Key;
use crate::results::gate::Metric;
use crate::results::{Energy, Measurement, Provenance, RunInfo};

/// One row of one run.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Entry {
    pub run: String,
    /// UTC.
    pub started: String,
    pub scenario: String,
    pub index: u32,
    pub network: String,
    pub network_sha256: String,
    pub engine: String,
    pub board: String,
    pub unit: String,
    pub provenance: Provenance,
    /// Digest of the row's key: entries of unlike keys are not compared.
    pub key: String,
    pub status: String,
    pub clock_hz: Option<u64>,
    pub median_cycles: Option<f64>,
    pub instructions: Option<u64>,
    pub energy_uj: Option<f64>,
    pub sram_peak: Option<u64>,
    pub flash_total: Option<u64>,
    pub image_sha256: Option<String>,
    /// How far emulated numbers may be from silicon.
    pub error_band: String,
    pub compiler: String,
    pub git: String,
    /// What the gate of that night found worse, by [`Metric::name`].
    pub worse: Vec<String>,
}

impl Entry {
    /// `worse` are names of metrics.
    pub fn of(run: &str, started: &str, info: &RunInfo, row: &Measurement, worse: Vec<String>) -> Self {
        let measured = row.run();
        Self {
            run: run.into(),
            started: started.into(),
            scenario: row.scenario.clone(),
            index: row.index,
            network: row.network.clone(),
            network_sha256: row.network_sha256.clone(),
            engine: row.engine.clone(),
            board: row.board.clone(),
            unit: row.unit.clone(),
            provenance: row.provenance,
            key: Key::of(row, info.facts(row).as_ref()).digest(),
            status: row.status().name().into(),
            clock_hz: row.latency().map(|latency| latency.clock_hz()),
            median_cycles: row.latency().map(|latency| latency.median_cycles()),
            instructions: measured.and_then(|run| run.instructions),
            energy_uj: measured.and_then(|run| match run.energy {
                Energy::Microjoules(uj) => Some(uj),
                Energy::Missing(_) => None,
            }),
            sram_peak: measured.map(|run| run.memory.sram.peak()),
            flash_total: measured.map(|run| run.memory.flash.total()),
            image_sha256: row.image_sha256.clone(),
            error_band: row.error_band.clone(),
            compiler: row.repeat.compiler.clone(),
            git: row.repeat.git.clone(),
            worse,
        }
    }

    /// Its number; none where it was not measured.
    pub fn value(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::Cycles => self.median_cycles,
            Metric::Instructions => self.instructions.map(|n| n as f64),
            Metric::Energy => self.energy_uj,
            Metric::Sram => self.sram_peak.map(|n| n as f64),
            Metric::Flash => self.flash_total.map(|n| n as f64),
            Metric::Output => None,
        }
    }

    /// Median latency in milliseconds.
    pub fn latency_ms(&self) -> Option<f64> {
        Some(self.median_cycles? * 1000.0 / self.clock_hz? as f64)
    }

    /// The order of histories.
    pub(super) fn place(&self) -> (&str, &str, u32) {
        (&self.started, &self.run, self.index)
    }
}

/// Which entries; what is none is any.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    pub network: Option<String>,
    pub board: Option<String>,
    pub engine: Option<String>,
    pub provenance: Option<Provenance>,
    /// Digest of a key.
    pub key: Option<String>,
}

impl Query {
    pub(super) fn meets(&self, network: &str, board: &str, engine: &str, provenance: &str, key: &str) -> bool {
        let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        same(&self.network, network)
            && same(&self.board, board)
            && same(&self.engine, engine)
            && same(&self.key, key)
            && self.provenance.is_none_or(|wanted| wanted.name() == provenance)
    }
}
