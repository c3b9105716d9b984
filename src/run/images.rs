//! The cross compiler as a run uses it.

use std::collections::BTreeMap;

use super::toolchain::{BuildFailure, Built, Toolchain};
use crate::board::Board;
use crate::engine::{Compiled, Reserved};
use crate::firmware::{self, BuildError, FlashParts, Image, Options, SramParts};
use crate::rack::{Program, Segment};
use crate::results::{Cause, Flash, Memory, Sram, sha256_hex};

/// Builds images with the compiler and the cache in `options`.
pub struct Images {
    options: Options,
}

impl Images {
    /// With the compiler that the environment names and the user's cache.
    pub fn find() -> Result<Self, BuildError> {
        Ok(Self { options: Options::new(firmware::Toolchain::find()?, "tinyengine") })
    }

    pub fn with(options: Options) -> Self {
        Self { options }
    }
}

impl Toolchain for Images {
    fn compiler(&self) -> Result<String, String> {
        Ok(self.options.toolchain.version().into())
    }

    fn flags(&self, board: &Board) -> BTreeMap<String, String> {
        BTreeMap::from([(board.name.clone(), firmware::flags(board).join(" "))])
    }

    fn reserved(&self, _: &Board, compiled: &Compiled) -> Reserved {
        let ours = firmware::reserved(compiled.steps.len());
        Reserved { flash: ours.flash + compiled.needs.code_bytes, ..ours }
    }

    fn build(&self, compiled: &Compiled, board: &Board) -> Result<Built, BuildFailure> {
        let options = Options { engine: compiled.engine.into(), ..self.options.clone() };
        let image = firmware::build(compiled, board, &options).map_err(|error| BuildFailure {
            cause: match error {
                BuildError::Overflow { .. } => Cause::Candidate,
                _ => Cause::Infrastructure,
            },
            reason: error.to_string(),
        })?;
        Ok(built(image))
    }
}

/// An image as a run uses it.
pub fn built(image: Image) -> Built {
    let (sram, flash) = (image.parts.sram, image.parts.flash);
    let SramParts { arena, engine, stack, heap, runtime, harness } = sram;
    let sram = Sram { arena, engine, stack, heap, runtime, harness };
    let FlashParts { weights, tables, code, runtime, data } = flash;
    let flash = Flash { weights, tables, code, runtime, data };
    Built {
        build_id: image.build_id,
        sha256: image.sha256,
        memory: Memory { sram, flash },
        flags_sha256: sha256_hex(image.flags.join(" ").as_bytes()),
        cached: image.cached,
        program: program(image.segments, image.elf),
    }
}

/// What is flashed of an image.
fn program(segments: Vec<firmware::Segment>, elf: Vec<u8>) -> Program {
    let segment = |s: firmware::Segment| Segment { address: s.address, bytes: s.bytes };
    Program { segments: segments.into_iter().map(segment).collect(), elf, baud: None }
}
