//! What old runs no longer need.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::baseline::images::IMAGES;
use super::baseline::{BaselineError, Baselines};
use super::{ResultsError, folder, read};

/// What is being removed has such a name first, so that a killed removal leaves no half a run.
const GOING: &str = ".going-";

/// What to leave and what to take.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// Newest runs of each scenario that stay as they are.
    pub keep: usize,
    /// Take whole runs, not only their images.
    pub whole: bool,
    /// Only say what would go.
    pub dry_run: bool,
}

/// Something that went, or would.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Removed {
    pub path: PathBuf,
    pub bytes: u64,
}

/// Removes what old runs in `results` no longer need. Runs that baselines were accepted from stay, since a suspect is
/// measured against their images; so do images that baselines name, runs that are being written, and what cannot be read.
pub fn sweep(results: &Path, baselines: &Path, retention: Retention) -> Result<Vec<Removed>, BaselineError> {
    let baselines = Baselines::load(baselines)?;
    let accepted: Vec<String> = baselines.iter().map(|b| b.accepted.run.clone()).collect();
    let mut scenarios: BTreeMap<String, Vec<(String, PathBuf)>> = BTreeMap::new();
    let mut removed = Vec::new();
    let entries = fs::read_dir(results).map_err(|e| ResultsError::io(results, "list the runs", e))?;
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(GOING) {
            take(&path, retention.dry_run, &mut removed)?;
        } else if let Ok(run) = read(&path) {
            scenarios.entry(run.info.scenario).or_default().push((run.started, path));
        }
    }
    for runs in scenarios.values_mut() {
        runs.sort();
        let old = runs.len().saturating_sub(retention.keep);
        for (_, path) in &runs[..old] {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let Ok(lock) = folder::lock(path, Duration::ZERO) else { continue };
            if accepted.iter().any(|run| *run == name) {
                continue;
            }
            let target = if retention.whole { path.clone() } else { path.join(IMAGES) };
            if target.is_dir() {
                take(&target, retention.dry_run, &mut removed)?;
            }
            drop(lock);
        }
    }
    images(&results.join(IMAGES), &baselines, retention.dry_run, &mut removed)?;
    removed.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(removed)
}

/// Removes images that no baseline names any more.
fn images(folder: &Path, baselines: &Baselines, dry_run: bool, removed: &mut Vec<Removed>) -> Result<(), ResultsError> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    let named: Vec<&str> = baselines.iter().filter_map(|b| b.image_sha256.as_deref()).collect();
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "elf"))
    {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        if named.iter().any(|named| *named == name) {
            continue;
        }
        removed.push(Removed { bytes: path.metadata().map_or(0, |found| found.len()), path: path.clone() });
        if !dry_run {
            fs::remove_file(&path).map_err(|e| ResultsError::io(&path, "remove it", e))?;
        }
    }
    Ok(())
}

fn take(path: &Path, dry_run: bool, removed: &mut Vec<Removed>) -> Result<(), ResultsError> {
    removed.push(Removed { path: path.to_path_buf(), bytes: size(path) });
    if dry_run {
        return Ok(());
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let going = if name.starts_with(GOING) { path.into() } else { path.with_file_name(format!("{GOING}{name}")) };
    let failed = |e| ResultsError::io(path, "remove it", e);
    if going != path {
        fs::rename(path, &going).map_err(failed)?;
    }
    fs::remove_dir_all(&going).map_err(failed)
}

/// Bytes of all files in a folder; what cannot be seen counts nothing.
fn size(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let of = |entry: fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => size(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    entries.flatten().map(of).sum()
}
