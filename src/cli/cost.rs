//! `hil cost`: the cost model.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::arguments::CostCommand;
use super::output::{columns, either, print, print_json};
use super::{Ended, Failure, model};
use crate::board::{self, Board};
use crate::cost_model::evaluate::Plan;
use crate::cost_model::{
    self, DataError, DataSet, Evaluation, Facts, Model, Prediction, Sample, Score, Settings, Split,
};
use crate::cost_model::{evaluate, model::ModelError};
use crate::engine::{Engine, TinyEngine};
use crate::network::builtin;
use crate::results::Predicted;
use crate::run::replan;
use crate::scenario::Known;

pub fn run(command: CostCommand, json: bool) -> Ended {
    match command {
        CostCommand::Train { from, out } => {
            let data = gather(&from)?;
            data.write(&out)?;
            let (version, summary) = (data.version(), data.summary());
            let value = || json!({ "version": version, "file": out, "summary": summary, "runs": data.runs });
            either(json, value, || format!("{}: cost model {version}: {summary}", out.display()))
        }
        CostCommand::Eval { from, split, board, measurements, board_measurements, draws } => {
            let plan = Plan { random: measurements, board: board_measurements, draws, ..Plan::default() };
            eval(&gather(&from)?, splits(split.as_deref())?, plan, board.as_deref(), json)
        }
        CostCommand::Check { run, from } => check(&run, &from, json),
        CostCommand::Predict { model, board, from } => predict(&model, board.as_deref(), &from, json),
    }
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<ModelError> for Failure {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::NoData => Self::Usage(error.to_string()),
            ModelError::Residual(_) => Self::Infrastructure(error.to_string()),
        }
    }
}

fn splits(name: Option<&str>) -> Result<Vec<Split>, Failure> {
    match name {
        None => Ok(vec![Split::Random, Split::Family, Split::Board]),
        Some("random") => Ok(vec![Split::Random]),
        Some("family") => Ok(vec![Split::Family]),
        Some("board") => Ok(vec![Split::Board]),
        Some(other) => Err(Failure::Usage(format!("--split {other}: it must be random, family or board"))),
    }
}

/// The data of runs and data sets together.
fn gather(from: &[PathBuf]) -> Result<DataSet, Failure> {
    let (networks, boards) = (builtin::names(), board::names());
    let known = Known { networks: &networks, boards: &boards };
    let mut data = DataSet::new(Vec::new(), Vec::new());
    for path in from {
        if path.is_file() {
            let DataSet { runs, samples, .. } = DataSet::read(path)?;
            data.runs.extend(runs);
            samples.into_iter().for_each(|sample| data.add(sample));
            continue;
        }
        let (run, rows) = replan(path, known)?;
        data.runs.push(run.id);
        for row in rows {
            let learned = match row {
                Ok(row) => Sample::new(&row.measurement, row.work, Facts::of(&row.board)).map_err(|e| e.to_string()),
                Err(row) => Err(format!("{}: {}", row.network, row.reason)),
            };
            match learned {
                Ok(sample) => data.add(sample),
                Err(reason) => eprintln!("{}: not learned from: {reason}", path.display()),
            }
        }
    }
    if data.samples.is_empty() {
        return Err(Failure::Usage("there is no measured row to learn from in these runs".into()));
    }
    Ok(data)
}

fn check(folder: &Path, from: &[PathBuf], json: bool) -> Ended {
    let (networks, boards) = (builtin::names(), board::names());
    let (run, rows) = replan(folder, Known { networks: &networks, boards: &boards })?;
    let mut tested = Vec::new();
    for row in rows {
        let sample = match row {
            Ok(row) => Sample::new(&row.measurement, row.work, Facts::of(&row.board))
                .map(|sample| (row.measurement.index, sample))
                .map_err(|e| e.to_string()),
            Err(row) => Err(format!("{}: {}", row.network, row.reason)),
        };
        match sample {
            Ok(sample) => tested.push(sample),
            Err(reason) => eprintln!("{}: not predicted: {reason}", folder.display()),
        }
    }
    let predictions = cost_model::check(&gather(from)?, &tested)?;
    predictions.write(folder)?;
    let text = || {
        let titles = ["network", "board", "measured", "predicted", "error %"].map(String::from).to_vec();
        let line = |(p, (_, sample)): (&Predicted, &(u32, Sample))| {
            let error = (p.cycles / sample.cycles - 1.0) * 100.0;
            let board = run.rows.iter().find(|row| row.index == p.index).map_or("–", |row| &row.board);
            let (measured, predicted) = (format!("{:.0}", sample.cycles), format!("{:.0}", p.cycles));
            vec![sample.network.clone(), board.into(), measured, predicted, format!("{error:+.2}")]
        };
        let lines: Vec<_> = std::iter::once(titles).chain(predictions.rows.iter().zip(&tested).map(line)).collect();
        let (version, count) = (&predictions.model, predictions.measurements);
        let hint = format!("its page: hil report {}", folder.display());
        format!("{}\n\ncost model {version}, learned from {count} other measurements; {hint}", columns(&lines, 2))
    };
    either(json, || serde_json::to_value(&predictions).unwrap_or_default(), text)
}

