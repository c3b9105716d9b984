//! The pages.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, context};

use super::super::history::step_lines;
use super::super::{Beside, html, json, plots};
use super::request::{Request, encoded};
use super::{Response, UnitLine, run_folder};
use crate::results::gate::{Metric, judgement_of};
use crate::results::history::{History, Query, series};
use crate::results::{Predictions, RunState, read};

/// Runs that the first page lists.
const RUNS: usize = 100;
/// Series that a page of histories draws.
const SERIES: usize = 60;

/// The page for `request`; `token` goes along with every link, `units` are the rack's.
pub fn page(results: &Path, request: &Request, token: Option<&str>, units: Vec<UnitLine>) -> Response {
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    let made = match path.as_slice() {
        [] => index(results, token, &units),
        ["rack.json"] => Ok(serde_json::to_string(&units).ok().map(Response::json)),
        ["run", id] => run(results, id),
        ["run", id, "rows.json"] => rows(results, id),
        ["history"] => history(results, request, token),
        _ => Ok(None),
    };
    match made {
        Ok(Some(response)) => response,
        Ok(None) => Response::error("404 Not Found", "there is no such page"),
        Err(message) => Response::error("500 Internal Server Error", &message),
    }
}

type Made = Result<Option<Response>, String>;

fn text(error: impl ToString) -> String {
    error.to_string()
}

fn rendered(context: Value) -> Made {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("store.html", include_str!("store.html.j2")).map_err(text)?;
    let page = environment.get_template("store.html").and_then(|template| template.render(context));
    page.map(|page| Some(Response::html(page))).map_err(text)
}

/// The end of a link: the token, where one is needed.
fn pass(token: Option<&str>, first: bool) -> String {
    let sign = if first { '?' } else { '&' };
    token.map_or(String::new(), |token| format!("{sign}token={}", encoded(token)))
}

/// Runs, the last written first, and what networks and boards they have histories of.
fn index(results: &Path, token: Option<&str>, units: &[UnitLine]) -> Made {
    let mut folders: Vec<(SystemTime, PathBuf)> = Vec::new();
    let entries = match std::fs::read_dir(results) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
        entries => Some(entries.map_err(text)?),
    };
    for path in entries.into_iter().flatten().flatten().map(|entry| entry.path()) {
        if let Ok(written) = path.join("run.json").metadata().and_then(|metadata| metadata.modified()) {
            folders.push((written, path));
        }
    }
    folders.sort_by(|a, b| b.cmp(a));
    let (mut runs, mut problems): (Vec<Value>, Vec<String>) = Default::default();
    let mut pairs: Vec<(String, String)> = Vec::new();
    for (_, path) in folders.iter().take(RUNS) {
        let run = match read(path) {
            Ok(run) => run,
            Err(error) => {
                problems.push(error.to_string());
                continue;
            }
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let judgement = judgement_of(path).ok().flatten();
        pairs.extend(run.rows.iter().map(|row| (row.network.clone(), row.board.clone())));
        runs.push(context! {
            run => name,
            link => format!("/run/{}{}", encoded(&name), pass(token, true)),
            state => run.state.name(),
            started => run.started,
            planned => run.info.planned_rows,
            rows => run.rows.len(),
            ok => run.rows.iter().filter(|row| row.run().is_some()).count(),
            gate => judgement.as_ref().map(|judgement| judgement.summary()),
            fails => judgement.is_some_and(|judgement| judgement.fails()),
        });
    }
    pairs.sort_unstable();
    pairs.dedup();
    let history = |(network, board): &(String, String)| {
        let query = format!("network={}&board={}{}", encoded(network), encoded(board), pass(token, false));
        context! { name => format!("{network} on {board}"), link => format!("/history?{query}") }
    };
    rendered(context! {
        title => "runs",
        runs,
        units,
        histories => pairs.iter().map(history).collect::<Vec<_>>(),
        problems,
    })
}

/// The report of a run as it is now; of a run that goes on, one that comes again by itself.
fn run(results: &Path, id: &str) -> Made {
    let Some(folder) = run_folder(results, id) else { return Ok(None) };
    let run = read(&folder).map_err(text)?;
    let judgement = judgement_of(&folder).map_err(text)?;
    let predictions = Predictions::of(&folder).map_err(text)?;
    let beside = Beside { judgement: judgement.as_ref(), history: &[], predictions: predictions.as_ref() };
    let page = html(&run, beside).map_err(text)?;
    let again = if run.state == RunState::Running { "<meta http-equiv=\"refresh\" content=\"5\">\n" } else { "" };
    Ok(Some(Response::html(page.replacen("<meta charset", &format!("{again}<meta charset"), 1))))
}

fn rows(results: &Path, id: &str) -> Made {
    let Some(folder) = run_folder(results, id) else { return Ok(None) };
    Ok(Some(Response::json(json(&read(&folder).map_err(text)?).to_string())))
}

/// Histories of what the request asks for, as plots.
fn history(results: &Path, request: &Request, token: Option<&str>) -> Made {
    let value = |name: &str| request.value(name).map(String::from);
    let query = Query { network: value("network"), board: value("board"), engine: value("engine"), ..Query::default() };
    let answer = History::open(results).and_then(|history| history.query(&query)).map_err(text)?;
    let mut found = Vec::new();
    for one in series(&answer.entries, Metric::Cycles).iter().take(SERIES) {
        let Some(newest) = one.entries.last() else { continue };
        found.push(context! {
            name => format!("{} on {}", newest.network, newest.board),
            provenance => newest.provenance.name(),
            error_band => newest.error_band,
            compiler => newest.compiler,
            nights => one.entries.len(),
            steps => step_lines(one),
            plot => plots::history(one).map_err(text)?.map(Value::from_safe_string),
        });
    }
    rendered(context! {
        title => "history",
        back => format!("/{}", pass(token, true)),
        series => found,
        problems => answer.problems,
    })
}
