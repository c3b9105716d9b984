//! `hil inspect`.

mod measured;
mod picture;

use std::path::Path;

use serde_json::{Value, json};

use self::measured::Measured;
use super::arguments::ShowOptions;
use super::output::{columns, either, wrapped};
use super::{Ended, Failure, model};
use crate::board::{self, Board};
use crate::engine::patch::Stage;
use crate::engine::{ArenaMap, Compiled, Engine, Goal, Kernel, Place, Plan, Step, Tailored, TinyEngine, fit};
use crate::firmware::reserved;
use crate::network::Network;
use crate::run::Prepared;

pub fn run(text: &str, board: Option<&str>, goal: Option<Goal>, show: &ShowOptions, json: bool) -> Ended {
    let boards = match board {
        Some(name) => vec![Board::shipped(name)?],
        None => board::names().into_iter().map(Board::shipped).collect::<Result<Vec<_>, _>>()?,
    };
    let prepared = model::load(text)?;
    let goal = goal.unwrap_or_default();
    let engine = Tailored(match boards.as_slice() {
        [board] => goal.on(board),
        _ => goal,
    });
    let fail = |error| Failure::Usage(format!("MODEL `{text}`: {error}"));
    let compiled = engine.compile(&prepared.network).map_err(fail)?;
    let map = engine.arena_map(&prepared.network).map_err(fail)?;
    let fits: Vec<Fit> = boards.iter().map(|board| Fit::of(&compiled, board)).collect();
    let measured = match boards.as_slice() {
        [board] if show.measure => Some(Measured::of(&prepared, &compiled, board)?),
        _ => None,
    };
    let name = &prepared.network.name;
    if let Some(path) = &show.svg {
        write(path, &picture::svg(&map, name)?)?;
    }
    if let Some(path) = &show.html {
        let mut tables = vec![("Steps", steps(&prepared, &compiled))];
        if let Some(measured) = &measured {
            tables.push(("Cycles of each step", measured.steps(&compiled)));
            tables.push(("What each optimisation buys", measured.ablation()));
        }
        write(path, &picture::html(&map, name, &tables)?)?;
    }
    either(
        json,
        || {
            let mut value = value(&prepared, &compiled, &fits);
            value["plan"]["arena_map"] = picture::value(&map);
            if let Some(measured) = &measured {
                value["measured"] = measured.value(&compiled);
            }
            value
        },
        || {
            let measured = measured.as_ref().map(|measured| measured.text(&compiled));
            [Some(table(&prepared, &compiled, &map, &fits)), measured]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join("\n\n")
        },
    )
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text)
        .map_err(|error| Failure::Infrastructure(format!("{}: failed to write: {error}", path.display())))
}

/// Whether a network fits a board, with what the firmware reserves beside it.
struct Fit {
    board: String,
    result: Result<fit::Headroom, fit::Misfit>,
}

impl Fit {
    fn of(compiled: &Compiled, board: &Board) -> Self {
        let result = fit::fit(&compiled.plan, board, reserved(compiled.steps.len()));
        Self { board: board.name.clone(), result }
    }

    fn value(&self) -> Value {
        match &self.result {
            Ok(left) => json!({ "board": self.board, "fits": true, "sram_left": left.sram, "flash_left": left.flash }),
            Err(misfit) => json!({
                "board": self.board,
                "fits": false,
                "sram_over": misfit.sram.map_or(0, |e| e.bytes()),
                "flash_over": misfit.flash.map_or(0, |e| e.bytes()),
                "reason": misfit.to_string(),
            }),
        }
    }

    fn text(&self) -> String {
        match &self.result {
            Ok(left) => format!("fits {}: {} bytes of SRAM and {} of flash left", self.board, left.sram, left.flash),
            Err(misfit) => misfit.to_string(),
        }
    }
}

fn place(place: &Place) -> String {
    match place {
        Place::Arena(offset) => offset.to_string(),
        Place::Constant(_) => "flash".into(),
    }
}

fn places(all: &[Place]) -> String {
    all.iter().map(place).collect::<Vec<_>>().join("+")
}

