//! The measured loop finds more with the same number of measurements than chance, or than multiply-accumulates taken for
//! latency.

use hil::board::Board;
use hil::cost_model::{DataSet, Facts, Sample, Settings as ModelSettings};
use hil::engine::{Sizer, Work};
use hil::network::space::{Configuration, Ratio, Size, Space, Subnet, shipped};
use hil::results::Provenance;
use hil::search::measured::{Bench, Evaluator, Outcome, Problem, Settings, Target, search};
use hil::search::objectives::{Objectives, hypervolume};
use hil::search::proxy::Proxy;
use hil::search::selection::Allowance;
use hil::search::{SearchError, evolution, rivals};

/// A board whose cycles depend on kernels and shapes as those of real ones do: depthwise convolutions cost more per
/// multiply-accumulate than others, the more so where rows are short, and every output has its price.
struct Made<'a> {
    space: &'a Space,
    facts: Facts,
    sizer: Sizer,
    measured: usize,
}

fn cycles(work: &Work) -> u64 {
    let g = &work.geometry;
    let outputs: usize = g.output.iter().product();
    let macs = g.macs() as f64;
    let per_mac = match work.kernel.as_str() {
        "depthwise" => 1.6 + 6.0 / g.filter[1] as f64 + 8.0 / g.output[1] as f64,
        _ => 0.7 + 6.0 / g.depth.max(1) as f64,
    };
    (200.0 + macs * per_mac + 9.0 * outputs as f64) as u64
}

impl<'a> Made<'a> {
    fn new(space: &'a Space) -> Self {
        let facts = Facts::of(&Board::shipped("nucleo-l4r5zi").expect("a board"));
        Self { space, facts, sizer: Sizer::new(), measured: 0 }
    }

    fn sample(&mut self, subnet: &Subnet) -> Sample {
        let outline = self.sizer.outline(&self.space.float(subnet).expect("a network")).expect("an outline");
        let step_cycles: Vec<u64> = outline.work.iter().map(cycles).collect();
        let total = step_cycles.iter().sum::<u64>();
        Sample {
            network: subnet.id(),
            network_sha256: subnet.id(),
            engine: "tinyengine".into(),
            facts: self.facts.clone(),
            provenance: Provenance::Emulated,
            steps: outline.work,
            step_cycles,
            cycles: total as f64,
            repeats: vec![total],
            microjoules: None,
        }
    }

    fn objectives(&mut self, subnet: &Subnet, accuracy: f64) -> Objectives {
        let sizes = self.sizer.sizes(&self.space.float(subnet).expect("a network")).expect("sizes");
        let ms = self.sample(subnet).cycles * 1000.0 / self.facts.clock_hz as f64;
        vec![1.0 - accuracy, ms, sizes.arena_bytes as f64]
    }
}

impl Bench for Made<'_> {
    fn measure(&mut self, _: usize, subnets: &[Subnet]) -> Result<Vec<Vec<Option<Sample>>>, SearchError> {
        self.measured += subnets.len();
        Ok(subnets.iter().map(|subnet| vec![Some(self.sample(subnet))]).collect())
    }
}

/// With this variable set, searches are as long as those of a scenario.
const LONG: &str = "HIL_LONG_TESTS";

fn budget() -> usize {
    if std::env::var_os(LONG).is_some() { 24 } else { 20 }
}

fn settings(seed: u64) -> Settings {
    let (population, generations, parents, each) =
        if std::env::var_os(LONG).is_some() { (40, 8, 12, 6) } else { (20, 5, 8, 5) };
    let evolution = evolution::Settings { population, generations, parents, seed, ..evolution::Settings::default() };
    let model = ModelSettings { folds: 2, ..ModelSettings::default() };
    Settings { evolution, model, budget: budget(), first: each, batch: each, ..Settings::default() }
}

