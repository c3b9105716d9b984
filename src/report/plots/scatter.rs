//! Latency against peak SRAM, a point per network of one board.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::super::palette::{ACCENT, GRID, INK, MUTED, WARN};
use super::super::summary::BoardRows;
use super::super::text::shortened;
use super::labels::place;
use super::{PlotError, label_font, svg, tick};
use crate::results::Measurement;

const SIZE: (u32, u32) = (920, 420);
/// Pixels on the right for networks that have no latency, since they do not fit.
const STRIP: u32 = 190;

/// None where no row has a latency. Rows that do not fit stand in a strip of their own, at the SRAM they would need.
pub fn scatter(board: &BoardRows<'_>) -> Result<Option<String>, PlotError> {
    let timed: Vec<(&Measurement, f64, f64)> = board
        .rows
        .iter()
        .filter_map(|row| Some((*row, row.latency()?.ms(), row.memory()?.sram.peak() as f64 / 1024.0)))
        .collect();
    if timed.is_empty() {
        return Ok(None);
    }
    let unfit: Vec<(&Measurement, f64)> = board
        .of_status(crate::results::Status::DoesNotFit)
        .into_iter()
        .filter_map(|row| Some((row, row.memory()?.sram.peak() as f64 / 1024.0)))
        .collect();
    let budget = timed[0].0.budget.sram as f64 / 1024.0;
    // Networks differ by factors: powers of two keep them apart, and the board's SRAM in the picture.
    let log = |value: f64| value.max(1.0 / 1024.0).log2();
    let (x_min, x_max) = (
        timed.iter().map(|t| log(t.1)).fold(f64::INFINITY, f64::min) - 0.4,
        timed.iter().map(|t| log(t.1)).fold(f64::NEG_INFINITY, f64::max) + 0.7,
    );
    let needs = || timed.iter().map(|t| t.2).chain(unfit.iter().map(|u| u.1)).chain([budget]).map(log);
    let (y_min, y_max) = (needs().fold(f64::INFINITY, f64::min) - 0.5, needs().fold(0.0, f64::max) + 0.5);
    let several = board.best().len() > 1;
    let name = |row: &Measurement| {
        let by = if several { format!(" ({})", row.provenance) } else { String::new() };
        shortened(&board.label(row), 30) + &by
    };
    let title = format!("latency and peak SRAM of the networks on {}", board.board);
    let drawn = svg(SIZE, &title, |root| {
        let strip = if unfit.is_empty() { 0 } else { STRIP };
        let (main, side) = root.split_horizontally(SIZE.0 - strip);
        let mut chart = ChartBuilder::on(&main)
            .margin(12)
            .x_label_area_size(44)
            .y_label_area_size(64)
            .build_cartesian_2d(x_min..x_max, y_min..y_max)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(GRID)
            .label_style(label_font())
            .x_labels(8)
            .y_labels(7)
            .x_label_formatter(&|v| tick(rounded(v.exp2())))
            .y_label_formatter(&|v| tick(rounded(v.exp2())))
            .x_desc("latency, ms (log)")
            .y_desc("peak SRAM, KiB (log)")
            .draw()?;
        let limit = log(budget);
        chart.draw_series(DashedLineSeries::new([(x_min, limit), (x_max, limit)], 6, 4, WARN.stroke_width(1)))?;
        let (x, y) = chart.backend_coord(&(x_min, limit));
        root.draw(&Text::new("the board's SRAM", (x + 6, y - 15), ("sans-serif", 15).into_font().color(&WARN)))?;
        if !several {
            let front = front(timed.iter().map(|t| (log(t.1), log(t.2))).collect());
            chart.draw_series(LineSeries::new(front, ACCENT.mix(0.45).stroke_width(2)))?;
        }
        chart.draw_series(timed.iter().map(|t| Circle::new((log(t.1), log(t.2)), 5, ACCENT.filled())))?;
        let pixels: Vec<(i32, i32)> = timed.iter().map(|t| chart.backend_coord(&(log(t.1), log(t.2)))).collect();
        let names: Vec<String> = timed.iter().map(|t| name(t.0)).collect();
        let (left, top) = chart.backend_coord(&(x_min, y_max));
        let (right, bottom) = chart.backend_coord(&(x_max, y_min));
        let font = ("sans-serif", 15).into_font().color(&INK);
        for (at, name) in place(&pixels, &names, (left, top, right + 8, bottom)).into_iter().zip(names) {
            root.draw(&Text::new(name, at, font.clone()))?;
        }
        if unfit.is_empty() {
            return Ok(());
        }
        let (offset, _) = side.get_base_pixel();
        let centred = Pos::new(HPos::Center, VPos::Top);
        let middle = offset + STRIP as i32 / 2;
        root.draw(&PathElement::new([(offset, top), (offset, bottom)], GRID))?;
        let does_not_fit = ("sans-serif", 15).into_font().color(&MUTED).pos(centred);
        root.draw(&Text::new("does not fit", (middle, bottom + 8), does_not_fit))?;
        let pixels: Vec<_> = unfit.iter().map(|u| (offset + 14, chart.backend_coord(&(x_min, log(u.1))).1)).collect();
        let names: Vec<_> = unfit.iter().map(|u| shortened(&board.label(u.0), 23)).collect();
        let bounds = (offset, top, SIZE.0 as i32 + 8, bottom);
        for ((at, point), name) in place(&pixels, &names, bounds).into_iter().zip(pixels).zip(names) {
            root.draw(&Cross::new(point, 4, WARN.stroke_width(2)))?;
            root.draw(&Text::new(name, at, font.clone()))?;
        }
        Ok(())
    })?;
    Ok(Some(drawn))
}

/// Three digits, and all before the point, as an axis has room for.
fn rounded(value: f64) -> f64 {
    if value.abs() >= 100.0 {
        return value.round();
    }
    let scale = 10f64.powf(2.0 - value.abs().max(f64::MIN_POSITIVE).log10().floor());
    (value * scale).round() / scale
}

/// The points that no other beats in both latency and SRAM, as a staircase.
fn front(mut points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut stairs: Vec<(f64, f64)> = Vec::new();
    for (x, y) in points {
        match stairs.last() {
            Some(&(_, lowest)) if y >= lowest => {}
            Some(&(_, lowest)) => stairs.extend([(x, lowest), (x, y)]),
            None => stairs.push((x, y)),
        }
    }
    stairs
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_front_leaves_out_what_is_beaten() {
        let front = super::front(vec![(3.0, 1.0), (1.0, 5.0), (2.0, 6.0), (2.5, 4.0)]);
        assert_eq!(front, [(1.0, 5.0), (2.5, 5.0), (2.5, 4.0), (3.0, 4.0), (3.0, 1.0)]);
    }
}
