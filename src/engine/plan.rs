//! The plan of an inference: one step per operator, and where everything lies.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::arena::{Arena, ArenaError, Block, DEFAULT_ALIGNMENT};
use super::candidate::{EXPANSION_BYTES, choose};
use super::fuse::{self, Fused};
use super::kernel::Kernel;
use super::layout::Layout;
use super::lifetime::{LifetimeError, Lifetimes};
use super::overlay::Overlays;
use super::pack::Form;
use super::patch::{self, Cut, Stage};
use super::select::select;
use crate::network::{Network, Op, TensorId};

/// Bytes of one [`crate::network::Requant`] in flash: two words.
pub(super) const REQUANT_BYTES: usize = 8;

/// Why a network cannot be planned. Operators are numbered as in the file they came from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("operator {op} ({kind}), tensor `{tensor}`: {problem}")]
    Operator { op: usize, kind: &'static str, tensor: String, problem: String },
    #[error(
        "{memory} of {budget} bytes: the smallest plan found takes {needed}, {over} too many; most at operator {op} \
         ({kind}), tensor `{tensor}`, with {at_op}"
    )]
    Budget {
        /// What is exceeded.
        memory: &'static str,
        budget: usize,
        needed: usize,
        over: usize,
        /// The operator that takes most.
        op: usize,
        kind: &'static str,
        tensor: String,
        /// Bytes that it takes.
        at_op: usize,
    },
    #[error(transparent)]
    Lifetime(#[from] LifetimeError),
    #[error(transparent)]
    Arena(#[from] ArenaError),
}

/// Where the bytes of a tensor lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Bytes from the start of the arena.
    Arena(usize),
    /// In flash, as the data of this tensor.
    Constant(TensorId),
}

/// One operator of the plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Index of the operator in [`Network::ops`] of what [`Plan::planned`] gives.
    pub op: usize,
    /// Index of the operator in the file it came from.
    pub origin: usize,
    pub kernel: Kernel,
    /// Places of the activations it reads: all operands but filter and bias.
    pub inputs: Vec<Place>,
    pub output: Place,
    /// Index among [`Self::inputs`] of the one that it writes over while it reads it, if any.
    pub overwrites: Option<usize>,
    /// Offset of the scratch buffer in the arena in bytes; none where there is no scratch.
    pub scratch: Option<usize>,
    /// Bytes of scratch memory, unaligned.
    pub scratch_bytes: usize,
    /// Bytes of activations and scratch that must be held while it runs.
    pub live_bytes: usize,
    /// Bytes of the constants it reads.
    pub weights_bytes: usize,
    /// Bytes of its per-channel requantisation.
    pub table_bytes: usize,
}

/// The plan of an inference.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Name of the network.
    pub name: String,
    /// One per operator, in execution order.
    pub steps: Vec<Step>,
    /// Place of every network input.
    pub inputs: Vec<Place>,
    /// Place of every network output.
    pub outputs: Vec<Place>,
    /// Bytes of the arena: activations and scratch.
    pub arena_bytes: usize,
    /// Bytes that no arena for this network can go below.
    pub arena_lower_bound: usize,
    /// Bytes of all constants that are read; those that operators share count once.
    pub weights_bytes: usize,
    /// Bytes of all per-channel requantisation.
    pub table_bytes: usize,
    /// Steps that are computed band by band, in order.
    pub stages: Vec<Stage>,
    /// Operators whose filters are copied to SRAM when the image starts, ascending: flash then does not bound them.
    pub copied: Vec<usize>,
    /// Additions that convolutions make, as operators of the network that was to be planned.
    pub fused: Vec<Fused>,
}

/// A network with its kernels, before anything has a place.
#[derive(Debug, Clone)]
pub(super) struct Draft<'a> {
    pub network: Cow<'a, Network>,
    pub kernels: Vec<Kernel>,
    pub lifetimes: Lifetimes,
    /// Whether outputs may be written over inputs.
    pub in_place: bool,
    pub fused: Vec<Fused>,
}

