//! Accesses of a debugger: beside the core's protection and caches, and with the registers that only a debugger has.

use super::Core;
use super::bus::{Access, in_ppb};
use super::fault::Halt;
use crate::board::{self, RegionKind};
use crate::emulator::interface::{AccessError, Periphery, Width};

const DHCSR: u32 = 0xE000_EDF0;
const DCRSR: u32 = 0xE000_EDF4;
const DCRDR: u32 = 0xE000_EDF8;
const DFSR: u32 = 0xE000_ED30;
const FPB: u32 = 0xE000_2000;
const ROM: u32 = 0xE00F_F000;
/// The last registers of a component, which say what it is (ADIv5.2, chapter C).
const IDENTITY: u32 = 0xFD0;

/// Components from the ROM table on, and the parts that they name themselves (Cortex-M4 TRM 4.2, Cortex-M7 TRM 3.2). Those of
/// a Cortex-M33 are not modelled, and whoever reads them is told: programming and halting needs none.
const COMPONENTS: &[(u32, u32, [u32; 2])] = &[
    (0xE000_E000, 0xE, [0x00C, 0x00C]),
    (0xE000_1000, 0xE, [0x002, 0x002]),
    (FPB, 0xE, [0x003, 0x00E]),
    (0xE000_0000, 0xE, [0x001, 0x001]),
];

/// What an access of a debugger asks of the system beside its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    None,
    /// One instruction is to be executed.
    Step,
    /// SYSRESETREQ.
    Reset,
}

impl Core {
    /// Reads as the debug access port does. An aligned access; PPB registers have words only.
    pub(crate) fn debug_read<P: Periphery>(
        &mut self,
        periphery: &mut P,
        address: u32,
        width: Width,
    ) -> Result<u32, AccessError> {
        let bytes = width.bytes();
        if let Some(offset) = self.cpu.map.offset(address, bytes) {
            return Ok(match width {
                Width::Byte => self.cpu.map.get::<1>(offset),
                Width::Half => self.cpu.map.get::<2>(offset),
                Width::Word => self.cpu.map.get::<4>(offset),
            });
        }
        if in_ppb(address) {
            let word = self.read_private(address & !3)?;
            return Ok(super::bus::lane(word, address, bytes));
        }
        let (now, bit) = (self.cpu.cycles, self.cpu.bit_band(address));
        match bit {
            Some((target, bit)) => Ok(self.debug_read(periphery, target, Width::Byte)? >> bit & 1),
            None => periphery.read(address, width, now),
        }
    }

    /// Writes as the debug access port does; a write to flash goes to its controller.
    pub(crate) fn debug_write<P: Periphery>(
        &mut self,
        periphery: &mut P,
        address: u32,
        width: Width,
        value: u32,
    ) -> Result<Effect, AccessError> {
        let bytes = width.bytes();
        if self.cpu.map.window(address, bytes).is_some_and(|window| window.kind != RegionKind::Flash) {
            self.cpu.map.program(address, &value.to_le_bytes()[..bytes as usize]);
            return Ok(Effect::None);
        }
        if in_ppb(address) {
            return self.write_private(address, width, value);
        }
        let now = self.cpu.cycles;
        if let Some((target, bit)) = self.cpu.bit_band(address) {
            let old = self.debug_read(periphery, target, Width::Byte)?;
            return self.debug_write(periphery, target, Width::Byte, old & !(1 << bit) | (value & 1) << bit);
        }
        periphery.write(address, width, value, now, &mut self.cpu.map).map(|()| Effect::None)
    }

    fn read_private(&mut self, address: u32) -> Result<u32, AccessError> {
        if let Some(word) = self.identity(address) {
            return Ok(word);
        }
        match address {
            DHCSR => return Ok(self.read_dhcsr()),
            DCRSR => return Ok(0),
            DCRDR => return Ok(*self.dcrdr()),
            FPB..=0xE000_2FCC => {
                return self.read_fpb(address - FPB).ok_or(AccessError::Unmapped { address });
            }
            _ => {}
        }
        let looks = self.cpu.looks.count();
        let value = self.cpu.read_ppb(address, Access::WORD, self.cpu.cycles);
        // What software timed is not what a debugger looks at.
        self.cpu.looks.back_to(looks);
        match self.cpu.halt.take() {
            Some(halt) => Err(refused(address, halt)),
            None => value.ok_or(AccessError::Unmapped { address }),
        }
    }

    fn write_private(&mut self, address: u32, width: Width, value: u32) -> Result<Effect, AccessError> {
        match address {
            DHCSR => return Ok(if self.write_dhcsr(value) { Effect::Step } else { Effect::None }),
            DCRSR => self.write_dcrsr(value),
            DCRDR => *self.dcrdr() = value,
            DFSR => self.cpu.debug.clear_dfsr(value),
            FPB..=0xE000_2FCC => {
                if !self.write_fpb(address - FPB, value) {
                    return Err(AccessError::Unmapped { address });
                }
            }
            _ => {
                let now = self.cpu.cycles;
                let _ = self.cpu.write_ppb(address, Access::of(width.bytes()), value, now);
                match self.cpu.halt.take() {
                    Some(Halt::Reset) => return Ok(Effect::Reset),
                    Some(halt) => return Err(refused(address, halt)),
                    None => {}
                }
            }
        }
        Ok(Effect::None)
    }

    /// The ROM table and the identification registers of the components that it points to.
    fn identity(&self, address: u32) -> Option<u32> {
        let base = address & !0xFFF;
        let offset = address & 0xFFF;
        let core = match self.cpu.config.core {
            board::Core::CortexM4f => 0,
            board::Core::CortexM7f => 1,
            board::Core::CortexM33f => return None,
        };
        if base == ROM && offset < IDENTITY {
            let entry = COMPONENTS.get(offset as usize / 4);
            // Present, in 32-bit format, as an offset from the table.
            return Some(entry.map_or(0, |(component, ..)| component.wrapping_sub(ROM) & !0xFFF | 3));
        }
        let (class, part) = match COMPONENTS.iter().find(|(component, ..)| *component == base) {
            Some((_, class, part)) => (*class, part[core]),
            None if base == ROM => (1, [0x4C4, 0x4C7][core]),
            None => return None,
        };
        // JEP106: Arm is 0x3B of bank 4.
        Some(match offset {
            0xFD0 => 0x04,
            0xFE0 => part & 0xFF,
            0xFE4 => 0xB0 | part >> 8,
            0xFE8 => 0x0B,
            0xFF0 => 0x0D,
            0xFF4 => class << 4,
            0xFF8 => 0x05,
            0xFFC => 0xB1,
            0xFD4..=0xFEC => 0,
            _ => return None,
        })
    }
}

fn refused(address: u32, halt: Halt) -> AccessError {
    match halt {
        Halt::Register { address, peripheral, register, problem } => {
            AccessError::Unmodelled { address, peripheral, register, problem }
        }
        _ => AccessError::Unmapped { address },
    }
}
