//! The instruction cache between core and flash of STM32U5 (RM0456 Rev 6, chapter 8): whether it is on. Remapped regions and the
//! interrupt are refused; the counters of hits and misses stand still.

use super::device::{Bus, Device, Refusal};
use super::registers::{Register, Registers};
use crate::emulator::interface::Width;

const CR: u32 = 0x00;
const SR: u32 = 0x04;
const FCR: u32 = 0x0c;

const EN: u32 = 1 << 0;
const CACHEINV: u32 = 1 << 1;
const WAYSEL: u32 = 1 << 2;
const BSYENDF: u32 = 1 << 1;

const TABLE: &[Register] = &[
    Register::rw("CR", 0x00, WAYSEL, 0x000f_0007),
    Register::ro("SR", 0x04, 1),
    Register::rw("IER", 0x08, 0, 0x6),
    Register::ro("FCR", 0x0c, 0),
    Register::ro("HMONR", 0x10, 0),
    Register::ro("MMONR", 0x14, 0),
    Register::rw("CRR0", 0x20, 0x0000_0200, 0x8000_0000),
    Register::rw("CRR1", 0x24, 0x0000_0200, 0x8000_0000),
    Register::rw("CRR2", 0x28, 0x0000_0200, 0x8000_0000),
    Register::rw("CRR3", 0x2c, 0x0000_0200, 0x8000_0000),
];

pub struct Icache(Registers);

impl Icache {
    pub fn new() -> Self {
        Self(Registers::new(TABLE))
    }

    fn publish(&self, bus: &mut Bus) {
        let on = self.0.get(CR) & EN != 0;
        (bus.wires.cached, bus.wires.direct_mapped) = (on, self.0.get(CR) & WAYSEL == 0);
        if let Some(setup) = &mut bus.wires.flash_setup {
            (setup.instruction_cache, setup.data_cache) = (on, on);
            setup.direct_mapped = bus.wires.direct_mapped;
        }
    }
}

impl Device for Icache {
    fn read(&mut self, offset: u32, width: Width, _: &mut Bus) -> Result<u32, Refusal> {
        self.0.read(offset, width)
    }

    fn write(&mut self, offset: u32, width: Width, value: u32, bus: &mut Bus) -> Result<(), Refusal> {
        let written = self.0.write(offset, width, value)?;
        match written.offset {
            CR if written.old & EN != 0 && (written.old ^ written.new) & WAYSEL != 0 => {
                return Err(Refusal::register("CR", "WAYSEL changed while the cache is on"));
            }
            CR => {
                // Invalidating is done at once; the power-on invalidation was done before any instruction.
                if written.raw & CACHEINV != 0 {
                    self.0.put(SR, BSYENDF, true);
                }
                self.0.put(CR, CACHEINV | 3 << 18, false);
                self.publish(bus);
            }
            FCR => self.0.put(SR, written.raw & 0x6, false),
            0x08 if written.new != 0 => return Err(Refusal::register("IER", "interrupts of the cache")),
            0x20..=0x2c if written.new >> 31 == 1 => {
                return Err(Refusal::register(self.0.name(written.offset), "a remapped region"));
            }
            _ => {}
        }
        Ok(())
    }

    fn reset(&mut self, bus: &mut Bus) {
        self.0.reset();
        // BUSYF falls when the invalidation after power-on is done.
        self.0.set(SR, 0);
        self.publish(bus);
    }
}

/// The data cache of external memories (RM0456 Rev 6, chapter 9).
pub const DCACHE: &[Register] = &[
    Register::rw("CR", 0x00, 0, 0x80f0_0701),
    Register::ro("SR", 0x04, 0),
    Register::rw("IER", 0x08, 0, 0x16),
    Register::ro("FCR", 0x0c, 0),
    Register::ro("RHMONR", 0x10, 0),
    Register::ro("RMMONR", 0x14, 0),
    Register::ro("WHMONR", 0x20, 0),
    Register::ro("WMMONR", 0x24, 0),
    Register::rw("CMDRSADDRR", 0x28, 0, 0xffff_fff0),
    Register::rw("CMDREADDRR", 0x2c, 0, 0xffff_fff0),
];
