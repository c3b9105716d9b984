//! What every instrument offers.

use super::capture::Capture;
use super::entry::{InstrumentEntry, InstrumentKind};
use super::error::InstrumentError;
use super::ina228::Ina228;
use super::lpm::Lpm;
use super::ppk2::Ppk2;

/// A power meter in the supply of one board. It is opened once per run: some cut the power when they are opened.
/// Every method ends within seconds, whatever the instrument does.
pub trait Meter: Send {
    fn kind(&self) -> InstrumentKind;

    /// Cuts the board's supply, or gives it back at the voltage it was opened with.
    fn power(&mut self, on: bool) -> Result<(), InstrumentError>;

    /// Samples from now on.
    fn start(&mut self) -> Result<(), InstrumentError>;

    /// Marks this moment in the samples.
    fn mark(&mut self) -> Result<(), InstrumentError>;

    /// Ends sampling and returns all since the start. What ended before by itself is an error.
    fn stop(&mut self) -> Result<Capture, InstrumentError>;
}

/// Opens the instrument of `entry`, sets it to `volts` and supplies the board.
pub fn open(entry: &InstrumentEntry, volts: f64) -> Result<Box<dyn Meter>, InstrumentError> {
    Ok(match entry.kind {
        InstrumentKind::Lpm01a | InstrumentKind::StlinkV3pwr => Box::new(Lpm::open(entry, volts)?),
        InstrumentKind::Ppk2 => Box::new(Ppk2::open(entry, volts)?),
        InstrumentKind::Ina228 => Box::new(Ina228::open(entry, volts)?),
    })
}
