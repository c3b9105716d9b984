//! `hil compile`.

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use super::output::{print, print_json};
use super::{Ended, Failure, model};
use crate::board::Board;
use crate::engine::{Engine, TinyEngine};
use crate::firmware::{BuildError, Options, Toolchain, write_project};

pub fn run(text: &str, board: &str, out: &Path, engine: &dyn Engine, json: bool) -> Ended {
    let board = Board::shipped(board)?;
    let prepared = model::load(text)?;
    let compiled =
        engine.compile_for(&prepared.network, &board).map_err(|e| Failure::Usage(format!("MODEL `{text}`: {e}")))?;
    let options = Toolchain::find().ok().map(|toolchain| Options::new(toolchain, TinyEngine.name()));
    let project = write_project(&compiled, &board, options.as_ref(), out).map_err(|error| match error {
        BuildError::Overflow { .. } | BuildError::Board { .. } => Failure::Usage(error.to_string()),
        other => Failure::Infrastructure(other.to_string()),
    })?;
    let sizes = project.sizes;
    if json {
        let sizes =
            sizes.map(|s| json!({ "flash": s.flash(), "sram": s.sram(), "arena": s.arena, "weights": s.weights }));
        print_json(&json!({ "folder": out, "files": project.files, "bytes": sizes }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut lines: Vec<String> = project.files.iter().map(|file| out.join(file).display().to_string()).collect();
    lines.push(match sizes {
        Some(s) => format!("needs {} bytes of flash and {} bytes of SRAM on {}", s.flash(), s.sram(), board.name),
        None => "no cross compiler was there to measure what it needs; the header says what is planned".into(),
    });
    print(&lines.join("\n"))?;
    Ok(ExitCode::SUCCESS)
}
