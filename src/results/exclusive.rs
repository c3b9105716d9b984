//! One run of a gated scenario at a time.
//!
//! Two nightlies of one scenario in one store would each take the other for yesterday's. The lock is the system's, so it
//! ends with the process that holds it, whatever ends it; the text in the file only says who that is.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::error::ResultsError;
use super::folder::slug;
use super::time::utc_text;

/// How often a waiting run looks again.
const PATIENCE: Duration = Duration::from_millis(500);

/// The right to run a scenario in a store, until it is dropped.
#[derive(Debug)]
pub struct Exclusive {
    _file: File,
}

impl Exclusive {
    /// Takes the right, or says who has it.
    pub fn take(results: &Path, scenario: &str) -> Result<Self, ResultsError> {
        fs::create_dir_all(results).map_err(|e| ResultsError::io(results, "create the folder of results", e))?;
        let path = results.join(format!(".{}.lock", slug(scenario)));
        let file = File::options().create(true).truncate(false).read(true).write(true).open(&path);
        let file = file.map_err(|e| ResultsError::io(&path, "open the lock of the scenario", e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = fs::read_to_string(&path).unwrap_or_default();
                let holder = holder.lines().next().filter(|line| !line.is_empty()).unwrap_or("another process");
                return Err(ResultsError::Exclusive {
                    path,
                    scenario: scenario.to_string(),
                    holder: holder.chars().take(200).collect(),
                });
            }
            Err(TryLockError::Error(e)) => return Err(ResultsError::io(&path, "lock it", e)),
        }
        let holder = format!("process {} since {}\n", std::process::id(), utc_text(SystemTime::now()));
        fs::write(&path, holder).map_err(|e| ResultsError::io(&path, "say who holds the lock", e))?;
        Ok(Self { _file: file })
    }

    /// Takes the right as soon as it is free. `waiting` is told once whom it waits for; `stop` ends the waiting.
    pub fn wait(
        results: &Path,
        scenario: &str,
        waiting: impl FnOnce(&ResultsError),
        stop: impl Fn() -> bool,
    ) -> Result<Self, ResultsError> {
        let mut waiting = Some(waiting);
        loop {
            match Self::take(results, scenario) {
                Err(busy @ ResultsError::Exclusive { .. }) => {
                    if stop() {
                        return Err(busy);
                    }
                    if let Some(waiting) = waiting.take() {
                        waiting(&busy);
                    }
                }
                other => return other,
            }
            std::thread::sleep(PATIENCE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_per_scenario() {
        let store = tempfile::tempdir().unwrap();
        let held = Exclusive::take(store.path(), "nightly").unwrap();
        let error = Exclusive::take(store.path(), "nightly").unwrap_err().to_string();
        assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
        Exclusive::take(store.path(), "another").unwrap();
        drop(held);
        Exclusive::take(store.path(), "nightly").unwrap();
    }

    #[test]
    fn waits_until_it_is_free_or_told_to_stop() {
        let store = tempfile::tempdir().unwrap();
        let held = Exclusive::take(store.path(), "nightly").unwrap();
        let stopped = Exclusive::wait(store.path(), "nightly", |_| {}, || true);
        assert!(matches!(stopped, Err(ResultsError::Exclusive { .. })));
        let (say, told) = std::sync::mpsc::channel();
        let path = store.path().to_path_buf();
        let waiter = std::thread::spawn(move || Exclusive::wait(&path, "nightly", |_| say.send(()).unwrap(), || false));
        told.recv().unwrap();
        drop(held);
        waiter.join().unwrap().unwrap();
    }
}
