//! Training: the same seed gives the same weights, a killed training goes on as if nothing had happened, subnets are
//! what they would be alone, and quantised networks agree with those they were made of.

use std::ops::ControlFlow;
use std::sync::Arc;

use hil::network::float::{FloatNetwork, run};
use hil::network::random::Random;
use hil::network::space::{self, Configuration, Elastic, Space};
use hil::train::TrainError;
use hil::train::accuracy::{calibrate, float_accuracy, int8_accuracy, quantised};
use hil::train::aware::{Aware, rounded};
use hil::train::batches::Ready;
use hil::train::calibrate::{Calibration, to_int8};
use hil::train::cpu::Cpu;
use hil::train::data::features::Kind;
use hil::train::data::{Augmentation, DataError, DataSet, Picture, Preparation, Raw, Samples, Split, partition};
use hil::train::elastic::{Order, gather, scatter};
use hil::train::fold::fold;
use hil::train::layer::{Layer, initial};
use hil::train::recipe::{Open, Phase, Recipe};
use hil::train::session::{Family, Progress, Session};
use hil::train::supernet::{Budget, School};
use hil::train::trainer::Trainer;

const SIZE: usize = 12;

/// Pictures of a bright stripe: upright in class 0, lying in class 1, none in class 2.
struct Stripes(usize);

impl Samples for Stripes {
    fn len(&self) -> usize {
        self.0
    }

    fn label(&self, index: usize) -> usize {
        index % 3
    }

    fn read(&self, index: usize) -> Result<Raw, DataError> {
        let mut random = Random::new(index as u64);
        let at = 2 + random.below(SIZE - 4);
        let pixel = |y: usize, x: usize, noise: usize| {
            let on = [x.abs_diff(at) < 2, y.abs_diff(at) < 2, false][index % 3];
            (noise + if on { 150 } else { 30 }) as u8
        };
        let pixels = (0..SIZE * SIZE).map(|i| pixel(i / SIZE, i % SIZE, random.below(60))).collect();
        Ok(Raw::Picture(Picture { height: SIZE, width: SIZE, channels: 1, pixels }))
    }
}

fn stripes() -> DataSet {
    let source: Arc<dyn Samples> = Arc::new(Stripes(480));
    let (rest, test) = partition(&*source, &(0..480).collect::<Vec<_>>(), 0.2);
    let (training, validation) = partition(&*source, &rest, 0.2);
    let split = |indices| Split::new(source.clone(), indices);
    DataSet {
        name: "stripes".into(),
        classes: ["upright", "lying", "none"].map(String::from).into(),
        training: split(training),
        validation: split(validation),
        test: split(test),
    }
}

const SPACE: &str = "
name: tiny
source: made up
input: { channels: 1, range: [-1, 1], sizes: [12] }
widths: [1.0]
classes: 3
padding: symmetric
activation: relu6
kernels: [3, 5]
expansions: [2, 3]
depths: [1, 2]
scales: [0.5, 1.0]
stem: { channels: 8, stride: 2, kernel: 3 }
stages:
  - { channels: 16 }
  - { channels: 16, stride: 2 }
";

fn tiny() -> (Space, Configuration) {
    let space = Space::parse("tiny.yaml", SPACE).expect("a space");
    let configuration = space.configurations()[0];
    (space, configuration)
}

fn augmentation() -> Augmentation {
    // A mirrored upright stripe is an upright stripe; a cut one may be none.
    Augmentation { cut: 0.0, ..Augmentation::default() }
}

fn preparation(data: &DataSet) -> Preparation {
    Preparation::new(&data.training, [SIZE, SIZE, 1], [-1.0, 1.0], Kind::LogMel, augmentation()).expect("pictures")
}

fn recipe() -> Recipe {
    let phase = |open, epochs| Phase { open, epochs, rate: 1.0 };
    let mut recipe = Recipe {
        batch: 32,
        phases: vec![phase(Open::Largest, 3.0), phase(Open::Depth, 1.0), phase(Open::Width, 1.0)],
        augmentation: augmentation(),
        ..Recipe::default()
    };
    recipe.descent.warmup = 3;
    recipe
}

