//! From a candidate to a network, and to inputs with the outputs that the reference interpreter gives.

use std::sync::OnceLock;

use super::inputs::draw;
use crate::measure::Case;
use crate::network::join::join;
use crate::network::{Network, builtin, digest_hex, reference, tflite};
use crate::scenario::{Candidate, Source};

/// A candidate's network.
#[derive(Debug)]
pub struct Prepared {
    pub network: Network,
    /// Digest of the network's content.
    pub sha256: String,
    /// Seed of its weights and inputs.
    pub seed: u64,
    cases: OnceLock<Result<Vec<Case>, String>>,
}

/// Makes or reads the network; the error names what is wrong with it.
pub fn prepare(candidate: &Candidate) -> Result<Prepared, String> {
    let (mut network, seed) = match &candidate.source {
        Source::BuiltIn(chosen) => {
            let spec = builtin::Spec {
                architecture: chosen.architecture.clone(),
                resolution: chosen.resolution,
                width: chosen.width,
                classes: chosen.classes,
                seed: chosen.seed,
            };
            (builtin::build(&spec).map_err(|e| e.to_string())?, chosen.seed)
        }
        Source::File(path) => {
            let file = path.display();
            // A device or a pipe may never end.
            if path.metadata().is_ok_and(|found| !found.is_file() && !found.is_dir()) {
                return Err(format!("{file}: not a file"));
            }
            let bytes = std::fs::read(path).map_err(|e| format!("{file}: {e}"))?;
            (tflite::import(&candidate.name, &bytes).map_err(|e| format!("{file}: {e}"))?, 0)
        }
    };
    // Messages and images speak of the candidate: several may be of one architecture.
    network.name = candidate.name.clone();
    // What goes to a unit and comes from it is one row of bytes.
    let network = join(network)?;
    Ok(Prepared { sha256: digest_hex(&network), network, seed, cases: OnceLock::new() })
}

impl Prepared {
    /// `count` inputs and the outputs that must come of them. Computed once, whoever asks first.
    pub fn cases(&self, count: u32) -> Result<&[Case], String> {
        let cases = self.cases.get_or_init(|| (0..u64::from(count)).map(|index| self.case(index)).collect());
        cases.as_deref().map_err(Clone::clone)
    }

    fn case(&self, index: u64) -> Result<Case, String> {
        let tensor = self.network.inputs.first().map(|id| self.network.tensor(*id)).ok_or("it has no input")?;
        let input = draw(tensor, self.seed, index);
        let output = self.output(input.clone())?;
        Ok(Case { input, output })
    }

    /// What must come of `input`.
    pub fn output(&self, input: Vec<u8>) -> Result<Vec<u8>, String> {
        let outputs = reference::run(&self.network, &[input]).map_err(|e| e.to_string())?;
        outputs.into_iter().next().ok_or_else(|| "it has no output".into())
    }
}
