//! The driver `probe` on simulated boards: probe-rs and its flash algorithms, unmodified, against every family.

use std::time::Duration;

use hil::board::{Board, names};
use hil::rack::probe::{Place, ProbeUnit, Simulated, Wanted};
use hil::rack::simprobe::{FaultScript, SimBoard};
use hil::rack::{Cancel, Driver, Program, Segment, Unit, UnitError};

const LIMIT: Duration = Duration::from_secs(120);

fn unit(board: &str, serial: &str, faults: &str) -> ProbeUnit<Simulated> {
    let board = Board::shipped(board).expect("a board");
    let script = FaultScript::parse(faults).expect("a script");
    let sim = SimBoard::start(&board, serial, &script).expect("a simulated board");
    ProbeUnit::simulated(serial, sim).expect("a unit")
}

/// Vectors and an endless loop, then bytes that differ everywhere, over several sectors of flash.
fn program(bytes: usize, seed: u8) -> Program {
    let mut image = vec![0u8; 0x200 + bytes];
    for slot in 0..0x40 {
        image[4 * slot..4 * slot + 4].copy_from_slice(&0x0800_0101u32.to_le_bytes());
    }
    image[0..4].copy_from_slice(&0x2000_2000u32.to_le_bytes());
    image[0x100..0x102].copy_from_slice(&0xE7FEu16.to_le_bytes());
    for (index, byte) in image[0x200..].iter_mut().enumerate() {
        *byte = (index as u32).wrapping_mul(2_654_435_761).to_be_bytes()[0] ^ seed;
    }
    Program { segments: vec![Segment { address: 0x0800_0000, bytes: image }], elf: Vec::new(), baud: None }
}

#[test]
fn every_board_is_programmed_verified_and_started_by_its_own_flash_algorithm() {
    for board in names() {
        let mut unit = unit(board, &format!("flash-{board}"), "");
        assert_eq!(unit.driver(), Driver::SimProbe);
        let cancel = Cancel::new();
        // The second image stands where the first did: sectors are erased in between.
        for seed in [0, 0x5A] {
            unit.flash(&program(40_000, seed), LIMIT, &cancel).unwrap_or_else(|error| panic!("{board}: {error}"));
        }
        unit.reset(&cancel).unwrap_or_else(|error| panic!("{board}: {error}"));
        let seen = unit.post_mortem(false, &cancel).expect("a core dump").summary;
        assert!(seen.contains("running at 0x08000100"), "{board}: {seen}");
    }
}

#[test]
fn a_board_whose_file_names_no_chip_is_refused() {
    let board = Board { probe: None, ..Board::shipped("nucleo-l4r5zi").expect("a board") };
    let sim = SimBoard::start(&board, "no-probe", &FaultScript::parse("").expect("a script")).expect("a board");
    let error = ProbeUnit::simulated("no-probe", sim).err().expect("no unit").to_string();
    assert!(error.contains(&board.name) && error.contains("probe"), "{error}");
}

#[test]
fn faults_on_the_wire_are_errors_that_name_themselves_or_recovered() {
    // What the script does, and what the error says; nothing where the driver gets over it.
    let cases = [
        ("unplug, after: 2000, length: 0", Some("the probe is gone")),
        ("wait, after: 500, length: 5", None),
        ("fault, after: 3000", Some("FAULT")),
        ("fault, after: 30", None),
        ("verify-mismatch", Some("erif")),
        ("flash-error, sector: 1, times: 0", Some("flashing failed")),
        ("wrong-chip, device: 0x449", Some("its chip is device 0x449 (DBGMCU_IDCODE), but `nucleo-l4r5zi` has 0x470")),
        ("stuck-reset, length: 0", Some("failed")),
    ];
    for (index, (fault, expected)) in cases.into_iter().enumerate() {
        let mut unit = unit("nucleo-l4r5zi", &format!("fault-{index}"), &format!("faults: [{{ fault: {fault} }}]"));
        let cancel = Cancel::new();
        let flashed = unit.flash(&program(40_000, 0), LIMIT, &cancel).and_then(|()| unit.reset(&cancel));
        match (flashed, expected) {
            (Ok(()), None) => {}
            (Err(error), Some(text)) => assert!(error.to_string().contains(text), "{fault}: {error}"),
            (got, _) => panic!("{fault}: {got:?}"),
        }
    }
}

#[test]
fn a_probe_that_is_not_there_is_known_at_once() {
    let board = Board::shipped("nucleo-l4r5zi").expect("a board");
    let place = Place { probe: Wanted::parse("f055:0001:nobody"), serial: "/dev/null".into(), baud: 115_200 };
    let mut unit = ProbeUnit::new("nobody", &board, place).expect("a unit");
    let before = std::time::Instant::now();
    let error = unit.flash(&program(16, 0), LIMIT, &Cancel::new()).expect_err("no probe");
    assert!(matches!(&error, UnitError::Lost { .. }), "{error}");
    assert!(before.elapsed() < LIMIT / 4);
}

#[test]
fn a_simulated_board_is_never_taken_for_silicon() {
    let board = Board::shipped("nucleo-l4r5zi").expect("a board");
    let sim = SimBoard::start(&board, "disguised", &FaultScript::default()).expect("a simulated board");
    let place = Place { probe: Wanted::parse("disguised"), serial: sim.port().into(), baud: 115_200 };
    let mut unit = ProbeUnit::new("disguised", &board, place).expect("a unit");
    let error = unit.flash(&program(16, 0), LIMIT, &Cancel::new()).expect_err("no silicon");
    assert!(error.to_string().contains("no probe for the driver `probe`"), "{error}");
}

#[test]
fn a_cancelled_unit_stops_at_once_and_works_again() {
    let mut unit = unit("nucleo-f767zi", "cancelled", "");
    let cancel = Cancel::new();
    cancel.cancel();
    assert_eq!(unit.flash(&program(100_000, 0), LIMIT, &cancel), Err(UnitError::Cancelled));
    unit.flash(&program(4000, 0), LIMIT, &Cancel::new()).expect("flashed");
}
