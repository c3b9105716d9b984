//! A scenario's search, from its space to networks that are ready for use.
//!
//! All that it makes lies in one folder. A search that was killed goes on: the supernet has a checkpoint, rounds are runs
//! with journals, and everything else is drawn from the seed anew.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::bench::Runs;
use super::compared::{self, Compared, Standing};
use super::error::SearchError;
use super::evolution;
use super::measured::{Evaluator, Found, Outcome, Problem, Round, Settings, Target, search};
use super::selection::{self, Allowance, Distribution, SelectionError, choose, distributions};
use super::taught::{Capacity, Taught};
use crate::board::Board;
use crate::cost_model::{DataSet, Facts};
use crate::engine::{Engine, Sizer, TinyEngine};
use crate::firmware::{reserved, write_project};
use crate::network::space::{Configuration, Ratio, Space, SpaceError, Subnet, shipped};
use crate::network::{Network, tflite};
use crate::rack::{Cancel, Rack};
use crate::results::{Measurement, write_file};
use crate::run::{Event, Toolchain};
use crate::scenario::{Constraints, Engine as ScenarioEngine, EngineName, Preference, Scenario, Search, Tailored};
use crate::train::TrainError;
use crate::train::accuracy::Accuracy;
use crate::train::calibrate::Calibration;
use crate::train::checkpoint::Point;
use crate::train::data::features::Kind;
use crate::train::data::{self, Augmentation, DataError, Preparation, SetName};
use crate::train::device::TrainerName;
use crate::train::recipe::Recipe;
use crate::train::session::{Family, Progress};
use crate::train::supernet::{Budget, Graduate, School};

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

