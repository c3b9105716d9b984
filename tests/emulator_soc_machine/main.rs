//! Whole boards: C programs of the cross compiler, from reset to what the host hears.

use std::path::{Path, PathBuf};
use std::process::Command;

use hil::board::Board;
use hil::emulator::{EmulatorError, Image, Machine, Pause};

const BOARDS: [(&str, &str, &str); 2] =
    [("nucleo-l4r5zi", "-mcpu=cortex-m4", "-DSTM32L4PLUS"), ("stm32f746g-disco", "-mcpu=cortex-m7", "-DSTM32F7")];

/// Compiles a program of `c/`; `None`, with a message, where the compiler is missing.
fn compile(program: &str, cpu: &str, family: &str, folder: &Path) -> Option<PathBuf> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emulator_soc_machine/c");
    let sources = if sources.exists() { sources } else { Path::new(file!()).with_file_name("c") };
    let elf = folder.join(format!("{program}{cpu}.elf"));
    let status = Command::new("arm-none-eabi-gcc")
        .args([
            cpu,
            family,
            "-mthumb",
            "-O2",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-ffreestanding",
            "-nostdlib",
            "-Wl,--build-id=none",
        ])
        .arg("-T")
        .arg(sources.join("board.ld"))
        .args([sources.join("board.c"), sources.join(format!("{program}.c"))])
        .arg("-o")
        .arg(&elf)
        .status();
    match status {
        Ok(status) => {
            assert!(status.success(), "{program}.c does not compile");
            Some(elf)
        }
        Err(error) => {
            println!("skipped: arm-none-eabi-gcc: {error}");
            None
        }
    }
}

fn machine(board: &str, elf: &Path) -> Machine {
    let mut machine = Machine::new(&Board::shipped(board).expect("a board")).expect("a machine");
    machine.load(&Image::read(elf, 0).expect("an image")).expect("it fits");
    machine
}

fn hear(machine: &mut Machine, cycles: u64) -> String {
    machine.run(cycles).unwrap_or_else(|e| panic!("{e}"));
    String::from_utf8_lossy(&machine.receive()).into_owned()
}

#[test]
fn a_program_sets_clocks_speaks_sleeps_and_answers() {
    let folder = tempfile::tempdir().expect("a folder");
    for (board, cpu, family) in BOARDS {
        let Some(elf) = compile("echo", cpu, family, folder.path()) else { return };
        let mut machine = machine(board, &elf);
        assert_eq!(machine.run(50_000_000).expect("a run"), Pause::Idle);
        let said = String::from_utf8(machine.receive()).expect("text");
        let micros: u64 = said[9..].split(' ').next().and_then(|n| n.parse().ok()).unwrap_or_else(|| panic!("{said}"));
        assert!(said.starts_with("UUUUUUUU ") && said.ends_with(" us hello from flash\n"), "{said}");
        // Eight bytes of 10 bits at 115200 baud are 694.4 us; software looks late by less than a microsecond each.
        assert!((694..700).contains(&micros), "{said}");

        machine.send(b"GHK");
        let before = machine.seconds();
        assert_eq!(machine.run(50_000_000).expect("a run"), Pause::Idle);
        assert_eq!(machine.receive(), b"HIL");
        // Three bytes to the board, one after the other, and the last answer.
        let took = machine.seconds() - before;
        assert!((took - 4.0 * 10.0 / 115_200.0).abs() < 3e-6, "{took}");

        machine.send(b"!");
        assert_eq!(hear(&mut machine, 50_000_000)[..9], said[..9]);
        assert_eq!(machine.resets(), 1);
    }
}

#[test]
fn runs_repeat_to_the_cycle_however_they_are_cut() {
    let folder = tempfile::tempdir().expect("a folder");
    for (board, cpu, family) in BOARDS {
        let Some(elf) = compile("echo", cpu, family, folder.path()) else { return };
        let whole = {
            let mut machine = machine(board, &elf);
            machine.run(50_000_000).expect("a run");
            (machine.cycles(), machine.instructions(), machine.receive_timed())
        };
        let mut machine = machine(board, &elf);
        let mut heard = Vec::new();
        while machine.run_until_heard(1_000_000).expect("a run") == Pause::Heard {
            heard.extend(machine.receive_timed());
        }
        assert_eq!(whole, (machine.cycles(), machine.instructions(), heard));
    }
}

#[test]
fn flash_that_software_programs_survives_resets() {
    let folder = tempfile::tempdir().expect("a folder");
    for (board, cpu, family) in BOARDS {
        let Some(elf) = compile("program", cpu, family, folder.path()) else { return };
        let mut machine = machine(board, &elf);
        for start in 0..3 {
            assert_eq!(hear(&mut machine, 10_000_000), format!("{start} ok\n"), "{board}");
            machine.reset();
        }
    }
}

#[test]
fn what_is_not_modelled_stops_with_place_and_name() {
    let folder = tempfile::tempdir().expect("a folder");
    for (board, cpu, family) in BOARDS {
        let Some(elf) = compile("missing", cpu, family, folder.path()) else { return };
        let error = machine(board, &elf).run(1_000_000).unwrap_err();
        assert!(matches!(error, EmulatorError::Stop(_)));
        let message = error.to_string();
        assert!(message.contains("ADC1 +0x008") && message.contains("<touch_adc"), "{message}");
        let mut machine = machine(board, &elf);
        machine.soc_mut().set_permissive(true);
        assert_eq!(machine.run(1_000_000).expect("a run"), Pause::Idle);
    }
}

#[test]
fn an_image_that_does_not_fit_says_where() {
    let board = Board::shipped("nucleo-l4r5zi").expect("a board");
    let mut machine = Machine::new(&board).expect("a machine");
    let image = Image::binary("big.bin", 0x0800_0000, vec![0; 0x20_0001]).expect("an image");
    let message = machine.load(&image).unwrap_err().to_string();
    assert!(
        message.contains("2097153 bytes at 0x08000000") && message.contains("flash 0x08000000 to 0x081fffff"),
        "{message}"
    );
}
