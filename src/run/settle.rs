//! How large an arena must be that only the board can tell: grown until the library starts, then as large as it says that
//! it uses.

use crate::board::Board;
use crate::engine::{Compiled, Engine};
use crate::measure::{Case, Expected, MeasureError, Settings, measure};
use crate::network::Network;
use crate::rack::{Cancel, Unit};
use crate::results::Cause;

use super::toolchain::{BuildFailure, Built, Toolchain};

/// Bytes by which an arena that does not suffice is made larger, at least.
const GROWTH: usize = 16 * 1024;
/// Bytes by which what is used is exceeded until the library starts: while it plans it may need more than it keeps.
const SLACK: usize = 64;
const ATTEMPTS: usize = 24;

/// Why no arena was found.
#[derive(Debug)]
pub(super) enum Unsettled {
    Build(BuildFailure),
    Engine(String),
    /// Not even in all of the board's SRAM; with what the last try said.
    TooBig {
        arena_bytes: usize,
        said: String,
    },
    Measure(MeasureError),
}

/// An image whose arena is as large as the library says, and what it says.
pub(super) struct Settled {
    pub compiled: Compiled,
    pub built: Built,
}

pub(super) struct Settle<'a> {
    pub engine: &'a dyn Engine,
    pub network: &'a Network,
    pub board: &'a Board,
    pub tools: &'a dyn Toolchain,
    pub case: &'a Case,
    pub cancel: &'a Cancel,
}

impl Settle<'_> {
    /// From the trial that the engine has compiled.
    pub(super) fn settle(&self, unit: &mut dyn Unit, trial: &Compiled) -> Result<Settled, Unsettled> {
        let room = self.board.ram().1 as usize;
        let mut bytes = trial.plan.arena_bytes;
        let used = loop {
            match self.attempt(unit, bytes)? {
                Ok((_, used)) => break used,
                Err(said) => {
                    let larger = (bytes + bytes / 2).max(bytes + GROWTH);
                    if larger > room {
                        return Err(Unsettled::TooBig { arena_bytes: larger, said: said.to_string() });
                    }
                    bytes = larger;
                }
            }
        };
        let mut last = None;
        for attempt in 0..ATTEMPTS {
            // Fine steps first, then coarse ones up to what was seen to suffice.
            let slack = if attempt < ATTEMPTS - 1 { SLACK * (attempt * attempt) } else { bytes.saturating_sub(used) };
            match self.attempt(unit, used + slack)? {
                Ok((settled, _)) => return Ok(settled),
                Err(said) => last = Some(said),
            }
        }
        let unit = unit.id().to_string();
        Err(Unsettled::Measure(last.unwrap_or(MeasureError::Refused {
            unit,
            command: "hil memory".into(),
            message: "no arena was found".into(),
        })))
    }

    /// Runs one inference in an arena of `bytes`: the image, and what it says of the arena, or how it failed to start.
    fn attempt(&self, unit: &mut dyn Unit, bytes: usize) -> Result<Result<(Settled, usize), MeasureError>, Unsettled> {
        let compiled = self.engine.compile_with_arena(self.network, bytes);
        let compiled = compiled.map_err(|e| Unsettled::Engine(e.to_string()))?;
        let built = match self.tools.build(&compiled, self.board) {
            Ok(built) => built,
            Err(BuildFailure { cause: Cause::Candidate, reason }) => {
                return Err(Unsettled::TooBig { arena_bytes: bytes, said: reason });
            }
            Err(failure) => return Err(Unsettled::Build(failure)),
        };
        let expected =
            Expected { build_id: built.build_id.clone(), steps: compiled.steps.len(), timed: compiled.timed.clone() };
        let settings = Settings { repeats: 1, warmup: 0, limits: Default::default() };
        let case = std::slice::from_ref(self.case);
        match measure(unit, &built.program, &expected, case, &settings, self.cancel) {
            Ok(measured) => {
                let used = measured.memory.get("arena-used").copied().and_then(|used| usize::try_from(used).ok());
                let used = used.unwrap_or(compiled.plan.arena_bytes);
                Ok(Ok((Settled { compiled, built }, used)))
            }
            Err(error) if error.is_cancelled() => Err(Unsettled::Measure(error)),
            // Wrong is wrong in any arena.
            Err(error @ MeasureError::Mismatch(_)) => Err(Unsettled::Measure(error)),
            Err(error) => Ok(Err(error)),
        }
    }
}