impl<'a> Draft<'a> {
    /// With kernels that take up to `expansion_bytes` of flash beyond the smallest.
    pub fn new(network: &'a Network, expansion_bytes: usize) -> Result<Self, PlanError> {
        Self::with(network, choose(network, expansion_bytes)?)
    }

    /// With one kernel per operator.
    pub fn with(network: &'a Network, kernels: Vec<Kernel>) -> Result<Self, PlanError> {
        let (lifetimes, network) = (Lifetimes::of(network)?, Cow::Borrowed(network));
        Ok(Self { network, kernels, lifetimes, in_place: true, fused: Vec::new() })
    }

    /// The same where convolutions make the additions that they can.
    pub fn fused(self) -> Result<Self, PlanError> {
        let fused = fuse::additions(&self.network, &self.kernels, &self.lifetimes);
        if fused.is_empty() || !self.fused.is_empty() {
            return Ok(self);
        }
        let network = fuse::merged(&self.network, &fused);
        let kernels = fuse::merged_kernels(&self.network, self.kernels, &fused);
        let lifetimes = Lifetimes::of(&network)?;
        Ok(Self { network: Cow::Owned(network), kernels, lifetimes, fused, ..self })
    }

    pub fn overlays(&self, stages: &[Stage]) -> Overlays {
        let overlays = Overlays::new(&self.network, &self.kernels, &self.lifetimes);
        let overlays = overlays.staged(stages, &self.network, &self.kernels, &self.lifetimes);
        if self.in_place { overlays } else { overlays.apart() }
    }

    /// The plan where `stages` are computed band by band.
    pub fn plan(self, stages: Vec<Stage>, alignment: usize) -> Result<Plan, PlanError> {
        let Self { ref network, ref lifetimes, ref kernels, .. } = self;
        let overlays = self.overlays(&stages);
        let Layout { choice, groups, load, arena } = Layout::best(&overlays, alignment)?;
        let (grouped, scratch) = arena.offsets.split_at(groups.len());
        let mut activations = vec![0; lifetimes.spans.len()];
        for (group, offset) in groups.iter().zip(grouped) {
            group.iter().for_each(|(span, delta)| activations[*span] = offset + delta);
        }
        let need = |index: usize| {
            let from = choice[index].map(|overlay| lifetimes.spans[overlay.from].tensor);
            let is_written = |id: &TensorId| Some(lifetimes.owner(*id)) == from;
            let overwrites = kernels[index].activations(&network.ops[index].inputs).iter().position(is_written);
            let scratch_bytes = overlays.scratch()[index];
            Need { scratch: scratch[index], scratch_bytes, held: load[index], overwrites }
        };
        let needs: Vec<Need> = (0..kernels.len()).map(need).collect();
        let plan = Plan::assemble(network, lifetimes, kernels.clone(), &needs, &activations, &arena);
        Ok(Plan { stages, fused: self.fused, ..plan })
    }
}

impl Plan {
    /// Plans `network` with offsets aligned to [`DEFAULT_ALIGNMENT`] bytes.
    pub fn new(network: &Network) -> Result<Self, PlanError> {
        Self::aligned(network, DEFAULT_ALIGNMENT)
    }

    /// Plans `network` with offsets aligned to `alignment` bytes, a power of two.
    ///
    /// It is planned as it stands: apply [`super::passes`] before.
    pub fn aligned(network: &Network, alignment: usize) -> Result<Self, PlanError> {
        Draft::new(network, EXPANSION_BYTES)?.plan(Vec::new(), alignment)
    }

    /// Plans `network` with these kernels, one per operator, out of [`super::candidate::candidates`].
    pub fn with(network: &Network, kernels: Vec<Kernel>, alignment: usize) -> Result<Self, PlanError> {
        Draft::with(network, kernels)?.plan(Vec::new(), alignment)
    }

    /// Plans `network` with a stage at each of `cuts`, which do not overlap.
    pub fn cut(network: &Network, cuts: &[Cut]) -> Result<Self, PlanError> {
        let draft = Draft::new(network, EXPANSION_BYTES)?;
        let stages = patch::exactly(&draft, cuts)?;
        draft.plan(stages, DEFAULT_ALIGNMENT)
    }

