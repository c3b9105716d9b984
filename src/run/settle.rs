//! How large an arena must be that only the board can tell: grown until the library starts, then as large as it says that
//! it uses.

use crate::board::Board;
use crate::engine::{Compiled, Engine};
use crate::measure::MeasureError;
use crate::network::Network;
use crate::rack::{Driver, Unit, UnitError};
use crate::results::Cause;

use super::toolchain::{BuildFailure, Built, Toolchain};

/// Bytes by which an arena that does not suffice is made larger, at least.
const GROWTH: usize = 16 * 1024;
/// Bytes by which what is used is exceeded until the library starts: while it plans it may need more than it keeps.
const SLACK: usize = 64;
const ATTEMPTS: usize = 24;

/// Why no arena was found, whatever the unit.
#[derive(Debug)]
pub(super) enum Unsettled {
    Build(BuildFailure),
    Engine(String),
    /// Not even in all of the board's SRAM; with what the last try said.
    TooBig {
        arena_bytes: usize,
        said: String,
    },
}

/// An image whose arena is as large as the library says, and what it says.
#[derive(Debug)]
pub(super) struct Settled {
    pub compiled: Compiled,
    pub built: Built,
}

/// Runs an image on a unit: the bytes of the arena that it says it uses, where it says so.
pub(super) type Start<'a> = dyn Fn(&mut dyn Unit, &Compiled, &Built) -> Result<Option<usize>, MeasureError> + 'a;

/// The search, which goes on where it was when a unit failed.
pub(super) struct Settle<'a> {
    engine: &'a dyn Engine,
    network: &'a Network,
    board: &'a Board,
    tools: &'a dyn Toolchain,
    start: &'a Start<'a>,
    /// What is tried next, or was seen to suffice.
    bytes: usize,
    used: Option<usize>,
}

/// What came of one size.
enum Tried {
    Ran(Box<Settled>, usize),
    /// The library did not start.
    TooSmall(MeasureError),
    Never(Unsettled),
}

impl<'a> Settle<'a> {
    /// From the trial that the engine has compiled.
    pub(super) fn new(
        (engine, network): (&'a dyn Engine, &'a Network),
        board: &'a Board,
        tools: &'a dyn Toolchain,
        trial: &Compiled,
        start: &'a Start<'a>,
    ) -> Self {
        Self { engine, network, board, tools, start, bytes: trial.plan.arena_bytes, used: None }
    }

    /// Goes on with the search on `unit`; the error is the unit's.
    pub(super) fn on(&mut self, unit: &mut dyn Unit) -> Result<Result<Settled, Unsettled>, MeasureError> {
        let used = match self.used {
            Some(used) => used,
            None => match self.grow(unit)? {
                Ok(used) => used,
                Err(unsettled) => return Ok(Err(unsettled)),
            },
        };
        self.used = Some(used);
        let mut last = None;
        for attempt in 0..ATTEMPTS {
            // Fine steps first, then coarse ones up to what was seen to suffice.
            let fine = SLACK * (attempt * attempt);
            let slack = if attempt < ATTEMPTS - 1 { fine } else { self.bytes.saturating_sub(used) };
            match self.attempt(unit, used + slack)? {
                Tried::Ran(settled, _) => return Ok(Ok(*settled)),
                Tried::TooSmall(said) => last = Some(said),
                Tried::Never(unsettled) => return Ok(Err(unsettled)),
            }
        }
        // It started with as much before: that it does not any more is the unit's fault.
        let nothing = |unit: &dyn Unit| UnitError::Stopped { unit: unit.id().into(), problem: "no arena".into() };
        Err(last.unwrap_or_else(|| nothing(unit).into()))
    }

    /// Grows the arena until the library starts: the bytes that it uses.
    fn grow(&mut self, unit: &mut dyn Unit) -> Result<Result<usize, Unsettled>, MeasureError> {
        let room = self.board.ram().1 as usize;
        loop {
            match self.attempt(unit, self.bytes)? {
                Tried::Ran(_, used) => return Ok(Ok(used)),
                Tried::Never(unsettled) => return Ok(Err(unsettled)),
                Tried::TooSmall(said) => {
                    let larger = (self.bytes + self.bytes / 2).max(self.bytes + GROWTH);
                    if larger > room {
                        return Ok(Err(Unsettled::TooBig { arena_bytes: larger, said: said.to_string() }));
                    }
                    self.bytes = larger;
                }
            }
        }
    }

