//! What an image holds, and whether it fits, before anything is compiled.

use super::error::BuildError;
use crate::board::{Board, RegionKind};
use crate::engine::{Around, Compiled, Reserved};

/// Bytes for the stack where nothing else is asked for.
pub const DEFAULT_STACK_BYTES: u32 = 2048;

/// Bytes of variables of the runtime and of the padding between parts.
const RUNTIME_SRAM: usize = 1024;
/// Bytes of code and constants of the runtime, all kernels and what they take from libraries.
const RUNTIME_FLASH: usize = 20 * 1024;
/// Bytes of code and constants of one step, where its kernel is compiled for it alone.
const STEP_FLASH: usize = 512;
/// Bytes that hold the cycles of one step.
const STEP_SRAM: usize = 4;

/// An upper bound of what firmware around a network of `steps` steps takes, with a stack of [`DEFAULT_STACK_BYTES`].
///
/// With it [`crate::engine::fit::fit`] can say what fits before anything is built. The copy of the input is not in it:
/// images that have no room for it do without.
pub fn reserved(steps: usize) -> Reserved {
    Reserved {
        flash: RUNTIME_FLASH + STEP_FLASH * steps,
        sram: RUNTIME_SRAM + STEP_SRAM * steps + DEFAULT_STACK_BYTES as usize,
    }
}

/// The same for networks whose steps are not counted yet.
pub fn around() -> Around {
    Around { fixed: reserved(0), per_op: Reserved { flash: STEP_FLASH, sram: STEP_SRAM } }
}

/// A stretch of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) origin: u32,
    pub(super) size: u32,
}

impl Span {
    pub(super) fn holds(self, other: Self) -> bool {
        other.origin.checked_sub(self.origin).is_some_and(|inside| inside.saturating_add(other.size) <= self.size)
    }
}

/// What the builder decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) flash: Span,
    /// The longest run of adjoining data memory.
    pub(super) ram: Span,
    pub(super) itcm: Option<Span>,
    pub(super) dtcm: Option<Span>,
    pub(super) stack_bytes: u32,
    /// Whether the image holds a copy of its input.
    pub(super) input_buffered: bool,
}

impl Layout {
    /// Memories that hold variables, each once.
    pub(super) fn data_memories(&self) -> Vec<Span> {
        let apart = [self.dtcm, self.itcm].into_iter().flatten().filter(|span| !self.ram.holds(*span));
        [self.ram].into_iter().chain(apart).collect()
    }

    /// `host_bytes` are those of an input as the host sends it.
    pub(super) fn new(
        compiled: &Compiled,
        board: &Board,
        stack_bytes: u32,
        host_bytes: usize,
    ) -> Result<Self, BuildError> {
        let of = |kind| board.memory.iter().find(|region| region.kind == kind);
        let span = |kind| of(kind).map(|region| Span { origin: region.origin, size: region.size });
        let refuse = |problem: String| BuildError::Board { board: board.name.clone(), problem };
        let flash = span(RegionKind::Flash).ok_or_else(|| refuse("it has no flash".into()))?;
        let (origin, size) = board.ram();
        let stack = stack_bytes as usize;
        if !stack_bytes.is_multiple_of(8) || stack < 512 || stack > size as usize {
            return Err(refuse(format!("a stack of {stack_bytes} bytes: a multiple of 8 from 512 up is needed")));
        }
        let taken = RUNTIME_SRAM + STEP_SRAM * compiled.steps.len() + stack + compiled.plan.sram_bytes();
        Ok(Self {
            flash,
            ram: Span { origin, size },
            itcm: span(RegionKind::Itcm),
            dtcm: span(RegionKind::Dtcm),
            stack_bytes,
            input_buffered: taken.saturating_add(host_bytes) <= size as usize,
        })
    }
}
