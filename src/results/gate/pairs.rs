//! The pairs that were measured, kept in the run's folder: a gate that was interrupted goes on with them.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::sequence::First;
use super::suspect::{Pair, Request};
use crate::results::ResultsError;
use crate::results::durable::{append_line, replace};

/// The file in the folder of the run.
pub const PAIRS: &str = "pairs.jsonl";

/// A pair, where it was measured and what of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remeasured {
    /// Index of the row in its run.
    pub row: u32,
    /// Position in the row's sequence.
    pub at: u32,
    pub first: First,
    pub unit: String,
    pub image_sha256: Option<String>,
    pub baseline_image_sha256: Option<String>,
    pub pair: Pair,
}

/// The pairs of a run, on the disk as soon as they are measured.
#[derive(Debug)]
pub struct PairLog {
    path: PathBuf,
    known: Vec<Remeasured>,
    file: Mutex<File>,
}

impl PairLog {
    /// Opens the pairs of the run in `folder`, and cuts off half a line, as a kill leaves it.
    pub fn open(folder: &Path) -> Result<Self, ResultsError> {
        let path = folder.join(PAIRS);
        let failed = |e| ResultsError::io(&path, "open the pairs", e);
        let text = match std::fs::read(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            text => text.map_err(failed)?,
        };
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if whole < text.len() {
            replace(&path, &text[..whole], "cut off half a pair")?;
        }
        let mut known = Vec::new();
        for (number, line) in text[..whole].split_inclusive(|byte| *byte == b'\n').enumerate() {
            known.push(serde_json::from_slice(line).map_err(|e| ResultsError::Pairs {
                path: path.clone(),
                line: number + 1,
                message: e.to_string(),
            })?);
        }
        let file = File::options().create(true).append(true).open(&path).map_err(failed)?;
        Ok(Self { path, known, file: Mutex::new(file) })
    }

    /// The pair at position `at` of what `request` asks for, where it was measured before with the same images.
    pub fn find(&self, request: &Request, at: u32, first: First) -> Option<&Pair> {
        let found = self.known.iter().find(|known| {
            (known.row, known.at, known.first) == (request.row, at, first)
                && known.image_sha256 == request.image_sha256
                && known.baseline_image_sha256 == request.baseline_image_sha256
        });
        found.map(|known| &known.pair)
    }

    /// Keeps a pair; it is on the disk when this returns.
    pub fn keep(&self, pair: &Remeasured) -> Result<(), ResultsError> {
        let line = serde_json::to_string(pair).expect("a pair has only string keys and finite numbers");
        // Each line is written whole: a thread that panicked leaves none half done.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        append_line(&mut file, &line).map_err(|e| ResultsError::io(&self.path, "keep a pair", e))
    }
}
