//! What a network must keep to be of use, as a scenario's constraints say.

use serde::{Deserialize, Serialize};

use super::measurement::Measurement;

/// Upper limits; where one is none, there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub latency_ms: Option<f64>,
    pub sram_bytes: Option<u64>,
    pub flash_bytes: Option<u64>,
}

/// A limit that a row does not keep.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Broken {
    LatencyMs { limit: f64, value: f64 },
    SramBytes { limit: u64, value: u64 },
    FlashBytes { limit: u64, value: u64 },
}

impl Limits {
    /// The limits that an ok row breaks; other rows have no numbers to break them with.
    pub fn broken(&self, row: &Measurement) -> Vec<Broken> {
        // Of an image, only what is known: its latency where it was verified, and its flash.
        let (sram, flash) = match (row.run(), row.prebuilt()) {
            (Some(run), _) => (run.memory.sram.peak(), run.memory.flash.total()),
            (None, Some(image)) => (0, image.image_bytes),
            (None, None) => return Vec::new(),
        };
        let latency = match (self.latency_ms, row.latency().map(|latency| latency.ms())) {
            (Some(limit), Some(value)) if value > limit => Some(Broken::LatencyMs { limit, value }),
            _ => None,
        };
        let sram = self.sram_bytes.filter(|limit| sram > *limit).map(|limit| Broken::SramBytes { limit, value: sram });
        let flash =
            self.flash_bytes.filter(|limit| flash > *limit).map(|limit| Broken::FlashBytes { limit, value: flash });
        [latency, sram, flash].into_iter().flatten().collect()
    }
}
