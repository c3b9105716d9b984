//! Suspects are measured again beside their baseline: real images on boards whose numbers scatter.

mod noisy_board;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use hil::board::Board;
use hil::engine::{Compiled, Reserved};
use hil::firmware::{Cache, Options, Toolchain as Compiler};
use hil::network::builtin;
use hil::rack::{Cancel, Rack, Unit};
use hil::results::baseline::{Only, accept, images};
use hil::results::gate::{Finding, Judgement, Metric, PAIRS, Part, Verdict};
use hil::run::{Again, BuildFailure, Built, Finished, Images, Judge, Order, Toolchain, carry};
use hil::scenario::{Known, Scenario, parse};
use noisy_board::{Noisy, World};

const BOARD: &str = "nucleo-l4r5zi";
const SCENARIO: &str = "
name: pairs
task: vww
candidates: [{ name: net, network: mobilenetv1, width: 0.25, resolution: 32, classes: 2 }]
boards: [nucleo-l4r5zi]
engines: [tinyengine]
measure: { inputs: 1, repeats: 1, warmup: 0, windows: 1, window_seconds: 0.01 }
gates: { max_flash_increase: 4096, max_sram_increase: 256 }
";
const KERNEL: &str = "void hil_softmax(const hil_softmax_params *p, const int8_t *input, int8_t *output)\n{\n";
/// A few cycles of millions: another image, and nobody could call it slower.
const AS_FAST: &str = "    volatile int hil_note = 1;\n    (void)hil_note;\n";
/// About 1 % of the inference, in the last layer.
const SLOWER: &str = "    for (volatile int hil_late = 0; hil_late < 3100; hil_late++) {\n    }\n";

/// A compiler that is given another softmax than the engine printed.
struct Changed {
    images: Images,
    change: fn(&str) -> String,
}

impl Toolchain for Changed {
    fn compiler(&self) -> Result<String, String> {
        self.images.compiler()
    }

    fn flags(&self, board: &Board) -> BTreeMap<String, String> {
        self.images.flags(board)
    }

    fn reserved(&self, board: &Board, compiled: &Compiled) -> Reserved {
        self.images.reserved(board, compiled)
    }

    fn build(&self, compiled: &Compiled, board: &Board) -> Result<Built, BuildFailure> {
        let mut compiled = compiled.clone();
        let source = compiled.sources.iter_mut().find(|source| source.path == "hil_softmax.c").expect("a softmax");
        source.text = (self.change)(&source.text);
        self.images.build(&compiled, board)
    }
}

fn same(text: &str) -> String {
    text.into()
}

fn another(text: &str) -> String {
    assert!(text.contains(KERNEL), "the kernel is written otherwise");
    text.replace(KERNEL, &format!("{KERNEL}{AS_FAST}"))
}

fn slower(text: &str) -> String {
    assert!(text.contains(KERNEL), "the kernel is written otherwise");
    text.replace(KERNEL, &format!("{KERNEL}{SLOWER}"))
}

struct Nights {
    folder: tempfile::TempDir,
    compiler: Compiler,
    scenario: Scenario,
    world: World,
    rack: Rack,
}

impl Nights {
    /// After a first night whose numbers were accepted, and whose folder is gone; none where there is no compiler.
    fn new() -> Option<Self> {
        let nights = Self::on(|world| Rack::new(vec![Box::new(Noisy::new(BOARD, world)) as Box<dyn Unit>]))?;
        let first = nights.carry(same);
        let accepted = nights.accept(&first);
        assert_eq!(accepted, [first.run.rows[0].image_sha256.clone().expect("an image")]);
        images::keep(&first.folder, &accepted[0]).expect("kept");
        fs::remove_dir_all(&first.folder).expect("removed");
        Some(nights)
    }

    fn on(rack: impl FnOnce(&World) -> Rack) -> Option<Self> {
        let Ok(compiler) = Compiler::find() else {
            println!("skipped: arm-none-eabi-gcc is not there");
            return None;
        };
        let known = Known { networks: &builtin::names(), boards: &hil::board::names() };
        let scenario = parse("s.yaml", SCENARIO, Path::new(""), known).expect("a scenario");
        let world = World::default();
        let rack = rack(&world);
        Some(Self { folder: tempfile::tempdir().expect("a folder"), compiler, scenario, world, rack })
    }

