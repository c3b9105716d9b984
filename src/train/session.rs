//! Training from the first step to the last: of one network, or of a supernet with all that shares its weights.

use std::ops::ControlFlow;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::accuracy::{calibrate, float_accuracy};
use super::batches::{Batches, Ready, seed};
use super::checkpoint::{self, Point, State, Sums};
use super::data::{DataSet, Preparation};
use super::elastic::{Order, gather, scatter};
use super::error::TrainError;
use super::layer::{Layer, initial};
use super::recipe::{Open, Phase, Recipe};
use super::trainer::{Batch, Step, Trainer, largest, logits_of, softmax};
use crate::network::float::FloatNetwork;
use crate::network::random::Random;
use crate::network::space::{Configuration, Cut, Space, Subnet};

/// Steps between two points of a learning curve, and between two checkpoints.
const POINT: usize = 100;
const CHECKPOINT: usize = 500;
/// Samples that normalisation is calibrated with, and that accuracies along the way are measured on.
const CALIBRATION: usize = 512;
const VALIDATION: usize = 1000;

/// How far a training is.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    pub done: usize,
    pub total: usize,
    /// The newest point of the learning curve.
    pub point: Option<&'a Point>,
}

/// Is told after each step; breaks to stop the training, which then writes a checkpoint.
pub type Watch<'a> = dyn FnMut(Progress) -> ControlFlow<()> + 'a;

/// Where networks that share the weights of the largest one are drawn from.
#[derive(Debug, Clone)]
pub struct Family {
    pub space: Space,
    pub configuration: Configuration,
}

/// What is trained, how, and on what.
pub struct Session<'a> {
    pub trainer: &'a dyn Trainer,
    /// The network that holds all weights.
    pub network: FloatNetwork,
    /// None where the network learns alone.
    pub family: Option<Family>,
    pub recipe: Recipe,
    pub data: &'a DataSet,
    pub preparation: &'a Preparation,
}

/// A network that a batch teaches, and where its weights come from.
struct Pupil {
    network: FloatNetwork,
    cuts: Vec<Cut>,
}

