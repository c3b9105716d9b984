//! Reading a run back.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::error::ResultsError;
use super::folder::{FORMAT, JOURNAL, LAYERS, MEASUREMENTS, RUN_FILE, RunFile, RunInfo, RunState};
use super::measurement::Measurement;
use super::{migrate, parquet};

/// Which file the rows came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Parquet,
    /// The run did not come to its end.
    Journal,
}

/// A run as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRun {
    pub id: String,
    pub state: RunState,
    /// Why it failed.
    pub message: Option<String>,
    /// UTC.
    pub started: String,
    /// UTC; none of a run that goes on or was killed.
    pub ended: Option<String>,
    pub info: RunInfo,
    /// Ordered by index.
    pub rows: Vec<Measurement>,
    pub source: Source,
    /// Says that the journal's last line is half a row, as a kill leaves it; the row is not among `rows`.
    pub torn: Option<String>,
}

impl StoredRun {
    pub(super) fn new(run: RunFile, rows: Vec<Measurement>, source: Source, torn: Option<String>) -> Self {
        let RunFile { format: _, id, state, message, started, ended, info } = run;
        Self { id, state, message, started, ended, info, rows, source, torn }
    }
}

/// Reads the run in `folder`: from Parquet, or from the journal where there is no Parquet.
pub fn read(folder: &Path) -> Result<StoredRun, ResultsError> {
    let (run, format) = run_file(folder)?;
    let (measurements, layers) = (folder.join(MEASUREMENTS), folder.join(LAYERS));
    if let (Some(bytes), Some(steps)) = (bytes_of(&measurements)?, bytes_of(&layers)?) {
        let rows = parquet::read(format, (&measurements, bytes), (&layers, steps))?;
        return Ok(StoredRun::new(run, rows, Source::Parquet, None));
    }
    let path = folder.join(JOURNAL);
    let text = bytes_of(&path)?;
    if text.is_none() && run.state != RunState::Running {
        let gone = [&measurements, &layers, &path].map(|file| (file, file.exists()));
        let gone = gone.iter().filter(|(_, there)| !there).map(|(file, _)| file.display().to_string());
        let gone = gone.collect::<Vec<_>>().join(", ");
        let message = format!("half of the run is deleted: {gone} gone; put them back from a copy, or delete the rest");
        return Err(ResultsError::RunFile { path: folder.to_path_buf(), message });
    }
    let (rows, torn) = journal(&path, format, &text.unwrap_or_default())?;
    Ok(StoredRun::new(run, rows, Source::Journal, torn))
}

/// Puts `row` in its place by index, instead of an earlier row of that index.
pub(super) fn put(rows: &mut Vec<Measurement>, row: Measurement) {
    match rows.binary_search_by_key(&row.index, |r| r.index) {
        Ok(at) => rows[at] = row,
        Err(at) => rows.insert(at, row),
    }
}

/// Rows of a journal, and what is wrong with its last line, where that is not whole.
fn journal(path: &Path, format: u32, bytes: &[u8]) -> Result<(Vec<Measurement>, Option<String>), ResultsError> {
    let mut rows = Vec::new();
    for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let row = match line.strip_suffix(b"\n") {
            // Whatever it holds, it was not acknowledged.
            None => {
                let torn = format!("{}:{}: half a row, as a kill leaves it", path.display(), number + 1);
                return Ok((rows, Some(torn)));
            }
            Some(line) => row_of(format, line),
        };
        let wrong = |message| ResultsError::Journal { path: path.to_path_buf(), line: number + 1, message };
        let row = row.map_err(|e| wrong(e.to_string()))?;
        super::check::check(&row).map_err(|e| wrong(e.to_string()))?;
        put(&mut rows, row);
    }
    Ok((rows, None))
}

fn row_of(format: u32, line: &[u8]) -> serde_json::Result<Measurement> {
    if format == FORMAT {
        return serde_json::from_slice(line);
    }
    let mut value: serde_json::Value = serde_json::from_slice(line)?;
    migrate::row(format, &mut value);
    serde_json::from_value(value)
}

/// The content of `run.json` in this version's format, and the format that it has.
pub(super) fn run_file(folder: &Path) -> Result<(RunFile, u32), ResultsError> {
    let path = folder.join(RUN_FILE);
    let bytes = bytes_of(&path)?.ok_or_else(|| ResultsError::NotARun { path: folder.to_path_buf() })?;
    let wrong = |message: String| ResultsError::RunFile { path: path.clone(), message };
    // Looked at alone first, since other versions have other fields.
    let mut value: serde_json::Value = serde_json::from_slice(&bytes).map_err(|e| damaged(&path, &e))?;
    let format = migrate::run_file(&mut value).map_err(wrong)?;
    // From the text where it can be, so that an error has a place.
    let run = if format == FORMAT { serde_json::from_slice(&bytes) } else { serde_json::from_value(value) };
    run.map(|run| (run, format)).map_err(|e| damaged(&path, &e))
}

fn damaged(path: &Path, error: &serde_json::Error) -> ResultsError {
    let (line, column) = (error.line().max(1), error.column().max(1));
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default().into();
    ResultsError::Damaged { path: path.to_path_buf(), line, column, message }
}

fn bytes_of(path: &Path) -> Result<Option<Vec<u8>>, ResultsError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(e) => Err(ResultsError::io(path, "read it", e)),
    }
}
