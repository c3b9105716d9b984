//! Colours of plots. The style sheet maps the first ones to what reads well on a dark page.

use plotters::style::RGBColor;

/// Text.
pub const INK: RGBColor = RGBColor(0x1f, 0x29, 0x33);
/// Labels of axes.
pub const MUTED: RGBColor = RGBColor(0x6b, 0x77, 0x85);
/// Lines of the grid.
pub const GRID: RGBColor = RGBColor(0xe3, 0xe7, 0xec);
pub const ACCENT: RGBColor = RGBColor(0x2f, 0x6f, 0xde);
/// Limits, and what exceeds them.
pub const WARN: RGBColor = RGBColor(0xc8, 0x37, 0x2d);

/// Colours of kernels, readable on both pages and told apart by the colour-blind: Okabe and Ito's, slightly toned.
const KERNELS: [RGBColor; 7] = [
    RGBColor(0x2f, 0x6f, 0xde),
    RGBColor(0xe0, 0x8a, 0x1e),
    RGBColor(0x1b, 0x9e, 0x77),
    RGBColor(0xc4, 0x6b, 0xa8),
    RGBColor(0x4f, 0xb3, 0xe8),
    RGBColor(0xd0, 0x5a, 0x2a),
    RGBColor(0xa8, 0x9a, 0x1f),
];

/// Any kernel beyond those that have their own colour.
const OTHER: RGBColor = RGBColor(0x8a, 0x94, 0xa0);

/// Colour of the kernel at `index` in the report's list of kernels.
pub fn kernel(index: Option<usize>) -> RGBColor {
    index.and_then(|i| KERNELS.get(i)).copied().unwrap_or(OTHER)
}

/// `#rrggbb`.
pub fn hex(colour: RGBColor) -> String {
    format!("#{:02x}{:02x}{:02x}", colour.0, colour.1, colour.2)
}