impl Session<'_> {
    /// A training that has not begun.
    pub fn start(&self) -> State {
        let layers = initial(&self.network, &mut Random::new(seed(&[self.recipe.seed, 0])));
        self.begin(layers)
    }

    /// A training that begins with layers from elsewhere.
    pub fn begin(&self, layers: Vec<Layer>) -> State {
        let velocities = layers.iter().map(Layer::zeros).collect();
        State { layers, velocities, phase: 0, step: 0, sums: Sums::default(), curve: Vec::new() }
    }

    /// What a checkpoint must agree with.
    fn fingerprint(&self, start: &State) -> String {
        let mut digest = Sha256::new();
        let family = self.family.as_ref().map(|family| format!("{:?}", family));
        digest.update(format!("{:?}|{family:?}|{:?}", self.recipe, self.trainer.name()));
        let data = self.data;
        digest.update(format!("{}|{}|{}", data.name, data.training.len(), data.classes.len()));
        for (op, layer) in self.network.ops.iter().zip(&start.layers) {
            digest.update(format!("{:?}|{}", op.kind, self.network.value(op.output).name));
            layer.parts().into_iter().flatten().for_each(|v| digest.update(v.to_le_bytes()));
        }
        digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn check(&self) -> Result<(), TrainError> {
        self.recipe.check()?;
        let mismatch = |found: String, wanted: String| {
            Err(TrainError::Mismatch { network: self.network.name.clone(), found, wanted })
        };
        let outputs = self.network.value(logits_of(&self.network)).elements();
        if outputs != self.data.classes.len() {
            return mismatch(format!("{outputs} outputs"), format!("{} classes", self.data.classes.len()));
        }
        let inputs = self.network.value(self.network.input).elements();
        if inputs != self.preparation.elements() {
            let wanted = format!("inputs of {} numbers", self.preparation.elements());
            return mismatch(format!("{inputs} inputs"), wanted);
        }
        if self.data.training.is_empty() {
            return mismatch("nothing to learn from".into(), "no training samples".into());
        }
        Ok(())
    }

    /// Trains to the end. With a checkpoint's path, goes on from there where there is one.
    pub fn run(&self, start: State, checkpoint: Option<&Path>, watch: &mut Watch) -> Result<State, TrainError> {
        self.check()?;
        let fingerprint = self.fingerprint(&start);
        let saved = checkpoint.map(|path| checkpoint::load(path, &fingerprint)).transpose()?.flatten();
        let mut state = saved.unwrap_or(start);
        let samples = self.data.training.len();
        let (total, recipe) = (self.recipe.total(samples), &self.recipe);
        let before = |phase: usize| recipe.phases[..phase].iter().map(|p| recipe.steps(p, samples)).sum::<usize>();
        let classes = self.data.classes.len();
        let split = &self.data.training;
        let mut batches = Batches::new(split, self.preparation, classes, recipe.batch, recipe.smoothing, recipe.seed);
        while let Some(phase) = recipe.phases.get(state.phase) {
            let (steps, offset) = (recipe.steps(phase, samples), before(state.phase));
            if state.step == 0 && phase.open >= Open::Expand {
                self.sort(&mut state);
            }
            while state.step < steps {
                let global = offset + state.step;
                let batch = batches.batch(global)?;
                let rate = phase.rate * recipe.descent.rate(state.step, steps);
                let (loss, right) = self.step(&mut state, phase, &batch, global, rate)?;
                if !loss.is_finite() {
                    let (network, phase) = (self.network.name.clone(), phase.open.name().into());
                    return Err(TrainError::Diverged { network, phase, step: state.step, loss });
                }
                state.step += 1;
                state.sums.add(loss, right, batch.samples);
                let last = state.step == steps;
                if state.step.is_multiple_of(POINT) || last {
                    let (validation, smallest) = if last { self.examine(&state, phase)? } else { (None, None) };
                    let sums = std::mem::take(&mut state.sums);
                    state.curve.push(sums.point(phase.open.name(), global + 1, rate, validation, smallest));
                }
                let progress = Progress { done: global + 1, total, point: state.curve.last() };
                let stop = watch(progress).is_break();
                let due = stop || last || state.step.is_multiple_of(CHECKPOINT);
                if let Some(path) = checkpoint.filter(|_| due) {
                    checkpoint::save(path, &fingerprint, &state)?;
                }
                if stop && global + 1 < total {
                    let network = self.network.name.clone();
                    return Err(TrainError::Stopped { network, done: global + 1, total });
                }
            }
            state.phase += 1;
            state.step = 0;
        }
        Ok(state)
    }

    /// The most important channels first, so that narrow networks get them.
    fn sort(&self, state: &mut State) {
        let order = Order::by_importance(&self.network, &state.layers);
        order.apply(&self.network, &mut state.layers);
        order.apply(&self.network, &mut state.velocities);
    }

    /// One step: loss and right answers of the largest network.
    fn step(
        &self,
        state: &mut State,
        phase: &Phase,
        batch: &Batch,
        global: usize,
        rate: f32,
    ) -> Result<(f64, usize), TrainError> {
        let Step { loss, mut gradients, logits, .. } = self.trainer.step(&self.network, &state.layers, batch);
        let classes = self.data.classes.len();
        let rows = || logits.chunks_exact(classes).zip(batch.targets.chunks_exact(classes));
        let right = rows().filter(|(logits, target)| largest(logits) == largest(target)).count();
        fill(&state.layers, &mut gradients);
        let pupils = self.pupils(phase, global)?;
        if !pupils.is_empty() {
            let part = self.recipe.distillation;
            let opinion = |(logits, target): (&[f32], &[f32])| {
                let taught = softmax(logits).into_iter().zip(target).map(|(p, t)| part * p + (1.0 - part) * t);
                taught.collect::<Vec<f32>>()
            };
            let batch = Batch { targets: rows().flat_map(opinion).collect(), ..batch.clone() };
            let share = 1.0 / (pupils.len() + 1) as f32;
            for part in gradients.iter_mut().flat_map(Layer::parts_mut) {
                part.iter_mut().for_each(|v| *v *= share);
            }
            for Pupil { network, cuts } in pupils {
                let layers = gather(&cuts, network.ops.len(), &state.layers);
                let step = self.trainer.step(&network, &layers, &batch);
                scatter(&cuts, &step.gradients, share, &mut gradients);
            }
        }
        self.recipe.descent.update(rate, &mut state.layers, &mut state.velocities, &gradients);
        Ok((loss, right))
    }

    /// The networks that learn beside the largest: the smallest, and others at random.
    fn pupils(&self, phase: &Phase, global: usize) -> Result<Vec<Pupil>, TrainError> {
        let Some(family) = self.family.as_ref().filter(|_| phase.open > Open::Largest) else { return Ok(Vec::new()) };
        let mut random = Random::new(seed(&[self.recipe.seed, 3, global as u64]));
        let draw = |at: usize| {
            if at == 0 { family.smallest(phase.open) } else { family.sample(phase.open, &mut random) }
        };
        let subnets: Vec<Subnet> = (0..self.recipe.subnets.saturating_sub(1)).map(draw).collect();
        subnets.iter().map(|subnet| family.pupil(subnet)).collect()
    }

    /// Validation accuracy of the largest and of the smallest network that is open.
    fn examine(&self, state: &State, phase: &Phase) -> Result<(Option<f64>, Option<f64>), TrainError> {
        if self.data.validation.is_empty() {
            return Ok((None, None));
        }
        let calibration = Ready::new(&self.data.training.take(CALIBRATION), self.preparation)?;
        let validation = Ready::new(&self.data.validation.take(VALIDATION), self.preparation)?;
        let accuracy = |network: &FloatNetwork, layers: &[Layer]| {
            let moments = calibrate(self.trainer, network, layers, &calibration);
            float_accuracy(self.trainer, network, layers, &moments, &validation).share()
        };
        let largest = accuracy(&self.network, &state.layers);
        let smallest = match &self.family {
            Some(family) if phase.open > Open::Largest => {
                let Pupil { network, cuts } = family.pupil(&family.smallest(phase.open))?;
                accuracy(&network, &gather(&cuts, network.ops.len(), &state.layers))
            }
            _ => None,
        };
        Ok((largest, smallest))
    }
}

