//! Images that somebody else has built: what is measured of them, and that no fault of theirs becomes a number.

mod prebuilt_fake;

use std::fs;
use std::path::{Path, PathBuf};

use hil::board::Board;
use hil::engine::{Engine, TinyEngine};
use hil::firmware::{Cache, HostInput, Options, Toolchain, build};
use hil::network::{Network, builtin, tflite};
use hil::rack::{Cancel, Driver, Rack, Unit};
use hil::results::{Cause, Energy, Measurement, Outcome, RunState, Status, Verification};
use hil::run::{NoCompiler, Order, Prepared, carry, prepare};
use hil::scenario::{Candidate, Known, Scenario, Source, parse};
use prebuilt_fake::{Dut, Fault};

fn network() -> Network {
    let spec = builtin::Spec {
        architecture: "mobilenetv1".into(),
        resolution: Some(32),
        width: Some(0.25),
        classes: Some(4),
        seed: 0,
    };
    let mut network = builtin::build(&spec).expect("a network");
    network.name = "pictures".into();
    network
}

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    /// A folder with an image that a board can start, and the network that it is said to run.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut image = [0x2000_1000u32.to_le_bytes(), 0x0800_0101u32.to_le_bytes()].concat();
        image.resize(4096, 0);
        fs::write(folder.path().join("a.bin"), image).expect("an image");
        fs::write(folder.path().join("net.tflite"), tflite::export(&network()).expect("a file")).expect("a file");
        Self { folder }
    }

    fn scenario(&self, more: &str) -> Scenario {
        let text = format!(
            "name: foreign\ntask: pictures\nprebuilt:\n  - {{ image: a.bin, board: nucleo-l4r5zi, protocol: mlperf-tiny, \
             model: pic01, input: {{ bytes: 3072, element: uint8 }}, window: 0.5{more} }}\n"
        );
        let known = Known { networks: &builtin::names(), boards: &hil::board::names() };
        parse("s.yaml", &text, self.folder.path(), known).expect("a scenario")
    }

    fn run(&self, scenario: &Scenario, rack: &Rack) -> Measurement {
        let order = Order {
            scenario_file: "s.yaml".into(),
            scenario_text: String::new(),
            command: vec![],
            results: self.folder.path().join("results"),
            resume: None,
            jobs: 1,
            cancel: Cancel::new(),
        };
        let finished = carry(scenario, &NoCompiler, rack, &order, &|_| {}).expect("carried");
        assert_eq!(finished.run.state, RunState::Finished);
        // What was stored is what is read again.
        let again = hil::results::read(&finished.folder).expect("a run");
        assert_eq!(again.rows, finished.run.rows);
        finished.run.rows.into_iter().next().expect("a row")
    }

    fn row(&self, more: &str, faults: &[Fault]) -> Measurement {
        let rack = Rack::new(vec![Box::new(Dut::new("nucleo-l4r5zi", "pic01", network(), faults)) as Box<dyn Unit>]);
        self.run(&self.scenario(more), &rack)
    }
}

#[test]
fn without_its_network_an_image_has_numbers_that_are_no_latency() {
    let row = Bench::new().row("", &[]);
    assert_eq!((row.engine.as_str(), row.network.as_str(), row.status()), ("prebuilt", "a", Status::Prebuilt));
    assert!(row.latency().is_none() && row.memory().is_none() && row.check().is_none());
    let image = row.prebuilt().expect("an image");
    assert!(matches!(&image.verification, Verification::NotVerified(why) if why.contains("no network was given")));
    // 2 ms an inference at 120 MHz.
    assert_eq!((image.timing.median_cycles(), image.timing.clock_hz()), (240_000.0, 120_000_000));
    assert_eq!((image.windows.len(), image.image_bytes, image.is_official()), (5, 4096, false));
    assert!(matches!(&image.energy, Energy::Missing(why) if why.contains("does not count what power depends on")));
    assert!(image.windows.iter().all(|window| window.microseconds >= 500_000));
    assert!((image.throughput().expect("a number") - 500.0).abs() < 1e-9);
    assert_eq!((image.device.as_str(), image.firmware.as_str()), ("fake", "Firmware 1"));
}

#[test]
fn with_its_network_every_output_is_compared() {
    let bench = Bench::new();
    let row = bench.row(", network: net.tflite", &[]);
    assert_eq!(row.latency().map(|latency| latency.median_cycles()), Some(240_000.0));
    assert_eq!(row.check().map(|check| check.inputs.get()), Some(5));
    let row = bench.row(", network: net.tflite", &[Fault::WrongOutput]);
    assert_eq!(row.status(), Status::Mismatch, "{:?}", row.outcome);
    assert!(row.latency().is_none() && row.outcome.reason().is_some_and(|reason| reason.starts_with("input 0: ")));
}

