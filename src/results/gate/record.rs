//! The judgement in the run's folder.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;

use super::verdict::{Judgement, Metric, Verdict};
use crate::results::{ResultsError, write_file};

/// The judgement's file in the folder of its run.
pub const GATE: &str = "gate.json";

/// Writes the judgement of the run in `folder`.
pub fn record(folder: &Path, judgement: &Judgement) -> Result<(), ResultsError> {
    let text = serde_json::to_string_pretty(judgement).expect("a judgement has only string keys and finite numbers");
    write_file(&folder.join(GATE), (text + "\n").as_bytes())
}

/// What of the file histories need; other versions may say more.
#[derive(Deserialize)]
struct Read {
    rows: Vec<ReadRow>,
}

#[derive(Deserialize)]
struct ReadRow {
    index: u32,
    #[serde(default)]
    findings: Vec<ReadFinding>,
}

#[derive(Deserialize)]
struct ReadFinding {
    metric: Metric,
    verdict: Verdict,
}

/// Rows and metrics that the judgement in `file` found worse; none where there is no judgement.
pub fn worse_in(file: &Path) -> Result<Vec<(u32, Metric)>, ResultsError> {
    let bytes = match fs::read(file) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        bytes => bytes.map_err(|e| ResultsError::io(file, "read the judgement", e))?,
    };
    let read: Read = serde_json::from_slice(&bytes).map_err(|e| ResultsError::RunFile {
        path: file.to_path_buf(),
        message: format!("{e}; delete it to have the run without its judgement"),
    })?;
    let of = |row: &ReadRow| -> Vec<(u32, Metric)> {
        let worse = row.findings.iter().filter(|f| f.verdict == Verdict::Worse);
        worse.map(|f| (row.index, f.metric)).collect()
    };
    Ok(read.rows.iter().flat_map(of).collect())
}
