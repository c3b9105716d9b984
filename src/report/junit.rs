//! The run as JUnit XML, as continuous integration reads it: a suite per board, a case per row.
//!
//! Elements and attributes are those of Ant's schema, in its order; what infrastructure failed is an `error`, what got
//! worse or gives wrong outputs is a `failure`, and what says nothing is `skipped`.

use super::gate::row_lines;
use super::summary::by_board;
use super::text::{grouped, ms};
use crate::results::gate::{Judgement, State, Verdict};
use crate::results::{Cause, Measurement, Outcome, Status, StoredRun, Verification};

/// What becomes of a row.
enum Case {
    Passed,
    Skipped(String),
    Failure(&'static str, String),
    Error(String),
}

/// The whole file.
pub fn junit(run: &StoredRun, judgement: Option<&Judgement>) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for (id, board) in by_board(run).iter().enumerate() {
        let cases: Vec<(&Measurement, Case)> = board.rows.iter().map(|row| (*row, case(row, judgement))).collect();
        let count = |what: fn(&Case) -> bool| cases.iter().filter(|(_, case)| what(case)).count();
        text += &format!(
            "  <testsuite name=\"{}\" package=\"{}\" id=\"{id}\" timestamp=\"{}\" hostname=\"localhost\" tests=\"{}\" \
             failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"0\">\n",
            escaped(board.board),
            escaped(&run.info.scenario),
            // The schema's times have no zone.
            escaped(run.started.trim_end_matches('Z')),
            cases.len(),
            count(|case| matches!(case, Case::Failure(..))),
            count(|case| matches!(case, Case::Error(_))),
            count(|case| matches!(case, Case::Skipped(_))),
        );
        text += "    <properties>\n";
        for (name, value) in [("run", &run.id), ("hil", &run.info.hil_version), ("git", &run.info.git)] {
            text += &format!("      <property name=\"{name}\" value=\"{}\"/>\n", escaped(value));
        }
        text += "    </properties>\n";
        for (row, case) in &cases {
            text += &case_text(&board.label(row), row, case);
        }
        let lines: Vec<String> = board.rows.iter().filter_map(|row| measured(&board.label(row), row)).collect();
        text += &format!("    <system-out>{}</system-out>\n", escaped(&lines.join("\n")));
        text += "    <system-err></system-err>\n  </testsuite>\n";
    }
    text + "</testsuites>\n"
}

fn case_text(name: &str, row: &Measurement, case: &Case) -> String {
    let (name, class) = (escaped(name), escaped(&format!("{}.{}.{}", row.scenario, row.board, row.engine)));
    let open = format!("    <testcase name=\"{name}\" classname=\"{class}\" time=\"0\"");
    let inner = match case {
        Case::Passed => return open + "/>\n",
        Case::Skipped(why) => format!("<skipped message=\"{}\"/>", escaped(why)),
        Case::Failure(kind, why) => {
            let first = why.lines().next().unwrap_or_default();
            format!("<failure message=\"{}\" type=\"{kind}\">{}</failure>", escaped(first), escaped(why))
        }
        Case::Error(why) => format!("<error message=\"{}\" type=\"infrastructure\">{0}</error>", escaped(why)),
    };
    format!("{open}>\n      {inner}\n    </testcase>\n")
}

fn case(row: &Measurement, judgement: Option<&Judgement>) -> Case {
    let reason = || row.outcome.reason().unwrap_or_default().to_string();
    if row.outcome.cause() == Some(Cause::Infrastructure) {
        return Case::Error(reason());
    }
    if row.status() == Status::Mismatch {
        return Case::Failure("mismatch", reason());
    }
    let judged = judgement.and_then(|j| j.rows.iter().find(|judged| judged.index == row.index));
    if let Some(judged) = judged {
        let lines = || row_lines(judged).join("\n");
        if let Some(why) = judged.failed_again.as_ref().filter(|_| !judged.fails()) {
            return Case::Error(format!("measured again: {why}"));
        }
        if judged.fails() {
            return Case::Failure("gate", lines());
        }
        if judged.verdict() == Some(Verdict::Unclear) || matches!(judged.state, State::NoBaseline { .. }) {
            // A row that is ok has passed what there was to check.
            if row.status() == Status::Ok && judged.verdict().is_none() {
                return Case::Passed;
            }
            return Case::Skipped(if row.status() == Status::Ok { lines() } else { reason() });
        }
    }
    match &row.outcome {
        Outcome::Ok(_) => Case::Passed,
        Outcome::Prebuilt(image) => match &image.verification {
            Verification::Verified(_) => Case::Passed,
            Verification::NotVerified(why) => Case::Skipped(format!("not verified: {why}")),
        },
        Outcome::DoesNotFit { .. } => Case::Skipped(reason()),
        _ => Case::Failure("candidate", reason()),
    }
}

fn measured(name: &str, row: &Measurement) -> Option<String> {
    let (latency, memory) = (row.latency()?, row.memory()?);
    let (sram, flash) = (grouped(memory.sram.peak()), grouped(memory.flash.total()));
    let numbers = format!("{} ms, SRAM {sram} bytes, flash {flash} bytes, {}", ms(latency.ms()), row.provenance);
    Some(format!("{name}: {numbers}, error band: {}", if row.error_band.is_empty() { "–" } else { &row.error_band }))
}

/// Text for attributes and elements: characters that XML 1.0 cannot hold at all are replaced.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&apos;",
            // As they are, attributes would lose them.
            '\n' => escaped += "&#10;",
            '\t' => escaped += "&#9;",
            '\r' => escaped += "&#13;",
            '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}
