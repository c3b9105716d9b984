//! Scenarios: what a user asks to be measured, as YAML, checked before anything is built.
//!
//! - [`load`] reads a file, [`parse`] its text; an error names file, line and column and offers the nearest name.
//! - [`json_schema`] describes the format for editors, [`markdown`] for people.
//!
//! A scenario names built-in architectures and boards; their names come in as [`Known`], so that this room does no
//! more with networks and boards than to know that they exist.

mod engine;
mod error;
mod prebuilt;
mod raw;
mod reference;
mod schema;
mod tailor;
mod validate;

use std::path::PathBuf;

use serde::Serialize;

pub use error::ScenarioError;
pub use prebuilt::{Element, Prebuilt, PrebuiltInput, Protocol};
pub use raw::{Constraints, EngineName, Gates, Measure, Search, SearchData};
pub use reference::markdown;
pub use schema::json_schema;
pub use tailor::{Preference, Tailored};
pub use validate::{load, parse};

/// Names that a scenario may refer to.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Built-in architectures.
    pub networks: &'a [&'a str],
    pub boards: &'a [&'a str],
}

/// A checked scenario: it names only what exists, and nothing twice.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scenario {
    pub name: String,
    pub task: String,
    /// At least one, unless there are images or a search; so are boards and engines, unless there are only images.
    pub candidates: Vec<Candidate>,
    /// Names of boards.
    pub boards: Vec<String>,
    pub engines: Vec<Engine>,
    /// Images that somebody else has built.
    pub prebuilt: Vec<Prebuilt>,
    /// Name of the engine that the others are compared with.
    pub compare_to: Option<String>,
    pub measure: Measure,
    pub constraints: Constraints,
    /// What a later comparison with a baseline allows.
    pub gates: Option<Gates>,
    pub search: Option<Search>,
}

/// What turns networks into C.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    Named(EngineName),
    /// TensorFlow Lite Micro as the user has built it.
    Tflm(Library),
    /// Ours, with a goal.
    #[serde(rename = "tinyengine")]
    TinyEngine(Tailored),
}

impl Engine {
    /// The name in tables and results, unique in the scenario.
    pub fn name(&self) -> &str {
        match self {
            Self::Named(name) => name.name(),
            Self::Tflm(library) => &library.name,
            Self::TinyEngine(tailored) => &tailored.name,
        }
    }
}

/// A static library and its headers; a relative path has the scenario's folder before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Library {
    pub name: String,
    pub lib: PathBuf,
    /// At least one.
    pub include: Vec<PathBuf>,
}

/// A network to measure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Candidate {
    /// Name in tables, unique in the scenario.
    pub name: String,
    pub source: Source,
}

/// Where a network comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A built-in architecture with seeded weights.
    BuiltIn(BuiltIn),
    /// A `.tflite` file; a relative path has the scenario's folder before it.
    File(PathBuf),
}

/// A built-in architecture; where an option is none, the architecture's own value holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BuiltIn {
    pub architecture: String,
    /// Height and width of the input in pixels.
    pub resolution: Option<u32>,
    /// Width multiplier.
    pub width: Option<f64>,
    pub classes: Option<u32>,
    /// Seed of the weights.
    pub seed: u64,
}
