//! `hil run`.

use std::path::Path;

use super::arguments::RunOptions;
use super::progress::Progress;
use super::verdict::Verdict;
use super::{Ended, Failure, interrupt, report};
use crate::board::{self, Board};
use crate::network::builtin;
use crate::rack::Rack;
use crate::results::RunState;
use crate::results::gate::Request;
use crate::run::{Images, Judge, Order, carry};
use crate::scenario::{self, Known, Scenario, ScenarioError};

pub fn run(options: RunOptions, json: bool) -> Ended {
    let scenario = load(&options.scenario)?;
    if scenario.candidates.is_empty() {
        let file = options.scenario.display();
        return Err(Failure::Usage(format!(
            "{file}: it has a `search` and no candidates; `hil search {file}` searches"
        )));
    }
    let text = std::fs::read_to_string(&options.scenario)
        .map_err(|source| ScenarioError::Unreadable { path: options.scenario.clone(), source })?;
    let cancel = interrupt::cancel()?;
    let judge = match &scenario.gates {
        None => None,
        Some(gates) => {
            let resumed = options.resume.as_deref().map(super::baseline::beside);
            let beside = resumed.unwrap_or_else(|| options.out.join("baselines"));
            let baselines = options.baselines.as_ref().unwrap_or(&beside);
            let results = beside.parent().map_or_else(|| options.out.clone(), Path::to_path_buf);
            Some((Judge::new(&results, baselines)?, gates))
        }
    };
    let jobs = options.jobs.map_or_else(super::rack::default_jobs, usize::from);
    let tools = Images::find().map_err(|e| Failure::Infrastructure(e.to_string()))?;
    let boards = scenario.boards.iter().map(|name| Board::shipped(name)).collect::<Result<Vec<_>, _>>()?;
    let rack = Rack::emulated(&boards, jobs);
    let order = Order {
        scenario_file: options.scenario.display().to_string(),
        scenario_text: text,
        command: std::env::args().collect(),
        results: options.out,
        resume: options.resume,
        jobs,
        cancel,
    };
    let progress = Progress::new();
    let finished = carry(&scenario, &tools, &rack, &order, &|event| progress.tell(event));
    progress.end();
    let finished = finished?;
    let judgement = match &judge {
        Some((judge, gates)) if finished.run.state == RunState::Finished => {
            let mut no_unit = |_: &Request| Err("this rack has no boards to measure again on".to_string());
            Some(judge.judge(&finished, gates, &mut no_unit)?)
        }
        _ => None,
    };
    report::show(&finished.folder, &finished.run, judgement.as_ref(), json)?;
    if let RunState::Interrupted = finished.run.state {
        let (file, folder) = (&order.scenario_file, finished.folder.display());
        eprintln!("interrupted; go on with: hil run {file} --resume {folder}");
    }
    Ok(Verdict::of(&finished.run, judgement.as_ref()).exit_code())
}

fn load(path: &Path) -> Result<Scenario, ScenarioError> {
    scenario::load(path, Known { networks: &builtin::names(), boards: &board::names() })
}
