//! The format of a space file. `scenarios/spaces/README.md` documents it.

use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::network::Hw;
use crate::network::builtin::BuiltinError;
use crate::network::builtin::schema::{Act, Padding, Pair};

/// Bytes that no space needs.
const MAX_BYTES: usize = 1 << 18;
const MAX_CHANNELS: usize = 4096;
const MAX_SIDE: usize = 4096;

/// Why there is no space, or no such network in it.
#[derive(Debug, thiserror::Error)]
pub enum SpaceError {
    #[error("unknown space `{name}` (known: {known}); a file is named with its path and `.yaml`")]
    Unknown { name: String, known: String },
    /// Lines and columns start at 1.
    #[error("{file}:{line}:{column}: {message}")]
    Invalid { file: String, line: usize, column: usize, message: String },
    #[error("space `{space}` has no such network: {problem}")]
    Foreign { space: String, problem: String },
    #[error(transparent)]
    Build(#[from] BuiltinError),
}

/// A search space.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with the keys of a search space")]
pub struct Space {
    pub name: String,
    /// Where the facts come from.
    pub source: String,
    pub input: Input,
    /// Width multipliers; with the input's sizes they make the configurations.
    pub widths: Vec<Ratio>,
    pub classes: usize,
    /// Along which axes kernels and strides extend.
    #[serde(default)]
    pub axes: Axes,
    pub padding: Padding,
    pub activation: Act,
    /// Channels are rounded to multiples of this.
    #[serde(default = "eight")]
    pub round: usize,
    /// Sides of depthwise kernels, of stages that name none.
    #[serde(default)]
    pub kernels: Vec<usize>,
    /// Channels inside a block as multiples of those it reads, of stages that name none.
    #[serde(default)]
    pub expansions: Vec<usize>,
    /// Blocks of a stage, of stages that name none.
    #[serde(default)]
    pub depths: Vec<usize>,
    /// Multiples of a stage's channels, of stages that name none: elastic width.
    #[serde(default = "whole")]
    pub scales: Vec<Ratio>,
    pub stem: Stem,
    /// A block without expansion after the stem.
    pub first: Option<First>,
    pub stages: Vec<Stage>,
    /// A 1x1 convolution before the global average.
    pub head: Option<Head>,
}

fn eight() -> usize {
    8
}

fn whole() -> Vec<Ratio> {
    vec![Ratio::ONE]
}

/// The input.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Of sizes that name none.
    pub channels: usize,
    /// Smallest and largest value.
    pub range: [f32; 2],
    pub sizes: Vec<Size>,
}

/// The first convolution.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stem {
    pub channels: usize,
    #[serde(default = "three")]
    pub kernel: usize,
    #[serde(default, deserialize_with = "stride")]
    pub stride: Option<Hw>,
}

fn three() -> usize {
    3
}

/// A depthwise convolution and a linear 1x1 one.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct First {
    pub channels: usize,
    #[serde(default = "three")]
    pub kernel: usize,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    pub channels: usize,
}

/// Blocks of the same number of channels.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// At a width of 1.
    pub channels: usize,
    /// Of the first block.
    #[serde(default, deserialize_with = "stride")]
    pub stride: Option<Hw>,
    pub kernels: Option<Vec<usize>>,
    pub expansions: Option<Vec<usize>>,
    pub depths: Option<Vec<usize>>,
    pub scales: Option<Vec<Ratio>>,
}

fn stride<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Hw>, D::Error> {
    Pair::deserialize(deserializer).map(|Pair(hw)| Some(hw))
}

/// Along which axes kernels and strides extend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Axes {
    #[default]
    Both,
    /// Networks over time: frames stand below one another, features are channels.
    Height,
}

impl Axes {
    pub(super) fn square(self, side: usize) -> Hw {
        match self {
            Self::Both => Hw { h: side, w: side },
            Self::Height => Hw { h: side, w: 1 },
        }
    }
}

/// A multiplier in hundredths, so that it can be compared and hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ratio(u32);

impl Ratio {
    pub const ONE: Self = Self(100);

    /// To the nearest hundredth; none outside 0.01 to 8.
    pub fn new(value: f64) -> Option<Self> {
        let hundredths = (value * 100.0).round();
        (1.0..=800.0).contains(&hundredths).then_some(Self(hundredths as u32))
    }

    pub fn value(self) -> f64 {
        f64::from(self.0) / 100.0
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value().fmt(f)
    }
}

impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.value())
    }
}

impl<'de> Deserialize<'de> for Ratio {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(deserializer)?;
        Self::new(value).ok_or_else(|| D::Error::custom(format!("a multiplier is {value}; it must be 0.01 to 8")))
    }
}

/// Height, width and channels of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size {
    pub h: usize,
    pub w: usize,
    /// 0 until the space's own are filled in.
    pub c: usize,
}

impl Size {
    pub fn elements(self) -> usize {
        self.h * self.w * self.c
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.h == self.w { write!(f, "{}", self.h) } else { write!(f, "{}x{}x{}", self.h, self.w, self.c) }
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        [self.h, self.w, self.c].serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Size;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a side in pixels, [height, width] or [height, width, channels]")
            }

            fn visit_u64<E: Error>(self, side: u64) -> Result<Size, E> {
                let side = usize::try_from(side).unwrap_or(usize::MAX);
                Ok(Size { h: side, w: side, c: 0 })
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Size, A::Error> {
                match Vec::<usize>::deserialize(SeqAccessDeserializer::new(seq))?.as_slice() {
                    [h, w] => Ok(Size { h: *h, w: *w, c: 0 }),
                    [h, w, c] => Ok(Size { h: *h, w: *w, c: *c }),
                    other => Err(A::Error::invalid_length(other.len(), &self)),
                }
            }
        }
        deserializer.deserialize_any(Read)
    }
}

