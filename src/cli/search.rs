//! `hil search`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Instant;

use serde_json::{Value, json};

use super::arguments::SearchOptions;
use super::output::{columns, print, print_json, wrapped};
use super::{Ended, Failure, interrupt};
use crate::board::{self, Board};
use crate::network::builtin;
use crate::report::{SearchView, search_html};
use crate::results::Measurement;
use crate::run::{Event, Images};
use crate::scenario::{self, Known, ScenarioError};
use crate::search::SearchError;
use crate::search::campaign::{self, CampaignError, Chosen, News, Order, Report};
use crate::search::compared::Compared;
use crate::search::measured::Found;
use crate::search::selection::Distribution;

pub fn run(options: SearchOptions, json: bool) -> Ended {
    let path = &options.scenario;
    let scenario = scenario::load(path, Known { networks: &builtin::names(), boards: &board::names() })?;
    let text =
        std::fs::read_to_string(path).map_err(|source| ScenarioError::Unreadable { path: path.clone(), source })?;
    let Some(asked) = scenario.search.clone() else {
        let file = path.display();
        return Err(Failure::Usage(format!("{file}: it has no `search`; `hil run {file}` measures its candidates")));
    };
    let folder = options.out.join(format!("search-{}", scenario.name));
    belongs(&folder, &text)?;
    let cancel = interrupt::cancel()?;
    let tools = Images::find().map_err(|e| Failure::Infrastructure(e.to_string()))?;
    let boards = scenario.boards.iter().map(|name| Board::shipped(name)).collect::<Result<Vec<_>, _>>()?;
    let (rack, jobs) = super::rack::open_for(&boards, options.rack.as_deref(), options.jobs)?;
    let order = Order {
        scenario: &scenario,
        search: &asked,
        base: path.parent().unwrap_or(Path::new("")),
        folder: &folder,
        tools: &tools,
        rack: &rack,
        jobs,
        cancel,
        command: std::env::args().collect(),
    };
    let progress = Progress { since: Instant::now(), last: Mutex::new(None) };
    let report = campaign::run(&order, &|news| progress.tell(&news)).map_err(|error| {
        if error.is_interrupted() {
            eprintln!("interrupted; the same command goes on");
        }
        Failure::from(error)
    })?;
    let page = search_html(&view(&report, &scenario.name));
    let page = page.map_err(|e| Failure::Infrastructure(format!("internal error: {e}")))?;
    let file = folder.join("search.html");
    std::fs::write(&file, page).map_err(|e| Failure::Infrastructure(format!("{}: {e}", file.display())))?;
    let value = value(&report);
    let file = folder.join("search.json");
    let written = serde_json::to_string_pretty(&value).map_err(|e| e.to_string());
    let written = written.and_then(|text| std::fs::write(&file, text).map_err(|e| e.to_string()));
    written.map_err(|e| Failure::Infrastructure(format!("{}: {e}", file.display())))?;
    if json {
        print_json(&value)?;
    } else {
        print(&table(&report))?;
        print(&format!("\n{}: networks, C code, runs and search.json", folder.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A folder holds one search: it goes on where the scenario is the same.
fn belongs(folder: &Path, text: &str) -> Result<(), Failure> {
    let kept = folder.join("scenario.yaml");
    let io = |e: std::io::Error| Failure::Infrastructure(format!("{}: {e}", kept.display()));
    match std::fs::read_to_string(&kept) {
        Ok(then) if then == text => Ok(()),
        Ok(_) => Err(Failure::Usage(format!(
            "{}: it holds a search by another scenario; remove it, or choose another --out",
            folder.display()
        ))),
        Err(_) => {
            std::fs::create_dir_all(folder).map_err(io)?;
            std::fs::write(&kept, text).map_err(io)
        }
    }
}

impl From<CampaignError> for Failure {
    fn from(error: CampaignError) -> Self {
        let message = error.to_string();
        match error {
            CampaignError::Asked(_) | CampaignError::Space(_) | CampaignError::Data(_) => Self::Usage(message),
            CampaignError::Search(SearchError::Nothing { .. } | SearchError::Space(_)) => Self::Usage(message),
            CampaignError::Search(_) | CampaignError::Train(_) | CampaignError::File { .. } => {
                Self::Infrastructure(message)
            }
        }
    }
}

/// Lines on stderr, with the time left of what counts steps.
struct Progress {
    since: Instant,
    last: Mutex<Option<Counted>>,
}

/// Seconds between lines about one thing.
const EVERY: u64 = 5;

impl Progress {
    fn tell(&self, news: &News<'_>) {
        match news {
            News::Selecting { done, of } => self.steps("search space", "configurations", *done, *of),
            News::NoData(why) => self.line(&format!("{why}; networks are compared by what they compute")),
            News::Training { what, unit, done, of, part } => self.part(what, unit, *done, *of, *part),
            News::Surrogate(error) => self.line(&format!("accuracies are predicted {:.1} points off", error * 100.0)),
            News::Chosen(configuration) => self.line(&format!("configuration {configuration}")),
            News::Round(round) => {
                let error = round.error_percent.map_or(String::new(), |e| format!(", predictions {e:.1} % off"));
                let open = round.open.map_or(String::new(), |open| format!(", {open} of the front were open"));
                self.line(&format!("round {}: {} measured{error}{open}", round.index, round.measured));
            }
            News::Finished(chosen) => {
                let (int8, float) = (percent(chosen.accuracy), percent(chosen.float_accuracy));
                if chosen.accuracy.is_some() {
                    self.line(&format!("{}: int8 {int8} %, float {float} % of the test set", chosen.network));
                }
            }
            News::Run(Event::Finished { measurement, .. }) => {
                let (network, board) = (&measurement.network, &measurement.board);
                let ended =
                    measurement.latency().map_or("no latency".into(), |latency| format!("{:.2} ms", latency.ms()));
                self.line(&format!("  {network} on {board}: {ended}"));
            }
            News::Run(_) => {}
        }
    }

    fn line(&self, text: &str) {
        eprintln!("[{:>5} s] {text}", self.since.elapsed().as_secs());
    }

    fn steps(&self, what: &str, unit: &str, done: usize, of: usize) {
        self.part(what, unit, done, of, done as f64 / of.max(1) as f64);
    }

    fn part(&self, what: &str, unit: &str, done: usize, of: usize, part: f64) {
        let mut all = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let now = Instant::now();
        let fresh = all.as_ref().is_none_or(|last| last.what != what);
        if fresh {
            *all = Some(Counted { what: what.into(), begun: now, at: part, shown: now });
        }
        let Some(last) = all.as_mut() else { return };
        if !fresh && done < of && now.duration_since(last.shown).as_secs() < EVERY {
            return;
        }
        last.shown = now;
        // What an earlier process did took this one no time.
        let (since, gained) = (now.duration_since(last.begun).as_secs_f64(), part - last.at);
        let left = if gained > 0.0 { format!(", {:.0} s left", since / gained * (1.0 - part)) } else { String::new() };
        self.line(&format!("{what}: {done} of {of} {unit}{left}"));
    }
}

/// What counts steps at the moment.
struct Counted {
    what: String,
    begun: Instant,
    /// Part of the work that was done when it was first heard of.
    at: f64,
    shown: Instant,
}

/// The rows of a chosen network.
fn rows<'a>(report: &'a Report, chosen: &Chosen) -> Vec<&'a Measurement> {
    report.rows.iter().filter(|row| row.network == chosen.network).collect()
}

const TITLES: [&str; 9] =
    ["network", "board", "engine", "provenance", "int8 %", "float %", "latency ms", "SRAM B", "flash B"];

/// A share of the test set, where there is one.
fn percent(share: Option<f64>) -> String {
    share.map_or("-".into(), |share| format!("{:.2}", share * 100.0))
}

/// A line per chosen network, or rival, board and engine.
fn lines(report: &Report) -> Vec<Vec<String>> {
    let mut lines = Vec::new();
    for chosen in report.chosen.iter().chain(&report.rivals) {
        for row in rows(report, chosen) {
            let memory = row.memory();
            lines.push(vec![
                chosen.network.clone(),
                row.board.clone(),
                row.engine.clone(),
                row.provenance.to_string(),
                if report.no_data.is_some() { "no data set".into() } else { percent(chosen.accuracy) },
                percent(chosen.float_accuracy),
                row.latency().map_or_else(|| row.status().name().into(), |latency| format!("{:.2}", latency.ms())),
                memory.map_or("-".into(), |m| m.sram.peak().to_string()),
                memory.map_or("-".into(), |m| m.flash.total().to_string()),
            ]);
        }
    }
    lines
}

/// What was searched and how it ended.
fn summary(report: &Report) -> String {
    let outcome = &report.outcome;
    let ended = if outcome.converged { "the predicted front is measured" } else { "all measurements are spent" };
    let (measured, front) = (outcome.found.len(), outcome.front().len());
    let (space, configuration) = (&report.space, report.configuration);
    let seed = report.seed;
    format!("space {space}, {configuration}, seed {seed}: {measured} networks measured, {front} on the front; {ended}")
}

/// What is to be known beside it.
fn notes(report: &Report) -> Vec<String> {
    let data = report.no_data.as_ref().map(|why| {
        format!("{why}. Until then networks are compared by what they compute, and their weights mean nothing")
    });
    let predicted = report.surrogate_error.map(|error| {
        let points = error * 100.0;
        format!("accuracies that evolution went by were predicted, {points:.1} points off (root mean square)")
    });
    let band = report.rows.first().map(|row| row.error_band.clone());
    [data, predicted, band].into_iter().flatten().collect()
}

const AGAINST: [&str; 11] = [
    "rival",
    "board",
    "engine",
    "accuracy %",
    "latency ms",
    "SRAM bytes",
    "flash bytes",
    "ours, as accurate",
    "times faster",
    "less SRAM",
    "less flash",
];

/// A line per rival, board and engine.
fn against(report: &Report) -> Vec<Vec<String>> {
    let times = |times: Option<f64>| times.map_or("-".into(), |times| format!("{times:.2}"));
    let line = |compared: &Compared| {
        let rival = &compared.rival;
        vec![
            rival.network.clone(),
            rival.board.clone(),
            rival.engine.clone(),
            format!("{:.2}", rival.accuracy * 100.0),
            format!("{:.2}", rival.latency_ms),
            rival.sram_bytes.to_string(),
            rival.flash_bytes.to_string(),
            compared.ours.as_ref().map_or("none".into(), |ours| ours.network.clone()),
            times(compared.times_faster),
            times(compared.times_less_sram),
            times(compared.times_less_flash),
        ]
    };
    report.compared.iter().map(line).collect()
}

fn table(report: &Report) -> String {
    // Narrower than on the page, to fit a terminal.
    let titled = |titles: &[&str], lines: Vec<Vec<String>>, shown: &[usize]| {
        let title = titles.iter().map(|title| title.to_string()).collect();
        let narrow = |line: Vec<String>| shown.iter().map(|at| line[*at].clone()).collect::<Vec<_>>();
        std::iter::once(title).chain(lines).map(narrow).collect::<Vec<_>>()
    };
    let mut parts = vec![wrapped(&summary(report))];
    parts.extend(notes(report).iter().map(|note| wrapped(note)));
    let rows = titled(&TITLES, lines(report), &[0, 1, 2, 3, 4, 6, 7, 8]);
    let mut text = format!("{}\n\n{}", parts.join("\n"), columns(&rows, 4));
    if !report.compared.is_empty() {
        let lines = titled(&AGAINST, against(report), &[0, 2, 3, 7, 8, 9, 10]);
        text += &format!("\n\n{}", columns(&lines, 2));
    }
    text
}

fn view(report: &Report, title: &str) -> SearchView {
    let outcome = &report.outcome;
    let front: Vec<String> = outcome.front().iter().map(|found| found.subnet.id()).collect();
    let slowest = |ms: &[f64]| ms.iter().copied().fold(0.0, f64::max);
    let network =
        |f: &Found| (slowest(&f.latency_ms), f.accuracy * 100.0, f.arena_bytes, front.contains(&f.subnet.id()));
    let space =
        |d: &Distribution| (d.configuration.to_string(), d.configuration == report.configuration, d.macs.clone());
    let row = report.rows.first();
    SearchView {
        title: title.into(),
        summary: std::iter::once(summary(report)).chain(notes(report)).collect(),
        worth: match report.no_data {
            None => "accuracy on validation samples, %",
            Some(_) => "multiply-accumulates, % of the largest network's",
        }
        .into(),
        learning: report.curve.iter().map(|point| (point.step, point.training * 100.0)).collect(),
        validation: report.curve.iter().filter_map(|p| Some((p.step, p.validation? * 100.0))).collect(),
        smallest: report.curve.iter().filter_map(|p| Some((p.step, p.smallest? * 100.0))).collect(),
        against: against(report),
        against_titles: AGAINST.map(String::from).to_vec(),
        provenance: row.map_or(String::new(), |row| row.provenance.to_string()),
        space: report.distributions.iter().map(space).collect(),
        networks: outcome.found.iter().map(network).collect(),
        errors: outcome.rounds.iter().filter_map(|r| Some((r.measured, r.error_percent?))).collect(),
        titles: TITLES.map(String::from).to_vec(),
        rows: lines(report),
    }
}

fn value(report: &Report) -> Value {
    let outcome = &report.outcome;
    let on_front: Vec<String> = outcome.front().iter().map(|found| found.subnet.id()).collect();
    let found: Vec<Value> = outcome
        .found
        .iter()
        .map(|f| {
            let id = f.subnet.id();
            json!({
                "network": id, "subnet": f.subnet, "validation_accuracy": report.no_data.is_none().then_some(f.accuracy),
                "arena_bytes": f.arena_bytes,
                "flash_bytes": f.flash_bytes, "latency_ms": f.latency_ms, "predicted_ms": f.predicted_ms,
                "round": f.round, "allowed": f.allowed, "on_front": on_front.contains(&id),
            })
        })
        .collect();
    let rounds: Vec<Value> = outcome
        .rounds
        .iter()
        .map(|r| json!({ "round": r.index, "measured": r.measured, "error_percent": r.error_percent, "open": r.open }))
        .collect();
    let space: Vec<Value> = report
        .distributions
        .iter()
        .map(|d| {
            json!({
                "configuration": d.configuration, "drawn": d.drawn, "fitting": d.macs.len(), "mean_macs": d.mean(),
                "macs_p80": d.quantile(0.8),
            })
        })
        .collect();
    json!({
        "seed": report.seed, "no_data": report.no_data, "surrogate_error": report.surrogate_error,
        "learning_curve": report.curve, "rivals": report.rivals, "compared": report.compared,
        "space": report.space, "configuration": report.configuration, "configurations": space, "rounds": rounds,
        "converged": outcome.converged, "networks": found, "chosen": report.chosen,
        "model_version": outcome.data.version(),
        "rows": report.rows,
    })
}
