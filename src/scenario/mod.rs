//! Scenarios: what a user asks to be measured, as YAML, checked before anything is built.
//!
//! - [`load`] reads a file, [`parse`] its text; an error names file, line and column and offers the nearest name.
//! - [`json_schema`] describes the format for editors.
//!
//! A scenario names built-in architectures and boards; their names come in as [`Known`], so that this room does no
//! more with networks and boards than to know that they exist.

mod error;
mod locate;
mod raw;
mod schema;
mod validate;

use std::path::PathBuf;

use serde::Serialize;

pub use error::ScenarioError;
pub use raw::{Constraints, EngineName, Gates, Measure, Search, SearchData};
pub use schema::json_schema;
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
    /// At least one, unless there is a search.
    pub candidates: Vec<Candidate>,
    /// Names of boards; at least one.
    pub boards: Vec<String>,
    /// At least one.
    pub engines: Vec<EngineName>,
    pub measure: Measure,
    pub constraints: Constraints,
    /// What a later comparison with a baseline allows.
    pub gates: Option<Gates>,
    pub search: Option<Search>,
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
