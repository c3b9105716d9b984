//! Measures commits of a repository until the one that moved a number is known.
//!
//! Each commit gets a working tree of its own, so that the user's is left alone, and a folder of results that is kept:
//! bisecting again with the same folder measures nothing twice.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::rack::Cancel;
use crate::results::gate::Metric;
use crate::results::history::{Entry, Query};
use crate::results::step::{Bisection, Change, Next, Reading};
use crate::results::{ResultsError, read};

/// What to bisect.
#[derive(Debug, Clone)]
pub struct Search {
    /// Revisions of git, the first an ancestor of the second.
    pub good: String,
    pub bad: String,
    /// For `sh`, in the commit's working tree.
    pub build: String,
    /// The `hil` that measures; relative to the commit's working tree, so that a change of `hil` itself can be found.
    pub measure_with: PathBuf,
    /// The scenario, relative to the working tree.
    pub scenario: PathBuf,
    pub row: Query,
    pub metric: Metric,
    /// Folder of results, one folder per commit.
    pub out: PathBuf,
}

/// A commit of the range.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Commit {
    pub hash: String,
    pub subject: String,
}

/// How it ended.
#[derive(Debug, Clone)]
pub struct Bisected {
    /// Oldest first; the first is the good end.
    pub commits: Vec<Commit>,
    pub readings: Vec<Option<Reading>>,
    pub change: Option<Change>,
}

#[derive(Debug, thiserror::Error)]
pub enum BisectError {
    #[error("git {command}: {message}")]
    Git { command: String, message: String },
    #[error("{good}..{bad} has no commits: the good one must be an ancestor of the bad one")]
    Empty { good: String, bad: String },
    #[error("{end} end, {hash}: {why}")]
    End { end: &'static str, hash: String, why: String },
    #[error("{}: {source}", .path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("stopped; what was measured is kept in {}", .0.display())]
    Cancelled(PathBuf),
}

/// What a caller hears while commits are measured.
pub struct Told<'a> {
    pub commit: &'a Commit,
    pub reading: &'a Reading,
    /// Measurements that are left at most.
    pub left: u32,
}