fn on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Layers at random whose scales and shifts are random, too.
fn random_layers(network: &FloatNetwork, seed: u64) -> Vec<Layer> {
    let mut random = Random::new(seed);
    let mut layers = initial(network, &mut random);
    for layer in &mut layers {
        layer.scale.iter_mut().for_each(|v| *v = random.between(0.5, 1.5));
        layer.shift.iter_mut().for_each(|v| *v = random.between(-0.5, 0.5));
    }
    layers
}

fn close(a: &[f32], b: &[f32], part: f32) {
    assert_eq!(a.len(), b.len());
    let most = b.iter().fold(1e-6f32, |most, v| most.max(v.abs()));
    let worst = a.iter().zip(b).fold(0f32, |worst, (a, b)| worst.max((a - b).abs()));
    assert!(worst <= part * most, "{worst} of {most}");
}

#[test]
fn a_killed_supernet_training_goes_on_to_the_same_weights_and_curve() {
    let (data, (space, configuration)) = (stripes(), tiny());
    let preparation = preparation(&data);
    let network = space.float(&space.largest(configuration)).expect("a network");
    let family = Some(Family { space, configuration });
    let session = Session { trainer: &Cpu, network, family, recipe: recipe(), data: &data, preparation: &preparation };
    let whole = session.run(session.start(), None, &mut on).expect("a training");
    assert_eq!(whole, session.run(session.start(), None, &mut on).expect("a training"), "the same seed");

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("deep/supernet.checkpoint");
    // Within the first phase, at its end, and within the last.
    for stop in [5, 29, 41] {
        let mut until = |progress: Progress| {
            assert!(progress.part > 0.0 && progress.part <= 1.0);
            if progress.done == stop { ControlFlow::Break(()) } else { on(progress) }
        };
        let stopped = session.run(session.start(), Some(&path), &mut until);
        assert!(matches!(stopped, Err(TrainError::Stopped { done, .. }) if done == stop));
    }
    assert_eq!(whole, session.run(session.start(), Some(&path), &mut on).expect("a training"));

    let other = Session { recipe: Recipe { seed: 2, ..recipe() }, ..session };
    let error = other.run(other.start(), Some(&path), &mut on).expect_err("a checkpoint of another recipe");
    assert!(error.to_string().contains("another recipe"), "{error}");
    let mut bytes = std::fs::read(&path).expect("a checkpoint");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).expect("a file");
    let error = other.run(other.start(), Some(&path), &mut on).expect_err("a broken checkpoint");
    assert!(error.to_string().contains("checksum"), "{error}");
}

#[test]
fn a_supernet_learns_and_its_subnets_with_it() {
    let (data, (space, configuration)) = (stripes(), tiny());
    let preparation = preparation(&data);
    let budget = Budget { calibration: 128, validation: 96, ranges: 64 };
    let school =
        School::new(&Cpu, &data, &preparation, [-1.0, 1.0], Calibration::MeanSquare, budget).expect("a school");
    let family = Family { space: space.clone(), configuration };
    let supernet = school.supernet(family, &recipe(), None, &mut on).expect("a training");
    for subnet in [space.largest(configuration), space.smallest(configuration)] {
        let share = supernet.accuracy(&subnet).expect("an accuracy").share().expect("samples");
        assert!(share > 0.8, "{share}");
    }
    let phases = vec![Phase { open: Open::Largest, epochs: 1.0, rate: 0.3 }];
    let fine = Recipe { phases, aware: true, ..recipe() };
    let graduate = supernet.tune(&space.smallest(configuration), &fine, None, &mut on).expect("a network");
    let (float, int8) = (graduate.test_float.share().expect("samples"), graduate.test_int8.share().expect("samples"));
    assert!(float > 0.85 && (float - int8).abs() < 0.04, "{float} and {int8}");
    assert_eq!(graduate.test_int8.samples, data.test.len());
}

