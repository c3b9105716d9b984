//! Weights in the layouts of the specialised kernels (`firmware/kernels/hil_{matrix,plane,row}.h`), and the bounds
//! under which those compute what the reference does.

use crate::network::{Clamp, Requant};

/// What a specialised kernel reads instead of filter, bias and requantisation.
#[derive(Debug, Clone, PartialEq)]
pub struct Packed {
    pub filter: Vec<u32>,
    /// One per output channel, padded as the kernel asks.
    pub channels: Vec<Channel>,
    /// Whether some channel has a multiplier or shift that `hil_requant.h` cannot requantise fast.
    pub general: bool,
    /// Bytes of scratch memory while it runs.
    pub scratch_bytes: usize,
    /// Which kernel reads it.
    pub form: Form,
    /// Least shift of its channels, where the form of least flash (`firmware/kernels/hil_small.h`) reads it.
    pub small: Option<u8>,
}

/// A specialised kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Convolution as a matrix product (`hil_matrix.h`).
    Matrix,
    /// 3x3 convolution by minimal filtering (`hil_winograd.h`).
    Winograd,
    /// Depthwise convolution by planes (`hil_plane.h`).
    Plane,
    /// Fully connected layer, row by row (`hil_row.h`).
    Row,
}

impl Packed {
    /// Bytes of flash of the filter.
    pub fn filter_bytes(&self) -> usize {
        4 * self.filter.len()
    }

    /// Bytes of flash of biases and requantisation.
    pub fn table_bytes(&self) -> usize {
        let each = if self.small.is_some() { SMALL_CHANNEL_BYTES } else { CHANNEL_BYTES };
        each * self.channels.len()
    }

    /// The same for least flash, where channels can be told in fewer bytes; `width` is that of the filter.
    pub(super) fn shrunk(&self, width: usize) -> Option<Self> {
        if self.general || self.form == Form::Winograd {
            return None;
        }
        let least = self.channels.iter().map(|channel| channel.shift).min()?;
        let tellable = |c: &Channel| c.multiplier == 0 || (1 << 30..=i32::MAX).contains(&c.multiplier);
        let near = |c: &Channel| {
            (0..16).contains(&(c.shift - least)) && c.bias2 % 2 == 0 && SMALL_BIAS.contains(&(c.bias2 / 2))
        };
        if !self.channels.iter().all(|c| tellable(c) && near(c)) {
            return None;
        }
        let mut small = Self { small: Some(u8::try_from(least).ok()?), ..self.clone() };
        match self.form {
            // Channels are made whole again when the layer runs.
            Form::Matrix | Form::Row => small.scratch_bytes += CHANNEL_BYTES * self.channels.len(),
            Form::Plane | Form::Winograd => {
                let row = width.div_ceil(4);
                let bytes =
                    self.filter.chunks(row).flat_map(|row| row.iter().flat_map(|w| w.to_le_bytes()).take(width));
                let bytes: Vec<u8> = bytes.collect();
                let word = |four: &[u8]| (0..4).map(|i| u32::from(four.get(i).copied().unwrap_or(0)) << (8 * i)).sum();
                small.filter = bytes.chunks(4).map(word).collect();
            }
        }
        Some(small)
    }

    /// `hil_small_channel` of each channel.
    pub fn small_channels(&self) -> Vec<[u8; SMALL_CHANNEL_BYTES]> {
        let least = self.small.map_or(0, i32::from);
        let bytes = |c: &Channel| {
            let shift = (c.shift - least) as u32;
            let scale = (c.multiplier << 2) as u32 | (shift & 3);
            let bias = ((c.bias2 / 2) << 2) as u32 | (shift >> 2);
            let ([a, b, c, d], [e, f, g, _]) = (scale.to_le_bytes(), bias.to_le_bytes());
            [a, b, c, d, e, f, g]
        };
        self.channels.iter().map(bytes).collect()
    }
}

/// `hil_channel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Channel {
    /// Twice the bias, with the input's zero point folded in.
    pub bias2: i32,
    /// In `[2^30, 2^31)`; that of [`Requant`] where the channel is requantised the general way.
    pub multiplier: i32,
    /// The right shift less one; that of [`Requant`] plus [`GENERAL_SHIFT`] where the channel is requantised the general
    /// way.
    pub shift: i32,
}

/// One output channel before it is packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub weights: Vec<i8>,
    pub bias: i32,
    pub requant: Requant,
}

