//! How long the bits of a frame take.

use super::{BRR, CR1, CR2, Kind, PRESC, Usart};

/// The divisions of the kernel clock by PRESC.
const PRESCALERS: [u64; 16] = [1, 2, 4, 6, 8, 10, 12, 16, 32, 64, 128, 256, 256, 256, 256, 256];
impl Usart {
    /// Kernel ticks of a bit as a fraction.
    pub(super) fn bit_ticks(&self) -> (u64, u64) {
        let brr = u64::from(self.registers.get(BRR));
        let prescaler = PRESCALERS[self.registers.get(PRESC) as usize & 15];
        if self.kind == Kind::LowPower {
            (brr * prescaler, 256)
        } else if self.on(CR1, 15) {
            (((brr & 0xfff0) | (brr & 7) << 1) * prescaler, 2)
        } else {
            ((brr & 0xffff) * prescaler, 1)
        }
    }

    /// Bits between start and stop: data, and parity where it is on.
    pub(super) fn word_bits(&self) -> u64 {
        match (self.on(CR1, 28), self.on(CR1, 12)) {
            (false, false) => 8,
            (false, true) => 9,
            _ => 7,
        }
    }

    /// Half bits of a frame: start bit, word, stop bits.
    pub(super) fn half_bits(&self) -> u64 {
        let stop = [2, 1, 4, 3][(self.registers.get(CR2) >> 12 & 3) as usize];
        2 * (1 + self.word_bits()) + stop
    }

    /// Mask of the data bits of a frame.
    pub(super) fn data_mask(&self) -> u16 {
        (1 << (self.word_bits() - u64::from(self.on(CR1, 10)))) - 1
    }

    /// Core cycles of a number of half bits; `None` where the kernel clock stands still or BRR is 0.
    pub(super) fn cycles(&self, half_bits: u64) -> Option<u64> {
        let (ticks, per) = self.bit_ticks();
        if ticks == 0 { None } else { self.rate.cycles(half_bits * ticks, 2 * per) }
    }

    /// Bits per second.
    pub(super) fn baud(&self) -> u64 {
        let (ticks, per) = self.bit_ticks();
        if ticks == 0 { 0 } else { (self.rate.hz * per + ticks / 2) / ticks }
    }
}
