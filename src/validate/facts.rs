//! What is published about images.

use serde::Deserialize;

/// Images of one round of a benchmark.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    pub round: String,
    pub images: Vec<Fact>,
}

/// One image and what was measured with it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// Relative to the directory of images.
    pub path: String,
    pub sha256: String,
    pub board: String,
    pub model: String,
    /// Core clock that the image sets up, Hz.
    pub clock_hz: u64,
    /// Flash wait states that the image sets up.
    #[serde(default)]
    pub wait_states: Option<u32>,
    pub input: Input,
    /// Published, inferences per second.
    pub throughput: f64,
    /// Published, microjoules per inference.
    #[serde(default)]
    pub microjoules: Option<f64>,
}

impl Fact {
    /// Published, seconds per inference.
    pub fn seconds(&self) -> f64 {
        1.0 / self.throughput
    }
}

/// What `db load` wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    pub bytes: usize,
    pub element: Element,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Element {
    Int8,
    Uint8,
    Float32,
}

impl Input {
    /// Some input: the time of an inference hardly depends on it.
    pub fn sample(self) -> Vec<u8> {
        match self.element {
            Element::Int8 | Element::Uint8 => (0..self.bytes).map(|i| (i * 37 + i / 7) as u8).collect(),
            Element::Float32 => {
                (0..self.bytes / 4).flat_map(|i| (((i * 37) % 101) as f32 / 8.0 - 6.0).to_le_bytes()).collect()
            }
        }
    }
}

/// Facts that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct FactsError {
    file: &'static str,
    problem: String,
}

impl FactsError {
    pub(super) fn new(file: &'static str, problem: String) -> Self {
        Self { file, problem }
    }
}

const SHIPPED: &[(&str, &str)] =
    &[("tests/validation/mlperf_tiny_v1_1.yaml", include_str!("../../tests/validation/mlperf_tiny_v1_1.yaml"))];

/// All facts that ship with the harness.
pub fn shipped() -> Result<Vec<Facts>, FactsError> {
    let parse = |(file, text): &(&'static str, &str)| {
        let facts: Facts = serde_yaml::from_str(text).map_err(|e| FactsError { file, problem: e.to_string() })?;
        match facts.images.iter().find(|fact| !(fact.throughput > 0.0 && fact.throughput.is_finite())) {
            Some(fact) => Err(FactsError { file, problem: format!("{}: throughput must be above 0", fact.path) }),
            None => Ok(facts),
        }
    };
    SHIPPED.iter().map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_facts_are_whole() {
        let all = shipped().expect("facts");
        let images: Vec<&Fact> = all.iter().flat_map(|facts| &facts.images).collect();
        for fact in &images {
            assert_eq!(fact.sha256.len(), 64, "{}", fact.path);
            assert_eq!(fact.input.sample().len(), fact.input.bytes);
            assert_eq!(images.iter().filter(|other| other.sha256 == fact.sha256).count(), 1, "{} twice", fact.path);
        }
    }
}
