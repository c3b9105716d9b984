//! A network for TFLM in the words of the C++ templates.

use serde::Serialize;

use super::super::interface::{EngineError, Source, StepInfo};
use super::super::tinyengine::{Border, border, printable, render};
use super::Prepared;
use super::arena::{SIZES, Sizes};
use super::registry::{Kernel, Version};
use crate::network::Network;

/// Bytes per line of the model.
const PER_LINE: usize = 32;

/// Template and the file it prints.
const TEMPLATES: [(&str, &str); 3] =
    [("network.h.j2", "network.h"), ("tflm_model.h.j2", "network_model.h"), ("tflm_model.c.j2", "network_model.c")];

#[derive(Serialize)]
struct View {
    name: String,
    arena_bytes: usize,
    weights_bytes: usize,
    table_bytes: usize,
    flash_bytes: usize,
    macs: u64,
    input: Border,
    output: Border,
    steps: Vec<StepView>,
    /// Kernels to be registered, each once.
    kinds: Vec<&'static str>,
    sizes: Sizes,
    /// The file, as numbers.
    model: Vec<String>,
}

#[derive(Serialize)]
struct StepView {
    origin: usize,
    kernel: &'static str,
}

/// The generated files.
pub(super) fn print(
    version: Version,
    network: &Network,
    prepared: &Prepared,
    steps: &[StepInfo],
) -> Result<Vec<Source>, EngineError> {
    let (glue, name): (_, fn(&Kernel) -> &'static str) = match version {
        Version::July2020 => ("tflm_network.cc.j2", |kernel| kernel.kind),
        Version::Later => ("tflm_user_network.cc.j2", |kernel| kernel.later),
    };
    let ([input], [output]) = (network.inputs.as_slice(), network.outputs.as_slice()) else {
        return Err(EngineError::Borders {
            network: network.name.clone(),
            inputs: network.inputs.len(),
            outputs: network.outputs.len(),
        });
    };
    let mut kinds: Vec<&str> = prepared.kernels.iter().map(|kernel| name(kernel)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let line = |bytes: &[u8]| bytes.iter().map(|byte| byte.to_string()).collect::<Vec<_>>().join(",");
    let view = View {
        name: printable(&network.name),
        arena_bytes: prepared.arena.bytes,
        weights_bytes: prepared.bytes.len(),
        table_bytes: 0,
        flash_bytes: prepared.bytes.len(),
        macs: network.macs(),
        input: border(network.tensor(*input), None),
        output: border(network.tensor(*output), None),
        steps: steps.iter().map(|step| StepView { origin: step.op, kernel: step.kernel }).collect(),
        kinds,
        sizes: SIZES,
        model: prepared.bytes.chunks(PER_LINE).map(line).collect(),
    };
    let print = |(template, path): (&'static str, &str)| {
        Ok(Source { path: path.into(), text: render(template, &view)?, shared: false })
    };
    TEMPLATES.into_iter().chain([(glue, "network.cc")]).map(print).collect()
}
