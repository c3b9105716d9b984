//! `tinyengine`: one C file per network that calls kernels with constant parameters, and an arena planned ahead.
//!
//! The plan is decided first ([`Plan`]), [`view`] names its parts as C does, templates print them.

mod call;
mod sources;
mod stage;
mod view;

use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

pub(super) use self::sources::kernels;
use self::view::View;
pub(super) use self::view::{Border, Dialect, border, printable};
use super::arena::DEFAULT_ALIGNMENT;
use super::candidate::{self, KernelChoice};
use super::crop;
use super::goal::Goal;
use super::grouped;
use super::interface::{BuildNeeds, Compiled, Constants, Engine, EngineError, Source, Table};
use super::map::ArenaMap;
use super::offer::{Offer, Optimisations};
use super::pack::Form;
use super::passes;
use super::patch::Cut;
use super::plan::Plan;
use super::prune;
use super::tabulate;
use super::tuning::{self, Timings, Trial};
use crate::board::Board;
use crate::network::Network;

/// `tinyengine` for least latency; see [`super::Prefer::Latency`].
pub struct TinyEngine;

/// `tinyengine` with a goal of the user's.
#[derive(Debug, Clone, Copy)]
pub struct Tailored(pub Goal);

impl Engine for Tailored {
    fn name(&self) -> &'static str {
        TinyEngine.name()
    }

    fn title(&self) -> String {
        let Goal { prefer, budget, .. } = self.0;
        let limit = |name: &str, bytes: Option<usize>| bytes.map_or(String::new(), |b| format!(", {name} {b}"));
        let limits = limit("SRAM", budget.sram) + &limit("flash", budget.flash);
        format!("{} for least {}{limits}", self.name(), prefer.name())
    }

    fn plan(&self, network: &Network) -> Result<Plan, EngineError> {
        Ok(self.0.plan(&optimised(network, self.0.optimisations))?)
    }

    fn compile(&self, network: &Network) -> Result<Compiled, EngineError> {
        let network = &optimised(network, self.0.optimisations);
        print(self.name(), network, self.0.plan(network)?, view::OURS, sources::kernels())
    }

    fn compile_for(&self, network: &Network, board: &Board) -> Result<Compiled, EngineError> {
        Self(self.0.on(board)).compile(network)
    }
}

impl Tailored {
    /// What the arena of its plan holds when.
    pub fn arena_map(&self, network: &Network) -> Result<ArenaMap, EngineError> {
        let network = &optimised(network, self.0.optimisations);
        Ok(ArenaMap::of(network, &self.0.plan(network)?, self.0.optimisations)?)
    }
}

/// [`Tailored`] with kernels chosen by what they took on a unit.
#[derive(Debug, Clone)]
pub struct Tuned {
    pub goal: Goal,
    pub timings: Timings,
}

impl Tuned {
    /// The images that time the candidates of `network`, in order; see [`Trial`].
    pub fn trials(&self, network: &Network) -> Result<Vec<Trial>, EngineError> {
        Ok(tuning::trials(&rewritten(network), &Offer::tuned(&self.goal, &self.timings), &self.timings)?)
    }

    /// The image of a trial.
    pub fn compile_trial(&self, network: &Network, trial: &Trial) -> Result<Compiled, EngineError> {
        let network = &rewritten(network);
        let plan = Plan::with(network, trial.kernels.clone(), DEFAULT_ALIGNMENT)?;
        print(self.name(), network, plan, view::OURS, sources::kernels())
    }
}

impl Engine for Tuned {
    fn name(&self) -> &'static str {
        TinyEngine.name()
    }

    fn title(&self) -> String {
        format!("{}, tuned", Tailored(self.goal).title())
    }

    fn plan(&self, network: &Network) -> Result<Plan, EngineError> {
        let network = &rewritten(network);
        Ok(self.goal.plan_from(network, &Offer::tuned(&self.goal, &self.timings))?)
    }

    fn compile(&self, network: &Network) -> Result<Compiled, EngineError> {
        print(self.name(), &rewritten(network), self.plan(network)?, view::OURS, sources::kernels())
    }

    fn compile_for(&self, network: &Network, board: &Board) -> Result<Compiled, EngineError> {
        Self { goal: self.goal.on(board), timings: self.timings.clone() }.compile(network)
    }
}

impl TinyEngine {
    /// Compiles `network` with stages of the caller's choice; operators are numbered as in the rewritten network.
    pub fn compile_cut(&self, network: &Network, cuts: &[Cut]) -> Result<Compiled, EngineError> {
        let network = &rewritten(network);
        print(self.name(), network, Plan::cut(network, cuts)?, view::OURS, sources::kernels())
    }
}

/// Bytes of code that a step by minimal filtering takes beyond what other steps do: its transforms are specialised.
const TILED_STEP_BYTES: usize = 2560;