impl CampaignError {
    /// Whether the user stopped it: what it came to is kept, and the same order goes on.
    pub fn is_interrupted(&self) -> bool {
        matches!(self, Self::Search(SearchError::Interrupted) | Self::Train(TrainError::Stopped { .. }))
    }
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
    /// Nothing can be learnt, and why: networks are compared by what they compute.
    NoData(&'a str),
    /// Steps of a training, or networks examined, of how many, and the part of the work that is done, 0 to 1.
    Training {
        what: &'a str,
        unit: &'a str,
        done: usize,
        of: usize,
        part: f64,
    },
    /// Root mean square error of predicted accuracies, as a share.
    Surrogate(f64),
    Round(&'a Round),
    /// A network has learnt on its own and is exported.
    Finished(&'a Chosen),
    Run(Event<'a>),
}

/// A network that was chosen, trained on and measured.
#[derive(Debug, Clone, Serialize)]
pub struct Chosen {
    pub network: String,
    /// None of a rival, which is of no space.
    pub subnet: Option<Subnet>,
    pub macs: u64,
    /// Share of the test set, by the reference interpreter on the int8 network; none where there is no data set.
    pub accuracy: Option<f64>,
    /// The same in single precision.
    pub float_accuracy: Option<f64>,
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
    pub seed: u64,
    /// Why nothing could be learnt, and what to do; then accuracies are shares of the largest network's
    /// multiply-accumulates.
    pub no_data: Option<String>,
    /// The learning curve of the supernet.
    pub curve: Vec<Point>,
    /// Root mean square error of the accuracies that evolution went by, as a share.
    pub surrogate_error: Option<f64>,
    pub outcome: Outcome,
    pub chosen: Vec<Chosen>,
    /// Scaled architectures of others, trained as long.
    pub rivals: Vec<Chosen>,
    pub compared: Vec<Compared>,
    /// The rows of the chosen networks and of the rivals.
    pub rows: Vec<Measurement>,
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
    let affordable = |distribution: &&Distribution| {
        let largest = space.float(&space.largest(distribution.configuration)).map_or(u64::MAX, |n| n.macs() as u64);
        search.max_training_macs.is_none_or(|most| largest <= most)
    };
    let open: Vec<Distribution> = found.iter().filter(affordable).cloned().collect();
    if open.is_empty() {
        let space = &space.name;
        let problem = format!("`max_training_macs` leaves no configuration of space `{space}`; raise it");
        return Err(CampaignError::Asked(problem));
    }
    let chosen = choose(&open, settings.least_share).map(|distribution| distribution.configuration);
    let nothing = || SearchError::Nothing { space: space.name.clone(), configuration: "all configurations".into() };
    Ok((chosen.ok_or_else(nothing)?, found))
}

/// Carries a search through.
pub fn run(order: &Order<'_>, tell: &(dyn Fn(News<'_>) + Sync)) -> Result<Report, CampaignError> {
    let Order { scenario, search: asked, .. } = order;
    let boards = scenario.boards.iter().map(|name| Board::shipped(name)).collect::<Result<Vec<_>, _>>();
    let boards = boards.map_err(|e| CampaignError::Asked(e.to_string()))?;
    let mut space = space(&asked.space, order.base)?;
    let set: SetName = serde_json::from_value(asked.data.set.clone().into())
        .map_err(|e| CampaignError::Asked(format!("data: {e}")))?;
    let source = data::Source { path: asked.data.path.clone(), ..data::Source::usual(set) };
    let (data, no_data) = match source.open(order.base) {
        Ok(data) => (Some(data), None),
        Err(missing) if missing.is_missing() => (None, Some(missing.to_string())),
        Err(error) => return Err(error.into()),
    };
    if let Some(data) = &data {
        space.classes = data.classes.len();
    }
    if let Some(why) = &no_data {
        tell(News::NoData(why));
    }
    let targets: Vec<Target> =
        boards.iter().map(|board| target(scenario, asked, &space, board)).collect::<Result<_, _>>()?;
    let (configuration, distributions) = configuration(asked, &space, &targets, tell)?;
    tell(News::Chosen(&configuration));
    let tell_run = |event: Event<'_>| tell(News::Run(event));
    let scenario = within(scenario);
    let campaign = Campaign { order, scenario, space, boards, targets, configuration, tell, tell_run: &tell_run };
    let made = match data {
        Some(data) => campaign.taught(&data)?,
        None => campaign.untaught()?,
    };
    let Made { curve, surrogate_error, outcome, chosen, rivals, rows } = made;
    let standings = |networks: &[Chosen]| -> Vec<Standing> {
        let of = |network: &Chosen| {
            let accuracy = network.accuracy?;
            let rows = rows.iter().filter(|row| row.network == network.network);
            Some(rows.filter_map(move |row| Standing::new(row, accuracy)).collect::<Vec<_>>())
        };
        networks.iter().filter_map(of).flatten().collect()
    };
    let compared = compared::compare(&standings(&chosen), standings(&rivals));
    let (space, seed) = (campaign.space.name.clone(), asked.seed);
    Ok(Report {
        space,
        configuration,
        distributions,
        seed,
        no_data,
        curve,
        surrogate_error,
        outcome,
        chosen,
        rivals,
        compared,
        rows,
    })
}

/// A search whose configuration is known.
struct Campaign<'a> {
    order: &'a Order<'a>,
    /// What networks are measured by.
    scenario: Scenario,
    space: Space,
    boards: Vec<Board>,
    targets: Vec<Target>,
    configuration: Configuration,
    tell: &'a (dyn Fn(News<'_>) + Sync),
    tell_run: &'a (dyn Fn(Event<'_>) + Sync),
}

/// What comes after stage 1.
struct Made {
    curve: Vec<Point>,
    surrogate_error: Option<f64>,
    outcome: Outcome,
    chosen: Vec<Chosen>,
    rivals: Vec<Chosen>,
    rows: Vec<Measurement>,
}

