//! `hil compile`.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use super::output::{print, print_json};
use super::{Ended, Failure, model};
use crate::board::Board;
use crate::engine::{Engine, TinyEngine};
use crate::firmware::{BuildError, HostInput, Options, Toolchain, build, write_project};
use crate::network::{DType, Network};

/// The image for MLPerf Tiny's runner.
const IMAGE: &str = "image.elf";

/// What is written, for which board.
pub struct To<'a> {
    pub board: &'a str,
    pub folder: &'a Path,
    /// What MLPerf Tiny's runner calls the model of the image.
    pub mlperf: Option<&'a str>,
}

pub fn run(text: &str, to: &To<'_>, engine: &dyn Engine, json: bool) -> Ended {
    let (board, out) = (Board::shipped(to.board)?, to.folder);
    let prepared = model::load(text)?;
    let compiled =
        engine.compile_for(&prepared.network, &board).map_err(|e| Failure::Usage(format!("MODEL `{text}`: {e}")))?;
    let failed = |error: BuildError| match error {
        BuildError::Overflow { .. } | BuildError::Board { .. } | BuildError::FloatInput { .. } => {
            Failure::Usage(error.to_string())
        }
        other => Failure::Infrastructure(other.to_string()),
    };
    let toolchain = Toolchain::find();
    let options = toolchain.as_ref().ok().map(|toolchain| Options::new(toolchain.clone(), TinyEngine.name()));
    let project = write_project(&compiled, &board, options.as_ref(), out).map_err(failed)?;
    let sizes = project.sizes;
    let mut files = project.files;
    if let Some(name) = to.mlperf {
        let options = Options::new(toolchain.map_err(failed)?, TinyEngine.name());
        let host_input = host_input(name, &prepared.network);
        let options = Options { model: Some(name.into()), host_input, ..options };
        let image = build(&compiled, &board, &options).map_err(failed)?;
        let path = out.join(IMAGE);
        fs::write(&path, &image.elf).map_err(|e| Failure::Infrastructure(format!("{}: {e}", path.display())))?;
        files.push(IMAGE.into());
    }
    if json {
        let sizes =
            sizes.map(|s| json!({ "flash": s.flash(), "sram": s.sram(), "arena": s.arena, "weights": s.weights }));
        print_json(&json!({ "folder": out, "files": files, "bytes": sizes }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut lines: Vec<String> = files.iter().map(|file| out.join(file).display().to_string()).collect();
    lines.push(match sizes {
        Some(s) => format!("needs {} bytes of flash and {} bytes of SRAM on {}", s.flash(), s.sram(), board.name),
        None => "no cross compiler was there to measure what it needs; the header says what is planned".into(),
    });
    print(&lines.join("\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// How MLPerf Tiny's runner sends inputs of the model of that name: pixels unsigned, features of `ad01` as real numbers.
fn host_input(model: &str, network: &Network) -> HostInput {
    let signed = network.inputs.first().is_some_and(|id| network.tensor(*id).dtype == DType::I8);
    match model {
        "vww01" | "ic01" if signed => HostInput::Unsigned,
        "ad01" if signed => HostInput::Float,
        _ => HostInput::AsTaken,
    }
}