fn value(prepared: &Prepared, compiled: &Compiled, fits: &[Fit]) -> Value {
    let (network, plan) = (&prepared.network, &compiled.plan);
    let live = plan.steps.iter().map(|step| {
        json!({
            "op": step.origin,
            "kernel": step.kernel.name(),
            "inputs": step.inputs.iter().map(place).collect::<Vec<_>>(),
            "output": place(&step.output),
            "scratch": step.scratch,
            "scratch_bytes": step.scratch_bytes,
            "macs": macs(compiled, step),
            "weights_bytes": step.weights_bytes,
            "table_bytes": step.table_bytes,
            "live_bytes": (step.kernel != Kernel::Alias).then_some(step.live_bytes),
        })
    });
    let operator = |op: &crate::network::Op| {
        json!({
            "op": op.origin,
            "operator": op.kind.name(),
            "output": network.tensor(op.output).shape,
            "macs": network.op_macs(op),
            "weights_bytes": weights(network, op),
        })
    };
    json!({
        "network": network.name,
        "sha256": prepared.sha256,
        "macs": network.macs(),
        "input_bytes": compiled.input_bytes,
        "output_bytes": compiled.output_bytes,
        "operators": network.ops.iter().map(operator).collect::<Vec<_>>(),
        "plan": {
            "engine": TinyEngine.name(),
            "steps": live.collect::<Vec<_>>(),
            "stages": plan.stages.iter().map(|stage| stage_value(plan, stage)).collect::<Vec<_>>(),
            "arena_bytes": plan.arena_bytes,
            "arena_lower_bound": plan.arena_lower_bound,
            "weights_bytes": plan.weights_bytes,
            "table_bytes": plan.table_bytes,
        },
        "boards": fits.iter().map(Fit::value).collect::<Vec<_>>(),
    })
}

/// Multiply-accumulates of a step; rows that are computed again count again.
fn macs(compiled: &Compiled, step: &Step) -> u64 {
    compiled.steps.iter().find(|info| info.op == step.origin).map_or(0, |info| info.macs)
}

/// Operators of the file that a stage begins and ends with.
fn ends(plan: &Plan, stage: &Stage) -> [usize; 2] {
    [stage.cut.first, stage.cut.last].map(|op| plan.steps.get(op).map_or(op, |step| step.origin))
}

fn stage_value(plan: &Plan, stage: &Stage) -> Value {
    let [first, last] = ends(plan, stage);
    json!({
        "first": first,
        "last": last,
        "bands": stage.bands(),
        "band_rows": stage.cut.band_rows,
        "calls": stage.calls.len(),
        "macs": stage.macs.iter().sum::<u64>(),
        "recomputed_macs": stage.recomputed_macs,
    })
}

fn stage_text(plan: &Plan, stage: &Stage) -> String {
    let [first, last] = ends(plan, stage);
    format!(
        "operators {first} to {last} in {} bands of {} rows; {} MACs are done again for their halos",
        stage.bands(),
        stage.cut.band_rows,
        stage.recomputed_macs
    )
}

fn weights(network: &Network, op: &crate::network::Op) -> usize {
    op.inputs.iter().map(|id| network.tensor(*id)).filter(|t| t.data.is_some()).map(|t| t.bytes()).sum()
}

/// Rows of the table of steps, the first with the columns' names.
fn steps(prepared: &Prepared, compiled: &Compiled) -> Vec<Vec<String>> {
    let (network, plan) = (&prepared.network, &compiled.plan);
    let titles = ["op", "kernel", "output", "MACs", "weights", "in at", "out at", "scratch", "live"];
    let mut rows = vec![titles.map(String::from).to_vec()];
    for step in &plan.steps {
        let op = network.ops.iter().find(|op| op.origin == step.origin);
        let shape = op.map_or(String::new(), |op| {
            let shape = network.tensor(op.output).shape.iter().skip(1).map(ToString::to_string);
            shape.collect::<Vec<_>>().join("x")
        });
        let computes = step.kernel != Kernel::Alias;
        let known = |number: Option<u64>| number.map_or("–".to_string(), |number| number.to_string());
        rows.push(vec![
            step.origin.to_string(),
            step.kernel.name().into(),
            shape,
            known(computes.then(|| macs(compiled, step))),
            (step.weights_bytes + step.table_bytes).to_string(),
            places(&step.inputs),
            place(&step.output),
            step.scratch.map_or("–".into(), |at| format!("{}@{at}", step.scratch_bytes)),
            known(computes.then_some(step.live_bytes as u64)),
        ]);
    }
    rows
}

fn table(prepared: &Prepared, compiled: &Compiled, map: &ArenaMap, fits: &[Fit]) -> String {
    let (network, plan) = (&prepared.network, &compiled.plan);
    let mut lines = vec![columns(&steps(prepared, compiled), 3)];
    lines.push(wrapped(&format!(
        "{}: {} MACs per inference (nominal), input {} bytes, output {} bytes",
        network.name,
        network.macs(),
        compiled.input_bytes,
        compiled.output_bytes
    )));
    lines.push(wrapped(&format!(
        "arena {} bytes (no plan of these steps needs less than {}), weights {} bytes, requantisation {} bytes",
        plan.arena_bytes, plan.arena_lower_bound, plan.weights_bytes, plan.table_bytes
    )));
    lines.extend(plan.stages.iter().map(|stage| wrapped(&stage_text(plan, stage))));
    lines.extend(fits.iter().map(|fit| wrapped(&fit.text())));
    lines.push(picture::text(map));
    lines.join("\n")
}
