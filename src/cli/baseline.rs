//! `hil baseline`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use super::arguments::BaselineCommand;
use super::output::{columns, either, print, print_json};
use super::{Ended, Failure};
use crate::results::baseline::{Baselines, Only, accept, images};
use crate::results::read;

pub fn run(command: BaselineCommand, json: bool) -> Ended {
    match command {
        BaselineCommand::Accept { run, only, why, baselines } => {
            let folder = baselines.unwrap_or_else(|| beside(&run));
            accepted(&run, &meant(&only)?, &why, &folder, json)
        }
        BaselineCommand::List { baselines } => list(&baselines, json),
    }
}

/// Baselines stand beside the runs.
pub fn beside(run: &Path) -> PathBuf {
    let parent = std::path::absolute(run).ok().and_then(|run| run.parent().map(Path::to_path_buf));
    parent.unwrap_or_else(|| "results".into()).join("baselines")
}

fn meant(only: &[String]) -> Result<Only, Failure> {
    let mut meant = Only::default();
    for text in only {
        let place = match text.split_once('=') {
            Some(("network", name)) => (&mut meant.network, name),
            Some(("board", name)) => (&mut meant.board, name),
            Some(("engine", name)) => (&mut meant.engine, name),
            _ => {
                let message = format!("--only {text}: it takes network=NAME, board=NAME or engine=NAME");
                return Err(Failure::Usage(message));
            }
        };
        if place.0.replace(place.1.into()).is_some() {
            return Err(Failure::Usage(format!("--only {text}: given twice; accept them one after the other")));
        }
    }
    Ok(meant)
}

fn accepted(run: &Path, only: &Only, why: &str, folder: &Path, json: bool) -> Ended {
    let acceptance = accept(folder, &read(run)?, only, why)?;
    if json {
        let written = |(path, replaced): &(PathBuf, bool)| json!({ "file": path, "replaced": replaced });
        let skipped = |s: &crate::results::baseline::Skipped| json!({ "network": s.network, "board": s.board, "reason": s.reason });
        print_json(&json!({
            "written": acceptance.written.iter().map(written).collect::<Vec<_>>(),
            "skipped": acceptance.skipped.iter().map(skipped).collect::<Vec<_>>(),
        }))?;
    } else {
        let line = |(path, replaced): &(PathBuf, bool)| {
            format!("{} {}", if *replaced { "replaced" } else { "new" }, path.display())
        };
        print(&acceptance.written.iter().map(line).collect::<Vec<_>>().join("\n"))?;
    }
    // After the baselines that name them, so that nobody takes them for what is not needed.
    for sha256 in &acceptance.images {
        if let Err(error) = images::keep(run, sha256) {
            eprintln!("{error}; without this image a suspect of the baseline will stay unclear");
        }
    }
    for skipped in &acceptance.skipped {
        eprintln!("not accepted: {} on {}: {}", skipped.network, skipped.board, skipped.reason);
    }
    Ok(ExitCode::SUCCESS)
}

fn list(folder: &Path, json: bool) -> Ended {
    let baselines = Baselines::load(folder)?;
    let text = || {
        let head = ["network", "board", "engine", "provenance", "accepted", "why", "cycles"].map(String::from).to_vec();
        let row = |b: &crate::results::baseline::Baseline| {
            let cycles = b.median_cycles().map_or("–".into(), |cycles| format!("{cycles}"));
            let when = b.accepted.when.chars().take(10).collect();
            let why = b.accepted.why.chars().map(|c| if c.is_control() { ' ' } else { c }).take(40).collect();
            let key = &b.key;
            vec![
                key.network.clone(),
                key.board.clone(),
                key.engine.clone(),
                key.provenance.to_string(),
                when,
                why,
                cycles,
            ]
        };
        columns(&std::iter::once(head).chain(baselines.iter().map(row)).collect::<Vec<_>>(), 6)
    };
    either(json, || json!({ "baselines": baselines.iter().collect::<Vec<_>>() }), text)
}
