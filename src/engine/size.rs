//! What a network of a search takes on a board, from its shapes alone: as many bytes as its plan, without packing its
//! weights.
//!
//! Kernels are selected by the code that plans, for layers of the same shape with weights of an ordinary kind, and kept
//! by shape: networks of one search space have few shapes between them. Bytes are those of the plan of every network
//! whose weights are ordinary: no channel is constant, and no bound of a specialised kernel is exceeded. Others have
//! other kernels, and may take a little less or more.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::arena::{Arena, DEFAULT_ALIGNMENT};
use super::candidate::modest;
use super::crop::crop_filters;
use super::goal::Goal;
use super::kernel::Kernel;
use super::layout::Layout;
use super::patch::Stage;
use super::plan::{Draft, Plan, PlanError, REQUANT_BYTES};
use super::work::{Geometry, Work};
use crate::network::float::{FloatKind, FloatNetwork, FloatOp, FloatWeights};
use crate::network::quantise::{Ranges, quantise};
use crate::network::{DType, Network, Tensor, TensorId};

/// Bytes of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Activations and scratch.
    pub arena_bytes: usize,
    /// Bytes that no arena for this network can go below.
    pub arena_lower_bound: usize,
    /// Constants, requantisation included.
    pub flash_bytes: usize,
}

/// A plan without its places: bytes and what each step computes.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    pub sizes: Sizes,
    /// Of the steps that compute something, in order.
    pub work: Vec<Work>,
}

/// Sizes plans; keeps what it learns of layers.
#[derive(Debug, Default)]
pub struct Sizer {
    layers: HashMap<Shape, Layer>,
}

/// What the kernel of a layer depends on, beside its weights.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Shape {
    kind: String,
    inputs: Vec<Vec<usize>>,
    output: Vec<usize>,
}

#[derive(Debug, Clone)]
struct Layer {
    /// Without the packed weights.
    kernel: Kernel,
    flash_bytes: usize,
}

impl Sizer {
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes of the plan of `network`; weights that it has do not count.
    pub fn sizes(&mut self, network: &FloatNetwork) -> Result<Sizes, PlanError> {
        Ok(self.planned(network)?.0)
    }

    /// Bytes of the plan that computes every operator as a whole, which takes no less than the one of [`Self::sizes`]: bands
    /// are not looked for. The search for a smaller arena ends once it is no larger than `enough`.
    pub fn whole(&mut self, network: &FloatNetwork, enough: usize) -> Result<Sizes, PlanError> {
        let (network, kernels, flash_bytes) = self.kernels(network)?;
        let draft = Draft::with(&network, kernels)?.fused()?;
        let Arena { total, lower_bound, .. } = Layout::enough(&draft.overlays(&[]), DEFAULT_ALIGNMENT, enough)?.arena;
        Ok(Sizes { arena_bytes: total, arena_lower_bound: lower_bound, flash_bytes })
    }

    /// Bytes, and what each step computes.
    pub fn outline(&mut self, network: &FloatNetwork) -> Result<Outline, PlanError> {
        let (sizes, plan) = self.planned(network)?;
        let bare = bare(network);
        let planned = plan.planned(&bare);
        let mut work = Vec::with_capacity(plan.steps.len());
        for step in plan.steps.iter().filter(|step| step.kernel != Kernel::Alias) {
            let flash_bytes = self.layer(network, &network.ops[step.origin])?.flash_bytes;
            let bands = plan.stages.iter().find(|stage| stage.holds(step.op)).map(|stage| stage.bands_of(step.op));
            let geometry = Geometry::of(&planned, &planned.ops[step.op]);
            work.push(Work::new(&step.kernel, geometry, flash_bytes, bands));
        }
        Ok(Outline { sizes, work })
    }

    fn layer(&mut self, float: &FloatNetwork, op: &FloatOp) -> Result<&Layer, PlanError> {
        let shape = |id: &TensorId| float.value(*id).shape.clone();
        let key = Shape {
            kind: format!("{:?}", op.kind),
            inputs: op.inputs.iter().map(shape).collect(),
            output: shape(&op.output),
        };
        match self.layers.entry(key) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(free) => Ok(free.insert(alone(float, op)?)),
        }
    }

    /// As [`Goal::default`] plans it.
    fn planned(&mut self, float: &FloatNetwork) -> Result<(Sizes, Plan), PlanError> {
        let (network, kernels, flash_bytes) = self.kernels(float)?;
        let draft = Draft::with(&network, kernels)?.fused()?;
        let plan = Goal::default().within(draft, None)?;
        let Plan { arena_bytes, arena_lower_bound, ref stages, .. } = plan;
        let flash_bytes = flash_bytes + stages.iter().map(Stage::table_bytes).sum::<usize>();
        Ok((Sizes { arena_bytes, arena_lower_bound, flash_bytes }, plan))
    }

    /// The kernel of each layer, packed weights left out, with the graph without weights and the bytes of all constants.
    fn kernels(&mut self, float: &FloatNetwork) -> Result<(Network, Vec<Kernel>, usize), PlanError> {
        let bare = bare(float);
        let mut flash_bytes = 0;
        let mut kernels = Vec::with_capacity(float.ops.len());
        for op in &float.ops {
            let layer = self.layer(float, op)?;
            flash_bytes += layer.flash_bytes;
            kernels.push(layer.kernel.clone());
        }
        Ok((bare, kernels, flash_bytes))
    }
}