#[test]
fn a_subnet_is_what_it_would_be_alone() {
    let (space, configuration) = tiny();
    let largest = space.float(&space.largest(configuration)).expect("a network");
    let layers = random_layers(&largest, 1);
    let mut random = Random::new(9);
    for _ in 0..10 {
        let subnet = space.sample(configuration, Elastic::ALL, &mut random);
        let (network, cuts) = (space.float(&subnet).expect("a network"), space.cuts(&subnet).expect("cuts"));
        let cut = gather(&cuts, network.ops.len(), &layers);
        for ((op, cut), alone) in network.ops.iter().zip(&cut).zip(initial(&network, &mut Random::new(1))) {
            assert_eq!(cut.parts().map(<[f32]>::len), alone.parts().map(<[f32]>::len), "{:?}", op.kind);
        }
        for cut_at in &cuts {
            let (full, part) = (&layers[cut_at.of].filter, &cut[cut_at.op].filter);
            let (of, to) = (cut_at.full, cut_at.part);
            let margin = (of.kernel.h - to.kernel.h) / 2;
            for (index, weight) in part.iter().enumerate() {
                let (output, row) = (index % to.outputs, index / to.outputs);
                let (input, tap) = (row % to.inputs, row / to.inputs);
                let (y, x) = (tap / to.kernel.w + margin, tap % to.kernel.w + margin);
                let from = ((y * of.kernel.w + x) * of.inputs + input) * of.outputs + output;
                assert_eq!(*weight, full[from], "{}", cut_at.layer);
            }
        }
        // Every weight came from the place to which its gradient goes.
        let mut back: Vec<Layer> = layers.iter().map(Layer::zeros).collect();
        scatter(&cuts, &cut, 2.0, &mut back);
        for (back, layer) in back.iter().zip(&layers) {
            for (back, weight) in back.parts().into_iter().flatten().zip(layer.parts().into_iter().flatten()) {
                assert!(*back == 0.0 || *back == 2.0 * weight);
            }
        }
        let count = |layers: &[Layer]| layers.iter().flat_map(Layer::parts).flatten().filter(|v| **v != 0.0).count();
        assert_eq!(count(&back), count(&cut));
    }
}

#[test]
fn sorted_channels_compute_the_same_and_matter_most_first() {
    let (space, configuration) = tiny();
    let network = space.float(&space.largest(configuration)).expect("a network");
    let mut layers = random_layers(&network, 3);
    let mut random = Random::new(4);
    let inputs: Vec<f32> = (0..8 * SIZE * SIZE).map(|_| random.normal()).collect();
    let logits = |layers: &[Layer]| {
        let moments = Cpu.moments(&network, layers, &inputs, 8);
        Cpu.logits(&network, layers, &moments, &inputs, 8)
    };
    let before = logits(&layers);
    let order = Order::by_importance(&network, &layers);
    let unsorted = layers.clone();
    order.apply(&network, &mut layers);
    assert_ne!(layers, unsorted);
    close(&logits(&layers), &before, 1e-4);
    // Once sorted, the order is the order.
    let again = layers.clone();
    Order::by_importance(&network, &layers).apply(&network, &mut layers);
    assert_eq!(layers, again);
}

#[test]
fn folded_networks_compute_what_was_trained() {
    let (space, configuration) = tiny();
    let network = space.float(&space.largest(configuration)).expect("a network");
    let layers = random_layers(&network, 5);
    let mut random = Random::new(6);
    let inputs: Vec<f32> = (0..16 * SIZE * SIZE).map(|_| random.normal()).collect();
    let moments = Cpu.moments(&network, &layers, &inputs, 16);
    let trained = Cpu.logits(&network, &layers, &moments, &inputs, 16);
    let folded = fold(&network, &layers, &moments);
    close(&run(&folded, 16, &inputs)[folded.output.0], &trained, 1e-4);
}

