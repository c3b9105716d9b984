//! The same programs on the emulator.

use super::{RAM_SIZE, Twin};
use hil::board::{Board, Region, RegionKind};
use hil::emulator::core::Stop;
use hil::emulator::{EmulatorError, Image, Machine, Memory, Pause};
use std::path::Path;

/// A twin board with `elf` in its memory and `ram` in its external RAM, reset.
pub fn machine(elf: &Path, twin: Twin, ram: &[u8]) -> Machine {
    let mut board = Board::shipped(twin.board).expect("a twin board");
    let (kind, origin, size) = (RegionKind::Sram, twin.ram_base, RAM_SIZE as u32);
    board.memory.push(Region { name: "psram".into(), kind, origin, size, aliases: vec![] });
    let mut machine = Machine::new(&board).expect("a machine");
    let image = Image::read(elf, 0).expect("an image");
    machine.load(&image).expect("an image that fits");
    assert!(machine.core_mut().memory_mut().program(twin.ram_base, ram));
    machine
}

/// What [`super::run_until_marker`] does, on the emulator.
pub fn emulate_until_marker(elf: &Path, twin: Twin, ram: &[u8], take: usize) -> Vec<u8> {
    let mut machine = machine(elf, twin, ram);
    match machine.run_until_heard(20_000_000_000) {
        Ok(Pause::Heard) => {}
        other => panic!("{}: the emulator ended with {other:?}", elf.display()),
    }
    assert_eq!(machine.receive(), b"!", "{} ended in a fault", elf.display());
    let mut after = vec![0; take];
    assert!(machine.core().memory().load(twin.ram_base, &mut after));
    after
}

/// What [`super::Counter`] is, on the emulator.
pub struct EmulatedCounter(Machine);

impl EmulatedCounter {
    pub fn start(elf: &Path, twin: Twin, input: &[u8]) -> Self {
        let mut machine = machine(elf, twin, &[]);
        machine.send(input);
        Self(machine)
    }

    /// Runs until the instruction at `address` is next, and says how many have been executed since power-on. A breakpoint
    /// instruction stands in its place meanwhile; it stops the core uncounted.
    pub fn run_to(&mut self, address: u32) -> u64 {
        let mut original = [0; 2];
        let memory = self.0.core_mut().memory_mut();
        assert!(memory.load(address, &mut original), "{address:#x} is no memory");
        assert!(memory.program(address, &[0x00, 0xbe]));
        match self.0.run(100_000_000_000) {
            Err(EmulatorError::Stop(Stop::Breakpoint { pc, .. })) if pc == address => {}
            other => panic!("the emulator ended otherwise than at {address:#x}: {other:?}"),
        }
        assert!(self.0.core_mut().memory_mut().program(address, &original));
        self.0.instructions()
    }

    /// Calls `function` from where the machine stands, and counts its instructions.
    pub fn call(&mut self, function: u32) -> u64 {
        let (before, here) = (self.0.instructions(), self.register(15));
        self.0.core_mut().set_register(14, here | 1);
        self.0.core_mut().set_register(15, function);
        self.run_to(here) - before
    }

    /// r0 to r15.
    pub fn register(&self, number: usize) -> u32 {
        self.0.core().register(number)
    }
}

/// What [`super::qemu_instructions_of_call`] does, on the emulator.
pub fn emulated_instructions_of_call(elf: &Path, twin: Twin, input: &[u8], entry: u32) -> u64 {
    let mut counter = EmulatedCounter::start(elf, twin, input);
    let before = counter.run_to(entry & !1);
    let back = counter.register(14) & !1;
    counter.run_to(back) - before
}
