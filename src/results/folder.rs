//! The folder of a run, as it is written.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::check::check;
use super::durable::{append_line, replace};
use super::error::ResultsError;
use super::limits::Limits;
use super::measurement::Measurement;
use super::read::{self, StoredRun};
use super::{parquet, time};

const LOCK: &str = "lock";
pub(super) const RUN_FILE: &str = "run.json";
pub(super) const JOURNAL: &str = "journal.jsonl";
pub(super) const MEASUREMENTS: &str = "measurements.parquet";
pub(super) const LAYERS: &str = "layers.parquet";
/// Version of the folder's layout.
pub(super) const FORMAT: u32 = 4;

/// What a run is of, and what it takes to repeat it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunInfo {
    pub scenario: String,
    pub task: String,
    /// The scenario's file, as the user named it.
    pub scenario_file: String,
    /// Its whole text.
    pub scenario_text: String,
    /// The command line.
    pub command: Vec<String>,
    pub hil_version: String,
    /// As in [`super::Repeat::git`].
    pub git: String,
    pub seed: u64,
    /// Tool to the first line of its `--version`.
    pub tools: BTreeMap<String, String>,
    /// What the flags are for to the flags, e.g. `cortex-m4f` to `-mcpu=…`.
    pub flags: BTreeMap<String, String>,
    /// Facts of each board, by its name.
    pub boards: BTreeMap<String, Value>,
    /// What the rack's file says of units, by their names in rows, where it is more than that.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub units: BTreeMap<String, UnitFacts>,
    /// Rows that the scenario asks for.
    pub planned_rows: u32,
    /// What a network must keep to be of use.
    pub limits: Limits,
    /// The engine that the others are compared with.
    #[serde(default)]
    pub compare_to: Option<String>,
    /// What a reader should know, e.g. what the scenario asks for and was not done.
    pub notes: Vec<String>,
}

/// What tells units of one board apart.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitFacts {
    /// As printed on the board.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// V.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supply_volts: Option<f64>,
}

impl RunInfo {
    /// The facts of a row's board, with what is known of its unit in place of what is said of all.
    pub fn facts(&self, row: &Measurement) -> Option<Value> {
        let (board, unit) = (self.boards.get(&row.board), self.units.get(&row.unit));
        let mut facts = board.cloned().or_else(|| unit.map(|_| json!({})))?;
        let Some(UnitFacts { revision, supply_volts }) = unit else { return Some(facts) };
        if let Some(revision) = revision {
            facts["revision"] = json!(revision);
        }
        if let Some(volts) = supply_volts {
            let wiring = facts["supply"].as_str().map_or(String::new(), |wiring| format!(", {wiring}"));
            facts["supply"] = json!(format!("{volts} V{wiring}"));
        }
        Some(facts)
    }
}

/// How far a run came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// Still going on, or killed.
    Running,
    Finished,
    /// By the user.
    Interrupted,
    Failed,
}

impl RunState {
    /// The word used in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
        }
    }
}

/// The content of `run.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RunFile {
    pub format: u32,
    pub id: String,
    pub state: RunState,
    /// Why it failed.
    pub message: Option<String>,
    pub started: String,
    pub ended: Option<String>,
    pub info: RunInfo,
}

/// A run that is being written. Dropped without [`RunFolder::end`], it stays readable and its state `running`.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    run: RunFile,
    journal: File,
    rows: Vec<Measurement>,
    /// Held while the run is written; the system lets go of it, whatever ends the process.
    _lock: File,
}

impl RunFolder {
    /// Makes `<root>/<scenario>-<UTC time>-<n>` with its `run.json` and an empty journal.
    pub fn create(root: &Path, info: RunInfo) -> Result<Self, ResultsError> {
        let now = SystemTime::now();
        fs::create_dir_all(root).map_err(|e| ResultsError::io(root, "create the folder for results", e))?;
        let (id, path) = claim(root, &format!("{}-{}", slug(&info.scenario), time::utc_stamp(now)))?;
        let started = time::utc_text(now);
        let run = RunFile { format: FORMAT, id, state: RunState::Running, message: None, started, ended: None, info };
        let lock = lock(&path, PATIENCE)?;
        write_run_file(&path, &run)?;
        let journal = open_journal(&path)?;
        Ok(Self { path, run, journal, rows: Vec::new(), _lock: lock })
    }

