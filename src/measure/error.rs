//! Why a network was not measured.

use crate::instrument::InstrumentError;
use crate::rack::UnitError;

/// All but [`MeasureError::Mismatch`] and cancellation are infrastructure errors: they say nothing about a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MeasureError {
    #[error(transparent)]
    Unit(#[from] UnitError),
    /// The unit said something that the protocol does not allow; `said` is quoted as far as it is readable.
    #[error("unit {unit}: {problem} in reply to `{command}`{}", quoted(.said))]
    Protocol { unit: String, command: String, problem: String, said: String },
    /// The firmware could not do what it was asked.
    #[error("unit {unit}: the firmware refused `{command}`: {message}")]
    Refused { unit: String, command: String, message: String },
    /// What runs there is not the image that was flashed, or not on the board that the unit is said to be.
    #[error("unit {unit}: {what} is {found}, not {expected}")]
    Foreign { unit: String, what: &'static str, found: String, expected: String },
    /// The instrument failed.
    #[error(transparent)]
    Instrument(#[from] InstrumentError),
    /// What the instrument recorded is no energy of the network.
    #[error("unit {unit}: no energy: {problem}")]
    Energy { unit: String, problem: String },
    /// Its oscillator is not what its board's file says: cycles are right, times and energy are not.
    #[error("unit {unit}: its clock is {percent:+.2} % off: is the oscillator of the board's file fitted?")]
    Clock { unit: String, percent: Percent },
    /// The network computes something else than the reference: no latency is measured of it.
    #[error("{0}")]
    Mismatch(Mismatch),
}

/// A share in percent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Percent(pub f64);

/// What is measured is a number.
impl Eq for Percent {}

impl std::fmt::Display for Percent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl MeasureError {
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Unit(UnitError::Cancelled))
    }
}

/// The first byte that differs from the reference's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "input {input}: {differing} of {bytes} output bytes differ, the first is byte {at}: {found:#04x}, not {expected:#04x}"
)]
pub struct Mismatch {
    /// Index of the input.
    pub input: usize,
    /// Bytes of the output.
    pub bytes: usize,
    pub differing: usize,
    /// Index of the first byte that differs.
    pub at: usize,
    pub found: u8,
    pub expected: u8,
}

impl Mismatch {
    /// None where both are equal. They must have one length.
    pub fn between(input: usize, found: &[u8], expected: &[u8]) -> Option<Self> {
        let differ = || found.iter().zip(expected).enumerate().filter(|(_, (f, e))| f != e);
        let (at, (&found_byte, &expected_byte)) = differ().next()?;
        Some(Self {
            input,
            bytes: expected.len(),
            differing: differ().count(),
            at,
            found: found_byte,
            expected: expected_byte,
        })
    }
}

fn quoted(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": it said `{said}`") }
}
