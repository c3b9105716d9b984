//! `hil validate`.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::arguments::ValidateOptions;
use super::output::{columns, print, print_json};
use super::{Ended, Failure};
use crate::board::{self, Board, Core};
use crate::validate::{Band, Fact, bands, drive, find, shipped};

/// An image that was timed.
struct Row {
    fact: Fact,
    core: &'static str,
    seconds: f64,
    microjoules: Option<f64>,
}

impl Row {
    /// Percent of what was published.
    fn error(&self) -> f64 {
        (self.seconds / self.fact.seconds() - 1.0) * 100.0
    }
}

pub fn run(options: ValidateOptions, json: bool) -> Ended {
    let facts = shipped().map_err(|e| Failure::Infrastructure(format!("internal error: {e}")))?;
    if let Some(name) = &options.board {
        Board::shipped(name)?;
    }
    let known = board::names();
    let wanted = |fact: &Fact| {
        known.contains(&fact.board.as_str()) && options.board.as_ref().is_none_or(|name| *name == fact.board)
    };
    let facts: Vec<Fact> = facts.into_iter().flat_map(|facts| facts.images).filter(wanted).collect();
    let images = find(&options.images, &facts).map_err(|e| Failure::Usage(e.to_string()))?;
    let mut rows = Vec::new();
    for (fact, image) in facts.into_iter().zip(images) {
        let Some(image) = image else {
            eprintln!("not found: {}", fact.path);
            continue;
        };
        let board = Board::shipped(&fact.board)?;
        let timed = drive(&fact, &board, &image).map_err(|e| Failure::Infrastructure(format!("{}: {e}", fact.path)))?;
        let microjoules = board.power.as_ref().map(|power| power.microjoules(timed.seconds));
        let row = Row { fact, core: core_name(board.core), seconds: timed.seconds, microjoules };
        eprintln!("{} {}: {:+.1} %", row.fact.board, row.fact.model, row.error());
        rows.push(row);
    }
    if rows.is_empty() {
        let folder = options.images.display();
        return Err(Failure::Usage(format!("{folder}: none of the images that facts are known of is there")));
    }
    let by_core = bands(rows.iter().map(|row| (row.core, row.error())));
    let by_board = bands(rows.iter().map(|row| (row.fact.board.as_str(), row.error())));
    let worse = worse(&by_board)?;
    if json {
        print_json(&as_json(&rows, &by_core, &by_board, &worse))?;
    } else {
        print(&table(&rows, &by_core, &by_board))?;
        worse.iter().for_each(|problem| eprintln!("{problem}"));
    }
    Ok(if worse.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn core_name(core: Core) -> &'static str {
    #[allow(unreachable_patterns)] // Cores are added to the boards before facts about them are.
    match core {
        Core::CortexM4f => "cortex-m4f",
        Core::CortexM7f => "cortex-m7f",
        _ => "other",
    }
}

/// Boards whose error is larger than their file says, to a tenth of a percent.
fn worse(by_board: &[Band]) -> Result<Vec<String>, Failure> {
    let mut problems = Vec::new();
    for band in by_board {
        let board = Board::shipped(&band.of)?;
        let (found, name) = (band.errors, &band.of);
        match board.validation.map(|validation| validation.latency) {
            None => problems.push(format!(
                "boards/{name}.yaml has no `validation`; it should say median: {:.1}, worst: {:.1}, rows: {}",
                found.median, found.worst, found.rows
            )),
            Some(stored) if found.median > stored.median + 0.05 || found.worst > stored.worst + 0.05 => {
                problems.push(format!(
                    "boards/{name}.yaml promises {:.1} % median and {:.1} % worst; it is {:.1} % and {:.1} %",
                    stored.median, stored.worst, found.median, found.worst
                ));
            }
            Some(_) => {}
        }
    }
    Ok(problems)
}

fn table(rows: &[Row], by_core: &[Band], by_board: &[Band]) -> String {
    let titles = ["board", "model", "predicted ms", "published ms", "error %", "predicted µJ"];
    let mut lines = vec![titles.map(String::from).to_vec()];
    lines.extend(rows.iter().map(|row| {
        vec![
            row.fact.board.clone(),
            row.fact.model.clone(),
            format!("{:.3}", row.seconds * 1e3),
            format!("{:.3}", row.fact.seconds() * 1e3),
            format!("{:+.1}", row.error()),
            row.microjoules.map_or("-".into(), |uj| format!("{uj:.0}")),
        ]
    }));
    let titles = ["absolute error of", "median %", "worst %", "images"];
    let mut summary = vec![titles.map(String::from).to_vec()];
    summary.extend(by_core.iter().chain(by_board).map(|band| {
        let errors = band.errors;
        vec![band.of.clone(), format!("{:.1}", errors.median), format!("{:.1}", errors.worst), errors.rows.to_string()]
    }));
    format!("{}\n\n{}", columns(&lines, 2), columns(&summary, 1))
}

fn as_json(rows: &[Row], by_core: &[Band], by_board: &[Band], worse: &[String]) -> Value {
    let band = |band: &Band| {
        let errors = band.errors;
        json!({ "of": band.of, "median_percent": errors.median, "worst_percent": errors.worst, "images": errors.rows })
    };
    let images: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "path": row.fact.path,
                "board": row.fact.board,
                "core": row.core,
                "model": row.fact.model,
                "predicted_ms": row.seconds * 1e3,
                "published_ms": row.fact.seconds() * 1e3,
                "error_percent": row.error(),
                "predicted_uj": row.microjoules,
                "published_uj": row.fact.microjoules,
            })
        })
        .collect();
    json!({
        "images": images,
        "cores": by_core.iter().map(band).collect::<Vec<_>>(),
        "boards": by_board.iter().map(band).collect::<Vec<_>>(),
        "worse_than_stored": worse,
    })
}
