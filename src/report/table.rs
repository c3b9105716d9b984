//! The terminal's table, at most 100 columns wide.

use super::engines;
use super::image::told_of;
use super::summary::{BoardRows, by_board, excess};
use super::text::{bytes, grouped, mhz, ms, one_line, shortened, uj, wrapped};
use crate::results::{Measurement, Outcome, Status, StoredRun, energy_uj};

const WIDTH: usize = 100;
const NAME: usize = 20;

/// The run as text: a table per board, then who fits, who is fastest and who uses least SRAM.
pub fn terminal(run: &StoredRun) -> String {
    let mut lines = Vec::new();
    let (id, state) = (one_line(&run.id), run.state.name());
    let rows = format!("{} of {} rows", run.rows.len(), run.info.planned_rows);
    lines.extend(wrapped(&format!("run {id}: {state}, {rows}"), WIDTH, 2));
    for note in run.message.iter().chain(&run.torn).chain(&run.info.notes) {
        lines.extend(wrapped(note, WIDTH, 2));
    }
    let titles = engines::titles(run);
    if !titles.is_empty() {
        lines.extend(wrapped(&engines::legend(&titles), WIDTH, 2));
    }
    for board in by_board(run) {
        lines.push(String::new());
        table(&board, &mut lines);
        summary(&board, &mut lines);
    }
    if let Some(comparison) = engines::comparison(run) {
        lines.push(String::new());
        lines.extend(engines::text(&comparison));
    }
    lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
}

fn table(board: &BoardRows<'_>, lines: &mut Vec<String>) {
    let mut title = shortened(board.board, 40);
    if let Some(hz) = board.clock_hz() {
        title += &format!(", {}", mhz(hz));
    }
    if let Some(row) = board.rows.first() {
        title += &format!(", SRAM {}, flash {}", bytes(row.budget.sram), bytes(row.budget.flash));
    }
    lines.push(title);
    lines.push(columns("network", "latency ms", "cycles", "MAC/cyc", "µJ", "SRAM", "flash", "check", "provenance"));
    for row in &board.rows {
        lines.extend(entry(board, row));
    }
}

#[allow(clippy::too_many_arguments)] // One per column.
fn columns(
    name: &str,
    latency: &str,
    cycles: &str,
    rate: &str,
    energy: &str,
    sram: &str,
    flash: &str,
    check: &str,
    by: &str,
) -> String {
    format!("{name:<NAME$} {latency:>10} {cycles:>13} {rate:>7} {energy:>9} {sram:>9} {flash:>9} {check:>5} {by:>10}")
}

fn entry(board: &BoardRows<'_>, row: &Measurement) -> Vec<String> {
    let name = shortened(&board.label(row), NAME);
    let (what, why) = match &row.outcome {
        Outcome::Ok(run) => {
            let none = || "–".to_string();
            let latency = run.latency.as_ref();
            let (sram, flash) = (run.memory.sram.peak(), run.memory.flash.total());
            let numbers = columns(
                &name,
                &latency.map_or_else(none, |l| ms(l.ms())),
                &latency.map_or_else(none, |l| grouped(l.median_cycles().round() as u64)),
                &row.macs_per_cycle().map_or_else(none, |rate| format!("{rate:.3}")),
                &energy_uj(row).map_or_else(none, uj),
                &grouped(sram),
                &grouped(flash),
                &run.check.as_ref().map_or_else(none, |check| format!("{} ok", check.inputs)),
                row.provenance.name(),
            );
            let broken = board.broken(row).map(|told| wrapped(&format!("breaks a limit: {told}"), WIDTH - 4, 2));
            let broken = broken.into_iter().flatten().map(|line| format!("    {line}"));
            return [numbers].into_iter().chain(broken).collect();
        }
        Outcome::Prebuilt(image) => {
            let told = told_of(image);
            let Some(latency) = row.latency() else {
                let told = wrapped(&format!("not verified: {told} ({})", row.provenance), WIDTH - NAME - 1, 2);
                let column = |(i, text): (usize, String)| format!("{:<NAME$} {text}", if i == 0 { &name } else { "" });
                return told.into_iter().enumerate().map(column).collect();
            };
            let numbers = columns(
                &name,
                &ms(latency.ms()),
                &grouped(latency.median_cycles().round() as u64),
                &row.macs_per_cycle().map_or_else(|| "–".into(), |rate| format!("{rate:.3}")),
                "–",
                "–",
                &grouped(image.image_bytes),
                &row.check().map_or_else(|| "–".into(), |check| format!("{} ok", check.inputs)),
                row.provenance.name(),
            );
            let more = wrapped(&told, WIDTH - 4, 2).into_iter().map(|line| format!("    {line}"));
            return [numbers].into_iter().chain(more).collect();
        }
        // The bytes come before whatever else is known.
        Outcome::DoesNotFit { .. } => ("does not fit", format!("exceeds {}", excess(row))),
        Outcome::Mismatch { reason, .. } => ("mismatch", reason.clone()),
        Outcome::Failed { reason, .. } => ("failed", reason.clone()),
    };
    let told = wrapped(&format!("{what}: {why}"), WIDTH - NAME - 1, 2);
    let column = |(i, text): (usize, String)| format!("{:<NAME$} {text}", if i == 0 { &name } else { "" });
    told.into_iter().enumerate().map(column).collect()
}

fn summary(board: &BoardRows<'_>, lines: &mut Vec<String>) {
    let names = |rows: Vec<&Measurement>| rows.iter().map(|row| board.label(row)).collect::<Vec<_>>().join(", ");
    let mut say = |what: &str, text: String| {
        if !text.is_empty() {
            let told = wrapped(&format!("{what}: {text}"), WIDTH - 2, 4);
            lines.extend(told.into_iter().map(|line| format!("  {line}")));
        }
    };
    let (fitting, images) = (board.fitting(), board.of_status(Status::Prebuilt));
    let networks = board.rows.len() - images.len();
    if networks > 0 {
        say("fits", format!("{} of {networks}: {}", fitting.len(), names(fitting)));
    }
    let unverified = images.into_iter().filter(|row| row.latency().is_none()).collect();
    say("not verified, and so not ranked", names(unverified));
    say("does not fit", names(board.of_status(Status::DoesNotFit)));
    say("breaks a limit", names(board.breaking()));
    say("no latency, since its output is wrong", names(board.of_status(Status::Mismatch)));
    say("failed", names(board.of_status(Status::Failed)));
    for best in board.best() {
        let by = best.provenance;
        if let Some((row, latency)) = best.fastest.and_then(|row| Some((row, row.latency()?))) {
            say("fastest", format!("{}, {} ms ({by})", board.label(row), ms(latency.ms())));
        }
        if let Some((row, memory)) = best.least_sram.and_then(|row| Some((row, row.memory()?))) {
            say("least SRAM", format!("{}, {} ({by})", board.label(row), bytes(memory.sram.peak())));
        }
        best.error_bands.iter().for_each(|band| say(&format!("error band ({by})"), band.to_string()));
        best.no_energy.iter().for_each(|reason| say(&format!("no energy ({by})"), reason.to_string()));
    }
}
