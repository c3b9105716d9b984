//! What the gate says, for people: what changed first, and why it is believed.

use super::text::{grouped, one_line, wrapped};
use crate::results::gate::{Finding, Judged, Judgement, Metric, Part, State, Verdict};

const WIDTH: usize = 100;
/// Steps that are named of a finding; the others are counted.
const PARTS: usize = 3;
/// Rows without a baseline that are named; the others are counted.
const NAMES: usize = 4;

/// The judgement as lines of at most 100 columns: one that sums up, then every row that is not the same.
pub fn judgement_text(judgement: &Judgement) -> String {
    let mut lines = vec![judgement.summary()];
    let alone = |row: &&Judged| matches!(row.state, State::NoBaseline { nearest: None });
    for row in judgement.rows.iter().filter(|row| !alone(row)) {
        for line in row_lines(row) {
            lines.extend(wrapped(&line, WIDTH - 2, 2).iter().map(|line| format!("  {line}")));
        }
    }
    let new: Vec<String> = judgement.rows.iter().filter(alone).map(row_name).collect();
    if !new.is_empty() {
        let others = new.len().saturating_sub(NAMES);
        let others = if others > 0 { format!(" and {others} more") } else { String::new() };
        let names = new.iter().take(NAMES).cloned().collect::<Vec<_>>().join(", ");
        let hint = "keep the first of them by: hil baseline accept RUN --why \"…\"";
        let text = format!("no baseline, and none that is near: {names}{others}; {hint}");
        lines.extend(wrapped(&text, WIDTH - 2, 2).iter().map(|line| format!("  {line}")));
    }
    if !judgement.missing.is_empty() {
        let missing = format!("missing in this run, though there are baselines: {}", judgement.missing.join(", "));
        lines.extend(wrapped(&missing, WIDTH - 2, 2).iter().map(|line| format!("  {line}")));
    }
    if judgement.fails() {
        let hint = "if this is as it should be: hil baseline accept RUN --why \"…\"";
        lines.push(hint.into());
    }
    lines.join("\n")
}

/// `network on board`, and the engine; on one line.
pub fn row_name(row: &Judged) -> String {
    one_line(&format!("{} on {} [{}, {}]", row.network, row.board, row.engine, row.provenance))
}

/// What there is to say of a row; nothing where all is the same.
pub fn row_lines(row: &Judged) -> Vec<String> {
    let name = row_name(row);
    match &row.state {
        State::Broken { reason } => vec![format!("FAILS {name}: it ran in the baseline, now it {}", as_verb(reason))],
        State::NotMeasured { reason } => vec![format!("not measured {name}: {}", one_line(reason))],
        State::NoBaseline { nearest: None } => vec![format!("no baseline {name}")],
        State::NoBaseline { nearest: Some(nearest) } => {
            let differences: Vec<String> = nearest.differences.iter().map(|d| one_line(&d.to_string())).collect();
            let run = one_line(&nearest.run);
            vec![format!("no baseline {name}: the nearest is of {run}; {}", differences.join("; "))]
        }
        State::Compared { findings, .. } => {
            let noted = findings.iter().filter(|f| f.verdict != Verdict::Same || !f.parts.is_empty());
            noted.map(|finding| format!("{} {name}: {}", word(finding), finding_text(finding))).collect()
        }
    }
}

fn as_verb(reason: &str) -> String {
    let reason = one_line(reason);
    match reason.split_once(": ") {
        Some(("does not fit", why)) => format!("does not fit: {why}"),
        Some(("mismatch", why)) => format!("gives wrong outputs: {why}"),
        Some(("failed", why)) => format!("cannot be built: {why}"),
        _ => reason,
    }
}

fn word(finding: &Finding) -> &'static str {
    if finding.fails { "FAILS" } else { finding.verdict.name() }
}

/// One number's change, its interval, what it rests on, and which parts changed.
pub fn finding_text(finding: &Finding) -> String {
    let mut text = format!("{} {}", finding.metric.name(), value(finding.metric, Some(finding.baseline)));
    if finding.metric == Metric::Output {
        text = "outputs".into();
    } else {
        text += &format!(" → {}", value(finding.metric, finding.now));
        text += &change_text(finding).map_or(String::new(), |change| format!(" ({change})"));
    }
    text += &format!("; {}", one_line(&finding.why));
    let mut parts: Vec<&Part> = finding.parts.iter().collect();
    if parts.is_empty() {
        return text;
    }
    // What moved most explains most: a change of the code shifts what comes after it in flash, and so many a layer a little.
    parts.sort_by_key(|part| std::cmp::Reverse(size(part)));
    let named: Vec<String> = parts.iter().take(PARTS).map(|part| part_text(part)).collect();
    text += &format!("; {}", named.join(", "));
    if parts.len() > PARTS {
        text += &format!(" and {} more, none of them by more", parts.len() - PARTS);
    }
    text
}

/// A change in per cent, with its interval where it has one.
pub fn change_text(finding: &Finding) -> Option<String> {
    let percent = |value: f64| format!("{:+.3} %", value * 100.0);
    let change = percent(finding.change?);
    Some(match finding.interval {
        Some((low, high)) => format!("{change}, {} to {}", percent(low), percent(high)),
        None => change,
    })
}

/// A number with its unit.
pub fn value(metric: Metric, value: Option<f64>) -> String {
    let Some(value) = value else { return "–".into() };
    let number = match metric {
        Metric::Energy => format!("{value:.1}"),
        _ if value.fract() == 0.0 && value >= 0.0 => grouped(value as u64),
        _ => format!("{value:.1}"),
    };
    if metric.unit().is_empty() { number } else { format!("{number} {}", metric.unit()) }
}

fn size(part: &Part) -> u64 {
    part.now.unwrap_or(0).abs_diff(part.baseline.unwrap_or(0))
}

fn part_text(part: &Part) -> String {
    let name = one_line(&part.name);
    match (part.baseline, part.now) {
        (Some(then), Some(now)) if then > 0 => {
            let change = (now as f64 / then as f64 - 1.0) * 100.0;
            format!("{name} {} → {} ({change:+.2} %)", grouped(then), grouped(now))
        }
        (Some(then), Some(now)) => format!("{name} {} → {}", grouped(then), grouped(now)),
        (None, Some(now)) => format!("{name} is new with {}", grouped(now)),
        (Some(then), None) => format!("{name} is gone with {}", grouped(then)),
        (None, None) => name,
    }
}