#[test]
fn the_official_window_lasts_ten_seconds_of_board_time() {
    let bench = Bench::new();
    let text = bench.scenario("");
    let mut scenario = text.clone();
    scenario.prebuilt[0].window = 10.0;
    let dut = Dut::new("nucleo-l4r5zi", "pic01", network(), &[]);
    let row = bench.run(&scenario, &Rack::new(vec![Box::new(dut)]));
    let image = row.prebuilt().expect("an image");
    assert!(image.is_official() && image.windows.iter().all(|w| w.inferences >= 5000), "{:?}", image.windows);
}

#[test]
fn a_fault_of_the_image_is_named_and_the_users() {
    let bench = Bench::new();
    for (fault, part) in [
        (Fault::Silent, "it never said `m-ready` after reset"),
        (Fault::Silent, "use 115200 baud"),
        (Fault::Garbage, "is no protocol"),
        (Fault::NeverReady, "(the last it said is"),
        (Fault::OtherModel, "it says that its model is `other01`, where the scenario says `pic01`"),
        (Fault::NoModel, "it says no `m-model-[…]` in reply to `profile`"),
        (Fault::OtherInput, "it does not take the 3072 bytes of an input of `pic01`; it said `Supplied buffer size"),
        (Fault::NoStamps, "has 1 of them, not two"),
        (Fault::StampsBack, "time stamps are of no use"),
        (Fault::Nan, "it says no `list of numbers`"),
    ] {
        let row = bench.row("", std::slice::from_ref(&fault));
        let Outcome::Failed { cause, reason, .. } = &row.outcome else { panic!("{fault:?}: {:?}", row.outcome) };
        assert_eq!(*cause, Cause::Candidate, "{fault:?}: {reason}");
        assert!(reason.contains(part) && reason.contains("a.bin"), "{fault:?}: {reason}");
    }
    let row = bench.row("", &[Fault::Lost]);
    assert_eq!(row.outcome.cause(), Some(Cause::Infrastructure), "a unit that is gone is no fault of the image");
}

#[test]
fn a_unit_that_fails_is_replaced_by_another() {
    let bench = Bench::new();
    let unit = |name: &str, faults: &[Fault]| {
        let mut dut = Dut::new("nucleo-l4r5zi", "pic01", network(), faults);
        (dut.id, dut.driver) = (name.into(), Driver::Probe);
        Box::new(dut) as Box<dyn Unit>
    };
    let row = |faults: [&[Fault]; 2]| {
        let rack = Rack::new(vec![unit("one", faults[0]), unit("other", faults[1])]);
        bench.run(&bench.scenario(", network: net.tflite"), &rack)
    };
    for broken in [Fault::Lost, Fault::Silent, Fault::Garbage] {
        let broken = [broken];
        // Whichever is taken first.
        for faults in [[&broken[..], &[]], [&[], &broken]] {
            let row = row(faults);
            let well = if faults[0].is_empty() { "one" } else { "other" };
            assert_eq!((row.status(), row.unit.as_str()), (Status::Prebuilt, well), "{broken:?}: {:?}", row.outcome);
        }
    }
    // What the image says about itself no other unit would change, and silence everywhere may be the image's.
    assert_eq!(row([&[Fault::OtherModel]; 2]).outcome.cause(), Some(Cause::Candidate));
    let silent = row([&[Fault::Silent]; 2]);
    assert_eq!(silent.outcome.cause(), Some(Cause::Infrastructure));
    assert!(silent.outcome.reason().is_some_and(|r| r.contains("an image must be for this board")), "{silent:?}");
}

/// A data set `set` of six pictures, whose classes are what the reference interpreter makes of them, but for one.
fn pictures(bench: &Bench) -> PathBuf {
    let set = bench.folder.path().join("set");
    fs::create_dir(&set).expect("a folder");
    let prepared = prepared(bench);
    let mut labels = String::new();
    for index in 0..6u32 {
        let pixels: Vec<u8> = (0..3072u32).map(|i| (i * (index + 3) * 37 >> 3) as u8).collect();
        let signed = pixels.iter().map(|pixel| pixel ^ 0x80).collect();
        let output = prepared.output(signed).expect("an output");
        let best = output.iter().map(|byte| *byte as i8).max().expect("not empty");
        let class = output.iter().position(|byte| *byte as i8 == best).expect("a class");
        let label = if index == 4 { (class + 1) % 4 } else { class };
        labels += &format!("{index}.bin,4,{label}\n");
        fs::write(set.join(format!("{index}.bin")), pixels).expect("a file");
    }
    fs::write(set.join("y_labels.csv"), labels).expect("labels");
    set
}