    /// Goes on with a run that was killed or interrupted; [`RunFolder::rows`] then holds what had finished.
    ///
    /// What a kill left of a half-written row is cut off, and Parquet of an earlier end is deleted.
    pub fn resume(path: &Path) -> Result<Self, ResultsError> {
        // First, so that no lock is left in a folder that is none of ours.
        read::run_file(path)?;
        let lock = lock(path, PATIENCE)?;
        let StoredRun { rows, .. } = read::read(path)?;
        let (mut run, _) = read::run_file(path)?;
        (run.state, run.message, run.ended) = (RunState::Running, None, None);
        let whole: String = rows.iter().map(|row| line(row) + "\n").collect();
        // Parquet outlives the journal it was made from until the journal holds everything.
        replace(&path.join(JOURNAL), whole.as_bytes(), "write the journal")?;
        write_run_file(path, &run)?;
        for name in [MEASUREMENTS, LAYERS] {
            match fs::remove_file(path.join(name)) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    return Err(ResultsError::io(&path.join(name), "delete it before going on", e));
                }
                _ => {}
            }
        }
        let journal = open_journal(path)?;
        Ok(Self { path: path.to_path_buf(), run, journal, rows, _lock: lock })
    }

    /// Records a finished row; it is on the disk when this returns. A row of the same index replaces the earlier one.
    pub fn append(&mut self, row: Measurement) -> Result<(), ResultsError> {
        check(&row).map_err(|source| ResultsError::Inconsistent {
            index: row.index,
            network: row.network.clone(),
            board: row.board.clone(),
            source,
        })?;
        append_line(&mut self.journal, &line(&row))
            .map_err(|e| ResultsError::io(&self.path.join(JOURNAL), "append a row", e))?;
        read::put(&mut self.rows, row);
        Ok(())
    }

    /// Writes Parquet and the last state; `message` says why a run failed. Returns what was stored.
    pub fn end(mut self, state: RunState, message: Option<String>) -> Result<StoredRun, ResultsError> {
        let (layers, measurements) = (self.path.join(LAYERS), self.path.join(MEASUREMENTS));
        // Readers look for the measurements: they come last.
        replace(&layers, &parquet::layers(&self.rows, &layers)?, "write the layers")?;
        replace(&measurements, &parquet::measurements(&self.rows, &measurements)?, "write the measurements")?;
        (self.run.state, self.run.message) = (state, message);
        self.run.ended = Some(time::utc_text(SystemTime::now()));
        write_run_file(&self.path, &self.run)?;
        Ok(StoredRun::new(self.run, self.rows, read::Source::Parquet, None))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `<scenario>-<UTC time>-<n>`.
    pub fn id(&self) -> &str {
        &self.run.id
    }

    /// Finished rows, ordered by index.
    pub fn rows(&self) -> &[Measurement] {
        &self.rows
    }
}

/// Makes the first folder `<stem>-<n>` that nobody has; creating it is what claims it.
fn claim(root: &Path, stem: &str) -> Result<(String, PathBuf), ResultsError> {
    let mut number = 1u32;
    loop {
        let id = format!("{stem}-{number}");
        let path = root.join(&id);
        match fs::create_dir(&path) {
            Ok(()) => return Ok((id, path)),
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
            Err(e) => return Err(ResultsError::io(&path, "create the folder of the run", e)),
        }
    }
}

/// A name as one plain part of a path, at most 64 characters.
pub(super) fn slug(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '-' };
    let slug: String = name.chars().map(plain).take(64).collect();
    if slug.is_empty() { "run".into() } else { slug }
}

fn line(row: &Measurement) -> String {
    serde_json::to_string(row).expect("a row has only string keys and finite numbers")
}

fn write_run_file(folder: &Path, run: &RunFile) -> Result<(), ResultsError> {
    let text = serde_json::to_string_pretty(run).expect("a run has only string keys and finite numbers");
    replace(&folder.join(RUN_FILE), (text + "\n").as_bytes(), "write the state of the run")
}

/// How long a lock may outlive the process that was killed with it: a compiler that it was just starting holds it, too,
/// until its own program is loaded.
const PATIENCE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(20);

/// Keeps other processes from writing the same run.
pub(super) fn lock(folder: &Path, patience: Duration) -> Result<File, ResultsError> {
    let path = folder.join(LOCK);
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|e| ResultsError::io(&path, "open the lock", e))?;
    let since = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if since.elapsed() < patience => std::thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => return Err(ResultsError::Busy { path: folder.to_path_buf() }),
            Err(TryLockError::Error(e)) => return Err(ResultsError::io(&path, "lock it", e)),
        }
    }
}

fn open_journal(folder: &Path) -> Result<File, ResultsError> {
    let path = folder.join(JOURNAL);
    let file = File::options().create(true).append(true).open(&path);
    file.map_err(|e| ResultsError::io(&path, "open the journal", e))
}
