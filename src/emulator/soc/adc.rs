//! Analog-to-digital converters of STM32U5 (RM0456 chapters 33 and 34) as far as software sets them up: regulator, calibration
//! and enable are done at once. A conversion is refused.

use super::device::{Bus, Device, Refusal};
use super::registers::{Register, Registers};
use crate::emulator::interface::Width;

const ISR: u32 = 0x00;
const IER: u32 = 0x04;
const CR: u32 = 0x08;

const ADRDY: u32 = 1 << 0;
const EOCAL: u32 = 1 << 11;
const LDORDY: u32 = 1 << 12;

const ADEN: u32 = 1 << 0;
const ADDIS: u32 = 1 << 1;
/// ADSTART and JADSTART.
const STARTS: u32 = 1 << 2 | 1 << 3;
const ADVREGEN: u32 = 1 << 28;
const ADCAL: u32 = 1 << 31;

/// ADC1 and what it shares with others.
pub const ADC1: &[Register] = &[
    Register::w1c("ISR", 0x00, 0, 0, 0x0fff),
    Register::rw("IER", 0x04, 0, 0x07ff),
    Register::rw("CR", 0x08, 1 << 29, 0x3f01_0000),
    Register::rw("CFGR1", 0x0c, 0x8000_0000, 0xffff_ff3f),
    Register::rw("CFGR2", 0x10, 0, 0xf3ff_ffff),
    Register::rw("SMPR1", 0x14, 0, 0x3fff_ffff),
    Register::rw("SMPR2", 0x18, 0, 0x3fff_ffff),
    Register::rw("PCSEL", 0x1c, 0, 0x000f_ffff),
    Register::rw("SQR1", 0x30, 0, 0x1f7d_f7cf),
    Register::rw("SQR2", 0x34, 0, 0x1f7d_f7df),
    Register::rw("SQR3", 0x38, 0, 0x1f7d_f7df),
    Register::rw("SQR4", 0x3c, 0, 0x0000_07df),
    Register::ro("DR", 0x40, 0),
    Register::rw("JSQR", 0x4c, 0, 0xfbef_bfff),
    Register::rw("OFR1", 0x60, 0, 0xffff_ffff),
    Register::rw("OFR2", 0x64, 0, 0xffff_ffff),
    Register::rw("OFR3", 0x68, 0, 0xffff_ffff),
    Register::rw("OFR4", 0x6c, 0, 0xffff_ffff),
    Register::rw("GCOMP", 0x70, 0x1000, 0x8000_3fff),
    Register::rw("AWD2CR", 0xa0, 0, 0x000f_ffff),
    Register::rw("AWD3CR", 0xa4, 0, 0x000f_ffff),
    Register::rw("LTR1", 0xa8, 0, 0x01ff_ffff),
    Register::rw("HTR1", 0xac, 0x01ff_ffff, 0xe1ff_ffff),
    Register::rw("LTR2", 0xb0, 0, 0x01ff_ffff),
    Register::rw("HTR2", 0xb4, 0x01ff_ffff, 0x01ff_ffff),
    Register::rw("LTR3", 0xb8, 0, 0x01ff_ffff),
    Register::rw("HTR3", 0xbc, 0x01ff_ffff, 0x01ff_ffff),
    Register::rw("DIFSEL", 0xc0, 0, 0x000f_ffff),
    Register::rw("CALFACT", 0xc4, 0, 0x0300_0000),
    Register::rw("CALFACT2", 0xc8, 0, 0xffff_ffff),
    Register::rw("CCR", 0x308, 0, 0x01fc_0000),
];

/// ADC4, in the domain that stays awake.
pub const ADC4: &[Register] = &[
    Register::w1c("ISR", 0x00, 0, 0, 0x0fff),
    Register::rw("IER", 0x04, 0, 0x0fff),
    Register::rw("CR", 0x08, 0, 0x1000_0000),
    Register::rw("CFGR1", 0x0c, 0, 0xffff_ffff),
    Register::rw("CFGR2", 0x10, 0, 0xffff_ffff),
    Register::rw("SMPR", 0x14, 0, 0xffff_ff77),
    Register::rw("AWD1TR", 0x20, 0x0fff_0000, 0x0fff_0fff),
    Register::rw("AWD2TR", 0x24, 0x0fff_0000, 0x0fff_0fff),
    Register::rw("CHSELR", 0x28, 0, 0xffff_ffff),
    Register::rw("AWD3TR", 0x2c, 0x0fff_0000, 0x0fff_0fff),
    Register::ro("DR", 0x40, 0),
    Register::rw("PWRR", 0x44, 0, 0x0000_000f),
    Register::rw("AWD2CR", 0xa0, 0, 0x00ff_ffff),
    Register::rw("AWD3CR", 0xa4, 0, 0x00ff_ffff),
    Register::rw("CALFACT", 0xc4, 0, 0x0000_007f),
    Register::rw("OR", 0xd0, 0, 0x0000_0003),
    Register::rw("CCR", 0x308, 0, 0x03fc_0000),
];

pub struct Adc(Registers);

impl Adc {
    pub fn new(table: &'static [Register]) -> Self {
        Self(Registers::new(table))
    }
}

impl Device for Adc {
    fn read(&mut self, offset: u32, width: Width, _: &mut Bus) -> Result<u32, Refusal> {
        self.0.read(offset, width)
    }

    fn write(&mut self, offset: u32, width: Width, value: u32, _: &mut Bus) -> Result<(), Refusal> {
        let written = self.0.write(offset, width, value)?;
        match written.offset {
            CR if written.raw & STARTS != 0 => return Err(Refusal::register("CR", "a conversion")),
            CR => {
                if written.raw & ADEN != 0 {
                    self.0.put(CR, ADEN, true);
                    self.0.put(ISR, ADRDY, true);
                }
                if written.raw & ADDIS != 0 {
                    self.0.put(CR, ADEN, false);
                }
                if written.raw & ADCAL != 0 {
                    self.0.put(ISR, EOCAL, true);
                }
                self.0.put(ISR, LDORDY, written.new & ADVREGEN != 0);
            }
            IER if written.new != 0 => return Err(Refusal::register("IER", "interrupts of a converter")),
            _ => {}
        }
        Ok(())
    }

    fn reset(&mut self, _: &mut Bus) {
        self.0.reset();
    }
}
