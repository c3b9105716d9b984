//! A user's own TFLM: what is refused, and a library that is there is run.
//!
//! `HIL_TEST_TFLM` names a library and, after colons, its include folders, for the test that needs a real one.

mod baseline_common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use baseline_common::images::{Console, fact, has_qemu, noise, options, twins};
use baseline_common::{BOOT, model};
use hil::board::Board;
use hil::engine::tflm::UserLibrary;
use hil::engine::{Compiled, Engine, Tflm};
use hil::firmware::build;
use hil::network::reference;

/// Folders with the headers that a library must have.
fn headers(root: &Path) -> Vec<PathBuf> {
    for header in ["tensorflow/lite/micro/micro_interpreter.h", "flatbuffers/flatbuffers.h", "fixedpoint/fixedpoint.h"]
    {
        let path = root.join(header);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, "").expect("a header");
    }
    vec![root.to_path_buf()]
}

/// An archive of one object that was compiled with `flags`; none where there is no cross compiler.
fn archive(root: &Path, flags: &[&str]) -> Option<PathBuf> {
    let (source, object, archive) = (root.join("a.c"), root.join("a.o"), root.join("liba.a"));
    fs::write(&source, "float twice(float x);\nfloat twice(float x) { return x + x; }\n").expect("a source");
    let _ = fs::remove_file(&archive);
    let run = |program: &str, arguments: &[&str], paths: &[&Path]| {
        Command::new(program).args(arguments).args(paths).status().is_ok_and(|status| status.success())
    };
    let compiled = run("arm-none-eabi-gcc", &[flags, &["-c", "-o"]].concat(), &[&object, &source]);
    if !compiled || !run("arm-none-eabi-ar", &["rcs"], &[&archive, &object]) {
        println!("skipped: the cross compiler is missing");
        return None;
    }
    Some(archive)
}

const M4: [&str; 3] = ["-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16"];

