//! Cycles per group of operators, a bar per engine.

use plotters::prelude::*;

use super::super::engines::Layers;
use super::super::palette::{GRID, kernel};
use super::{PlotError, label_font, svg, tick};

const SIZE: (u32, u32) = (920, 240);

/// One cluster per group, one bar per engine in the engine's colour.
pub fn engines(network: &str, layers: &Layers<'_>) -> Result<String, PlotError> {
    let most = layers.groups.iter().flat_map(|group| &group.cycles).max().copied().unwrap_or(1).max(1);
    let (count, engines) = (layers.groups.len().max(1) as f64, layers.engines.len().max(1) as f64);
    let title = format!("cycles per layer of {network} by engine");
    svg(SIZE, &title, |root| {
        let mut chart = ChartBuilder::on(root)
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(64)
            .build_cartesian_2d(0.0..count, 0.0..most as f64 * 1.05)?;
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
            .x_desc("group of operators")
            .y_desc("cycles")
            .draw()?;
        for (at, _) in layers.engines.iter().enumerate() {
            let colour = kernel(Some(at));
            let bar = |(x, group): (usize, &super::super::engines::Group<'_>)| {
                let left = x as f64 + 0.1 + 0.8 * at as f64 / engines;
                let cycles = group.cycles.get(at).copied().unwrap_or(0) as f64;
                Rectangle::new([(left, 0.0), (left + 0.8 / engines, cycles)], colour.filled())
            };
            chart.draw_series(layers.groups.iter().enumerate().map(bar))?;
        }
        Ok(())
    })
}
