//! Instruction counts: QEMU's are what the text of a program says, and the emulator's equal QEMU's.

#[path = "qemu_common/mod.rs"]
mod qemu_common;

use qemu_common::{
    Counter, EmulatedCounter, TWINS, assemble, disassemble, emulated_instructions_of_call, qemu_instructions_of_call,
    symbols, tools_are_there,
};

/// 2 before the loop, 1000 times 2 or 7 in it, 1 behind it.
const LOOP: &str = "
    .thumb_func
main:
    push {lr}
    bl work
    pop {lr}
    b finish
    .thumb_func
work:
    movw r0, #1000
    movs r1, #0
1:
    cmp r0, #500
    bls 2f
    itte hi
    addhi r1, #1
    addhi r1, #2
    addls r1, #3
2:
    subs r0, #1
    bne 1b
    bx lr
";

#[test]
fn qemu_counts_to_the_instruction() {
    if !tools_are_there() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    for twin in TWINS {
        let elf = assemble(LOOP, twin, folder.path(), "count");
        let work = symbols(&elf)["work"];
        assert_eq!(
            qemu_instructions_of_call(&elf, twin, &[], work),
            2 + 1000 * 4 + 500 * 4 + 1,
            "{}",
            disassemble(&elf, work, work + 24)
        );
        let mut counter = Counter::start(&elf, twin, &[]);
        assert_eq!(counter.count(), 0);
        let main = counter.run_to(symbols(&elf)["main"]);
        assert_eq!(counter.run_to(work), main + 2);
    }
}

#[test]
fn the_emulator_counts_as_qemu_does() {
    if !tools_are_there() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    for twin in TWINS {
        let elf = assemble(LOOP, twin, folder.path(), "count");
        let work = symbols(&elf)["work"];
        let theirs = qemu_instructions_of_call(&elf, twin, &[], work);
        assert_eq!(emulated_instructions_of_call(&elf, twin, &[], work), theirs);
        let (mut qemu, mut ours) = (Counter::start(&elf, twin, &[]), EmulatedCounter::start(&elf, twin, &[]));
        let symbols = symbols(&elf);
        // QEMU alone has a secure state to leave.
        let [our_start, their_start] = [ours.run_to(symbols["_start"]), qemu.run_to(symbols["_start"])];
        for place in ["main", "work", "finish"] {
            let address = symbols[place];
            assert_eq!(ours.run_to(address) - our_start, qemu.run_to(address) - their_start, "{place}");
        }
    }
}
