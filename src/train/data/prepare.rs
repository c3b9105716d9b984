//! From samples to inputs of a network, as they are or changed at random.

use serde::{Deserialize, Serialize};

use super::features::{FrontEnd, Kind, Shape, resample};
use super::picture::resize;
use super::{DataError, Picture, Raw, Sound, Split};
use crate::network::random::Random;

/// Seconds of a clip of sound.
const CLIP: f64 = 1.0;
/// Samples that the mean and spread of features are taken from.
const STATISTICS: usize = 400;
/// Standard deviations from the mean to the end of an input's range.
const SPREAD: f32 = 3.0;

/// How far samples are changed at random while a network learns.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Augmentation {
    /// Largest shift of a picture, as a part of its side.
    pub shift: f32,
    /// Whether pictures are mirrored.
    pub flip: bool,
    /// Largest side of a square that is cut out of a picture (arXiv 1708.04552), as a part of its side.
    pub cut: f32,
    /// Largest shift of a recording in seconds.
    pub delay: f32,
    /// Largest gain or loss of a recording in decibel.
    pub gain: f32,
    /// Largest level of white noise, as a part of the recording's own.
    pub noise: f32,
    /// Largest change of a recording's speed, as a part of it.
    pub speed: f32,
    /// Largest part of the frames, and of the bands, that is masked (SpecAugment, arXiv 1904.08779).
    pub mask: f32,
}

impl Default for Augmentation {
    fn default() -> Self {
        Self { shift: 0.08, flip: true, cut: 0.3, delay: 0.1, gain: 6.0, noise: 0.1, speed: 0.1, mask: 0.15 }
    }
}

/// Makes inputs of one size and range.
#[derive(Clone)]
pub struct Preparation {
    /// Height, width and channels; frames, and bands in width times channels.
    size: [usize; 3],
    range: [f32; 2],
    augmentation: Augmentation,
    sound: Option<Features>,
}

#[derive(Clone)]
struct Features {
    front: FrontEnd,
    mean: f32,
    deviation: f32,
}

impl Preparation {
    /// A preparation for samples like those of `training`, of which it takes the features' statistics.
    pub fn new(
        training: &Split,
        size: [usize; 3],
        range: [f32; 2],
        kind: Kind,
        augmentation: Augmentation,
    ) -> Result<Self, DataError> {
        let unfit = |problem: String| DataError::Unfit { set: "training".into(), problem };
        if training.is_empty() {
            return Err(unfit("there is nothing to learn from".into()));
        }
        let mut new = Self { size, range, augmentation, sound: None };
        if let Raw::Sound(first) = training.read(0)? {
            let [frames, width, channels] = size;
            let shape = Shape { kind, rate: first.rate, clip: CLIP, frames, bands: width * channels };
            let front = FrontEnd::new(shape)
                .ok_or_else(|| unfit(format!("{} Hz and an input of {size:?} give no features", first.rate)))?;
            let some = training.take(STATISTICS);
            let (mut sum, mut squares, mut count) = (0f64, 0f64, 0f64);
            for at in 0..some.len() {
                let Raw::Sound(sound) = some.read(at)? else { continue };
                for value in front.features(&clip(&sound, &front, None)) {
                    sum += f64::from(value);
                    squares += f64::from(value) * f64::from(value);
                    count += 1.0;
                }
            }
            let mean = sum / count.max(1.0);
            let deviation = (squares / count.max(1.0) - mean * mean).max(1e-6).sqrt();
            new.sound = Some(Features { front, mean: mean as f32, deviation: deviation as f32 });
        }
        Ok(new)
    }

    /// Elements of an input.
    pub fn elements(&self) -> usize {
        self.size.iter().product()
    }

    /// The input of a sample; with `random`, of one like it.
    pub fn input(&self, raw: &Raw, random: Option<&mut Random>) -> Result<Vec<f32>, DataError> {
        match (raw, &self.sound) {
            (Raw::Picture(picture), None) => Ok(self.picture(picture, random)),
            (Raw::Sound(sound), Some(features)) => Ok(self.sound(sound, features, random)),
            _ => Err(DataError::Unfit { set: "samples".into(), problem: "pictures and sounds are mixed".into() }),
        }
    }

    fn picture(&self, picture: &Picture, random: Option<&mut Random>) -> Vec<f32> {
        let [height, width, channels] = self.size;
        let square =
            if picture.height == picture.width || height != width { picture.clone() } else { picture.square() };
        let values = square.values(channels);
        let mut values = resize(&values, [square.height, square.width, channels], height, width);
        if let Some(random) = random {
            values = self.moved(&values, random);
        }
        let [low, high] = self.range;
        values.iter().map(|v| low + (high - low) * v / 255.0).collect()
    }

