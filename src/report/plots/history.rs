//! One number over the nights, with its steps.

use plotters::prelude::*;

use super::super::palette::{ACCENT, GRID, MUTED, WARN};
use super::{PlotError, label_font, svg, tick};
use crate::results::gate::Metric;
use crate::results::history::{Entry, Series};

/// Pixels; as wide as the other plots.
const SIZE: (u32, u32) = (920, 190);

/// A point per night and a dashed line before the first night of each new level; none where there are fewer than two
/// nights. Latencies are milliseconds where the clock is known.
pub fn history(series: &Series) -> Result<Option<String>, PlotError> {
    let (Some(newest), nights) = (series.entries.last(), series.entries.len()) else { return Ok(None) };
    if nights < 2 {
        return Ok(None);
    }
    let timed = series.metric == Metric::Cycles && series.entries.iter().all(|entry| entry.clock_hz.is_some());
    let value = |entry: &Entry| if timed { entry.latency_ms() } else { entry.value(series.metric) };
    let values: Vec<f64> = series.entries.iter().map(|entry| value(entry).unwrap_or_default()).collect();
    let (least, most) = values.iter().fold((f64::INFINITY, 0.0f64), |(a, b), v| (a.min(*v), b.max(*v)));
    // A per cent fills the plot, and nothing less does: equal nights are a line in the middle.
    let room = ((most - least) * 0.25).max(most * 0.005);
    let what = match (timed, series.metric) {
        (true, _) => "latency, ms".to_string(),
        (false, metric) if metric.unit().is_empty() => metric.name().to_string(),
        (false, metric) => format!("{}, {}", metric.name(), metric.unit()),
    };
    let title = format!("{what} of {} on {} over {nights} nights", newest.network, newest.board);
    let drawn = svg(SIZE, &title, |root| {
        let mut chart = ChartBuilder::on(root)
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(78)
            .build_cartesian_2d(-0.5..nights as f64 - 0.5, least - room..most + room)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(GRID)
            .label_style(label_font())
            .x_labels(nights.min(12))
            .y_labels(4)
            .x_label_formatter(&|v| tick(v.round()))
            .y_label_formatter(&|v| if timed { format!("{v:.3}") } else { tick(*v) })
            .x_desc("night")
            .y_desc(what.as_str())
            .draw()?;
        for step in &series.trend.steps {
            let x = step.at as f64 - 0.5;
            let line = [(x, least - room), (x, most + room)];
            chart.draw_series(DashedLineSeries::new(line, 6, 4, WARN.stroke_width(1)))?;
        }
        let points = || values.iter().enumerate().map(|(at, value)| (at as f64, *value));
        chart.draw_series(LineSeries::new(points(), ACCENT.mix(0.5).stroke_width(1)))?;
        chart.draw_series(points().enumerate().map(|(at, point)| {
            let counts = !series.trend.outliers.contains(&at);
            Circle::new(point, 3, if counts { ACCENT.filled() } else { MUTED.stroke_width(1) })
        }))?;
        Ok(())
    })?;
    Ok(Some(drawn))
}