/// Template and the file it prints.
const TEMPLATES: [(&str, &str); 3] =
    [("network.h.j2", "network.h"), ("network_data.h.j2", "network_data.h"), ("network.c.j2", "network.c")];

macro_rules! texts {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../firmware/templates/", $name)))),*]
    };
}

/// Templates of all engines, which may include one another.
const TEXTS: &[(&str, &str)] = texts![
    "network.h.j2",
    "network_data.h.j2",
    "network.c.j2",
    "cmsis_nn_call.j2",
    "cmsis_nn_requants.j2",
    "tflm_model.h.j2",
    "tflm_model.c.j2",
    "tflm_network.cc.j2",
    "tflm_user_network.cc.j2",
];

impl TinyEngine {
    /// Compiles `network` with the candidate that `index_of` picks for each operator, given its index in the rewritten
    /// network and its candidates.
    pub fn compile_with(
        &self,
        network: &Network,
        index_of: impl Fn(usize, &[KernelChoice]) -> usize,
    ) -> Result<Compiled, EngineError> {
        let network = &rewritten(network);
        let plan = Plan::with(network, candidate::pick(network, index_of)?, DEFAULT_ALIGNMENT)?;
        print(self.name(), network, plan, view::OURS, sources::kernels())
    }
}

impl Engine for TinyEngine {
    fn name(&self) -> &'static str {
        "tinyengine"
    }

    fn plan(&self, network: &Network) -> Result<Plan, EngineError> {
        Tailored(Goal::default()).plan(network)
    }

    fn compile(&self, network: &Network) -> Result<Compiled, EngineError> {
        Tailored(Goal::default()).compile(network)
    }

    fn compile_for(&self, network: &Network, board: &Board) -> Result<Compiled, EngineError> {
        Tailored(Goal::default()).compile_for(network, board)
    }
}

/// Prints `plan` of `network` as C that calls `kernels`, for the engine of that name.
pub(super) fn print(
    engine: &'static str,
    network: &Network,
    plan: Plan,
    dialect: Dialect,
    kernels: impl IntoIterator<Item = Source>,
) -> Result<Compiled, EngineError> {
    let network = &*plan.planned(network);
    let view = View::new(network, &plan, dialect)?;
    let mut sources = Vec::new();
    for (template, path) in TEMPLATES {
        sources.push(Source { path: path.into(), text: render(template, &view)?, shared: false });
    }
    sources.extend(kernels);
    Ok(Compiled {
        steps: stage::infos(network, &plan),
        timed: stage::timed(&plan),
        sources,
        input_bytes: network.tensor(network.inputs[0]).bytes(),
        output_bytes: network.tensor(network.outputs[0]).bytes(),
        needs: BuildNeeds { code_bytes: TILED_STEP_BYTES * tiled(&plan), ..BuildNeeds::default() },
        plan,
        engine,
        arena_is_trial: false,
        interpreter_bytes: 0,
        constants: Constants::Arrays(&TABLES),
    })
}

/// Arrays in `network_data.h.j2` and `cmsis_nn_requants.j2` that hold more than weights.
const TABLES: [Table; 5] = [
    Table { prefix: "requant_", entry_bytes: 8, weight_bytes: 0 },
    Table { prefix: "multiplier_", entry_bytes: 4, weight_bytes: 0 },
    Table { prefix: "shift_", entry_bytes: 4, weight_bytes: 0 },
    // A bias, a multiplier and a shift.
    Table { prefix: "channels_", entry_bytes: 12, weight_bytes: 4 },
    Table { prefix: "small_channels_", entry_bytes: 7, weight_bytes: 3 },
];

/// Steps by minimal filtering.
fn tiled(plan: &Plan) -> usize {
    plan.steps.iter().filter(|s| s.kernel.packed().is_some_and(|packed| packed.form == Form::Winograd)).count()
}

/// The network that is planned and printed.
fn rewritten(network: &Network) -> Network {
    optimised(network, Optimisations::default())
}

/// The same with those rewrites alone.
fn optimised(network: &Network, optimisations: Optimisations) -> Network {
    let network = passes::drop_identities(network);
    let network = if optimisations.padding { crop::crop_filters(&passes::fold_pads(&network)) } else { network };
    let network = tabulate::tabulate(&passes::adjoin_reductions(&network));
    let network = passes::widen_single_channels(&grouped::narrow_groups(&network));
    if optimisations.pruning { prune::drop_constant_channels(&network) } else { network }
}

/// Prints `view` by the template of that name.
pub(super) fn render(template: &'static str, view: &impl Serialize) -> Result<String, EngineError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_keep_trailing_newline(true);
    // `{:#}` would print the template's source, which no user can act upon.
    let fail = |e: minijinja::Error| EngineError::Template { template, message: e.to_string() };
    for (name, text) in TEXTS {
        environment.add_template(name, text).map_err(fail)?;
    }
    environment.get_template(template).and_then(|found| found.render(view)).map_err(fail)
}
