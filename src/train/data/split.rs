//! Parts of a data set.

use std::sync::Arc;

use super::{DataError, Raw, Samples};
use crate::network::random::Random;

/// Seed of every partition: a data set is split alike in every run, whatever the seed of the training.
const SEED: u64 = 0x5EED_0F5A_3713_0001;

/// Some samples of a source.
#[derive(Clone)]
pub struct Split {
    source: Arc<dyn Samples>,
    indices: Vec<usize>,
}

impl Split {
    pub fn new(source: Arc<dyn Samples>, indices: Vec<usize>) -> Self {
        Self { source, indices }
    }

    pub fn len(&self) -> usize {
        self.indices.len()
    }

    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// # Panics
    /// If `at` is not below [`Self::len`], as [`Self::read`] does.
    pub fn label(&self, at: usize) -> usize {
        self.source.label(self.indices[at])
    }

    pub fn read(&self, at: usize) -> Result<Raw, DataError> {
        self.source.read(self.indices[at])
    }

    /// The samples in order, at most `count` at a time.
    pub fn parts(&self, count: usize) -> impl Iterator<Item = Self> {
        self.indices.chunks(count.max(1)).map(|indices| Self { source: self.source.clone(), indices: indices.to_vec() })
    }

    /// `count` samples, all where there are fewer: every class has its share, and a smaller choice is a part of a larger
    /// one.
    pub fn take(&self, count: usize) -> Self {
        let mut order = self.indices.clone();
        shuffle(&mut order, &mut Random::new(SEED ^ 1));
        Self { source: self.source.clone(), indices: order.into_iter().take(count).collect() }
    }
}

/// Splits `all` into the rest and `share` of each class, at least one sample of a class that has two.
pub fn partition(samples: &dyn Samples, all: &[usize], share: f64) -> (Vec<usize>, Vec<usize>) {
    let classes = all.iter().map(|index| samples.label(*index) + 1).max().unwrap_or(0);
    let (mut rest, mut held) = (Vec::new(), Vec::new());
    for class in 0..classes {
        let mut members: Vec<usize> = all.iter().copied().filter(|index| samples.label(*index) == class).collect();
        shuffle(&mut members, &mut Random::new(SEED ^ ((class as u64) << 8)));
        let least = usize::from(members.len() > 1 && share > 0.0);
        let count = ((members.len() as f64 * share).round() as usize).max(least).min(members.len());
        held.extend_from_slice(&members[..count]);
        rest.extend_from_slice(&members[count..]);
    }
    rest.sort_unstable();
    held.sort_unstable();
    (rest, held)
}

/// Fisher and Yates' shuffle.
pub(in crate::train) fn shuffle<T>(items: &mut [T], random: &mut Random) {
    for end in (1..items.len()).rev() {
        items.swap(end, random.below(end + 1));
    }
}
