//! The arena over the steps of a plan: as blocks of text, as SVG, and as a page.

use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use serde_json::{Value, json};

use crate::cli::Failure;
use crate::engine::ArenaMap;
use crate::engine::map::{Held, Holds};

/// Characters of a line, and lines, of the picture in text.
const COLUMNS: usize = 84;
const LINES: usize = 16;
const ACTIVATIONS: [char; 3] = ['█', '▓', '▒'];
const SCRATCH: char = '░';

/// Pixels of the picture in SVG, and of the margins for its scales.
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 64.0;
const BOTTOM: f64 = 28.0;
const FILLS: [&str; 6] = ["#4477aa", "#66a5ad", "#228833", "#ccbb44", "#ee8866", "#aa4499"];
const SCRATCH_FILL: &str = "#bbbbbb";

/// The map as text: addresses upwards, steps to the right.
pub fn text(map: &ArenaMap) -> String {
    let steps = map.steps.len();
    if steps == 0 || map.bytes == 0 {
        return String::new();
    }
    let wide = (COLUMNS / steps).clamp(1, 4);
    let columns = (steps * wide).min(COLUMNS);
    let label = map.bytes.to_string().len();
    let mut lines = Vec::new();
    for line in (0..LINES).rev() {
        // What lies in the middle of the line.
        let address = (2 * line + 1) * map.bytes / (2 * LINES);
        let cell = |column: usize| glyph(map, column * steps / columns, address);
        let cells: String = (0..columns).map(cell).collect();
        let name = match line {
            _ if line + 1 == LINES => map.bytes.to_string(),
            0 => "0".into(),
            _ => String::new(),
        };
        lines.push(format!("{name:>label$} {}", cells.trim_end()).trim_end().to_string());
    }
    let [a, b, c] = ACTIVATIONS;
    lines.push(format!("bytes of the arena over {steps} steps: {a}{b}{c} activations, {SCRATCH} scratch"));
    lines.join("\n")
}

fn glyph(map: &ArenaMap, step: usize, address: usize) -> char {
    let lies = |held: &&Held| (held.offset..held.offset + held.bytes).contains(&address);
    // An output is drawn over what it is written over.
    let Some(held) = map.at(step).filter(lies).last() else { return ' ' };
    match held.holds {
        Holds::Scratch => SCRATCH,
        Holds::Activation => ACTIVATIONS[order(map, held) % ACTIVATIONS.len()],
    }
}

/// Number of an activation in the order in which they come into being.
fn order(map: &ArenaMap, held: &Held) -> usize {
    let before = map.blocks.iter().take_while(|block| block.name != held.name);
    let mut names: Vec<&str> = before.map(|block| block.name.as_str()).collect();
    names.dedup();
    names.len()
}

/// The map as JSON.
pub fn value(map: &ArenaMap) -> Value {
    let block = |held: &Held| {
        json!({
            "holds": match held.holds { Holds::Activation => "activation", Holds::Scratch => "scratch" },
            "name": held.name,
            "offset": held.offset,
            "bytes": held.bytes,
            "first_step": held.first,
            "last_step": held.last,
        })
    };
    json!({ "bytes": map.bytes, "steps": map.steps, "blocks": map.blocks.iter().map(block).collect::<Vec<_>>() })
}

/// The map as an SVG file.
pub fn svg(map: &ArenaMap, title: &str) -> Result<String, Failure> {
    let steps = map.steps.len().max(1) as f64;
    let bytes = map.bytes.max(1) as f64;
    let (across, up) = ((WIDTH - LEFT) / steps, (HEIGHT - BOTTOM) / bytes);
    let rectangle = |held: &Held| {
        let fill = match held.holds {
            Holds::Scratch => SCRATCH_FILL,
            Holds::Activation => FILLS[order(map, held) % FILLS.len()],
        };
        let steps = format!("steps {} to {}", held.first, held.last);
        context! {
            x => format!("{:.2}", LEFT + held.first as f64 * across),
            y => format!("{:.2}", HEIGHT - BOTTOM - (held.offset + held.bytes) as f64 * up),
            width => format!("{:.2}", (held.last + 1 - held.first) as f64 * across),
            height => format!("{:.2}", held.bytes as f64 * up),
            fill => fill,
            text => format!("{}: {} bytes at {}, {steps}", held.name, held.bytes, held.offset),
        }
    };
    let blocks: Vec<_> = map.blocks.iter().map(rectangle).collect();
    render(
        "arena.svg.j2",
        context! {
            title => title, width => WIDTH, height => HEIGHT, left => LEFT, base => HEIGHT - BOTTOM,
            bytes => map.bytes, steps => map.steps.len(), blocks => blocks,
        },
    )
}

/// A page with the picture and tables: a title, and rows of which the first has the columns' names.
pub fn html(map: &ArenaMap, title: &str, tables: &[(&str, Vec<Vec<String>>)]) -> Result<String, Failure> {
    let picture = svg(map, title)?;
    let tables: Vec<_> = tables.iter().map(|(title, rows)| context! { title => title, rows => rows }).collect();
    render("inspect.html.j2", context! { title => title, picture => picture, tables => tables })
}

fn render(name: &str, values: minijinja::Value) -> Result<String, Failure> {
    let fail = |error: minijinja::Error| Failure::Infrastructure(format!("internal error: template {name}: {error}"));
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.add_template("arena.svg.j2", include_str!("arena.svg.j2")).map_err(fail)?;
    environment.add_template("inspect.html.j2", include_str!("inspect.html.j2")).map_err(fail)?;
    environment.get_template(name).and_then(|template| template.render(values)).map_err(fail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> ArenaMap {
        let held = |holds, name: &str, offset, bytes, first, last| Held {
            holds,
            name: name.into(),
            offset,
            bytes,
            first,
            last,
        };
        ArenaMap {
            bytes: 160,
            steps: vec!["conv", "add", "pool"],
            blocks: vec![
                held(Holds::Activation, "in<put>", 0, 80, 0, 1),
                held(Holds::Activation, "b", 80, 80, 0, 2),
                held(Holds::Scratch, "pool", 0, 40, 2, 2),
            ],
        }
    }

    #[test]
    fn text_shows_addresses_upwards_and_steps_to_the_right() {
        let text = text(&map());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), LINES + 1);
        assert_eq!(lines[0], "160 ▓▓▓▓▓▓▓▓▓▓▓▓");
        assert_eq!((lines[8], lines[15]), ("    ████████", "  0 ████████░░░░"));
    }

    #[test]
    fn svg_has_a_rectangle_per_block_and_escapes_names() {
        let svg = svg(&map(), "a & b").expect("a picture");
        assert_eq!(svg.matches("<rect class=\"held\"").count(), 3);
        assert!(svg.contains("in&lt;put&gt;: 80 bytes at 0, steps 0 to 1") && svg.contains("a &amp; b"));
        assert!(svg.starts_with("<svg "));
    }

    #[test]
    fn a_page_holds_the_picture_and_its_tables() {
        let rows = vec![vec!["op".to_string()], vec!["<x>".to_string()]];
        let page = html(&map(), "net", &[("Steps", rows)]).expect("a page");
        assert!(page.contains("<svg ") && page.contains("<th>op</th>") && page.contains("<td>&lt;x&gt;</td>"));
    }
}
