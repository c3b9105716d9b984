//! Who has a unit, among all processes that share it.
//!
//! A unit has a lock file; its user holds an advisory lock on it (`flock`), which the system takes back when the process
//! dies, however it dies. The file's text says who holds it and is only for people: the lock alone decides.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Characters of a command line that are kept.
const COMMAND: usize = 200;
/// Bytes of a lock file that are read.
const MAX_BYTES: u64 = 4096;

/// The process that holds a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    pub pid: u32,
    pub command: String,
    /// Seconds since 1970, UTC.
    pub since: u64,
}

impl Owner {
    /// This process, from now on.
    pub fn this() -> Self {
        let words: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
        let command = words.join(" ").chars().map(|c| if c.is_control() { ' ' } else { c }).take(COMMAND).collect();
        Self { pid: std::process::id(), command, since: now() }
    }
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let held = Duration::from_secs(now().saturating_sub(self.since));
        write!(f, "process {} (`{}`) for {} s", self.pid, self.command, held.as_secs())
    }
}

/// Seconds since 1970, UTC.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// What came of asking for a lock.
#[derive(Debug)]
pub enum Asked {
    Got(Held),
    /// Somebody else has it; who, where that can be read.
    Busy(Option<Owner>),
}

/// A lock that is held until this is dropped.
#[derive(Debug)]
pub struct Held(File);

impl Drop for Held {
    fn drop(&mut self) {
        // What it says is of no use any more; closing the file gives the lock back in any case.
        let _ = self.0.set_len(0);
    }
}

/// Takes the lock of the file at `path`, which is made where it is missing, if nobody has it.
pub fn ask(path: &Path) -> io::Result<Asked> {
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    match file.try_lock() {
        Ok(()) => {
            // Whoever died with the lock left its name.
            file.set_len(0)?;
            file.rewind()?;
            serde_json::to_writer(&mut file, &Owner::this())?;
            file.flush()?;
            Ok(Asked::Got(Held(file)))
        }
        Err(TryLockError::WouldBlock) => Ok(Asked::Busy(read(&mut file))),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Who holds the lock: none where it is free, an owner that cannot be read where it was taken just now.
pub fn holder(path: &Path) -> io::Result<Option<Option<Owner>>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Ok(Some(read(&mut file))),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn read(file: &mut File) -> Option<Owner> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(MAX_BYTES).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_has_one_owner_who_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("unit.lock");
        assert_eq!(holder(&path).expect("no error"), None);
        let Asked::Got(held) = ask(&path).expect("no error") else { panic!("it is free") };
        let Asked::Busy(Some(owner)) = ask(&path).expect("no error") else { panic!("it is held") };
        assert_eq!(owner.pid, std::process::id());
        assert_eq!(holder(&path).expect("no error"), Some(Some(owner)));
        drop(held);
        assert_eq!(holder(&path).expect("no error"), None);
        assert!(matches!(ask(&path), Ok(Asked::Got(_))));
    }

    #[test]
    fn what_a_dead_owner_wrote_decides_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("unit.lock");
        std::fs::write(&path, r#"{"pid":1,"command":"gone","since":0}"#).expect("written");
        assert_eq!(holder(&path).expect("no error"), None);
        assert!(matches!(ask(&path), Ok(Asked::Got(_))));
    }
}
