//! Stdout.

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use serde::Serialize;

use super::{Ended, Failure};

/// Prints `text` and a line feed. A reader that closes the pipe early, as `head` does, is no error.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::Infrastructure(format!("failed to write to stdout: {e}")))
        }
        _ => Ok(()),
    }
}

/// Prints `value` as JSON.
pub fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value);
    print(&text.map_err(|e| Failure::Infrastructure(format!("internal error: {e}")))?)
}

/// Prints the text, or the value where JSON is asked for, and ends well.
pub fn either(json: bool, value: impl FnOnce() -> serde_json::Value, text: impl FnOnce() -> String) -> Ended {
    if json {
        print_json(&value())?
    } else {
        print(&text())?
    }
    Ok(ExitCode::SUCCESS)
}

/// Columns of text: the first `left` columns start at their left end, the others end at their right.
pub fn columns(rows: &[Vec<String>], left: usize) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|t| t.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells =
            row.iter().zip(&widths).enumerate().map(|(at, (text, &width))| {
                if at < left { format!("{text:<width$}") } else { format!("{text:>width$}") }
            });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_string()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// `text` in lines of at most 100 characters, all but the first indented, broken between words.
pub fn wrapped(text: &str) -> String {
    const WIDTH: usize = 100;
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last().map_or(0, |line| line.chars().count());
        if line > 0 && line + 1 + word.chars().count() > WIDTH {
            lines.push(format!("  {word}"));
        } else if let Some(last) = lines.last_mut() {
            if line > 0 {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines.join("\n")
}