    /// Plans `network` for somebody else's kernels, which take filters, biases and requantisation as they stand, never
    /// write over what they read, and need `scratch_bytes` of an operator and its kernel.
    pub fn general(
        network: &Network,
        alignment: usize,
        scratch_bytes: impl Fn(&Op, &Kernel) -> usize,
    ) -> Result<Self, PlanError> {
        let general = |op| Ok(select(network, op)?.into_general());
        let kernels = network.ops.iter().map(general).collect::<Result<Vec<_>, PlanError>>()?;
        let lifetimes = Lifetimes::of(network)?;
        let scratch: Vec<usize> = network.ops.iter().zip(&kernels).map(|(op, k)| scratch_bytes(op, k)).collect();
        let mut blocks: Vec<Block> =
            lifetimes.spans.iter().map(|s| Block { first: s.first, last: s.last, bytes: s.bytes }).collect();
        let held = |at: usize| blocks.iter().filter(|b| b.first <= at && at <= b.last).map(|b| b.bytes).sum();
        let load: Vec<usize> = (0..network.ops.len()).map(held).collect();
        // Scratch of operator i is block `spans + i`.
        blocks.extend(scratch.iter().enumerate().map(|(i, &bytes)| Block { first: i, last: i, bytes }));
        let arena = Arena::pack(&blocks, alignment)?;
        let (activations, offsets) = arena.offsets.split_at(lifetimes.spans.len());
        let need = |(index, &scratch_bytes)| Need {
            scratch: offsets[index],
            scratch_bytes,
            held: load[index],
            overwrites: None,
        };
        let needs: Vec<Need> = scratch.iter().enumerate().map(need).collect();
        Ok(Self::assemble(network, &lifetimes, kernels, &needs, activations, &arena))
    }

    /// The plan of one kernel and its needs per operator, and one offset per span.
    fn assemble(
        network: &Network,
        lifetimes: &Lifetimes,
        kernels: Vec<Kernel>,
        needs: &[Need],
        activations: &[usize],
        arena: &Arena,
    ) -> Self {
        let places = Places::new(network, lifetimes, activations);
        let steps: Vec<Step> = kernels
            .into_iter()
            .enumerate()
            .map(|(index, kernel)| step(network, &places, index, kernel, needs[index]))
            .collect();
        let read: BTreeSet<TensorId> = steps
            .iter()
            .flat_map(|step| operands(network, step.op, &step.kernel))
            .chain(&network.outputs)
            .map(|id| lifetimes.owner(*id))
            .filter(|id| network.tensor(*id).data.is_some())
            .collect();
        Self {
            name: network.name.clone(),
            inputs: places.all(&network.inputs),
            outputs: places.all(&network.outputs),
            arena_bytes: arena.total,
            arena_lower_bound: arena.lower_bound,
            weights_bytes: read.iter().map(|id| network.tensor(*id).bytes()).sum::<usize>()
                + steps.iter().filter_map(|s| s.kernel.packed()).map(|p| p.filter_bytes()).sum::<usize>(),
            table_bytes: steps.iter().map(|s| s.table_bytes).sum(),
            steps,
            stages: Vec::new(),
            copied: Vec::new(),
            fused: Vec::new(),
        }
    }

