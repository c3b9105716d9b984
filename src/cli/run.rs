//! `hil run`.

use std::path::Path;

use super::arguments::RunOptions;
use super::progress::Progress;
use super::verdict::Verdict;
use super::{Ended, Failure, interrupt, report};
use crate::board;
use crate::network::builtin;
use crate::rack::Cancel;
use crate::results::{Exclusive, ResultsError, RunState};
use crate::run::{Again, Event, Images, Judge, NoCompiler, Order, Toolchain, boards, carry};
use crate::scenario::{self, Known, Scenario, ScenarioError};

pub fn run(options: RunOptions, json: bool) -> Ended {
    let scenario = load(&options.scenario)?;
    if scenario.candidates.is_empty() && scenario.prebuilt.is_empty() {
        let file = options.scenario.display();
        return Err(Failure::Usage(format!(
            "{file}: it has a `search` and no candidates; `hil search {file}` searches"
        )));
    }
    let text = std::fs::read_to_string(&options.scenario)
        .map_err(|source| ScenarioError::Unreadable { path: options.scenario.clone(), source })?;
    let cancel = interrupt::cancel()?;
    let mut exclusive = None;
    let judge = match &scenario.gates {
        None => None,
        Some(gates) => {
            let resumed = options.resume.as_deref().map(super::baseline::beside);
            let beside = resumed.unwrap_or_else(|| options.out.join("baselines"));
            let baselines = options.baselines.as_ref().unwrap_or(&beside);
            let results = beside.parent().map_or_else(|| options.out.clone(), Path::to_path_buf);
            exclusive = Some(alone(&results, &scenario.name, options.wait, &cancel)?);
            Some((Judge::new(&results, baselines)?, gates))
        }
    };
    // Images that somebody else has built need no compiler.
    let tools: Box<dyn Toolchain> = match scenario.candidates.is_empty() {
        true => Box::new(NoCompiler),
        false => Box::new(Images::find().map_err(|e| Failure::Infrastructure(e.to_string()))?),
    };
    let boards = boards(&scenario)?;
    let (rack, jobs) = super::rack::open_for(&boards, options.rack.as_deref(), options.jobs)?;
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
    let tell = |event: Event<'_>| progress.tell(event);
    let finished = carry(&scenario, &*tools, &rack, &order, &tell).inspect_err(|_| progress.end())?;
    let judgement = match &judge {
        Some((judge, gates)) if finished.run.state == RunState::Finished => {
            let again = Again { scenario: &scenario, rack: &rack, cancel: &order.cancel, jobs, tell: &tell };
            judge.judge(&finished, gates, &again).inspect_err(|_| progress.end())?
        }
        _ => None,
    };
    progress.end();
    drop(exclusive);
    let unjudged = judge.is_some() && judgement.is_none();
    let page = report::show(&finished.folder, &finished.run, judgement.as_ref(), json)?;
    if options.open {
        report::browse(&page)?;
    }
    if finished.run.state == RunState::Interrupted || unjudged {
        let (file, folder) = (&order.scenario_file, finished.folder.display());
        eprintln!("interrupted; go on with: hil run {file} --resume {folder}");
    }
    if unjudged {
        return Ok(Verdict::Infrastructure.exit_code());
    }
    Ok(Verdict::of(&finished.run, judgement.as_ref()).exit_code())
}

/// The right to run a gated scenario: what it is compared with must not be written meanwhile.
fn alone(results: &Path, scenario: &str, wait: bool, cancel: &Cancel) -> Result<Exclusive, ResultsError> {
    if wait {
        let waiting = |busy: &ResultsError| eprintln!("waiting: {busy}");
        Exclusive::wait(results, scenario, waiting, || cancel.is_cancelled())
    } else {
        Exclusive::take(results, scenario)
    }
}

fn load(path: &Path) -> Result<Scenario, ScenarioError> {
    scenario::load(path, Known { networks: &builtin::names(), boards: &board::names() })
}
