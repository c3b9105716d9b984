//! A scenario's search, from its space to networks that are ready for use.
//!
//! All that it makes lies in one folder. A search that was killed goes on: the supernet has a checkpoint, rounds are runs
//! with journals, and everything else is drawn from the seed anew.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::bench::Runs;
use super::error::SearchError;
use super::evolution;
use super::measured::{Evaluator, Found, Outcome, Problem, Round, Settings, Target, search};
use super::selection::{self, Allowance, Distribution, SelectionError, choose, distributions};
use crate::board::Board;
use crate::cost_model::{DataSet, Facts};
use crate::engine::{Engine, Sizer, TinyEngine};
use crate::firmware::{reserved, write_project};
use crate::network::space::{Configuration, Ratio, Space, SpaceError, Subnet, shipped};
use crate::network::tflite;
use crate::rack::{Cancel, Rack};
use crate::results::{StoredRun, write_file};
use crate::run::{Event, Toolchain};
use crate::scenario::{Scenario, Search};
use crate::train::TrainError;
use crate::train::calibrate::Calibration;
use crate::train::cpu::Cpu;
use crate::train::data::features::Kind;
use crate::train::data::{self, Augmentation, DataError, Preparation, SetName};
use crate::train::recipe::Recipe;
use crate::train::session::Family;
use crate::train::supernet::{Budget, School, Supernet};

