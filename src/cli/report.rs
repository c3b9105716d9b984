//! `hil report`.

use std::path::Path;
use std::process::ExitCode;

use super::output::{print, print_json};
use super::{Ended, Failure};
use crate::report;
use crate::results::{StoredRun, read, write_file};

pub fn run(folder: &Path, json: bool) -> Ended {
    let run = read(folder)?;
    show(folder, &run, json)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the run's page, prints its table or JSON, and says where the page is.
pub fn show(folder: &Path, run: &StoredRun, json: bool) -> Result<(), Failure> {
    let page = report::html(run).map_err(|e| Failure::Infrastructure(format!("internal error: {e}")))?;
    let path = folder.join("report.html");
    write_file(&path, page.as_bytes())?;
    if json {
        print_json(&report::json(run))?
    } else {
        print(&report::terminal(run))?
    }
    eprintln!("report: {}", path.display());
    Ok(())
}
