//! System blocks of MPS2: FPGAIO and SCC (Arm DAI 0386 chapter 4), as QEMU models them.

use super::clocks::{Node, Rate};
use super::device::{Bus, Device, Refusal};
use super::registers::{Register, Registers, lane};
use crate::emulator::interface::Width;

const CLK1HZ: u32 = 0x10;
const CLK100HZ: u32 = 0x14;
const COUNTER: u32 = 0x18;
const PRESCALE: u32 = 0x1c;
const PSCNTR: u32 = 0x20;

const FPGAIO: &[Register] = &[
    Register::rw("LED0", 0x00, 0, 0x3),
    Register::ro("BUTTON", 0x08, 0),
    Register::ro("CLK1HZ", 0x10, 0),
    Register::ro("CLK100HZ", 0x14, 0),
    Register::ro("COUNTER", 0x18, 0),
    Register::rw("PRESCALE", 0x1c, 0, u32::MAX),
    Register::ro("PSCNTR", 0x20, 0),
    Register::rw("MISC", 0x4c, 0, 0x3ff),
];

/// Counters of seconds, hundredths and of the clock through a prescaler, LEDs.
pub struct FpgaIo {
    registers: Registers,
    /// Cycles at which the three counters stood at 0.
    origins: [u64; 3],
    rate: Rate,
}

impl FpgaIo {
    pub fn new() -> Self {
        Self { registers: Registers::new(FPGAIO), origins: [0; 3], rate: Rate { hz: 1, core_hz: 1 } }
    }

    /// Cycles of a tick of the counters at CLK1HZ, CLK100HZ and COUNTER.
    fn period(&self, which: usize) -> u64 {
        match which {
            0 => self.rate.core_hz,
            1 => self.rate.core_hz / 100,
            _ => u64::from(self.registers.get(PRESCALE)) + 1,
        }
    }

    fn which(offset: u32) -> Option<usize> {
        [CLK1HZ, CLK100HZ, COUNTER].iter().position(|known| *known == offset & !3)
    }
}

impl Device for FpgaIo {
    fn read(&mut self, offset: u32, width: Width, bus: &mut Bus) -> Result<u32, Refusal> {
        if let Some(which) = Self::which(offset) {
            let count = (bus.now - self.origins[which]) / self.period(which);
            return Ok(lane(count as u32, offset, width));
        }
        if offset & !3 == PSCNTR {
            let left = self.period(2) - 1 - (bus.now - self.origins[2]) % self.period(2);
            return Ok(lane(left as u32, offset, width));
        }
        self.registers.read(offset, width)
    }

    fn write(&mut self, offset: u32, width: Width, value: u32, bus: &mut Bus) -> Result<(), Refusal> {
        if let Some(which) = Self::which(offset) {
            self.registers.read(offset, width)?;
            let Some(origin) = bus.now.checked_sub(u64::from(value) * self.period(which)) else {
                return Err(Refusal::register("COUNTER", "a count from before power-on"));
            };
            self.origins[which] = origin;
            return Ok(());
        }
        if offset & !3 == PRESCALE {
            let count = (bus.now - self.origins[2]) / self.period(2);
            self.registers.write(offset, width, value)?;
            self.origins[2] = bus.now.saturating_sub(count * self.period(2));
            return Ok(());
        }
        self.registers.write(offset, width, value).map(|_| ())
    }

    fn reset(&mut self, bus: &mut Bus) {
        self.registers.reset();
        self.origins = [bus.now; 3];
    }

    fn clocks_changed(&mut self, bus: &mut Bus) {
        let hz = bus.wires.clocks.hz(Node::Core);
        self.rate = Rate { hz, core_hz: hz };
    }
}

/// Board configuration, by the identity of the image; the tables of oscillators are not modelled.
pub const SCC: &[Register] = &[
    Register::rw("CFG0", 0x000, 0, u32::MAX),
    Register::rw("CFG1", 0x004, 0, u32::MAX),
    Register::rw("CFG2", 0x008, 0, u32::MAX),
    Register::ro("CFG3", 0x00c, 0),
    Register::ro("CFG4", 0x010, 0),
    Register::rw("DLL", 0x100, 0, u32::MAX),
    Register::ro("AID", 0xff8, 0x0020_0008),
];

/// Registers that are no more than registers.
pub struct Plain(Registers);

impl Plain {
    pub fn new(table: &'static [Register]) -> Self {
        Self(Registers::new(table))
    }
}

impl Device for Plain {
    fn read(&mut self, offset: u32, width: Width, _: &mut Bus) -> Result<u32, Refusal> {
        self.0.read(offset, width)
    }

    fn write(&mut self, offset: u32, width: Width, value: u32, _: &mut Bus) -> Result<(), Refusal> {
        self.0.write(offset, width, value).map(|_| ())
    }

    fn reset(&mut self, _: &mut Bus) {
        self.0.reset();
    }
}
