//! The index, kept up to date.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use polars::prelude::PolarsResult;
use rayon::prelude::*;

use super::entry::{Entry, Query};
use super::fingerprint::fingerprint;
use super::manifest::{FILE, Manifest, Place, Segment};
use super::segment;
use crate::results::durable::replace;
use crate::results::gate::worse_in;
use crate::results::{Measurement, ResultsError, RunState, StoredRun, read};

/// Folder of the index, in the folder of the runs.
const INDEX: &str = ".index";
/// Entries of a segment that is not joined with others any more.
const FULL: u64 = 200_000;
/// Segments that are not full before they are joined.
const SMALL: usize = 16;

/// All runs of a folder.
#[derive(Debug)]
pub struct History {
    root: PathBuf,
    manifest: Manifest,
    /// Entries of runs that are not in the index: those that go on, and those that could not be written to it.
    loose: Vec<Entry>,
    problems: Vec<String>,
}

/// Entries, the oldest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    pub entries: Vec<Entry>,
    /// Runs that could not be read, and why.
    pub problems: Vec<String>,
}

impl History {
    /// Brings the index of the runs in `root` up to date. A folder that does not exist holds none.
    pub fn open(root: &Path) -> Result<Self, ResultsError> {
        let folder = root.join(INDEX);
        let runs = runs_in(root)?;
        let lock = lock(&folder);
        let mut history = Self {
            root: root.to_path_buf(),
            manifest: Manifest::load(&folder),
            loose: Vec::new(),
            problems: Vec::new(),
        };
        let before = history.manifest.clone();
        history.manifest.runs.retain(|name, place| {
            runs.get(name).is_some_and(|found| matches!(found, Ok(is) if *is == place.fingerprint))
        });
        let mut batch: Vec<(String, String, Vec<Entry>)> = Vec::new();
        for (name, found) in &runs {
            match found {
                Ok(_) if history.manifest.runs.contains_key(name) => {}
                Ok(fingerprint) => match read_run(&root.join(name)) {
                    Ok((RunState::Running, entries)) => history.loose.extend(entries),
                    Ok((_, entries)) => batch.push((name.clone(), fingerprint.clone(), entries)),
                    Err(message) => history.problems.push(message),
                },
                Err(message) => history.problems.push(message.clone()),
            }
            if batch.iter().map(|(.., entries)| entries.len() as u64).sum::<u64>() >= FULL {
                history.put(std::mem::take(&mut batch), lock.is_some());
            }
        }
        history.put(batch, lock.is_some());
        history.manifest.prune();
        if lock.is_some() {
            history.join();
            if history.manifest != before {
                // Without a manifest the next one reads the folders again: slower, and not wrong.
                let _ = replace(&folder.join(FILE), history.manifest.text().as_bytes(), "write the index");
            }
            history.sweep();
        }
        Ok(history)
    }

    /// Puts runs into a new segment, or keeps them in memory where that cannot be.
    fn put(&mut self, batch: Vec<(String, String, Vec<Entry>)>, may_write: bool) {
        let mut entries: Vec<Entry> = Vec::new();
        let mut places: Vec<(String, Place)> = Vec::new();
        for (name, fingerprint, rows) in batch {
            places.push((name, Place { segment: (!rows.is_empty()).then(String::new), fingerprint }));
            entries.extend(rows);
        }
        if entries.is_empty() && may_write {
            self.manifest.runs.extend(places);
            return;
        }
        match may_write.then(|| self.write(&mut entries)).flatten() {
            Some(segment) => {
                for (_, place) in &mut places {
                    place.segment = place.segment.take().map(|_| segment.file.clone());
                }
                self.manifest.runs.extend(places);
                self.manifest.segments.push(segment);
            }
            None => self.loose.append(&mut entries),
        }
    }

    fn write(&self, entries: &mut [Entry]) -> Option<Segment> {
        let name = crate::results::sha256_hex(
            entries.iter().map(|e| format!("{:?}", e.place())).collect::<String>().as_bytes(),
        );
        let mut number = 0;
        let file = loop {
            let file = format!("{}-{number}.parquet", &name[..16]);
            if !self.folder().join(&file).exists() {
                break file;
            }
            number += 1;
        };
        let (segment, bytes) = segment::encode(file, entries).ok()?;
        replace(&self.folder().join(&segment.file), &bytes, "write the index").ok()?;
        Some(segment)
    }

    fn folder(&self) -> PathBuf {
        self.root.join(INDEX)
    }

