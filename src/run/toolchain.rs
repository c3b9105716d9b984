//! What turns a network in C into an image. A trait, so that a run can be tested without a cross compiler.

use std::collections::BTreeMap;

use crate::board::Board;
use crate::engine::{Compiled, Reserved};
use crate::rack::Program;
use crate::results::{Cause, Memory};

/// An image, ready to be flashed.
#[derive(Debug, Clone)]
pub struct Built {
    pub program: Program,
    /// As the image says it of itself.
    pub build_id: String,
    /// Digest of the ELF file.
    pub sha256: String,
    /// What the image takes; of the stack what is reserved for it.
    pub memory: Memory,
    /// Digest of the compiler's and linker's flags.
    pub flags_sha256: String,
    /// Whether it was there already.
    pub cached: bool,
}

/// Why there is no image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildFailure {
    pub cause: Cause,
    pub reason: String,
}

/// Builds images.
pub trait Toolchain: Sync {
    /// First line of the compiler's `--version`, or why it cannot be used and what to do.
    fn compiler(&self) -> Result<String, String>;

    /// What the flags are for, to the flags.
    fn flags(&self, board: &Board) -> BTreeMap<String, String>;

    /// What the firmware around a network takes.
    fn reserved(&self, board: &Board, compiled: &Compiled) -> Reserved;

    fn build(&self, compiled: &Compiled, board: &Board) -> Result<Built, BuildFailure>;
}

/// For runs that build nothing.
pub struct NoCompiler;

impl Toolchain for NoCompiler {
    fn compiler(&self) -> Result<String, String> {
        Ok("none: nothing is built".into())
    }

    fn flags(&self, _: &Board) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    fn reserved(&self, _: &Board, _: &Compiled) -> Reserved {
        Reserved { flash: 0, sram: 0 }
    }

    fn build(&self, _: &Compiled, _: &Board) -> Result<Built, BuildFailure> {
        Err(BuildFailure { cause: Cause::Infrastructure, reason: "internal error: this run has no compiler".into() })
    }
}
