//! Halting debug of the emulated core: halt, step, run, breakpoints, vector catch, lock-up, reset.

use hil::board::Board;
use hil::emulator::debug::{HaltCause, Ran, Register};
use hil::emulator::{Image, Machine, Segment, Width};

const CODE: u32 = 0x0800_0100;

/// A board with `code` at [`CODE`] and its vectors: hard fault goes to an endless loop at 0x0800_0080.
fn board(name: &str, code: &[u16]) -> Machine {
    let board = Board::shipped(name).expect("a board");
    let mut machine = Machine::new(&board).expect("a machine");
    let mut bytes = vec![0; 0x100 + 2 * code.len()];
    for slot in 0..32 {
        bytes[4 * slot..4 * slot + 4].copy_from_slice(&0x0800_0081u32.to_le_bytes());
    }
    bytes[0..4].copy_from_slice(&0x2000_2000u32.to_le_bytes());
    bytes[4..8].copy_from_slice(&(CODE | 1).to_le_bytes());
    bytes[0x80..0x82].copy_from_slice(&0xE7FEu16.to_le_bytes());
    for (index, half) in code.iter().enumerate() {
        bytes[0x100 + 2 * index..0x102 + 2 * index].copy_from_slice(&half.to_le_bytes());
    }
    machine
        .load(&Image { segments: vec![Segment { address: 0x0800_0000, bytes }], symbols: Vec::new() })
        .expect("load");
    machine
}

/// movs r0, #0; loop: adds r0, #1; b loop.
const COUNT: &[u16] = &[0x2000, 0x3001, 0xE7FD];
/// One board of each core.
const BOARDS: &[&str] = &["nucleo-l4r5zi", "nucleo-f767zi", "nucleo-u575zi-q"];

#[test]
fn a_core_steps_through_code_and_runs_to_breakpoints() {
    for name in BOARDS {
        let mut machine = board(name, COUNT);
        let mut debugger = machine.debugger();
        debugger.reset(true);
        assert_eq!((debugger.pc(), debugger.halted()), (CODE, Some(HaltCause::Requested)));
        let mut seen = Vec::new();
        for _ in 0..5 {
            assert_eq!(debugger.step().expect("a step"), HaltCause::Stepped);
            seen.push((debugger.pc() - CODE, debugger.register(Register::Core(0))));
        }
        assert_eq!(seen, [(2, 0), (4, 1), (2, 1), (4, 2), (2, 2)], "{name}");
        debugger.set_breakpoint(CODE + 2);
        for count in 3..6 {
            assert_eq!(debugger.run(1_000_000).expect("a run"), Ran::Halted(HaltCause::Breakpoint));
            assert_eq!((debugger.pc(), debugger.register(Register::Core(0))), (CODE + 2, count), "{name}");
        }
        assert!(debugger.clear_breakpoint(CODE + 2));
        assert_eq!(debugger.run(1000).expect("a run"), Ran::Budget);
        assert!(debugger.halted().is_none() && debugger.register(Register::Core(0)) > 100);
        assert_eq!(debugger.run_to(CODE + 4, 1000).expect("a run"), Ran::Halted(HaltCause::Breakpoint));
        assert_eq!(debugger.pc(), CODE + 4);
        debugger.detach();
        assert_eq!(machine.run(1000).expect("a run"), hil::emulator::Pause::Budget);
    }
}

#[test]
fn stepping_counts_as_many_instructions_as_running() {
    let mut machine = board("nucleo-l4r5zi", COUNT);
    machine.reset();
    let before = machine.instructions();
    let mut debugger = machine.debugger();
    for _ in 0..101 {
        debugger.step().expect("a step");
    }
    assert_eq!(debugger.register(Register::Core(0)), 50);
    assert_eq!(machine.instructions() - before, 101);
}

#[test]
fn a_breakpoint_instruction_stops_before_itself_only_with_a_debugger() {
    let code = &[0x2005, 0xBE2A, 0x3001, 0xE7FE];
    let mut machine = board("nucleo-l4r5zi", code);
    assert!(machine.run(1000).is_err());
    let mut machine = board("nucleo-l4r5zi", code);
    let mut debugger = machine.debugger();
    debugger.reset(true);
    assert_eq!(debugger.run(1000).expect("a run"), Ran::Halted(HaltCause::Breakpoint));
    assert_eq!((debugger.pc(), debugger.register(Register::Core(0))), (CODE + 2, 5));
    debugger.set_register(Register::Core(15), CODE + 4);
    debugger.step().expect("a step");
    assert_eq!(debugger.register(Register::Core(0)), 6);
}

/// ldr r0, [r1] with r1 where nothing answers.
const FAULT: &[u16] = &[0x2103, 0x0749, 0x6808, 0xE7FE];

#[test]
fn vector_catch_stops_at_the_handler_of_a_fault() {
    for name in BOARDS {
        let mut machine = board(name, FAULT);
        let mut debugger = machine.debugger();
        debugger.reset(true);
        // DEMCR: VC_HARDERR.
        debugger.write_one(0xE000_EDFC, Width::Word, 1 << 10).expect("DEMCR");
        assert_eq!(debugger.run(1000).expect("a run"), Ran::Halted(HaltCause::VectorCatch), "{name}");
        assert_eq!(debugger.pc(), 0x0800_0080);
        assert_eq!(debugger.read_one(0xE000_ED30, Width::Word), Ok(0x9));
        // FORCED, and a precise data bus error at its address.
        assert_eq!(debugger.read_one(0xE000_ED2C, Width::Word), Ok(1 << 30));
        assert_eq!(debugger.read_one(0xE000_ED28, Width::Word), Ok(0x8200));
        assert_eq!(debugger.read_one(0xE000_ED38, Width::Word), Ok(0x6000_0000));
        let mut frame = [0; 32];
        let sp = debugger.register(Register::Core(13));
        debugger.read(sp, &mut frame).expect("the frame");
        assert_eq!(frame[24..28], (CODE + 4).to_le_bytes());
    }
}

