//! Data accesses: what lies behind an address.

use super::cpu::Cpu;
use super::fault::{Fault, Halt, usage};
use super::op::{EXIT, FOLLOWS, Flow, LEADS, Op};
use crate::board::{self, RegionKind};
use crate::emulator::interface::{AccessError, Periphery, Width};
use crate::emulator::memory::Window;

/// What an access wants, beyond its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Access {
    /// 1, 2 or 4.
    pub width: u32,
    /// LDRT and STRT.
    pub unprivileged: bool,
    /// Must be aligned whatever CCR says.
    pub aligned: bool,
}

impl Access {
    pub const fn of(width: u32) -> Self {
        Self { width, unprivileged: false, aligned: false }
    }

    pub const WORD: Self = Self { width: 4, unprivileged: false, aligned: true };

    fn bus_width(self) -> Width {
        match self.width {
            1 => Width::Byte,
            2 => Width::Half,
            _ => Width::Word,
        }
    }
}

/// The private peripheral bus, but for what ST puts there itself: DBGMCU.
pub(super) fn in_ppb(address: u32) -> bool {
    (0xE000_0000..0xE010_0000).contains(&address) && !matches!(address & !0xFFF, 0xE004_2000 | 0xE004_4000)
}

impl Cpu {
    /// Any read; the fast way to RAM is before this. None where it faults or halts the run ([`Cpu::refusal`] says which).
    #[inline(never)]
    pub(crate) fn read(
        &mut self,
        periphery: &mut dyn Periphery,
        op: &Op,
        address: u32,
        access: Access,
        flow: &mut Flow,
    ) -> Option<u32> {
        let inside = address.wrapping_sub(self.fast.flash_base);
        if address & (access.width - 1) == 0 && inside < self.fast.flash_size {
            let offset = (self.fast.flash_offset + inside) as usize;
            let stall = self.flash.read(address);
            self.cycles = self.cycles.wrapping_add_signed(self.alternate(op)) + u64::from(stall);
            return Some(match access.width {
                1 => self.map.get::<1>(offset),
                2 => self.map.get::<2>(offset),
                _ => self.map.get::<4>(offset),
            });
        }
        self.read_elsewhere(periphery, op, address, access, flow)
    }

    /// Loads go on in each other's shadow only where both are from the same memory (measured on STM32F407,
    /// github.com/jnk0le/random, cortex_m3m4.md). RAM is the usual case and charged at decode; a load from flash corrects what
    /// it and the load after it were charged.
    #[inline]
    fn alternate(&mut self, op: &Op) -> i64 {
        let place = std::ptr::from_ref(op).addr();
        let before = std::mem::replace(&mut self.flash_load, place);
        let mut extra = 0;
        if op.a & FOLLOWS != 0 {
            extra += if before == place - size_of::<Op>() { -1 } else { 1 };
        }
        extra + i64::from(op.a & LEADS != 0)
    }

    fn read_elsewhere(
        &mut self,
        periphery: &mut dyn Periphery,
        op: &Op,
        address: u32,
        access: Access,
        flow: &mut Flow,
    ) -> Option<u32> {
        self.check(address, access, false)?;
        let width = access.width;
        if let Some(&window) = self.map.window(address, width) {
            let offset = place(&window, address);
            if window.kind == RegionKind::Flash {
                self.cycles += u64::from(self.flash.read(address));
            } else {
                if window.kind == RegionKind::Sram && self.flash.serves_ram() {
                    self.cycles += u64::from(self.flash.ram(address, false));
                }
                self.map.mark_read(offset);
                self.map.mark_read(offset + width as usize - 1);
            }
            if address & (width - 1) != 0 {
                self.cycles += u64::from(self.cost.unaligned);
            }
            return Some(match width {
                1 => self.map.get::<1>(offset),
                2 => self.map.get::<2>(offset),
                _ => self.map.get::<4>(offset),
            });
        }
        if address & (width - 1) != 0 {
            if self.map.window(address, 1).is_some() {
                return self.refuse(Fault::Bus(address));
            }
            return self.refuse(Fault::Usage(usage::UNALIGNED));
        }
        *flow = EXIT;
        self.attend();
        let now = self.cycles + u64::from(op.at);
        if in_ppb(address) {
            return self.read_ppb(address, access, now);
        }
        if let Some((target, bit)) = self.bit_band(address) {
            let byte = match self.map.window(target, 1) {
                Some(&window) => {
                    let offset = place(&window, target);
                    self.map.mark_read(offset);
                    self.map.get::<1>(offset)
                }
                None => {
                    let result = periphery.read(target, Width::Byte, now);
                    self.answer(result, target)?
                }
            };
            return Some(byte >> bit & 1);
        }
        let result = periphery.read(address, access.bus_width(), now);
        self.answer(result, address)
    }

