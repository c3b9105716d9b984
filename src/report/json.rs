//! The run as JSON. Latencies are milliseconds, sizes bytes, energies microjoules.

use serde_json::{Value, json};

use super::engines;
use super::summary::{BoardRows, by_board};
use crate::results::{Energy, Limits, Measurement, Status, StoredRun, energy};

/// The run, its rows with what follows from them, and the verdict per board.
pub fn json(run: &StoredRun) -> Value {
    json!({
        "run": {
            "id": run.id,
            "state": run.state,
            "message": run.message,
            "started": run.started,
            "ended": run.ended,
            "torn": run.torn,
            "info": run.info,
        },
        "rows": run.rows.iter().map(|each| row(each, &run.info.limits)).collect::<Vec<_>>(),
        "boards": by_board(run).iter().map(verdict).collect::<Vec<_>>(),
        "comparison": engines::comparison(run).as_ref().map(engines::as_json),
    })
}

fn row(row: &Measurement, limits: &Limits) -> Value {
    let latency = row.latency();
    let run = row.run();
    let (energy_uj, energy_reason) = match energy(row) {
        Some(Energy::Microjoules(uj)) => (Some(*uj), None),
        Some(Energy::Missing(reason)) => (None, Some(reason)),
        None => (None, None),
    };
    let sram = row.memory().map(|memory| {
        let sram = memory.sram;
        json!({
            "peak": sram.peak(),
            "arena": sram.arena,
            "engine": sram.engine,
            "stack": sram.stack,
            "heap": sram.heap,
            "runtime": sram.runtime,
            "harness": sram.harness,
        })
    });
    let flash = row.memory().map(|memory| {
        let flash = memory.flash;
        json!({
            "total": flash.total(),
            "weights": flash.weights,
            "tables": flash.tables,
            "code": flash.code,
            "runtime": flash.runtime,
            "data": flash.data,
        })
    });
    let layer = |(at, step): (usize, &crate::results::Step)| {
        json!({
            "step": at,
            "name": step.name,
            "kernel": step.kernel,
            "macs": step.macs,
            "live_bytes": step.live_bytes,
            "cycles": latency.and_then(|l| l.step_cycles().get(at)),
            "energy_uj": run.and_then(|run| run.step_energy_uj.get(at)),
        })
    };
    json!({
        "index": row.index,
        "scenario": row.scenario,
        "task": row.task,
        "network": row.network,
        "network_sha256": row.network_sha256,
        "engine": row.engine,
        "engine_options_sha256": row.engine_options_sha256,
        "board": row.board,
        "unit": row.unit,
        "image_sha256": row.image_sha256,
        "provenance": row.provenance,
        "error_band": row.error_band,
        "status": row.status(),
        "cause": row.outcome.cause(),
        "reason": row.outcome.reason(),
        "latency_ms": latency.map(|l| l.ms()),
        "median_cycles": latency.map(|l| l.median_cycles()),
        "cycles": latency.map(|l| l.cycles()),
        "clock_hz": latency.map(|l| l.clock_hz()),
        "instructions": run.and_then(|run| run.instructions),
        "macs": row.macs,
        "macs_per_cycle": row.macs_per_cycle(),
        "sram": sram,
        "flash": flash,
        "budget": row.budget,
        "over_by": row.over_by(),
        "broken_limits": limits.broken(row),
        "energy_uj": energy_uj,
        "energy_reason": energy_reason,
        "check": row.check(),
        "prebuilt": row.prebuilt().map(|image| {
            let mut value = serde_json::to_value(image).unwrap_or_default();
            value["throughput"] = json!(image.throughput());
            value["official"] = json!(image.is_official());
            value
        }),
        "layers": row.steps.iter().enumerate().map(layer).collect::<Vec<_>>(),
        "repeat": row.repeat,
    })
}

fn verdict(board: &BoardRows<'_>) -> Value {
    let labels = |rows: Vec<&Measurement>| rows.iter().map(|row| board.label(row)).collect::<Vec<_>>();
    let best = |best: &super::summary::Best<'_>| {
        json!({
            "provenance": best.provenance,
            "fastest": best.fastest.map(|row| board.label(row)),
            "least_sram": best.least_sram.map(|row| board.label(row)),
        })
    };
    json!({
        "board": board.board,
        "fits": labels(board.fitting()),
        "does_not_fit": labels(board.of_status(Status::DoesNotFit)),
        "breaks_a_limit": labels(board.breaking()),
        "mismatch": labels(board.of_status(Status::Mismatch)),
        "failed": labels(board.of_status(Status::Failed)),
        "best": board.best().iter().map(best).collect::<Vec<_>>(),
    })
}