#[test]
fn a_blank_chip_locks_up_and_halting_ends_that() {
    let board = Board::shipped("nucleo-l4r5zi").expect("a board");
    let mut machine = Machine::new(&board).expect("a machine");
    machine.reset();
    assert!(machine.run(10_000).is_err());
    let mut debugger = machine.debugger();
    assert!(debugger.lockup().is_some());
    // DHCSR: S_LOCKUP.
    assert_eq!(debugger.read_one(0xE000_EDF0, Width::Word).expect("DHCSR") & 1 << 19, 1 << 19);
    debugger.halt();
    assert!(debugger.lockup().is_none());
    assert_eq!(debugger.read_one(0xE000_EDF0, Width::Word).expect("DHCSR") & 0xF_0003, 0x3_0003);
    // It runs code from RAM from here on.
    debugger.write(0x2000_0000, &[0x05, 0x20, 0x00, 0xBE]).expect("RAM");
    debugger.set_register(Register::Core(15), 0x2000_0000);
    debugger.set_register(Register::Xpsr, 1 << 24);
    assert_eq!(debugger.run(1000).expect("a run"), Ran::Halted(HaltCause::Breakpoint));
    assert_eq!(debugger.register(Register::Core(0)), 5);
}

#[test]
fn a_core_that_was_locked_up_stays_so_through_a_debuggers_visit() {
    let mut machine = board("nucleo-l4r5zi", COUNT);
    machine.run(1000).expect("a run");
    machine.lock_up("a test");
    let mut debugger = machine.debugger();
    debugger.halt();
    assert!(debugger.lockup().is_none());
    assert!(debugger.run(1000).is_err());
    assert!(debugger.lockup().is_some());
    debugger.reset(false);
    assert_eq!(debugger.run(1000).expect("a run"), Ran::Budget);
}

#[test]
fn the_registers_of_the_debug_unit_halt_step_and_transfer() {
    let mut machine = board("nucleo-f767zi", COUNT);
    machine.run(1000).expect("a run");
    let mut debugger = machine.debugger();
    let write = |debugger: &mut hil::emulator::debug::Debugger, address, value| {
        debugger.write_one(address, Width::Word, value).expect("a write");
    };
    // Without its key DHCSR stays.
    write(&mut debugger, 0xE000_EDF0, 0x3);
    assert!(debugger.halted().is_none());
    write(&mut debugger, 0xE000_EDF0, 0xA05F_0003);
    assert_eq!(debugger.halted(), Some(HaltCause::Requested));
    write(&mut debugger, 0xE000_EDF8, 0x1234_5678);
    write(&mut debugger, 0xE000_EDF4, 1 << 16 | 7);
    assert_eq!(debugger.register(Register::Core(7)), 0x1234_5678);
    let before = debugger.register(Register::Core(0));
    for _ in 0..4 {
        write(&mut debugger, 0xE000_EDF0, 0xA05F_000D);
    }
    write(&mut debugger, 0xE000_EDF4, 0);
    assert_eq!(debugger.read_one(0xE000_EDF8, Width::Word), Ok(before + 2));
    // VC_CORERESET, then SYSRESETREQ; both resets are seen once.
    write(&mut debugger, 0xE000_EDFC, 1);
    debugger.read_one(0xE000_EDF0, Width::Word).expect("DHCSR");
    write(&mut debugger, 0xE000_ED0C, 0x05FA_0004);
    assert_eq!((debugger.halted(), debugger.pc()), (Some(HaltCause::VectorCatch), CODE));
    assert_eq!(debugger.read_one(0xE000_EDF0, Width::Word).expect("DHCSR") >> 25 & 1, 1);
    assert_eq!(debugger.read_one(0xE000_EDF0, Width::Word).expect("DHCSR") >> 25 & 1, 0);
}

#[test]
fn the_breakpoint_unit_stops_the_core_and_a_reset_switches_it_off() {
    for name in BOARDS {
        let mut machine = board(name, COUNT);
        let mut debugger = machine.debugger();
        debugger.reset(true);
        let comparator = if *name == "nucleo-l4r5zi" { CODE | 1 << 31 | 1 } else { CODE + 2 | 1 };
        debugger.write_one(0xE000_2008, Width::Word, comparator).expect("FP_COMP0");
        debugger.write_one(0xE000_2000, Width::Word, 3).expect("FP_CTRL");
        assert_eq!(debugger.run(1000).expect("a run"), Ran::Halted(HaltCause::Breakpoint), "{name}");
        assert_eq!(debugger.pc(), CODE + 2);
        debugger.reset(true);
        assert_eq!(debugger.read_one(0xE000_2000, Width::Word).expect("FP_CTRL") & 1, 0);
        assert_eq!(debugger.run(1000).expect("a run"), Ran::Budget);
    }
}

#[test]
fn the_counter_of_cycles_stands_while_the_core_is_halted() {
    let mut machine = board("nucleo-l4r5zi", COUNT);
    let mut debugger = machine.debugger();
    debugger.reset(true);
    debugger.write_one(0xE000_EDFC, Width::Word, 1 << 24).expect("DEMCR");
    debugger.write_one(0xE000_1000, Width::Word, 1).expect("DWT_CTRL");
    let before = debugger.read_one(0xE000_1004, Width::Word);
    debugger.pass(5000);
    assert_eq!(debugger.read_one(0xE000_1004, Width::Word), before);
    assert!(machine.cycles() >= 5000);
}