/// Bytes of `hil_channel` and of `hil_small_channel`.
const CHANNEL_BYTES: usize = 12;
const SMALL_CHANNEL_BYTES: usize = 7;
/// Biases that `hil_small_channel` has bits for.
const SMALL_BIAS: std::ops::Range<i32> = -(1 << 21)..1 << 21;
/// Accumulators stay below this, so that their double and what is added to it stay in int32.
const ACC_LIMIT: i64 = 1 << 29;
/// Sums of products below this fit in 24 bits.
const PRODUCT_LIMIT: i64 = 1 << 23;
/// Largest magnitude of an input, its zero point not subtracted.
const INPUT_LIMIT: i64 = 128;
/// `HIL_GENERAL_SHIFT`: more than any right shift.
const GENERAL_SHIFT: i32 = 64;
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

    /// The bias with the input's zero point folded in.
    fn bias(&self, input_zero: i32) -> Option<i64> {
        let sum: i64 = self.weights.iter().map(|w| i64::from(*w)).sum();
        let bias = i64::from(self.bias) - i64::from(input_zero) * sum;
        (bias.abs() + self.product_bound() < ACC_LIMIT).then_some(bias)
    }

    /// What is multiplied and its channel, as `hil_requant.h` requantises fast.
    fn fast(self, input_zero: i32, output: &Output) -> Option<(Self, Channel)> {
        let Requant { multiplier, shift } = self.requant;
        if multiplier == 0 || self.weights.iter().all(|w| *w == 0) {
            let channel = output.constant(self.requant.apply(self.bias));
            return Some((Self { weights: vec![0; self.weights.len()], ..self }, channel));
        }
        let (bias, right) = (self.bias(input_zero)?, -shift);
        if multiplier >= 1 << 30 && SHIFTS.contains(&right) {
            return Some((self, Channel { bias2: (2 * bias) as i32, multiplier, shift: right - 1 }));
        }
        // Scaled down so far that a half is never reached.
        let zero = right > *SHIFTS.end() && bias.abs() + self.product_bound() < 1 << (right - 1);
        zero.then(|| (Self { weights: vec![0; self.weights.len()], ..self }, output.constant(0)))
    }

    fn general(&self, input_zero: i32) -> Option<Channel> {
        let Requant { multiplier, shift } = self.requant;
        Some(Channel { bias2: (2 * self.bias(input_zero)?) as i32, multiplier, shift: shift + GENERAL_SHIFT })
    }
}

/// What a layer's sums are turned into.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    pub zero: i32,
    pub clamp: Clamp,
}

impl Output {
    /// A channel without weights that gives what the requantised sum `scaled` does.
    fn constant(&self, scaled: i32) -> Channel {
        let value = scaled.saturating_add(self.zero).max(self.clamp.min).min(self.clamp.max);
        // Half of a quarter of the doubled bias, less the zero point: exact, since nothing is rounded.
        Channel { bias2: 8 * (value - self.zero), multiplier: 1 << 30, shift: 0 }
    }
}

/// What is packed: rows as they are multiplied, and their channels.
struct Prepared {
    rows: Vec<Row>,
    channels: Vec<Channel>,
    general: bool,
}

impl Prepared {
    /// None where the sums might leave their bounds.
    fn new(rows: &[Row], input_zero: i32, output: &Output) -> Option<Self> {
        let mut general = false;
        let mut prepare = |row: &Row| {
            if let Some(fast) = row.positive().and_then(|row| row.fast(input_zero, output)) {
                return Some(fast);
            }
            general = true;
            Some((row.clone(), row.general(input_zero)?))
        };
        let prepared: Vec<(Row, Channel)> = rows.iter().map(&mut prepare).collect::<Option<_>>()?;
        let (rows, channels) = prepared.into_iter().unzip();
        Some(Self { rows, channels, general })
    }

    fn pack(self, form: Form, filter: Vec<u32>, scratch_bytes: usize) -> Packed {
        Packed { filter, channels: self.channels, general: self.general, scratch_bytes, form, small: None }
    }

