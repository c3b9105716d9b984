//! What the library cannot compute, or would compute otherwise than TFLite defines.

use super::super::interface::EngineError;
use super::super::kernel::{self, Kernel};
use super::super::plan::{Plan, Step};
use super::scratch::{is_dense, is_matrix_product};
use crate::network::{DType, Network};

/// The first operator that CMSIS-NN 4.0.0 lacks.
pub(super) fn check(network: &Network, plan: &Plan) -> Result<(), EngineError> {
    plan.steps.iter().try_for_each(|step| match problem(network, step) {
        None => Ok(()),
        Some(problem) => {
            let op = &network.ops[step.op];
            let tensor = network.tensor(op.output).name.clone();
            Err(EngineError::Operator { op: op.origin, kind: op.kind.name(), tensor, problem: problem.into() })
        }
    })
}

fn problem(network: &Network, step: &Step) -> Option<&'static str> {
    let op = &network.ops[step.op];
    match &step.kernel {
        Kernel::Conv1x1(conv) | Kernel::Conv(conv) => {
            let pads = conv.window.pads;
            if conv.groups != 1 {
                Some("CMSIS-NN 4.0.0 has no grouped convolution")
            } else if is_matrix_product(conv) && (pads.right > 0 || pads.bottom > 0) {
                Some("CMSIS-NN 4.0.0 overlooks the padding of a 1x1 filter if it is at the bottom or right only")
            } else {
                None
            }
        }
        Kernel::Depthwise(depthwise) if is_3x3(depthwise) && depthwise.window.pads.right > 1 => {
            Some("CMSIS-NN 4.0.0 reads beyond rows that a 3x3 filter pads by more than a pixel on the right")
        }
        Kernel::FullyConnected(dense) if dense.filter_zero != 0 => {
            Some("CMSIS-NN 4.0.0 takes filters of a fully connected layer with zero point 0 only")
        }
        Kernel::FullyConnected(dense) if dense.requants.iter().any(|r| *r != dense.requants[0]) => {
            Some("CMSIS-NN 4.0.0 takes filters of a fully connected layer with one scale only")
        }
        Kernel::AveragePool(_) | Kernel::MaxPool(_) if network.tensor(op.inputs[0]).dtype != DType::I8 => {
            Some("CMSIS-NN 4.0.0 pools int8 only")
        }
        _ => None,
    }
}

/// The condition of `arm_depthwise_conv_wrapper_s8` for its 3x3 kernel.
fn is_3x3(depthwise: &kernel::Depthwise) -> bool {
    let kernel::Depthwise { filter, multiplier, window, .. } = depthwise;
    let pads = window.pads;
    *multiplier == 1 && is_dense(window) && filter.w == 3 && filter.h == 3 && pads.left <= 1 && pads.top <= 1
}
