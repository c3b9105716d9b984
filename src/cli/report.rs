//! `hil report`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::Value;

use super::output::{print, print_json};
use super::{Ended, Failure};
use crate::report;
use crate::results::gate::{Judgement, Metric, judgement_of};
use crate::results::history::{History, Query, Series, series};
use crate::results::{Predictions, StoredRun, read, write_file};

pub fn run(folder: &Path, open: bool, json: bool) -> Ended {
    let run = read(folder)?;
    let page = show(folder, &run, judgement_of(folder)?.as_ref(), json)?;
    if open {
        browse(&page)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows a page in the browser that the system prefers, and does not wait for it.
pub fn browse(page: &Path) -> Result<(), Failure> {
    // Browsers know no working directory.
    let absolute = std::path::absolute(page).unwrap_or_else(|_| page.to_path_buf());
    let failed = |e| Failure::Infrastructure(format!("{}: no browser shows it ({e}); open it by hand", page.display()));
    open::that_detached(absolute).map_err(failed)
}

/// Writes the run's page and what machines read of it, and prints its table or JSON. Returns where the page is.
pub fn show(folder: &Path, run: &StoredRun, judgement: Option<&Judgement>, json: bool) -> Result<PathBuf, Failure> {
    let history = history(folder, run)?;
    let predictions = Predictions::of(folder)?;
    let beside = report::Beside { judgement, history: &history, predictions: predictions.as_ref() };
    let page = report::html(run, beside).map_err(|e| Failure::Infrastructure(format!("internal error: {e}")))?;
    let path = folder.join("report.html");
    write_file(&path, page.as_bytes())?;
    write_file(&folder.join("summary.md"), report::markdown(run, judgement).as_bytes())?;
    write_file(&folder.join("junit.xml"), report::junit(run, judgement).as_bytes())?;
    write_file(&folder.join("rows.csv"), report::csv(run, judgement).as_bytes())?;
    if json {
        let mut value = report::json(run);
        value["gate"] = judgement.map_or(Value::Null, |judgement| serde_json::to_value(judgement).unwrap_or_default());
        print_json(&value)?
    } else {
        print(&report::terminal(run))?;
        if let Some(judgement) = judgement {
            print(&format!("\n{}", report::judgement_text(judgement)))?;
        }
    }
    eprintln!("report: {}", path.display());
    Ok(path)
}

/// Earlier nights of the run's rows, from the folder that the run is in, for as many networks as a page can show.
fn history(folder: &Path, run: &StoredRun) -> Result<Vec<Series>, Failure> {
    const NETWORKS: usize = 32;
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    let Some(results) = folder.parent() else { return Ok(Vec::new()) };
    let store = History::open(results)?;
    let mut networks: Vec<&str> = Vec::new();
    for row in run.rows.iter().filter(|row| row.latency().is_some()) {
        if !networks.contains(&row.network.as_str()) && networks.len() < NETWORKS {
            networks.push(&row.network);
        }
    }
    let mut all = Vec::new();
    for network in networks {
        let query = Query { network: Some(network.into()), ..Query::default() };
        let mut entries = store.query(&query)?.entries;
        // What came after this run is no history of it.
        entries.retain(|entry| entry.started <= run.started);
        let keys: Vec<String> = entries.iter().filter(|e| folder.ends_with(&e.run)).map(|e| e.key.clone()).collect();
        entries.retain(|entry| keys.contains(&entry.key));
        all.extend(series(&entries, Metric::Cycles));
    }
    // What moved comes first.
    all.sort_by_key(|series| series.trend.steps.is_empty());
    Ok(all)
}