fn target(facts: &Facts, arena_bytes: usize, max_latency_ms: Option<f64>) -> Target {
    let allowance = Allowance { arena_bytes, flash_bytes: 500_000, max_macs: None };
    Target { facts: facts.clone(), allowance, max_latency_ms, max_energy_uj: None }
}

fn configuration() -> Configuration {
    Configuration { width: Ratio::new(0.75).expect("a width"), size: Size { h: 28, w: 28, c: 1 } }
}

fn searched(space: &Space, targets: &[Target], seed: u64) -> Outcome {
    let problem = Problem { space, configuration: configuration(), targets };
    let mut bench = Made::new(space);
    let mut proxy = Proxy::new(space, seed);
    let outcome =
        search(problem, settings(seed), &DataSet::default(), &mut proxy, &mut bench, &|_| {}).expect("networks");
    assert!(bench.measured <= budget());
    outcome
}

#[test]
fn it_beats_chance_and_multiply_accumulates_on_every_seed() {
    let space = shipped("small-image").expect("a space");
    let mut bench = Made::new(&space);
    let targets = [target(&bench.facts, 40_000, None)];
    let problem = Problem { space: &space, configuration: configuration(), targets: &targets };
    for seed in 0..5 {
        let mut proxy = Proxy::new(&space, seed);
        let evolution =
            evolution::Settings { generations: 3 * settings(seed).evolution.generations, ..settings(seed).evolution };
        let ours: Vec<Subnet> = searched(&space, &targets, seed).found.into_iter().map(|f| f.subnet).collect();
        let chance = rivals::random(problem, budget(), seed).expect("networks");
        let by_macs = rivals::macs_guided(problem, evolution, budget(), &mut proxy).expect("networks");
        let mut points = |subnets: &[Subnet]| -> Vec<Objectives> {
            let accuracy = proxy.accuracy(subnets).expect("accuracy");
            subnets.iter().zip(accuracy).map(|(subnet, accuracy)| bench.objectives(subnet, accuracy)).collect()
        };
        let all = [points(&ours), points(&chance), points(&by_macs)];
        let worst = |aim: usize| all.iter().flatten().map(|p| p[aim]).fold(0.0, f64::max) * 1.1;
        let reference: Objectives = (0..3).map(worst).collect();
        let [ours, chance, by_macs] =
            all.map(|points| hypervolume(&points, &reference) / reference.iter().product::<f64>());
        println!("seed {seed}: measured loop {ours:.4}, at random {chance:.4}, by MACs {by_macs:.4}");
        assert!(ours > chance && ours > by_macs, "seed {seed}: {ours} against {chance} and {by_macs}");
    }
}

#[test]
fn the_model_learns_and_constraints_are_kept() {
    let space = shipped("small-image").expect("a space");
    let facts = Made::new(&space).facts;
    let outcome = searched(&space, &[target(&facts, 30_000, Some(12.0))], 1);
    let front = outcome.front();
    assert!(!front.is_empty());
    assert!(front.iter().all(|f| f.arena_bytes <= 30_000 && f.latency_ms[0] <= 12.0));
    let errors: Vec<f64> = outcome.rounds.iter().filter_map(|round| round.error_percent).collect();
    assert!(!errors.is_empty() && errors.last().is_some_and(|error| *error < 5.0), "{errors:?}");
}

#[test]
fn constraints_that_nothing_keeps_are_named() {
    let space = shipped("small-image").expect("a space");
    let mut bench = Made::new(&space);
    let targets = [target(&bench.facts, 10, None)];
    let problem = Problem { space: &space, configuration: configuration(), targets: &targets };
    let mut proxy = Proxy::new(&space, 0);
    let failed = search(problem, settings(0), &DataSet::default(), &mut proxy, &mut bench, &|_| {});
    let message = failed.err().map(|e| e.to_string()).unwrap_or_default();
    assert!(message.contains("small-image") && message.contains("w0.75-r28"), "{message}");
}
