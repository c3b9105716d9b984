//! USART and UART with the register layout of F4 (RM0402 chapter 25): the same machine with its status in SR, its data in
//! DR, and flags that fall when SR and then DR are read.

use super::{BRR, CR1, CR2, CR3, ICR, ISR, Kind, RDR, RQR, TDR, Usart, Wiring};
use crate::emulator::interface::Width;
use crate::emulator::soc::device::{Bus, Device, Refusal};
use crate::emulator::soc::registers::{Register, Registers, lane};

const SR: u32 = 0x00;
const DR: u32 = 0x04;
/// Where the registers of the other layout are here.
const MOVED: [(u32, u32); 4] = [(0x08, BRR), (0x0c, CR1), (0x10, CR2), (0x14, CR3)];

const TABLE: &[Register] = &[
    Register::ro("SR", 0x00, 0),
    Register::ro("DR", 0x04, 0),
    Register::rw("BRR", 0x08, 0, 0xffff),
    Register::rw("CR1", 0x0c, 0, 0xbfff),
    Register::rw("CR2", 0x10, 0, 0x7f6f),
    Register::rw("CR3", 0x14, 0, 0x0fff),
    Register::rw("GTPR", 0x18, 0, 0xffff),
];

/// PE to TXE, which stand at the same bits in both layouts.
const FLAGS: u32 = 0xff;
/// Parity, framing, noise and overrun errors and idle: reading SR and then DR clears them.
const CLEARED_BY_READS: u32 = 0x1f;
const RXNE: u32 = 1 << 5;
const TC: u32 = 1 << 6;

pub struct Classic {
    inner: Usart,
    registers: Registers,
    /// SR has been read since DR was read or written last.
    looked: bool,
}

impl Classic {
    pub fn new(wiring: Wiring) -> Self {
        Self { inner: Usart::new(Kind::Plain, wiring), registers: Registers::new(TABLE), looked: false }
    }

    /// What CR1 means in the other layout.
    fn control(value: u32) -> Result<u32, Refusal> {
        if value & 0b11 != 0 {
            return Err(Refusal::register("CR1", "RWU and SBK: mute mode and breaks"));
        }
        Ok(value & !(1 << 13) | value >> 13 & 1)
    }
}

impl Device for Classic {
    fn read(&mut self, offset: u32, width: Width, bus: &mut Bus) -> Result<u32, Refusal> {
        match offset & !3 {
            SR => {
                let flags = self.inner.read(ISR, Width::Word, bus)? & FLAGS;
                self.looked = true;
                Ok(lane(flags, offset, width))
            }
            DR => {
                let value = self.inner.read(RDR, Width::Word, bus)?;
                if std::mem::take(&mut self.looked) {
                    self.inner.write(ICR, Width::Word, CLEARED_BY_READS, bus)?;
                }
                Ok(lane(value, offset, width))
            }
            _ => self.registers.read(offset, width),
        }
    }

    fn write(&mut self, offset: u32, width: Width, value: u32, bus: &mut Bus) -> Result<(), Refusal> {
        let written = self.registers.write(offset, width, value)?;
        match written.offset {
            SR => {
                // RXNE and TC are cleared by writing 0.
                if written.raw & TC == 0 {
                    self.inner.write(ICR, Width::Word, TC, bus)?;
                }
                if written.raw & RXNE == 0 {
                    self.inner.write(RQR, Width::Word, 1 << 3, bus)?;
                }
                Ok(())
            }
            DR => {
                self.looked = false;
                self.inner.write(TDR, Width::Word, written.raw & 0x1ff, bus)
            }
            0x0c => self.inner.write(CR1, Width::Word, Self::control(written.new)?, bus),
            at => match MOVED.iter().find(|(here, _)| *here == at) {
                Some((_, there)) => self.inner.write(*there, Width::Word, written.new, bus),
                None => Ok(()),
            },
        }
    }

    fn reset(&mut self, bus: &mut Bus) {
        self.registers.reset();
        self.looked = false;
        self.inner.reset(bus);
    }

    fn due(&self) -> u64 {
        self.inner.due()
    }

    fn tick(&mut self, bus: &mut Bus) {
        self.inner.tick(bus);
    }

    fn clocks_changed(&mut self, bus: &mut Bus) {
        self.inner.clocks_changed(bus);
    }
}