    /// Digests of the images that suspects will need.
    fn accept(&self, run: &Finished) -> Vec<String> {
        let baselines = self.results().join("baselines");
        accept(&baselines, &run.run, &Only::default(), "the first").expect("accepted").images
    }

    fn results(&self) -> PathBuf {
        self.folder.path().join("results")
    }

    fn carry(&self, change: fn(&str) -> String) -> Finished {
        let cache = Cache::at(self.folder.path().join("cache"));
        let options = Options { cache, ..Options::new(self.compiler.clone(), "tinyengine") };
        let tools = Changed { images: Images::with(options), change };
        let order = Order {
            scenario_file: "s.yaml".into(),
            scenario_text: SCENARIO.into(),
            command: vec![],
            results: self.results(),
            resume: None,
            jobs: 1,
            cancel: Cancel::new(),
        };
        carry(&self.scenario, &tools, &self.rack, &order, &|_| {}).expect("carried")
    }

    fn judge(&self, run: &Finished) -> Judgement {
        let judge = Judge::new(&self.results(), &self.results().join("baselines")).expect("baselines");
        let (cancel, tell) = (Cancel::new(), |_: hil::run::Event<'_>| {});
        let again = Again { scenario: &self.scenario, rack: &self.rack, cancel: &cancel, jobs: 2, tell: &tell };
        let gates = self.scenario.gates.as_ref().expect("gates");
        judge.judge(run, gates, &again).expect("judged").expect("not cancelled")
    }
}

fn cycles(judgement: &Judgement) -> &Finding {
    judgement.rows[0].findings().iter().find(|f| f.metric == Metric::Cycles).expect("cycles")
}

#[test]
fn a_planted_slowdown_is_found_and_its_layer_is_named() {
    let Some(nights) = Nights::new() else { return };
    let run = nights.carry(slower);
    let judgement = nights.judge(&run);
    let finding = cycles(&judgement);
    assert_eq!((finding.verdict, finding.fails), (Verdict::Worse, true), "{finding:?}");
    let change = finding.change.expect("a change");
    assert!((0.005..0.02).contains(&change), "{change}");
    let [part] = finding.parts.as_slice() else { panic!("{finding:#?}") };
    assert!(part.name.contains("softmax"), "{part:?}");
    let text = hil::report::judgement_text(&judgement);
    assert!(text.contains("FAILS net on nucleo-l4r5zi") && text.contains("softmax"), "{text}");
    // What is judged again has its pairs.
    let before = nights.world.flashed();
    assert_eq!(nights.judge(&run), judgement);
    assert_eq!(nights.world.flashed(), before, "nothing is measured twice");
}

#[test]
fn a_night_that_was_slow_by_chance_is_no_slowdown() {
    let Some(nights) = Nights::new() else { return };
    nights.world.drift(0.012);
    let run = nights.carry(another);
    nights.world.drift(0.003);
    let judgement = nights.judge(&run);
    let finding = cycles(&judgement);
    assert!(!judgement.fails() && finding.verdict == Verdict::Same, "{finding:?}");
    assert!(finding.parts.is_empty() && finding.change.is_some_and(|change| change.abs() < 0.005), "{finding:?}");
}

#[test]
fn a_unit_that_dies_between_pairs_is_an_infrastructure_failure_and_its_pairs_are_kept() {
    let Some(nights) = Nights::new() else { return };
    let run = nights.carry(slower);
    nights.world.dies_after(9);
    let judgement = nights.judge(&run);
    let finding = cycles(&judgement);
    assert_eq!((finding.verdict, finding.fails), (Verdict::Unclear, false), "{finding:?}");
    assert!(judgement.rows[0].failed_again.as_ref().is_some_and(|why| why.contains("unplugged")), "{judgement:?}");
    let junit = hil::report::junit(&run.run, Some(&judgement));
    assert!(junit.contains("type=\"infrastructure\"") && junit.contains("failures=\"0\""), "{junit}");
    let kept = fs::read_to_string(run.folder.join(PAIRS)).expect("pairs").lines().count();
    assert_eq!(kept, 4, "nine flashes are four pairs and a half");
    // Half a line, as a kill leaves it, is no pair.
    let file = run.folder.join(PAIRS);
    fs::write(&file, fs::read_to_string(&file).expect("pairs") + "{\"row\":0,").expect("written");
    let nights =
        Nights { rack: Rack::new(vec![Box::new(Noisy::new(BOARD, &nights.world)) as Box<dyn Unit>]), ..nights };
    nights.world.dies_after(u32::MAX);
    let before = nights.world.flashed();
    let judgement = nights.judge(&run);
    assert_eq!(cycles(&judgement).verdict, Verdict::Worse);
    let all = fs::read_to_string(&file).expect("pairs").lines().count();
    assert_eq!(nights.world.flashed() - before, 2 * (all - kept) as u32);
}

#[test]
fn without_its_baselines_image_a_suspect_stays_unclear() {
    let Some(nights) = Nights::new() else { return };
    let run = nights.carry(slower);
    fs::remove_dir_all(nights.results().join("images")).expect("removed");
    let judgement = nights.judge(&run);
    let finding = cycles(&judgement);
    assert_eq!((finding.verdict, finding.fails), (Verdict::Unclear, false), "{finding:?}");
    assert!(finding.why.contains("the baseline's image") && finding.why.contains("accept that run"), "{}", finding.why);
    assert!(judgement.failed_again().is_empty());
}

#[test]
fn on_an_emulated_board_every_report_names_the_layer_that_became_slower() {
    let board = Board::shipped(BOARD).expect("a board");
    let Some(nights) = Nights::on(|_| Rack::emulated(&[board], 1)) else { return };
    assert!(nights.accept(&nights.carry(same)).is_empty(), "what repeats itself needs no image");
    let run = nights.carry(slower);
    let judgement = nights.judge(&run);
    let finding = cycles(&judgement);
    assert_eq!((finding.verdict, finding.fails), (Verdict::Worse, true), "{finding:?}");
    assert!(finding.change.is_some_and(|change| (0.005..0.02).contains(&change)), "{finding:?}");
    // Code that lies elsewhere in flash moves other layers, too, by a little.
    let added = |part: &Part| part.now.zip(part.baseline).map_or(0.0, |(now, then)| now as f64 - then as f64);
    let part = finding.parts.iter().max_by(|a, b| added(a).total_cmp(&added(b))).expect("a layer");
    assert!(part.name.contains("softmax"), "{part:?}");
    let grew = finding.now.expect("now") - finding.baseline;
    assert!((grew - added(part)).abs() < 0.25 * grew, "{part:?} of {grew} cycles");
    let first = hil::report::judgement_text(&judgement).split_whitespace().collect::<Vec<_>>().join(" ");
    let first = first.split("not equal; ").nth(1).unwrap_or_else(|| panic!("{first}"));
    assert!(first.starts_with(&part.name), "the layer that moved most comes first: {first}");
    let beside = hil::report::Beside { judgement: Some(&judgement), ..Default::default() };
    let json = serde_json::to_string(&judgement).expect("JSON");
    for (report, text) in [
        ("terminal", hil::report::judgement_text(&judgement)),
        ("page", hil::report::html(&run.run, beside).expect("a page")),
        ("JUnit", hil::report::junit(&run.run, Some(&judgement))),
        ("Markdown", hil::report::markdown(&run.run, Some(&judgement))),
        ("JSON", json),
    ] {
        assert!(text.contains(&part.name), "{report} does not name {}: {text}", part.name);
        let grouped = part.now.expect("now").to_string();
        let digits: String = text.chars().filter(|c| c.is_ascii_digit()).collect();
        assert!(digits.contains(&grouped), "{report} does not say {grouped}");
    }
    let junit = hil::report::junit(&run.run, Some(&judgement));
    assert!(junit.contains("failures=\"1\"") && junit.contains("type=\"gate\""), "{junit}");
}
