//! Networks that a search is compared with: MobileNetV2, ProxylessNAS and ResNet-18, scaled by width and resolution to
//! the same task (arXiv 2007.10319, 4.2).

use crate::network::builtin::{self, BuiltinError, Spec};
use crate::network::float::FloatNetwork;

/// Architectures that are scaled.
pub const ARCHITECTURES: [&str; 3] = ["mobilenetv2", "proxylessnas", "resnet18"];

/// A scaled network for inputs of another size than its authors'.
#[derive(Debug, Clone, PartialEq)]
pub struct Rival {
    /// One of [`builtin::names`].
    pub architecture: String,
    pub width: f64,
    /// Height, width and channels of the input.
    pub size: [usize; 3],
}

impl Rival {
    /// Its name in tables.
    pub fn name(&self) -> String {
        let [height, width, _] = self.size;
        let size = if height == width { height.to_string() } else { format!("{height}x{width}") };
        format!("{}-{}@{size}", self.architecture, self.width)
    }

    /// Its operators, still without weights.
    pub fn network(&self, classes: usize) -> Result<FloatNetwork, BuiltinError> {
        let mut architecture = builtin::architecture(&self.architecture)?;
        architecture.input.shape = self.size.to_vec();
        let spec = Spec {
            architecture: self.architecture.clone(),
            width: Some(self.width),
            classes: Some(classes as u32),
            ..Spec::default()
        };
        let mut network = builtin::operators(&architecture, &spec)?;
        network.name = self.name();
        Ok(network)
    }
}

/// Architectures at these widths and sizes; those that cannot be built are left out.
pub fn rivals<S: AsRef<str>>(architectures: &[S], widths: &[f64], sizes: &[[usize; 3]], classes: usize) -> Vec<Rival> {
    let mut all = Vec::new();
    for architecture in architectures.iter().map(AsRef::as_ref) {
        for &width in widths {
            for &size in sizes {
                let rival = Rival { architecture: architecture.into(), width, size };
                if rival.network(classes).is_ok() {
                    all.push(rival);
                }
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rivals_take_inputs_of_any_shape() {
        for size in [[32, 32, 1], [49, 20, 1]] {
            let all = rivals(&ARCHITECTURES, &[0.2, 0.35], &[size], 10);
            assert!(all.len() >= 4, "{all:?}");
            for rival in all {
                let network = rival.network(10).expect("a network");
                assert_eq!(network.value(network.input).shape[1..], size);
                assert_eq!(network.value(network.output).elements(), 10);
            }
        }
    }
}
