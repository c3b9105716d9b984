//! One inference, step by step: cycles per layer, and live memory.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::super::palette::{ACCENT, GRID, INK, MUTED, WARN, kernel};
use super::super::text::kib;
use super::{PlotError, label_font, svg, tick};
use crate::results::Measurement;

/// Pixels. Both plots have one width and one scale of steps, so that they can stand one above the other.
const LAYERS: (u32, u32) = (920, 220);
const MEMORY: (u32, u32) = (920, 200);

/// A chart over `steps` steps up to `top`, with the mesh drawn.
macro_rules! chart {
    ($root:expr, $steps:expr, $top:expr, $x:expr, $y:expr) => {{
        let mut chart = ChartBuilder::on($root)
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(64)
            .build_cartesian_2d(0.0..$steps as f64, 0.0..$top)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(GRID)
            .label_style(label_font())
            .x_labels(12)
            .y_labels(5)
            .x_label_formatter(&|v| tick(*v))
            .y_label_formatter(&|v| tick(*v))
            .x_desc($x)
            .y_desc($y)
            .draw()?;
        chart
    }};
}

/// A bar per step, as high as its cycles, in the colour of its kernel; none where steps were not timed.
pub fn layers(row: &Measurement, kernels: &[String]) -> Result<Option<String>, PlotError> {
    let cycles = row.latency().map_or(&[][..], |latency| latency.step_cycles());
    let Some(&most) = cycles.iter().max() else { return Ok(None) };
    let top = most.max(1) as f64 * 1.1;
    let title = format!("cycles per layer of {} on {}", row.network, row.board);
    let drawn = svg(LAYERS, &title, |root| {
        let mut chart = chart!(root, cycles.len(), top, "step", "cycles");
        let bars = cycles.iter().zip(&row.steps).enumerate().map(|(i, (cycles, step))| {
            let colour = kernel(kernels.iter().position(|k| *k == step.kernel));
            Rectangle::new([(i as f64 + 0.08, 0.0), (i as f64 + 0.92, *cycles as f64)], colour.filled())
        });
        chart.draw_series(bars)?;
        Ok(())
    })?;
    Ok(Some(drawn))
}

/// Bytes of the arena that are live during each step, under the arena's size; none where the steps are not known.
pub fn memory(row: &Measurement) -> Result<Option<String>, PlotError> {
    let Some((peak_at, peak)) =
        row.steps.iter().map(|s| s.live_bytes).enumerate().max_by_key(|(i, b)| (*b, usize::MAX - i))
    else {
        return Ok(None);
    };
    let arena = row.memory().map(|memory| memory.sram.arena);
    let budget = row.budget.sram;
    let most = arena.map_or(peak, |arena| arena.max(peak)).max(1);
    // The budget is shown where it is near; elsewhere it would flatten the curve.
    let near = budget < most * 2;
    let top = if near { most.max(budget) } else { most } as f64 / 1024.0 * 1.18;
    let steps = row.steps.len() as f64;
    let title = format!("live memory over one inference of {} on {}", row.network, row.board);
    let drawn = svg(MEMORY, &title, |root| {
        let mut chart = chart!(root, row.steps.len(), top, "step", "live arena, KiB");
        let bars = row.steps.iter().enumerate().map(|(i, step)| {
            let colour = if i == peak_at { ACCENT.mix(0.9) } else { ACCENT.mix(0.4) };
            Rectangle::new([(i as f64, 0.0), (i as f64 + 1.0, step.live_bytes as f64 / 1024.0)], colour.filled())
        });
        chart.draw_series(bars)?;
        // The peak is named above its bar, the limits at the other end of their lines.
        let on_left = (peak_at as f64) < steps / 2.0;
        let mut limit = |bytes: u64, what: &str, colour: RGBColor| -> Result<(), PlotError> {
            let y = bytes as f64 / 1024.0;
            chart.draw_series(DashedLineSeries::new([(0.0, y), (steps, y)], 6, 4, colour.stroke_width(1)))?;
            let (x, y) = chart.backend_coord(&(if on_left { steps } else { 0.0 }, y));
            root.draw(&label(format!("{what} {}", kib(bytes)), (x, y - 15), on_left, colour))
        };
        if let Some(arena) = arena {
            limit(arena, "arena", MUTED)?;
        }
        if near {
            limit(budget, "the board's SRAM", WARN)?;
        }
        let side = if on_left { peak_at } else { peak_at + 1 } as f64;
        let (x, y) = chart.backend_coord(&(side, peak as f64 / 1024.0));
        root.draw(&label(format!("peak {} in step {peak_at}", kib(peak)), (x, y - 15), !on_left, INK))?;
        Ok(())
    })?;
    Ok(Some(drawn))
}

/// Text whose left end, or right end where `ends` is set, is at `at`.
fn label<'a>(text: String, at: (i32, i32), ends: bool, colour: RGBColor) -> Text<'a, (i32, i32), String> {
    let anchor = Pos::new(if ends { HPos::Right } else { HPos::Left }, VPos::Top);
    Text::new(text, at, ("sans-serif", 15).into_font().color(&colour).pos(anchor))
}
