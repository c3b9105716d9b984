//! Features of speech: the logarithm of mel bands, or cepstral coefficients, frame by frame.
//!
//! Frames of 40 ms spread evenly over the clip, as DS-CNN's 49 frames of one second are (arXiv 1711.07128, 3.5).

use std::f32::consts::PI;
use std::sync::Arc;

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};
use serde::{Deserialize, Serialize};

/// Seconds of a frame.
const FRAME: f64 = 0.04;
/// Lowest frequency of the bands in Hz, and the highest where the rate allows it (arXiv 1711.07128's front end).
const LOWEST: f32 = 20.0;
const HIGHEST: f32 = 4000.0;
/// Mel bands behind cepstral coefficients.
const CEPSTRAL_BANDS: usize = 40;
/// Energy that counts as silence: it is added before the logarithm.
const SILENCE: f32 = 1e-5;

/// What stands in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    #[default]
    LogMel,
    /// The first coefficients of the cosine transform of the log-mel bands.
    Mfcc,
}

/// Sizes of a front end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    pub kind: Kind,
    /// Samples per second.
    pub rate: u32,
    /// Seconds of a clip.
    pub clip: f64,
    pub frames: usize,
    /// Bands, or coefficients, of a frame.
    pub bands: usize,
}

/// A front end with its tables.
#[derive(Clone)]
pub struct FrontEnd {
    shape: Shape,
    window: Vec<f32>,
    fft: Arc<dyn Fft<f32>>,
    /// Per band: first bin, and weights of the bins from there.
    filters: Vec<(usize, Vec<f32>)>,
    /// Rows of the cosine transform; empty for log-mel features.
    cosines: Vec<Vec<f32>>,
}

impl FrontEnd {
    /// None where a frame or a band would be empty.
    pub fn new(shape: Shape) -> Option<Self> {
        let length = (f64::from(shape.rate) * FRAME).round() as usize;
        let clip = (f64::from(shape.rate) * shape.clip).round() as usize;
        if length < 2 || clip < length || shape.frames == 0 || shape.bands == 0 {
            return None;
        }
        let bins = length.next_power_of_two();
        let bands = if shape.kind == Kind::Mfcc { CEPSTRAL_BANDS.max(shape.bands) } else { shape.bands };
        let window = (0..length).map(|n| 0.5 - 0.5 * (2.0 * PI * n as f32 / length as f32).cos()).collect();
        let cosines = |row: usize| {
            let scale = (if row == 0 { 1.0 } else { 2.0f32 } / bands as f32).sqrt();
            (0..bands).map(|b| scale * (PI * row as f32 * (b as f32 + 0.5) / bands as f32).cos()).collect()
        };
        Some(Self {
            shape,
            window,
            fft: FftPlanner::new().plan_fft_forward(bins),
            filters: filters(bands, bins, shape.rate),
            cosines: if shape.kind == Kind::Mfcc { (0..shape.bands).map(cosines).collect() } else { Vec::new() },
        })
    }

    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Samples of a clip.
    pub fn clip(&self) -> usize {
        (f64::from(self.shape.rate) * self.shape.clip).round() as usize
    }

    /// Frame after frame of a clip; what it lacks counts as silence.
    pub fn features(&self, clip: &[f32]) -> Vec<f32> {
        let span = self.clip() - self.window.len();
        let bins = self.fft.len();
        let power = 1.0 / self.window.iter().map(|w| w * w).sum::<f32>();
        let mut all = Vec::with_capacity(self.shape.frames * self.shape.bands);
        let mut buffer = vec![Complex::default(); bins];
        for frame in 0..self.shape.frames {
            let start = span * frame / (self.shape.frames - 1).max(1);
            buffer.fill(Complex::default());
            let samples = clip.get(start..).unwrap_or_default();
            for ((to, window), sample) in buffer.iter_mut().zip(&self.window).zip(samples) {
                to.re = window * sample;
            }
            self.fft.process(&mut buffer);
            let bands = self.filters.iter().map(|(first, weights)| {
                let energy: f32 = buffer[*first..].iter().zip(weights).map(|(bin, w)| w * bin.norm_sqr()).sum();
                (energy * power + SILENCE).ln()
            });
            if self.cosines.is_empty() {
                all.extend(bands);
            } else {
                let bands: Vec<f32> = bands.collect();
                all.extend(self.cosines.iter().map(|row| row.iter().zip(&bands).map(|(c, b)| c * b).sum::<f32>()));
            }
        }
        all
    }
}

