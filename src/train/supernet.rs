//! A trained supernet: accuracies of its subnets with shared weights, and subnets that learn on alone.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;

use super::accuracy::{Accuracy, calibrate, float_accuracy, int8_accuracy, quantised};
use super::aware::Aware;
use super::batches::Ready;
use super::calibrate::{Calibration, to_int8};
use super::checkpoint::Point;
use super::data::{DataSet, Preparation};
use super::elastic::gather;
use super::error::TrainError;
use super::fold::fold;
use super::layer::Layer;
use super::memory;
use super::recipe::Recipe;
use super::session::{Family, Session, Watch};
use super::surrogate::Surrogate;
use super::trainer::Trainer;
use crate::network::Network;
use crate::network::float::FloatNetwork;
use crate::network::random::Random;
use crate::network::space::{Elastic, Subnet};

/// Test samples that are held in memory at once.
const PART: usize = 2048;

/// How many samples measure a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Training samples that normalisation is calibrated with.
    pub calibration: usize,
    /// Validation samples that a subnet's accuracy is measured on.
    pub validation: usize,
    /// Training samples that ranges of activations are taken from.
    pub ranges: usize,
}

impl Default for Budget {
    /// MCUNet calibrates with 20 batches of 64 (arXiv 2007.10319, 4.1).
    fn default() -> Self {
        Self { calibration: 1280, validation: 2000, ranges: 256 }
    }
}

/// Where networks learn and are examined.
pub struct School<'a> {
    pub trainer: &'a dyn Trainer,
    pub data: &'a DataSet,
    pub preparation: &'a Preparation,
    /// Smallest and largest value of an input.
    pub range: [f32; 2],
    pub calibration: Calibration,
    budget: Budget,
    moments: Ready,
    examination: Ready,
}

/// A network that has learnt.
#[derive(Debug, Clone)]
pub struct Graduate {
    /// Batch normalisation is folded.
    pub float: FloatNetwork,
    pub int8: Network,
    /// What it learnt, with normalisation apart.
    pub layers: Vec<Layer>,
    pub curve: Vec<Point>,
    /// On the validation samples.
    pub validation: Accuracy,
    /// On the whole test set, in single precision and by the reference interpreter.
    pub test_float: Accuracy,
    pub test_int8: Accuracy,
}

impl<'a> School<'a> {
    pub fn new(
        trainer: &'a dyn Trainer,
        data: &'a DataSet,
        preparation: &'a Preparation,
        range: [f32; 2],
        calibration: Calibration,
        budget: Budget,
    ) -> Result<Self, TrainError> {
        memory::keep_freed();
        let moments = Ready::new(&data.training.take(budget.calibration), preparation)?;
        if moments.len() < 2 {
            let problem = format!("{} samples do not calibrate a normalisation; it takes 2 or more", moments.len());
            return Err(TrainError::Recipe(problem));
        }
        let examination = Ready::new(&data.validation.take(budget.validation), preparation)?;
        Ok(Self { trainer, data, preparation, range, calibration, budget, moments, examination })
    }

    fn session(&self, network: FloatNetwork, family: Option<Family>, recipe: &Recipe) -> Session<'_> {
        let Self { trainer, data, preparation, .. } = self;
        Session { trainer: *trainer, network, family, recipe: recipe.clone(), data, preparation }
    }

    /// Trains a supernet; with a checkpoint's path, from there on.
    pub fn supernet(
        &self,
        family: Family,
        recipe: &Recipe,
        checkpoint: Option<&Path>,
        watch: &mut Watch,
    ) -> Result<Supernet<'_>, TrainError> {
        let network = family.space.float(&family.space.largest(family.configuration))?;
        let session = self.session(network, Some(family.clone()), recipe);
        let state = session.run(session.start(), checkpoint, watch)?;
        Ok(Supernet { school: self, family, layers: state.layers, curve: state.curve, known: Mutex::default() })
    }

    /// Trains one network, from layers that know something already or from the start.
    pub fn teach(
        &self,
        network: FloatNetwork,
        layers: Option<Vec<Layer>>,
        recipe: &Recipe,
        checkpoint: Option<&Path>,
        watch: &mut Watch,
    ) -> Result<Graduate, TrainError> {
        let aware = Aware(self.trainer);
        let mut session = self.session(network, None, recipe);
        if recipe.aware {
            session.trainer = &aware;
        }
        let start = layers.map_or_else(|| session.start(), |layers| session.begin(layers));
        let state = session.run(start, checkpoint, watch)?;
        self.graduate(session.trainer, &session.network, state.layers, state.curve)
    }

    /// The first `count` of a fixed choice of test samples as the bytes that a unit is given, and their classes.
    pub fn unit_inputs(&self, int8: &Network, count: usize) -> Result<Vec<(Vec<u8>, usize)>, TrainError> {
        let Some(input) = int8.inputs.first().map(|id| int8.tensor(*id)) else { return Ok(Vec::new()) };
        let split = self.data.test.take(count);
        let one = |at: usize| {
            let values = self.preparation.input(&split.read(at)?, None)?;
            Ok((quantised(input, &values), split.label(at)))
        };
        (0..split.len()).map(one).collect()
    }

    /// Examines and quantises a network.
    fn graduate(
        &self,
        trainer: &dyn Trainer,
        network: &FloatNetwork,
        layers: Vec<Layer>,
        curve: Vec<Point>,
    ) -> Result<Graduate, TrainError> {
        let moments = calibrate(trainer, network, &layers, &self.moments);
        let float_of = |ready: &Ready| float_accuracy(self.trainer, network, &layers, &moments, ready);
        let validation = float_of(&self.examination);
        let float = fold(network, &layers, &moments);
        let some = self.budget.ranges * self.preparation.elements();
        let inputs = &self.moments.inputs[..some.min(self.moments.inputs.len())];
        let int8 = to_int8(&float, inputs, self.calibration, self.range);
        let (mut test_float, mut test_int8) = (Accuracy::default(), Accuracy::default());
        // A part at a time: a large test set does not fit into memory.
        for part in self.data.test.parts(PART) {
            let ready = Ready::new(&part, self.preparation)?;
            test_float += float_of(&ready);
            test_int8 += int8_accuracy(&int8, &ready)?;
        }
        Ok(Graduate { float, int8, layers, curve, validation, test_float, test_int8 })
    }
}