/// Why a search came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    #[error(transparent)]
    Search(#[from] SearchError),
    #[error(transparent)]
    Space(#[from] SpaceError),
    #[error(transparent)]
    Train(#[from] TrainError),
    #[error(transparent)]
    Data(#[from] DataError),
    /// What the scenario asks for cannot be had.
    #[error("search: {0}")]
    Asked(String),
    #[error("{}: {problem}", path.display())]
    File { path: PathBuf, problem: String },
}

impl From<SelectionError> for CampaignError {
    fn from(error: SelectionError) -> Self {
        match error {
            SelectionError::Space(error) => Self::Space(error),
            SelectionError::Plan(error) => Self::Search(error.into()),
        }
    }
}

/// What a search is carried out with.
pub struct Order<'a> {
    pub scenario: &'a Scenario,
    pub search: &'a Search,
    /// The folder of the scenario, which paths in it are relative to.
    pub base: &'a Path,
    /// Where everything that it makes lies.
    pub folder: &'a Path,
    pub tools: &'a dyn Toolchain,
    pub rack: &'a Rack,
    pub jobs: usize,
    pub cancel: Cancel,
    pub command: Vec<String>,
}

/// What happens while a search goes on.
pub enum News<'a> {
    /// Configurations that stage 1 has drawn of, of how many.
    Selecting {
        done: usize,
        of: usize,
    },
    Chosen(&'a Configuration),
    /// Steps of a training, of how many.
    Training {
        what: &'a str,
        done: usize,
        of: usize,
    },
    Round(&'a Round),
    Run(Event<'a>),
}

/// A network that was chosen, trained on and measured.
#[derive(Debug, Clone, Serialize)]
pub struct Chosen {
    pub network: String,
    pub subnet: Subnet,
    /// Share of the test set, by the reference interpreter on the int8 network.
    pub accuracy: f64,
    /// The same in single precision.
    pub float_accuracy: f64,
    pub arena_bytes: usize,
    pub flash_bytes: usize,
    /// The exported network, relative to the search's folder.
    pub model: PathBuf,
    /// The folder of its C code, relative to the search's folder.
    pub code: Vec<PathBuf>,
}

/// What a search came to.
pub struct Report {
    pub space: String,
    pub configuration: Configuration,
    /// Empty where the scenario names the configuration.
    pub distributions: Vec<Distribution>,
    pub outcome: Outcome,
    pub chosen: Vec<Chosen>,
    /// The run in which the chosen networks were measured.
    pub last: StoredRun,
}

/// The space that `name` names: one that ships, or a file.
pub fn space(name: &str, base: &Path) -> Result<Space, CampaignError> {
    if !name.ends_with(".yaml") {
        return Ok(shipped(name)?);
    }
    let path = base.join(name);
    let text = std::fs::read_to_string(&path)
        .map_err(|e| CampaignError::File { path: path.clone(), problem: e.to_string() })?;
    Ok(Space::parse(&path.display().to_string(), &text)?)
}

/// What a network of `space` may take of `board`, under the scenario's constraints.
pub fn target(scenario: &Scenario, search: &Search, space: &Space, board: &Board) -> Result<Target, CampaignError> {
    let constraints = &scenario.constraints;
    let steps = match space.configurations().first() {
        Some(configuration) => space.float(&space.largest(*configuration))?.ops.len(),
        None => 0,
    };
    let ours = reserved(steps);
    let most = |limit: Option<u64>, has: u32, reserved: usize| {
        let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        limit.min(has as usize).saturating_sub(reserved)
    };
    let allowance = Allowance {
        arena_bytes: most(constraints.max_sram_bytes, board.ram().1, ours.sram),
        flash_bytes: most(constraints.max_flash_bytes, board.flash_bytes(), ours.flash),
        max_macs: search.max_macs,
    };
    let (max_latency_ms, max_energy_uj) = (constraints.max_latency_ms, constraints.max_energy_uj);
    Ok(Target { facts: Facts::of(board), allowance, max_latency_ms, max_energy_uj })
}

/// The configuration that the scenario names, or that stage 1 chooses.
pub fn configuration(
    search: &Search,
    space: &Space,
    targets: &[Target],
    tell: &(dyn Fn(News<'_>) + Sync),
) -> Result<(Configuration, Vec<Distribution>), CampaignError> {
    let all = space.configurations();
    if let (Some(width), Some(size)) = (search.width.and_then(Ratio::new), search.size) {
        let named = all.iter().find(|c| c.width == width && c.size.h == size as usize);
        let known: Vec<String> = all.iter().map(ToString::to_string).collect();
        let missing = || {
            let (space, known) = (&space.name, known.join(", "));
            CampaignError::Asked(format!("space `{space}` has no width {width} with size {size} (known: {known})"))
        };
        return named.map(|c| (*c, Vec::new())).ok_or_else(missing);
    }
    let least = |of: fn(&Allowance) -> usize| targets.iter().map(|t| of(&t.allowance)).min().unwrap_or(usize::MAX);
    let allowance = Allowance {
        arena_bytes: least(|a| a.arena_bytes),
        flash_bytes: least(|a| a.flash_bytes),
        max_macs: search.max_macs,
    };
    let settings =
        selection::Settings { samples: search.samples as usize, seed: search.seed, ..selection::Settings::default() };
    let of = all.len();
    let found = distributions(space, allowance, settings, &|done| tell(News::Selecting { done, of }))?;
    let chosen = choose(&found, settings.least_share).map(|distribution| distribution.configuration);
    let nothing = || SearchError::Nothing { space: space.name.clone(), configuration: "all configurations".into() };
    Ok((chosen.ok_or_else(nothing)?, found))
}

/// A supernet as a judge of accuracy.
struct Taught<'a>(&'a Supernet<'a>);

impl Evaluator for Taught<'_> {
    fn accuracy(&mut self, subnets: &[Subnet]) -> Result<Vec<f64>, SearchError> {
        let one = |subnet: &Subnet| {
            let accuracy = self.0.accuracy(subnet).map_err(|e| SearchError::Accuracy(e.to_string()))?;
            accuracy.share().ok_or_else(|| SearchError::Accuracy("there are no validation samples".into()))
        };
        subnets.iter().map(one).collect()
    }
}

/// Carries a search through.
pub fn run(order: &Order<'_>, tell: &(dyn Fn(News<'_>) + Sync)) -> Result<Report, CampaignError> {
    let Order { scenario, search: asked, folder, .. } = order;
    let boards = scenario.boards.iter().map(|name| Board::shipped(name)).collect::<Result<Vec<_>, _>>();
    let boards = boards.map_err(|e| CampaignError::Asked(e.to_string()))?;
    let mut space = space(&asked.space, order.base)?;
    let set: SetName = serde_json::from_value(asked.data.set.clone().into())
        .map_err(|e| CampaignError::Asked(format!("data: {e}")))?;
    let source = data::Source { path: asked.data.path.clone(), ..data::Source::usual(set) };
    let data = source.open(order.base)?;
    space.classes = data.classes.len();
    let targets: Vec<Target> =
        boards.iter().map(|board| target(scenario, asked, &space, board)).collect::<Result<_, _>>()?;
    let (configuration, distributions) = configuration(asked, &space, &targets, tell)?;
    tell(News::Chosen(&configuration));

    let size = configuration.size;
    let augmentation = Augmentation::default();
    let preparation =
        Preparation::new(&data.training, [size.h, size.w, size.c], space.input.range, Kind::default(), augmentation)?;
    // Thousands of subnets are examined, each for a moment; the test set decides at the end.
    let budget = Budget { calibration: 256, validation: 600, ..Budget::default() };
    let range = space.input.range;
    let school = School::new(&Cpu, &data, &preparation, range, Calibration::default(), budget)?;
    let watch = |what: &'static str| {
        move |progress: crate::train::session::Progress<'_>| {
            tell(News::Training { what, done: progress.done, of: progress.total });
            if order.cancel.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    };
    let recipe = Recipe { seed: asked.seed, ..Recipe::supernet(asked.epochs) };
    let family = Family { space: space.clone(), configuration };
    let checkpoint = folder.join("supernet.checkpoint");
    let supernet = school.supernet(family, &recipe, Some(&checkpoint), &mut watch("supernet"))?;

    let tell_run = |event: Event<'_>| tell(News::Run(event));
    let mut runs = Runs {
        folder,
        space: &space,
        scenario,
        boards: &boards,
        tools: order.tools,
        rack: order.rack,
        jobs: order.jobs,
        cancel: order.cancel.clone(),
        command: order.command.clone(),
        sizer: Sizer::new(),
        seed: asked.seed,
        tell: &tell_run,
    };
    let problem = Problem { space: &space, configuration, targets: &targets };
    let outcome = search(
        problem,
        settings(asked),
        &DataSet::new(Vec::new(), Vec::new()),
        &mut Taught(&supernet),
        &mut runs,
        &|round| tell(News::Round(round)),
    )?;
    let (mut chosen, mut files) = (Vec::new(), Vec::new());
    for found in outcome.front().into_iter().take(asked.chosen as usize) {
        let (network, path) = finish(order, &supernet, found, &boards, &mut watch("chosen network"))?;
        files.push((network.network.clone(), path));
        chosen.push(network);
    }
    let last = runs.run("chosen", &files)?;
    let report = Report { space: space.name.clone(), configuration, distributions, outcome, chosen, last };
    Ok(report)
}

fn settings(asked: &Search) -> Settings {
    Settings {
        evolution: evolution::Settings {
            population: asked.population as usize,
            generations: asked.generations as usize,
            parents: (asked.population as usize / 5).max(2),
            seed: asked.seed,
            ..evolution::Settings::default()
        },
        budget: asked.measurements as usize,
        first: asked.first as usize,
        batch: asked.batch as usize,
        ..Settings::default()
    }
}

/// Trains a network on, exports it, and writes its C code for every board.
fn finish(
    order: &Order<'_>,
    supernet: &Supernet<'_>,
    found: &Found,
    boards: &[Board],
    watch: &mut crate::train::session::Watch<'_>,
) -> Result<(Chosen, PathBuf), CampaignError> {
    let id = found.subnet.id();
    let relative = PathBuf::from("chosen-networks");
    let folder = order.folder.join(&relative);
    let fail = |path: &Path, problem: String| CampaignError::File { path: path.into(), problem };
    std::fs::create_dir_all(&folder).map_err(|e| fail(&folder, e.to_string()))?;
    let checkpoint = folder.join(format!("{id}.checkpoint"));
    let recipe = Recipe { seed: order.search.seed, ..Recipe::fine(order.search.fine_tuning) };
    let graduate = supernet.tune(&found.subnet, &recipe, Some(&checkpoint), watch)?;
    let file = format!("{id}.tflite");
    let path = folder.join(&file);
    let bytes = tflite::export(&graduate.int8).map_err(|e| fail(&path, e.to_string()))?;
    write_file(&path, &bytes).map_err(|e| fail(&path, e.to_string()))?;
    let compiled = TinyEngine.compile(&graduate.int8).map_err(|e| fail(&path, e.to_string()))?;
    let mut code = Vec::new();
    for board in boards {
        let to = relative.join(format!("{id}-{}", board.name));
        let out = order.folder.join(&to);
        write_project(&compiled, board, None, &out).map_err(|e| fail(&out, e.to_string()))?;
        code.push(to);
    }
    let share = |accuracy: crate::train::accuracy::Accuracy| accuracy.share().unwrap_or(0.0);
    let chosen = Chosen {
        network: id,
        subnet: found.subnet.clone(),
        accuracy: share(graduate.test_int8),
        float_accuracy: share(graduate.test_float),
        arena_bytes: compiled.plan.arena_bytes,
        flash_bytes: compiled.plan.flash_bytes(),
        model: relative.join(file),
        code,
    };
    Ok((chosen, path))
}
