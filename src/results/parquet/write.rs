//! Rows to tables.

use std::path::Path;

use polars::prelude::*;

use crate::results::compare::energy as energy_of;
use crate::results::error::ResultsError;
use crate::results::measurement::Measurement;
use crate::results::memory::{Flash, Sram};
use crate::results::outcome::{Cause, Energy, Latency};

fn text<'a>(name: &str, values: impl Iterator<Item = Option<&'a str>>) -> Column {
    StringChunked::from_iter_options(name.into(), values).into_column()
}

fn number(name: &str, values: impl Iterator<Item = Option<u64>>) -> Column {
    UInt64Chunked::from_iter_options(name.into(), values).into_column()
}

fn real(name: &str, values: impl Iterator<Item = Option<f64>>) -> Column {
    Float64Chunked::from_iter_options(name.into(), values).into_column()
}

fn index(name: &str, values: impl Iterator<Item = u32>) -> Column {
    UInt32Chunked::from_iter_values(name.into(), values).into_column()
}

/// The table of measurements as a Parquet file; `path` is named in errors.
pub fn measurements(rows: &[Measurement], path: &Path) -> Result<Vec<u8>, ResultsError> {
    let of = |get: fn(&Measurement) -> &str| rows.iter().map(move |row| Some(get(row)));
    let latency = |get: fn(&Latency) -> u64| rows.iter().map(move |row| row.latency().map(get));
    let latency_f = |get: fn(&Latency) -> f64| rows.iter().map(move |row| row.latency().map(get));
    let sram = |get: fn(&Sram) -> u64| rows.iter().map(move |row| row.memory().map(|m| get(&m.sram)));
    let flash = |get: fn(&Flash) -> u64| rows.iter().map(move |row| row.memory().map(|m| get(&m.flash)));
    let checks = || rows.iter().map(|row| row.run().and_then(|run| run.check.as_ref()));
    let energy = |row: &Measurement| match energy_of(row) {
        Some(Energy::Microjoules(uj)) => Some(*uj),
        _ => None,
    };
    let energy_reason = |row: &'_ Measurement| match energy_of(row) {
        Some(Energy::Missing(reason)) => Some(reason.clone()),
        _ => None,
    };
    // A column of its own would be null in almost every row.
    let image = |row: &Measurement| row.prebuilt().and_then(|image| serde_json::to_string(image).ok());
    let images: Vec<_> = rows.iter().map(image).collect();
    let energy_reasons: Vec<_> = rows.iter().map(energy_reason).collect();
    let columns = vec![
        index("index", rows.iter().map(|row| row.index)),
        text("scenario", of(|row| &row.scenario)),
        text("task", of(|row| &row.task)),
        text("network", of(|row| &row.network)),
        text("network_sha256", of(|row| &row.network_sha256)),
        text("engine", of(|row| &row.engine)),
        text("engine_options_sha256", of(|row| &row.engine_options_sha256)),
        text("board", of(|row| &row.board)),
        text("unit", of(|row| &row.unit)),
        text("image_sha256", rows.iter().map(|row| row.image_sha256.as_deref())),
        text("provenance", of(|row| row.provenance.name())),
        text("status", of(|row| row.status().name())),
        text("cause", rows.iter().map(|row| row.outcome.cause().map(Cause::name))),
        text("reason", rows.iter().map(|row| row.outcome.reason())),
        number("macs", rows.iter().map(|row| Some(row.macs))),
        cycles(rows).map_err(|e| failed(path, &e))?,
        number("clock_hz", latency(Latency::clock_hz)),
        real("median_cycles", latency_f(Latency::median_cycles)),
        real("latency_ms", latency_f(Latency::ms)),
        number("instructions", rows.iter().map(|row| row.run().and_then(|run| run.instructions))),
        number("sram_arena", sram(|s| s.arena)),
        number("sram_engine", sram(|s| s.engine)),
        number("sram_stack", sram(|s| s.stack)),
        number("sram_heap", sram(|s| s.heap)),
        number("sram_runtime", sram(|s| s.runtime)),
        number("sram_harness", sram(|s| s.harness)),
        number("sram_peak", sram(Sram::peak)),
        number("flash_weights", flash(|f| f.weights)),
        number("flash_tables", flash(|f| f.tables)),
        number("flash_code", flash(|f| f.code)),
        number("flash_runtime", flash(|f| f.runtime)),
        number("flash_data", flash(|f| f.data)),
        number("flash_total", flash(Flash::total)),
        number("budget_sram", rows.iter().map(|row| Some(row.budget.sram))),
        number("budget_flash", rows.iter().map(|row| Some(row.budget.flash))),
        number("over_by_sram", rows.iter().map(|row| row.memory().map(|_| row.over_by().sram))),
        number("over_by_flash", rows.iter().map(|row| row.memory().map(|_| row.over_by().flash))),
        real("energy_uj", rows.iter().map(energy)),
        text("energy_reason", energy_reasons.iter().map(Option::as_deref)),
        number("checked_inputs", checks().map(|check| check.map(|c| u64::from(c.inputs.get())))),
        text("output_sha256", checks().map(|check| check.map(|c| c.output_sha256.as_str()))),
        text("prebuilt", images.iter().map(Option::as_deref)),
        text("error_band", of(|row| &row.error_band)),
        number("seed", rows.iter().map(|row| Some(row.repeat.seed))),
        text("compiler", of(|row| &row.repeat.compiler)),
        text("flags_sha256", of(|row| &row.repeat.flags_sha256)),
        text("hil_version", of(|row| &row.repeat.hil_version)),
        text("git", of(|row| &row.repeat.git)),
    ];
    file(rows.len(), columns, path)
}

