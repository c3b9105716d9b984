//! Data sets: what a network learns from and what its accuracy is measured on.
//!
//! - A [`Source`] names a data set and where it lies; [`Source::open`] reads it, or says what is missing.
//! - A [`DataSet`] has three [`Split`]s. Training and validation are one fixed partition of what the data set's authors
//!   call training; the test set is theirs, and nothing but the final accuracy looks at it.
//! - A sample is a [`Raw`] picture or sound; [`Preparation`] makes the input of a network of it.

mod decode;
mod error;
mod fashion;
mod folders;
mod fsdd;
mod idx;
mod prepare;
mod source;
mod speech_commands;
mod split;
mod wake_words;
mod wav;

pub mod features;
pub mod picture;

use std::sync::Arc;

pub use decode::{Decoder, Files};
pub use error::DataError;
pub use picture::Picture;
pub use prepare::{Augmentation, Preparation};
pub use source::{SetName, Source};
pub(super) use split::shuffle;
pub use split::{Split, partition};

/// One sample, before it is made into an input.
#[derive(Debug, Clone, PartialEq)]
pub enum Raw {
    Picture(Picture),
    Sound(Sound),
}

/// A recording of one channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Sound {
    /// Samples per second.
    pub rate: u32,
    /// -1 to 1.
    pub samples: Vec<f32>,
}

/// Samples that can be read in any order.
pub trait Samples: Send + Sync {
    fn len(&self) -> usize;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Index of the class.
    fn label(&self, index: usize) -> usize;

    /// The sample itself; it may be read from a file only now.
    fn read(&self, index: usize) -> Result<Raw, DataError>;
}

/// Samples of which some teach and some examine.
#[derive(Clone)]
pub struct DataSet {
    pub name: String,
    pub classes: Vec<String>,
    pub training: Split,
    /// Held out from training: what a search may look at.
    pub validation: Split,
    pub test: Split,
}

impl DataSet {
    /// A data set whose validation samples are every class's share of `teaching`.
    pub(crate) fn new(
        name: &str,
        classes: Vec<String>,
        teaching: Arc<dyn Samples>,
        test: Arc<dyn Samples>,
        validation: f64,
    ) -> Self {
        let all: Vec<usize> = (0..teaching.len()).collect();
        let (training, held) = partition(&*teaching, &all, validation);
        let everything = (0..test.len()).collect();
        Self {
            name: name.into(),
            classes,
            training: Split::new(teaching.clone(), training),
            validation: Split::new(teaching, held),
            test: Split::new(test, everything),
        }
    }
}

/// Samples held in memory.
pub(crate) struct InMemory {
    pub samples: Vec<(Raw, usize)>,
}

impl Samples for InMemory {
    fn len(&self) -> usize {
        self.samples.len()
    }

    fn label(&self, index: usize) -> usize {
        self.samples[index].1
    }

    fn read(&self, index: usize) -> Result<Raw, DataError> {
        Ok(self.samples[index].0.clone())
    }
}
