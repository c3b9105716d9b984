//! Histories, for people and for programs.

use serde_json::{Value, json};

use super::gate::value;
use super::text::{one_line, shortened, wrapped};
use crate::results::history::Series;
use crate::results::step::Step;

const WIDTH: usize = 100;

/// Each series as lines of at most 100 columns: its steps first, then its last `last` nights.
pub fn history_text(series: &[Series], last: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for one in series {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        heading(one, &mut lines);
        steps(one, &mut lines);
        nights(one, last, &mut lines);
    }
    lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
}

fn heading(series: &Series, lines: &mut Vec<String>) {
    let Some(newest) = series.entries.last() else { return };
    let names = format!("{} on {} [{}, {}]", newest.network, newest.board, newest.engine, newest.provenance);
    let unit = if series.trend.spread > 0.0 { format!(", unit {}", newest.unit) } else { String::new() };
    let nights = if series.entries.len() == 1 { "1 night".into() } else { format!("{} nights", series.entries.len()) };
    let text = format!("{names}{unit}: {} over {nights}, {}", series.metric.name(), newest.compiler);
    lines.extend(wrapped(&text, WIDTH, 2));
    if !newest.error_band.is_empty() {
        lines.extend(wrapped(&format!("  error band ({}): {}", newest.provenance, newest.error_band), WIDTH, 4));
    }
}

/// The steps of a series in words, and its drift; nothing where it has none.
pub fn step_lines(series: &Series) -> Vec<String> {
    let mut lines = Vec::new();
    for step in &series.trend.steps {
        let night = &series.entries[step.at];
        let (before, after) = series.commits(step);
        let level = |level: f64| value(series.metric, Some(level.round()));
        let (then, now) = (level(step.before), level(step.after));
        let mut text = format!("step at {} ({}): {then} → {now} ({})", night.run, night.started, change(step));
        if step.earliest != step.latest {
            let (earliest, latest) = (&series.entries[step.earliest], &series.entries[step.latest]);
            text += &format!("; between {} and {}", earliest.run, latest.run);
        }
        text += &match before == after {
            true => format!("; both nights are of commit {}", commit(before)),
            false => format!("; commits {}..{}", commit(before), commit(after)),
        };
        lines.push(text);
    }
    lines.extend(series.trend.drift.map(|drift| format!("drift: {:+.4} % per night", drift * 100.0)));
    lines
}

fn steps(series: &Series, lines: &mut Vec<String>) {
    let told = step_lines(series);
    for text in &told {
        lines.extend(wrapped(text, WIDTH - 2, 2).iter().map(|line| format!("  {line}")));
    }
    if told.is_empty() {
        lines.push("  no step".into());
    }
}

fn change(step: &Step) -> String {
    let percent = |value: f64| format!("{:+.3} %", value * 100.0);
    if step.low == step.high {
        return percent(step.change);
    }
    format!("{}, {} to {}", percent(step.change), percent(step.low), percent(step.high))
}

/// Enough of a commit to be known by; whether it had changes is kept.
fn commit(git: &str) -> String {
    let (hash, rest) = git.split_once('+').map_or((git, String::new()), |(hash, rest)| (hash, format!("+{rest}")));
    one_line(&format!("{}{rest}", hash.chars().take(12).collect::<String>()))
}

fn nights(series: &Series, last: usize, lines: &mut Vec<String>) {
    let first = series.entries.len().saturating_sub(last);
    if first > 0 {
        lines.push(format!("  … {first} earlier nights"));
    }
    for (at, entry) in series.entries.iter().enumerate().skip(first) {
        let step = series.trend.steps.iter().any(|step| step.at == at);
        let out = series.trend.outliers.contains(&at);
        let mark = if step {
            "step"
        } else if out {
            "outlier"
        } else {
            ""
        };
        let ms = entry.latency_ms().map_or(String::new(), |ms| format!("{} ms", super::text::ms(ms)));
        let number = value(series.metric, entry.value(series.metric));
        let run = shortened(&entry.run, 36);
        let git = shortened(&commit(&entry.git), 18);
        let time = shortened(&entry.started, 20);
        lines.push(format!("  {time:<20} {run:<36} {git:<18} {number:>12} {ms:>13} {mark}"));
        if lines.last().is_some_and(|line| line.chars().count() > WIDTH) {
            let line = format!(
                "  {time:<20} {:<24} {:<12} {number:>12} {ms:>13} {mark}",
                shortened(&run, 24),
                shortened(&git, 12)
            );
            *lines.last_mut().expect("it was just pushed") = line;
        }
    }
}

/// The same as JSON.
pub fn history_json(series: &[Series], problems: &[String]) -> Value {
    let one = |one: &Series| {
        let step = |step: &Step| {
            let (before, after) = one.commits(step);
            let mut value = serde_json::to_value(step).unwrap_or_default();
            value["run"] = one.entries[step.at].run.clone().into();
            value["last_commit_before"] = before.into();
            value["first_commit_after"] = after.into();
            value
        };
        json!({
            "metric": one.metric,
            "steps": one.trend.steps.iter().map(step).collect::<Vec<_>>(),
            "drift_per_night": one.trend.drift,
            "outliers": one.trend.outliers,
            "spread": one.trend.spread,
            "nights": one.entries,
        })
    };
    json!({ "series": series.iter().map(one).collect::<Vec<_>>(), "problems": problems })
}
