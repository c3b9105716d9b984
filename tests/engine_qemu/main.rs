//! Random networks on emulated cores: the only place where the instructions themselves are what is tested.

use std::fs;
use std::path::Path;
use std::process::Command;

#[path = "../engine_common/mod.rs"]
mod engine_common;
#[path = "../engine_random/mod.rs"]
mod engine_random;

use engine_common::noise;
use hil::engine::{Compiled, Engine, Goal, Prefer, Tailored, TinyEngine};
use hil::network::{Network, reference};

const JIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/engine_qemu");

/// A core, the flags of the compiler for it and a board that QEMU has with it.
const CORES: [Core; 2] = [
    ("m4", ["-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-DHIL_DUAL_ISSUE=0"], "mps2-an386"),
    ("m7", ["-mcpu=cortex-m7", "-mfpu=fpv5-d16", "-DHIL_DUAL_ISSUE=1"], "mps2-an500"),
];
type Core = (&'static str, [&'static str; 3], &'static str);

/// Levels of optimisation: projects are built with any.
const LEVELS: [&str; 3] = ["-O2", "-Os", "-O0"];

fn there(tool: &str) -> bool {
    let found = Command::new(tool).arg("--version").output().is_ok();
    if !found {
        println!("skipped: {tool} is missing");
    }
    found
}

/// Outputs of the network on a core, one after another.
fn run(compiled: &Compiled, inputs: &[Vec<u8>], name: &str, core: &Core, level: &str) -> Vec<u8> {
    let (core, flags, board) = core;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("engine_qemu").join(format!("{name}-{core}{level}"));
    fs::create_dir_all(&folder).expect("a folder");
    for source in &compiled.sources {
        fs::write(folder.join(&source.path), &source.text).expect("a source is written");
    }
    fs::write(folder.join("input"), inputs.concat()).expect("the inputs are written");
    let sources = compiled.sources.iter().map(|source| source.path.as_str()).filter(|path| path.ends_with(".c"));
    let status = Command::new("arm-none-eabi-gcc")
        .current_dir(&folder)
        .args(flags)
        .args(["-mthumb", "-mfloat-abi=hard", "-std=c11", level, "-I.", "-nostartfiles", "--specs=nosys.specs"])
        .args(["-T", &format!("{JIG}/link.ld"), "-o", "image.elf", &format!("{JIG}/main.c")])
        .args(sources)
        .arg("-Wl,--no-warnings")
        .status()
        .expect("the cross compiler starts");
    assert!(status.success(), "{name}, {core}, {level}: the cross compiler fails");
    let status = Command::new("qemu-system-arm")
        .current_dir(&folder)
        .args(["-M", board, "-display", "none", "-monitor", "none", "-serial", "none"])
        .args(["-semihosting-config", "enable=on,target=native", "-kernel", "image.elf"])
        .status()
        .expect("the emulator starts");
    assert!(status.success(), "{name}, {core}, {level}: {status}");
    fs::read(folder.join("output")).expect("outputs")
}

#[test]
fn random_networks_compute_on_cores_what_the_interpreter_does() {
    if !there("arm-none-eabi-gcc") || !there("qemu-system-arm") {
        return;
    }
    let depthwise = [7, 260].map(|channels| (engine_random::depthwise_3x3(99, channels), false));
    // Each on both cores.
    let tiled = (0..12).map(|seed| (engine_random::conv_3x3(200 + seed / 2), true));
    let grouped = (0..2).map(|seed| (engine_random::grouped(300 + seed), false));
    let random = (100..124).map(|seed| (engine_random::network(seed, 8), false));
    let pieces = (700..708).map(|seed| (engine_random::pieces(seed, 14), false));
    let all = depthwise.into_iter().chain(tiled).chain(grouped).chain(random).chain(pieces);
    for (index, (network, largest)) in all.enumerate() {
        let name = format!("random-{index}");
        let compiled = if largest {
            TinyEngine.compile_with(&network, |_, choices| choices.len() - 1)
        } else {
            TinyEngine.compile(&network)
        };
        check(&network, &compiled.unwrap_or_else(|e| panic!("{name}: {e}")), &name, index);
    }
}

#[test]
fn other_goals_of_random_networks_compute_on_cores_what_the_interpreter_does() {
    if !there("arm-none-eabi-gcc") || !there("qemu-system-arm") {
        return;
    }
    let (mut bands, mut sums) = (0, 0);
    for (index, seed) in (400..412).enumerate() {
        let (network, name) = (engine_random::blocks(seed, 4), format!("bands-{index}"));
        // Each on both cores.
        let prefer = if (index / 2) % 2 == 0 { Prefer::Sram } else { Prefer::Flash };
        let engine = Tailored(Goal::preferring(prefer));
        let compiled = engine.compile(&network).unwrap_or_else(|e| panic!("{name}: {e}"));
        sums += compiled.plan.fused.len();
        bands += compiled.plan.stages.iter().map(|stage| stage.bands()).sum::<usize>();
        check(&network, &compiled, &name, index);
    }
    assert!(bands > 10 && sums > 2, "{bands} bands, {sums} additions made by convolutions");
}

fn check(network: &Network, compiled: &Compiled, name: &str, index: usize) {
    let bytes = network.tensor(network.inputs[0]).bytes();
    let inputs = [noise(1, bytes), noise(2, bytes), vec![0x80; bytes], vec![0x7f; bytes]];
    let expected = inputs.iter().flat_map(|x| reference::run(network, &[x.clone()]).expect("a run")[0].clone());
    let expected: Vec<u8> = expected.collect();
    let (core, level) = (&CORES[index % 2], LEVELS[index % 3]);
    let output = run(compiled, &inputs, name, core, level);
    assert!(output == expected, "{name}, {}, {level}: outputs differ", core.0);
}
