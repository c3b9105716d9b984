//! The state of a training as a file: a killed training goes on where its last checkpoint was written.
//!
//! A line of JSON, then every number of layers and velocities as little-endian bytes, then the SHA-256 of all that.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::TrainError;
use super::layer::Layer;

/// A training between two steps.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    pub layers: Vec<Layer>,
    pub velocities: Vec<Layer>,
    /// Index of the phase, and steps done in it.
    pub phase: usize,
    pub step: usize,
    pub sums: Sums,
    pub curve: Vec<Point>,
}

/// One point of the learning curves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// [`super::recipe::Open::name`] of the phase.
    pub phase: String,
    /// Steps since the start of the training.
    pub step: usize,
    pub rate: f32,
    /// Mean loss of the largest network since the last point.
    pub loss: f64,
    /// Its share of right answers on training samples, changed as they are, since the last point.
    pub training: f64,
    /// Accuracy of the largest network on validation samples, at the end of a phase.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub validation: Option<f64>,
    /// The same of the smallest network.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub smallest: Option<f64>,
}

/// What is summed between two points of a curve.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Sums {
    loss: f64,
    steps: usize,
    right: usize,
    samples: usize,
}

impl Sums {
    pub(super) fn add(&mut self, loss: f64, right: usize, samples: usize) {
        self.loss += loss;
        self.steps += 1;
        self.right += right;
        self.samples += samples;
    }

    pub(super) fn point(
        &self,
        phase: &str,
        step: usize,
        rate: f32,
        validation: Option<f64>,
        smallest: Option<f64>,
    ) -> Point {
        let loss = self.loss / self.steps.max(1) as f64;
        let training = self.right as f64 / self.samples.max(1) as f64;
        Point { phase: phase.into(), step, rate, loss, training, validation, smallest }
    }
}

#[derive(Serialize, Deserialize)]
struct Header {
    /// Of recipe, network, data and trainer.
    fingerprint: String,
    phase: usize,
    step: usize,
    sums: Sums,
    curve: Vec<Point>,
    /// Sizes of each layer's parts.
    sizes: Vec<[usize; 3]>,
}

/// Writes `state`; a reader finds the old file or the new one, never a part.
pub fn save(path: &Path, fingerprint: &str, state: &State) -> Result<(), TrainError> {
    let header = Header {
        fingerprint: fingerprint.into(),
        phase: state.phase,
        step: state.step,
        sums: state.sums,
        curve: state.curve.clone(),
        sizes: state.layers.iter().map(|layer| layer.parts().map(<[f32]>::len)).collect(),
    };
    let fail = |source| TrainError::Checkpoint { doing: "write", path: path.into(), source };
    let mut bytes = serde_json::to_vec(&header).map_err(|error| fail(error.into()))?;
    bytes.push(b'\n');
    for part in state.layers.iter().chain(&state.velocities).flat_map(Layer::parts) {
        bytes.extend(part.iter().flat_map(|v| v.to_le_bytes()));
    }
    let digest = Sha256::digest(&bytes);
    bytes.extend_from_slice(&digest);
    let unfinished = path.with_extension("unfinished");
    let write = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = File::create(&unfinished)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)
    };
    write().map_err(fail)
}

/// Reads a state; none where there is no file.
pub fn load(path: &Path, fingerprint: &str) -> Result<Option<State>, TrainError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(TrainError::Checkpoint { doing: "read", path: path.into(), source }),
    };
    parse(&bytes, fingerprint)
        .map(Some)
        .map_err(|problem| TrainError::Unusable { path: path.into(), problem: problem.into() })
}

fn parse(bytes: &[u8], fingerprint: &str) -> Result<State, &'static str> {
    let (bytes, digest) = bytes.split_last_chunk::<32>().ok_or("it is too short")?;
    if Sha256::digest(bytes).as_slice() != digest {
        return Err("its checksum is wrong");
    }
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or("it has no header")?;
    let (line, numbers) = (&bytes[..end], &bytes[end + 1..]);
    let header: Header = serde_json::from_slice(line).map_err(|_| "its header is of another version")?;
    if header.fingerprint != fingerprint {
        return Err("it belongs to another recipe, network, data set or trainer");
    }
    let mut numbers = numbers.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    let mut layers = || -> Result<Vec<Layer>, &'static str> {
        let mut part = |size: usize| -> Result<Vec<f32>, &'static str> {
            let part: Vec<f32> = numbers.by_ref().take(size).collect();
            if part.len() == size { Ok(part) } else { Err("it is cut off") }
        };
        let layer = |&[filter, scale, shift]: &[usize; 3]| {
            Ok(Layer { filter: part(filter)?, scale: part(scale)?, shift: part(shift)? })
        };
        header.sizes.iter().map(layer).collect()
    };
    let (layers, velocities) = (layers()?, layers()?);
    Ok(State { layers, velocities, phase: header.phase, step: header.step, sums: header.sums, curve: header.curve })
}
