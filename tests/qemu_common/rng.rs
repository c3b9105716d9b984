//! Random numbers, the same on every run.

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
#[derive(Debug, Clone)]
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// In `from..=to`.
    pub fn range(&mut self, from: i32, to: i32) -> i32 {
        from + self.below((to - from + 1) as usize) as i32
    }

    /// True once in `n`.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// A word that is special more often than chance would have it.
    pub fn word(&mut self) -> u32 {
        const SPECIAL: [u32; 16] = [
            0,
            1,
            u32::MAX,
            0x7fff_ffff,
            0x8000_0000,
            0x8000_0001,
            0x7fff,
            0x8000,
            0xffff,
            0xffff_8000,
            0x7fff_7fff,
            0x8000_8000,
            0x8000_7fff,
            0x7f80_807f,
            0x0101_0101,
            0x5555_aaaa,
        ];
        match self.below(4) {
            0 => self.pick(&SPECIAL),
            1 => (self.next() as u32 & 0xff).wrapping_sub(0x80),
            _ => self.next() as u32,
        }
    }

    /// A single or double bit pattern, often special or near a power of two.
    pub fn float(&mut self, exponent_bits: u32, fraction_bits: u32) -> u64 {
        let bias = (1u64 << (exponent_bits - 1)) - 1;
        let largest = 2 * bias + 1;
        let fraction_mask = (1u64 << fraction_bits) - 1;
        let sign = self.next() & 1;
        let exponent = match self.below(8) {
            0 => 0,
            1 => largest,
            2 => self.pick(&[1, 2, largest - 1, largest - 2, bias]),
            3 => self.next() % (largest + 1),
            4 => bias + self.below(80) as u64 % bias - 8,
            _ => bias + self.below(8) as u64 - 4,
        };
        let random = self.next() & fraction_mask;
        let fraction = match self.below(8) {
            0 | 1 => 0,
            2 => fraction_mask,
            3 => 1 << self.below(fraction_bits as usize),
            4 => random & !(fraction_mask >> self.below(fraction_bits as usize)),
            _ => random,
        };
        sign << (exponent_bits + fraction_bits) | exponent << fraction_bits | fraction
    }

    /// FPSCR with random modes and flags; plain most of the time.
    pub fn fpscr(&mut self) -> u32 {
        match self.below(4) {
            0 => 0,
            1 => 0x10,
            _ => self.next() as u32 & 0xf7c0_009f,
        }
    }
}
