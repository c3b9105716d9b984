//! The report as one HTML file: no script, no font and no picture comes from elsewhere.

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, context};

use super::engines;
use super::gate::{change_text, finding_text, row_lines, value};
use super::history::step_lines;
use super::image::told_of;
use super::palette::{hex, kernel};
use super::plots::{self, PlotError};
use super::predicted;
use super::summary::{BoardRows, by_board, excess};
use super::text::{bytes, grouped, kib, mhz, ms, uj};
use crate::results::gate::{Finding, Judged, Judgement, Metric, State, Verdict};
use crate::results::history::Series;
use crate::results::{Measurement, Outcome, Predictions, Status, StoredRun, energy_uj};

/// The page's one script, which sorts its tables.
pub(super) const SORT: &str = include_str!("sort.js");

/// A mistake in a template or a plot: none of the user's.
#[derive(Debug, thiserror::Error)]
pub enum HtmlError {
    #[error("failed to draw a plot: {0}")]
    Plot(#[from] PlotError),
    #[error("failed to fill in the report's template: {0:#}")]
    Template(#[from] minijinja::Error),
}

/// What a page shows beside the run itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'a> {
    pub judgement: Option<&'a Judgement>,
    /// Earlier runs of the same rows.
    pub history: &'a [Series],
    /// What a cost model had said of the rows.
    pub predictions: Option<&'a Predictions>,
}

/// The whole page.
pub fn html(run: &StoredRun, beside: Beside<'_>) -> Result<String, HtmlError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    environment.add_template("report.html", include_str!("report.html.j2"))?;
    environment.add_template("engines.html", include_str!("engines.html.j2"))?;
    let kernels = kernels(&run.rows);
    let legend: Vec<Value> =
        kernels.iter().enumerate().map(|(i, name)| context! { name, colour => hex(kernel(Some(i))) }).collect();
    let boards = by_board(run).iter().map(|b| board(b, &kernels)).collect::<Result<Vec<_>, _>>()?;
    let repeat = run.rows.first().map(|row| &row.repeat);
    let page = environment.get_template("report.html")?.render(context! {
        run => context! {
            id => run.id,
            state => run.state.name(),
            message => run.message,
            torn => run.torn,
            started => run.started,
            ended => run.ended,
        },
        info => run.info,
        gate => beside.judgement.map(gate),
        history => beside.history.iter().map(history).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect::<Vec<_>>(),
        rows => run.rows.len(),
        predicted => beside.predictions.map(|known| predicted::section(run, known)).transpose()?.flatten(),
        legend,
        boards,
        titles => engines::titles(run).iter().map(|(name, title)| context! { name, title }).collect::<Vec<_>>(),
        engines => engines::comparison(run).as_ref().map(engines::html).transpose()?,
        repeat,
        script => SORT,
        digests => run.rows.iter().map(digests).collect::<Vec<_>>(),
    })?;
    Ok(page)
}

/// What changed since the baselines: what fails first, then in the run's order.
fn gate(judgement: &Judgement) -> Value {
    let noted = |f: &&Finding| f.verdict != Verdict::Same || !f.parts.is_empty();
    let rows = judgement.rows.iter();
    let all: Vec<_> = rows.flat_map(|row| row.findings().iter().filter(noted).map(move |f| (row, f))).collect();
    let (failing, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, finding)| finding.fails);
    let finding = |(row, f): &(&Judged, &Finding)| {
        let why = finding_text(f);
        context! {
            fails => f.fails,
            word => if f.fails { "fails" } else { f.verdict.name() },
            network => row.network,
            board => row.board,
            provenance => row.provenance.name(),
            metric => f.metric.name(),
            baseline => if f.metric == Metric::Output { "–".into() } else { value(f.metric, Some(f.baseline)) },
            now => if f.metric == Metric::Output { "–".into() } else { value(f.metric, f.now) },
            change => change_text(f),
            why => why.split_once("; ").map_or(why.as_str(), |(_, why)| why),
        }
    };
    let told = judgement.rows.iter().filter(|row| !matches!(row.state, State::Compared { .. })).flat_map(row_lines);
    context! {
        fails => judgement.fails(),
        summary => judgement.summary(),
        findings => failing.iter().chain(&others).map(finding).collect::<Vec<_>>(),
        told => told.collect::<Vec<_>>(),
        missing => judgement.missing,
    }
}

/// A series that has a plot: the plot, and its steps in words.
fn history(series: &Series) -> Result<Option<Value>, HtmlError> {
    let (Some(plot), Some(newest)) = (plots::history(series)?, series.entries.last()) else { return Ok(None) };
    Ok(Some(context! {
        name => format!("{} on {}", newest.network, newest.board),
        provenance => newest.provenance.name(),
        error_band => newest.error_band,
        nights => series.entries.len(),
        steps => step_lines(series),
        plot => Value::from_safe_string(plot),
    }))
}

/// Kernels by the cycles spent in them, the costliest first: those get the colours.
fn kernels(rows: &[Measurement]) -> Vec<String> {
    let mut spent: Vec<(String, u64)> = Vec::new();
    for row in rows {
        let cycles = row.latency().map_or(&[][..], |latency| latency.step_cycles());
        for (step, cycles) in row.steps.iter().zip(cycles) {
            match spent.iter_mut().find(|(name, _)| *name == step.kernel) {
                Some((_, sum)) => *sum = sum.saturating_add(*cycles),
                None => spent.push((step.kernel.clone(), *cycles)),
            }
        }
    }
    spent.sort_by_key(|(_, cycles)| std::cmp::Reverse(*cycles));
    spent.into_iter().map(|(name, _)| name).collect()
}

