//! The format of an architecture file. `scenarios/networks/README.md` documents it.
//!
//! A layer is checked while it is read, so that the parser adds the position of the layer to every message.

use std::fmt;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::BuiltinError;
use crate::network::Hw;
use crate::network::derive::Activation;

/// Bytes that no architecture needs.
const MAX_BYTES: usize = 1 << 20;
const MAX_LAYERS: usize = 1000;
const MAX_CHANNELS: usize = 65_536;

/// An architecture: layers, and what of it a user may choose.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with the keys of an architecture")]
pub struct Architecture {
    pub name: String,
    /// Where the facts come from.
    pub source: String,
    pub input: Input,
    /// Allowed heights and widths of the input in pixels; the input's size is fixed where it is left out.
    pub resolution: Option<Range<usize>>,
    /// Allowed width multipliers; there is none where it is left out.
    pub width: Option<Width>,
    /// Classes where the user names none; a network without classes has none.
    pub classes: Option<usize>,
    pub padding: Padding,
    /// Of every layer that names none.
    #[serde(default)]
    pub activation: Act,
    pub layers: Vec<Layer>,
}

/// The input.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Height, width, channels; or features.
    pub shape: Vec<usize>,
    /// Smallest and largest value.
    pub range: [f32; 2],
}

/// Both ends are allowed.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range<T> {
    pub min: T,
    pub max: T,
}

/// A width multiplier, and how channels are rounded to multiples of 8.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Width {
    pub default: f64,
    pub min: f64,
    pub max: f64,
    pub round: Round,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Round {
    /// To the nearest multiple of 8 that is at least 0.9 of the exact number, as MobileNetV2's code does it.
    Nearest,
    /// Up, as ProxylessNAS's code does it.
    Up,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Padding {
    /// TensorFlow's.
    Same,
    /// Half a filter on each side, as PyTorch's models have it.
    Symmetric,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    None,
    #[default]
    Relu,
    Relu6,
}

impl From<Act> for Activation {
    fn from(act: Act) -> Self {
        match act {
            Act::None => Self::None,
            Act::Relu => Self::Relu,
            Act::Relu6 => Self::Relu6,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpName {
    Conv,
    Depthwise,
    /// Depthwise, then 1x1.
    Separable,
    /// The inverted residual block of MobileNetV2: 1x1, depthwise, linear 1x1; with a shortcut where stride and
    /// channels allow it.
    Mbconv,
    /// The basic block of ResNet: two convolutions, and a shortcut that is a 1x1 where stride or channels change.
    Residual,
    MaxPool,
    AveragePool,
    GlobalAveragePool,
    Flatten,
    Dense,
    Softmax,
}

/// Output channels of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channels {
    Count(usize),
    /// As many as the user asks for; the width multiplier leaves them alone.
    Classes,
}

/// One entry of `layers`, with its options filled in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layer {
    pub op: OpName,
    pub channels: Option<Channels>,
    pub kernel: Hw,
    /// Of the first repetition.
    pub stride: Hw,
    /// Channels inside an inverted residual block: as many times the input's.
    pub expand: f64,
    /// The same as a number, which the width multiplier scales.
    pub middle: Option<usize>,
    pub activation: Option<Act>,
    pub repeat: usize,
    /// Whether an inverted residual block may have a shortcut.
    pub shortcut: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLayer {
    op: OpName,
    channels: Option<Channels>,
    kernel: Option<Pair>,
    stride: Option<Pair>,
    expand: Option<f64>,
    middle: Option<usize>,
    activation: Option<Act>,
    repeat: Option<usize>,
}

impl RawLayer {
    fn checked(self) -> Result<Layer, String> {
        use OpName::*;
        let applies = |key: &str, given: bool, ops: &[OpName]| {
            if given && !ops.contains(&self.op) {
                return Err(format!("`{key}` does not apply to this layer"));
            }
            Ok(())
        };
        let windowed = [Conv, Depthwise, Separable, Mbconv, Residual, MaxPool, AveragePool];
        applies("channels", self.channels.is_some(), &[Conv, Separable, Mbconv, Residual, Dense])?;
        applies("kernel", self.kernel.is_some(), &windowed)?;
        applies("stride", self.stride.is_some(), &windowed)?;
        applies("expand", self.expand.is_some(), &[Mbconv])?;
        applies("middle", self.middle.is_some(), &[Mbconv])?;
        applies("activation", self.activation.is_some(), &[Conv, Depthwise, Separable, Mbconv, Residual, Dense])?;
        applies("repeat", self.repeat.is_some(), &[Conv, Depthwise, Separable, Mbconv, Residual, Dense])?;
        if matches!(self.op, Conv | Separable | Mbconv | Residual | Dense) && self.channels.is_none() {
            return Err("this layer needs `channels`: a number, or `classes`".into());
        }
        if self.op == Mbconv && self.expand.is_some() == self.middle.is_some() {
            return Err("this layer needs either `expand` or `middle`".into());
        }
        let Pair(kernel) = self.kernel.unwrap_or(Pair(Hw { h: 3, w: 3 }));
        let Pair(stride) = self.stride.unwrap_or(Pair(Hw { h: 1, w: 1 }));
        let expand = self.expand.unwrap_or(1.0);
        let within = |key: &str, value: f64, most: f64| {
            if (1.0..=most).contains(&value) {
                return Ok(());
            }
            Err(format!("`{key}` is {value}; it must be 1 to {most}"))
        };
        for side in [kernel.h, kernel.w] {
            within("kernel", side as f64, 31.0)?;
        }
        for side in [stride.h, stride.w] {
            within("stride", side as f64, 31.0)?;
        }
        within("expand", expand, 32.0)?;
        within("middle", self.middle.unwrap_or(1) as f64, MAX_CHANNELS as f64)?;
        within("repeat", self.repeat.unwrap_or(1) as f64, 64.0)?;
        if let Some(Channels::Count(count)) = self.channels {
            within("channels", count as f64, MAX_CHANNELS as f64)?;
        }
        Ok(Layer {
            op: self.op,
            channels: self.channels,
            kernel,
            stride,
            expand,
            middle: self.middle,
            activation: self.activation,
            repeat: self.repeat.unwrap_or(1),
            shortcut: true,
        })
    }
}

impl<'de> Deserialize<'de> for Layer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Layer;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a layer: a mapping with the key `op`")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Layer, A::Error> {
                RawLayer::deserialize(MapAccessDeserializer::new(map))?.checked().map_err(A::Error::custom)
            }
        }
        deserializer.deserialize_map(Read)
    }
}

