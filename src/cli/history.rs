//! `hil history`.

use std::process::ExitCode;

use super::arguments::HistoryOptions;
use super::output::{print, print_json};
use super::{Ended, Failure};
use crate::report;
use crate::results::Provenance;
use crate::results::gate::Metric;
use crate::results::history::{History, Query, series};

pub fn run(options: HistoryOptions, json: bool) -> Ended {
    let metric = metric(&options.metric)?;
    let provenance = match options.provenance {
        None => None,
        Some(name) => {
            let known = Provenance::ALL.into_iter().find(|provenance| provenance.name() == name);
            let names = || Provenance::ALL.map(Provenance::name).join(", ");
            Some(known.ok_or_else(|| Failure::Usage(format!("--provenance {name}: unknown (known: {})", names())))?)
        }
    };
    let query = Query { network: options.network, board: options.board, engine: options.engine, provenance, key: None };
    let answer = History::open(&options.results)?.query(&query)?;
    let series = series(&answer.entries, metric);
    if json {
        print_json(&report::history_json(&series, &answer.problems))?;
    } else if series.is_empty() {
        print("no run has such a number")?;
    } else {
        print(&report::history_text(&series, options.last))?;
    }
    for problem in &answer.problems {
        eprintln!("warning: {problem}");
    }
    Ok(ExitCode::SUCCESS)
}

/// The number that a user calls `name`.
pub fn metric(name: &str) -> Result<Metric, Failure> {
    match name {
        "cycles" | "latency" => Ok(Metric::Cycles),
        "instructions" => Ok(Metric::Instructions),
        "energy" => Ok(Metric::Energy),
        "sram" => Ok(Metric::Sram),
        "flash" => Ok(Metric::Flash),
        other => {
            let known = "cycles, instructions, energy, sram, flash";
            Err(Failure::Usage(format!("--metric {other}: unknown (known: {known})")))
        }
    }
}
