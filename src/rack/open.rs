//! From an entry of `rack.yaml` to a unit.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use super::emulated::Emulated;
use super::error::RackError;
use super::file::UnitEntry;
use super::probe::{Place, ProbeUnit, Wanted};
use super::renode::Renode;
use super::simprobe::{FaultScript, Metering, SimBoard};
use super::unit::{Driver, Unit};
use crate::board::Board;
use crate::instrument::Window;

/// The unit's identifier in tables and rows.
pub fn id(entry: &UnitEntry) -> String {
    format!("{}/{}/{}", entry.driver.name(), entry.board, entry.name)
}

/// The unit that `entry` describes. Nothing is attached yet: what is absent is found when it is used first.
pub fn unit(entry: &UnitEntry, board: &Board) -> Result<Box<dyn Unit>, RackError> {
    if board.marker.is_none() && entry.instrument.as_ref().is_some_and(|meter| meter.window == Window::Edge) {
        let problem = format!("`window: edge` needs a `marker` in the file of board `{}`; leave it out", board.name);
        return Err(RackError::Unit { unit: id(entry), problem });
    }
    match entry.driver {
        Driver::Emulated => Ok(Box::new(Emulated::named(board, &entry.name))),
        Driver::Renode => Ok(Box::new(Renode::new(board, &entry.name))),
        Driver::SimProbe => {
            let failed = |problem: String| RackError::Unit { unit: id(entry), problem };
            let script = entry.faults.as_deref().map_or_else(|| Ok(FaultScript::default()), FaultScript::load);
            let script = script.map_err(|error| failed(error.to_string()))?;
            let serial = simulated_serial(entry);
            let metering = entry.instrument.as_ref().zip(entry.supply_volts).map(|(instrument, volts)| Metering {
                kind: instrument.kind,
                input: instrument.input,
                volts,
            });
            let board = SimBoard::start_metered(board, &serial, &script, metering);
            let board = board.map_err(|error| failed(error.to_string()))?;
            let unit = ProbeUnit::simulated(&entry.name, board).map_err(|error| failed(error.to_string()))?;
            Ok(Box::new(unit))
        }
        Driver::Probe => {
            let failed = |problem: &str| RackError::Unit { unit: id(entry), problem: problem.into() };
            let wanted = match (&entry.probe, &entry.usb) {
                (Some(probe), _) => Wanted::parse(probe),
                (None, Some(location)) => Wanted::plugged_in_at(location),
                (None, None) => return Err(failed("it has neither `probe` nor `usb`")),
            };
            let serial = entry.serial.as_ref().ok_or_else(|| failed("it has no `serial` port"))?;
            let place = Place {
                probe: wanted,
                serial: serial.display().to_string(),
                baud: entry.baud.unwrap_or(board.console.baud),
            };
            let unit = ProbeUnit::new(&entry.name, board, place).map_err(|error| failed(&error.to_string()))?;
            Ok(Box::new(unit))
        }
    }
}

/// A serial number that no two racks of this process share: simulated probes are found by it among all.
fn simulated_serial(entry: &UnitEntry) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{}-{}", entry.name, COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Where locks and health of a unit are: named after the hardware, so that two racks that name one probe meet there; what
/// has no hardware is named after its rack.
pub fn state_path(state: &Path, rack: &Path, entry: &UnitEntry) -> PathBuf {
    let plain = |text: &str| -> String {
        text.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.') { c } else { '_' }).collect()
    };
    let name = match (&entry.probe, &entry.usb) {
        // `VID:PID:SERIAL` and `SERIAL` are one probe.
        (Some(probe), _) => format!("probe-{}", plain(probe.rsplit(':').next().unwrap_or(probe))),
        (None, Some(usb)) => format!("usb-{}", plain(usb)),
        (None, None) => {
            let rack = std::fs::canonicalize(rack).unwrap_or_else(|_| rack.to_path_buf());
            let digest = Sha256::digest(rack.as_os_str().as_encoded_bytes());
            let digest: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
            format!("{}-{}-{digest}", entry.driver.name(), plain(&entry.name))
        }
    };
    state.join(name)
}
