//! Search spaces of MnasNet-like networks: inverted residual blocks in stages, of which kernels, expansions, depths and
//! widths are open (arXiv 2007.10319, 3.1 and appendix D; arXiv 1807.11626).
//!
//! - A [`Space`] is data (`scenarios/spaces/*.yaml`): what may be chosen, and what stands fast.
//! - A [`Configuration`] is one pair of its width multipliers and input sizes: what stage 1 of TinyNAS chooses among.
//! - A [`Subnet`] is one network of a configuration: seeded, comparable, and small enough to keep by the thousand.
//! - [`Space::architecture`] makes layers of a subnet, [`Space::network`] an int8 network with seeded weights, and
//!   [`Space::cuts`] says which part of the largest network's weights each of its layers is.

mod build;
mod cut;
mod evolve;
mod files;
mod schema;
mod subnet;

pub use cut::{Cut, Extent};
pub use evolve::Elastic;
pub use schema::{Axes, Ratio, Size, Space, SpaceError, Stage};
pub use subnet::{Block, Choices, Configuration, Subnet};

/// Names of the spaces that ship.
pub fn names() -> Vec<&'static str> {
    files::FILES.iter().map(|(name, _)| *name).collect()
}

/// The space of this name.
pub fn shipped(name: &str) -> Result<Space, SpaceError> {
    let unknown = || SpaceError::Unknown { name: name.into(), known: names().join(", ") };
    let (_, text) = files::FILES.iter().find(|(known, _)| *known == name).ok_or_else(unknown)?;
    Space::parse(&format!("scenarios/spaces/{name}.yaml"), text)
}
