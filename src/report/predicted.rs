//! What the cost model had said of a run's rows, beside what was measured.

use minijinja::context;
use minijinja::value::Value;

use super::plots::{Axes, Curve, PlotError, curves};
use super::summary::by_board;
use super::text::ms;
use crate::results::{Measurement, Predicted, Predictions, StoredRun};

/// A row that was predicted and measured; milliseconds, and the error as a share of what was measured.
struct Pair<'a> {
    row: &'a Measurement,
    name: String,
    measured: f64,
    predicted: f64,
    low: f64,
    high: f64,
    error: f64,
}

fn pair<'a>(row: &'a Measurement, name: String, predicted: &Predicted) -> Option<Pair<'a>> {
    let latency = row.latency()?;
    let ms = |cycles: f64| cycles * 1000.0 / latency.clock_hz() as f64;
    let error = predicted.cycles / latency.median_cycles() - 1.0;
    error.is_finite().then(|| Pair {
        row,
        name,
        measured: latency.ms(),
        predicted: ms(predicted.cycles),
        low: ms(predicted.low),
        high: ms(predicted.high),
        error,
    })
}

/// The section of the page; none where no row was both predicted and measured.
pub fn section(run: &StoredRun, predictions: &Predictions) -> Result<Option<Value>, PlotError> {
    let boards = by_board(run);
    let mut pairs: Vec<Pair<'_>> = Vec::new();
    let mut series: Vec<Curve> = Vec::new();
    for board in &boards {
        let of = |row: &&Measurement| predictions.rows.iter().find(|predicted| predicted.index == row.index);
        let here = board.rows.iter().filter_map(|row| pair(row, board.label(row), of(row)?));
        let from = pairs.len();
        pairs.extend(here);
        let point = |p: &Pair<'_>| (p.measured, p.error * 100.0);
        let points: Vec<(f64, f64)> = pairs[from..].iter().map(point).collect();
        if !points.is_empty() {
            series.push(Curve { name: board.board.into(), points, line: false, marked: true });
        }
    }
    let mut errors: Vec<f64> = pairs.iter().map(|p| p.error.abs()).collect();
    errors.sort_unstable_by(f64::total_cmp);
    let (Some(median), Some(worst)) = (errors.get(errors.len() / 2), errors.last()) else { return Ok(None) };
    let axes = Axes { title: "error of the cost model", x: "measured, ms", y: "predicted against measured, %" };
    let row = |p: &Pair<'_>| {
        context! {
            name => p.name,
            board => p.row.board,
            provenance => p.row.provenance.name(),
            measured => ms(p.measured),
            predicted => ms(p.predicted),
            low => ms(p.low),
            high => ms(p.high),
            error => format!("{:+.2}", p.error * 100.0),
        }
    };
    Ok(Some(context! {
        model => predictions.model,
        measurements => predictions.measurements,
        left_out => predictions.left_out,
        median => format!("{:.2}", median * 100.0),
        worst => format!("{:.2}", worst * 100.0),
        inside => pairs.iter().filter(|p| (p.low..=p.high).contains(&p.measured)).count(),
        plot => curves(axes, &series)?.map(Value::from_safe_string),
        rows => pairs.iter().map(row).collect::<Vec<_>>(),
    }))
}