fn eval(data: &DataSet, splits: Vec<Split>, plan: Plan, board: Option<&str>, json: bool) -> Ended {
    let mut all = Vec::new();
    for split in splits {
        all.extend(evaluate(data, split, plan, board, &|next| eprintln!("{}: {next}", title(split)))?);
    }
    let version = data.version();
    if json {
        print_json(&json!({ "version": version, "data": data.summary(), "evaluations": all }))?;
    } else {
        print(&format!("cost model {version}: {}\n\n{}", data.summary(), table(&all)))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn title(split: Split) -> &'static str {
    match split {
        Split::Random => "networks at random",
        Split::Family => "a family never seen",
        Split::Board => "a board never seen",
    }
}

fn table(all: &[Evaluation]) -> String {
    let titles = ["", "measured", "tested", "MAPE %", "median %", "±5 %", "±10 %", "Spearman", "Kendall", "coverage"];
    let mut text = Vec::new();
    for split in [Split::Random, Split::Family, Split::Board] {
        let of: Vec<&Evaluation> = all.iter().filter(|e| e.split == split).collect();
        if of.is_empty() {
            continue;
        }
        let mut lines = vec![titles.map(String::from).to_vec()];
        lines[0][0] = title(split).into();
        for found in of {
            let Evaluation { board, family, measured, .. } = found;
            for (name, score) in [
                (format!("{board}, {family}"), &found.model),
                ("  ridge on operators".into(), &found.ridge),
                ("  multiply-accumulates".into(), &found.macs),
                ("  ideal".into(), &found.ideal),
            ] {
                lines.push(line(name, *measured, score));
            }
        }
        text.push(columns(&lines, 1));
    }
    text.join("\n\n")
}

fn line(name: String, measured: usize, score: &Score) -> Vec<String> {
    let share = |share: f64| format!("{:.0}", share * 100.0);
    let or = |number: Option<f64>| number.map_or("-".into(), |n| format!("{n:.3}"));
    vec![
        name,
        measured.to_string(),
        score.count.to_string(),
        format!("{:.1}", score.mape),
        format!("{:.1}", score.median),
        share(score.within_5),
        share(score.within_10),
        or(score.spearman),
        or(score.kendall),
        score.coverage.map_or("-".into(), share),
    ]
}

fn predict(text: &str, board: Option<&str>, from: &[PathBuf], json: bool) -> Ended {
    let boards = match board {
        Some(name) => vec![Board::shipped(name)?],
        None => board::names().into_iter().map(Board::shipped).collect::<Result<Vec<_>, _>>()?,
    };
    let prepared = model::load(text)?;
    let model = Model::train(&gather(from)?, Settings::default())?;
    let predict = |board: &Board| {
        let compiled = TinyEngine.compile_for(&prepared.network, board);
        let compiled = compiled.map_err(|e| Failure::Usage(format!("MODEL `{text}`: {e}")))?;
        Ok((board.name.clone(), model.predict(compiled.engine, &compiled.work(), &Facts::of(board))))
    };
    let all: Vec<(String, Prediction)> = boards.iter().map(predict).collect::<Result<_, Failure>>()?;
    let plan = TinyEngine.plan(&prepared.network).map_err(|e| Failure::Usage(format!("MODEL `{text}`: {e}")))?;
    let value = || {
        let of = |(board, p): &(String, Prediction)| {
            json!({
                "board": board, "provenance": "predicted", "cycles": p.cycles, "cycles_low": p.interval.low,
                "cycles_high": p.interval.high, "latency_ms": p.ms, "energy_uj": p.microjoules,
            })
        };
        let boards: Vec<Value> = all.iter().map(of).collect();
        json!({ "model": model.version(), "arena_bytes": plan.arena_bytes, "boards": boards })
    };
    let table = || {
        let titles = ["board", "provenance", "ms", "at least", "at most", "µJ"];
        let mut lines = vec![titles.map(String::from).to_vec()];
        for (board, p) in &all {
            let of = |cycles: f64| format!("{:.2}", p.ms * cycles / p.cycles);
            let energy = p.microjoules.map_or("-".into(), |uj| format!("{uj:.0}"));
            let (low, high) = (of(p.interval.low), of(p.interval.high));
            lines.push(vec![board.clone(), "predicted".into(), of(p.cycles), low, high, energy]);
        }
        format!("{}\n\ncost model {}; nine of ten networks lie between the bounds", columns(&lines, 2), model.version())
    };
    either(json, value, table)
}
