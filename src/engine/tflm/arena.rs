//! The arena of TFLM of July 2020: how much of it a network takes, computed as the library allocates.
//!
//! What lives as long as the interpreter is allocated from the arena's end downwards; tensors are planned from its
//! beginning. Each step here names the function of the library that it follows. `tests/baseline_tflm.rs` compares with
//! what the library says on the target, and that four words less do not suffice.

use super::planner::{Buffer, plan};
use super::registry::Kernel;
use crate::network::tflite::file::File;

/// Alignment of tensors and of what kernels allocate; also of the arena.
pub(super) const ALIGNMENT: usize = 16;

const WORD: usize = 4;

/// Sizes of the library's structures on 32-bit Arm in bytes. The generated C++ asserts those that it can see.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub(super) struct Sizes {
    /// `SimpleMemoryAllocator`.
    allocator: usize,
    /// `TfLiteTensor`.
    tensor: usize,
    /// `TfLiteAffineQuantization`.
    quantization: usize,
    /// `NodeAndRegistration`.
    node: usize,
    /// `AllocationInfo`, only while the plan is made.
    info: usize,
    /// What `GreedyMemoryPlanner` needs per buffer, only while the plan is made.
    planned: usize,
}

pub(super) const SIZES: Sizes = Sizes { allocator: 20, tensor: 64, quantization: 12, node: 40, info: 20, planned: 36 };

/// What a network takes of the arena.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Arena {
    /// The least number of bytes with which the interpreter starts, a multiple of 16.
    pub bytes: usize,
    /// Bytes of it for structures that live as long as the interpreter.
    pub persistent: usize,
    /// Bytes of it for tensors, as the planner places them.
    pub tensors: usize,
    /// Bytes of tensors that are held during each operator, aligned.
    pub live: Vec<usize>,
}

/// Sizes the arena for `file`, whose operators are computed by `kernels`.
pub(super) fn size(file: &File, kernels: &[&Kernel]) -> Arena {
    let persistent = persistent(file, kernels);
    let buffers = buffers(file);
    let tensors = plan(&buffers);
    // While it plans, `MicroAllocator::FinishTensorAllocation` keeps its lists where tensors will be.
    let lists = SIZES.info * file.tensors.len() + SIZES.planned * buffers.len();
    let live = |at: usize| buffers.iter().filter(|b| b.first <= at && at <= b.last).map(|b| b.bytes).sum();
    Arena {
        bytes: (persistent + tensors.max(lists)).next_multiple_of(ALIGNMENT),
        persistent,
        tensors,
        live: (0..file.ops.len()).map(live).collect(),
    }
}

/// Bytes allocated from the end; the end is aligned.
struct Tail(usize);

impl Tail {
    fn allocate(&mut self, bytes: usize, alignment: usize) {
        self.0 = (self.0 + bytes).next_multiple_of(alignment);
    }
}

fn persistent(file: &File, kernels: &[&Kernel]) -> usize {
    let mut tail = Tail(0);
    // `CreateInPlaceSimpleMemoryAllocator`, `AllocateTfLiteTensorArray`.
    tail.allocate(SIZES.allocator, WORD);
    tail.allocate(SIZES.tensor * file.tensors.len(), WORD);
    // `InitializeTfLiteTensorFromFlatbuffer`: zero points and scales as arrays with their length in front.
    for quant in file.tensors.iter().filter_map(|tensor| tensor.quant.as_ref()).filter(|q| !q.scale.is_empty()) {
        tail.allocate(SIZES.quantization, WORD);
        tail.allocate(WORD * (1 + quant.scale.len()), WORD);
        tail.allocate(WORD * (1 + quant.scale.len()), WORD);
    }
    // `AllocateNodeAndRegistrations`, `PrepareNodeAndRegistrationDataFromFlatbuffer`.
    tail.allocate(SIZES.node * file.ops.len(), WORD);
    for kernel in kernels {
        tail.allocate(kernel.options.bytes, kernel.options.alignment);
    }
    // `MicroInterpreter::AllocateTensors`: first every kernel's Init, then every kernel's Prepare.
    for kernel in kernels {
        tail.allocate(kernel.data_bytes, if kernel.data_bytes > 0 { ALIGNMENT } else { 1 });
    }
    for (op, kernel) in file.ops.iter().zip(kernels) {
        if let (Some(axis), Some(Some(filter))) = (kernel.channel_axis, op.inputs.get(1)) {
            let channels = file.tensors[*filter].shape.get(axis).copied().unwrap_or(0);
            // Multipliers and shifts.
            tail.allocate(WORD * channels, ALIGNMENT);
            tail.allocate(WORD * channels, ALIGNMENT);
        }
    }
    tail.0
}

/// `AllocationInfoBuilder::AddTensors`: the tensors that are computed or fed, in order, with their lifetimes.
fn buffers(file: &File) -> Vec<Buffer> {
    let lifetime = |index: usize| {
        let created = file.ops.iter().position(|op| op.output == index);
        let first = if file.inputs.contains(&index) { Some(0) } else { created };
        let read = file.ops.iter().rposition(|op| op.inputs.contains(&Some(index)));
        let last = if file.outputs.contains(&index) { file.ops.len().checked_sub(1) } else { read };
        Some((first?, last?))
    };
    let buffer = |(index, tensor): (usize, &crate::network::Tensor)| {
        if tensor.data.is_some() {
            return None;
        }
        let (first, last) = lifetime(index)?;
        Some(Buffer { bytes: tensor.bytes().next_multiple_of(ALIGNMENT), first, last })
    };
    file.tensors.iter().enumerate().filter_map(buffer).collect()
}