impl<'de> Deserialize<'de> for Channels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Channels;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of channels, or `classes`")
            }

            fn visit_u64<E: Error>(self, count: u64) -> Result<Channels, E> {
                // What does not fit is rejected with everything else that is too large.
                Ok(Channels::Count(usize::try_from(count).unwrap_or(usize::MAX)))
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Channels, E> {
                if word == "classes" {
                    Ok(Channels::Classes)
                } else {
                    Err(E::invalid_value(serde::de::Unexpected::Str(word), &self))
                }
            }
        }
        deserializer.deserialize_any(Read)
    }
}

/// A side, or height and width.
pub(in crate::network) struct Pair(pub Hw);

impl<'de> Deserialize<'de> for Pair {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Pair;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a side in pixels, or [height, width]")
            }

            fn visit_u64<E: Error>(self, side: u64) -> Result<Pair, E> {
                let side = usize::try_from(side).unwrap_or(usize::MAX);
                Ok(Pair(Hw { h: side, w: side }))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Pair, A::Error> {
                let [h, w] = <[usize; 2]>::deserialize(SeqAccessDeserializer::new(seq))?;
                Ok(Pair(Hw { h, w }))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

impl Architecture {
    /// Reads an architecture from `text`; `file` is named in errors. Reads no file.
    pub fn parse(file: &str, text: &str) -> Result<Self, BuiltinError> {
        let invalid =
            |line, column, message: String| BuiltinError::Invalid { file: file.into(), line, column, message };
        if text.len() > MAX_BYTES {
            let message = format!("{} bytes are no architecture; at most {MAX_BYTES} are read", text.len());
            return Err(invalid(1, 1, message));
        }
        let architecture: Self = serde_yaml::from_str(text).map_err(|error| {
            let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
            let message = error.to_string();
            let message = message.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&message);
            invalid(line, column, message.into())
        })?;
        // What concerns the file as a whole stands at its top.
        architecture.check().map_err(|message| invalid(1, 1, message))?;
        Ok(architecture)
    }

    fn check(&self) -> Result<(), String> {
        let shape = &self.input.shape;
        if !matches!(shape.len(), 1 | 3) || shape.iter().any(|d| !(1..=MAX_CHANNELS).contains(d)) {
            return Err(format!("input: `shape` is {shape:?}; it must be [height, width, channels] or [features]"));
        }
        let [low, high] = self.input.range;
        if !(low < high && low.is_finite() && high.is_finite()) {
            return Err(format!("input: `range` is [{low}, {high}]; it must be [smallest, largest]"));
        }
        if let Some(Range { min, max }) = self.resolution {
            let square = shape.len() == 3 && shape[0] == shape[1];
            if !square || !(min..=max).contains(&shape[0]) || !(1..=4096).contains(&max) {
                return Err(
                    "`resolution` needs a square input whose size is within `min` to `max`, at most 4096".into()
                );
            }
        }
        if let Some(Width { default, min, max, .. }) = self.width
            && !(0.01 <= min && min <= default && default <= max && max <= 16.0)
        {
            return Err("`width` must have 0.01 <= min <= default <= max <= 16".into());
        }
        if self.classes.is_some_and(|classes| !(1..=MAX_CHANNELS).contains(&classes)) {
            return Err(format!("`classes` must be 1 to {MAX_CHANNELS}"));
        }
        if self.layers.is_empty() || self.layers.len() > MAX_LAYERS {
            return Err(format!("there are {} layers; there must be 1 to {MAX_LAYERS}", self.layers.len()));
        }
        if self.classes.is_none() && self.layers.iter().any(|l| l.channels == Some(Channels::Classes)) {
            return Err("a layer has `channels: classes`, but `classes` is missing".into());
        }
        Ok(())
    }
}