impl Space {
    /// Reads a space from `text`; `file` is named in errors. Reads no file.
    pub fn parse(file: &str, text: &str) -> Result<Self, SpaceError> {
        let invalid = |line, column, message: String| SpaceError::Invalid { file: file.into(), line, column, message };
        if text.len() > MAX_BYTES {
            return Err(invalid(1, 1, format!("{} bytes are no space; at most {MAX_BYTES} are read", text.len())));
        }
        let mut space: Self = serde_yaml::from_str(text).map_err(|error| {
            let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
            let message = error.to_string();
            let message = message.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&message);
            invalid(line, column, message.into())
        })?;
        space.input.sizes.iter_mut().filter(|size| size.c == 0).for_each(|size| size.c = space.input.channels);
        // What concerns the file as a whole stands at its top.
        space.validated().map_err(|message| invalid(1, 1, message))?;
        Ok(space)
    }

    fn validated(&self) -> Result<(), String> {
        let count = |key: &str, value: usize, most: usize| {
            let fine = (1..=most).contains(&value);
            if fine { Ok(()) } else { Err(format!("`{key}` is {value}; it must be 1 to {most}")) }
        };
        let Input { channels, range: [low, high], sizes } = &self.input;
        count("input: channels", *channels, MAX_CHANNELS)?;
        if !(low < high && low.is_finite() && high.is_finite()) {
            return Err(format!("`input: range` is [{low}, {high}]; it must be [smallest, largest]"));
        }
        for size in sizes {
            count("input: sizes", size.h, MAX_SIDE)?;
            count("input: sizes", size.w, MAX_SIDE)?;
            count("input: sizes", size.c, MAX_CHANNELS)?;
            if self.axes == Axes::Height && size.w != 1 {
                return Err(format!("`input: sizes`: with `axes: height` inputs are 1 wide, not {}", size.w));
            }
        }
        distinct("input: sizes", sizes)?;
        distinct("widths", &self.widths)?;
        count("classes", self.classes, 65_536)?;
        count("round", self.round, 64)?;
        count("stem: channels", self.stem.channels, MAX_CHANNELS)?;
        kernel("stem: kernel", self.stem.kernel)?;
        if let Some(first) = &self.first {
            count("first: channels", first.channels, MAX_CHANNELS)?;
            kernel("first: kernel", first.kernel)?;
        }
        if let Some(head) = &self.head {
            count("head: channels", head.channels, 65_536)?;
        }
        count("stages", self.stages.len(), 32)?;
        for (index, stage) in self.stages.iter().enumerate() {
            self.check_stage(index, stage).map_err(|problem| format!("stages[{index}]: {problem}"))?;
        }
        Ok(())
    }

    fn check_stage(&self, index: usize, stage: &Stage) -> Result<(), String> {
        if !(1..=MAX_CHANNELS).contains(&stage.channels) {
            return Err(format!("`channels` is {}; it must be 1 to {MAX_CHANNELS}", stage.channels));
        }
        let Open { kernels, expansions, depths, scales } = self.open(index);
        distinct("kernels", kernels)?;
        distinct("expansions", expansions)?;
        distinct("depths", depths)?;
        distinct("scales", scales)?;
        kernels.iter().try_for_each(|side| kernel("kernels", *side))?;
        // Without expansion a block has no first convolution, so that it could not share weights with the others.
        if let Some(wrong) = expansions.iter().find(|e| !(2..=16).contains(*e)) {
            return Err(format!("`expansions` has {wrong}; they must be 2 to 16"));
        }
        match depths.iter().find(|d| !(1..=16).contains(*d)) {
            Some(wrong) => Err(format!("`depths` has {wrong}; they must be 1 to 16")),
            None => Ok(()),
        }
    }

    /// What is open in stage `index`; of a stage that is not there what is open in all.
    pub(super) fn open(&self, index: usize) -> Open<'_> {
        let stage = self.stages.get(index);
        Open {
            kernels: stage.and_then(|s| s.kernels.as_deref()).unwrap_or(&self.kernels),
            expansions: stage.and_then(|s| s.expansions.as_deref()).unwrap_or(&self.expansions),
            depths: stage.and_then(|s| s.depths.as_deref()).unwrap_or(&self.depths),
            scales: stage.and_then(|s| s.scales.as_deref()).unwrap_or(&self.scales),
        }
    }
}

/// What may be chosen in a stage.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open<'a> {
    pub kernels: &'a [usize],
    pub expansions: &'a [usize],
    pub depths: &'a [usize],
    pub scales: &'a [Ratio],
}

/// Choices ascend, so that the largest of them is the last.
fn distinct<T: PartialOrd + fmt::Debug>(key: &str, values: &[T]) -> Result<(), String> {
    if values.is_empty() {
        return Err(format!("`{key}` is missing or empty"));
    }
    if values.windows(2).all(|pair| pair[0] < pair[1]) {
        return Ok(());
    }
    Err(format!("`{key}` is {values:?}; its entries must ascend"))
}

/// Smaller kernels are cut from the middle of larger ones.
fn kernel(key: &str, side: usize) -> Result<(), String> {
    if side % 2 == 1 && side <= 31 { Ok(()) } else { Err(format!("`{key}` has {side}; kernels are odd, 1 to 31")) }
}
