//! `tinyengine`: one C file per network that calls kernels with constant parameters, and an arena planned ahead.
//!
//! The plan is decided first ([`Plan`]), [`view`] names its parts as C does, templates print them.

mod call;
mod sources;
mod view;

use minijinja::{Environment, UndefinedBehavior};

use self::view::View;
use super::interface::{Compiled, Engine, EngineError, Source, StepInfo};
use super::kernel::Kernel;
use super::passes;
use super::plan::Plan;
use super::prune;
use crate::network::Network;

pub struct TinyEngine;

/// Template and the file it prints.
const TEMPLATES: [(&str, &str, &str); 3] = [
    ("network.h.j2", include_str!("../../../firmware/templates/network.h.j2"), "network.h"),
    ("network_data.h.j2", include_str!("../../../firmware/templates/network_data.h.j2"), "network_data.h"),
    ("network.c.j2", include_str!("../../../firmware/templates/network.c.j2"), "network.c"),
];

impl Engine for TinyEngine {
    fn name(&self) -> &'static str {
        "tinyengine"
    }

    fn plan(&self, network: &Network) -> Result<Plan, EngineError> {
        Ok(Plan::new(&rewritten(network))?)
    }

    fn compile(&self, network: &Network) -> Result<Compiled, EngineError> {
        let network = &rewritten(network);
        let plan = Plan::new(network)?;
        let view = View::new(network, &plan)?;
        let mut sources = Vec::new();
        for (template, text, path) in TEMPLATES {
            let text = render(template, text, &view)?;
            sources.push(Source { path: path.into(), text, shared: false });
        }
        sources.extend(sources::kernels());
        let live = plan.live_bytes(network)?;
        let computing = plan.steps.iter().filter(|step| step.kernel != Kernel::Alias);
        let steps = computing.map(|step| StepInfo {
            op: step.origin,
            kernel: step.kernel.name(),
            macs: network.op_macs(&network.ops[step.op]),
            live_bytes: live[step.op],
        });
        Ok(Compiled {
            steps: steps.collect(),
            sources,
            input_bytes: network.tensor(network.inputs[0]).bytes(),
            output_bytes: network.tensor(network.outputs[0]).bytes(),
            plan,
        })
    }
}

/// The network that is planned and printed.
fn rewritten(network: &Network) -> Network {
    prune::drop_constant_channels(&passes::widen_single_channels(&passes::fold_pads(network)))
}

fn render(template: &'static str, text: &str, view: &View) -> Result<String, EngineError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_keep_trailing_newline(true);
    // `{:#}` would print the template's source, which no user can act upon.
    let fail = |e: minijinja::Error| EngineError::Template { template, message: e.to_string() };
    environment.render_named_str(template, text, view).map_err(fail)
}
