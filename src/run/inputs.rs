//! Inputs for networks: drawn from a seed, the same on every host.

use crate::network::{DType, Tensor};

/// Bytes of one input of `tensor`: the `index`-th of `seed`.
///
/// Integers are uniform over their whole range, so that clamps and zero points are met; floats over -1 to 1 in steps
/// of 1/1024, which are exact.
pub fn draw(tensor: &Tensor, seed: u64, index: u64) -> Vec<u8> {
    let mut random = SplitMix(seed ^ (index + 1).wrapping_mul(0xd1b5_4a32_d192_ed03));
    match tensor.dtype {
        DType::I8 | DType::U8 => (0..tensor.elements()).map(|_| (random.next() >> 56) as u8).collect(),
        DType::I32 => (0..tensor.elements()).flat_map(|_| ((random.next() >> 40) as i32).to_le_bytes()).collect(),
        DType::F32 => (0..tensor.elements())
            .flat_map(|_| (((random.next() >> 53) as f32 - 1024.0) / 1024.0).to_le_bytes())
            .collect(),
    }
}

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014).
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(dtype: DType) -> Tensor {
        Tensor { name: "x".into(), shape: vec![1, 10, 10, 3], dtype, quant: None, data: None }
    }

    #[test]
    fn the_generator_is_the_published_one() {
        // First outputs for seed 1234567, as in the reference implementation's test.
        let mut random = SplitMix(1_234_567);
        assert_eq!([random.next(), random.next()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn inputs_differ_by_seed_and_index_and_cover_the_range() {
        let t = tensor(DType::I8);
        let (a, b, c) = (draw(&t, 1, 0), draw(&t, 1, 1), draw(&t, 2, 0));
        assert!(a != b && a != c && a == draw(&t, 1, 0));
        assert_eq!(a.len(), 300);
        assert!(a.iter().any(|v| (*v as i8) < -100) && a.iter().any(|v| (*v as i8) > 100));
    }

    #[test]
    fn floats_are_finite_and_within_one() {
        let bytes = draw(&tensor(DType::F32), 3, 0);
        let values: Vec<f32> = bytes.chunks(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        assert_eq!(values.len(), 300);
        assert!(values.iter().all(|v| (-1.0..1.0).contains(v)) && values.iter().any(|v| *v < 0.0));
    }
}
