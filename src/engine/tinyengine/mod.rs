//! `tinyengine`: one C file per network that calls kernels with constant parameters, and an arena planned ahead.
//!
//! The plan is decided first ([`Plan`]), [`view`] names its parts as C does, templates print them.

mod call;
mod sources;
mod view;

use minijinja::{Environment, UndefinedBehavior};

pub(super) use self::sources::kernels;
pub(super) use self::view::Dialect;
use self::view::View;
use super::interface::{Compiled, Engine, EngineError, Source, StepInfo};
use super::kernel::Kernel;
use super::passes;
use super::plan::Plan;
use crate::network::Network;

pub struct TinyEngine;

/// Template and the file it prints.
const TEMPLATES: [(&str, &str, &str); 3] = [
    ("network.h.j2", include_str!("../../../firmware/templates/network.h.j2"), "network.h"),
    ("network_data.h.j2", include_str!("../../../firmware/templates/network_data.h.j2"), "network_data.h"),
    ("network.c.j2", include_str!("../../../firmware/templates/network.c.j2"), "network.c"),
];

/// Templates that others include.
const PARTS: [(&str, &str); 2] = [
    ("cmsis_nn_call.j2", include_str!("../../../firmware/templates/cmsis_nn_call.j2")),
    ("cmsis_nn_requants.j2", include_str!("../../../firmware/templates/cmsis_nn_requants.j2")),
];

impl Engine for TinyEngine {
    fn name(&self) -> &'static str {
        "tinyengine"
    }

    fn plan(&self, network: &Network) -> Result<Plan, EngineError> {
        Ok(Plan::new(&passes::fold_pads(network))?)
    }

    fn compile(&self, network: &Network) -> Result<Compiled, EngineError> {
        let network = &passes::fold_pads(network);
        print(network, Plan::new(network)?, view::OURS, sources::kernels())
    }
}

/// Prints `plan` of `network` as C that calls `kernels`.
pub(super) fn print(
    network: &Network,
    plan: Plan,
    dialect: Dialect,
    kernels: impl IntoIterator<Item = Source>,
) -> Result<Compiled, EngineError> {
    let view = View::new(network, &plan, dialect)?;
    let mut sources = Vec::new();
    for (template, _, path) in TEMPLATES {
        sources.push(Source { path: path.into(), text: render(template, &view)?, shared: false });
    }
    sources.extend(kernels);
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

fn render(template: &'static str, view: &View) -> Result<String, EngineError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_keep_trailing_newline(true);
    // `{:#}` would print the template's source, which no user can act upon.
    let fail = |e: minijinja::Error| EngineError::Template { template, message: e.to_string() };
    for (name, text) in TEMPLATES.map(|(name, text, _)| (name, text)).into_iter().chain(PARTS) {
        environment.add_template(name, text).map_err(fail)?;
    }
    environment.get_template(template).and_then(|found| found.render(view)).map_err(fail)
}