impl Campaign<'_> {
    /// With a data set: a supernet, the loop, and each chosen network on its own.
    fn taught(&self, data: &data::DataSet) -> Result<Made, CampaignError> {
        let (asked, size, range) = (self.order.search, self.configuration.size, self.space.input.range);
        let shape = [size.h, size.w, size.c];
        let preparation = Preparation::new(&data.training, shape, range, Kind::default(), Augmentation::default())?;
        // Many subnets are examined, each for a moment; the test set decides at the end.
        let budget = Budget { calibration: 256, validation: 1000, ..Budget::default() };
        let trainer = TrainerName::named(&asked.trainer)?.open()?;
        let school = School::new(trainer.as_ref(), data, &preparation, range, Calibration::default(), budget)?;
        let recipe = Recipe { seed: asked.seed, ..Recipe::supernet(asked.epochs) };
        let family = Family { space: self.space.clone(), configuration: self.configuration };
        let checkpoint = self.order.folder.join("supernet.checkpoint");
        let supernet = school.supernet(family, &recipe, Some(&checkpoint), &mut self.watch("supernet"))?;

        let of = asked.examined as usize;
        let known = supernet.survey(of, asked.seed, &mut |done| {
            self.heard("accuracy of subnets", "networks", done, of, done as f64 / of as f64)
        })?;
        let mut judge = Taught::new(&supernet, known);
        let surrogate_error = judge.error();
        if let Some(error) = surrogate_error {
            (self.tell)(News::Surrogate(error));
        }
        let outcome = self.look(&mut judge)?;

        let (mut chosen, mut files) = (Vec::new(), Vec::new());
        let best = spread(&outcome.front(), asked.chosen as usize);
        for (at, found) in best.iter().enumerate() {
            let what = format!("chosen network {} of {}", at + 1, best.len());
            let (subnet, recipe) = (&found.subnet, Recipe { seed: asked.seed, ..Recipe::fine(asked.fine_tuning) });
            let checkpoint = self.kept(&subnet.id())?;
            let graduate = supernet.tune(subnet, &recipe, Some(&checkpoint), &mut self.watch(&what))?;
            let network = self.finish(&subnet.id(), Some(subnet), &graduate.int8, Some(&graduate))?;
            files.push((network.network.clone(), self.order.folder.join(&network.model)));
            chosen.push(network);
        }
        let mut rows = self.runs().run("chosen", &files)?.rows;
        let rivals = self.rivals(&school, shape, data.classes.len(), &mut rows)?;
        Ok(Made { curve: supernet.curve.clone(), surrogate_error, outcome, chosen, rivals, rows })
    }

    /// Without one: networks that compute much are looked for, and come out with weights that mean nothing.
    fn untaught(&self) -> Result<Made, CampaignError> {
        let outcome = self.look(&mut Capacity::new(&self.space, self.configuration)?)?;
        let (mut chosen, mut files) = (Vec::new(), Vec::new());
        for found in spread(&outcome.front(), self.order.search.chosen as usize) {
            let int8 = self.space.network(&found.subnet, self.order.search.seed)?;
            let network = self.finish(&found.subnet.id(), Some(&found.subnet), &int8, None)?;
            files.push((network.network.clone(), self.order.folder.join(&network.model)));
            chosen.push(network);
        }
        let rows = self.runs().run("chosen", &files)?.rows;
        Ok(Made { curve: Vec::new(), surrogate_error: None, outcome, chosen, rivals: Vec::new(), rows })
    }

    /// The measured loop.
    fn look(&self, judge: &mut dyn Evaluator) -> Result<Outcome, CampaignError> {
        let problem = Problem { space: &self.space, configuration: self.configuration, targets: &self.targets };
        let nothing = DataSet::new(Vec::new(), Vec::new());
        let round = |round: &Round| (self.tell)(News::Round(round));
        Ok(search(problem, settings(self.order.search), &nothing, judge, &mut self.runs(), &round)?)
    }

    fn runs(&self) -> Runs<'_> {
        let order = self.order;
        Runs {
            folder: order.folder,
            space: &self.space,
            scenario: &self.scenario,
            boards: &self.boards,
            tools: order.tools,
            rack: order.rack,
            jobs: order.jobs,
            cancel: order.cancel.clone(),
            command: order.command.clone(),
            sizer: Sizer::new(),
            seed: order.search.seed,
            tell: self.tell_run,
        }
    }

    fn heard(&self, what: &str, unit: &str, done: usize, of: usize, part: f64) -> ControlFlow<()> {
        (self.tell)(News::Training { what, unit, done, of, part });
        if self.order.cancel.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn watch<'w>(&'w self, what: &'w str) -> impl FnMut(Progress<'_>) -> ControlFlow<()> + 'w {
        move |progress| self.heard(what, "steps", progress.done, progress.total, progress.part)
    }

    /// The checkpoint of a network that learns alone.
    fn kept(&self, network: &str) -> Result<PathBuf, CampaignError> {
        let folder = self.order.folder.join(CHOSEN);
        std::fs::create_dir_all(&folder).map_err(|e| failed(&folder, e))?;
        Ok(folder.join(format!("{network}.checkpoint")))
    }

    /// Trains the rivals from the start, as long as a chosen network has learnt in all, and measures them.
    fn rivals(
        &self,
        school: &School<'_>,
        shape: [usize; 3],
        classes: usize,
        rows: &mut Vec<Measurement>,
    ) -> Result<Vec<Chosen>, CampaignError> {
        let asked = self.order.search;
        let recipe = Recipe { seed: asked.seed, ..Recipe::alone(asked.epochs + asked.fine_tuning) };
        let fitting = compared::fitting(&asked.rivals, shape, classes, &self.targets);
        let (mut rivals, mut files) = (Vec::new(), Vec::new());
        for (rival, network) in fitting {
            let name = rival.name();
            let checkpoint = self.kept(&name)?;
            let graduate = school.teach(network, None, &recipe, Some(&checkpoint), &mut self.watch(&name))?;
            let finished = self.finish(&name, None, &graduate.int8, Some(&graduate))?;
            files.push((name, self.order.folder.join(&finished.model)));
            rivals.push(finished);
        }
        if !files.is_empty() {
            let scenario = self.rival_scenario();
            rows.extend(Runs { scenario: &scenario, ..self.runs() }.run("rivals", &files)?.rows);
        }
        Ok(rivals)
    }

    /// The scenario, with the engines that only rivals are measured with.
    fn rival_scenario(&self) -> Scenario {
        let mut scenario = self.scenario.clone();
        for name in &self.order.search.rival_engines {
            if !scenario.engines.iter().any(|engine| engine.name() == name.name()) {
                scenario.engines.push(ScenarioEngine::Named(*name));
            }
        }
        scenario
    }

    /// Exports a network and writes its C code for every board.
    fn finish(
        &self,
        name: &str,
        subnet: Option<&Subnet>,
        int8: &Network,
        learnt: Option<&Graduate>,
    ) -> Result<Chosen, CampaignError> {
        let relative = PathBuf::from(CHOSEN);
        let folder = self.order.folder.join(&relative);
        std::fs::create_dir_all(&folder).map_err(|e| failed(&folder, e))?;
        let file = format!("{name}.tflite");
        let path = folder.join(&file);
        let bytes = tflite::export(int8).map_err(|e| failed(&path, e))?;
        write_file(&path, &bytes).map_err(|e| failed(&path, e))?;
        let plan = TinyEngine.plan(int8).map_err(|e| failed(&path, e))?;
        let mut code = Vec::new();
        for board in &self.boards {
            let compiled = TinyEngine.compile_for(int8, board).map_err(|e| failed(&path, e))?;
            let to = relative.join(format!("{name}-{}", board.name));
            let out = self.order.folder.join(&to);
            write_project(&compiled, board, None, &out).map_err(|e| failed(&out, e))?;
            code.push(to);
        }
        let share = |of: fn(&Graduate) -> Accuracy| learnt.and_then(|graduate| of(graduate).share());
        let finished = Chosen {
            network: name.into(),
            subnet: subnet.cloned(),
            macs: int8.macs(),
            accuracy: share(|graduate| graduate.test_int8),
            float_accuracy: share(|graduate| graduate.test_float),
            arena_bytes: plan.arena_bytes,
            flash_bytes: plan.flash_bytes(),
            model: relative.join(file),
            code,
        };
        (self.tell)(News::Finished(&finished));
        Ok(finished)
    }
}

