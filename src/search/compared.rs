//! What a search is compared with: well-known architectures, scaled until they fit, trained as long on the same samples,
//! measured on the same boards, with the same engine and with others. With the same one the comparison is of networks; with
//! another it is of networks and engine together, as a user sees it who has neither.

use serde::Serialize;

use super::measured::Target;
use crate::engine::Sizer;
use crate::network::float::FloatNetwork;
use crate::results::Measurement;
use crate::train::rivals::{Rival, rivals};

/// Width multipliers that are tried, the widest first.
const WIDTHS: [f64; 6] = [0.75, 0.5, 0.35, 0.25, 0.15, 0.1];
/// Networks of each architecture.
const EACH: usize = 2;

/// Per architecture the widest networks that fit all targets, with their operators.
pub fn fitting<S: AsRef<str>>(
    architectures: &[S],
    size: [usize; 3],
    classes: usize,
    targets: &[Target],
) -> Vec<(Rival, FloatNetwork)> {
    let mut sizer = Sizer::new();
    let mut all: Vec<(Rival, FloatNetwork)> = Vec::new();
    for rival in rivals(architectures, &WIDTHS, &[size], classes) {
        let enough = all.iter().filter(|(other, _)| other.architecture == rival.architecture).count() >= EACH;
        let Some(network) = rival.network(classes).ok().filter(|_| !enough) else { continue };
        let Ok(sizes) = sizer.sizes(&network) else { continue };
        let macs = network.macs() as u64;
        let fits = targets.iter().all(|target| target.allowance.allows(&sizes, macs));
        if fits {
            all.push((rival, network));
        }
    }
    all
}

/// A network with what it needs on one board.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Standing {
    pub network: String,
    pub board: String,
    pub engine: String,
    /// Share of the test set, int8.
    pub accuracy: f64,
    pub latency_ms: f64,
    pub sram_bytes: u64,
    pub flash_bytes: u64,
}

impl Standing {
    /// None of a row that was not measured.
    pub fn new(row: &Measurement, accuracy: f64) -> Option<Self> {
        let (latency, memory) = (row.latency()?, row.memory()?);
        Some(Self {
            network: row.network.clone(),
            board: row.board.clone(),
            engine: row.engine.clone(),
            accuracy,
            latency_ms: latency.ms(),
            sram_bytes: memory.sram.peak(),
            flash_bytes: memory.flash.total(),
        })
    }
}

/// A rival, and the fastest chosen network that is at least as accurate on the same board.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    pub rival: Standing,
    /// None where no chosen network is as accurate.
    pub ours: Option<Standing>,
    /// How often the rival's latency ours is.
    pub times_faster: Option<f64>,
    pub times_less_sram: Option<f64>,
    pub times_less_flash: Option<f64>,
}

pub fn compare(ours: &[Standing], rivals: Vec<Standing>) -> Vec<Compared> {
    let against = |rival: Standing| {
        let equal = ours.iter().filter(|o| o.board == rival.board && o.accuracy >= rival.accuracy);
        let ours = equal.min_by(|a, b| a.latency_ms.total_cmp(&b.latency_ms)).cloned();
        let times_faster = ours.as_ref().map(|o| rival.latency_ms / o.latency_ms);
        let times_less = |of: fn(&Standing) -> u64| ours.as_ref().map(|o| of(&rival) as f64 / of(o).max(1) as f64);
        let (times_less_sram, times_less_flash) = (times_less(|s| s.sram_bytes), times_less(|s| s.flash_bytes));
        Compared { rival, ours, times_faster, times_less_sram, times_less_flash }
    };
    rivals.into_iter().map(against).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(network: &str, board: &str, accuracy: f64, latency_ms: f64, sram_bytes: u64) -> Standing {
        let (network, board, engine) = (network.into(), board.into(), "tinyengine".into());
        Standing { network, board, engine, accuracy, latency_ms, sram_bytes, flash_bytes: 1 }
    }

    #[test]
    fn a_rival_meets_the_fastest_that_is_as_accurate_on_its_board() {
        let ours = [
            standing("accurate", "a", 0.95, 20.0, 200),
            standing("fast", "a", 0.9, 10.0, 100),
            standing("elsewhere", "b", 0.99, 1.0, 1),
        ];
        let rivals = vec![
            standing("r1", "a", 0.9, 30.0, 400),
            standing("r2", "a", 0.92, 30.0, 400),
            standing("r3", "a", 0.96, 30.0, 400),
        ];
        let compared = compare(&ours, rivals);
        let names = |c: &Compared| c.ours.as_ref().map(|o| o.network.clone());
        assert_eq!(
            compared.iter().map(names).collect::<Vec<_>>(),
            [Some("fast".into()), Some("accurate".into()), None]
        );
        assert_eq!((compared[0].times_faster, compared[0].times_less_sram), (Some(3.0), Some(4.0)));
        assert_eq!((compared[2].times_faster, compared[2].times_less_sram), (None, None));
    }
}
