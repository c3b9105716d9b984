//! A probe-rs driver in front of a simulated board: what the firmware of a probe does, on the transfers of a debug port.

use std::sync::Arc;

use probe_rs::CoreStatus;

use probe_rs::architecture::arm::sequences::ArmDebugSequence;
use probe_rs::architecture::arm::{
    ArmCommunicationInterface, ArmDebugInterface, ArmError, DapError, DapProbe, RawDapAccess, RegisterAddress,
};
use probe_rs::probe::{DebugProbe, DebugProbeError, WireProtocol};

use super::board::SimBoard;
use super::link::{Link, Unplugged};
use crate::emulator::debug::{Ack, Transfer};

/// How often a transfer is tried while the answer is WAIT.
const PATIENCE: usize = 64;
/// Ones that make a line reset.
const RESET_ONES: u32 = 50;
const NRESET: u32 = 1 << 7;
/// ABORT: clears the sticky errors.
const CLEAR_ERRORS: u32 = 0x1E;
const RDBUFF: Transfer = Transfer { access_port: false, address: 0xC, write: None };

/// The open probe of one board; a second is refused until this one is dropped.
pub struct SimProbe {
    board: Arc<SimBoard>,
    speed_khz: u32,
}

impl std::fmt::Debug for SimProbe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimProbe").field("serial", &self.board.serial()).finish_non_exhaustive()
    }
}

fn gone(_: Unplugged) -> DebugProbeError {
    DebugProbeError::Usb(std::io::Error::new(std::io::ErrorKind::NotConnected, "the probe is gone"))
}

impl SimProbe {
    pub(super) fn open(board: Arc<SimBoard>) -> Result<Self, DebugProbeError> {
        board.open_probe().map_err(DebugProbeError::Other)?;
        Ok(Self { board, speed_khz: 4000 })
    }

    fn link<T>(&self, act: impl FnOnce(&mut Link) -> Result<T, ArmError>) -> Result<T, ArmError> {
        self.board.link(act).map_err(|error| ArmError::Probe(gone(error)))?
    }
}

impl Drop for SimProbe {
    fn drop(&mut self) {
        self.board.close_probe();
    }
}

/// One transfer, repeated while the answer is WAIT; after FAULT the errors are cleared.
fn transfer(link: &mut Link, transfer: Transfer) -> Result<u32, ArmError> {
    for _ in 0..PATIENCE {
        return match link.transfer(transfer).map_err(|error| ArmError::Probe(gone(error)))? {
            Ack::Ok(value) => Ok(value),
            Ack::Wait => continue,
            Ack::Fault => {
                let _ = link.transfer(Transfer { access_port: false, address: 0, write: Some(CLEAR_ERRORS) });
                Err(DapError::FaultResponse.into())
            }
            Ack::None => Err(DapError::NoAcknowledge.into()),
        };
    }
    Err(DapError::WaitResponse.into())
}

fn request(address: RegisterAddress, write: Option<u32>) -> Transfer {
    Transfer { access_port: address.is_ap(), address: address.a2_and_3(), write }
}

impl RawDapAccess for SimProbe {
    fn raw_read_register(&mut self, address: RegisterAddress) -> Result<u32, ArmError> {
        let mut value = [0];
        self.raw_read_block(address, &mut value)?;
        Ok(value[0])
    }

    /// Reads of an access port come one transfer late, the last by RDBUFF.
    fn raw_read_block(&mut self, address: RegisterAddress, values: &mut [u32]) -> Result<(), ArmError> {
        self.link(|link| {
            if !address.is_ap() {
                for value in values {
                    *value = transfer(link, request(address, None))?;
                }
                return Ok(());
            }
            for index in 0..values.len() {
                let before = transfer(link, request(address, None))?;
                if let Some(place) = index.checked_sub(1).and_then(|index| values.get_mut(index)) {
                    *place = before;
                }
            }
            if let Some(last) = values.last_mut() {
                *last = transfer(link, RDBUFF)?;
            }
            Ok(())
        })
    }

    fn raw_write_register(&mut self, address: RegisterAddress, value: u32) -> Result<(), ArmError> {
        self.raw_write_block(address, &[value])
    }

