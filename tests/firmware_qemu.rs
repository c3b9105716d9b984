//! Images on QEMU: the protocol, and outputs against the reference interpreter.

mod firmware_common;

use std::fs;
use std::path::Path;

use firmware_common::{Console, compile, fact, has_qemu, network, noise, options, reconstructing, twins};
use hil::board::{Board, Core};
use hil::engine::Compiled;
use hil::firmware::{HostInput, Image, Options, build, qemu_twin, reserved};
use hil::network::{Network, reference, tflite};

const READY: &str = "m-ready\r\n";

/// Builds `network` for each twin and hands both to `check`; nothing where a tool is missing.
fn on_twins(network: &Network, check: impl Fn(&Image, &mut Console)) {
    on(&twins(), network, check);
}

fn on(boards: &[Board], network: &Network, check: impl Fn(&Image, &mut Console)) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("firmware");
    let Some(options) = options(&folder.join("cache")).filter(|_| has_qemu()) else { return };
    let compiled = compile(network);
    for board in boards {
        let image = build(&compiled, board, &options).unwrap_or_else(|e| panic!("{}: {e}", network.name));
        let mut console = Console::open(&image, &board.name);
        console.until(READY);
        check(&image, &mut console);
    }
}

/// Outputs of several inputs are those of the reference interpreter.
fn check_outputs(network: &Network, console: &mut Console) {
    let bytes = network.tensor(network.inputs[0]).bytes();
    for input in [noise(1, bytes), vec![0x80; bytes], vec![0x7f; bytes]] {
        let expected = reference::run(network, &[input.clone()]).expect("a run").remove(0);
        console.load(&input);
        let said = console.ask("infer 1 1");
        assert!(said.contains("m-infer-done\r\nm-results-["), "{said}");
        assert!(console.output() == expected, "{}: the output differs", network.name);
        console.ask("hil steps");
        assert!(console.output() == expected, "{}: the output differs, step by step", network.name);
    }
}

#[test]
fn outputs_are_those_of_the_interpreter() {
    let network = network(8);
    on_twins(&network, |_, console| check_outputs(&network, console));
    let m33 = qemu_twin(Core::CortexM33f);
    on(&[m33], &network, |_, console| check_outputs(&network, console));
}

#[test]
fn outputs_of_models_are_those_of_the_interpreter() {
    let models = ["mlperf_tiny/kws_ref_model", "mlperf_tiny/ad01_int8", "tflite_micro/person_detect"];
    for model in models {
        let path = Path::new("../shared/models").join(model).with_extension("tflite");
        let Ok(bytes) = fs::read(&path) else {
            println!("skipped: {} is not there", path.display());
            continue;
        };
        let network = tflite::import(model, &bytes).unwrap_or_else(|e| panic!("{model}: {e}"));
        on_twins(&network, |_, console| check_outputs(&network, console));
    }
}

/// The first words are those that the MLPerf Tiny runner waits for.
#[test]
fn it_boots_as_the_runner_expects() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("firmware");
    let Some(options) = options(&folder.join("cache")).filter(|_| has_qemu()) else { return };
    for board in twins() {
        let image = build(&compile(&network(8)), &board, &options).expect("an image");
        let said = Console::open(&image, &board.name).until(READY);
        let lap = said.strip_prefix("m-timestamp-mode-performance\r\nm-lap-us-").unwrap_or_else(|| panic!("{said}"));
        let digits: String = lap.chars().take_while(char::is_ascii_digit).collect();
        assert_eq!(lap, format!("{digits}\r\nm-init-done\r\nm-ready\r\n"));
    }
}

/// Replaces what differs from run to run.
fn without_times(said: &str) -> String {
    let line = |line: &str| if line.starts_with("m-lap-us-") { "m-lap-us-T".to_string() } else { line.to_string() };
    said.split("\r\n").map(line).collect::<Vec<_>>().join("\r\n")
}

