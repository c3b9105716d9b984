//! Several curves, or points, over two axes.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::super::palette::{GRID, INK, MUTED, kernel};
use super::{PlotError, label_font, svg, tick};

/// Pixels.
const SIZE: (u32, u32) = (920, 340);

/// A line through its points, or the points alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    pub name: String,
    pub points: Vec<(f64, f64)>,
    pub line: bool,
    /// Whether it stands out; others are grey where there are more series than colours.
    pub marked: bool,
}

/// What the axes say.
#[derive(Debug, Clone, Copy)]
pub struct Axes<'a> {
    pub title: &'a str,
    pub x: &'a str,
    pub y: &'a str,
}

/// None where there is no point.
pub fn curves(axes: Axes<'_>, series: &[Curve]) -> Result<Option<String>, PlotError> {
    let all = || series.iter().flat_map(|s| &s.points).copied().filter(|(x, y)| x.is_finite() && y.is_finite());
    let Some(first) = all().next() else { return Ok(None) };
    let bounds = all()
        .fold((first, first), |(low, high), (x, y)| ((low.0.min(x), low.1.min(y)), (high.0.max(x), high.1.max(y))));
    let ((x0, y0), (x1, y1)) = bounds;
    let wide = |low: f64, high: f64| {
        let margin = if high > low { 0.05 * (high - low) } else { 0.5 };
        (low - margin)..(high + margin)
    };
    let drawn = svg(SIZE, axes.title, |root| {
        let mut chart = ChartBuilder::on(root)
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(64)
            .build_cartesian_2d(wide(x0, x1), wide(y0, y1))?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(GRID)
            .label_style(label_font())
            .x_label_formatter(&|v| tick(*v))
            .y_label_formatter(&|v| tick(*v))
            .x_desc(axes.x)
            .y_desc(axes.y)
            .draw()?;
        // Those that stand out are drawn over the others.
        let mut marked = 0;
        for series in series.iter().filter(|s| !s.marked).chain(series.iter().filter(|s| s.marked)) {
            let colour = if series.marked { kernel(Some(marked)) } else { MUTED };
            let style = if series.marked { colour.mix(1.0) } else { colour.mix(0.35) };
            if series.line {
                chart.draw_series(LineSeries::new(series.points.iter().copied(), style.stroke_width(2)))?;
            } else {
                chart.draw_series(series.points.iter().map(|p| Circle::new(*p, 4, style.filled())))?;
            }
            if series.marked {
                let at = (SIZE.0 as i32 - 24, 16 + 18 * marked as i32);
                let font = ("sans-serif", 15).into_font().color(&INK).pos(Pos::new(HPos::Right, VPos::Top));
                root.draw(&Text::new(series.name.clone(), (at.0 - 14, at.1), font))?;
                root.draw(&Circle::new((at.0, at.1 + 8), 4, colour.filled()))?;
                marked += 1;
            }
        }
        Ok(())
    })?;
    Ok(Some(drawn))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_marked_is_named_and_nothing_is_no_plot() {
        let axes = Axes { title: "a < b", x: "ms", y: "share" };
        assert!(curves(axes, &[]).expect("no plot").is_none());
        let of = |name: &str, marked| Curve { name: name.into(), points: vec![(1.0, 0.0)], line: true, marked };
        let text = curves(axes, &[of("seen", true), of("unseen", false)]).expect("a plot").expect("a plot");
        assert!(text.contains("seen") && !text.contains("unseen") && text.contains("a &lt; b"));
    }
}
