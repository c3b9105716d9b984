//! From a subnet to layers, to a float network and to an int8 network with seeded weights.

use super::schema::{Ratio, Space, SpaceError};
use super::subnet::{Block, Subnet};
use crate::network::builtin::schema::{Act, Architecture, Channels, Input, Layer, OpName};
use crate::network::builtin::{Spec, expand::expand, seeded};
use crate::network::float::FloatNetwork;
use crate::network::{Hw, Network};

const UNIT: Hw = Hw { h: 1, w: 1 };

impl Space {
    /// The layers of `subnet` and their names, which are the same in every network of the space.
    fn layers(&self, subnet: &Subnet) -> Vec<(String, Layer)> {
        let width = subnet.configuration.width;
        let channels = |base: usize, scale: Ratio| self.rounded(base as f64 * width.value() * scale.value());
        let blank = Layer {
            op: OpName::Conv,
            channels: None,
            kernel: UNIT,
            stride: UNIT,
            expand: 1.0,
            middle: None,
            activation: None,
            repeat: 1,
            shortcut: true,
        };
        let mut inside = channels(self.stem.channels, Ratio::ONE);
        let stem = Layer {
            channels: Some(Channels::Count(inside)),
            kernel: self.axes.square(self.stem.kernel),
            stride: self.stem.stride.unwrap_or(UNIT),
            ..blank
        };
        let mut layers = vec![("stem".to_string(), stem)];
        if let Some(first) = &self.first {
            let middle = Some(inside);
            inside = channels(first.channels, Ratio::ONE);
            let kernel = self.axes.square(first.kernel);
            let count = Some(Channels::Count(inside));
            let layer = Layer { op: OpName::Mbconv, channels: count, kernel, middle, shortcut: false, ..blank };
            layers.push(("first".into(), layer));
        }
        for (index, (stage, choices)) in self.stages.iter().zip(&subnet.stages).enumerate() {
            let outside = channels(stage.channels, choices.scale);
            for (at, Block { kernel, expand }) in choices.blocks.iter().enumerate() {
                let layer = Layer {
                    op: OpName::Mbconv,
                    channels: Some(Channels::Count(outside)),
                    kernel: self.axes.square(*kernel),
                    stride: if at == 0 { stage.stride.unwrap_or(UNIT) } else { UNIT },
                    middle: Some(self.rounded((inside * expand) as f64)),
                    // By chance the first block may have as many channels as it reads, but not in every network.
                    shortcut: at > 0,
                    ..blank
                };
                layers.push((format!("stage{index}.block{at}"), layer));
                inside = outside;
            }
        }
        if let Some(head) = &self.head {
            let channels = Some(Channels::Count(channels(head.channels, Ratio::ONE)));
            layers.push(("head".into(), Layer { channels, ..blank }));
        }
        layers.push(("pool".into(), Layer { op: OpName::GlobalAveragePool, ..blank }));
        layers.push(("flat".into(), Layer { op: OpName::Flatten, ..blank }));
        let channels = Some(Channels::Classes);
        let classifier = Layer { op: OpName::Dense, channels, activation: Some(Act::None), ..blank };
        layers.push(("classifier".into(), classifier));
        layers
    }

    /// To the nearest multiple of [`Space::round`] that is at least 0.9 of the exact number, as MobileNetV2's code does
    /// it.
    fn rounded(&self, exact: f64) -> usize {
        let round = self.round as f64;
        let nearest = ((exact + round / 2.0) / round).floor().max(1.0) * round;
        (if nearest < 0.9 * exact { nearest + round } else { nearest }) as usize
    }

    /// `subnet` as an architecture, in which nothing is left to choose but the classes.
    pub fn architecture(&self, subnet: &Subnet) -> Architecture {
        let size = subnet.configuration.size;
        Architecture {
            name: subnet.id(),
            source: self.source.clone(),
            input: Input { shape: vec![size.h, size.w, size.c], range: self.input.range },
            resolution: None,
            width: None,
            classes: Some(self.classes),
            padding: self.padding,
            activation: self.activation,
            layers: self.layers(subnet).into_iter().map(|(_, layer)| layer).collect(),
        }
    }

    /// The operators of `subnet` without weights. Values are named after their layer in the largest network, such as
    /// `stage1.block0.depthwise`.
    pub fn float(&self, subnet: &Subnet) -> Result<FloatNetwork, SpaceError> {
        self.check(subnet)?;
        let mut network = expand(&self.architecture(subnet), &Spec::default())?;
        let layers = self.layers(subnet);
        for value in &mut network.values {
            let (index, rest) = value.name.split_once('.').map_or((value.name.as_str(), ""), |(i, rest)| (i, rest));
            let layer = index.strip_prefix('l').and_then(|index| index.parse().ok()).and_then(|i: usize| layers.get(i));
            if let Some((name, _)) = layer {
                value.name = if rest.is_empty() { name.clone() } else { format!("{name}.{rest}") };
            }
        }
        Ok(network)
    }

    /// `subnet` as an int8 network with seeded weights: for planning and timing, without training.
    pub fn network(&self, subnet: &Subnet, seed: u64) -> Result<Network, SpaceError> {
        Ok(seeded(&self.architecture(subnet), self.float(subnet)?, seed))
    }
}