    /// A last read of RDBUFF says whether the last write went well.
    fn raw_write_block(&mut self, address: RegisterAddress, values: &[u32]) -> Result<(), ArmError> {
        self.link(|link| {
            for value in values {
                transfer(link, request(address, Some(*value)))?;
            }
            if address.is_ap() {
                transfer(link, RDBUFF)?;
            }
            Ok(())
        })
    }

    fn jtag_sequence(&mut self, _: u8, _: bool, _: u64) -> Result<(), DebugProbeError> {
        Err(DebugProbeError::NotImplemented { function_name: "jtag_sequence" })
    }

    fn swj_sequence(&mut self, bit_len: u8, bits: u64) -> Result<(), DebugProbeError> {
        let ones = (bits & (u64::MAX >> (64 - u32::from(bit_len.clamp(1, 64))))).count_ones();
        self.board
            .link(|link| {
                if ones >= RESET_ONES {
                    link.line_reset()
                }
            })
            .map_err(gone)
    }

    fn swj_pins(&mut self, out: u32, select: u32, _: u32) -> Result<u32, DebugProbeError> {
        let set = |link: &mut Link| {
            if select & NRESET != 0 {
                link.reset_pin(out & NRESET == 0);
            }
            if link.is_in_reset() { 0 } else { NRESET }
        };
        self.board.link(set).map_err(gone)
    }

    fn into_probe(self: Box<Self>) -> Box<dyn DebugProbe> {
        self
    }

    fn core_status_notification(&mut self, _: CoreStatus) -> Result<(), DebugProbeError> {
        Ok(())
    }
}

impl DapProbe for SimProbe {}

impl DebugProbe for SimProbe {
    fn get_name(&self) -> &str {
        "SimProbe"
    }

    fn speed_khz(&self) -> u32 {
        self.speed_khz
    }

    fn set_speed(&mut self, speed_khz: u32) -> Result<u32, DebugProbeError> {
        if !(1..=50_000).contains(&speed_khz) {
            return Err(DebugProbeError::UnsupportedSpeed(speed_khz));
        }
        self.speed_khz = speed_khz;
        self.board.link(|link| link.set_clock(u64::from(speed_khz) * 1000)).map_err(gone)?;
        Ok(speed_khz)
    }

    fn attach(&mut self) -> Result<(), DebugProbeError> {
        // Fails where the probe is gone.
        self.board.link(|_| ()).map_err(gone)
    }

    fn detach(&mut self) -> Result<(), probe_rs::Error> {
        Ok(())
    }

    fn target_reset(&mut self) -> Result<(), DebugProbeError> {
        self.target_reset_assert()?;
        self.target_reset_deassert()
    }

    fn target_reset_assert(&mut self) -> Result<(), DebugProbeError> {
        self.board.link(|link| link.reset_pin(true)).map_err(gone)
    }

    fn target_reset_deassert(&mut self) -> Result<(), DebugProbeError> {
        self.board.link(|link| link.reset_pin(false)).map_err(gone)
    }

    fn select_protocol(&mut self, protocol: WireProtocol) -> Result<(), DebugProbeError> {
        match protocol {
            WireProtocol::Swd => Ok(()),
            other => Err(DebugProbeError::UnsupportedProtocol(other)),
        }
    }

    fn active_protocol(&self) -> Option<WireProtocol> {
        Some(WireProtocol::Swd)
    }

    fn has_arm_interface(&self) -> bool {
        true
    }

    fn try_get_arm_debug_interface<'probe>(
        self: Box<Self>,
        sequence: Arc<dyn ArmDebugSequence>,
    ) -> Result<Box<dyn ArmDebugInterface + 'probe>, (Box<dyn DebugProbe>, ArmError)> {
        Ok(ArmCommunicationInterface::create(self, sequence, false))
    }

    fn into_probe(self: Box<Self>) -> Box<dyn DebugProbe> {
        self
    }

    fn try_as_dap_probe(&mut self) -> Option<&mut dyn DapProbe> {
        Some(self)
    }
}
