//! One network of a space, as the choices that make it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::schema::{Open, Ratio, Size, Space, SpaceError};

/// A width multiplier and an input size: one of those that stage 1 of TinyNAS chooses among.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    pub width: Ratio,
    /// Height, width and channels of the input.
    pub size: Size,
}

impl std::fmt::Display for Configuration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "w{}-r{}", self.width, self.size)
    }
}

/// One network: the choices of every stage. Blocks that a stage does not have are not chosen, so that networks that are
/// the same are equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subnet {
    pub configuration: Configuration,
    pub stages: Vec<Choices>,
}

/// The choices of a stage.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choices {
    /// Of the stage's channels.
    pub scale: Ratio,
    /// As many as the stage is deep.
    pub blocks: Vec<Block>,
}

/// The choices of an inverted residual block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// Side of the depthwise kernel.
    pub kernel: usize,
    /// Channels inside, as a multiple of those that it reads.
    pub expand: usize,
}

impl Subnet {
    /// A short name, which tells it from every other in practice: configuration and eight hexadecimal digits.
    pub fn id(&self) -> String {
        let mut digest = Sha256::new();
        for Choices { scale, blocks } in &self.stages {
            digest.update(format!("/{scale}"));
            blocks.iter().for_each(|Block { kernel, expand }| digest.update(format!(",{kernel},{expand}")));
        }
        let digits: String = digest.finalize().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        format!("{}-{digits}", self.configuration)
    }

    /// Blocks of all stages.
    pub fn depth(&self) -> usize {
        self.stages.iter().map(|stage| stage.blocks.len()).sum()
    }
}

impl Space {
    /// Every width with every size of input.
    pub fn configurations(&self) -> Vec<Configuration> {
        let sizes = &self.input.sizes;
        let of = |&width: &Ratio| sizes.iter().map(move |&size| Configuration { width, size });
        self.widths.iter().flat_map(of).collect()
    }

    /// Networks of one configuration, as a power of 10.
    pub fn log10_size(&self) -> f64 {
        let stage = |index: usize| {
            let Open { kernels, expansions, depths, scales } = self.open(index);
            let block = (kernels.len() * expansions.len()) as f64;
            let deep: f64 = depths.iter().map(|depth| block.powi(*depth as i32)).sum();
            (deep * scales.len() as f64).log10()
        };
        (0..self.stages.len()).map(stage).sum()
    }

    /// Whether `subnet` is one of this space's networks.
    pub fn check(&self, subnet: &Subnet) -> Result<(), SpaceError> {
        let fail = |problem: String| Err(SpaceError::Foreign { space: self.name.clone(), problem });
        let Configuration { width, size } = subnet.configuration;
        if !self.widths.contains(&width) {
            return fail(format!("it has no width {width}"));
        }
        if !self.input.sizes.contains(&size) {
            return fail(format!("it has no input of {}x{}x{}", size.h, size.w, size.c));
        }
        if subnet.stages.len() != self.stages.len() {
            return fail(format!("it has {} stages, not {}", self.stages.len(), subnet.stages.len()));
        }
        for (index, choices) in subnet.stages.iter().enumerate() {
            let Open { kernels, expansions, depths, scales } = self.open(index);
            if !scales.contains(&choices.scale) {
                return fail(format!("stage {index} has no scale {}", choices.scale));
            }
            if !depths.contains(&choices.blocks.len()) {
                return fail(format!("stage {index} has no depth {}", choices.blocks.len()));
            }
            for Block { kernel, expand } in &choices.blocks {
                if !kernels.contains(kernel) {
                    return fail(format!("stage {index} has no kernel {kernel}"));
                }
                if !expansions.contains(expand) {
                    return fail(format!("stage {index} has no expansion {expand}"));
                }
            }
        }
        Ok(())
    }
}
