//! Two runs, row by row. What is unlike is not compared: rows meet by network, engine, board and provenance.

use serde_json::{Value, json};

use super::text::{grouped, ms, one_line, shortened, wrapped};
use crate::results::{Measurement, StoredRun};

const WIDTH: usize = 100;

/// Rows of two runs, side by side.
pub struct Comparison<'a> {
    pub a: &'a StoredRun,
    pub b: &'a StoredRun,
    pub pairs: Vec<(&'a Measurement, &'a Measurement)>,
    /// Rows that only one run has.
    pub only_a: Vec<&'a Measurement>,
    pub only_b: Vec<&'a Measurement>,
}

fn key(row: &Measurement) -> impl PartialEq + '_ {
    (&row.network, &row.engine, &row.board, row.provenance)
}

/// Pairs the rows of `a` with those of `b`.
pub fn compare<'a>(a: &'a StoredRun, b: &'a StoredRun) -> Comparison<'a> {
    let partner = |row: &Measurement, run: &'a StoredRun| run.rows.iter().find(|other| key(other) == key(row));
    Comparison {
        a,
        b,
        pairs: a.rows.iter().filter_map(|row| Some((row, partner(row, b)?))).collect(),
        only_a: a.rows.iter().filter(|row| partner(row, b).is_none()).collect(),
        only_b: b.rows.iter().filter(|row| partner(row, a).is_none()).collect(),
    }
}

/// What differs between two rows beside their numbers, which says why numbers may differ.
fn unlike(a: &Measurement, b: &Measurement) -> Vec<&'static str> {
    let checks = [
        ("network", a.network_sha256 != b.network_sha256),
        ("image", a.image_sha256 != b.image_sha256),
        ("compiler", a.repeat.compiler != b.repeat.compiler),
        ("flags", a.repeat.flags_sha256 != b.repeat.flags_sha256),
        ("hil", a.repeat.hil_version != b.repeat.hil_version || a.repeat.git != b.repeat.git),
    ];
    checks.into_iter().filter(|(_, differs)| *differs).map(|(what, _)| what).collect()
}

fn cycles(row: &Measurement) -> Option<f64> {
    row.latency().map(|latency| latency.median_cycles())
}

fn sram(row: &Measurement) -> Option<u64> {
    row.run().map(|run| run.memory.sram.peak())
}

fn flash(row: &Measurement) -> Option<u64> {
    row.run().map(|run| run.memory.flash.total())
}

/// The comparison as JSON; changes are of the second run against the first.
pub fn comparison_json(comparison: &Comparison<'_>) -> Value {
    let name = |row: &&Measurement| json!({ "network": row.network, "engine": row.engine, "board": row.board });
    let row = |(a, b): &(&Measurement, &Measurement)| {
        let side = |row: &Measurement| {
            json!({
                "status": row.status(),
                "median_cycles": cycles(row),
                "latency_ms": row.latency().map(|l| l.ms()),
                "sram": sram(row),
                "flash": flash(row),
                "provenance": row.provenance,
                "error_band": row.error_band,
            })
        };
        json!({
            "network": a.network,
            "engine": a.engine,
            "board": a.board,
            "provenance": a.provenance,
            "a": side(a),
            "b": side(b),
            "cycles_change": cycles(a).zip(cycles(b)).map(|(a, b)| b / a - 1.0),
            "sram_change": sram(a).zip(sram(b)).map(|(a, b)| b as i128 - a as i128),
            "flash_change": flash(a).zip(flash(b)).map(|(a, b)| b as i128 - a as i128),
            "unlike": unlike(a, b),
        })
    };
    json!({
        "a": comparison.a.id,
        "b": comparison.b.id,
        "rows": comparison.pairs.iter().map(row).collect::<Vec<_>>(),
        "only_in_a": comparison.only_a.iter().map(name).collect::<Vec<_>>(),
        "only_in_b": comparison.only_b.iter().map(name).collect::<Vec<_>>(),
    })
}

/// The comparison as a table of at most 100 columns.
pub fn comparison_text(comparison: &Comparison<'_>) -> String {
    let Comparison { a, b, pairs, .. } = comparison;
    let mut lines = vec![format!("a: {}", one_line(&a.id)), format!("b: {}", one_line(&b.id)), String::new()];
    let line = |name: &str, board: &str, a: &str, b: &str, change: &str, sram: &str, flash: &str, by: &str| {
        format!("{name:<24} {board:<16} {a:>9} {b:>9} {change:>8} {sram:>8} {flash:>8} {by:>9}")
    };
    lines.push(line("network", "board", "a, ms", "b, ms", "cycles", "SRAM", "flash", "by"));
    for (a, b) in pairs {
        let side = |row: &Measurement| match row.latency() {
            Some(latency) => ms(latency.ms()),
            None => shortened(row.status().name(), 9),
        };
        let change = cycles(a).zip(cycles(b)).map_or("–".into(), |(a, b)| match b == a {
            true => "equal".into(),
            false => format!("{:+.2} %", (b / a - 1.0) * 100.0),
        });
        let bytes = |a: Option<u64>, b: Option<u64>| match (a, b) {
            (Some(a), Some(b)) if a == b => "equal".into(),
            (Some(a), Some(b)) if b > a => format!("+{}", grouped(b - a)),
            (Some(a), Some(b)) => format!("-{}", grouped(a - b)),
            _ => "–".into(),
        };
        let (sram, flash) = (bytes(sram(a), sram(b)), bytes(flash(a), flash(b)));
        let (name, board) = (shortened(&a.network, 24), shortened(&a.board, 16));
        lines.push(line(&name, &board, &side(a), &side(b), &change, &sram, &flash, a.provenance.name()));
        let unlike = unlike(a, b);
        if !unlike.is_empty() && cycles(a) != cycles(b) {
            lines.push(format!("    unlike: {}", unlike.join(", ")));
        }
    }
    for (side, rows) in [("a", &comparison.only_a), ("b", &comparison.only_b)] {
        if !rows.is_empty() {
            let names: Vec<String> = rows.iter().map(|row| format!("{} on {}", row.network, row.board)).collect();
            lines.extend(wrapped(&format!("only in {side}: {}", names.join(", ")), WIDTH, 2));
        }
    }
    let mut bands: Vec<String> = Vec::new();
    for row in pairs.iter().flat_map(|(a, b)| [a, b]).filter(|row| row.latency().is_some()) {
        let band = format!("error band ({}): {}", row.provenance, row.error_band);
        if !row.error_band.is_empty() && !bands.contains(&band) {
            bands.push(band);
        }
    }
    lines.extend(bands.iter().flat_map(|band| wrapped(band, WIDTH, 2)));
    lines.join("\n")
}