    /// `network`, which was planned, with the operators of the plan: additions that convolutions make are none.
    pub fn planned<'a>(&self, network: &'a Network) -> Cow<'a, Network> {
        if self.fused.is_empty() { Cow::Borrowed(network) } else { Cow::Owned(fuse::merged(network, &self.fused)) }
    }

    /// Bytes of activations and scratch that must be held during each step.
    pub fn live_bytes(&self, _network: &Network) -> Result<Vec<usize>, PlanError> {
        Ok(self.steps.iter().map(|step| step.live_bytes).collect())
    }

    /// Bytes of SRAM that the network takes: its arena, and filters that are copied there.
    pub fn sram_bytes(&self) -> usize {
        self.arena_bytes
            + self.steps.iter().filter(|step| self.copied.contains(&step.op)).map(copy_bytes).sum::<usize>()
    }

    /// Copies filters of which every byte is read once in an inference, the biggest first, as long as all of the network
    /// takes no more than `limit` bytes of SRAM.
    pub(super) fn copy_filters(mut self, limit: usize) -> Self {
        let mut once: Vec<(usize, usize)> = self
            .steps
            .iter()
            .filter(|step| step.kernel.packed().is_some_and(|packed| packed.form == Form::Row))
            .map(|step| (copy_bytes(step), step.op))
            .collect();
        once.sort_by_key(|(bytes, op)| (usize::MAX - bytes, *op));
        for (bytes, op) in once {
            if self.sram_bytes() + bytes <= limit {
                self.copied.push(op);
            }
        }
        self.copied.sort_unstable();
        self
    }

    /// Bytes of flash that the network's constants take; code is not among them.
    pub fn flash_bytes(&self) -> usize {
        let calls: usize = self.stages.iter().map(Stage::table_bytes).sum();
        self.weights_bytes + self.table_bytes + calls
    }
}

/// Bytes of a specialised step's filter.
fn copy_bytes(step: &Step) -> usize {
    step.kernel.packed().map_or(0, |packed| packed.filter_bytes())
}

struct Places(Vec<Place>);

impl Places {
    fn new(network: &Network, lifetimes: &Lifetimes, offsets: &[usize]) -> Self {
        // Tensors that own no buffer are constants, or are never used.
        let mut places: Vec<Place> = (0..network.tensors.len()).map(|i| Place::Constant(TensorId(i))).collect();
        for (span, &offset) in lifetimes.spans.iter().zip(offsets) {
            places[span.tensor.0] = Place::Arena(offset);
        }
        Self((0..places.len()).map(|i| places[lifetimes.owner(TensorId(i)).0]).collect())
    }

    fn of(&self, id: TensorId) -> Place {
        self.0[id.0]
    }

    fn all(&self, ids: &[TensorId]) -> Vec<Place> {
        ids.iter().map(|id| self.of(*id)).collect()
    }
}

/// Operands that are read as they stand: of a specialised kernel the activation alone.
fn operands<'a>(network: &'a Network, index: usize, kernel: &Kernel) -> &'a [TensorId] {
    let inputs = network.ops[index].inputs.as_slice();
    if kernel.packed().is_some() { &inputs[..inputs.len().min(1)] } else { inputs }
}

/// What a step takes of the arena.
#[derive(Clone, Copy)]
struct Need {
    /// Offset of the scratch buffer.
    scratch: usize,
    scratch_bytes: usize,
    /// Bytes of activations held while it runs.
    held: usize,
    /// The operand that its output writes over.
    overwrites: Option<usize>,
}

fn step(network: &Network, places: &Places, index: usize, kernel: Kernel, need: Need) -> Step {
    let Need { scratch, scratch_bytes, held, overwrites } = need;
    let op = &network.ops[index];
    // Filter and bias are named by the kernel.
    let activations = kernel.activations(&op.inputs);
    let constants: BTreeSet<TensorId> = operands(network, index, &kernel)
        .iter()
        .filter_map(|id| match places.of(*id) {
            Place::Constant(owner) => Some(owner),
            Place::Arena(_) => None,
        })
        .collect();
    Step {
        op: index,
        origin: op.origin,
        inputs: places.all(&activations),
        output: places.of(op.output),
        overwrites,
        scratch: (scratch_bytes > 0).then_some(scratch),
        scratch_bytes,
        live_bytes: held + scratch_bytes,
        weights_bytes: constants.iter().map(|id| network.tensor(*id).bytes()).sum::<usize>()
            + kernel.packed().map_or(0, |p| p.filter_bytes()),
        table_bytes: kernel.packed().map_or(kernel.channel_requants().len() * REQUANT_BYTES, |p| p.table_bytes()),
        kernel,
    }
}