#[test]
fn quantised_networks_agree_with_those_in_single_precision() {
    let (data, (space, configuration)) = (stripes(), tiny());
    let preparation = preparation(&data);
    let network = space.float(&space.smallest(configuration)).expect("a network");
    let recipe = Recipe { phases: vec![Phase { open: Open::Largest, epochs: 6.0, rate: 1.0 }], ..recipe() };
    let session = Session {
        trainer: &Cpu,
        network: network.clone(),
        family: None,
        recipe,
        data: &data,
        preparation: &preparation,
    };
    let layers = session.run(session.start(), None, &mut on).expect("a training").layers;
    let ready = Ready::new(&data.training.take(128), &preparation).expect("samples");
    let test = Ready::new(&data.test, &preparation).expect("samples");
    let moments = calibrate(&Cpu, &network, &layers, &ready);
    let float = float_accuracy(&Cpu, &network, &layers, &moments, &test).share().expect("samples");
    assert!(float > 0.85, "{float}");
    let folded = fold(&network, &layers, &moments);
    for calibration in [Calibration::Extremes, Calibration::Percentile(0.01), Calibration::MeanSquare] {
        let int8 = to_int8(&folded, &ready.inputs, calibration, [-1.0, 1.0]);
        let share = int8_accuracy(&int8, &test).expect("an accuracy").share().expect("samples");
        assert!((share - float).abs() < 0.04, "{calibration:?}: {share}, not {float}");
        let input = int8.tensor(int8.inputs[0]);
        let bytes = quantised(input, &[-1.0, -5.0, 1.0]);
        assert!(bytes[..2] == [128, 128] && bytes[2] >= 126, "{bytes:?}");
    }
}

#[test]
fn rounding_while_learning_is_the_rounding_of_the_int8_network() {
    let (space, configuration) = tiny();
    let network = space.float(&space.largest(configuration)).expect("a network");
    let layers = random_layers(&network, 7);
    let mut random = Random::new(8);
    let inputs: Vec<f32> = (0..32 * SIZE * SIZE).map(|_| random.between(-1.0, 1.0)).collect();
    let coarse = rounded(&network, &layers);
    assert_ne!(coarse, layers);
    let moments = Aware(&Cpu).moments(&network, &layers, &inputs, 32);
    assert_eq!(moments, Cpu.moments(&network, &coarse, &inputs, 32));
    let int8 = |layers: &[Layer]| {
        let folded = fold(&network, layers, &moments);
        to_int8(&folded, &inputs, Calibration::Extremes, [-1.0, 1.0])
    };
    let (fine, coarse) = (int8(&layers), int8(&coarse));
    for (a, b) in fine.ops.iter().zip(&coarse.ops).filter(|(a, _)| a.inputs.len() == 3) {
        let (a, b) = (fine.tensor(a.inputs[1]), coarse.tensor(b.inputs[1]));
        let bytes = a.data.iter().zip(&b.data).flat_map(|(a, b)| a.iter().zip(b.iter()));
        // A weight in the middle between two steps may fall either way.
        let apart = bytes.map(|(a, b)| (*a as i8).abs_diff(*b as i8)).filter(|apart| *apart > 0).collect::<Vec<_>>();
        assert!(apart.len() * 200 <= a.elements() && apart.iter().all(|apart| *apart == 1), "{}: {apart:?}", a.name);
    }
}

#[test]
fn what_does_not_fit_together_is_said() {
    let (data, (space, configuration)) = (stripes(), tiny());
    let preparation = preparation(&data);
    let shipped = space::shipped("small-image").expect("a space");
    let ten = shipped.float(&shipped.smallest(shipped.configurations()[0])).expect("a network");
    let three = space.float(&space.smallest(configuration)).expect("a network");
    let check = |network: FloatNetwork, recipe: Recipe, expected: &str| {
        let session = Session { trainer: &Cpu, network, family: None, recipe, data: &data, preparation: &preparation };
        let error = session.run(session.start(), None, &mut on).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(ten, recipe(), "10 outputs, the data set 3 classes");
    check(three.clone(), Recipe { batch: 1, ..recipe() }, "`batch` is 1; it must be 2 to 65536");
    let mut wild = recipe();
    wild.descent.rate = 1e30;
    check(three, wild, "lower `rate`");
}
