//! Images that somebody else has built: what is measured of them, and that no fault of theirs becomes a number.

mod prebuilt_fake;

use std::fs;
use std::path::Path;

use hil::board::Board;
use hil::engine::{Engine, TinyEngine};
use hil::firmware::{Cache, Options, Toolchain, build};
use hil::network::{Network, builtin, tflite};
use hil::rack::{Cancel, Driver, Rack, Unit};
use hil::results::{Cause, Measurement, Outcome, RunState, Status, Verification};
use hil::run::{NoCompiler, Order, carry, prepare};
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
        let dut = Dut::new("nucleo-l4r5zi", "pic01", network(), faults);
        Box::new(Dut { id: name.into(), driver: Driver::Probe, ..dut }) as Box<dyn Unit>
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

#[test]
fn accuracy_is_what_the_runner_of_mlperf_tiny_computes() {
    let bench = Bench::new();
    let set = bench.folder.path().join("set");
    fs::create_dir(&set).expect("a folder");
    let prepared =
        prepare(&Candidate { name: "pictures".into(), source: Source::File(bench.folder.path().join("net.tflite")) })
            .expect("a network");
    let mut labels = String::new();
    let mut right = 0;
    for index in 0..6u32 {
        let pixels: Vec<u8> = (0..3072u32).map(|i| (i * (index + 3) * 37 >> 3) as u8).collect();
        let signed = pixels.iter().map(|pixel| pixel ^ 0x80).collect();
        let output = prepared.output(signed).expect("an output");
        let best = output.iter().map(|byte| *byte as i8).max().expect("not empty");
        let class = output.iter().position(|byte| *byte as i8 == best).expect("a class");
        // One label is wrong.
        let label = if index == 4 { (class + 1) % 4 } else { class };
        right += usize::from(label == class);
        labels += &format!("{index}.bin,4,{label}\n");
        fs::write(set.join(format!("{index}.bin")), pixels).expect("a file");
    }
    fs::write(set.join("y_labels.csv"), labels).expect("labels");
    let row = bench.row(", dataset: set", &[]);
    let accuracy = row.prebuilt().and_then(|image| image.accuracy).expect("an accuracy");
    assert_eq!((accuracy.files, accuracy.of_files, right), (6, 6, 5));
    assert!((accuracy.top1 - 500.0 / 6.0).abs() < 1e-9);
    let row = bench.row(", dataset: set, files: 2", &[]);
    let accuracy = row.prebuilt().and_then(|image| image.accuracy).expect("an accuracy");
    assert_eq!((accuracy.files, accuracy.of_files, accuracy.top1), (2, 6, 100.0));
    fs::write(set.join("2.bin"), "short").expect("a file");
    let row = bench.row(", dataset: set", &[]);
    assert_eq!(row.outcome.cause(), Some(Cause::Candidate));
    assert!(row.outcome.reason().is_some_and(|r| r.contains("2.bin") && r.contains("5 bytes; the model takes 3072")));
}

#[test]
fn our_own_firmware_passes_the_same_procedure() {
    let Ok(toolchain) = Toolchain::find() else {
        println!("skipped: the cross compiler is missing");
        return;
    };
    let bench = Bench::new();
    let board = Board::shipped("nucleo-l4r5zi").expect("a board");
    let cache = Cache::at(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("prebuilt"));
    let options =
        Options { cache, model: Some("pic01".into()), unsigned_input: true, ..Options::new(toolchain, "tinyengine") };
    let compiled = TinyEngine.compile(&network()).expect("compiled");
    let image = build(&compiled, &board, &options).unwrap_or_else(|e| panic!("{e}"));
    fs::write(bench.folder.path().join("a.elf"), &image.elf).expect("an image");
    let mut scenario = bench.scenario(", network: net.tflite");
    scenario.prebuilt[0].image = bench.folder.path().join("a.elf");
    scenario.prebuilt[0].window = 0.05;
    let row = bench.run(&scenario, &Rack::emulated(&[board], 1));
    assert_eq!(row.check().map(|check| check.inputs.get()), Some(5), "{:?}", row.outcome);
    let image = row.prebuilt().expect("an image");
    assert_eq!((image.model.as_str(), image.device.as_str(), image.clock_read), ("pic01", "hil", true));
    assert!(image.touched_sram.is_some_and(|bytes| bytes > 3072));
    // The same image, said to talk at another rate.
    scenario.prebuilt[0].baud = 9600;
    let board = Board::shipped("nucleo-l4r5zi").expect("a board");
    let wrong = bench.run(&scenario, &Rack::emulated(&[board], 1));
    assert_eq!(wrong.outcome.cause(), Some(Cause::Candidate), "{:?}", wrong.outcome);
    assert!(wrong.outcome.reason().is_some_and(|reason| reason.contains("9600 baud")), "{:?}", wrong.outcome);
}