/// Cycles of every repeated inference: a list per row.
fn cycles(rows: &[Measurement]) -> PolarsResult<Column> {
    let values = rows.iter().map(|row| row.latency().map_or(0, |l| l.cycles().len())).sum();
    let mut list =
        ListPrimitiveChunkedBuilder::<UInt64Type>::new("cycles".into(), rows.len(), values, DataType::UInt64);
    for row in rows {
        match row.latency() {
            Some(latency) => list.append_slice(latency.cycles()),
            None => list.append_null(),
        }
    }
    Ok(list.finish().into_column())
}

/// The table of steps as a Parquet file: a row per step of each measurement; `path` is named in errors.
pub fn layers(rows: &[Measurement], path: &Path) -> Result<Vec<u8>, ResultsError> {
    let steps: Vec<_> =
        rows.iter().flat_map(|row| row.steps.iter().enumerate().map(move |(i, step)| (row, i, step))).collect();
    let cycles = |(row, i): (&Measurement, usize)| row.latency().and_then(|l| l.step_cycles().get(i).copied());
    let columns = vec![
        index("index", steps.iter().map(|(row, ..)| row.index)),
        text("network", steps.iter().map(|(row, ..)| Some(row.network.as_str()))),
        text("engine", steps.iter().map(|(row, ..)| Some(row.engine.as_str()))),
        text("board", steps.iter().map(|(row, ..)| Some(row.board.as_str()))),
        text("provenance", steps.iter().map(|(row, ..)| Some(row.provenance.name()))),
        number("step", steps.iter().map(|(_, i, _)| Some(*i as u64))),
        text("name", steps.iter().map(|(.., step)| Some(step.name.as_str()))),
        text("kernel", steps.iter().map(|(.., step)| Some(step.kernel.as_str()))),
        number("macs", steps.iter().map(|(.., step)| Some(step.macs))),
        number("live_bytes", steps.iter().map(|(.., step)| Some(step.live_bytes))),
        number("cycles", steps.iter().map(|(row, i, _)| cycles((row, *i)))),
        real("energy_uj", steps.iter().map(|(row, i, _)| row.run()?.step_energy_uj.get(*i).copied())),
    ];
    file(steps.len(), columns, path)
}

fn file(height: usize, columns: Vec<Column>, path: &Path) -> Result<Vec<u8>, ResultsError> {
    let mut table = DataFrame::new(height, columns).map_err(|e| failed(path, &e))?;
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).finish(&mut table).map_err(|e| failed(path, &e))?;
    Ok(bytes)
}

fn failed(path: &Path, error: &PolarsError) -> ResultsError {
    ResultsError::Parquet { path: path.to_path_buf(), message: format!("failed to encode: {error}") }
}