    /// Shifted, mirrored, and with a square of mean brightness.
    fn moved(&self, values: &[f32], random: &mut Random) -> Vec<f32> {
        let [height, width, channels] = self.size;
        let Augmentation { shift, flip, cut, .. } = self.augmentation;
        let mut offset = |side: usize| {
            let most = (shift * side as f32).round() as usize;
            random.below(2 * most + 1) as isize - most as isize
        };
        let (down, right) = (offset(height), offset(width));
        let mirrored = flip && random.chance(0.5);
        let mut to = Vec::with_capacity(values.len());
        for y in 0..height as isize {
            for x in 0..width as isize {
                let from = if mirrored { width as isize - 1 - x } else { x };
                // Beyond the edge stands what is at the edge.
                let (y, x) = (y - down, from - right);
                let (y, x) = (y.clamp(0, height as isize - 1) as usize, x.clamp(0, width as isize - 1) as usize);
                to.extend_from_slice(&values[(y * width + x) * channels..][..channels]);
            }
        }
        let side = random.below((cut * height.min(width) as f32) as usize + 1);
        let (top, left) = (random.below(height + 1 - side), random.below(width + 1 - side));
        let mean = to.iter().sum::<f32>() / to.len().max(1) as f32;
        for y in top..top + side {
            to[(y * width + left) * channels..(y * width + left + side) * channels].fill(mean);
        }
        to
    }

    fn sound(&self, sound: &Sound, features: &Features, mut random: Option<&mut Random>) -> Vec<f32> {
        let front = &features.front;
        let changed = random.as_deref_mut().map(|random| (self.augmentation, random));
        let values = front.features(&clip(sound, front, changed));
        let [low, high] = self.range;
        let mut inputs: Vec<f32> = values
            .iter()
            .map(|v| {
                let normal = ((v - features.mean) / (SPREAD * features.deviation)).clamp(-1.0, 1.0);
                low + (high - low) * (normal + 1.0) / 2.0
            })
            .collect();
        if let Some(random) = random {
            self.masked(&mut inputs, front.shape(), random);
        }
        inputs
    }

    /// Sets a stretch of frames and one of bands to the middle of the range.
    fn masked(&self, inputs: &mut [f32], shape: Shape, random: &mut Random) {
        let middle = (self.range[0] + self.range[1]) / 2.0;
        let mut stretch = |size: usize| {
            let length = random.below((self.augmentation.mask * size as f32) as usize + 1);
            let first = random.below(size + 1 - length);
            first..first + length
        };
        let (frames, bands) = (stretch(shape.frames), stretch(shape.bands));
        for (at, frame) in inputs.chunks_exact_mut(shape.bands).enumerate() {
            if frames.contains(&at) {
                frame.fill(middle);
            } else {
                frame[bands.clone()].fill(middle);
            }
        }
    }
}

/// A recording in the middle of a clip, at the front end's rate.
fn clip(sound: &Sound, front: &FrontEnd, changed: Option<(Augmentation, &mut Random)>) -> Vec<f32> {
    let length = front.clip();
    let mut ratio = f64::from(sound.rate) / f64::from(front.shape().rate);
    let (mut gain, mut noise, mut delay) = (1.0, 0.0, 0isize);
    let mut random = None;
    if let Some((augmentation, generator)) = changed {
        let mut within = |most: f32| generator.between(-most, most);
        ratio *= 1.0 + f64::from(within(augmentation.speed));
        gain = 10f32.powf(within(augmentation.gain) / 20.0);
        noise = within(augmentation.noise).abs();
        delay = (within(augmentation.delay) * front.shape().rate as f32) as isize;
        random = Some(generator);
    }
    let resampled;
    let samples = if (ratio - 1.0).abs() < 1e-9 {
        &sound.samples
    } else {
        resampled = resample(&sound.samples, ratio);
        &resampled
    };
    let level = (samples.iter().map(|s| s * s).sum::<f32>() / samples.len().max(1) as f32).sqrt();
    let start = (length as isize - samples.len() as isize) / 2 + delay;
    let mut clip = vec![0.0; length];
    for (at, to) in clip.iter_mut().enumerate() {
        let from = at as isize - start;
        let sample = usize::try_from(from).ok().and_then(|from| samples.get(from)).copied().unwrap_or(0.0);
        let hiss = random.as_deref_mut().map_or(0.0, |random| noise * level * random.normal());
        *to = gain * (sample + hiss);
    }
    clip
}
