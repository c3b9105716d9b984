//! The rows as CSV (RFC 4180, lines end with a line feed), for spreadsheets.

use crate::results::gate::Judgement;
use crate::results::{StoredRun, energy_uj};

const HEAD: [&str; 24] = [
    "index",
    "scenario",
    "network",
    "engine",
    "board",
    "unit",
    "provenance",
    "status",
    "reason",
    "latency_ms",
    "median_cycles",
    "clock_hz",
    "instructions",
    "energy_uj",
    "macs",
    "sram_peak",
    "flash_total",
    "image_sha256",
    "compiler",
    "git",
    "error_band",
    "gate",
    "gate_fails",
    "cycles_change",
];

/// One line per row; with a judgement, what the gate says of it. Numbers that were not measured are empty.
pub fn csv(run: &StoredRun, judgement: Option<&Judgement>) -> String {
    let mut text = HEAD.join(",") + "\n";
    for row in &run.rows {
        let latency = row.latency();
        let judged = judgement.and_then(|j| j.rows.iter().find(|judged| judged.index == row.index));
        let change = judged.and_then(|j| j.findings().iter().find(|f| f.metric.name() == "cycles")?.change);
        let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
        let whole = |value: Option<u64>| value.map_or(String::new(), |value| value.to_string());
        let cells = [
            row.index.to_string(),
            cell(&row.scenario),
            cell(&row.network),
            cell(&row.engine),
            cell(&row.board),
            cell(&row.unit),
            row.provenance.name().into(),
            row.status().name().into(),
            cell(row.outcome.reason().unwrap_or_default()),
            number(latency.map(|l| l.ms())),
            number(latency.map(|l| l.median_cycles())),
            whole(latency.map(|l| l.clock_hz())),
            whole(row.run().and_then(|run| run.instructions)),
            number(energy_uj(row)),
            row.macs.to_string(),
            whole(row.memory().map(|m| m.sram.peak())),
            whole(row.memory().map(|m| m.flash.total())),
            cell(row.image_sha256.as_deref().unwrap_or_default()),
            cell(&row.repeat.compiler),
            cell(&row.repeat.git),
            cell(&row.error_band),
            judged.and_then(|j| j.verdict()).map_or(String::new(), |verdict| verdict.name().into()),
            judged.map_or(String::new(), |j| j.fails().to_string()),
            number(change),
        ];
        text += &(cells.join(",") + "\n");
    }
    text
}

/// A text that no spreadsheet takes for a formula (OWASP, "CSV Injection") and no reader for several cells or lines.
fn cell(text: &str) -> String {
    let formula = text
        .trim_start_matches([' ', '\u{a0}'])
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let text: String = text.chars().map(|c| if c == '\0' { '\u{fffd}' } else { c }).collect();
    let text = if formula { format!("'{text}") } else { text };
    if text.contains([',', '"', '\n', '\r', '\'', ';', '\t']) || text.starts_with(' ') {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn cells_stay_one_cell_and_no_formula() {
        assert_eq!(cell("mobilenet@96"), "mobilenet@96");
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
        assert_eq!(cell("  @SUM(A1)"), "\"'  @SUM(A1)\"");
        assert_eq!(cell("a \"b\", c\nd"), "\"a \"\"b\"\", c\nd\"");
        assert_eq!(cell("-5\t"), "\"'-5\t\"");
        assert_eq!(cell("x\0"), "x\u{fffd}");
        assert_eq!(cell(""), "");
    }
}
