//! `hil search` from its scenario to networks with C code, on made-up pictures: what it leaves, that a killed one goes on to
//! the same end, and what it says where there is nothing to learn from.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use flate2::{Compression, write::GzEncoder};
use hil::board::{self, Board};
use hil::network::builtin;
use hil::network::random::Random;
use hil::rack::probe::ProbeUnit;
use hil::rack::simprobe::{FaultScript, SimBoard};
use hil::rack::{Cancel, Rack, Unit};
use hil::run::{Event, Images};
use hil::scenario::{self, Known};
use hil::search::campaign::{self, CampaignError, News, Order, Report};

const SCENARIO: &str = "
name: made-up
task: two-halves
boards: [nucleo-l4r5zi]
engines: [tinyengine]
measure: { inputs: 1, repeats: 1, warmup: 0 }
constraints: { max_latency_ms: 100, max_sram_bytes: 65536 }
search:
  space: small-image
  data: { set: fashion-mnist, path: pictures }
  samples: 4
  max_macs: 600000
  max_training_macs: 2000000
  epochs: 2
  fine_tuning: 1
  examined: 6
  measurements: 4
  first: 2
  batch: 2
  population: 6
  generations: 1
  chosen: 1
  rivals: [mobilenetv2]
  rival_engines: [cmsis-nn, tinyengine]
  seed: 3
";