fn mel(hertz: f32) -> f32 {
    1127.0 * (1.0 + hertz / 700.0).ln()
}

/// Triangles that are even in mel; a triangle between two bins takes the nearest one.
fn filters(bands: usize, bins: usize, rate: u32) -> Vec<(usize, Vec<f32>)> {
    let rate = rate as f32;
    let (low, high) = (mel(LOWEST), mel(HIGHEST.min(rate / 2.0)));
    let edge = |n: usize| low + (high - low) * n as f32 / (bands + 1) as f32;
    let of_bin = |bin: usize| mel(bin as f32 * rate / bins as f32);
    (0..bands)
        .map(|band| {
            let (left, centre, right) = (edge(band), edge(band + 1), edge(band + 2));
            let weight = |bin: usize| {
                let at = of_bin(bin);
                ((at - left) / (centre - left)).min((right - at) / (right - centre)).max(0.0)
            };
            let inside = |bin: &usize| weight(*bin) > 0.0;
            match (1..bins / 2).find(inside) {
                Some(first) => {
                    let weights = (first..bins / 2).map(weight).take_while(|w| *w > 0.0).collect();
                    (first, weights)
                }
                None => {
                    let distance = |bin: &usize| (of_bin(*bin) - centre).abs();
                    let nearest = (1..bins / 2).min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(0);
                    (nearest, vec![1.0])
                }
            }
        })
        .collect()
}

/// `samples` at another rate: each is a mix of its two neighbours.
pub fn resample(samples: &[f32], ratio: f64) -> Vec<f32> {
    let count = (samples.len() as f64 / ratio).floor() as usize;
    let at = |index: usize| samples.get(index).copied().unwrap_or(0.0);
    (0..count)
        .map(|n| {
            let place = n as f64 * ratio;
            let (index, part) = (place.floor() as usize, place.fract() as f32);
            at(index) * (1.0 - part) + at(index + 1) * part
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hertz: f32, rate: u32) -> Vec<f32> {
        (0..rate).map(|n| 0.5 * (2.0 * PI * hertz * n as f32 / rate as f32).sin()).collect()
    }

    fn shape(kind: Kind) -> Shape {
        Shape { kind, rate: 8000, clip: 1.0, frames: 49, bands: 20 }
    }

    #[test]
    fn a_tone_stands_in_its_band_in_every_frame() {
        let front = FrontEnd::new(shape(Kind::LogMel)).expect("a front end");
        for hertz in [300.0, 1000.0, 2500.0] {
            let features = front.features(&tone(hertz, 8000));
            assert_eq!(features.len(), 49 * 20);
            // The band whose centre is nearest.
            let step = (mel(4000.0) - mel(LOWEST)) / 21.0;
            let expected = ((mel(hertz) - mel(LOWEST)) / step - 1.0).round() as usize;
            for frame in features.chunks(20) {
                assert_eq!(crate::train::trainer::largest(frame), expected, "{hertz} Hz");
            }
        }
    }

    #[test]
    fn silence_is_the_floor_and_cepstra_hold_the_loudness_first() {
        let front = FrontEnd::new(shape(Kind::LogMel)).expect("a front end");
        assert!(front.features(&[]).iter().all(|v| *v == SILENCE.ln()));
        let front = FrontEnd::new(shape(Kind::Mfcc)).expect("a front end");
        let frame = &front.features(&[])[..20];
        assert!((frame[0] - SILENCE.ln() * 40f32.sqrt()).abs() < 1e-3 && frame[1..].iter().all(|v| v.abs() < 1e-3));
    }

    #[test]
    fn half_the_rate_is_half_the_samples() {
        assert_eq!(resample(&[0.0, 1.0, 2.0, 3.0], 2.0), [0.0, 2.0]);
        assert_eq!(resample(&[0.0, 2.0], 0.5), [0.0, 1.0, 2.0, 1.0]);
    }
}
