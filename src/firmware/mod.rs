//! Images: the generated network and the runtime, built by the cross compiler and cached by content.
//!
//! [`build`] goes through these steps:
//!
//! 1. [`layout`] decides what the image holds and where; `view` and `firmware/templates/` print that as C and as a
//!    linker script.
//! 2. [`compile`] makes objects, several at a time; an object that [`Cache`] knows is not made again.
//! 3. [`link`] makes the ELF file, [`elf`] reads it back: what is reported is what was linked, not what was planned.
//!    [`parts`] tells by the linker's [`map`] what its bytes are for.
//!
//! The same compiled network, board, options and compiler give the same bytes, wherever it is built.

mod build;
mod cache;
mod compile;
mod elf;
mod error;
mod flags;
mod image;
mod layout;
mod link;
mod map;
mod parts;
mod project;
mod sources;
mod toolchain;
mod twin;
mod view;

pub use build::{HostInput, Options, build};
pub use cache::Cache;
pub use elf::linked;
pub use error::{BuildError, Memory};
pub use image::{Image, Segment, Sizes, Symbol, SymbolKind};
pub use layout::{DEFAULT_STACK_BYTES, around, reserved};
pub use parts::{FlashParts, Parts, SramParts};
pub use project::{Project, write_project};
pub use toolchain::Toolchain;
pub use twin::qemu_twin;

/// Flags of compilation for `board`, then those of the link.
pub fn flags(board: &crate::board::Board) -> Vec<String> {
    [flags::compile(board), flags::link(board)].concat()
}