fn gz(path: &Path, shape: &[u32], data: &[u8]) {
    let mut bytes = vec![0, 0, 8, shape.len() as u8];
    bytes.extend(shape.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend(data);
    let mut encoder = GzEncoder::new(fs::File::create(path).expect("a file"), Compression::fast());
    encoder.write_all(&bytes).and_then(|()| encoder.try_finish()).expect("a file");
}

/// Noise that is brighter in the upper half, or in the lower one; the other eight classes look like one of these.
fn pictures(folder: &Path) {
    fs::create_dir_all(folder).expect("a folder");
    let mut random = Random::new(1);
    for (name, count) in [("train", 200u32), ("t10k", 60)] {
        let labels: Vec<u8> = (0..count).map(|at| (at % 10) as u8).collect();
        let pixel = |label: u8, row: usize, random: &mut Random| {
            let bright = (row < 14) == (label % 2 == 0);
            random.between(0.0, 90.0) as u8 + if bright { 100 } else { 0 }
        };
        let pixels: Vec<u8> = labels
            .iter()
            .flat_map(|label| (0..28 * 28).map(|at| (*label, at / 28)).collect::<Vec<_>>())
            .map(|(label, row)| pixel(label, row, &mut random))
            .collect();
        gz(&folder.join(format!("{name}-images-idx3-ubyte.gz")), &[count, 28, 28], &pixels);
        gz(&folder.join(format!("{name}-labels-idx1-ubyte.gz")), &[count], &labels);
    }
}

/// Searches in `folder` with emulated units; is interrupted at the event of this number, if any.
fn searched(base: &Path, folder: &Path, stop_at: Option<usize>) -> Result<Report, CampaignError> {
    searched_on(&Rack::emulated(&[board()], 2), base, folder, stop_at)
}

fn board() -> Board {
    Board::shipped("nucleo-l4r5zi").expect("a board")
}

fn searched_on(rack: &Rack, base: &Path, folder: &Path, stop_at: Option<usize>) -> Result<Report, CampaignError> {
    let file = base.join("made-up.yaml");
    let scenario =
        scenario::load(&file, Known { networks: &builtin::names(), boards: &board::names() }).expect("valid");
    let search = scenario.search.clone().expect("a search");
    fs::create_dir_all(folder).expect("a folder");
    let tools = Images::find().expect("a compiler");
    let (cancel, events) = (Cancel::new(), AtomicUsize::new(0));
    let order = Order {
        scenario: &scenario,
        search: &search,
        base,
        folder,
        tools: &tools,
        rack,
        jobs: 2,
        cancel: cancel.clone(),
        command: vec!["hil".into(), "search".into()],
    };
    campaign::run(&order, &|news| {
        let counts = matches!(news, News::Training { .. } | News::Run(Event::Finished { .. }));
        if counts && stop_at == Some(events.fetch_add(1, Ordering::Relaxed)) {
            cancel.cancel();
        }
    })
}

fn prepared(with_pictures: bool) -> tempfile::TempDir {
    let base = tempfile::tempdir().expect("a folder");
    fs::write(base.path().join("made-up.yaml"), SCENARIO).expect("a file");
    if with_pictures {
        pictures(&base.path().join("pictures"));
    }
    base
}

#[test]
fn a_killed_search_goes_on_to_the_same_networks() {
    let base = prepared(true);
    let whole = searched(base.path(), &base.path().join("whole"), None).expect("networks");
    let chosen = &whole.chosen[0];
    assert!(whole.rows.iter().all(|row| row.latency().is_some_and(|latency| latency.ms() < 100.0)));
    assert!(chosen.accuracy.is_some_and(|share| (0.0..=1.0).contains(&share)) && whole.no_data.is_none());
    assert!(whole.surrogate_error.is_some() && !whole.curve.is_empty() && !whole.distributions.is_empty());
    for engine in ["tinyengine", "cmsis-nn"] {
        let measured = whole.rows.iter().filter(|row| row.network.starts_with("mobilenetv2") && row.engine == engine);
        assert_eq!(measured.count(), whole.rivals.len(), "{engine}");
        assert!(whole.rows.iter().all(|row| row.engine == "tinyengine" || row.network.starts_with("mobilenetv2")));
        let compared = whole.compared.iter().filter(|compared| compared.rival.engine == engine);
        assert_eq!(compared.count(), whole.rivals.len(), "{engine}");
    }
    assert!(!whole.rivals.is_empty());
    let ours = whole.rows.iter().filter(|row| row.engine == "tinyengine");
    assert!(ours.filter_map(|row| row.memory()).all(|memory| memory.sram.peak() <= 65536), "within the constraint");
    let folder = base.path().join("whole");
    assert!(folder.join(&chosen.model).is_file());
    assert!(chosen.code.iter().all(|code| fs::read_dir(folder.join(code)).expect("C code").count() > 3));

    // In the supernet's training, among examined subnets, in a round, and in a chosen network's training.
    let folder = base.path().join("killed");
    let mut stops = 0;
    for stop_at in [4, 3, 6, 1] {
        match searched(base.path(), &folder, Some(stop_at)) {
            Err(error) => {
                assert!(error.is_interrupted(), "{error}");
                stops += 1;
            }
            Ok(_) => break,
        }
    }
    assert!(stops >= 3, "{stops}");
    let resumed = searched(base.path(), &folder, None).expect("networks");
    assert_eq!(resumed.outcome.found, whole.outcome.found);
    assert_eq!(resumed.curve, whole.curve);
    let said = |report: &Report| serde_json::to_value(&report.chosen).expect("JSON");
    assert_eq!(said(&resumed), said(&whole));
    let bytes = |name: &str| fs::read(base.path().join(name).join(&chosen.model)).expect("a model");
    assert_eq!(bytes("killed"), bytes("whole"));
}

#[test]
fn without_a_data_set_networks_are_timed_and_no_accuracy_is_claimed() {
    let base = prepared(false);
    let report = searched(base.path(), &base.path().join("search"), None).expect("networks");
    let why = report.no_data.expect("a reason");
    assert!(why.contains("no data set `fashion-mnist`") && why.contains("apt-get install"), "{why}");
    assert!(report.chosen.iter().all(|chosen| chosen.accuracy.is_none() && chosen.float_accuracy.is_none()));
    assert!(!report.rows.is_empty() && report.rows.iter().all(|row| row.latency().is_some()));
}

/// A rack of one board behind an emulated debug probe.
fn probed(name: &str, faults: &str) -> Rack {
    let script = FaultScript::parse(faults).expect("a script");
    let sim = SimBoard::start(&board(), name, &script).expect("a simulated board");
    let unit: Box<dyn Unit> = Box::new(ProbeUnit::simulated(name, sim).expect("a unit"));
    Rack::new(vec![unit])
}

#[test]
fn a_unit_that_fails_ends_the_search_and_never_counts_against_a_network() {
    let base = prepared(false);
    let folder = base.path().join("search");
    let failed = searched_on(
        &probed("dead", "faults: [{ fault: silent-uart, times: 0, length: 100000000 }]"),
        base.path(),
        &folder,
        None,
    );
    let problem = failed.map(|_| ()).expect_err("it says nothing").to_string();
    assert!(problem.contains("round-00") && problem.contains("the same command goes on"), "{problem}");

    let resumed = searched_on(&probed("alive", ""), base.path(), &folder, None).expect("networks");
    let plain = searched(base.path(), &base.path().join("plain"), None).expect("networks");
    assert_eq!(resumed.outcome.found, plain.outcome.found);
}