impl Family {
    fn pupil(&self, subnet: &Subnet) -> Result<Pupil, TrainError> {
        Ok(Pupil { network: self.space.float(subnet)?, cuts: self.space.cuts(subnet)? })
    }

    fn sample(&self, open: Open, random: &mut Random) -> Subnet {
        self.space.sample(self.configuration, open.elastic(), random)
    }

    /// The smallest network of what is open.
    fn smallest(&self, open: Open) -> Subnet {
        let (mut least, largest) = (self.space.smallest(self.configuration), self.space.largest(self.configuration));
        let elastic = open.elastic();
        for (least, most) in least.stages.iter_mut().zip(largest.stages) {
            if !elastic.width {
                least.scale = most.scale;
            }
            if !elastic.depth {
                let block = least.blocks.first().copied();
                least.blocks = block.into_iter().cycle().take(most.blocks.len()).collect();
            }
            for (least, most) in least.blocks.iter_mut().zip(most.blocks) {
                if !elastic.kernel {
                    least.kernel = most.kernel;
                }
                if !elastic.expand {
                    least.expand = most.expand;
                }
            }
        }
        least
    }
}

/// Gives gradients the sizes of their layers where nothing was said of a layer.
fn fill(layers: &[Layer], gradients: &mut [Layer]) {
    for (layer, gradient) in layers.iter().zip(gradients) {
        gradient.filter.resize(layer.filter.len(), 0.0);
        gradient.scale.resize(layer.scale.len(), 0.0);
        gradient.shift.resize(layer.shift.len(), 0.0);
    }
}