#[test]
fn commands_answer_as_the_runner_expects() {
    on_twins(&network(8), |_, console| {
        let mut input = vec![0x80u8; 315];
        input[..3].copy_from_slice(&[0x0f, 0xa0, 0x7f]);
        assert_eq!(console.ask("name"), "m-name-dut-[hil]\r\n");
        let profile = "m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[built]\r\n";
        assert_eq!(console.ask("profile"), profile);
        assert_eq!(without_times(&console.ask("timestamp")), "m-lap-us-T\r\n");
        let help = console.ask("help");
        assert!(help.starts_with("ULPMark for tinyML Firmware V0.0.1\r\n\r\nhelp         : Print"), "{help}");
        // An input that is too short, printed in lines of 8.
        assert_eq!(console.ask("db load 9"), "m-[Expecting 9 bytes]\r\n");
        assert_eq!(console.ask("db 0102030405060708"), "");
        assert_eq!(console.ask("infer 1 0"), "e-[Input db has 8 bytes, expected 315]\r\n");
        // What follows the last byte is disregarded.
        assert_eq!(console.ask("db fFeE"), "m-load-done\r\n");
        assert_eq!(console.ask("db 00"), "e-[Buffer is full, or 'db load' is missing]\r\n");
        assert_eq!(console.ask("db print"), "m-buffer-01-02-03-04-05-06-07-08\r\nm-buffer-ff\r\n\r\n");
        console.load(&input);
        let said = console.ask("infer 3 2");
        let (before, results) = said.split_once("m-results-").expect("results");
        let expected =
            "m-warmup-start-2\r\nm-warmup-done\r\nm-infer-start-3\r\nm-lap-us-T\r\nm-lap-us-T\r\nm-infer-done\r\n";
        assert_eq!(without_times(before), expected);
        assert_eq!(console.ask("results"), format!("m-results-{results}"));
        assert!(console.ask("infer").starts_with("m-warmup-start-10\r\nm-warmup-done\r\nm-infer-start-1\r\n"));
    });
}

#[test]
fn an_image_tells_what_it_is() {
    let network = network(8);
    let compiled = compile(&network);
    on_twins(&network, |image, console| {
        let info = console.ask("hil info");
        let number = |key| fact(&info, key).parse::<usize>().expect("a number");
        assert_eq!(fact(&info, "build"), image.build_id);
        assert_eq!((fact(&info, "engine"), fact(&info, "network")), ("tinyengine", "built"));
        assert_eq!((number("protocol"), number("clock-hz"), number("wait-states")), (1, 25_000_000, 0));
        assert_eq!((number("input-bytes"), number("output-bytes"), number("input-buffered")), (315, 10, 1));
        assert_eq!((number("steps"), number("arena-bytes")), (compiled.steps.len(), compiled.plan.arena_bytes));

        let fresh = console.ask("hil memory");
        assert_eq!(fact(&fresh, "arena-touched"), "0");
        console.load(&noise(1, 315));
        let cycles = console.ask("hil cycles 3 1");
        assert_eq!(fact(&cycles, "cycles").split(',').count(), 3);
        let steps = console.ask("hil steps");
        for (index, (line, step)) in steps.lines().zip(&compiled.steps).enumerate() {
            assert!(line.starts_with(&format!("m-hil-step-[{index},{}:{},", step.op, step.kernel)), "{line}");
        }
        assert_eq!(steps.lines().count(), compiled.steps.len());

        let memory = console.ask("hil memory");
        let number = |key| fact(&memory, key).parse::<u64>().expect("a number");
        let sizes = image.sizes;
        assert_eq!((number("stack-size"), number("data"), number("bss")), (sizes.stack, sizes.data, sizes.bss));
        assert_eq!((number("arena"), number("harness")), (compiled.plan.arena_bytes as u64, sizes.harness));
        assert!(number("stack") > fact(&fresh, "stack").parse().expect("a number"), "{memory}");
        assert!(number("stack") < number("stack-size") && number("arena-touched") > number("arena") / 2, "{memory}");
    });
}

/// As `printf` prints them, ties included, of which a scale of 1/256 has some.
#[test]
fn results_are_rounded_as_printf_rounds() {
    let mut network = network(8);
    let output = network.outputs[0].0;
    // Small weights, so that few outputs are clamped.
    let filter = network.ops.last().expect("a dense layer").inputs[1].0;
    network.tensors[filter].quant.as_mut().expect("a scale").scale = vec![0.0005];
    for scale in [1.0 / 256.0, 0.05, 0.0371, 3.3] {
        network.tensors[output].quant.as_mut().expect("a scale").scale = vec![scale];
        on_twins(&network, |_, console| {
            for seed in 1..4 {
                console.load(&noise(seed, 315));
                console.ask("infer 1 0");
                // The output has a zero point of 3.
                let real = |q: &u8| format!("{:.3}", scale * f32::from(i16::from(*q as i8) - 3));
                let reals: Vec<String> = console.output().iter().map(real).collect();
                assert_eq!(console.ask("results"), format!("m-results-[{}]\r\n", reals.join(",")));
            }
        });
    }
}

/// The MLPerf Tiny runner sends images as unsigned bytes, for networks that take signed ones.
#[test]
fn images_as_the_runner_sends_them_are_understood() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("firmware");
    let Some(options) = options(&folder.join("cache")).filter(|_| has_qemu()) else { return };
    let options = Options { model: Some("ic01".into()), host_input: HostInput::Unsigned, ..options };
    let network = network(8);
    let board = &twins()[0];
    let image = build(&compile(&network), board, &options).expect("an image");
    let mut console = Console::open(&image, &board.name);
    console.until(READY);
    assert!(console.ask("profile").ends_with("m-model-[ic01]\r\n"));
    let pixels = noise(3, 315);
    console.load(&pixels);
    assert!(console.ask("db print").starts_with(&format!("m-buffer-{:02x}-{:02x}-", pixels[0], pixels[1])));
    console.ask("infer 2 0");
    let signed: Vec<u8> = pixels.iter().map(|pixel| pixel ^ 0x80).collect();
    assert_eq!(console.output(), reference::run(&network, &[signed]).expect("a run").remove(0));
}

