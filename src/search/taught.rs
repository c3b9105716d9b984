//! Who says how accurate networks are: a supernet, or, where there is no data set, what networks compute.

use super::error::SearchError;
use super::measured::Evaluator;
use crate::network::space::{Configuration, Space, SpaceError, Subnet};
use crate::train::TrainError;
use crate::train::supernet::Supernet;
use crate::train::surrogate::Surrogate;

/// A supernet as a judge of accuracy. Evolution gets what a surrogate predicts, which learns from all that were examined.
pub struct Taught<'a> {
    supernet: &'a Supernet<'a>,
    known: Vec<(Subnet, f64)>,
    surrogate: Option<Surrogate>,
}

impl<'a> Taught<'a> {
    /// `known` are accuracies of networks at random.
    pub fn new(supernet: &'a Supernet<'a>, known: Vec<(Subnet, f64)>) -> Self {
        let surrogate = Surrogate::fit(&supernet.family.space, &known);
        Self { supernet, known, surrogate }
    }

    /// Root mean square error of predicted accuracies, each without its network; none where all are examined.
    pub fn error(&self) -> Option<f64> {
        self.surrogate.as_ref().map(|surrogate| surrogate.error)
    }

    fn examine(&self, subnet: &Subnet) -> Result<f64, SearchError> {
        let accuracy = self.supernet.accuracy(subnet).map_err(|e: TrainError| SearchError::Accuracy(e.to_string()))?;
        accuracy.share().ok_or_else(|| SearchError::Accuracy("there are no validation samples".into()))
    }
}

impl Evaluator for Taught<'_> {
    fn accuracy(&mut self, subnets: &[Subnet]) -> Result<Vec<f64>, SearchError> {
        let examined = subnets.iter().map(|subnet| self.examine(subnet)).collect::<Result<Vec<_>, _>>()?;
        for (subnet, accuracy) in subnets.iter().zip(&examined) {
            if !self.known.iter().any(|(other, _)| other == subnet) {
                self.known.push((subnet.clone(), *accuracy));
            }
        }
        self.surrogate = Surrogate::fit(&self.supernet.family.space, &self.known).or(self.surrogate.take());
        Ok(examined)
    }

    fn guess(&mut self, subnets: &[Subnet]) -> Result<Vec<f64>, SearchError> {
        match &self.surrogate {
            Some(surrogate) => Ok(subnets.iter().map(|subnet| surrogate.predict(subnet)).collect()),
            None => subnets.iter().map(|subnet| self.examine(subnet)).collect(),
        }
    }
}

/// Where nothing can be learnt from: the multiply-accumulates of a network, as a share of the largest one's. Networks that
/// compute more are more likely to be accurate (arXiv 2007.10319, 3.1). It is no accuracy, and is never shown as one.
pub struct Capacity<'a> {
    space: &'a Space,
    largest: f64,
}

impl<'a> Capacity<'a> {
    pub fn new(space: &'a Space, configuration: Configuration) -> Result<Self, SpaceError> {
        let largest = space.float(&space.largest(configuration))?.macs() as f64;
        Ok(Self { space, largest })
    }
}

impl Evaluator for Capacity<'_> {
    fn accuracy(&mut self, subnets: &[Subnet]) -> Result<Vec<f64>, SearchError> {
        subnets.iter().map(|subnet| Ok(self.space.float(subnet)?.macs() as f64 / self.largest)).collect()
    }
}