/// The int8 graph of `float`; of its weights it has shapes alone.
fn bare(float: &FloatNetwork) -> Network {
    let ops = float.ops.iter().map(|op| FloatOp { weights: None, ..op.clone() }).collect();
    let stripped = FloatNetwork { name: float.name.clone(), values: float.values.clone(), ops, ..*float };
    let mut network = quantise(&stripped, &Ranges(vec![RANGE; float.values.len()]));
    let Network { ops, tensors, .. } = &mut network;
    for (op, float_op) in ops.iter_mut().zip(&float.ops) {
        let (inputs, channels) = (float.value(float_op.inputs[0]).channels(), float.value(float_op.output).channels());
        let filter = match float_op.kind {
            FloatKind::Conv2d { filter, .. } => vec![channels, filter.h, filter.w, inputs],
            FloatKind::DepthwiseConv2d { filter, .. } => vec![1, filter.h, filter.w, channels],
            FloatKind::Dense { .. } => vec![channels, inputs],
            _ => continue,
        };
        for (shape, dtype) in [(filter, DType::I8), (vec![channels], DType::I32)] {
            op.inputs.push(TensorId(tensors.len()));
            let data = Some(Vec::new().into());
            tensors.push(Tensor { name: String::new(), shape, dtype, quant: None, data });
        }
    }
    crop_filters(&network)
}

/// Of every activation.
const RANGE: (f32, f32) = (-2.0, 2.0);

/// The layer that `op` is, as the only one of a network.
fn alone(float: &FloatNetwork, op: &FloatOp) -> Result<Layer, PlanError> {
    let mut values: Vec<_> = op.inputs.iter().map(|id| float.value(*id).clone()).collect();
    values.push(float.value(op.output).clone());
    let output = TensorId(values.len() - 1);
    let inputs = (0..op.inputs.len()).map(TensorId).collect();
    let weights = ordinary(float, op);
    let only = FloatOp { kind: op.kind, inputs, output, weights };
    let ranges = Ranges(vec![RANGE; values.len()]);
    let network = FloatNetwork { name: float.name.clone(), values, ops: vec![only], input: TensorId(0), output };
    let network = crop_filters(&quantise(&network, &ranges));
    let op = &network.ops[0];
    let mut kernel = modest(&network, op)?;
    let constants = |kernel: &Kernel| match kernel.packed() {
        Some(packed) => packed.filter_bytes() + packed.table_bytes(),
        None => {
            let tensors = op.inputs.iter().map(|id| network.tensor(*id)).filter(|tensor| tensor.data.is_some());
            tensors.map(|tensor| tensor.bytes()).sum::<usize>() + kernel.channel_requants().len() * REQUANT_BYTES
        }
    };
    let flash_bytes = constants(&kernel);
    if let Some(packed) = kernel.packed_mut() {
        (packed.filter, packed.channels) = (Vec::new(), Vec::new());
    }
    Ok(Layer { kernel, flash_bytes })
}

/// Weights that spread as trained ones do; none where the operator has none.
fn ordinary(float: &FloatNetwork, op: &FloatOp) -> Option<FloatWeights> {
    let fan_in = float.fan_in(op);
    if fan_in == 0 {
        return None;
    }
    let channels = float.value(op.output).channels();
    let rows = match op.kind {
        FloatKind::DepthwiseConv2d { filter, .. } => filter.h * filter.w,
        _ => fan_in,
    };
    let spread = (fan_in as f32).sqrt().recip();
    // A stride that shares no factor with the range visits all of it.
    let weight = |i: usize| ((i * 97 % 255) as f32 / 127.0 - 1.0) * spread;
    Some(FloatWeights { filter: (0..rows * channels).map(weight).collect(), bias: vec![0.1; channels] })
}
