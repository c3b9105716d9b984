//! The format as it stands in the file. What serde cannot check, `validate` does.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::instrument::InstrumentEntry;
use crate::rack::Driver;

/// The units that this machine can use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with the keys of a rack")]
#[schemars(title = "hil rack")]
pub struct RawRack {
    /// The folder of locks and health, relative to this file. Whoever shares the units must name the same folder; where it
    /// is left out, it is `hil/rack` in the user's state folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<PathBuf>,
    pub units: Vec<UnitEntry>,
}

/// One board, or one emulated board, and how it is reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitEntry {
    /// Unique in the rack: letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// A board type; `hil boards` lists them.
    pub board: String,
    pub driver: Driver,
    /// Serial number of the debug probe, or `VID:PID:SERIAL`; `hil rack scan` shows them. With `driver: probe`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<String>,
    /// USB location of the debug probe, e.g. `1-1.4`, for probes without a serial number of their own. With
    /// `driver: probe`, in place of `probe`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usb: Option<String>,
    /// The port of the console, e.g. `/dev/ttyACM0`. With `driver: probe`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<PathBuf>,
    /// Bits per second of the console; the board's own where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baud: Option<u32>,
    /// The power meter in the board's supply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<InstrumentEntry>,
    /// Supply voltage of the part, V: the meter is set to it, and energy is compared only at one voltage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supply_volts: Option<f64>,
    /// Revision of the board as printed on it, e.g. `MB1312 C-01`: energy is compared only within one revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// What cuts the unit's power and gives it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power: Option<PowerSwitch>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// A script of faults, relative to this file. With `driver: simprobe`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults: Option<PathBuf>,
}

/// Either the two commands `off` and `on`, such as `uhubctl -l 1-1 -p 2 -a off`, or `instrument: true`, where the meter
/// supplies the board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PowerSwitch {
    /// A program and its arguments; no shell reads them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub off: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub instrument: bool,
    /// Seconds without power.
    #[serde(default = "pause")]
    pub pause_seconds: f64,
    /// Seconds until probe and serial port must be back.
    #[serde(default = "back")]
    pub back_seconds: f64,
}

fn pause() -> f64 {
    1.0
}

fn back() -> f64 {
    15.0
}
