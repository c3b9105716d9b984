//! Weights in the layouts of the specialised kernels (`firmware/kernels/hil_{matrix,plane,row}.h`), and the bounds
//! under which those compute what the reference does.

use crate::network::Requant;

/// What a specialised kernel reads instead of filter, bias and requantisation.
#[derive(Debug, Clone, PartialEq)]
pub struct Packed {
    pub filter: Vec<u32>,
    /// One per output channel, padded as the kernel asks.
    pub channels: Vec<Channel>,
    /// Bytes of scratch memory while it runs.
    pub scratch_bytes: usize,
}

impl Packed {
    /// Bytes of flash of the filter.
    pub fn filter_bytes(&self) -> usize {
        4 * self.filter.len()
    }

    /// Bytes of flash of biases and requantisation.
    pub fn table_bytes(&self) -> usize {
        12 * self.channels.len()
    }
}

/// `hil_channel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Channel {
    /// Twice the bias, with the input's zero point folded in.
    pub bias2: i32,
    /// 0, or in `[2^30, 2^31)`.
    pub multiplier: i32,
    /// The right shift less one.
    pub shift: i32,
}

/// One output channel before it is packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub weights: Vec<i8>,
    pub bias: i32,
    pub requant: Requant,
}

/// Accumulators stay below this, so that their double and what is added to it stay in int32.
const ACC_LIMIT: i64 = 1 << 29;
/// Sums of products below this fit in 24 bits.
const PRODUCT_LIMIT: i64 = 1 << 23;
/// Largest magnitude of an input, its zero point not subtracted.
const INPUT_LIMIT: i64 = 128;
/// Right shifts for which the addend of `hil_requant.h` stays in int32.
const SHIFTS: std::ops::RangeInclusive<i32> = 1..=22;

impl Row {
    /// Negative multipliers go to weights and bias.
    fn positive(&self) -> Option<Self> {
        if self.requant.multiplier >= 0 {
            return Some(self.clone());
        }
        Some(Self {
            weights: self.weights.iter().map(|w| w.checked_neg()).collect::<Option<_>>()?,
            bias: self.bias.checked_neg()?,
            requant: Requant { multiplier: self.requant.multiplier.checked_neg()?, ..self.requant },
        })
    }

    /// Bound of the sum of products.
    fn product_bound(&self) -> i64 {
        INPUT_LIMIT * self.weights.iter().map(|w| i64::from(w.unsigned_abs())).sum::<i64>()
    }

    fn channel(&self, input_zero: i32) -> Option<Channel> {
        let sum: i64 = self.weights.iter().map(|w| i64::from(*w)).sum();
        let bias = i64::from(self.bias) - i64::from(input_zero) * sum;
        if bias.abs() + self.product_bound() >= ACC_LIMIT {
            return None;
        }
        let bias2 = i32::try_from(2 * bias).ok()?;
        let Requant { multiplier, shift } = self.requant;
        match (multiplier, -shift) {
            (0, _) => Some(Channel { bias2, multiplier: 0, shift: 0 }),
            (m, right) if m >= 1 << 30 && SHIFTS.contains(&right) => {
                Some(Channel { bias2, multiplier, shift: right - 1 })
            }
            _ => None,
        }
    }
}

/// All rows with positive multipliers, and their channels.
fn prepare(rows: &[Row], input_zero: i32) -> Option<(Vec<Row>, Vec<Channel>)> {
    let rows: Vec<Row> = rows.iter().map(Row::positive).collect::<Option<_>>()?;
    let channels = rows.iter().map(|row| row.channel(input_zero)).collect::<Option<_>>()?;
    Some((rows, channels))
}

/// Words of two channels over a depth of whole groups of 4: each half is `256 b + a`.
fn pair_words(a: &[i8], b: &[i8]) -> Option<Vec<u32>> {
    let depth = a.len().next_multiple_of(4);
    let at = |x: &[i8], i: usize| i32::from(x.get(i).copied().unwrap_or(0));
    let half = |i: usize| i16::try_from(256 * at(b, i) + at(a, i)).ok().map(|h| u32::from(h as u16));
    let word = |low: usize, high: usize| Some(half(low)? | (half(high)? << 16));
    (0..depth).step_by(4).flat_map(|i| [word(i, i + 2), word(i + 1, i + 3)]).collect()
}

/// Per pair of channels the words of [`pair_words`]; none where they cannot be split again exactly.
fn pairs(rows: &[Row]) -> Option<Vec<Vec<u32>>> {
    rows.chunks(2)
        .map(|pair| match pair {
            [a, b] if b.product_bound() < PRODUCT_LIMIT => pair_words(&a.weights, &b.weights),
            [a] => pair_words(&a.weights, &[]),
            _ => None,
        })
        .collect()
}

fn padded(mut channels: Vec<Channel>) -> Vec<Channel> {
    channels.resize(channels.len().next_multiple_of(2), Channel::default());
    channels
}

/// For `hil_matrix.h`; `depth` is that of the filter, `in_c` that of a pixel.
pub(super) fn matrix(rows: &[Row], input_zero: i32, in_c: usize) -> Option<Packed> {
    let (rows, channels) = prepare(rows, input_zero)?;
    let depth = rows.first()?.weights.len().next_multiple_of(4);
    let filter = pairs(&rows)?.concat();
    let bytes = if in_c.is_multiple_of(4) { 0 } else { depth };
    Some(Packed { filter, channels: padded(channels), scratch_bytes: 4 * 2 * depth + bytes })
}

/// For `hil_row.h`.
pub(super) fn row(rows: &[Row], input_zero: i32) -> Option<Packed> {
    let (rows, channels) = prepare(rows, input_zero)?;
    let depth = rows.first()?.weights.len().next_multiple_of(4);
    let pairs = pairs(&rows)?;
    let mut filter = Vec::new();
    for quad in pairs.chunks(2) {
        for group in 0..depth / 4 {
            quad.iter().for_each(|pair| filter.extend(&pair[2 * group..2 * group + 2]));
        }
    }
    Some(Packed { filter, channels: padded(channels), scratch_bytes: 2 * depth })
}

/// For `hil_plane.h`: rows of `width` weights in whole words.
pub(super) fn plane(rows: &[Row], input_zero: i32, width: usize, scratch_bytes: usize) -> Option<Packed> {
    let (rows, channels) = prepare(rows, input_zero)?;
    let word = |bytes: &[i8]| (0..4).map(|i| u32::from(bytes.get(i).map_or(0, |b| *b as u8)) << (8 * i)).sum();
    let filter = rows.iter().flat_map(|row| row.weights.chunks(width)).flat_map(|line| line.chunks(4).map(word));
    Some(Packed { filter: filter.collect(), channels, scratch_bytes })
}
