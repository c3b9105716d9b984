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
    .equ TOP, 0x20008000
vectors:
    .word TOP
    .word reset + 1
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
    ldr r0, =UART
    movs r1, #16
    str r1, [r0, #16]
    movs r1, #1
    str r1, [r0, #8]
    str r2, [r0]
    b .
    .ltorg
";

/// A core without security states starts with the program.
const AT_ONCE: &str = "
    .thumb_set reset, _start
";

/// From secure state, which the unit of attribution tells, to the other: all memory, devices and interrupts that programs use
/// are given up, and code that is copied to where it stays secure jumps out. The counterpart in silicon starts in that state.
const FROM_SECURE: &str = "
    .thumb_func
reset:
    ldr r0, =vectors
    ldr r1, =0xe000ed08
    str r0, [r1]
    ldr r0, =0xe000edd4
    ldr r0, [r0]
    cmp r0, #0
    beq.w _start
    adr.w r0, leave
    adr.w r1, left
    ldr r2, =0x38000000
    mov r4, r2
1:
    ldr r3, [r0], #4
    str r3, [r4], #4
    cmp r0, r1
    bne 1b
    adds r2, #1
    bx r2
    .ltorg

@ The memory protection controllers of code and of RAM; UARTs and FPGAIO; interrupts; the FPU; faults. Then no
@ address is secure any more whose bit 28 is clear.
    .balign 4
leave:
    ldr r0, =0x58007000
    bl open
    ldr r0, =0x50083000
    bl open
    ldr r0, =0x50080080
    mvn r1, #0
    str r1, [r0, #4]
    str r1, [r0, #8]
    ldr r0, =0xe000e380
    str r1, [r0]
    str r1, [r0, #4]
    ldr r0, =0xe000ed8c
    mov r1, #0xc00
    str r1, [r0]
    ldr r0, =0xe000ed0c
    ldr r1, =0x05fa2000
    str r1, [r0]
    ldr r0, =0xe002ed08
    ldr r1, =vectors
    str r1, [r0]
    ldr r1, =TOP
    msr msp_ns, r1
    ldr r0, =0xe000edd0
    movs r1, #2
    str r1, [r0]
    ldr r0, =_start
    bic r0, #1
    dsb
    isb
    bxns r0
@ Lets all blocks of a controller be accessed from the other state.
open:
    ldr r1, [r0, #0x10]
    movs r2, #0
    str r2, [r0, #0x18]
    mvn r2, #0
1:
    str r2, [r0, #0x1c]
    subs r1, #1
    bpl 1b
    bx lr
    .ltorg
    .balign 4
left:
";

/// Assembles and links `text`, which defines `main`, to run from address 0. The text comes behind start-up code, in which
/// `bl main` calls it, and `finish` ends the run.
pub fn assemble(text: &str, twin: Twin, folder: &Path, name: &str) -> PathBuf {
    let [source, object, elf] = ["s", "o", "elf"].map(|extension| folder.join(format!("{name}.{extension}")));
    let start = if twin.armv8 { FROM_SECURE } else { AT_ONCE };
    fs::write(&source, format!("    .equ UART, {:#x}\n{FRAME}\n{start}\n{text}", twin.uart)).expect("assembly text");
    let [cpu, fpu] = [format!("-mcpu={}", twin.cpu), format!("-mfpu={}", twin.fpu)];
    tool(Command::new("arm-none-eabi-as").args([&cpu, &fpu, "-mthumb", "-o"]).arg(&object).arg(&source));
    tool(Command::new("arm-none-eabi-ld").args(["-Ttext=0", "--no-warn-rwx-segments", "-o"]).arg(&elf).arg(&object));
    if twin.load != 0 {
        tool(
            Command::new("arm-none-eabi-objcopy").arg(format!("--change-section-lma=.text={:#x}", twin.load)).arg(&elf),
        );
    }
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