#[test]
fn a_library_for_another_float_abi_or_core_is_refused_by_object() {
    let folder = tempfile::tempdir().expect("a folder");
    let include = headers(folder.path());
    let open = |flags: &[&str]| Some(UserLibrary::open(&archive(folder.path(), flags)?, &include));
    let Some(fit) = open(&[&M4[..], &["-mfloat-abi=hard"]].concat()) else { return };
    let title = fit.expect("a library").title().to_string();
    assert!(title.starts_with("TFLM (") && title.ends_with("), reference kernels, own build"), "{title}");
    for (flags, part) in [
        ([&M4[..], &["-mfloat-abi=soft"]].concat(), "another float ABI than `hard`"),
        ([&M4[..], &["-mfloat-abi=softfp"]].concat(), "another float ABI than `hard`"),
        (vec!["-mcpu=cortex-a9", "-mfpu=vfpv3", "-mfloat-abi=hard"], "which Cortex-M4 and M7 do not run"),
        (vec!["-mcpu=cortex-m33", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv5-sp-d16"], "do not run"),
    ] {
        let message = open(&flags).expect("a compiler").unwrap_err().to_string();
        assert!(message.contains("object `a.o`") && message.contains(part), "{flags:?}: {message}");
        assert!(message.contains("-mfloat-abi=hard"), "{message}");
    }
}

#[test]
fn a_library_for_a_later_floating_point_unit_is_refused_by_board() {
    let folder = tempfile::tempdir().expect("a folder");
    let include = headers(folder.path());
    let mut refused = Vec::new();
    let units = [("cortex-m4", "fpv4-sp-d16"), ("cortex-m7", "fpv5-sp-d16"), ("cortex-m7", "fpv5-d16")];
    for (cpu, fpu) in units {
        let flags = [format!("-mcpu={cpu}"), format!("-mfpu={fpu}")];
        let flags = [&flags[0], flags[1].as_str(), "-mthumb", "-mfloat-abi=hard"];
        let Some(archive) = archive(folder.path(), &flags) else { return };
        let library = UserLibrary::open(&archive, &include).unwrap_or_else(|e| panic!("{e}"));
        let said = |board: &str| library.refuses(&Board::shipped(board).expect("a board"));
        // In single precision, in single precision but FPv5, and in double.
        refused.push(["nucleo-l4r5zi", "stm32f746g-disco", "nucleo-f767zi"].map(said));
    }
    let are: Vec<_> = refused.iter().map(|boards| boards.each_ref().map(Option::is_some)).collect();
    assert_eq!(are, [[false, false, false], [true, false, false], [true, true, false]]);
    let message = refused[2][0].as_ref().expect("refused");
    for part in ["object `a.o`", "FPv5-D16", "nucleo-l4r5zi is a Cortex-M4 with FPv4-SP", "-mfpu=fpv4-sp-d16"] {
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[test]
fn what_is_missing_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = UserLibrary::open(&folder.path().join("lib.a"), &[]).unwrap_err().to_string();
    assert!(nowhere.contains("lib.a"), "{nowhere}");
    fs::write(folder.path().join("lib.a"), "text").expect("a file");
    let text = UserLibrary::open(&folder.path().join("lib.a"), &[]).unwrap_err().to_string();
    assert!(text.contains("is no archive of Arm ELF objects"), "{text}");
    let Some(library) = archive(folder.path(), &[&M4[..], &["-mfloat-abi=hard"]].concat()) else { return };
    let include = UserLibrary::open(&library, &[folder.path().to_path_buf()]).unwrap_err().to_string();
    assert!(include.contains("has no `tensorflow/lite/micro/micro_interpreter.h`"), "{include}");
}

/// The output of one inference, or what was said instead; and the bytes of the arena that are used.
fn infer(console: &mut Console, input: &[u8]) -> Result<(Vec<u8>, usize), String> {
    console.load(input);
    console.send(b"infer 1 0%");
    let said = console.until("]\r\n");
    if said.contains("fault") {
        return Err(said);
    }
    console.reply();
    let memory = console.ask("hil memory");
    Ok((console.output(), fact(&memory, "arena-used").parse().expect("a number")))
}

#[test]
fn a_library_that_is_there_runs_in_an_arena_that_was_measured() {
    let Ok(named) = std::env::var("HIL_TEST_TFLM") else {
        println!("skipped: HIL_TEST_TFLM names no library");
        return;
    };
    let mut paths = named.split(':').map(PathBuf::from);
    let library = paths.next().expect("a path");
    let library = UserLibrary::open(&library, &paths.collect::<Vec<_>>()).unwrap_or_else(|e| panic!("{e}"));
    println!("{}", library.title());
    let engine = Tflm::user(library);
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("baselines");
    let Some(options) = options(&cache).filter(|_| has_qemu()) else { return };
    for name in ["mlperf_tiny/kws_ref_model", "mlperf_tiny/ad01_int8"] {
        let Some(network) = model(name) else { continue };
        let trial = engine.compile(&network).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(trial.arena_is_trial);
        let input = noise(1, trial.input_bytes);
        let expected = reference::run(&network, &[input.clone()]).expect("a run").remove(0);
        let [board, _] = twins();
        let run = |compiled: &Compiled| {
            let image = build(compiled, &board, &options).unwrap_or_else(|e| panic!("{name}: {e}"));
            let mut console = Console::open(&image, &board.name);
            console.until(BOOT);
            infer(&mut console, &input)
        };
        let (output, used) = run(&trial).unwrap_or_else(|said| panic!("{name}: {said}"));
        assert!(output == expected, "{name}: the output differs");
        // While it plans, an interpreter may need more than it keeps.
        let settled = (0..64).map(|i| used + 64 * i).find_map(|bytes| {
            let compiled = engine.compile_with_arena(&network, bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
            Some((compiled.plan.arena_bytes, run(&compiled).ok()?.0))
        });
        let (bytes, output) = settled.expect("an arena");
        println!("{name}: trial {}, used {used}, least {bytes}", trial.plan.arena_bytes);
        assert!(output == expected, "{name}: the output differs in the settled arena");
    }
}