    /// Runs one inference in an arena of `bytes`.
    fn attempt(&self, unit: &mut dyn Unit, bytes: usize) -> Result<Tried, MeasureError> {
        let compiled = match self.engine.compile_with_arena(self.network, bytes) {
            Ok(compiled) => compiled,
            Err(error) => return Ok(Tried::Never(Unsettled::Engine(error.to_string()))),
        };
        let built = match self.tools.build(&compiled, self.board) {
            Ok(built) => built,
            Err(BuildFailure { cause: Cause::Candidate, reason }) => {
                return Ok(Tried::Never(Unsettled::TooBig { arena_bytes: bytes, said: reason }));
            }
            Err(failure) => return Ok(Tried::Never(Unsettled::Build(failure))),
        };
        match (self.start)(unit, &compiled, &built) {
            Ok(used) => {
                let used = used.unwrap_or(compiled.plan.arena_bytes);
                Ok(Tried::Ran(Box::new(Settled { compiled, built }), used))
            }
            Err(error) if wants_more(&error, unit.driver()) => Ok(Tried::TooSmall(error)),
            Err(error) => Err(error),
        }
    }
}

/// Whether a library that found too little memory ends like this: it faults, or the firmware says that it cannot. Silence may
/// be the library's, too, but a real unit's cable is likelier.
fn wants_more(error: &MeasureError, driver: Driver) -> bool {
    match error {
        MeasureError::Refused { .. } | MeasureError::Unit(UnitError::Stopped { .. }) => true,
        MeasureError::Unit(UnitError::TimedOut { .. }) | MeasureError::Protocol { .. } => driver.interchangeable(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;
    use std::time::Duration;

    use super::super::lease::{Unmeasured, on_a_unit};
    use super::*;
    use crate::engine::{EngineError, Plan, Reserved, TinyEngine};
    use crate::network::builtin;
    use crate::rack::{Cancel, Program, Rack};
    use crate::results::Memory;

    const BOARD: &str = "nucleo-l4r5zi";
    const TRIAL: usize = 10_000;

    /// A library that plans on the board.
    struct Library;

    impl Engine for Library {
        fn name(&self) -> &'static str {
            "library"
        }

        fn plan(&self, network: &Network) -> Result<Plan, EngineError> {
            TinyEngine.plan(network)
        }

        fn compile(&self, network: &Network) -> Result<Compiled, EngineError> {
            self.compile_with_arena(network, TRIAL)
        }

        fn compile_with_arena(&self, network: &Network, arena_bytes: usize) -> Result<Compiled, EngineError> {
            let mut compiled = TinyEngine.compile(network)?;
            compiled.plan.arena_bytes = arena_bytes;
            Ok(compiled)
        }
    }

    struct Tools;

    impl Toolchain for Tools {
        fn compiler(&self) -> Result<String, String> {
            Ok("gcc 1".into())
        }

        fn flags(&self, _: &Board) -> BTreeMap<String, String> {
            BTreeMap::new()
        }

        fn reserved(&self, _: &Board, _: &Compiled) -> Reserved {
            Reserved { flash: 0, sram: 0 }
        }

        fn build(&self, compiled: &Compiled, _: &Board) -> Result<Built, BuildFailure> {
            let build_id = compiled.plan.arena_bytes.to_string();
            let (program, memory, none) = (Program::default(), Memory::default(), String::new());
            Ok(Built { program, build_id, sha256: none.clone(), memory, flags_sha256: none, cached: false })
        }
    }

    /// A unit of which only the name matters.
    struct Named(String, Board, Driver);

    impl Unit for Named {
        fn id(&self) -> &str {
            &self.0
        }

        fn board(&self) -> &Board {
            &self.1
        }

        fn driver(&self) -> Driver {
            self.2
        }

        fn flash(&mut self, _: &Program, _: Duration, _: &Cancel) -> Result<(), UnitError> {
            Ok(())
        }

        fn reset(&mut self, _: &Cancel) -> Result<(), UnitError> {
            Ok(())
        }

        fn write(&mut self, _: &[u8], _: &Cancel) -> Result<(), UnitError> {
            Ok(())
        }

        fn now(&self) -> Duration {
            Duration::ZERO
        }

        fn read(&mut self, _: Duration, _: &Cancel) -> Result<Vec<u8>, UnitError> {
            Ok(Vec::new())
        }
    }

    type Tries = Vec<(String, usize)>;

    /// Settles on a rack of two units, and says what was tried where. `fails` is the error of the try of that number.
    fn settled(
        driver: Driver,
        (starts_with, used): (usize, usize),
        fails: impl Fn(usize, &str) -> Option<MeasureError>,
    ) -> (Result<Result<Settled, Unsettled>, Unmeasured>, Tries) {
        let spec = builtin::Spec {
            architecture: "mobilenetv1".into(),
            resolution: Some(32),
            width: Some(0.25),
            classes: Some(2),
            seed: 0,
        };
        let network = builtin::build(&spec).expect("a network");
        let board = Board::shipped(BOARD).expect("a board");
        let units = ["u0", "u1"].map(|name| Box::new(Named(name.into(), board.clone(), driver)) as Box<dyn Unit>);
        let (rack, cancel) = (Rack::new(units.into()), Cancel::new());
        let tries: Mutex<Tries> = Mutex::default();
        let start = |unit: &mut dyn Unit, compiled: &Compiled, _: &Built| {
            let bytes = compiled.plan.arena_bytes;
            let mut tries = tries.lock().expect("tries");
            tries.push((unit.id().into(), bytes));
            if let Some(error) = fails(tries.len(), unit.id()) {
                return Err(error);
            }
            match bytes < starts_with {
                true => Err(UnitError::Stopped { unit: unit.id().into(), problem: "a fault".into() }.into()),
                false => Ok(Some(used)),
            }
        };
        let trial = Library.compile(&network).expect("a trial");
        let mut settle = Settle::new((&Library, &network), &board, &Tools, &trial, &start);
        let found = on_a_unit(&rack, BOARD, &cancel, &|_| {}, |unit| settle.on(unit.parts().0));
        (found, tries.into_inner().expect("tries"))
    }

    fn never(_: usize, _: &str) -> Option<MeasureError> {
        None
    }

    fn lost(unit: &str) -> MeasureError {
        UnitError::Lost { unit: unit.into(), problem: "gone".into() }.into()
    }

    #[test]
    fn the_arena_grows_until_the_library_starts_and_is_then_as_large_as_it_says() {
        let (found, tries) = settled(Driver::Emulated, (50_000, 40_000), never);
        let settled = found.expect("a unit").expect("an arena");
        // 40,000 and thirteen squares of slack are the first that suffice.
        assert_eq!(settled.compiled.plan.arena_bytes, 40_000 + 64 * 13 * 13);
        assert_eq!(settled.built.build_id, settled.compiled.plan.arena_bytes.to_string());
        let sizes: Vec<usize> = tries.iter().map(|(_, bytes)| *bytes).collect();
        assert_eq!(sizes[..4], [10_000, 26_384, 42_768, 64_152]);
        assert_eq!(sizes.len(), 4 + 14);
    }

    #[test]
    fn what_fits_no_board_is_the_librarys_fault() {
        let (found, _) = settled(Driver::Emulated, (usize::MAX, 0), never);
        let Ok(Err(Unsettled::TooBig { arena_bytes, said })) = found else { panic!("{:?}", found.is_ok()) };
        assert!(arena_bytes > 640 * 1024 && said.contains("a fault"), "{arena_bytes} {said}");
    }

    #[test]
    fn another_unit_goes_on_where_one_died() {
        let (found, tries) = settled(Driver::Probe, (50_000, 50_000), |at, unit| (at == 3).then(|| lost(unit)));
        assert_eq!(found.expect("a unit").expect("an arena").compiled.plan.arena_bytes, 50_000);
        let (one, other) = (tries[0].0.clone(), tries[3].0.clone());
        assert_ne!(one, other);
        let expected =
            [(&one, 10_000), (&one, 26_384), (&one, 42_768), (&other, 42_768), (&other, 64_152), (&other, 50_000)];
        assert_eq!(tries, expected.map(|(unit, bytes)| (unit.clone(), bytes)));
    }

    #[test]
    fn the_silence_of_a_real_unit_asks_for_no_memory() {
        let silent = |unit: &str| {
            UnitError::TimedOut { unit: unit.into(), what: "reply".into(), limit: Duration::from_secs(1) }.into()
        };
        let (found, tries) = settled(Driver::Probe, (0, 5000), |at, unit| (at == 1).then(|| silent(unit)));
        assert_eq!(found.expect("a unit").expect("an arena").compiled.plan.arena_bytes, 5000);
        assert_eq!(tries[1].1, TRIAL, "{tries:?}");
        // An emulated one has no cable.
        let (_, tries) = settled(Driver::Emulated, (0, 5000), |at, unit| (at == 1).then(|| silent(unit)));
        assert!(tries[1].1 > TRIAL, "{tries:?}");
    }

    #[test]
    fn units_that_all_fail_are_named() {
        let (found, _) = settled(Driver::Probe, (0, 5000), |_, unit| Some(lost(unit)));
        let Err(Unmeasured::Failed(reason)) = found else { panic!("{:?}", found.is_ok()) };
        assert!(reason.contains("u0") && reason.contains("u1"), "{reason}");
    }
}
