//! What every driver offers.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cancel::Cancel;
use super::error::UnitError;
use super::recovery::Step;
use crate::board::{Activity, Board};

/// What reaches a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Driver {
    /// The emulator, in process.
    Emulated,
    /// A board, by a debug probe and its serial port.
    Probe,
    /// The emulator behind an emulated debug probe: the same code as `probe` drives it.
    SimProbe,
    /// Renode: counts instructions, no cycles.
    Renode,
}

impl Driver {
    /// The word used in unit names and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Emulated => "emulated",
            Self::Probe => "probe",
            Self::SimProbe => "simprobe",
            Self::Renode => "renode",
        }
    }

    /// Whether all units of one board give the same numbers, so that it does not matter which of them measured.
    pub fn interchangeable(self) -> bool {
        match self {
            Self::Emulated | Self::Renode => true,
            // Scripts of faults make them unlike.
            Self::Probe | Self::SimProbe => false,
        }
    }
}

/// Bytes for one stretch of a unit's flash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    pub address: u32,
    pub bytes: Vec<u8>,
}

/// What is put into a unit's flash.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Program {
    pub segments: Vec<Segment>,
    /// The image as the linker wrote it, for messages that name symbols; empty where there is none.
    pub elf: Vec<u8>,
    /// Bit rate of its console; the board's own where it is none.
    pub baud: Option<u32>,
}

/// What a core was doing when it no longer answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PostMortem {
    /// In a line.
    pub summary: String,
    /// Registers, fault status, stack and callers; empty where they could not be read.
    pub text: String,
    /// Data memory, where it was asked for.
    pub memory: Vec<Remains>,
}

/// One memory as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remains {
    /// As the board's file names it.
    pub name: String,
    pub address: u32,
    pub bytes: Vec<u8>,
}

/// What only an emulator can count, since power-on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Instructions that the core has executed.
    pub instructions: u64,
    /// Core cycles.
    pub cycles: u64,
    /// Bytes of SRAM that were ever read or written.
    pub touched_sram: u64,
    /// Instructions between the last two reads of the core's cycle counter, to within those that read it.
    pub timed_instructions: u64,
    /// Core clock now, Hz: what the image has set up.
    pub core_hz: u64,
    /// What happened between those reads.
    pub timed: Activity,
    /// What happened in all.
    pub activity: Activity,
}

/// One physical or emulated board. Every method may block, but none longer than its limit says or after
/// cancellation; a unit is used from one thread at a time.
pub trait Unit: Send {
    /// Unique in the rack, e.g. `emulated/nucleo-l4r5zi/0`.
    fn id(&self) -> &str;

    fn board(&self) -> &Board;

    fn driver(&self) -> Driver;

    /// Puts `program` into flash and holds the core in reset. `limit` is unit time.
    fn flash(&mut self, program: &Program, limit: Duration, cancel: &Cancel) -> Result<(), UnitError>;

    /// Resets the core and lets it run; what the console had received before is discarded.
    fn reset(&mut self, cancel: &Cancel) -> Result<(), UnitError>;

    /// Sends `bytes` to the console. They may still be under way when this returns.
    fn write(&mut self, bytes: &[u8], cancel: &Cancel) -> Result<(), UnitError>;

    /// Unit time since some moment in the past; never goes back.
    fn now(&self) -> Duration;

    /// Waits for bytes from the console and returns those that came, or nothing at the unit time `until`.
    fn read(&mut self, until: Duration, cancel: &Cancel) -> Result<Vec<u8>, UnitError>;

    /// What the core was doing where it no longer answers; none where the unit cannot say. `memory` asks for its memory, too,
    /// which takes seconds. The unit has to be reset afterwards.
    fn post_mortem(&mut self, memory: bool, _: &Cancel) -> Option<PostMortem> {
        let _ = memory;
        None
    }

    /// Takes one step to bring the unit back after a failure. After a power cycle, which others do, it attaches again.
    fn recover(&mut self, step: Step, _limit: Duration, _cancel: &Cancel) -> Result<(), UnitError> {
        Err(UnitError::Unsupported { unit: self.id().into(), what: step.name().into() })
    }

    /// Whether the unit answers: its debug port, its chip, its console's port. Changes nothing that lasts.
    fn answers(&mut self, _limit: Duration, _cancel: &Cancel) -> Result<(), UnitError> {
        Ok(())
    }

    /// Lets go of probe and console at the end of a lease, so that another process can have them.
    fn release(&mut self) {}

    /// Serial port of an instrument that the unit brings along; none where `rack.yaml` names one, or there is none.
    fn meter_port(&self) -> Option<PathBuf> {
        None
    }

    /// None where the unit cannot count.
    fn counters(&self) -> Option<Counters> {
        None
    }

    /// What happened between reads of the core's cycle counter, two by two: the last `count` pairs, oldest first. Fewer
    /// where there were fewer, and none where the unit cannot count.
    fn windows(&self, count: usize) -> Vec<Activity> {
        let _ = count;
        Vec::new()
    }
}
