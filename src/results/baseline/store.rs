//! The folder of baselines.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::error::BaselineError;
use super::file::{Accepted, Baseline};
use super::key::{Difference, Key};
use crate::results::{Measurement, Provenance, ResultsError, StoredRun, time, write_file};

/// All baselines of a folder, ordered by their files' names.
#[derive(Debug, Clone, Default)]
pub struct Baselines {
    list: Vec<(PathBuf, Baseline)>,
}

/// What there is for a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Found<'a> {
    Baseline(&'a Baseline),
    /// None for this key; the nearest of the same network, engine, board and provenance, and what differs.
    Nothing {
        nearest: Option<(&'a Baseline, Vec<Difference>)>,
    },
}

impl Baselines {
    /// Baselines that are in no folder.
    pub fn of(baselines: Vec<Baseline>) -> Self {
        Self { list: baselines.into_iter().map(|baseline| (PathBuf::new(), baseline)).collect() }
    }

    /// Reads every `.yaml` file of `folder` and of the folders in it. A folder that does not exist holds none.
    pub fn load(folder: &Path) -> Result<Self, BaselineError> {
        let mut paths = Vec::new();
        files(folder, 2, &mut paths)?;
        paths.sort();
        let mut list: Vec<(PathBuf, Baseline)> = Vec::new();
        for path in paths {
            let bytes = fs::read(&path).map_err(|e| ResultsError::io(&path, "read the baseline", e))?;
            let invalid = |line, message| BaselineError::Invalid { path: path.clone(), line, message };
            let text = String::from_utf8(bytes).map_err(|error| {
                let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
                invalid(before.iter().filter(|byte| **byte == b'\n').count() + 1, "not UTF-8 text".into())
            })?;
            let baseline = Baseline::parse(&path, &text)?;
            if let Some((other, _)) = list.iter().find(|(_, b)| b.key == baseline.key) {
                let line = text.lines().position(|line| line == "key:").map_or(1, |at| at + 1);
                return Err(invalid(line, format!("the same key as in {}; delete one of them", other.display())));
            }
            list.push((path, baseline));
        }
        Ok(Self { list })
    }

    pub fn iter(&self) -> impl Iterator<Item = &Baseline> {
        self.list.iter().map(|(_, baseline)| baseline)
    }

    pub fn find(&self, key: &Key) -> Found<'_> {
        if let Some(baseline) = self.iter().find(|b| b.key == *key) {
            return Found::Baseline(baseline);
        }
        let likeness = |baseline: &&Baseline| (key.likeness(&baseline.key), baseline.accepted.when.clone());
        let nearest = self.iter().filter(|b| key.likeness(&b.key).is_some()).max_by_key(likeness);
        Found::Nothing { nearest: nearest.map(|b| (b, key.differences(&b.key))) }
    }

    /// The baseline of a row that came to no image, whose key lacks what only an image has; the last one accepted.
    pub fn find_unbuilt(&self, key: &Key) -> Option<&Baseline> {
        self.iter().filter(|b| key.may_be(&b.key)).max_by_key(|b| &b.accepted.when)
    }
}

fn files(folder: &Path, depth: u32, found: &mut Vec<PathBuf>) -> Result<(), ResultsError> {
    let entries = match fs::read_dir(folder) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(|e| ResultsError::io(folder, "list the baselines", e))?,
    };
    for entry in entries {
        let path = entry.map_err(|e| ResultsError::io(folder, "list the baselines", e))?.path();
        if path.is_dir() {
            if depth > 0 {
                files(&path, depth - 1, found)?;
            }
        } else if path.extension().is_some_and(|e| e == "yaml") {
            found.push(path);
        }
    }
    Ok(())
}

/// Which rows to accept; what is none is any.
#[derive(Debug, Clone, Default)]
pub struct Only {
    pub network: Option<String>,
    pub board: Option<String>,
    pub engine: Option<String>,
}

impl Only {
    fn meets(&self, row: &Measurement) -> bool {
        let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        same(&self.network, &row.network) && same(&self.board, &row.board) && same(&self.engine, &row.engine)
    }
}

/// A row that was asked for and is not ok.
#[derive(Debug, Clone, PartialEq)]
pub struct Skipped {
    pub network: String,
    pub board: String,
    pub reason: String,
}

/// What was accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Acceptance {
    /// Files written, and whether each replaced an earlier baseline of its key.
    pub written: Vec<(PathBuf, bool)>,
    /// Digests of images that suspects of later nights are measured beside: those of boards, whose numbers scatter.
    pub images: Vec<String>,
    pub skipped: Vec<Skipped>,
}

/// Makes the ok rows of `run` that meet `only` the baselines of their keys, with the reason `why`.
///
/// Where a key had a baseline, its file is replaced, wherever it was. Rows that are not ok are skipped and named.
pub fn accept(folder: &Path, run: &StoredRun, only: &Only, why: &str) -> Result<Acceptance, BaselineError> {
    if why.trim().is_empty() {
        return Err(BaselineError::NoReason);
    }
    let known = Baselines::load(folder)?;
    let when = time::utc_text(SystemTime::now());
    let mut acceptance = Acceptance { written: Vec::new(), images: Vec::new(), skipped: Vec::new() };
    let mut texts: Vec<(PathBuf, bool, String)> = Vec::new();
    for row in run.rows.iter().filter(|row| only.meets(row)) {
        let key = Key::of(row, run.info.facts(row).as_ref());
        let accepted = Accepted {
            why: why.trim().into(),
            when: when.clone(),
            scenario: run.info.scenario.clone(),
            run: run.id.clone(),
            started: run.started.clone(),
            git: row.repeat.git.clone(),
            hil_version: row.repeat.hil_version.clone(),
        };
        let old = known.list.iter().find(|(_, b)| b.key == key).map(|(path, _)| path.clone());
        let path = old.clone().unwrap_or_else(|| folder.join(slug(&row.board)).join(file_name(&key)));
        let predicted = row.provenance == Provenance::Predicted;
        match Baseline::of(row, key, accepted).filter(|_| !predicted) {
            Some(baseline) => {
                // Two rows of one key, e.g. on two units: the first one counts, as everywhere in a run.
                if texts.iter().all(|(other, ..)| *other != path) {
                    let silicon = row.provenance == Provenance::Silicon;
                    acceptance.images.extend(baseline.image_sha256.clone().filter(|_| silicon));
                    texts.push((path, old.is_some(), baseline.text()));
                }
            }
            None => acceptance.skipped.push(Skipped {
                network: row.network.clone(),
                board: row.board.clone(),
                reason: row.outcome.reason().unwrap_or("predicted, not measured").into(),
            }),
        }
    }
    if texts.is_empty() {
        return Err(BaselineError::NothingToAccept { run: run.id.clone() });
    }
    for (path, replaced, text) in texts {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|e| ResultsError::io(folder, "create the folder for baselines", e))?;
        }
        write_file(&path, text.as_bytes())?;
        acceptance.written.push((path, replaced));
    }
    Ok(acceptance)
}

fn file_name(key: &Key) -> String {
    let name = format!("{}.{}.{}", slug(&key.network), slug(&key.engine), key.provenance);
    format!("{name}.{}.yaml", &key.digest()[..8])
}

/// A name as one plain part of a path.
fn slug(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_@".contains(c) { c } else { '-' };
    name.chars().map(plain).take(64).collect()
}
