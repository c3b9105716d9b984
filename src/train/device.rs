//! Which trainer computes, by name.

use std::panic::catch_unwind;

use serde::{Deserialize, Serialize};

use super::TrainError;
use super::burn::Burn;
use super::cpu::Cpu;
use super::trainer::Trainer;

/// Where networks are trained. All compute the same, in another order: a training is repeated exactly by the same one only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrainerName {
    /// Our own kernels on the processor.
    Cpu,
    /// Burn's kernels on the processor.
    Flex,
    Cuda,
    Rocm,
    Metal,
    Vulkan,
    /// Whatever GPU the system's graphics interface has.
    Wgpu,
}

impl TrainerName {
    pub const ALL: [Self; 7] = [Self::Cpu, Self::Flex, Self::Cuda, Self::Rocm, Self::Metal, Self::Vulkan, Self::Wgpu];

    /// As it is written in a scenario; a device's is its Cargo feature's name, too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Flex => "flex",
            Self::Cuda => "cuda",
            Self::Rocm => "rocm",
            Self::Metal => "metal",
            Self::Vulkan => "vulkan",
            Self::Wgpu => "wgpu",
        }
    }

    pub fn named(name: &str) -> Result<Self, TrainError> {
        let known = || Self::ALL.map(Self::name).join(", ");
        let found = Self::ALL.into_iter().find(|trainer| trainer.name() == name);
        found.ok_or_else(|| TrainError::Trainer(format!("unknown trainer `{name}` (known: {})", known())))
    }

    /// Its device, after it has computed something.
    pub fn open(self) -> Result<Box<dyn Trainer>, TrainError> {
        if self == Self::Cpu {
            return Ok(Box::new(Cpu));
        }
        let name = self.name();
        // Burn's backends report a missing driver or device by a panic.
        let burn = catch_unwind(|| self.device().inspect(Burn::probe)).map_err(|_| {
            TrainError::Trainer(format!("trainer `{name}`: no such device or driver here; `trainer: cpu` needs none"))
        })?;
        let burn = burn.ok_or_else(|| {
            let how = format!("`cargo build --release --features {name}` brings it");
            TrainError::Trainer(format!("trainer `{name}` is not compiled in; {how}"))
        })?;
        Ok(Box::new(burn))
    }

    /// None where it is not compiled in.
    fn device(self) -> Option<Burn> {
        match self {
            Self::Flex => Some(Burn::flex()),
            #[cfg(feature = "cuda")]
            Self::Cuda => Some(Burn::on(self.name(), burn::tensor::Device::cuda(burn::tensor::DeviceIndex::Default))),
            #[cfg(feature = "rocm")]
            Self::Rocm => Some(Burn::on(self.name(), burn::tensor::Device::rocm(burn::tensor::DeviceIndex::Default))),
            #[cfg(feature = "metal")]
            Self::Metal => {
                Some(Burn::on(self.name(), burn::tensor::Device::metal(burn::tensor::DeviceKind::DefaultDevice)))
            }
            #[cfg(feature = "vulkan")]
            Self::Vulkan => {
                Some(Burn::on(self.name(), burn::tensor::Device::vulkan(burn::tensor::DeviceKind::DefaultDevice)))
            }
            #[cfg(feature = "wgpu")]
            Self::Wgpu => {
                Some(Burn::on(self.name(), burn::tensor::Device::wgpu(burn::tensor::DeviceKind::DefaultDevice)))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trainers_are_found_by_the_name_in_a_scenario() {
        for trainer in TrainerName::ALL {
            assert_eq!(TrainerName::named(trainer.name()).ok(), Some(trainer));
            assert_eq!(serde_json::to_value(trainer).unwrap(), trainer.name());
        }
        let problem = TrainerName::named("tpu").unwrap_err().to_string();
        assert!(problem.contains("`tpu`") && problem.contains("wgpu"), "{problem}");
    }

    #[test]
    fn a_trainer_that_is_not_there_says_how_it_is_had() {
        assert_eq!(TrainerName::Flex.open().unwrap().name(), "burn-flex");
        assert_eq!(TrainerName::Cpu.open().unwrap().name(), Cpu.name());
        #[cfg(not(feature = "cuda"))]
        {
            let problem = TrainerName::Cuda.open().map(|_| ()).unwrap_err().to_string();
            assert!(problem.contains("--features cuda"), "{problem}");
        }
    }
}