    /// As kernels ask that take channels by twos.
    fn even(mut self) -> Self {
        self.channels.resize(self.channels.len().next_multiple_of(2), Channel::default());
        self
    }
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

/// For `hil_matrix.h`; `in_c` is the depth of a pixel.
pub(super) fn matrix(rows: &[Row], input_zero: i32, output: &Output, in_c: usize) -> Option<Packed> {
    let prepared = Prepared::new(rows, input_zero, output)?;
    let depth = rows.first()?.weights.len().next_multiple_of(4);
    let filter = pairs(&prepared.rows)?.concat();
    let bytes = if in_c.is_multiple_of(4) { 0 } else { depth };
    Some(prepared.even().pack(Form::Matrix, filter, 4 * 2 * depth + bytes))
}

/// Rows of a one-dimensional transform of three weights, doubled: those of F(2, 3) without its halves.
fn minimal([a, b, c]: [i32; 3]) -> [i32; 4] {
    [2 * a, a + b + c, a - b + c, 2 * c]
}

/// Four times the transform of a 3x3 filter, row by row. None of the 16 leaves int16, whatever the weights.
fn minimal_3x3(weights: [i32; 9]) -> [i32; 16] {
    let [a, b, c] = [0, 1, 2].map(|x| minimal([weights[x], weights[3 + x], weights[6 + x]]));
    let rows: [[i32; 4]; 4] = std::array::from_fn(|y| minimal([a[y], b[y], c[y]]));
    std::array::from_fn(|i| rows[i / 4][i % 4])
}

/// For `hil_winograd.h`: rows of 3x3 filters of `in_c` channels, whole groups of 4.
pub(super) fn winograd(rows: &[Row], input_zero: i32, output: &Output, in_c: usize) -> Option<Packed> {
    const ELEMENTS: usize = 16;
    const TILES: usize = 4;
    const SUMS: usize = 8;
    if in_c == 0 || !in_c.is_multiple_of(4) || rows.iter().any(|row| row.weights.len() != 9 * in_c) {
        return None;
    }
    let prepared = Prepared::new(rows, input_zero, output)?.even();
    let transformed = |row: &Row| -> Vec<[i32; 16]> {
        let weight = |channel: usize, tap: usize| i32::from(row.weights[tap * in_c + channel]);
        (0..in_c).map(|channel| minimal_3x3(std::array::from_fn(|tap| weight(channel, tap)))).collect()
    };
    let half = |value: i32| u32::from(value as i16 as u16);
    let mut filter = Vec::new();
    for pair in prepared.rows.chunks(2) {
        let pair: Vec<_> = pair.iter().map(transformed).collect();
        let word = |of: usize, element: usize, low: usize, high: usize| {
            let at = |channel: usize| pair.get(of).map_or(0, |row| half(row[channel][element]));
            at(low) | (at(high) << 16)
        };
        for element in 0..ELEMENTS {
            for group in (0..in_c).step_by(4) {
                for (low, high) in [(group, group + 2), (group + 1, group + 3)] {
                    filter.extend([word(0, element, low, high), word(1, element, low, high)]);
                }
            }
        }
    }
    Some(prepared.pack(Form::Winograd, filter, 2 * ELEMENTS * TILES * in_c + 4 * ELEMENTS * SUMS))
}

/// For `hil_row.h`.
pub(super) fn row(rows: &[Row], input_zero: i32, output: &Output) -> Option<Packed> {
    let prepared = Prepared::new(rows, input_zero, output)?;
    let depth = rows.first()?.weights.len().next_multiple_of(4);
    let pairs = pairs(&prepared.rows)?;
    let mut filter = Vec::new();
    for quad in pairs.chunks(2) {
        for group in 0..depth / 4 {
            quad.iter().for_each(|pair| filter.extend(&pair[2 * group..2 * group + 2]));
        }
    }
    Some(prepared.even().pack(Form::Row, filter, 2 * depth))
}

/// For `hil_plane.h`: rows of `width` weights in whole words.
pub(super) fn plane(
    rows: &[Row],
    input_zero: i32,
    output: &Output,
    width: usize,
    scratch_bytes: usize,
) -> Option<Packed> {
    let prepared = Prepared::new(rows, input_zero, output)?;
    let word = |bytes: &[i8]| (0..4).map(|i| u32::from(bytes.get(i).map_or(0, |b| *b as u8)) << (8 * i)).sum();
    let lines = prepared.rows.iter().flat_map(|row| row.weights.chunks(width));
    let filter = lines.flat_map(|line| line.chunks(4).map(word)).collect();
    Some(prepared.pack(Form::Plane, filter, scratch_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `channel_of` of `hil_small.c`.
    fn unpacked(bytes: &[u8; SMALL_CHANNEL_BYTES], least: u8) -> Channel {
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let (scale, bias) = (word(0), word(3));
        Channel {
            bias2: (bias as i32 >> 9) & !1,
            multiplier: (scale >> 2 | 1 << 30) as i32,
            shift: i32::from(least) + (scale & 3 | (bias >> 6) & 12) as i32,
        }
    }

    fn packed(channels: Vec<Channel>) -> Packed {
        Packed { filter: vec![0; 4], channels, general: false, scratch_bytes: 0, form: Form::Matrix, small: None }
    }

    #[test]
    fn seven_bytes_hold_every_channel_that_they_are_given() {
        let ends = [-(1 << 21), -(1 << 20) - 1, -1, 0, 1, (1 << 21) - 1];
        let scales = [(1 << 30, 3), (1 << 30 | 5, 4), (i32::MAX, 18), (0x5a5a_5a5a, 7)];
        let channel = |(bias, (multiplier, shift)): (&i32, &(i32, i32))| Channel {
            bias2: 2 * bias,
            multiplier: *multiplier,
            shift: *shift,
        };
        let all = ends.iter().flat_map(|bias| scales.iter().map(move |scale| channel((bias, scale))));
        let whole = packed(all.collect());
        let small = whole.shrunk(1).expect("bits for all of them");
        let again = small.small_channels().iter().map(|bytes| unpacked(bytes, 3)).collect::<Vec<_>>();
        assert_eq!((small.small, &again), (Some(3), &whole.channels));
        assert_eq!(small.table_bytes(), 7 * whole.channels.len());
    }

    #[test]
    fn what_seven_bytes_cannot_hold_keeps_the_other_form() {
        let first = Channel { bias2: 0, multiplier: 1 << 30, shift: 2 };
        for other in [
            Channel { bias2: 2 << 21, ..first },
            Channel { bias2: 2 * (-(1 << 21) - 1), ..first },
            Channel { shift: 18, ..first },
            Channel { multiplier: 1 << 29, ..first },
        ] {
            assert_eq!(packed(vec![first, other]).shrunk(1), None, "{other:?}");
        }
    }
}