/// Bisects the range; `tell` hears of each commit that was measured.
pub fn bisect(search: &Search, cancel: &Cancel, tell: &dyn Fn(&Told<'_>)) -> Result<Bisected, BisectError> {
    let commits = range(search)?;
    let mut bisection = Bisection::new(commits.len());
    let trees = tempfile::tempdir().map_err(|source| BisectError::Io { path: std::env::temp_dir(), source })?;
    let change = loop {
        let at = match bisection.next() {
            Next::Measure(at) => at,
            Next::Found(change) => break Some(change),
            Next::Same(_) => break None,
            Next::EndUnmeasured { at, why } => {
                let end = if at == 0 { "good" } else { "bad" };
                return Err(BisectError::End { end, hash: commits[at].hash.clone(), why });
            }
        };
        if cancel.is_cancelled() {
            return Err(BisectError::Cancelled(search.out.clone()));
        }
        let reading = measure(search, &commits[at], trees.path(), cancel)?;
        bisection.record(at, reading.clone());
        tell(&Told { commit: &commits[at], reading: &reading, left: bisection.left() });
    };
    let readings = (0..commits.len()).map(|at| bisection.reading(at).cloned()).collect();
    Ok(Bisected { commits, readings, change })
}

/// The good commit and those after it up to the bad one, along first parents: a merge counts as one change.
fn range(search: &Search) -> Result<Vec<Commit>, BisectError> {
    let (good, bad) = (&search.good, &search.bad);
    let ancestor = Command::new("git").args(["merge-base", "--is-ancestor", good, bad]).status();
    if ancestor.is_ok_and(|status| status.code() == Some(1)) {
        return Err(BisectError::Empty { good: good.clone(), bad: bad.clone() });
    }
    let first = git(&["log", "-1", "--format=%H %s", "--end-of-options", good])?;
    let span = format!("{good}..{bad}");
    let others = git(&["log", "--first-parent", "--reverse", "--format=%H %s", "--end-of-options", &span])?;
    let commit = |line: &str| {
        let (hash, subject) = line.split_once(' ').unwrap_or((line, ""));
        Commit { hash: hash.into(), subject: subject.into() }
    };
    let commits: Vec<Commit> = first.lines().chain(others.lines()).map(commit).collect();
    if commits.len() < 2 {
        return Err(BisectError::Empty { good: good.clone(), bad: bad.clone() });
    }
    Ok(commits)
}

/// Builds and measures one commit, or reads what an earlier search measured of it.
fn measure(search: &Search, commit: &Commit, trees: &Path, cancel: &Cancel) -> Result<Reading, BisectError> {
    let out = std::path::absolute(search.out.join(&commit.hash)).unwrap_or_else(|_| search.out.join(&commit.hash));
    if let Some(value) = value(search, &out) {
        return Ok(Reading::Value(value));
    }
    let tree = trees.join(&commit.hash);
    let path = tree.display().to_string();
    git(&["worktree", "add", "--detach", "--force", &path, &commit.hash])?;
    let reading = measure_in(search, &tree, &out);
    // A tree that does not go is litter, and no reason to lose what was measured.
    let _ = git(&["worktree", "remove", "--force", &path]);
    if cancel.is_cancelled() {
        return Err(BisectError::Cancelled(search.out.clone()));
    }
    reading
}

fn measure_in(search: &Search, tree: &Path, out: &Path) -> Result<Reading, BisectError> {
    let mut build = Command::new("sh");
    if let Some(why) = failure(build.args(["-ec", &search.build]).current_dir(tree), "the build")? {
        return Ok(Reading::Unmeasured(why));
    }
    // Joining an absolute path gives that path.
    let mut run = Command::new(tree.join(&search.measure_with));
    run.arg("run").arg(&search.scenario).arg("--out").arg(out).current_dir(tree);
    let why = failure(&mut run, "the measurement")?;
    match (value(search, out), why) {
        // A gate that fails ends with a code of its own, and has measured.
        (Some(value), _) => Ok(Reading::Value(value)),
        (None, Some(why)) => Ok(Reading::Unmeasured(why)),
        (None, None) => Ok(Reading::Unmeasured("no row, or more than one, is the one that is looked for".into())),
    }
}

/// Runs a command; why it failed, in its own last words.
fn failure(command: &mut Command, what: &str) -> Result<Option<String>, BisectError> {
    let path = PathBuf::from(command.get_program());
    match command.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => Ok(None),
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stderr);
            let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no message").trim();
            Ok(Some(format!("{what} failed ({}): {last}", output.status)))
        }
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => {
            Ok(Some(format!("{what} failed: {}: not there", path.display())))
        }
        Err(source) => Err(BisectError::Io { path, source }),
    }
}

/// The number that is looked for, from the newest run in `out` that has it in exactly one row.
fn value(search: &Search, out: &Path) -> Option<f64> {
    let mut runs: Vec<PathBuf> = std::fs::read_dir(out).ok()?.flatten().map(|entry| entry.path()).collect();
    runs.retain(|path| path.join("run.json").is_file());
    runs.sort();
    runs.iter().rev().find_map(|folder| one_value(search, folder).ok().flatten())
}

fn one_value(search: &Search, folder: &Path) -> Result<Option<f64>, ResultsError> {
    let run = read(folder)?;
    let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
    let row = &search.row;
    let rows = run.rows.iter().filter(|found| {
        same(&row.network, &found.network) && same(&row.board, &found.board) && same(&row.engine, &found.engine)
    });
    let mut values =
        rows.filter_map(|found| Entry::of(&run.id, &run.started, &run.info, found, Vec::new()).value(search.metric));
    let first = values.next();
    Ok(first.filter(|_| values.next().is_none()))
}

fn git(arguments: &[&str]) -> Result<String, BisectError> {
    let failed = |message: String| BisectError::Git { command: arguments.join(" "), message };
    let output = Command::new("git").args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|e| failed(e.to_string()))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_string()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