    /// Any write; the fast way to RAM is before this.
    #[inline(never)]
    pub(crate) fn write(
        &mut self,
        periphery: &mut dyn Periphery,
        op: &Op,
        address: u32,
        value: u32,
        access: Access,
        flow: &mut Flow,
    ) -> Option<()> {
        self.check(address, access, true)?;
        let width = access.width;
        if let Some(&window) = self.map.window(address, width)
            && window.kind != RegionKind::Flash
        {
            let offset = place(&window, address);
            match width {
                1 => self.map.put::<1>(offset, value),
                2 => self.map.put::<2>(offset, value),
                _ => self.map.put::<4>(offset, value),
            }
            let last = offset + width as usize - 1;
            if self.map.mark_written(offset) | self.map.mark_written(last) {
                self.map.note_stale(offset, width as usize);
                *flow = EXIT;
                self.attend();
            }
            if address & (width - 1) != 0 {
                self.cycles += u64::from(self.cost.unaligned);
            }
            return Some(());
        }
        if address & (width - 1) != 0 {
            if self.map.window(address, 1).is_some() {
                return self.refuse(Fault::Bus(address));
            }
            return self.refuse(Fault::Usage(usage::UNALIGNED));
        }
        *flow = EXIT;
        self.attend();
        let now = self.cycles + u64::from(op.at);
        if in_ppb(address) {
            return self.write_ppb(address, access, value, now);
        }
        if let Some((target, bit)) = self.bit_band(address) {
            return self.write_bit(periphery, target, bit, value & 1, now);
        }
        let result = periphery.write(address, access.bus_width(), value, now, &mut self.map);
        self.answer(result, address)
    }

    /// Words of LDM, STM, VLDM, VSTM, LDRD and STRD go the fast way if they can.
    #[inline(always)]
    pub(crate) fn read_word(
        &mut self,
        periphery: &mut dyn Periphery,
        op: &Op,
        address: u32,
        flow: &mut Flow,
    ) -> Option<u32> {
        if let Some(offset) = self.fast.ram::<4>(address) {
            self.touch(address, false);
            self.map.mark_read(offset);
            return Some(self.map.get::<4>(offset));
        }
        self.read(periphery, op, address, Access::WORD, flow)
    }

    #[inline(always)]
    pub(crate) fn write_word(
        &mut self,
        periphery: &mut dyn Periphery,
        op: &Op,
        address: u32,
        value: u32,
        flow: &mut Flow,
    ) -> Option<()> {
        if let Some(offset) = self.fast.ram::<4>(address)
            && !self.map.mark_written(offset)
        {
            self.touch(address, true);
            self.map.put::<4>(offset, value);
            return Some(());
        }
        self.write(periphery, op, address, value, Access::WORD, flow)
    }

    /// Charges an access to RAM that a data cache serves.
    #[inline(always)]
    pub(crate) fn touch(&mut self, address: u32, store: bool) {
        if address.wrapping_sub(self.served.0) < self.served.1 {
            self.cycles += u64::from(self.flash.ram(address, store));
        }
    }

    fn write_bit(&mut self, periphery: &mut dyn Periphery, target: u32, bit: u32, value: u32, now: u64) -> Option<()> {
        let merge = |old: u32| old & !(1 << bit) | value << bit;
        if let Some(&window) = self.map.window(target, 1) {
            let offset = place(&window, target);
            let old = self.map.get::<1>(offset);
            self.map.put::<1>(offset, merge(old));
            if self.map.mark_written(offset) {
                self.map.note_stale(offset, 1);
            }
            return Some(());
        }
        let result = periphery.read(target, Width::Byte, now);
        let old = self.answer(result, target)?;
        let result = periphery.write(target, Width::Byte, merge(old), now, &mut self.map);
        self.answer(result, target)
    }

    /// Byte and bit behind a bit-band alias (Cortex-M4 TRM, 3.7).
    pub(super) fn bit_band(&self, address: u32) -> Option<(u32, u32)> {
        match self.config.core {
            board::Core::CortexM4f => {}
            board::Core::CortexM7f | board::Core::CortexM33f => return None,
        }
        let region = address & 0xFE00_0000;
        if region != 0x2200_0000 && region != 0x4200_0000 {
            return None;
        }
        let inside = address & 0x01FF_FFFF;
        Some(((region & 0xF000_0000) + (inside >> 5), inside >> 2 & 7))
    }

    /// Alignment and protection.
    fn check(&mut self, address: u32, access: Access, write: bool) -> Option<()> {
        if address & (access.width - 1) != 0 && (access.aligned || self.ppb.traps_unaligned()) {
            return self.refuse(Fault::Usage(usage::UNALIGNED));
        }
        let privileged = self.privileged() && !access.unprivileged;
        if in_ppb(address) {
            if !privileged && !self.ppb.open_to_all(address) {
                return self.refuse(Fault::Bus(address));
            }
        } else if self.ppb.mpu.active(self.exception, self.faultmask)
            && !self.ppb.mpu.allows(address, access.width, write, privileged)
        {
            return self.refuse(Fault::Protection(address));
        }
        Some(())
    }

    fn answer<T>(&mut self, result: Result<T, AccessError>, address: u32) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(AccessError::Unmapped { .. }) => self.refuse(Fault::Bus(address)),
            Err(AccessError::Unmodelled { address, peripheral, register, problem }) => {
                self.halt = Some(Halt::Register { address, peripheral, register, problem });
                None
            }
        }
    }

    pub(crate) fn refuse<T>(&mut self, fault: Fault) -> Option<T> {
        self.fault = fault;
        None
    }
}

/// The part of a word that an access of `bytes` at `address` sees.
pub(super) fn lane(word: u32, address: u32, bytes: u32) -> u32 {
    let shifted = word >> (8 * (address & 3));
    match bytes {
        1 => shifted & 0xFF,
        2 => shifted & 0xFFFF,
        _ => word,
    }
}

fn place(window: &Window, address: u32) -> usize {
    (window.offset + (address - window.origin)) as usize
}
