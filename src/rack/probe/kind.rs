//! What is behind a probe: silicon, or an emulated board. It is a type, so that numbers of one are never shown as the other's.

use probe_rs::probe::DebugProbeInfo;

use crate::rack::simprobe::SimProbeFactory;
use crate::rack::unit::Driver;

mod sealed {
    pub trait Sealed {}
}

/// Which probes a [`super::ProbeUnit`] may open. The probe's driver decides, not what a file says of it.
pub trait Kind: sealed::Sealed + Send + 'static {
    const DRIVER: Driver;

    /// Whether a probe that was found is of this kind.
    fn admits(probe: &DebugProbeInfo) -> bool;
}

/// A board.
#[derive(Debug, Clone, Copy)]
pub enum Silicon {}

/// An emulated board behind a SimProbe.
#[derive(Debug, Clone, Copy)]
pub enum Simulated {}

impl sealed::Sealed for Silicon {}
impl sealed::Sealed for Simulated {}

impl Kind for Silicon {
    const DRIVER: Driver = Driver::Probe;

    fn admits(probe: &DebugProbeInfo) -> bool {
        !probe.is_probe_type::<SimProbeFactory>()
    }
}

impl Kind for Simulated {
    const DRIVER: Driver = Driver::SimProbe;

    fn admits(probe: &DebugProbeInfo) -> bool {
        probe.is_probe_type::<SimProbeFactory>()
    }
}