fn prepared(bench: &Bench) -> Prepared {
    let source = Source::File(bench.folder.path().join("net.tflite"));
    prepare(&Candidate { name: "network".into(), source }).expect("a network")
}

#[test]
fn accuracy_is_what_the_runner_of_mlperf_tiny_computes() {
    let bench = Bench::new();
    let set = pictures(&bench);
    let row = bench.row(", dataset: set", &[]);
    let accuracy = row.prebuilt().and_then(|image| image.accuracy).expect("an accuracy");
    assert_eq!((accuracy.files, accuracy.of_files), (6, 6));
    assert!((accuracy.top1 - 500.0 / 6.0).abs() < 1e-9);
    let row = bench.row(", dataset: set, files: 2", &[]);
    let accuracy = row.prebuilt().and_then(|image| image.accuracy).expect("an accuracy");
    assert_eq!((accuracy.files, accuracy.of_files, accuracy.top1), (2, 6, 100.0));
    fs::write(set.join("2.bin"), "short").expect("a file");
    let row = bench.row(", dataset: set", &[]);
    assert_eq!(row.outcome.cause(), Some(Cause::Candidate));
    assert!(row.outcome.reason().is_some_and(|r| r.contains("2.bin") && r.contains("5 bytes; the model takes 3072")));
}

/// Our own firmware around the bench's network, as the image `a.elf`; false where there is no compiler.
fn own(bench: &Bench, board: &Board, model: &str, network: &Network, host_input: HostInput) -> bool {
    let Ok(toolchain) = Toolchain::find() else {
        println!("skipped: the cross compiler is missing");
        return false;
    };
    let cache = Cache::at(Path::new(env!("CARGO_TARGET_TMPDIR")).join("prebuilt"));
    let options = Options { cache, model: Some(model.into()), host_input, ..Options::new(toolchain, "tinyengine") };
    let compiled = TinyEngine.compile(network).expect("compiled");
    let image = build(&compiled, board, &options).unwrap_or_else(|e| panic!("{e}"));
    fs::write(bench.folder.path().join("a.elf"), &image.elf).expect("an image");
    true
}

#[test]
fn our_own_firmware_passes_the_same_procedure() {
    let bench = Bench::new();
    let board = Board::shipped("nucleo-l4r5zi").expect("a board");
    if !own(&bench, &board, "pic01", &network(), HostInput::Unsigned) {
        return;
    }
    pictures(&bench);
    let mut scenario = bench.scenario(", network: net.tflite, dataset: set");
    scenario.prebuilt[0].image = bench.folder.path().join("a.elf");
    scenario.prebuilt[0].window = 0.05;
    let power = board.power.clone().expect("a power model");
    let row = bench.run(&scenario, &Rack::emulated(&[board], 1));
    assert_eq!(row.check().map(|check| check.inputs.get()), Some(5), "{:?}", row.outcome);
    let image = row.prebuilt().expect("an image");
    assert_eq!((image.model.as_str(), image.device.as_str(), image.clock_read), ("pic01", "hil", true));
    assert!(image.touched_sram.is_some_and(|bytes| bytes > 3072));
    let accuracy = image.accuracy.expect("an accuracy");
    assert!((accuracy.top1 - 500.0 / 6.0).abs() < 1e-9 && accuracy.files == 6, "{accuracy:?}");
    // More than what an idle core draws for as long, and no more than twice that.
    let Energy::Microjoules(energy) = image.energy else { panic!("{:?}", image.energy) };
    let idle = power.base_milliamps * power.volts * image.timing.ms();
    assert!(energy > idle && energy < 2.5 * idle, "{energy} µJ, idle {idle} µJ");
    // The same image, said to talk at another rate.
    scenario.prebuilt[0].baud = 9600;
    let board = Board::shipped("nucleo-l4r5zi").expect("a board");
    let wrong = bench.run(&scenario, &Rack::emulated(&[board], 1));
    assert_eq!(wrong.outcome.cause(), Some(Cause::Candidate), "{:?}", wrong.outcome);
    assert!(wrong.outcome.reason().is_some_and(|reason| reason.contains("9600 baud")), "{:?}", wrong.outcome);
}

