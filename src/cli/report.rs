//! `hil report`.

use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;

use super::output::{print, print_json};
use super::{Ended, Failure};
use crate::report;
use crate::results::gate::{Judgement, judgement_of};
use crate::results::{StoredRun, read, write_file};

pub fn run(folder: &Path, json: bool) -> Ended {
    let run = read(folder)?;
    show(folder, &run, judgement_of(folder)?.as_ref(), json)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the run's page and what machines read of it, prints its table or JSON, and says where the page is.
pub fn show(folder: &Path, run: &StoredRun, judgement: Option<&Judgement>, json: bool) -> Result<(), Failure> {
    let page = report::html(run, judgement).map_err(|e| Failure::Infrastructure(format!("internal error: {e}")))?;
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
    Ok(())
}
