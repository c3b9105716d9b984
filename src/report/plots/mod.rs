//! Plots as SVG text, to stand inside a page.

mod curves;
mod engines;
mod history;
mod labels;
mod scatter;
mod steps;

pub use curves::{Axes, Curve, curves};
pub use engines::engines;
pub use history::history;
pub use scatter::scatter;
pub use steps::{layers, memory};

use plotters::prelude::*;

use super::palette;

/// Why a plot could not be drawn.
pub type PlotError = DrawingAreaErrorKind<std::io::Error>;

/// Draws into an SVG of `size` pixels and makes it scale with the page; `title` is for screen readers.
fn svg(
    size: (u32, u32),
    title: &str,
    draw: impl FnOnce(&DrawingArea<SVGBackend<'_>, plotters::coord::Shift>) -> Result<(), PlotError>,
) -> Result<String, PlotError> {
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
        draw(&root)?;
        root.present()?;
    }
    let (width, height) = size;
    let head = format!("<svg width=\"{width}\" height=\"{height}\" ");
    let named = format!("<svg role=\"img\" aria-label=\"{}\" ", escaped(title));
    let body = text.split_once("<svg ").map_or(text.as_str(), |(_, rest)| rest);
    let whole = format!("<svg {body}");
    Ok(whole.replacen(&head, &named, 1))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn label_font<'a>() -> TextStyle<'a> {
    ("sans-serif", 15).into_font().color(&palette::MUTED)
}

/// A number on an axis, short.
fn tick(value: f64) -> String {
    let (scaled, unit) = match value.abs() {
        v if v >= 1e6 => (value / 1e6, "M"),
        v if v >= 1e4 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let text = format!("{scaled:.3}");
    format!("{}{unit}", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_short() {
        assert_eq!(
            [0.0, 0.25, 640.0, 9000.0, 250_000.0, 7_500_000.0].map(tick),
            ["0", "0.25", "640", "9000", "250k", "7.5M"]
        );
    }
}