#[test]
fn our_own_firmware_takes_real_numbers_as_ad01_is_sent() {
    let spec = |seed| builtin::Spec {
        architecture: "ad-autoencoder".into(),
        resolution: None,
        width: None,
        classes: None,
        seed,
    };
    let network = builtin::build(&spec(0)).expect("a network");
    let bench = Bench::new();
    fs::write(bench.folder.path().join("net.tflite"), tflite::export(&network).expect("a file")).expect("a file");
    let board = Board::shipped("nucleo-l4r5zi").expect("a board");
    if !own(&bench, &board, "ad01", &network, HostInput::Float) {
        return;
    }
    // Files of three windows each, one frame apart; what differs most from what the network gives is the anomaly.
    let set = bench.folder.path().join("set");
    fs::create_dir(&set).expect("a folder");
    let (input, output) = (network.tensor(network.inputs[0]), network.tensor(network.outputs[0]));
    let scale = |tensor: &hil::network::Tensor| {
        let quant = tensor.quant.as_ref().expect("quantised");
        (quant.scale[0], quant.zero_point[0])
    };
    let ((in_scale, in_zero), (out_scale, out_zero)) = (scale(input), scale(output));
    let reference = prepared(&bench);
    let error = |frames: &[f32]| {
        let levels = frames.iter().map(|x| ((x / in_scale).round() as i32 + in_zero).clamp(-128, 127) as i8 as u8);
        let found = reference.output(levels.collect()).expect("an output");
        let squares = found
            .iter()
            .zip(frames)
            .map(|(level, x)| f64::from((i32::from(*level as i8) - out_zero) as f32 * out_scale - x).powi(2));
        squares.sum::<f64>() / frames.len() as f64
    };
    let mut scored = Vec::new();
    for file in 0..4u32 {
        let spread = in_scale * 10.0 * (file + 1) as f32;
        let x = |i: u32| spread * ((i.wrapping_mul(2_654_435_761 + file) >> 16) as f32 / 32_768.0 - 1.0);
        let numbers: Vec<f32> = (0..640 + 2 * 128).map(x).collect();
        let windows = (0..3).map(|at| error(&numbers[at * 128..at * 128 + 640]));
        scored.push((windows.sum::<f64>() / 3.0, file));
        let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
        fs::write(set.join(format!("{file}.bin")), bytes).expect("a file");
    }
    scored.sort_by(|a, b| a.0.total_cmp(&b.0));
    let label = |(at, (_, file)): (usize, &(f64, u32))| format!("{file}.bin,2,{},2560,512\n", u8::from(at >= 2));
    fs::write(set.join("y_labels.csv"), scored.iter().enumerate().map(label).collect::<String>()).expect("labels");
    let text = "name: foreign\ntask: anomalies\nprebuilt:\n  - { image: a.elf, board: nucleo-l4r5zi, protocol: mlperf-tiny, \
                model: ad01, network: net.tflite, dataset: set, window: 0.05 }\n";
    let known = Known { networks: &builtin::names(), boards: &hil::board::names() };
    let scenario = parse("s.yaml", text, bench.folder.path(), known).expect("a scenario");
    let run = || bench.run(&scenario, &Rack::emulated(&[Board::shipped("nucleo-l4r5zi").expect("a board")], 1));
    let row = run();
    let image = row.prebuilt().unwrap_or_else(|| panic!("{:?}", row.outcome));
    assert_eq!((image.model.as_str(), image.windows.len()), ("ad01", 5));
    let accuracy = image.accuracy.expect("an accuracy");
    assert_eq!((accuracy.files, accuracy.auc), (4, Some(1.0)));
    assert!(accuracy.top1 > 99.0, "{accuracy:?}");
    // One number for 640 outputs says that it is right, not that each of them is.
    let told =
        "one number for all outputs of an input, the error of the reconstruction; those agree with the network's";
    assert!(matches!(&image.verification, Verification::NotVerified(why) if why.contains(told)), "{image:?}");
    // Another network's numbers are noticed.
    let other = builtin::build(&spec(1)).expect("a network");
    fs::write(bench.folder.path().join("net.tflite"), tflite::export(&other).expect("a file")).expect("a file");
    let row = run();
    assert_eq!(row.status(), Status::Mismatch, "{:?}", row.outcome);
    assert!(row.outcome.reason().is_some_and(|reason| reason.contains("a mean squared error of")));
}
