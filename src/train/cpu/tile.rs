//! The innermost loop of a product: a tile of sums held in registers.
//!
//! The compiler does not see by itself that a tile fits into registers, so that the version for AVX2 is written out.
//! Both versions multiply, then add, in the same order: they give the same bits.

/// Lanes of one vector.
pub(super) const LANES: usize = 8;

/// The left factor of a tile: `R` rows, term by term.
pub(super) trait Terms<const R: usize>: Copy {
    fn at(&self, term: usize) -> [f32; R];
}

/// `R` rows that lie behind one another.
#[derive(Clone, Copy)]
pub(super) struct ByRows<'a, const R: usize>(pub [&'a [f32]; R]);

impl<const R: usize> Terms<R> for ByRows<'_, R> {
    #[inline(always)]
    fn at(&self, term: usize) -> [f32; R] {
        std::array::from_fn(|r| self.0[r][term])
    }
}

/// `R` columns from `first` of a matrix with `width` columns, which is the transposed factor.
#[derive(Clone, Copy)]
pub(super) struct ByColumns<'a> {
    pub matrix: &'a [f32],
    pub width: usize,
    pub first: usize,
}

impl<const R: usize> Terms<R> for ByColumns<'_> {
    #[inline(always)]
    fn at(&self, term: usize) -> [f32; R] {
        let row = &self.matrix[term * self.width + self.first..][..R];
        std::array::from_fn(|r| row[r])
    }
}

/// `sums[r][w] = sum over terms of left[r] * panel[w]`; `V` vectors wide.
pub(super) fn sums<const R: usize, const V: usize>(left: impl Terms<R>, panel: &[f32]) -> [[[f32; LANES]; V]; R] {
    #[cfg(target_arch = "x86_64")]
    if std::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor was just asked for AVX2, the one feature that the function needs.
        return unsafe { avx2::sums(left, panel) };
    }
    plain(left, panel)
}

#[inline(always)]
fn plain<const R: usize, const V: usize>(left: impl Terms<R>, panel: &[f32]) -> [[[f32; LANES]; V]; R] {
    let mut sums = [[[0f32; LANES]; V]; R];
    for (term, right) in panel.chunks_exact(V * LANES).enumerate() {
        let left = left.at(term);
        for r in 0..R {
            for v in 0..V {
                for lane in 0..LANES {
                    sums[r][v][lane] += left[r] * right[v * LANES + lane];
                }
            }
        }
    }
    sums
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        __m256, _mm256_add_ps, _mm256_loadu_ps, _mm256_mul_ps, _mm256_set1_ps, _mm256_setzero_ps, _mm256_storeu_ps,
    };

    use super::{LANES, Terms};

    #[target_feature(enable = "avx2")]
    pub(super) fn sums<const R: usize, const V: usize>(left: impl Terms<R>, panel: &[f32]) -> [[[f32; LANES]; V]; R] {
        let mut sums = [[_mm256_setzero_ps(); V]; R];
        for (term, right) in panel.chunks_exact(V * LANES).enumerate() {
            let left = left.at(term);
            let right: [__m256; V] = std::array::from_fn(|v| load(&right[v * LANES..(v + 1) * LANES]));
            for r in 0..R {
                let left = _mm256_set1_ps(left[r]);
                for v in 0..V {
                    sums[r][v] = _mm256_add_ps(sums[r][v], _mm256_mul_ps(left, right[v]));
                }
            }
        }
        let mut to = [[[0f32; LANES]; V]; R];
        for r in 0..R {
            for v in 0..V {
                // SAFETY: the place holds eight numbers.
                unsafe { _mm256_storeu_ps(to[r][v].as_mut_ptr(), sums[r][v]) };
            }
        }
        to
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn load(from: &[f32]) -> __m256 {
        assert!(from.len() >= LANES);
        // SAFETY: the slice holds eight numbers.
        unsafe { _mm256_loadu_ps(from.as_ptr()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::random::Random;

    #[test]
    fn both_versions_give_the_same_bits() {
        let mut random = Random::new(2);
        let mut some = |count: usize| (0..count).map(|_| random.normal()).collect::<Vec<_>>();
        let (left, panel) = (some(6 * 37), some(37 * 2 * LANES));
        let rows = ByRows::<6>(std::array::from_fn(|r| &left[r * 37..(r + 1) * 37]));
        assert_eq!(sums::<6, 2>(rows, &panel), plain::<6, 2>(rows, &panel));
    }
}