/// The runner sends `ad01` real numbers, and is told the mean squared error of what the network makes of them.
#[test]
fn real_numbers_are_quantised_as_the_reference_of_mlperf_tiny_does() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("firmware");
    let Some(options) = options(&folder.join("cache")).filter(|_| has_qemu()) else { return };
    let options = Options { model: Some("ad01".into()), host_input: HostInput::Float, ..options };
    let network = reconstructing();
    // In steps of a half from 3 upwards; halves of steps go away from zero.
    let inputs: [([f32; 8], [i8; 8]); 2] = [
        ([0.0, 0.25, -0.25, 0.249, -0.249, 0.75, -0.75, 10.0], [3, 4, 2, 3, 3, 5, 1, 23]),
        (
            [61.9, 62.5, -65.4, -66.0, 1e30, f32::NEG_INFINITY, f32::NAN, -1e-30],
            [127, 127, -128, -128, 127, -128, 3, 3],
        ),
    ];
    let quant = network.tensor(network.outputs[0]).quant.clone().expect("scales");
    for board in twins() {
        let image = build(&compile(&network), &board, &options).expect("an image");
        let mut console = Console::open(&image, &board.name);
        console.until(READY);
        assert_eq!(fact(&console.ask("hil info"), "input-bytes"), "32");
        for (numbers, levels) in &inputs {
            console.load(&numbers.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>());
            let said = console.ask("infer 2 0");
            let levels = levels.map(|level| level as u8).to_vec();
            let expected = reference::run(&network, &[levels]).expect("a run").remove(0);
            assert_eq!(console.output(), expected, "{}: {numbers:?}", board.name);
            let squares = expected.iter().zip(numbers).map(|(level, x)| {
                ((f32::from(*level as i8) - quant.zero_point[0] as f32) * quant.scale[0] - x).powi(2)
            });
            let error = squares.sum::<f32>() / 8.0;
            if error.is_finite() && error < 1e6 {
                let said =
                    said.split_once("m-results-[").and_then(|(_, rest)| rest.split_once(']')).expect("results").0;
                assert!((said.parse::<f32>().expect("a number") - error).abs() < 0.002, "{said}, not {error}");
            } else {
                assert!(said.contains("m-results-[nan]"), "{said}");
            }
        }
    }
}

/// CRC-32 of "123456789", as its catalogues give it.
#[test]
fn checksums_are_the_usual_crc32() {
    on_twins(&network(8), |_, console| {
        console.ask("db load 9");
        console.ask("db 313233343536373839");
        assert_eq!(console.ask("hil input"), "m-hil-input-loaded-[9]\r\nm-hil-input-crc32-[cbf43926]\r\n");
    });
}

#[test]
fn broken_commands_are_refused_and_the_next_is_answered() {
    on_twins(&network(8), |_, console| {
        let cases = [
            ("bogus 1 2", "e-[Unknown command: bogus]\r\n"),
            ("NAME", "e-[Unknown command: NAME]\r\n"),
            ("\u{1}x\u{7f}", "e-[Unknown command: ?x?]\r\n"),
            ("", ""),
            ("   ", ""),
            ("\r\nname", "m-name-dut-[hil]\r\n"),
            ("results", "e-[no output yet]\r\n"),
            ("hil output", "e-[no output yet]\r\n"),
            ("infer", "e-[Input db has 0 bytes, expected 315]\r\n"),
            ("infer 0", "e-[Inference iterations must be >0]\r\n"),
            ("infer 1 -1", "e-[Inference warmup must be >=0]\r\n"),
            ("infer 99999999999", "e-[Inference iterations must be >0]\r\n"),
            ("db", "e-[Command 'db' requires a subcommand]\r\n"),
            ("db load", "e-[Command 'db load' requires the # of bytes]\r\n"),
            ("db load 0", "e-[Command 'db load' must be >0 bytes]\r\n"),
            ("db load 4294967297", "e-[Command 'db load' must be >0 bytes]\r\n"),
            ("db load 316", "e-[Supplied buffer size 316 exceeds maximum of 315]\r\n"),
            ("db 0", "e-[Insufficent number of hex digits]\r\n"),
            ("db 0g", "e-[Invalid hex digit]\r\n"),
            ("db 00", "e-[Buffer is full, or 'db load' is missing]\r\n"),
            ("hil", "e-[Unknown subcommand of hil]\r\n"),
            ("hil infos", "e-[Unknown subcommand of hil]\r\n"),
            ("hil cycles 0", "e-[number of inferences must be >0]\r\n"),
            ("hil cycles 1 x", "e-[number of warm-ups must be >=0]\r\n"),
        ];
        for (command, reply) in cases {
            assert_eq!(console.ask(command), reply, "{command:?}");
        }
        for length in [260, 261, 4000] {
            let reply = console.ask(&"x".repeat(length));
            let expected = match length {
                260 => format!("e-[Unknown command: {}]\r\n", "x".repeat(260)),
                _ => "e-[Command is too long]\r\n".into(),
            };
            assert_eq!(reply, expected);
        }
        // A command that is refused loads nothing.
        console.ask("db load 3");
        console.ask("db 0a");
        console.ask("db 0b0x");
        assert_eq!(console.ask("db print"), "m-buffer-0a\r\n\r\n");
        assert_eq!(console.ask("name"), "m-name-dut-[hil]\r\n");
    });
}