fn board(board: &BoardRows<'_>, kernels: &[String]) -> Result<Value, HtmlError> {
    let slowest = board.rows.iter().filter_map(|row| row.latency()).map(|l| l.ms()).fold(0.0, f64::max);
    let rows: Vec<Value> = board.rows.iter().map(|row| table_row(board, row, slowest)).collect();
    let networks = board.rows.iter().map(|row| network(board, row, kernels)).collect::<Result<Vec<_>, _>>()?;
    let best = |best: &super::summary::Best<'_>| {
        let fastest = best.fastest.and_then(|row| {
            Some(context! {
                name => board.label(row), value => format!("{} ms", ms(row.latency()?.ms())),
            })
        });
        let least = best.least_sram.and_then(|row| {
            Some(context! {
                name => board.label(row), value => kib(row.memory()?.sram.peak()),
            })
        });
        context! {
            provenance => best.provenance.name(),
            fastest,
            least,
            error_bands => best.error_bands,
            no_energy => best.no_energy,
        }
    };
    let budget = board.rows.first().map(|row| row.budget);
    Ok(context! {
        name => board.board,
        clock => board.clock_hz().map(mhz),
        sram => budget.map(|budget| kib(budget.sram)),
        flash => budget.map(|budget| kib(budget.flash)),
        fitting => board.fitting().len(),
        total => board.rows.len(),
        best => board.best().iter().map(best).collect::<Vec<_>>(),
        rows,
        scatter => plots::scatter(board)?.map(Value::from_safe_string),
        networks,
    })
}

fn status_text(row: &Measurement) -> &'static str {
    match row.status() {
        Status::Ok => "ok",
        Status::Prebuilt if row.latency().is_none() => "not verified",
        Status::Prebuilt => "prebuilt",
        Status::DoesNotFit => "does not fit",
        Status::Mismatch => "mismatch",
        Status::Failed => "failed",
    }
}

fn table_row(board: &BoardRows<'_>, row: &Measurement, slowest: f64) -> Value {
    let latency = row.latency();
    let share = |part: u64, whole: u64| (part as f64 * 100.0 / whole.max(1) as f64).min(100.0);
    let told = match &row.outcome {
        Outcome::Ok(_) => None,
        Outcome::Prebuilt(image) => Some(told_of(image)),
        Outcome::DoesNotFit { .. } => Some(format!("exceeds {}", excess(row))),
        Outcome::Mismatch { reason, .. } | Outcome::Failed { reason, .. } => Some(reason.clone()),
    };
    context! {
        name => board.label(row),
        status => row.status().name(),
        status_text => status_text(row),
        told,
        latency => latency.map(|l| ms(l.ms())),
        latency_share => latency.map(|l| l.ms() * 100.0 / slowest.max(f64::MIN_POSITIVE)),
        cycles => latency.map(|l| grouped(l.median_cycles().round() as u64)),
        rate => row.macs_per_cycle().map(|rate| format!("{rate:.3}")),
        sram => row.memory().map(|m| grouped(m.sram.peak())),
        sram_share => row.memory().map(|m| share(m.sram.peak(), row.budget.sram)),
        flash => row.memory().map(|m| m.flash.total()).or(row.prebuilt().map(|i| i.image_bytes)).map(grouped),
        flash_share => row.memory().map(|m| share(m.flash.total(), row.budget.flash)),
        check => row.check().map(|c| format!("{} equal", c.inputs)),
        energy => energy_uj(row).map(uj),
        broken => board.broken(row),
        provenance => row.provenance.name(),
        error_band => row.error_band,
    }
}

fn network(board: &BoardRows<'_>, row: &Measurement, kernels: &[String]) -> Result<Value, HtmlError> {
    let cycles = row.latency().map_or(&[][..], |latency| latency.step_cycles());
    let sum: u64 = cycles.iter().fold(0, |sum, c| sum.saturating_add(*c));
    let layer = |(at, step): (usize, &crate::results::Step)| {
        let spent = cycles.get(at);
        context! {
            at,
            name => step.name,
            kernel => step.kernel,
            colour => hex(kernel(kernels.iter().position(|k| *k == step.kernel))),
            macs => grouped(step.macs),
            cycles => spent.map(|c| grouped(*c)),
            energy => row.run().and_then(|run| run.step_energy_uj.get(at)).map(|energy| uj(*energy)),
            share => spent.map(|c| format!("{:.1}", *c as f64 * 100.0 / sum.max(1) as f64)),
            live => grouped(step.live_bytes),
        }
    };
    let memory = row.memory().map(|m| {
        let part = |name: &str, count: u64| context! { name, bytes => bytes(count) };
        context! {
            sram => m.sram.parts().into_iter().chain([("only for measuring (not counted)", m.sram.harness)])
                .map(|(name, count)| part(name, count)).collect::<Vec<_>>(),
            flash => m.flash.parts().map(|(name, count)| part(name, count)).to_vec(),
        }
    });
    Ok(context! {
        name => board.label(row),
        reason => row.outcome.reason(),
        latency => row.latency().map(|l| ms(l.ms())),
        status_text => status_text(row),
        provenance => row.provenance.name(),
        error_band => row.error_band,
        memory,
        layers => row.steps.iter().enumerate().map(layer).collect::<Vec<_>>(),
        bars => plots::layers(row, kernels)?.map(Value::from_safe_string),
        live => plots::memory(row)?.map(Value::from_safe_string),
    })
}

fn digests(row: &Measurement) -> Value {
    context! {
        network => row.network,
        board => row.board,
        unit => row.unit,
        engine => row.engine,
        network_sha256 => row.network_sha256,
        image_sha256 => row.image_sha256,
        flags_sha256 => row.repeat.flags_sha256,
    }
}