/// The folder of what is chosen, in the search's.
const CHOSEN: &str = "chosen-networks";

fn failed(path: &Path, problem: impl std::fmt::Display) -> CampaignError {
    CampaignError::File { path: path.into(), problem: problem.to_string() }
}

/// `scenario` with an engine that keeps to its constraints: left alone it takes all memory that makes a network faster.
fn within(scenario: &Scenario) -> Scenario {
    let mut within = scenario.clone();
    let Constraints { max_sram_bytes, max_flash_bytes, .. } = scenario.constraints;
    for engine in &mut within.engines {
        if *engine == ScenarioEngine::Named(EngineName::TinyEngine) && max_sram_bytes.or(max_flash_bytes).is_some() {
            *engine = ScenarioEngine::TinyEngine(Tailored {
                name: engine.name().into(),
                prefer: Preference::Latency,
                sram_bytes: max_sram_bytes,
                flash_bytes: max_flash_bytes,
                latency_ms: None,
                tune: false,
                tuning_log: None,
            });
        }
    }
    within
}

/// The first, and others at equal distances towards the end.
fn spread<'a>(front: &[&'a Found], count: usize) -> Vec<&'a Found> {
    let count = count.min(front.len());
    (0..count).map(|at| front[at * front.len() / count]).collect()
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
