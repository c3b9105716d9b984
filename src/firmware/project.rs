//! The C of a network alone, for somebody else's project.

use std::path::Path;

use super::error::BuildError;
use super::image::Sizes;
use super::toolchain::Toolchain;
use crate::board::Board;
use crate::engine::Compiled;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Paths relative to the folder.
    pub files: Vec<String>,
    /// Bytes of the network in a linked program; none where there was no compiler to measure them with.
    pub sizes: Option<Sizes>,
}

/// Writes the C of a network, its kernels and a note on how to use them to `folder`.
///
/// The header says how much flash and SRAM it needs on `board`; with a compiler, measured to the byte.
pub fn write_project(
    compiled: &Compiled,
    board: &Board,
    toolchain: Option<&Toolchain>,
    folder: &Path,
) -> Result<Project, BuildError> {
    let _ = (compiled, board, toolchain, folder);
    Err(BuildError::Internal("not written yet".into()))
}
