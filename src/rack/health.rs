//! What is known of a unit beyond one process: whether it may be used, and what went wrong last.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::lock::now;

/// Bytes that no record has.
const MAX_BYTES: u64 = 1 << 16;
/// Characters of a reason that are kept.
const MAX_REASON: usize = 1000;

/// Something that went wrong, and when: seconds since 1970, UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    pub reason: String,
    pub at: u64,
}

impl Trouble {
    pub fn now(reason: &str) -> Self {
        Self { reason: reason.chars().take(MAX_REASON).collect(), at: now() }
    }
}

/// The record of one unit. A unit without a file is good.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// Why the unit is not used any more, until a check finds it well.
    pub quarantined: Option<Trouble>,
    pub last_error: Option<Trouble>,
    /// Failures since the last success.
    pub strikes: u32,
    /// When a check last found it well.
    pub checked: Option<u64>,
}

/// The record in the file at `path`. One that cannot be read counts as quarantined: nobody knows that the unit is well.
pub fn read(path: &Path) -> Record {
    let unreadable = |problem: String| {
        let reason = format!("{}: {problem}; `hil rack check` writes it anew", path.display());
        Record { quarantined: Some(Trouble::now(&reason)), ..Record::default() }
    };
    match fs::metadata(path) {
        Ok(found) if found.len() > MAX_BYTES => return unreadable("too long for a record of health".into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Record::default(),
        _ => {}
    }
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Record::default(),
        Err(error) => unreadable(error.to_string()),
        Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|error| unreadable(error.to_string())),
    }
}

/// Writes the record whole or not at all. Only whoever holds the unit's lock may.
pub fn write(path: &Path, record: &Record) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = fs::File::create(&new)?;
    file.write_all(&serde_json::to_vec_pretty(record)?)?;
    file.sync_all()?;
    fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written_and_damage_is_no_health() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("unit.health");
        assert_eq!(read(&path), Record::default());
        let record = Record { last_error: Some(Trouble::now("silent")), strikes: 2, ..Record::default() };
        write(&path, &record).expect("written");
        assert_eq!(read(&path), record);
        fs::write(&path, "{").expect("written");
        assert!(read(&path).quarantined.is_some_and(|trouble| trouble.reason.contains("unit.health")));
    }
}
