//! The run as GitHub-flavoured Markdown, for summaries of jobs and comments: what fails comes first.

use super::gate::{change_text, finding_text, row_lines, value};
use super::summary::by_board;
use super::text::{grouped, mhz, ms};
use crate::results::gate::{Finding, Judged, Judgement, Metric, State, Verdict};
use crate::results::{Measurement, Outcome, StoredRun};

/// The whole text.
pub fn markdown(run: &StoredRun, judgement: Option<&Judgement>) -> String {
    let mut text = format!("## {} – {}\n\n", code(&run.info.scenario), run.state.name());
    text += &format!("{} of {} rows, run {}\n\n", run.rows.len(), run.info.planned_rows, code(&run.id));
    for note in run.message.iter().chain(&run.torn).chain(&run.info.notes) {
        text += &format!("> {}\n\n", plain(note));
    }
    if let Some(judgement) = judgement {
        changes(judgement, &mut text);
    }
    for board in by_board(run) {
        let clock = board.clock_hz().map_or(String::new(), |hz| format!(", {}", mhz(hz)));
        text += &format!("### {}{clock}\n\n", code(board.board));
        let gate = if judgement.is_some() { " gate |" } else { "" };
        let line = if judgement.is_some() { " --- |" } else { "" };
        text += &format!("| network | latency, ms | cycles | SRAM, bytes | flash, bytes | provenance |{gate}\n");
        text += &format!("| --- | ---: | ---: | ---: | ---: | --- |{line}\n");
        for row in &board.rows {
            let judged = judgement.and_then(|j| j.rows.iter().find(|judged| judged.index == row.index));
            let gate = judged.map_or(String::new(), |judged| format!(" {} |", said(judged)));
            text += &format!("| {} | {}{gate}\n", cell(&board.label(row)), cells(row));
        }
        let mut bands: Vec<String> = Vec::new();
        for row in board.rows.iter().filter(|row| row.latency().is_some() && !row.error_band.is_empty()) {
            let band = format!("{}: error band {}", row.provenance, plain(&row.error_band));
            if !bands.contains(&band) {
                bands.push(band);
            }
        }
        text += "\n";
        text += &bands.iter().map(|band| format!("{band}\n\n")).collect::<String>();
    }
    text.trim_end().to_string() + "\n"
}

/// What the gate says: a line that sums up, then a table of what changed.
fn changes(judgement: &Judgement, text: &mut String) {
    *text += &format!("**{}**\n\n", plain(&judgement.summary()));
    let noted = |finding: &&Finding| finding.verdict != Verdict::Same;
    let changed: Vec<(&Judged, &Finding)> =
        judgement.rows.iter().flat_map(|row| row.findings().iter().filter(noted).map(move |f| (row, f))).collect();
    if !changed.is_empty() {
        *text += "| | network | board | what | baseline | now | change | why |\n";
        *text += "| --- | --- | --- | --- | ---: | ---: | ---: | --- |\n";
        // What fails first, then in the run's order.
        let (failing, others): (Vec<_>, Vec<_>) = changed.into_iter().partition(|(_, finding)| finding.fails);
        for (row, finding) in failing.into_iter().chain(others) {
            let word = if finding.fails { "**fails**" } else { finding.verdict.name() };
            let change = change_text(finding).unwrap_or("–".into());
            let (network, board) = (cell(&row.network), cell(&row.board));
            let numbers = match finding.metric {
                Metric::Output => "– | –".to_string(),
                metric => format!("{} | {}", value(metric, Some(finding.baseline)), value(metric, finding.now)),
            };
            let why = finding_text(finding);
            let why = why.split_once("; ").map_or(why.as_str(), |(_, why)| why);
            let what = finding.metric.name();
            *text += &format!("| {word} | {network} | {board} | {what} | {numbers} | {change} | {} |\n", plain(why));
        }
        *text += "\n";
    }
    let told = judgement.rows.iter().filter(|row| !matches!(row.state, State::Compared { .. })).flat_map(row_lines);
    let mut lines: Vec<String> = told.map(|line| format!("- {}\n", plain(&line))).collect();
    if !judgement.missing.is_empty() {
        let missing: Vec<String> = judgement.missing.iter().map(|name| code(name)).collect();
        lines.push(format!("- missing in this run, though there are baselines: {}\n", missing.join(", ")));
    }
    if !lines.is_empty() {
        *text += &(lines.concat() + "\n");
    }
}

fn cells(row: &Measurement) -> String {
    let memory = |of: fn(&crate::results::Memory) -> u64| row.memory().map_or("–".into(), |m| grouped(of(m)));
    let (sram, flash) = (memory(|m| m.sram.peak()), memory(|m| m.flash.total()));
    let (latency, cycles) = match (&row.outcome, row.latency()) {
        (Outcome::Prebuilt(image), None) => (format!("*not verified: {}*", ms(image.timing.ms())), "–".into()),
        (Outcome::Ok(_) | Outcome::Prebuilt(_), Some(l)) => (ms(l.ms()), grouped(l.median_cycles().round() as u64)),
        (Outcome::Ok(_), None) => ("–".into(), "–".into()),
        (other, _) => (format!("**{}**", other.status().name().replace('_', " ")), "–".into()),
    };
    format!("{latency} | {cycles} | {sram} | {flash} | {} |", row.provenance)
}

fn said(judged: &Judged) -> String {
    if judged.fails() {
        return "**fails**".into();
    }
    match (&judged.state, judged.verdict()) {
        (State::NoBaseline { .. }, _) => "no baseline".into(),
        (State::NotMeasured { .. }, _) => "not measured".into(),
        (_, Some(verdict)) => verdict.name().into(),
        _ => "–".into(),
    }
}

/// The same in a table, where bars are escaped, since rows are split at them first.
fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// A name as code: nothing in it is markup, a mention or a link.
fn code(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.trim().is_empty() {
        return "–".into();
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A text that may hold anything, as text.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => plain += "&amp;",
            '<' => plain += "&lt;",
            '>' => plain += "&gt;",
            // Neither a mention nor a link to an issue.
            '@' => plain += "&#64;",
            '#' => plain += "&#35;",
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' => plain.extend(['\\', c]),
            c if c.is_control() => plain.push(' '),
            c => plain.push(c),
        }
    }
    // Bare addresses become links by themselves.
    plain.replace("://", "&#58;//").replace("www.", "www&#46;")
}

#[cfg(test)]
mod tests {
    use super::{cell, code, plain};

    #[test]
    fn names_are_code_whatever_they_hold() {
        assert_eq!(code("mobilenet@96"), "`mobilenet@96`");
        assert_eq!((code("a|b"), cell("a|b")), ("`a|b`".into(), "`a\\|b`".into()));
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`x"), "`` `x ``");
        assert_eq!(code("a\nb"), "`a b`");
        assert_eq!(code(" "), "–");
    }

    #[test]
    fn texts_are_text_whatever_they_hold() {
        assert_eq!(plain("<b>@me #1 *x* [a](b) | `c`"), "&lt;b&gt;&#64;me &#35;1 \\*x\\* \\[a\\](b) \\| \\`c\\`");
        assert_eq!(plain("see https://x.org\nnow"), "see https&#58;//x.org now");
    }
}
