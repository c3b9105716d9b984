//! What a step of an inference computes and reads: all that its cycles depend on, beside the board.

use serde::{Deserialize, Serialize};

use super::interface::Compiled;
use super::kernel::Kernel;
use crate::network::{Hw, Network, Op, OpKind, TensorId};

/// Shapes of an operator.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Geometry {
    /// Height, width and channels of the first operand; of a row of features its length is channels.
    pub input: [usize; 3],
    pub output: [usize; 3],
    /// Height and width of the window; 1 where there is none.
    pub filter: [usize; 2],
    pub stride: [usize; 2],
    /// Elements under one tap of the window that one output element weighs up; 0 of operators without weights.
    pub depth: usize,
}

impl Geometry {
    pub fn of(network: &Network, op: &Op) -> Self {
        let shape = |index: usize| op.inputs.get(index).map_or(&[][..], |id| network.tensor(*id).shape.as_slice());
        let pair = |hw: &Hw| [hw.h, hw.w];
        let (input, output) = (hwc(shape(0)), hwc(&network.tensor(op.output).shape));
        let weights = shape(1);
        let filter = || [weights.get(1).copied().unwrap_or(1), weights.get(2).copied().unwrap_or(1)];
        let last = || weights.last().copied().unwrap_or(1);
        let (filter, stride, depth) = match &op.kind {
            OpKind::Conv2d { window, .. } => (filter(), pair(&window.stride), last()),
            OpKind::DepthwiseConv2d { window, .. } => (filter(), pair(&window.stride), 1),
            OpKind::FullyConnected { .. } => ([1, 1], [1, 1], last()),
            OpKind::AveragePool2d { filter, window, .. } | OpKind::MaxPool2d { filter, window, .. } => {
                (pair(filter), pair(&window.stride), 0)
            }
            _ => ([1, 1], [1, 1], 0),
        };
        Self { input, output, filter, stride, depth }
    }

    /// From the input of a network to its output, as if it were one operator.
    pub fn of_network(network: &Network) -> Self {
        let shape = |ids: &[TensorId]| ids.first().map_or([1, 1, 1], |id| hwc(&network.tensor(*id).shape));
        let (input, output) = (shape(&network.inputs), shape(&network.outputs));
        Self { input, output, filter: [1, 1], stride: [1, 1], depth: 0 }
    }

    /// Multiply-accumulates.
    pub fn macs(&self) -> u64 {
        (self.output.iter().product::<usize>() * self.filter.iter().product::<usize>() * self.depth) as u64
    }
}

fn hwc(shape: &[usize]) -> [usize; 3] {
    match shape {
        [] => [1, 1, 1],
        [outer @ .., w, c] => match outer {
            [n, h] => [n * h, *w, *c],
            _ => [outer.iter().product(), *w, *c],
        },
        [c] => [1, 1, *c],
    }
}

/// How a step is computed that is computed band by band.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bands {
    /// Calls of its kernel.
    pub calls: usize,
    /// Rows of the output in all of them; those that are computed again count again.
    pub rows: usize,
    /// Bytes of its output that are moved from band to band.
    pub moved_bytes: usize,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// Name of the kernel ([`Kernel::name`]).
    pub kernel: String,
    /// Whether it is the kernel's specialised form.
    pub specialised: bool,
    pub geometry: Geometry,
    /// Bytes of flash that it reads: filter, bias and requantisation.
    pub constant_bytes: usize,
    pub scratch_bytes: usize,
    /// None where it is computed as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bands: Option<Bands>,
}

impl Work {
    /// The name of its kernel, whether that adds or not.
    pub fn family(&self) -> &str {
        Kernel::without_sum(&self.kernel)
    }

    /// Whether it adds what it computes to another operand.
    pub fn adds(&self) -> bool {
        self.family() != self.kernel
    }

    pub(super) fn new(kernel: &Kernel, geometry: Geometry, constant_bytes: usize, bands: Option<Bands>) -> Self {
        let specialised = kernel.packed().is_some() || matches!(kernel, Kernel::Add(add) if add.specialised());
        let scratch_bytes = kernel.scratch_bytes();
        Self { kernel: kernel.name().into(), specialised, geometry, constant_bytes, scratch_bytes, bands }
    }
}

impl Compiled {
    /// What each of [`Compiled::steps`] computes.
    pub fn work(&self) -> Vec<Work> {
        let planned: Vec<_> = self.plan.steps.iter().filter(|step| step.kernel != Kernel::Alias).collect();
        let bare = |info: &super::StepInfo| Work {
            kernel: info.kernel.into(),
            specialised: false,
            geometry: info.geometry.clone(),
            constant_bytes: 0,
            scratch_bytes: 0,
            bands: None,
        };
        // Engines of others plan for themselves, so that there is nothing to say of their kernels.
        if planned.len() != self.steps.len() {
            return self.steps.iter().map(bare).collect();
        }
        let work = |(step, info): (&&super::Step, &super::StepInfo)| {
            let bands = self.plan.stages.iter().find(|stage| stage.holds(step.op)).map(|stage| stage.bands_of(step.op));
            Work::new(&step.kernel, info.geometry.clone(), step.weights_bytes + step.table_bytes, bands)
        };
        planned.iter().zip(&self.steps).map(work).collect()
    }
}
