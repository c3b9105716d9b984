//! `cmsis-nn`: Arm's library, called by a driver of our own, as a yardstick.
//!
//! Every convolution, depthwise convolution, fully connected layer and pool goes through the library's functions that
//! choose among its kernels themselves; other operators are the kernels of `tinyengine`, so that they cancel out in a
//! comparison. Tensors and scratch buffers share one arena, planned as for `tinyengine`.

mod check;
mod library;
mod scratch;

use std::path::Path;

use super::fetch::Store;
use super::interface::{Compiled, Engine, EngineError};
use super::kernel::Kernel;
use super::plan::Plan;
use super::tinyengine::{Dialect, print};
use super::{arena, passes};
use crate::network::Network;

pub use scratch::scratch_bytes;

/// CMSIS-NN 4.0.0 of November 2022.
pub struct CmsisNn {
    store: Store,
}

impl CmsisNn {
    /// What reports call it.
    pub const TITLE: &'static str = library::WHEEL.title;

    /// The engine; its sources are taken from `store`, and fetched when a network is compiled first.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// The same with the store in the harness's cache folder.
    pub fn in_cache(cache: &Path) -> Self {
        Self::new(Store::new(cache))
    }
}

const DIALECT: Dialect =
    Dialect { headers: &["hil_kernels.h", "hil_sum.h", "hil_cmsis_nn.h"], template: template_of, split_requants: true };

/// The template of kernels that are the library's.
fn template_of(kernel: &Kernel) -> Option<&'static str> {
    match kernel {
        Kernel::Conv1x1(_)
        | Kernel::Conv(_)
        | Kernel::Depthwise(_)
        | Kernel::FullyConnected(_)
        | Kernel::AveragePool(_)
        | Kernel::MaxPool(_) => Some("cmsis_nn_call.j2"),
        _ => None,
    }
}

/// The network as it is compiled, and its plan. PADs are folded unless the library cannot take the padding that results.
fn planned(network: &Network) -> Result<(Network, Plan), EngineError> {
    let network = &passes::adjoin_reductions(network);
    let folded = passes::fold_pads(network);
    match plan(&folded) {
        Err(EngineError::Operator { .. }) if folded.ops.len() < network.ops.len() => {
            Ok((network.clone(), plan(network)?))
        }
        plan => Ok((folded, plan?)),
    }
}

fn plan(network: &Network) -> Result<Plan, EngineError> {
    let plan = Plan::general(network, arena::DEFAULT_ALIGNMENT, |op, kernel| {
        scratch_bytes(kernel, network.tensor(op.inputs[0]).shape.last().copied().unwrap_or(0))
    })?;
    check::check(network, &plan)?;
    Ok(plan)
}

impl Engine for CmsisNn {
    fn name(&self) -> &'static str {
        "cmsis-nn"
    }

    fn title(&self) -> String {
        Self::TITLE.into()
    }

    fn plan(&self, network: &Network) -> Result<Plan, EngineError> {
        Ok(planned(network)?.1)
    }

    fn compile(&self, network: &Network) -> Result<Compiled, EngineError> {
        let (network, plan) = planned(network)?;
        print(self.name(), &network, plan, DIALECT, library::sources(&self.store)?)
    }
}
