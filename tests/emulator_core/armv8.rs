//! What a Cortex-M33 has beyond Armv7-M: acquiring loads, stack limits, regions with a limit.

use super::{Board, core, finish};
use hil::board;
use hil::emulator::core::Stop;

/// Loads that acquire and stores that release as `.inst`, since the assembler is told of Armv7-M.
#[test]
fn m33_has_what_armv8_adds_and_its_values_of_exception_return() {
    // stl r1, [r0]; lda r2, [r0]; ldaexb r3, [r0]; stlexb r4, r1, [r0]; stlexb again, which finds no open access; MSPLIM.
    let text = "
        main: ldr r0, =0x20000100
        ldr r1, =0x12345678
        .inst.w 0xe8c01faf
        .inst.w 0xe8d02faf
        .inst.w 0xe8d03fcf
        .inst.w 0xe8c01fc4
        .inst.w 0xe8c01fc5
        mrs r6, control
        movs r7, #2
        msr control, r7
        isb
        ldr r8, =0x20000800
        mov sp, r8
        vmov s0, r1
        svc 0
        ldr r7, =0x20000400
        .inst.w 0xf387880b
        .inst.w 0xf3ef870b
        bkpt 0
        .thumb_func
        on_11: mov r9, lr
        mrs r10, psp
        cpsid i
        ldr r12, =0xe000ed04
        mov.w r11, #0x10000000
        str.w r11, [r12]
        cpsie i
        isb
        bx lr
        .thumb_func
        on_14: mov r11, lr
        bx lr
        .ltorg";
    let text = text.replace("main:", "main: ldr r0, =0xe000ed88\n mov r1, #0xf00000\n str r1, [r0]\n dsb\n isb\n");
    let Some(mut m33) = core(&text, board::Core::CortexM33f) else { return };
    finish(&mut m33, &mut Board::default());
    let registers: Vec<u32> = (2..6).map(|number| m33.register(number)).collect();
    assert_eq!(registers, [0x1234_5678, 0x78, 0, 1]);
    // From a thread on the process stack with a float context; and, tail-chained or nested, the handler's own.
    assert_eq!(m33.register(9), 0xFFFF_FFAC);
    assert!(matches!(m33.register(11), 0xFFFF_FFAC | 0xFFFF_FFB0), "{:#x}", m33.register(11));
    assert_eq!(m33.register(7), 0x2000_0400);
    let Some(mut m7) = core(&text, board::Core::CortexM7f) else { return };
    let end = m7.run(&mut Board::default(), 10_000);
    assert!(matches!(end, Err(Stop::Instruction { .. })), "{end:?}");
}

#[test]
fn m33_stops_where_a_stack_falls_below_its_limit() {
    let text =
        "main: ldr r0, =0x20008000\n .inst.w 0xf380880a\n ldr r1, =0x20008004\n mov sp, r1\n push {r2, r3}\n bkpt 0";
    let Some(mut core) = core(text, board::Core::CortexM33f) else { return };
    let message = core.run(&mut Board::default(), 10_000).unwrap_err().to_string();
    assert!(message.contains("MSPLIM") && message.contains("0x20008000"), "{message}");
}

#[test]
fn m33_protects_regions_between_base_and_limit() {
    // Region 0: 0x20000200 to 0x2000021f, read-only for all; region 1, by its alias: 0x20000240 to 0x2000025f, privileged
    // only; PRIVDEFENA.
    let text = "
        main: ldr r0, =0xe000ed94
        ldr r1, =0x20000206
        str r1, [r0, #8]
        ldr r1, =0x20000201
        str r1, [r0, #12]
        ldr r1, =0x20000240
        str r1, [r0, #16]
        ldr r1, =0x20000241
        str r1, [r0, #20]
        movs r1, #5
        str r1, [r0]
        ldr r1, =0xe000ed24
        movs r2, #1
        lsls r2, #16
        str r2, [r1]
        dsb
        isb
        movs r7, #0
        ldr r2, =0x20000200
        ldr r3, [r2]
        adds r7, #1
        str.w r3, [r2, #28]
        adds r7, #1
        str.w r3, [r2, #32]
        adds r7, #1
        str.w r3, [r2, #64]
        movs r6, #1
        msr control, r6
        isb
        ldr.w r3, [r2]
        ldr.w r3, [r2, #64]
        bkpt 0
        .thumb_func
        on_4: ldr r0, =0xe000ed34
        ldr r4, [r0]
        add r8, r8, r4
        ldr r0, [sp, #24]
        adds r0, #4
        str r0, [sp, #24]
        bx lr
        .ltorg";
    let text = text.replace("movs r7, #0\n", "movs r7, #0\n mov r8, r7\n");
    let Some(mut core) = core(&text, board::Core::CortexM33f) else { return };
    // Unprivileged code is in no region and so cannot be fetched: the last fault is of the instruction behind MSR.
    let end = core.run(&mut Board::default(), 10_000);
    assert_eq!(core.register(7), 3, "{end:?}");
    assert_eq!(core.register(8) & 0xFFFF, 0x021C, "{end:?}");
}
