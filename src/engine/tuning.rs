//! Kernels chosen by what they took on a unit.
//!
//! Image k of a network takes candidate k of every operator that has one, so that as many images time all candidates as
//! the richest operator has. What was timed is known by the layer's shape and the kernel, so that networks share it.

use std::collections::{BTreeMap, BTreeSet};

use super::kernel::Kernel;
use super::offer::Offer;
use super::pack::Form;
use super::plan::PlanError;
use crate::network::{Network, Op, OpKind, Window};

/// What a kernel took on a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    pub cycles: u64,
    /// None where the unit does not tell.
    pub nanojoules: Option<u64>,
}

/// What kernels took by layer and kernel, of one board as it was set up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Timings(BTreeMap<(String, String), Timing>);

impl Timings {
    /// What `kernel` took on `layer`, if it was timed.
    pub fn of(&self, layer: &str, kernel: &str) -> Option<Timing> {
        self.0.get(&(layer.to_string(), kernel.to_string())).copied()
    }

    pub fn insert(&mut self, layer: String, kernel: String, timing: Timing) {
        self.0.insert((layer, kernel), timing);
    }

    /// Layer, kernel and what that took, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, Timing)> {
        self.0.iter().map(|((layer, kernel), timing)| (layer.as_str(), kernel.as_str(), *timing))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there are some, and the energy of each is known.
    pub fn tell_energy(&self) -> bool {
        !self.is_empty() && self.0.values().all(|timing| timing.nanojoules.is_some())
    }
}

/// An image that times one candidate of every operator.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    pub(super) kernels: Vec<Kernel>,
    /// Layer and kernel of each step that the image times; none of operators that have one candidate.
    steps: Vec<Option<(String, String)>>,
}

impl Trial {
    /// What an image's steps took, by layer and kernel: of layers that occur several times the mean. None where there are
    /// not as many steps. `nanojoules` are empty where the unit does not tell.
    pub fn timings(&self, step_cycles: &[u64], nanojoules: &[u64]) -> Option<Timings> {
        if step_cycles.len() != self.steps.len() || !(nanojoules.is_empty() || nanojoules.len() == self.steps.len()) {
            return None;
        }
        let mut all: BTreeMap<&(String, String), Vec<usize>> = BTreeMap::new();
        for (at, key) in self.steps.iter().enumerate() {
            if let Some(key) = key {
                all.entry(key).or_default().push(at);
            }
        }
        let mean = |of: &[u64], steps: &[usize]| {
            let known: Vec<u64> = steps.iter().filter_map(|at| of.get(*at).copied()).collect();
            (!known.is_empty()).then(|| known.iter().sum::<u64>() / known.len() as u64)
        };
        let timing = |steps: Vec<usize>| Timing {
            cycles: mean(step_cycles, &steps).unwrap_or(0),
            nanojoules: mean(nanojoules, &steps),
        };
        Some(Timings(all.into_iter().map(|(key, steps)| (key.clone(), timing(steps))).collect()))
    }

    /// Candidates that it times.
    pub fn candidates(&self) -> usize {
        self.steps.iter().flatten().collect::<BTreeSet<_>>().len()
    }
}

/// The trials of `network` that time something which is not in `timings`.
pub(super) fn trials(network: &Network, offer: &Offer, timings: &Timings) -> Result<Vec<Trial>, PlanError> {
    let all = network.ops.iter().map(|op| offer.to_time(network, op)).collect::<Result<Vec<_>, _>>()?;
    let most = all.iter().map(Vec::len).max().unwrap_or(0);
    let trial = |at: usize| {
        let taken = all.iter().map(|choices| &choices[at.min(choices.len() - 1)].kernel);
        let kernels: Vec<Kernel> = taken.cloned().collect();
        let several = |op: usize| (all[op].len() > at && all[op].len() > 1).then_some(op);
        let name = |op: usize| (layer(network, &network.ops[op]), kernel_name(&kernels[op]));
        let computing = (0..kernels.len()).filter(|op| kernels[*op] != Kernel::Alias);
        let steps = computing.map(|op| several(op).map(name)).collect();
        Trial { steps, kernels }
    };
    let is_news = |trial: &Trial| trial.steps.iter().flatten().any(|(l, k)| timings.of(l, k).is_none());
    Ok((0..most).map(trial).filter(is_news).collect())
}

/// What the time of a layer depends on, whatever its weights.
pub(super) fn layer(network: &Network, op: &Op) -> String {
    let shape = |id| network.tensor(id).shape.iter().skip(1).map(ToString::to_string).collect::<Vec<_>>().join("x");
    let inputs: Vec<String> = op.inputs.iter().map(|id| shape(*id)).collect();
    let filter = op.inputs.get(1).map_or(String::new(), |id| {
        network.tensor(*id).shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("x")
    });
    let slides = |window: &Window| {
        let Window { stride, dilation, pads, .. } = window;
        format!(
            " filter {filter} stride {}x{} dilation {}x{} pads {},{},{},{}",
            stride.h, stride.w, dilation.h, dilation.w, pads.top, pads.bottom, pads.left, pads.right
        )
    };
    let detail = match &op.kind {
        OpKind::Conv2d { window, .. } | OpKind::DepthwiseConv2d { window, .. } => slides(window),
        OpKind::FullyConnected { .. } => format!(" filter {filter}"),
        _ => String::new(),
    };
    let input = inputs.first().cloned().unwrap_or_default();
    format!("{} {input} to {}{detail}", op.kind.name(), shape(op.output))
}

/// The name of a candidate: its form, and whether it requantises some channel the general way, which takes longer.
pub(super) fn kernel_name(kernel: &Kernel) -> String {
    let Some(packed) = kernel.packed() else { return "general".into() };
    let form = match packed.form {
        Form::Matrix => "matrix",
        Form::Winograd => "winograd",
        Form::Plane => "plane",
        Form::Row => "row",
    };
    if packed.general { format!("{form}, general requantisation") } else { form.into() }
}
