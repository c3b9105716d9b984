//! Engines: what runs a network on a board, and the plan that it runs by.
//!
//! A plan is made in this order, each step a pure function:
//!
//! 1. [`passes`] rewrites the network without changing what it computes.
//! 2. [`lifetime`] says when each activation must be held.
//! 3. [`arena`] packs activations and scratch buffers into one arena.
//! 4. [`plan`] joins both with typed kernel parameters ([`kernel`]), one step per operator; [`candidate`] chooses among
//!    the kernels that compute the same.
//!    [`patch`] finds stages to be computed band by band where a [`goal`] asks for less memory.
//!    [`fuse`] lets convolutions make the additions that follow them.
//! 5. [`fit`] says whether the plan fits a board.
//! 6. An [`Engine`] prints it as C: [`tinyengine`], or one of the baselines, [`cmsis_nn`] and [`tflm`]. Their sources are
//!    [`fetch`]ed.
//!
//! [`tariff`] is what candidates cost where energy is preferred. [`offer`] says which optimisations and kernels a plan may use, [`tuning`] ranks kernels by what they took on a unit,
//! [`map`] shows what the arena holds when.
//!
//! [`size`] says how many bytes a plan takes, for searches that look at very many networks.
//!
//! All sizes and offsets are bytes; all moments are indices into [`crate::network::Network::ops`].

pub mod arena;
pub mod candidate;
pub mod cmsis_nn;
pub mod constant;
pub mod crop;
pub mod fetch;
pub mod fit;
pub mod fuse;
pub mod goal;
pub mod grouped;
pub mod interface;
pub mod kernel;
mod layout;
pub mod lifetime;
pub mod map;
mod offer;
mod overlay;
pub mod pack;
pub mod passes;
pub mod patch;
pub mod plan;
pub mod prune;
mod search;
mod select;
pub mod size;
mod staircase;
mod tabulate;
pub mod tariff;
pub mod tflm;
pub mod tinyengine;
pub mod tuning;
pub mod work;

pub use arena::{Arena, ArenaError, Block};
pub use candidate::KernelChoice;
pub use cmsis_nn::CmsisNn;
pub use fetch::FetchError;
pub use fit::{Headroom, Misfit, Reserved};
pub use goal::{Around, Budget, Goal, Prefer, Room};
pub use interface::{BuildNeeds, Compiled, Constants, Engine, EngineError, Library, Source, StepInfo, Table};
pub use kernel::Kernel;
pub use lifetime::{Lifetime, LifetimeError, Lifetimes};
pub use map::ArenaMap;
pub use offer::Optimisations;
pub use plan::{Place, Plan, PlanError, Step};
pub use size::{Outline, Sizer, Sizes};
pub use tariff::Tariff;
pub use tflm::Tflm;
pub use tinyengine::{Tailored, TinyEngine, Tuned};
pub use tuning::{Timing, Timings, Trial};
pub use work::{Bands, Geometry, Work};
