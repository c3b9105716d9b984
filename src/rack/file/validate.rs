//! From text to a rack.

use std::path::{Path, PathBuf};

use super::raw::{PowerSwitch, RawRack, UnitEntry};
use super::{RackFile, RackFileError, default_state};
use crate::instrument::{InstrumentKind, Window};
use crate::rack::{Driver, usb};
use crate::yaml::At::{Item, Key};
use crate::yaml::{self, At, Place, locate, unknown};

/// Bytes that no rack needs.
const MAX_BYTES: usize = 1 << 20;
/// V; below the first no part runs, above the second all break.
const VOLTS: std::ops::RangeInclusive<f64> = 0.8..=5.5;
/// Bits per second.
const BAUD: std::ops::RangeInclusive<u32> = 1200..=12_000_000;
/// Seconds of a power cycle's two waits.
const MAX_WAIT: f64 = 300.0;

/// A mistake and where it is.
struct Mistake {
    path: Vec<At>,
    message: String,
}

fn mistake<T>(path: &[At], message: impl Into<String>) -> Result<T, Mistake> {
    Err(Mistake { path: path.to_vec(), message: message.into() })
}

/// Reads and checks the rack in the file at `path`.
pub fn load(path: &Path, boards: &[&str]) -> Result<RackFile, RackFileError> {
    let file = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|source| RackFileError::Unreadable { path: path.into(), source })?;
    let text = yaml::text(bytes).map_err(|place| invalid(&file, place))?;
    parse(&file, &text, path.parent().unwrap_or(Path::new("")), boards)
}

/// Checks the rack in `text`; `file` is named in errors, `folder` comes before relative paths. Reads no file.
pub fn parse(file: &str, text: &str, folder: &Path, boards: &[&str]) -> Result<RackFile, RackFileError> {
    let raw: RawRack = yaml::parse(text, "rack", MAX_BYTES).map_err(|place| invalid(file, place))?;
    let state = match raw.state {
        Some(state) => folder.join(state),
        None => default_state().ok_or(RackFileError::NoState)?,
    };
    let units = checked(raw.units, folder, boards).map_err(|Mistake { path, message }| {
        let (line, column) = locate(text, &path);
        invalid(file, Place { line, column, message })
    })?;
    Ok(RackFile { state, units })
}

fn invalid(file: &str, Place { line, column, message }: Place) -> RackFileError {
    RackFileError::Invalid { file: file.into(), line, column, message }
}

fn checked(mut units: Vec<UnitEntry>, folder: &Path, boards: &[&str]) -> Result<Vec<UnitEntry>, Mistake> {
    for index in 0..units.len() {
        let (earlier, unit) = (&units[..index], &units[index]);
        unit_alone(index, unit, boards)?;
        let twice = |key: &'static str, what: &str, value: &str| {
            mistake(&at(index, key), format!("{what} `{value}` belongs to an earlier unit, too"))
        };
        if earlier.iter().any(|other| other.name == unit.name) {
            return twice("name", "the name", &unit.name);
        }
        if let Some(probe) = &unit.probe
            && earlier.iter().any(|other| other.probe.as_ref() == Some(probe))
        {
            return twice("probe", "the probe", probe);
        }
        if let Some(usb) = &unit.usb
            && earlier.iter().any(|other| other.usb.as_ref() == Some(usb))
        {
            return twice("usb", "the USB location", usb);
        }
        let ports = |unit: &UnitEntry| {
            let meter = unit.instrument.as_ref().map(|entry| entry.port.clone());
            let meter = meter.filter(|port| !port.as_os_str().is_empty());
            unit.serial.clone().into_iter().chain(meter).collect::<Vec<PathBuf>>()
        };
        let own = ports(unit);
        if let Some(port) = own.iter().find(|port| earlier.iter().any(|other| ports(other).contains(port))) {
            let key = if unit.serial.as_ref() == Some(port) { "serial" } else { "instrument" };
            return twice(key, "the port", &port.display().to_string());
        }
        if let [serial, meter] = &own[..]
            && serial == meter
        {
            return mistake(&at(index, "instrument"), "the console and the instrument cannot share a port");
        }
    }
    for unit in &mut units {
        unit.faults = unit.faults.take().map(|faults| folder.join(faults));
    }
    Ok(units)
}

fn at(index: usize, key: &'static str) -> [At; 3] {
    [Key("units"), Item(index), Key(key)]
}

