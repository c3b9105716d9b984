//! The program around the snippets: it puts a state into the registers, runs a snippet, and notes what came of it.

use super::generate::{Generator, Snippet};
use super::qemu_common::{Rng, Twin};

/// The window that all snippets read and write.
pub const SCRATCH: u32 = 0x2000_1000;
pub const SCRATCH_WORDS: usize = 64;
/// SP at the start of a snippet.
pub const STACK: u32 = 0x2000_4000;
/// Different states; each snippet runs with some of them.
pub const STATES: usize = 256;
/// r0 to r12, lr, APSR, FPSCR, s0 to s31, the window.
pub const STATE_WORDS: usize = 14 + 2 + 32 + SCRATCH_WORDS;
/// r0 to r12, lr, sp, APSR, FPSCR, CFSR and stacked PC of a fault, s0 to s31, the window.
pub const RECORD_WORDS: usize = 14 + 5 + 32 + SCRATCH_WORDS;
/// Where the records begin in the external RAM.
pub const RECORDS: usize = 1 << 17;

const RUNNER: &str = "
    .equ globals, 0x20000400
    .thumb_func
main:
    ldr r0, =globals
    ldr r1, =snippets
    str r1, [r0]
    movs r1, #0
    str r1, [r0, #4]
    str r1, [r0, #8]
    ldr r1, =RAM + RECORDS
    str r1, [r0, #12]
    ldr r1, =RAM
    str r1, [r0, #16]
    movs r1, #0
    str r1, [r0, #20]
    str r1, [r0, #24]

@ globals: snippet pointer, runs of it so far, states so far, record, state, CFSR, stacked PC
one:
    ldr r11, =globals
    ldr r12, [r11, #16]
    add r1, r12, #(16 + 32) * 4
    ldr r2, =SCRATCH
    movs r3, #SCRATCH_WORDS
1:
    ldr r4, [r1], #4
    str r4, [r2], #4
    subs r3, #1
    bne 1b
    @ A clean stack, so that one run leaves nothing to the next.
    ldr r2, =STACK - 512
    movs r3, #192
    movs r4, #0
1:
    str r4, [r2], #4
    subs r3, #1
    bne 1b
    add r1, r12, #64
    vldmia r1, {s0-s31}
    ldr r1, [r12, #60]
    vmsr fpscr, r1
    ldr r1, =STACK
    mov sp, r1
    ldr r1, [r11]
    ldr r1, [r1]
    str r1, [sp, #-4]
    ldr r1, [r12, #56]
    msr apsr_nzcvqg, r1
    ldr lr, [r12, #52]
    ldmia r12, {r0-r11}
    ldr r12, [r12, #48]
    ldr pc, [sp, #-4]
    .ltorg

    .thumb_func
done:
    push {r0-r12, lr}
    mrs r0, apsr
    vmrs r1, fpscr
    add r2, sp, #56
    ldr r3, =globals
    ldr r4, [r3, #12]
    pop {r5-r12}
    stmia r4!, {r5-r12}
    pop {r5-r10}
    stmia r4!, {r5-r10}
    str r2, [r4], #4
    str r0, [r4], #4
    str r1, [r4], #4
    ldr r0, [r3, #20]
    str r0, [r4], #4
    ldr r0, [r3, #24]
    str r0, [r4], #4
    vstmia r4!, {s0-s31}
    ldr r1, =SCRATCH
    movs r2, #SCRATCH_WORDS
1:
    ldr r0, [r1], #4
    str r0, [r4], #4
    subs r2, #1
    bne 1b
    str r4, [r3, #12]
    movs r0, #0
    str r0, [r3, #20]
    str r0, [r3, #24]
    @ next state
    ldr r0, [r3, #8]
    adds r0, #1
    ldr r1, [r3, #16]
    add r1, #STATE_BYTES
    cmp r0, #STATES
    bne 2f
    movs r0, #0
    ldr r1, =RAM
2:
    str r0, [r3, #8]
    str r1, [r3, #16]
    @ next snippet
    ldr r0, [r3, #4]
    adds r0, #1
    cmp r0, #RUNS
    bne 3f
    movs r0, #0
    ldr r1, [r3]
    adds r1, #4
    str r1, [r3]
    ldr r1, [r1]
    cbz r1, 4f
3:
    str r0, [r3, #4]
    b one
4:
    b finish
    .ltorg

@ Notes CFSR and the stacked PC, and lets the snippet end there.
    .thumb_func
note_fault:
    ldr r0, =0xe000ed28
    ldr r1, [r0]
    str r1, [r0]
    ldr r2, =globals
    str r1, [r2, #20]
    ldr r1, [r0, #4]
    str r1, [r0, #4]
    ldr r1, [sp, #24]
    str r1, [r2, #24]
    ldr r1, =done
    bic r1, #1
    str r1, [sp, #24]
    ldr r1, [sp, #28]
    ldr r2, =0x0600fc00
    bic r1, r2
    orr r1, #0x01000000
    str r1, [sp, #28]
    movs r2, #0
    msr basepri, r2
    @ No more traps and no interrupts.
    ldr r0, =0xe000ed14
    mov r1, #0x200
    str r1, [r0]
    ldr r1, =0x05fa0000
    str r1, [r0, #-8]
    mov r1, #-1
    ldr r0, =0xe000e180
    str r1, [r0]
    str r1, [r0, #0x100]
    bx lr
    .ltorg

@ Puts what an exception looks like from inside into the window. The number of the SVC says whether the handler uses the
@ FPU (1), before (2) or after it looks at the frame (all but its last word, which is unknown), and whether it makes PendSV follow (4).
    .thumb_func
on_svc:
    ldr r0, =SCRATCH
    tst lr, #4
    ite eq
    mrseq r2, msp
    mrsne r2, psp
    ldr r1, [r2, #24]
    ldrb r1, [r1, #-2]
    @ Armv8-M leaves the flags unknown here; QEMU clears them.
    .if ARMV8
    mrs r3, ipsr
    .else
    mrs r3, xpsr
    .endif
    stmia r0!, {r2, r3, lr}
    mrs r3, control
    str r3, [r0], #4
    and r3, r1, #3
    cmp r3, #3
    it eq
    bleq use_fpu
    and r3, r1, #3
    cmp r3, #3
    it eq
    tsteq lr, #16
    @ Until the FPU is used, most of a long frame is what was there before: the return addresses of interrupts, say, which
    @ need not be the same.
    ite eq
    moveq r3, #25
    movne r3, #8
1:
    ldr r12, [r2], #4
    str r12, [r0], #4
    subs r3, #1
    bne 1b
    and r3, r1, #3
    cmp r3, #1
    it eq
    bleq use_fpu
    tst r1, #4
    beq 2f
    ldr r2, =0xe000ed04
    mov r3, #0x10000000
    str r3, [r2]
    dsb
    isb
2:
    ldr r0, =SCRATCH
    ldr lr, [r0, #8]
    bx lr
    .thumb_func
use_fpu:
    vmrs r3, fpscr
    str r3, [r0], #4
    vmov s0, r3
    vcvt.f32.u32 s1, s0
    vadd.f32 s15, s1, s0
    vmov r3, s15
    str r3, [r0], #4
    bx lr
    .ltorg

    .thumb_func
on_pendsv:
    ldr r0, =SCRATCH + 192
    mrs r1, ipsr
    mov r2, sp
    stmia r0!, {r1, r2, lr}
    vmov s0, r2
    vstr s0, [r0]
    bx lr
    .ltorg

@ Notes entry and exit in a log of 16 words, and pends what the word for this interrupt says, once.
    .thumb_func
on_irq:
    ldr r0, =SCRATCH + 128
    mrs r3, ipsr
    ldr r1, [r0]
    add r1, #1
    and r1, #15
    str r1, [r0]
    str r3, [r0, r1, lsl #2]
    and r12, r3, #7
    add r12, r0, r12, lsl #2
    ldr r1, [r12, #64]
    movs r2, #0
    str r2, [r12, #64]
    tst r3, #1
    beq 1f
    vmov s0, r3
    vcvt.f32.u32 s7, s0
1:
    ldr r2, =0xe000e200
    str r1, [r2]
    dsb
    isb
    mrs r3, ipsr
    orr r3, r3, lr, lsl #16
    ldr r1, [r0]
    add r1, #1
    and r1, #15
    str r1, [r0]
    str r3, [r0, r1, lsl #2]
    bx lr
    .ltorg
";

/// Assembly text of a batch, `runs` runs for each snippet.
pub fn text(snippets: &[Snippet], twin: Twin, runs: usize) -> String {
    let mut text = String::new();
    for (name, value) in [
        ("RAM", twin.ram_base as usize),
        ("RECORDS", RECORDS),
        ("SCRATCH", SCRATCH as usize),
        ("SCRATCH_WORDS", SCRATCH_WORDS),
        ("STACK", STACK as usize),
        ("STATES", STATES),
        ("STATE_BYTES", STATE_WORDS * 4),
        ("RUNS", runs),
        ("ARMV8", usize::from(twin.armv8)),
    ] {
        text += &format!("    .equ {name}, {value:#x}\n");
    }
    text += RUNNER;
    for (i, snippet) in snippets.iter().enumerate() {
        text += &format!("    .balign 4\n    .thumb_func\n    .global snippet_{i}\nsnippet_{i}:\n{}", snippet.text());
    }
    text += "    .balign 4\nsnippets:\n";
    for i in 0..snippets.len() {
        text += &format!("    .word snippet_{i}\n");
    }
    text + "    .word 0\n"
}

/// Snippets of a batch, some of which end in a fault if `faults`.
pub fn snippets(seed: u64, count: usize, twin: Twin, faults: bool) -> Vec<Snippet> {
    let mut generator = Generator::new(Rng(seed), twin, faults);
    (0..count).map(|i| generator.snippet(i)).collect()
}

/// The states of a batch, word by word.
pub fn states(seed: u64, twin: Twin) -> Vec<u32> {
    let mut rng = Rng(seed ^ 0x5_7a7e);
    let mut words = Vec::with_capacity(STATES * STATE_WORDS);
    for _ in 0..STATES {
        words.extend((0..14).map(|_| rng.word()));
        words.push(rng.next() as u32 & 0xf80f_0000);
        words.push(rng.fpscr());
        if twin.double_precision && rng.once_in(2) {
            words.extend((0..16).flat_map(|_| {
                let double = rng.float(11, 52);
                [double as u32, (double >> 32) as u32]
            }));
        } else {
            words.extend((0..32).map(|_| rng.float(8, 23) as u32));
        }
        words.extend((0..SCRATCH_WORDS).map(|_| rng.word()));
    }
    words
}
