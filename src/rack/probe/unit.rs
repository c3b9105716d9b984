//! A unit behind a probe.

use std::marker::PhantomData;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use probe_rs::Session;

use super::connect::{Failure, Target, Wanted, attach};
use super::kind::{Kind, Silicon, Simulated};
use super::operate;
use super::wire::Wire;
use super::worker::{Abandoned, Unfinished, Worker};
use crate::board::{Board, Region, RegionKind};
use crate::rack::cancel::Cancel;
use crate::rack::error::UnitError;
use crate::rack::recovery::Step;
use crate::rack::simprobe::{SimBoard, SimClock, VENDOR_AND_PRODUCT};
use crate::rack::unit::{Driver, PostMortem, Program, Unit};

/// For a reset, which has no limit of its own: attach, reset, run, with every retry.
const RESET: Duration = Duration::from_secs(30);
/// For reading a core that does not go on.
const EXAMINE: Duration = Duration::from_secs(30);
/// For handing bytes to the serial port.
const WRITE: Duration = Duration::from_secs(5);

/// Where a unit is: its probe and its console.
#[derive(Debug, Clone)]
pub struct Place {
    pub probe: Wanted,
    /// Path of the serial port.
    pub serial: String,
    /// Bits per second.
    pub baud: u32,
}

/// The unit's time: the host's for a real one.
enum Clock {
    Host(Instant),
    Simulated(SimClock),
}

impl Clock {
    fn now(&self) -> Duration {
        match self {
            Self::Host(start) => start.elapsed(),
            Self::Simulated(clock) => clock.now(),
        }
    }
}

/// What the unit's thread keeps between two calls.
#[derive(Default)]
struct Held {
    session: Option<Session>,
}

/// One unit behind a probe of kind `K`.
pub struct ProbeUnit<K: Kind> {
    id: String,
    board: Board,
    target: Target,
    place: Place,
    worker: Worker<Held>,
    wire: Option<Wire>,
    /// What the image that is flashed speaks at.
    baud: u32,
    clock: Clock,
    elf: Arc<[u8]>,
    /// Lives as long as its unit.
    simulated: Option<Arc<SimBoard>>,
    kind: PhantomData<fn() -> K>,
}

impl ProbeUnit<Silicon> {
    /// A board; nothing of it is touched yet.
    pub fn new(name: &str, board: &Board, place: Place) -> Result<Self, UnitError> {
        Self::build(name, board, place, Clock::Host(Instant::now()), None)
    }
}

impl ProbeUnit<Simulated> {
    /// The unit of a simulated board.
    pub fn simulated(name: &str, board: Arc<SimBoard>) -> Result<Self, UnitError> {
        let probe = Wanted { product: Some(VENDOR_AND_PRODUCT), serial: board.serial().into(), usb: None };
        let description = board.board().clone();
        let place = Place { probe, serial: board.port().into(), baud: description.console.baud };
        let clock = Clock::Simulated(board.clock());
        Self::build(name, &description, place, clock, Some(board))
    }

    /// The board behind it.
    pub fn simulated_board(&self) -> Option<&Arc<SimBoard>> {
        self.simulated.as_ref()
    }
}

impl<K: Kind> ProbeUnit<K> {
    fn build(
        name: &str,
        board: &Board,
        place: Place,
        clock: Clock,
        simulated: Option<Arc<SimBoard>>,
    ) -> Result<Self, UnitError> {
        let id = format!("{}/{}/{name}", K::DRIVER.name(), board.name);
        let failed = |what: &str, problem: String| UnitError::Failed { unit: id.clone(), what: what.into(), problem };
        let probe = board.probe.clone().ok_or_else(|| {
            failed("naming the chip", format!("the file of board `{}` has no `probe` with chip and idcode", board.name))
        })?;
        let target = Target { wanted: place.probe.clone(), board: board.name.clone(), probe };
        let worker = Worker::start(&id, Held::default).map_err(|error| failed("starting", error.to_string()))?;
        Ok(Self {
            id,
            board: board.clone(),
            target,
            baud: place.baud,
            place,
            worker,
            wire: None,
            clock,
            elf: Arc::from([]),
            simulated,
            kind: PhantomData,
        })
    }

