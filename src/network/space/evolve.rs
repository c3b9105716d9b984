//! Drawing networks of a space: at random, near another, or between two.

use super::schema::{Open, Ratio, Space};
use super::subnet::{Block, Choices, Configuration, Subnet};
use crate::network::random::Random;

/// Which dimensions of a space are open; in the others the largest choice holds. A supernet is trained with more and
/// more of them open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elastic {
    pub kernel: bool,
    pub depth: bool,
    pub expand: bool,
    /// Scales of stages.
    pub width: bool,
}

impl Elastic {
    pub const NONE: Self = Self { kernel: false, depth: false, expand: false, width: false };
    pub const ALL: Self = Self { kernel: true, depth: true, expand: true, width: true };
}

/// Draws choices of one stage.
struct Draw<'a> {
    open: Open<'a>,
    elastic: Elastic,
}

impl Draw<'_> {
    fn of<T: Copy>(open: bool, values: &[T], random: &mut Random) -> Option<T> {
        if open { random.choose(values).copied() } else { values.last().copied() }
    }

    fn block(&self, random: &mut Random) -> Block {
        Block {
            kernel: Self::of(self.elastic.kernel, self.open.kernels, random).unwrap_or(1),
            expand: Self::of(self.elastic.expand, self.open.expansions, random).unwrap_or(1),
        }
    }

    fn depth(&self, random: &mut Random) -> usize {
        Self::of(self.elastic.depth, self.open.depths, random).unwrap_or(1)
    }

    fn scale(&self, random: &mut Random) -> Ratio {
        Self::of(self.elastic.width, self.open.scales, random).unwrap_or(Ratio::ONE)
    }

    fn choices(&self, random: &mut Random) -> Choices {
        let (scale, depth) = (self.scale(random), self.depth(random));
        Choices { scale, blocks: (0..depth).map(|_| self.block(random)).collect() }
    }
}

impl Space {
    fn draw(&self, stage: usize, elastic: Elastic) -> Draw<'_> {
        Draw { open: self.open(stage), elastic }
    }

    /// The largest choice everywhere: the network that holds the weights of all.
    pub fn largest(&self, configuration: Configuration) -> Subnet {
        self.sample(configuration, Elastic::NONE, &mut Random::new(0))
    }

    /// The smallest choice everywhere.
    pub fn smallest(&self, configuration: Configuration) -> Subnet {
        let choices = |stage: usize| {
            let Open { kernels, expansions, depths, scales } = self.open(stage);
            let least = |values: &[usize]| values.first().copied().unwrap_or(1);
            let block = Block { kernel: least(kernels), expand: least(expansions) };
            Choices { scale: scales.first().copied().unwrap_or(Ratio::ONE), blocks: vec![block; least(depths)] }
        };
        Subnet { configuration, stages: (0..self.stages.len()).map(choices).collect() }
    }

    /// A network at random: every choice is as likely as any other of its kind.
    pub fn sample(&self, configuration: Configuration, elastic: Elastic, random: &mut Random) -> Subnet {
        let stages = (0..self.stages.len()).map(|stage| self.draw(stage, elastic).choices(random)).collect();
        Subnet { configuration, stages }
    }

    /// `parent` with each choice drawn anew with this probability.
    pub fn mutate(&self, parent: &Subnet, probability: f64, random: &mut Random) -> Subnet {
        let mut child = parent.clone();
        for (stage, choices) in child.stages.iter_mut().enumerate() {
            let draw = self.draw(stage, Elastic::ALL);
            if random.chance(probability) {
                choices.scale = draw.scale(random);
            }
            if random.chance(probability) {
                let depth = draw.depth(random);
                choices.blocks.truncate(depth);
                while choices.blocks.len() < depth {
                    choices.blocks.push(draw.block(random));
                }
            }
            for block in &mut choices.blocks {
                let drawn = draw.block(random);
                if random.chance(probability) {
                    block.kernel = drawn.kernel;
                }
                if random.chance(probability) {
                    block.expand = drawn.expand;
                }
            }
        }
        child
    }

    /// Each choice from one of two parents, the configuration from the first.
    pub fn crossover(&self, a: &Subnet, b: &Subnet, random: &mut Random) -> Subnet {
        let mut coin = || random.chance(0.5);
        let stage = |(a, b): (&Choices, &Choices)| {
            let scale = if coin() { a.scale } else { b.scale };
            let deep = if coin() { a } else { b };
            let gene = |at: usize, own: &Block, coin: &mut dyn FnMut() -> bool| {
                // A block that one parent lacks comes from the other.
                let (x, y) = (a.blocks.get(at).unwrap_or(own), b.blocks.get(at).unwrap_or(own));
                Block {
                    kernel: if coin() { x.kernel } else { y.kernel },
                    expand: if coin() { x.expand } else { y.expand },
                }
            };
            let blocks = deep.blocks.iter().enumerate().map(|(at, own)| gene(at, own, &mut coin)).collect();
            Choices { scale, blocks }
        };
        let stages = a.stages.iter().zip(&b.stages).map(stage).collect();
        Subnet { configuration: a.configuration, stages }
    }
}
