//! Programs from assembly text.

use super::Twin;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Vectors, start-up with the FPU switched on, and `finish`, which sends the end marker by the CMSDK UART.
/// A fault goes to `note_fault` if the program has one, else it sends another marker; SVC, PendSV and interrupts go to
/// `on_svc`, `on_pendsv` and `on_irq`.
const FRAME: &str = "
    .syntax unified
    .thumb
    .section .text
    .global _start
vectors:
    .word 0x20010000
    .word _start + 1
    .rept 9
    .word fault + 1
    .endr
    .weak on_svc
    .word on_svc
    .word fault + 1
    .word fault + 1
    .weak on_pendsv
    .word on_pendsv
    .word fault + 1
    .weak on_irq
    .rept 32
    .word on_irq
    .endr
    .thumb_func
_start:
    ldr r0, =0xe000ed88
    mov r1, #0xf00000
    str r1, [r0]
    dsb
    isb
    bl main
    .thumb_func
finish:
    movs r2, #'!'
    b send
    .weak note_fault
    .thumb_func
fault:
    ldr r0, =note_fault
    cbz r0, 1f
    bx r0
1:
    movs r2, #'?'
send:
    ldr r0, =0x40004000
    movs r1, #16
    str r1, [r0, #16]
    movs r1, #1
    str r1, [r0, #8]
    str r2, [r0]
    b .
    .ltorg
";

/// Assembles and links `text`, which defines `main`, to run from address 0. The text comes behind start-up code, in which
/// `bl main` calls it, and `finish` ends the run.
pub fn assemble(text: &str, twin: Twin, folder: &Path, name: &str) -> PathBuf {
    let [source, object, elf] = ["s", "o", "elf"].map(|extension| folder.join(format!("{name}.{extension}")));
    fs::write(&source, format!("{FRAME}\n{text}")).expect("assembly text");
    let [cpu, fpu] = [format!("-mcpu={}", twin.cpu), format!("-mfpu={}", twin.fpu)];
    tool(Command::new("arm-none-eabi-as").args([&cpu, &fpu, "-mthumb", "-o"]).arg(&object).arg(&source));
    tool(Command::new("arm-none-eabi-ld").args(["-Ttext=0", "--no-warn-rwx-segments", "-o"]).arg(&elf).arg(&object));
    elf
}

/// Disassembly of the bytes from `start` to `end`.
pub fn disassemble(elf: &Path, start: u32, end: u32) -> String {
    let range = [format!("--start-address={start:#x}"), format!("--stop-address={end:#x}")];
    let output = Command::new("arm-none-eabi-objdump").args(["-d", "-Mforce-thumb"]).args(range).arg(elf).output();
    let text = String::from_utf8_lossy(&output.expect("objdump").stdout).into_owned();
    text.lines().filter(|line| line.contains(":\t")).collect::<Vec<_>>().join("\n")
}

/// Addresses of all symbols, without the bit that says Thumb.
pub fn symbols(elf: &Path) -> BTreeMap<String, u32> {
    let output = Command::new("arm-none-eabi-nm").arg(elf).output().expect("nm");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let parse = |line: &str| {
        let mut words = line.split_whitespace();
        let (address, _, name) = (words.next()?, words.next()?, words.next()?);
        Some((name.to_string(), u32::from_str_radix(address, 16).ok()? & !1))
    };
    text.lines().filter_map(parse).collect()
}

fn tool(command: &mut Command) {
    let output = command.output().expect("a cross tool");
    let errors = String::from_utf8_lossy(&output.stderr);
    let first = errors.lines().take(20).collect::<Vec<_>>().join("\n");
    assert!(output.status.success(), "{command:?}:\n{first}");
}
