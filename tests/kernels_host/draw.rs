//! Random numbers, tensors and parameters, and the bytes that the driver reads them as.

use std::ops::{Range, RangeInclusive};

use hil::network::requant::Requant;

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    pub fn pick<T>(&mut self, from: impl Pick<T>) -> T {
        from.pick(self)
    }
}

pub trait Pick<T> {
    fn pick(self, rng: &mut Rng) -> T;
}

impl Pick<i32> for RangeInclusive<i32> {
    fn pick(self, rng: &mut Rng) -> i32 {
        let count = i64::from(*self.end()) - i64::from(*self.start()) + 1;
        (i64::from(*self.start()) + (rng.next() % count as u64) as i64) as i32
    }
}

impl Pick<i32> for Range<i32> {
    fn pick(self, rng: &mut Rng) -> i32 {
        (self.start..=self.end - 1).pick(rng)
    }
}

impl Pick<usize> for Range<usize> {
    fn pick(self, rng: &mut Rng) -> usize {
        self.start + rng.next() as usize % (self.end - self.start)
    }
}

impl Pick<f64> for Range<f64> {
    fn pick(self, rng: &mut Rng) -> f64 {
        self.start + rng.unit() * (self.end - self.start)
    }
}

// Random values. Each kind mixes ordinary ones with the ends of its range.

pub fn values(rng: &mut Rng, count: usize) -> Vec<i8> {
    let style = rng.pick(0..4);
    (0..count)
        .map(|_| match style {
            0 => {
                if rng.chance(0.5) {
                    i8::MIN
                } else {
                    i8::MAX
                }
            }
            1 => i8::MIN,
            _ => rng.next() as i8,
        })
        .collect()
}

pub fn zero_point(rng: &mut Rng) -> i32 {
    match rng.pick(0..4) {
        0 => -128,
        1 => 127,
        2 => 0,
        _ => rng.pick(-128..128),
    }
}

pub fn biases(rng: &mut Rng, count: usize) -> Vec<i32> {
    let limit = if rng.chance(0.2) { 1 << 30 } else { 1 << 14 };
    (0..count).map(|_| rng.pick(-limit..=limit)).collect()
}

pub fn requant(rng: &mut Rng) -> Requant {
    match rng.pick(0..12) {
        0 => Requant { multiplier: i32::MAX, shift: 30 },
        1 => Requant { multiplier: 0, shift: 0 },
        2 => Requant { multiplier: 1 << 30, shift: rng.pick(-31..=30) },
        3 => Requant { multiplier: i32::MAX, shift: -31 },
        _ => Requant::new(2f64.powf(rng.pick(-16.0..1.5))),
    }
}

/// Per channel; some are negative, as filters have whose batch normalisation was folded with a negative gamma.
pub fn requants(rng: &mut Rng, count: usize) -> Vec<Requant> {
    let signed =
        |q: Requant, negative: bool| Requant { multiplier: if negative { -q.multiplier } else { q.multiplier }, ..q };
    (0..count).map(|_| signed(requant(rng), rng.chance(0.2))).collect()
}

pub fn clamp(rng: &mut Rng) -> (i32, i32) {
    if rng.chance(0.7) {
        return (-128, 127);
    }
    let min = rng.pick(-128..128);
    (min, rng.pick(min..128))
}

pub fn i8_bytes(x: &[i8]) -> Vec<u8> {
    x.iter().map(|&v| v as u8).collect()
}

pub fn i32_bytes(x: &[i32]) -> Vec<u8> {
    x.iter().flat_map(|v| v.to_le_bytes()).collect()
}

pub fn requant_bytes(x: &[Requant]) -> Vec<u8> {
    x.iter().flat_map(|q| [q.multiplier, q.shift]).flat_map(i32::to_le_bytes).collect()
}

pub fn finish(acc: i32, q: Requant, offset: i32, (min, max): (i32, i32)) -> u8 {
    q.apply(acc).saturating_add(offset).clamp(min, max) as i8 as u8
}
