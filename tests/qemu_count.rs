//! Instruction counts: QEMU's are what the text of a program says, and the emulator's equal QEMU's.

#[path = "qemu_common/mod.rs"]
mod qemu_common;

use qemu_common::{Counter, M4, M7, assemble, disassemble, qemu_instructions_of_call, tools_are_there};

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
    for twin in [M4, M7] {
        let elf = assemble(LOOP, twin, folder.path(), "count");
        let work = symbol(&elf, "work");
        assert_eq!(
            qemu_instructions_of_call(&elf, twin, &[], work),
            2 + 1000 * 4 + 500 * 4 + 1,
            "{}",
            disassemble(&elf, work, work + 24)
        );
        let mut counter = Counter::start(&elf, twin, &[]);
        assert_eq!(counter.count(), 0);
        let main = counter.run_to(symbol(&elf, "main"));
        assert_eq!(counter.run_to(work), main + 2);
    }
}

/// Address of a symbol, without the bit that says Thumb.
fn symbol(elf: &std::path::Path, name: &str) -> u32 {
    let output = std::process::Command::new("arm-none-eabi-nm").arg(elf).output().expect("nm");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find(|line| line.ends_with(&format!(" {name}"))).expect("the symbol");
    u32::from_str_radix(&line[..8], 16).expect("an address") & !1
}
