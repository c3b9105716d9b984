//! An image that is measured for what its steps take, not for a row.

use super::lease::{Unmeasured, on_a_unit};
use super::record::provenance;
use super::toolchain::{BuildFailure, Built, Toolchain};
use crate::board::Board;
use crate::engine::{Compiled, EngineError, fit};
use crate::measure::{Case, Expected, Measured, Settings, measure};
use crate::rack::{Cancel, Rack, UnitError, Waiting};
use crate::results::{Cause, Memory, Provenance};

/// Where trials are made.
#[derive(Clone, Copy)]
pub struct Bench<'a> {
    pub board: &'a Board,
    pub rack: &'a Rack,
    pub tools: &'a dyn Toolchain,
    pub cancel: &'a Cancel,
    pub waiting: &'a dyn Fn(&Waiting),
}

/// Why a trial came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    #[error("cancelled")]
    Cancelled,
    /// It does not fit the board.
    #[error("{0}")]
    Misfit(String),
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// It computes something else than the reference.
    #[error("wrong output: {0}")]
    Mismatch(String),
    #[error("{0}")]
    Failed(String),
}

/// What a trial gave: its outputs were all as they must be.
pub struct Tried {
    pub built: Built,
    pub measured: Measured,
    pub provenance: Provenance,
}

impl Tried {
    /// The image's, with as much of the stack as was used.
    pub fn memory(&self) -> Memory {
        let mut memory = self.built.memory;
        memory.sram.stack = self.measured.stack_bytes;
        memory
    }
}

impl Bench<'_> {
    /// What a unit of the board will be, going by the rack.
    pub fn provenance(&self) -> Option<Provenance> {
        let units = self.rack.status();
        units.iter().find(|unit| unit.board == self.board.name).map(|unit| provenance(unit.driver))
    }

    /// Builds `compiled`, verifies the outputs of `cases`, and times one inference of the last.
    pub fn try_out(&self, compiled: &Compiled, cases: &[Case]) -> Result<Tried, TrialError> {
        fit::fit(&compiled.plan, self.board, self.tools.reserved(self.board, compiled))
            .map_err(|misfit| TrialError::Misfit(misfit.to_string()))?;
        let built = self.tools.build(compiled, self.board).map_err(|BuildFailure { cause, reason }| match cause {
            _ if self.cancel.is_cancelled() => TrialError::Cancelled,
            Cause::Candidate => TrialError::Misfit(reason),
            Cause::Infrastructure => TrialError::Failed(reason),
        })?;
        let expected =
            Expected { build_id: built.build_id.clone(), steps: compiled.steps.len(), timed: compiled.timed.clone() };
        let settings = Settings { repeats: 1, warmup: 1, limits: Default::default() };
        let measured = on_a_unit(self.rack, &self.board.name, self.cancel, self.waiting, |unit| {
            let provenance = provenance(unit.driver());
            if provenance == Provenance::Renode {
                let what = "tell the faster candidate, since Renode counts instructions and no cycles".into();
                return Err(UnitError::Unsupported { unit: unit.id().into(), what }.into());
            }
            let (unit, _) = unit.parts();
            Ok((provenance, measure(unit, &built.program, &expected, cases, &settings, self.cancel)?))
        });
        match measured {
            Ok((provenance, measured)) => Ok(Tried { built, measured, provenance }),
            Err(Unmeasured::Cancelled) => Err(TrialError::Cancelled),
            Err(Unmeasured::Mismatch(mismatch)) => Err(TrialError::Mismatch(mismatch.to_string())),
            Err(Unmeasured::Failed(reason)) => Err(TrialError::Failed(reason)),
        }
    }
}
