//! What a hung core was doing, kept in files for whoever looks into it.

use std::path::{Path, PathBuf};

use super::error::MeasureError;
use crate::rack::{Cancel, PostMortem, Unit, UnitError};

/// Dumps of one folder; more say nothing new.
const MAX_DUMPS: usize = 20;

/// `error` with what the core of `unit` was doing, where it did not answer; registers and memory go below `dumps` where that
/// is given.
pub(super) fn examined(
    error: MeasureError,
    unit: &mut dyn Unit,
    dumps: Option<&Path>,
    cancel: &Cancel,
) -> MeasureError {
    let MeasureError::Unit(UnitError::TimedOut { unit: id, what, limit }) = error else { return error };
    let place = dumps.and_then(|dumps| free(dumps, &id));
    let seen = unit.post_mortem(place.is_some(), cancel).map(|seen| {
        let kept = place.filter(|_| !seen.text.is_empty()).map(|place| match write(&place, &seen) {
            Ok(()) => format!("; registers and memory are in {}", place.display()),
            Err(problem) => format!("; {} cannot be written: {problem}", place.display()),
        });
        format!("{what} ({}{})", seen.summary, kept.unwrap_or_default())
    });
    UnitError::TimedOut { unit: id, what: seen.unwrap_or(what), limit }.into()
}

/// A folder that is not there yet; none where there are enough.
fn free(dumps: &Path, unit: &str) -> Option<PathBuf> {
    let plain: String =
        unit.chars().map(|c| if c.is_ascii_alphanumeric() || "-.".contains(c) { c } else { '_' }).collect();
    (1..=MAX_DUMPS).map(|number| dumps.join(format!("{plain}-{number}"))).find(|place| !place.exists())
}

/// `core.txt`, and a file of bytes for each memory, which debuggers load at the address in its name.
fn write(place: &Path, seen: &PostMortem) -> std::io::Result<()> {
    std::fs::create_dir_all(place)?;
    std::fs::write(place.join("core.txt"), &seen.text)?;
    seen.memory.iter().try_for_each(|memory| {
        std::fs::write(place.join(format!("{}-{:#010x}.bin", memory.name, memory.address)), &memory.bytes)
    })
}
