//! The cost model learns boards that are made up here, says how far it may be off, and carries over to boards that it has
//! seen little of. What it does on boards that are emulated, `hil cost eval` says of real runs.

use hil::board::Board;
use hil::cost_model::evaluate::Plan;
use hil::cost_model::{DataSet, Facts, Model, Sample, Settings, Split, evaluate};
use hil::engine::{Sizer, Work};
use hil::network::random::Random;
use hil::network::space::{Elastic, shipped};
use hil::results::Provenance;

/// Cycles that are no sum of the model's terms: rows have a start-up, and a cache ends somewhere.
fn cycles(work: &Work, speed: f64) -> u64 {
    let g = &work.geometry;
    let outputs: usize = g.output.iter().product();
    let per_mac = match work.kernel.as_str() {
        "depthwise" => 1.5 + 5.0 / g.filter[1] as f64,
        _ => 0.6 + if work.constant_bytes > 3000 { 0.15 } else { 0.0 },
    };
    (speed * (150.0 + g.macs() as f64 * per_mac + 8.0 * outputs as f64 + 30.0 * (g.output[0] * g.output[2]) as f64))
        as u64
}

/// `count` networks of a space on boards of these speeds.
fn data(count: usize, boards: &[(&str, f64)]) -> DataSet {
    let space = shipped("small-image").expect("a space");
    let (mut random, mut sizer, mut samples) = (Random::new(4), Sizer::new(), Vec::new());
    for index in 0..count {
        let configurations = space.configurations();
        let subnet = space.sample(configurations[index % configurations.len()], Elastic::ALL, &mut random);
        let steps = sizer.outline(&space.float(&subnet).expect("a network")).expect("an outline").work;
        for (board, speed) in boards {
            let step_cycles: Vec<u64> = steps.iter().map(|work| cycles(work, *speed)).collect();
            let total: u64 = step_cycles.iter().sum();
            samples.push(Sample {
                network: format!("small-{}", subnet.id()),
                network_sha256: subnet.id(),
                engine: "tinyengine".into(),
                facts: Facts::of(&Board::shipped(board).expect("a board")),
                provenance: Provenance::Emulated,
                steps: steps.clone(),
                step_cycles,
                cycles: total as f64 * 1.01,
                repeats: vec![total],
                microjoules: None,
            });
        }
    }
    DataSet::new(vec!["made".into()], samples)
}

fn plan() -> Plan {
    Plan { settings: Settings { folds: 3, ..Settings::default() }, draws: 1, ..Plan::default() }
}

#[test]
fn networks_of_the_same_space_are_predicted_and_bounds_hold() {
    let data = data(70, &[("nucleo-l4r5zi", 1.0)]);
    let found = evaluate(&data, Split::Random, plan(), None, &|_| {}).expect("an evaluation");
    let [found] = found.as_slice() else { panic!("{found:?}") };
    assert!(found.measured <= 50 && found.model.count >= 15);
    assert!(found.model.within_10 >= 0.99 && found.model.spearman.is_some_and(|rho| rho >= 0.98), "{found:?}");
    assert!(found.model.coverage.is_some_and(|share| share >= 0.7), "{found:?}");
    assert!(found.model.mape < found.ridge.mape && found.model.mape < found.macs.mape, "{found:?}");
}

#[test]
fn a_board_that_was_never_seen_needs_few_measurements() {
    let data = data(24, &[("stm32f746g-disco", 1.0), ("nucleo-h743zi", 1.4)]);
    let found = evaluate(&data, Split::Board, plan(), Some("nucleo-h743zi"), &|_| {}).expect("an evaluation");
    let [found] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((found.measured, found.board.as_str()), (10, "nucleo-h743zi"));
    assert!(found.model.within_10 >= 0.9 && found.model.spearman.is_some_and(|rho| rho >= 0.97), "{found:?}");
}

#[test]
fn data_sets_survive_their_file_and_tell_versions_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, data) = (folder.path().join("data.json"), data(4, &[("nucleo-l4r5zi", 1.0)]));
    data.write(&path).expect("written");
    let read = DataSet::read(&path).expect("read");
    assert_eq!((&read, read.version()), (&data, data.version()));
    let mut more = data.clone();
    more.samples[0].cycles += 1.0;
    assert_ne!(more.version(), data.version());
    // The same network on the same board once, in whatever order.
    let turned: Vec<Sample> = data.samples.iter().rev().chain(&data.samples).cloned().collect();
    assert_eq!(DataSet::new(data.runs.clone(), turned), data);
    std::fs::write(&path, "{}").expect("written");
    assert!(DataSet::read(&path).unwrap_err().to_string().contains("no data set"));
    assert!(Model::train(&DataSet::default(), Settings::default()).is_err());
}

#[test]
fn energy_is_power_times_time_where_power_is_known() {
    let mut data = data(12, &[("nucleo-l4r5zi", 1.0)]);
    let power = 45.0;
    for sample in &mut data.samples {
        sample.microjoules = Some(power * sample.cycles * 1000.0 / sample.facts.clock_hz as f64);
    }
    let model = Model::train(&data, Settings { folds: 2, ..Settings::default() }).expect("a model");
    let sample = &data.samples[0];
    let predicted = model.predict(&sample.engine, &sample.steps, &sample.facts);
    assert!((predicted.microjoules.expect("energy") / (power * predicted.ms) - 1.0).abs() < 1e-9);
    assert!(predicted.interval.low < predicted.cycles && predicted.cycles < predicted.interval.high);
    let unknown = Facts { board: "another".into(), ..sample.facts.clone() };
    let other = model.predict(&sample.engine, &sample.steps, &unknown);
    assert!(other.microjoules.is_none() && other.sigma > predicted.sigma);
}