/// A supernet that has been trained.
pub struct Supernet<'a> {
    school: &'a School<'a>,
    pub family: Family,
    pub layers: Vec<Layer>,
    pub curve: Vec<Point>,
    known: Mutex<HashMap<Subnet, Accuracy>>,
}

impl Supernet<'_> {
    /// A subnet and the layers that it inherits.
    pub fn inherited(&self, subnet: &Subnet) -> Result<(FloatNetwork, Vec<Layer>), TrainError> {
        let network = self.family.space.float(subnet)?;
        let layers = gather(&self.family.space.cuts(subnet)?, network.ops.len(), &self.layers);
        Ok((network, layers))
    }

    /// Validation accuracy of a subnet with inherited weights and its own moments. What was asked once is remembered.
    pub fn accuracy(&self, subnet: &Subnet) -> Result<Accuracy, TrainError> {
        let known = || self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(accuracy) = known().get(subnet) {
            return Ok(*accuracy);
        }
        let (network, layers) = self.inherited(subnet)?;
        let School { trainer, moments, examination, .. } = self.school;
        let moments = calibrate(*trainer, &network, &layers, moments);
        let accuracy = float_accuracy(*trainer, &network, &layers, &moments, examination);
        known().insert(subnet.clone(), accuracy);
        Ok(accuracy)
    }

    /// Accuracies of `count` subnets at random, for [`Surrogate::fit`]. `watch` hears how many are known and may stop it.
    pub fn survey(
        &self,
        count: usize,
        seed: u64,
        watch: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Vec<(Subnet, f64)>, TrainError> {
        let Family { space, configuration } = &self.family;
        let mut random = Random::new(seed);
        // The ends, so that nothing has to be extrapolated.
        let mut subnets = vec![space.largest(*configuration), space.smallest(*configuration)];
        subnets.extend((2..count).map(|_| space.sample(*configuration, Elastic::ALL, &mut random)));
        let mut known = Vec::new();
        for (at, subnet) in subnets.into_iter().take(count).enumerate() {
            let share = self.accuracy(&subnet)?.share();
            known.extend(share.map(|share| (subnet, share)));
            if watch(at + 1).is_break() {
                return Err(TrainError::Stopped { network: space.name.clone(), done: at + 1, total: count });
            }
        }
        Ok(known)
    }

    /// Learns what makes subnets accurate from `count` of them; none where that is too few.
    pub fn surrogate(&self, count: usize, seed: u64) -> Result<Option<Surrogate>, TrainError> {
        let known = self.survey(count, seed, &mut |_| ControlFlow::Continue(()))?;
        Ok(Surrogate::fit(&self.family.space, &known))
    }

    /// A subnet that learns on alone from what it inherits.
    pub fn tune(
        &self,
        subnet: &Subnet,
        recipe: &Recipe,
        checkpoint: Option<&Path>,
        watch: &mut Watch,
    ) -> Result<Graduate, TrainError> {
        let (network, layers) = self.inherited(subnet)?;
        self.school.teach(network, Some(layers), recipe, checkpoint, watch)
    }
}
