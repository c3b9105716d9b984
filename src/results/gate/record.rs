//! The judgement in the run's folder.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::verdict::{Judged, Judgement, Metric, Verdict};
use crate::results::{ResultsError, write_file};

/// The judgement's file in the folder of its run.
pub const GATE: &str = "gate.json";

/// Writes the judgement of the run in `folder`.
pub fn record(folder: &Path, judgement: &Judgement) -> Result<(), ResultsError> {
    let text = serde_json::to_string_pretty(judgement).expect("a judgement has only string keys and finite numbers");
    write_file(&folder.join(GATE), (text + "\n").as_bytes())
}

/// The judgement of the run in `folder`; none where the gate did not judge it.
pub fn judgement_of(folder: &Path) -> Result<Option<Judgement>, ResultsError> {
    let file = folder.join(GATE);
    let bytes = match fs::read(&file) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        bytes => bytes.map_err(|e| ResultsError::io(&file, "read the judgement", e))?,
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|e| ResultsError::RunFile {
        path: file,
        message: format!("{e}; delete it to have the run without its judgement"),
    })
}

/// Rows and metrics that the judgement in `folder` found worse.
pub fn worse_in(folder: &Path) -> Result<Vec<(u32, Metric)>, ResultsError> {
    let rows = judgement_of(folder)?.map_or(Vec::new(), |judgement| judgement.rows);
    let of = |row: &Judged| -> Vec<(u32, Metric)> {
        let worse = row.findings().iter().filter(|f| f.verdict == Verdict::Worse);
        worse.map(|f| (row.index, f.metric)).collect()
    };
    Ok(rows.iter().flat_map(of).collect())
}
