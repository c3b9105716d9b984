//! An instrument as `rack.yaml` names it.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A power meter and how it is reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InstrumentEntry {
    pub kind: InstrumentKind,
    /// Its serial port, e.g. `/dev/ttyACM1`. Left out with `driver: simprobe`, whose units have an emulated instrument each.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub port: PathBuf,
    /// Bits per second; the instrument's own where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baud: Option<u32>,
    /// How it learns when inferences begin and end.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub window: Window,
    /// Logic input, 0 to 7, that the board's pin is wired to. With `kind: ppk2` and `window: edge`.
    #[serde(default, skip_serializing_if = "is_first")]
    pub input: u8,
}

fn is_empty(path: &Path) -> bool {
    path.as_os_str().is_empty()
}

fn is_usual(window: &Window) -> bool {
    *window == Window::default()
}

fn is_first(input: &u8) -> bool {
    *input == 0
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InstrumentKind {
    /// ST X-NUCLEO-LPM01A.
    Lpm01a,
    /// ST STLINK-V3PWR.
    StlinkV3pwr,
    /// Nordic Power Profiler Kit II.
    Ppk2,
    /// A TI INA228 behind a microcontroller that prints one line a sample.
    Ina228,
}

impl InstrumentKind {
    pub const ALL: [Self; 4] = [Self::Lpm01a, Self::StlinkV3pwr, Self::Ppk2, Self::Ina228];

    /// The word used in files and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lpm01a => "lpm01a",
            Self::StlinkV3pwr => "stlink-v3pwr",
            Self::Ppk2 => "ppk2",
            Self::Ina228 => "ina228",
        }
    }
}

/// What marks the window of inferences in the samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Window {
    /// The host, by when it asked and when it was answered: for instruments without an input, or boards without a wire.
    #[default]
    Host,
    /// Falling edges of the board's marker, a pin that its file names, at the instrument's input.
    Edge,
}
