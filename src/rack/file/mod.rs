//! `rack.yaml`: the units of this machine, as people write them down.
//!
//! [`load`] reads a file, [`parse`] its text; an error names file, line and column and offers the nearest name.
//! [`json_schema`] describes the format for editors. Board names come in from outside.
//!
//! ```yaml
//! units:
//!   - name: l4-a
//!     board: nucleo-l4r5zi
//!     driver: probe
//!     probe: 066EFF494851877267153032
//!     serial: /dev/ttyACM0
//!     supply_volts: 3.3
//!     revision: MB1312 C-01
//!     instrument: { kind: stlink-v3pwr, port: /dev/ttyACM1 }
//!     power:
//!       off: [uhubctl, -l, 1-1, -p, "2", -a, "off"]
//!       on: [uhubctl, -l, 1-1, -p, "2", -a, "on"]
//!   - { name: sim-0, board: nucleo-l4r5zi, driver: simprobe, faults: faults/unplug.yaml }
//!   - { name: emu-0, board: stm32f746g-disco, driver: emulated }
//! ```

mod raw;
mod validate;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

pub use crate::instrument::{InstrumentEntry, InstrumentKind, Window};
pub use raw::{PowerSwitch, UnitEntry};
pub use validate::{load, parse};

/// A checked rack: it names only boards that exist, and no name, probe or port twice.
#[derive(Debug, Clone, PartialEq)]
pub struct RackFile {
    /// The folder of locks and health.
    pub state: PathBuf,
    /// In the file's order. Paths in it are absolute, or relative to the working folder.
    pub units: Vec<UnitEntry>,
}

/// Why a rack cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RackFileError {
    #[error("{}: failed to read the rack: {source}", .path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    /// Lines and columns start at 1; columns count characters.
    #[error("{file}:{line}:{column}: {message}")]
    Invalid { file: String, line: usize, column: usize, message: String },
    #[error(
        "there is no folder to keep locks and health in: set XDG_STATE_HOME or HOME, or `state` in the rack's file"
    )]
    NoState,
}

/// The rack that is used where none is named: `hil/rack.yaml` in the user's configuration (`XDG_CONFIG_HOME`, or
/// `.config` at home). None where there is no home.
pub fn default_path() -> Option<PathBuf> {
    Some(user_folder("XDG_CONFIG_HOME", ".config")?.join("hil/rack.yaml"))
}

/// The folder of locks and health of racks that do not name one: `hil/rack` in the user's state folder
/// (`XDG_STATE_HOME`, or `.local/state` at home).
pub fn default_state() -> Option<PathBuf> {
    Some(user_folder("XDG_STATE_HOME", ".local/state")?.join("hil/rack"))
}

/// XDG Base Directory Specification: a variable counts only where it is an absolute path.
fn user_folder(variable: &str, at_home: &str) -> Option<PathBuf> {
    let set = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    set.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(at_home)))
}

/// The JSON schema of `rack.yaml`, with `boards` as the only board names.
pub fn json_schema(boards: &[&str]) -> Value {
    let mut schema = schemars::schema_for!(raw::RawRack).to_value();
    if let Some(board) = schema.pointer_mut("/$defs/UnitEntry/properties/board") {
        let description = board["description"].take();
        *board = json!({ "description": description, "enum": boards });
    }
    schema
}

/// `entries` as the text of a file, under `heading`, lines that start with `#`.
pub fn to_text(heading: &str, entries: &[UnitEntry]) -> Result<String, serde_yaml::Error> {
    let raw = raw::RawRack { state: None, units: entries.to_vec() };
    Ok(format!("{heading}{}", serde_yaml::to_string(&raw)?))
}