    /// Joins small segments where there are many of them.
    fn join(&mut self) {
        let small: Vec<Segment> = self.manifest.segments.iter().filter(|s| s.rows < FULL).cloned().collect();
        if small.len() <= SMALL {
            return;
        }
        let read = |segment: &Segment| segment::read_all(&self.folder(), segment, &self.is_in(&segment.file));
        let Ok(entries) = small.iter().map(read).collect::<PolarsResult<Vec<_>>>() else { return };
        let mut entries = entries.concat();
        let Some(joined) = self.write(&mut entries) else { return };
        let was_small = |file: &str| small.iter().any(|s| s.file == file);
        for place in self.manifest.runs.values_mut() {
            if place.segment.as_deref().is_some_and(was_small) {
                place.segment = Some(joined.file.clone());
            }
        }
        self.manifest.segments.retain(|s| !was_small(&s.file));
        self.manifest.segments.push(joined);
    }

    fn is_in<'a>(&'a self, file: &'a str) -> impl Fn(&str) -> bool + 'a {
        move |run| self.manifest.runs.get(run).is_some_and(|place| place.segment.as_deref() == Some(file))
    }

    /// Deletes segments that the manifest does not name.
    fn sweep(&self) {
        let Ok(files) = fs::read_dir(self.folder()) else { return };
        for path in files.flatten().map(|entry| entry.path()).filter(|p| p.extension().is_some_and(|e| e == "parquet"))
        {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if self.manifest.segments.iter().all(|segment| segment.file != name) {
                let _ = fs::remove_file(&path);
            }
        }
    }

    /// Entries that meet `query`.
    pub fn query(&self, query: &Query) -> Result<Answer, ResultsError> {
        let (mut entries, mut problems) = (Vec::new(), self.problems.clone());
        for segment in &self.manifest.segments {
            match segment::read(&self.folder(), segment, query, &self.is_in(&segment.file)) {
                Ok(found) => entries.extend(found),
                // Damaged, or joined by another process since: the folders still have everything.
                Err(_) => {
                    let lost = self.manifest.runs.iter().filter(|(_, p)| p.segment.as_deref() == Some(&segment.file));
                    for (name, _) in lost {
                        match read_run(&self.root.join(name)) {
                            Ok((_, found)) => entries.extend(found.into_iter().filter(|e| meets(query, e))),
                            Err(message) => problems.push(message),
                        }
                    }
                    // Built anew next time.
                    let _ = fs::remove_file(self.folder().join(FILE));
                }
            }
        }
        entries.extend(self.loose.iter().filter(|e| meets(query, e)).cloned());
        entries.sort_by(|a, b| a.place().cmp(&b.place()));
        Ok(Answer { entries, problems })
    }
}

fn meets(query: &Query, entry: &Entry) -> bool {
    query.meets(&entry.network, &entry.board, &entry.engine, entry.provenance.name(), &entry.key)
}

/// The lock of the index; none where somebody else has it or the folder cannot be written.
fn lock(folder: &Path) -> Option<File> {
    if !folder.parent()?.is_dir() {
        return None;
    }
    fs::create_dir_all(folder).ok()?;
    let file = File::options().create(true).truncate(false).write(true).open(folder.join("lock")).ok()?;
    file.try_lock().ok()?;
    Some(file)
}

/// Names of the runs in `root`, and what their files look like, or why that cannot be seen.
fn runs_in(root: &Path) -> Result<BTreeMap<String, Result<String, String>>, ResultsError> {
    let entries = match fs::read_dir(root) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
        entries => entries.map_err(|e| ResultsError::io(root, "list the runs", e))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|e| ResultsError::io(root, "list the runs", e))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !name.starts_with('.') {
            names.push(name);
        }
    }
    // A disk that has to look for the folders of thousands of runs answers several questions at a time.
    let look = |name: String| {
        let path = root.join(&name);
        let found = match fingerprint(&path) {
            Ok(found) => Ok(found?),
            Err(e) => Err(format!("{}: failed to look at it: {e}", path.display())),
        };
        Some((name, found))
    };
    Ok(names.into_par_iter().filter_map(look).collect())
}

/// The entries of a run.
fn read_run(folder: &Path) -> Result<(RunState, Vec<Entry>), String> {
    let StoredRun { state, started, info, rows, .. } = read(folder).map_err(|e| e.to_string())?;
    // Folders are what the index goes by; a copied folder has its own name and somebody else's id.
    let id = folder.file_name().unwrap_or_default().to_string_lossy();
    let worse = worse_in(folder).map_err(|e| e.to_string())?;
    let entry = |row: &Measurement| {
        let mine = worse.iter().filter(|(index, _)| *index == row.index).map(|(_, metric)| metric.name().to_string());
        Entry::of(&id, &started, &info, row, mine.collect())
    };
    Ok((state, rows.iter().map(entry).collect()))
}