fn unit_alone(index: usize, unit: &UnitEntry, boards: &[&str]) -> Result<(), Mistake> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if unit.name.is_empty() || unit.name.len() > 64 || !unit.name.chars().all(plain) || unit.name.starts_with('.') {
        return mistake(&at(index, "name"), "a unit's name is 1 to 64 letters, digits, `-`, `_` or `.`");
    }
    if !boards.contains(&unit.board.as_str()) {
        return mistake(&at(index, "board"), unknown("board", &unit.board, boards));
    }
    let of_probe = [
        ("probe", unit.probe.is_some()),
        ("usb", unit.usb.is_some()),
        ("serial", unit.serial.is_some()),
        ("baud", unit.baud.is_some()),
        ("power", unit.power.is_some()),
    ];
    match unit.driver {
        Driver::Probe => {
            match (&unit.probe, &unit.usb) {
                (None, None) => {
                    let message = "a unit with driver `probe` needs `probe`, the serial number, or `usb`, the location";
                    return mistake(&[Key("units"), Item(index)], message);
                }
                (Some(_), Some(_)) => {
                    return mistake(&at(index, "usb"), "a unit has `probe` or `usb`, not both");
                }
                _ => {}
            }
            if unit.serial.is_none() {
                let message = "a unit with driver `probe` needs `serial`, the port of its console";
                return mistake(&[Key("units"), Item(index)], message);
            }
        }
        driver => {
            if let Some((key, _)) = of_probe.into_iter().find(|(_, given)| *given) {
                let message = format!("`{key}` goes with driver `probe`; this unit's driver is `{}`", driver.name());
                return mistake(&at(index, key), message);
            }
        }
    }
    if unit.instrument.is_some() && !matches!(unit.driver, Driver::Probe | Driver::SimProbe) {
        let driver = unit.driver.name();
        let message = format!("`instrument` goes with driver `probe` or `simprobe`; this unit's driver is `{driver}`");
        return mistake(&at(index, "instrument"), message);
    }
    if unit.faults.is_some() && unit.driver != Driver::SimProbe {
        let message = format!("`faults` goes with driver `simprobe`; this unit's driver is `{}`", unit.driver.name());
        return mistake(&at(index, "faults"), message);
    }
    for (key, text) in [("probe", &unit.probe), ("usb", &unit.usb)] {
        if text.as_ref().is_some_and(|text| text.trim().is_empty() || text.chars().any(char::is_control)) {
            return mistake(&at(index, key), format!("`{key}` is empty or no text"));
        }
    }
    if let Some(location) = unit.usb.as_ref().filter(|location| !usb::is_location(location)) {
        let message = format!("`{location}` is no USB location; those are a bus and ports, such as 1-1.4");
        return mistake(&at(index, "usb"), message);
    }
    if let Some(baud) = unit.baud.filter(|baud| !BAUD.contains(baud)) {
        return mistake(&at(index, "baud"), format!("a baud rate of {baud} is none of any console"));
    }
    if let Some(volts) = unit.supply_volts.filter(|volts| !VOLTS.contains(volts)) {
        let message = format!("{volts} V supplies no board; it is {} to {}", VOLTS.start(), VOLTS.end());
        return mistake(&at(index, "supply_volts"), message);
    }
    unit.power.as_ref().map_or(Ok(()), |power| switch(index, unit, power))?;
    if let Some(entry) = &unit.instrument {
        let inside = |key: &'static str| [Key("units"), Item(index), Key("instrument"), Key(key)];
        if entry.window == Window::Edge && matches!(entry.kind, InstrumentKind::Ina228 | InstrumentKind::StlinkV3pwr) {
            let message = format!("an `{}` records no edge here; leave `window` out", entry.kind.name());
            return mistake(&inside("window"), message);
        }
        match (unit.driver, entry.port.as_os_str().is_empty()) {
            (Driver::Probe, true) => {
                let message = "an instrument needs `port`, its serial port; `hil rack scan` lists them";
                return mistake(&at(index, "instrument"), message);
            }
            (Driver::SimProbe, false) => {
                let message = "a simulated unit has an emulated instrument of its own; leave `port` out";
                return mistake(&inside("port"), message);
            }
            _ => {}
        }
        if entry.input > 7 {
            return mistake(&inside("input"), format!("there is no logic input {}; they are 0 to 7", entry.input));
        }
        if unit.supply_volts.is_none() {
            let message = "a unit with an instrument needs `supply_volts`: energy depends on it";
            return mistake(&[Key("units"), Item(index)], message);
        }
    }
    Ok(())
}

fn switch(index: usize, unit: &UnitEntry, power: &PowerSwitch) -> Result<(), Mistake> {
    let inside = |key: &'static str| [Key("units"), Item(index), Key("power"), Key(key)];
    match (power.off.is_empty(), power.on.is_empty(), power.instrument) {
        (true, true, true) if unit.instrument.is_none() => {
            return mistake(&inside("instrument"), "the unit has no `instrument` that could switch its power");
        }
        (false, false, false) | (true, true, true) => {}
        (_, _, true) => {
            return mistake(&inside("instrument"), "either commands or `instrument: true` switch the power");
        }
        (true, _, _) => return mistake(&inside("off"), "`off`, the command that cuts the power, is missing"),
        (_, true, _) => return mistake(&inside("on"), "`on`, the command that gives the power back, is missing"),
    }
    for (key, seconds) in [("pause_seconds", power.pause_seconds), ("back_seconds", power.back_seconds)] {
        if !(seconds.is_finite() && (0.0..=MAX_WAIT).contains(&seconds)) {
            return mistake(&inside(key), format!("{seconds} s is no time to wait; it is 0 to {MAX_WAIT}"));
        }
    }
    Ok(())
}