/// On a board with so little SRAM that the input has no copy.
#[test]
fn an_input_without_a_copy_serves_one_inference() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("firmware");
    let Some(options) = options(&folder.join("cache")).filter(|_| has_qemu()) else { return };
    let network = network(8);
    let compiled = compile(&network);
    let mut board = twins()[0].clone();
    board.memory.retain(|region| region.name != "psram");
    board.memory[1].size = (reserved(compiled.steps.len()).sram + compiled.plan.arena_bytes) as u32;
    let image = build(&compiled, &board, &options).expect("an image");
    assert!(!image.input_buffered);
    let mut console = Console::open(&image, &board.name);
    console.until(READY);
    assert_eq!(fact(&console.ask("hil info"), "input-buffered"), "0");
    for seed in [1, 2] {
        let input = noise(seed, 315);
        let expected = reference::run(&network, &[input.clone()]).expect("a run").remove(0);
        console.load(&input);
        let refused = "e-[input consumed: it is not buffered, one inference per load]\r\n";
        assert_eq!(console.ask("infer 1 1"), refused);
        assert!(console.ask("infer 1 0").contains("m-infer-done"));
        assert!(console.output() == expected, "the output differs");
        for command in ["infer 1 0", "hil cycles 1", "hil steps"] {
            assert_eq!(console.ask(command), "e-[input consumed]\r\n");
        }
        assert!(console.output() == expected, "the output is still there");
    }
}

/// A network whose inference does something that it should not.
fn faulty(statement: &str) -> Compiled {
    let mut compiled = compile(&network(8));
    let source = compiled.sources.iter_mut().find(|s| s.path == "network.c").expect("a source");
    let run = "void hil_network_run(void)\n{\n";
    assert!(source.text.contains(run));
    source.text = source.text.replace(run, &format!("{run}{statement}\n"));
    compiled
}

#[test]
fn a_fault_is_reported_with_where_it_happened() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("firmware");
    let Some(options) = options(&folder.join("cache")).filter(|_| has_qemu()) else { return };
    let cases = [
        ("__asm volatile(\"udf #1\");", true),
        // A load of two words may not be unaligned.
        ("__asm volatile(\"mov r0, #1\\n ldrd r2, r3, [r0]\" ::: \"r0\", \"r2\", \"r3\", \"memory\");", true),
        // The stack has overflowed, and the report needs another. QEMU's machine ignores writes below its SRAM, so
        // that it is not the overflow that faults here.
        ("volatile uint8_t deep[4096]; deep[0] = 1; deep[4095] = deep[0]; __asm volatile(\"udf #1\");", false),
    ];
    for (statement, has_frame) in cases {
        for board in twins() {
            let image = build(&faulty(statement), &board, &options).expect("an image");
            let mut console = Console::open(&image, &board.name);
            console.until(READY);
            console.load(&noise(1, 315));
            console.send(b"infer 1 0%");
            let said = console.until("]\r\n");
            let report = &said[said
                .find("e-[fault exception=00000003 cfsr=")
                .unwrap_or_else(|| panic!("{statement} on {}: {said}", board.name))..];
            let register = |name: &str| {
                let digits = report.split(&format!(" {name}=")).nth(1).map(|rest| &rest[..8]);
                digits.map(|digits| u32::from_str_radix(digits, 16).expect("hex"))
            };
            assert_ne!(register("cfsr"), Some(0), "{report}");
            assert_eq!(register("pc").is_some(), has_frame, "{report}");
            if let Some(pc) = register("pc") {
                assert_eq!(image.symbol_at(pc).expect("a symbol").name, "hil_network_run", "{report}");
            }
        }
    }
}
