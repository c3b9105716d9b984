//! Two runs, as text and as JSON.

use serde_json::{Value, json};

use super::text::{grouped, ms, one_line, shortened, wrapped};
use crate::results::{Comparison, LayerChange, LayerNumbers, Measurement, RowPair, energy_uj};

const WIDTH: usize = 100;

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
    let row = |pair: &RowPair<'_>| {
        let (a, b) = (pair.a, pair.b);
        let side = |row: &Measurement| {
            json!({
                "status": row.status(),
                "median_cycles": cycles(row),
                "latency_ms": row.latency().map(|l| l.ms()),
                "sram": sram(row),
                "flash": flash(row),
                "energy_uj": energy_uj(row),
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
            "energy_change": energy_uj(a).zip(energy_uj(b)).map(|(a, b)| b / a - 1.0),
            "unlike": pair.unlike,
            "layers": pair.layers,
            "first_changed_layer": pair.first().map(|layer| &layer.name),
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
    for pair in pairs {
        let (a, b) = (pair.a, pair.b);
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
        if !pair.unlike.is_empty() && cycles(a) != cycles(b) {
            lines.push(format!("    unlike: {}", pair.unlike.join(", ")));
        }
        layers(pair, &mut lines);
    }
    for (side, rows) in [("a", &comparison.only_a), ("b", &comparison.only_b)] {
        if !rows.is_empty() {
            let names: Vec<String> = rows.iter().map(|row| format!("{} on {}", row.network, row.board)).collect();
            lines.extend(wrapped(&format!("only in {side}: {}", names.join(", ")), WIDTH, 2));
        }
    }
    let mut bands: Vec<String> = Vec::new();
    for row in pairs.iter().flat_map(|pair| [pair.a, pair.b]).filter(|row| row.latency().is_some()) {
        let band = format!("error band ({}): {}", row.provenance, row.error_band);
        if !row.error_band.is_empty() && !bands.contains(&band) {
            bands.push(band);
        }
    }
    lines.extend(bands.iter().flat_map(|band| wrapped(band, WIDTH, 2)));
    lines.join("\n")
}

/// Which steps changed: how many, the first one and the one that changed most.
fn layers(pair: &RowPair<'_>, lines: &mut Vec<String>) {
    let Some(first) = pair.first() else { return };
    let steps = pair.a.steps.len().max(pair.b.steps.len());
    let mut text = format!("{} of {steps} steps changed, first {}", pair.layers.len(), layer(first));
    if let Some(most) = pair.most().filter(|most| *most != first) {
        text += &format!("; most {}", layer(most));
    }
    lines.extend(wrapped(&text, WIDTH - 4, 2).iter().map(|line| format!("    {line}")));
}

fn layer(layer: &LayerChange) -> String {
    let cycles = |side: &Option<LayerNumbers>| match side.map(|numbers| numbers.cycles) {
        None => "absent".into(),
        Some(None) => "not timed".into(),
        Some(Some(cycles)) => grouped(cycles),
    };
    let (before, after) = (cycles(&layer.a), cycles(&layer.b));
    let change = if before == after { format!("{after} cycles") } else { format!("{before} → {after} cycles") };
    format!("{} ({}): {change}", one_line(&layer.name), one_line(&layer.kernel))
}