    /// Has the unit's thread do `job` within `limit` of unit time.
    fn call<T: Send + 'static>(
        &mut self,
        what: &str,
        limit: Duration,
        cancel: &Cancel,
        job: impl FnOnce(&mut Held, &Abandoned) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, UnitError> {
        let until = self.clock.now() + limit;
        let clock = &self.clock;
        let ended = || match () {
            () if cancel.is_cancelled() => Some(Unfinished::Cancelled),
            () if clock.now() >= until => Some(Unfinished::Late),
            () => None,
        };
        let done = self.worker.call(ended, job);
        let unit = self.id.clone();
        match done {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(Failure::Absent(problem))) => Err(UnitError::Lost { unit, problem }),
            Ok(Err(Failure::Foreign(problem))) => Err(UnitError::Foreign { unit, problem }),
            Ok(Err(Failure::Failed(what, problem))) => Err(UnitError::Failed { unit, what: what.into(), problem }),
            Ok(Err(Failure::Abandoned)) | Err(Unfinished::Cancelled) => Err(UnitError::Cancelled),
            Err(Unfinished::Late) => Err(UnitError::TimedOut { unit, what: what.into(), limit }),
            Err(Unfinished::Busy) => {
                let problem = "its probe is still at something that took too long before".into();
                Err(UnitError::Failed { unit, what: what.into(), problem })
            }
            Err(Unfinished::Dead) => {
                Err(UnitError::Failed { unit, what: what.into(), problem: "the unit's thread has ended".into() })
            }
        }
    }

    fn wire(&mut self) -> Result<&mut Wire, UnitError> {
        if self.wire.is_none() {
            let wire = Wire::open(&self.place.serial, self.baud);
            self.wire = Some(wire.map_err(|problem| UnitError::Lost { unit: self.id.clone(), problem })?);
        }
        let lost = || UnitError::Lost { unit: self.id.clone(), problem: "no serial port".into() };
        self.wire.as_mut().ok_or_else(lost)
    }

    /// Stops the chip before its first instruction, forgets what it said, and lets it run.
    fn restart(&mut self, by_pin: bool, limit: Duration, cancel: &Cancel) -> Result<(), UnitError> {
        let target = self.target.clone();
        self.call("reset", limit, cancel, move |held, abandoned| {
            held.session = None;
            held.session = Some(operate::hold::<K>(&target, by_pin, abandoned)?);
            Ok(())
        })?;
        if let Err(problem) = self.wire()?.clear() {
            return self.lost(problem);
        }
        self.call("start", limit, cancel, |held, _| match held.session.take() {
            Some(session) => operate::run(session),
            None => Err(Failure::Failed("starting", "the session is gone".into())),
        })
    }

    /// A port that failed is opened anew next time.
    fn lost<T>(&mut self, problem: String) -> Result<T, UnitError> {
        self.wire = None;
        Err(UnitError::Lost { unit: self.id.clone(), problem })
    }
}

impl<K: Kind> Unit for ProbeUnit<K> {
    fn id(&self) -> &str {
        &self.id
    }

    fn board(&self) -> &Board {
        &self.board
    }

    fn driver(&self) -> Driver {
        K::DRIVER
    }

    fn flash(&mut self, program: &Program, limit: Duration, cancel: &Cancel) -> Result<(), UnitError> {
        self.elf = Arc::from(program.elf.as_slice());
        let baud = program.baud.unwrap_or(self.place.baud);
        if baud != self.baud {
            (self.wire, self.baud) = (None, baud);
        }
        if let Some(board) = &self.simulated {
            // A pseudo terminal has no rate of its own.
            board.set_line(baud);
        }
        let (target, segments) = (self.target.clone(), program.segments.clone());
        self.call("end of flashing", limit, cancel, move |held, abandoned| {
            held.session = None;
            operate::flash::<K>(&target, &segments, abandoned)
        })
    }

    fn reset(&mut self, cancel: &Cancel) -> Result<(), UnitError> {
        // The port is open before the first byte can come.
        self.wire()?;
        self.restart(false, RESET, cancel)
    }

    fn write(&mut self, bytes: &[u8], cancel: &Cancel) -> Result<(), UnitError> {
        let until = Instant::now() + WRITE;
        let mut rest = bytes;
        while !rest.is_empty() {
            if cancel.is_cancelled() {
                return Err(UnitError::Cancelled);
            }
            match self.wire()?.write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(problem) => return self.lost(problem),
            }
            if Instant::now() >= until {
                return self.lost("the serial port takes nothing more".into());
            }
        }
        Ok(())
    }

    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn read(&mut self, until: Duration, cancel: &Cancel) -> Result<Vec<u8>, UnitError> {
        loop {
            if cancel.is_cancelled() {
                return Err(UnitError::Cancelled);
            }
            // What came before the time was up is there after it.
            let late = self.now() >= until;
            match self.wire()?.read() {
                Ok(bytes) if bytes.is_empty() && !late => {}
                Ok(bytes) => return Ok(bytes),
                Err(problem) => return self.lost(problem),
            }
        }
    }

    fn recover(&mut self, step: Step, limit: Duration, cancel: &Cancel) -> Result<(), UnitError> {
        match step {
            Step::Reset => self.restart(false, limit, cancel),
            Step::ResetAtAttach => self.restart(true, limit, cancel),
            Step::Reattach => {
                self.release();
                self.answers(limit, cancel)
            }
            Step::PowerCycle => {
                self.release();
                if let Some(board) = &self.simulated {
                    board.power_cycle();
                }
                self.answers(limit, cancel)
            }
        }
    }

    fn answers(&mut self, limit: Duration, cancel: &Cancel) -> Result<(), UnitError> {
        self.wire()?;
        let target = self.target.clone();
        self.call("answer of the probe", limit, cancel, move |held, abandoned| {
            held.session = None;
            attach::<K>(&target, abandoned).map(drop)
        })
    }

    fn meter_port(&self) -> Option<PathBuf> {
        self.simulated.as_ref()?.meter_port().map(PathBuf::from)
    }

    fn release(&mut self) {
        self.wire = None;
    }

    fn post_mortem(&mut self, memory: bool, cancel: &Cancel) -> Option<PostMortem> {
        let (target, elf) = (self.target.clone(), Arc::clone(&self.elf));
        let data = |region: &&Region| memory && matches!(region.kind, RegionKind::Sram | RegionKind::Dtcm);
        let regions: Vec<Region> = self.board.memory.iter().filter(data).cloned().collect();
        let dump = self.call("core dump", EXAMINE, cancel, move |held, abandoned| {
            held.session = None;
            operate::examine::<K>(&target, &elf, &regions, abandoned)
        });
        Some(match dump {
            Ok((dump, memory)) => PostMortem { summary: dump.summary(), text: dump.to_string(), memory },
            Err(error) => {
                PostMortem { summary: format!("its core could not be read: {error}"), ..PostMortem::default() }
            }
        })
    }
}
