//! What the core does beyond single instructions: time, sleep, faults, protection, reports and counters.

mod armv8;

use hil::board::{self, Region, RegionKind};
use hil::emulator::core::{Core, CoreConfig, Pause, Stop};
use hil::emulator::memory::Map;
use hil::emulator::{AccessError, Lines, Memory, Periphery, Width};
use std::process::Command;

/// A line that rises at a cycle and falls when 0x4000_0004 is written, a register that counts, and the accesses to flash.
#[derive(Default)]
struct Board {
    lines: Lines,
    rise: u64,
    risen: bool,
    flash: Vec<(u32, u32, u64)>,
    reads: u32,
}

impl Periphery for Board {
    fn read(&mut self, address: u32, _: Width, now: u64) -> Result<u32, AccessError> {
        match address {
            0x4000_0000 => {
                self.reads += 1;
                Ok(self.reads)
            }
            0x4000_0008 => Ok(now as u32),
            0x4000_0010 => Err(AccessError::Unmodelled {
                address,
                peripheral: "TIM9".into(),
                register: "CCR1".into(),
                problem: "read".into(),
            }),
            _ => Err(AccessError::Unmapped { address }),
        }
    }

    fn write(
        &mut self,
        address: u32,
        _: Width,
        value: u32,
        now: u64,
        memory: &mut dyn Memory,
    ) -> Result<(), AccessError> {
        match address {
            0x4000_0004 => self.lines.set(3, false),
            0x0800_0000..=0x0800_FFFF => {
                self.flash.push((address, value, now));
                assert!(memory.store(address, &value.to_le_bytes()));
            }
            _ => return Err(AccessError::Unmapped { address }),
        }
        Ok(())
    }

    fn due(&self) -> u64 {
        if self.risen || self.rise == 0 { u64::MAX } else { self.rise }
    }

    fn tick(&mut self, now: u64, _: &mut dyn Memory) {
        assert!(now >= self.rise);
        self.risen = true;
        self.lines.set(3, true);
    }

    fn lines(&self) -> &Lines {
        &self.lines
    }
}

/// Vectors: every exception goes to `on_N` if the program has that label, else to `fault`.
fn program(text: &str) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().expect("a folder");
    let [source, object, elf, image] = ["a.s", "a.o", "a.elf", "a.bin"].map(|name| folder.path().join(name));
    let mut full = String::from(".syntax unified\n.thumb\n.text\n.word 0x20010000, main + 1\n");
    for number in 2..24 {
        let label = if text.contains(&format!("on_{number}:")) { format!("on_{number}") } else { "fault".into() };
        full.push_str(&format!(".word {label} + 1\n"));
    }
    full.push_str(text);
    full.push_str("\n.thumb_func\nfault: bkpt 99\n.ltorg\n");
    std::fs::write(&source, full).expect("the source");
    let assembled = Command::new("arm-none-eabi-as")
        .args(["-mcpu=cortex-m7", "-mfpu=fpv5-d16", "-mthumb", "-o"])
        .args([&object, &source])
        .status();
    let Ok(status) = assembled else {
        println!("skipped: arm-none-eabi-as is missing");
        return None;
    };
    assert!(status.success());
    let linked =
        Command::new("arm-none-eabi-ld").args(["-Ttext=0x08000000", "-e0", "-o"]).args([&elf, &object]).status();
    assert!(linked.expect("ld").success());
    let copied = Command::new("arm-none-eabi-objcopy").args(["-O", "binary"]).args([&elf, &image]).status();
    assert!(copied.expect("objcopy").success());
    Some(std::fs::read(image).expect("the image"))
}

fn core(text: &str, kind: board::Core) -> Option<Core> {
    let region = |name: &str, kind, origin, aliases| Region { name: name.into(), kind, origin, size: 1 << 16, aliases };
    let map = Map::new(&[
        region("flash", RegionKind::Flash, 0x0800_0000, vec![0]),
        region("sram1", RegionKind::Sram, 0x2000_0000, vec![]),
        region("sram2", RegionKind::Sram, 0x2001_0000, vec![0x1000_0000]),
    ]);
    let mut map = map.expect("a map");
    assert!(map.program(0x0800_0000, &program(text)?));
    let mut config = CoreConfig::new(kind);
    config.boot_address = 0x0800_0000;
    let mut core = Core::new(config, map);
    core.reset();
    Some(core)
}

fn m4(text: &str) -> Option<Core> {
    core(text, board::Core::CortexM4f)
}

/// Runs to `bkpt 0`.
fn finish(core: &mut Core, board: &mut Board) {
    match core.run(board, 10_000_000) {
        Err(Stop::Breakpoint { number: 0, .. }) => {}
        other => panic!("{other:?}; r0 {:#x}, lr {:#x}", core.register(0), core.register(14)),
    }
}

#[test]
fn code_in_ram_that_is_written_again_runs_as_written() {
    // r0 counts: a routine `adds r0, #1; bx lr` in RAM becomes `adds r0, #16`, first by itself in a loop, then by an unaligned store.
    let text = "
        main: movs r0, #0
        ldr r1, =0x20000100
        ldr r2, =0x47703001
        str r2, [r1]
        adds r1, #1
        blx r1
        blx r1
        movs r2, #16
        strb r2, [r1, #-1]
        blx r1
        ldr r2, =0x47703020
        str.w r2, [r1, #-1]
        blx r1
        ldr r2, =0x703040aa
        str.w r2, [r1, #-2]
        blx r1
        bkpt 0
        .ltorg";
    let Some(mut core) = m4(text) else { return };
    finish(&mut core, &mut Board::default());
    assert_eq!(core.register(0), 1 + 1 + 16 + 32 + 64);
}

#[test]
fn an_unknown_instruction_stops_the_run_and_is_named() {
    let text = "main: movs r0, #1\n nop\n .inst.w 0xf3af8b00\n .inst.w 0xfff00000";
    let Some(mut core) = m4(text) else { return };
    core.set_symbols(vec![(0x0800_0060, "main".into())]);
    let stop = core.run(&mut Board::default(), 1000).unwrap_err();
    assert!(matches!(stop, Stop::Instruction { pc: 0x0800_0064, .. }), "{stop:?}");
    let message = stop.to_string();
    for part in ["0x08000064", "<main+0x4>", "f3af 8b00", "unknown"] {
        assert!(message.contains(part), "{message} lacks {part}");
    }
    assert_eq!(core.instructions(), 2);
    assert_eq!(core.register(0), 1);
}

#[test]
fn unpredictable_encodings_are_unknown_too() {
    for encoding in ["0xe8bd6000", "0xf85d0004", "0xfb00f00f", "0xe9d00001"] {
        let Some(mut core) = m4(&format!("main: .inst.w {encoding}")) else { return };
        let end = core.run(&mut Board::default(), 1000);
        let predictable = encoding == "0xf85d0004";
        assert_eq!(matches!(end, Err(Stop::Instruction { .. })), !predictable, "{encoding}: {end:?}");
    }
}

#[test]
fn a_register_that_is_not_modelled_stops_the_run_and_is_named() {
    let Some(mut core) = m4("main: ldr r0, =0x40000010\n ldr r1, [r0]\n bkpt 0\n .ltorg") else { return };
    let message = core.run(&mut Board::default(), 1000).unwrap_err().to_string();
    assert!(message.contains("TIM9 CCR1") && message.contains("ldr r1, [r0, #0]"), "{message}");
    let Some(mut core) = m4("main: ldr r0, =0xe000e000\n ldr r1, [r0]\n bkpt 0\n .ltorg") else { return };
    let message = core.run(&mut Board::default(), 1000).unwrap_err().to_string();
    assert!(message.contains("private peripheral bus 0xe000e000"), "{message}");
}

#[test]
fn sleep_lasts_until_the_interrupt_and_no_longer() {
    let text = "
        main: ldr r0, =0xe000e100
        movs r1, #8
        str r1, [r0]
        movs r7, #0
        wfi
        ldr r2, =0x40000008
        ldr r6, [r2]
        wfi
        bkpt 1
        .thumb_func
        on_19: ldr r2, =0x40000008
        ldr r5, [r2]
        ldr r2, =0x40000004
        str r2, [r2]
        adds r7, #1
        bx lr
        .ltorg";
    let Some(mut core) = m4(text) else { return };
    let mut board = Board { rise: 5000, ..Board::default() };
    assert_eq!(core.run(&mut board, 100), Ok(Pause::Budget));
    assert_eq!(core.cycles(), 100);
    assert_eq!(core.run(&mut board, 1_000_000), Ok(Pause::Idle));
    assert_eq!(core.register(7), 1);
    let (entered, left) = (core.register(5), core.register(6));
    assert!((5012..5022).contains(&entered), "entered at {entered}");
    assert!((entered + 10..entered + 40).contains(&left), "left at {left}");
}

#[test]
fn wfi_ends_without_a_handler_while_primask_is_set() {
    let text = "
        main: ldr r0, =0xe000e100
        movs r1, #8
        str r1, [r0]
        cpsid i
        wfi
        movs r4, #1
        bkpt 0
        .ltorg";
    let Some(mut core) = m4(text) else { return };
    finish(&mut core, &mut Board { rise: 300, ..Board::default() });
    assert_eq!(core.register(4), 1);
    assert!(core.cycles() >= 300);
}

#[test]
fn systick_comes_every_reload_plus_one_cycles() {
    let text = "
        main: ldr r0, =0xe000e010
        ldr r1, =999
        str r1, [r0, #4]
        str r1, [r0, #8]
        movs r1, #7
        str r1, [r0]
        movs r4, #0
        1: wfi
        cmp r4, #10
        bne 1b
        ldr r1, [r0]
        ldr r2, [r0, #8]
        bkpt 0
        .thumb_func
        on_15: adds r4, #1
        bx lr
        .ltorg";
    let Some(mut core) = m4(text) else { return };
    finish(&mut core, &mut Board::default());
    assert!((10_000..10_120).contains(&core.cycles()), "{} cycles", core.cycles());
    assert_eq!(core.register(1), 0x1_0007);
    assert!((880..1000).contains(&core.register(2)), "counter at {}", core.register(2));
}

#[test]
fn cyccnt_counts_model_cycles() {
    let text = "
        main: ldr r0, =0xe0001000
        ldr r1, =0xc5acce55
        str r1, [r0, #0xfb0]
        movs r1, #1
        str r1, [r0]
        ldr r2, [r0, #4]
        ldr r3, =0x40000008
        ldr r4, [r3]
        nop
        nop
        nop
        ldr r5, [r3]
        ldr r6, [r0, #4]
        bkpt 0
        .ltorg";
    for kind in [board::Core::CortexM4f, board::Core::CortexM7f] {
        let Some(mut core) = core(text, kind) else { return };
        finish(&mut core, &mut Board::default());
        let r = |number| core.register(number);
        let (outer, inner) = (r(6) - r(2), r(5) - r(4));
        assert!(inner >= 2 && outer >= inner && outer < inner + 8, "{outer} around {inner}");
    }
}

#[test]
fn cyccnt_of_m7_is_locked_until_lar_is_written() {
    let text = "main: ldr r0, =0xe0001000\n movs r1, #1\n str r1, [r0]\n nop\n ldr r2, [r0, #4]\n bkpt 0\n .ltorg";
    for (kind, counts) in [(board::Core::CortexM4f, true), (board::Core::CortexM7f, false)] {
        let Some(mut core) = core(text, kind) else { return };
        finish(&mut core, &mut Board::default());
        assert_eq!(core.register(2) != 0, counts, "{kind:?}");
    }
}

#[test]
fn software_can_ask_for_a_reset() {
    let text = "main: ldr r0, =0xe000ed0c\n ldr r1, =0x05fa0004\n str r1, [r0]\n bkpt 1\n .ltorg";
    let Some(mut core) = m4(text) else { return };
    assert_eq!(core.run(&mut Board::default(), 1000), Ok(Pause::Reset));
    let cycles = core.cycles();
    core.reset();
    assert_eq!(core.register(15), 0x0800_0060);
    assert_eq!(core.register(13), 0x2001_0000);
    assert_eq!(core.cycles(), cycles);
}

#[test]
fn stack_and_touched_memory_are_known() {
    let text = "
        main: push {r4-r7, lr}
        sub sp, #64
        str r0, [sp, #4]
        add sp, #64
        ldr r0, =0x20000400
        ldrb r1, [r0]
        strh r1, [r0, #0x40]
        ldr r2, =0x20008000
        msr psp, r2
        movs r1, #2
        msr control, r1
        isb
        push {r0-r3}
        bkpt 0
        .ltorg";
    let Some(mut core) = m4(text) else { return };
    finish(&mut core, &mut Board::default());
    let low = core.stack_low();
    assert_eq!((low.main, low.process), (0x2001_0000 - 20 - 64, 0x2000_8000 - 16));
    let touched = core.touched();
    let is = |address: u32| {
        let run = touched.iter().find(|t| (t.start..t.end).contains(&address));
        run.map_or((false, false), |t| (t.read, t.written))
    };
    assert_eq!(is(0x2000_0400), (true, false));
    assert_eq!(is(0x2000_0440), (false, true));
    assert_eq!(is(0x2000_7FF0), (false, true));
    assert_eq!(is(0x2000_FFB0), (false, true));
    assert_eq!(is(0x2000_0480), (false, false));
    core.clear_watermarks();
    assert!(core.touched().is_empty());
    assert_eq!((core.stack_low().main, core.stack_low().process), (0x2001_0000 - 20, 0x2000_8000 - 16));
}

#[test]
fn aliases_show_the_same_bytes() {
    let text = "
        main: ldr r0, =0x20010010
        ldr r1, =0x10000010
        ldr r2, =0x12345678
        str r2, [r0]
        ldr r3, [r1]
        movs r2, #1
        strb r2, [r1, #3]
        ldr r4, [r0]
        movs r5, #0
        ldr r5, [r5]
        bkpt 0
        .ltorg";
    let Some(mut core) = m4(text) else { return };
    finish(&mut core, &mut Board::default());
    assert_eq!((core.register(3), core.register(4), core.register(5)), (0x1234_5678, 0x0134_5678, 0x2001_0000));
}

#[test]
fn bit_bands_reach_bits_on_m4_only() {
    let text = "
        main: ldr r0, =0x22002084
        movs r1, #1
        str r1, [r0]
        ldr r2, =0x20000100
        ldr r3, [r2, #4]
        ldr r4, [r0]
        ldr r5, [r0, #4]
        bkpt 0
        .ltorg";
    let Some(mut m4) = m4(text) else { return };
    finish(&mut m4, &mut Board::default());
    assert_eq!((m4.register(3), m4.register(4), m4.register(5)), (2, 1, 0));
    let Some(mut m7) = core(text, board::Core::CortexM7f) else { return };
    assert!(matches!(m7.run(&mut Board::default(), 1000), Err(Stop::Breakpoint { number: 99, .. })));
}

#[test]
fn protected_memory_gives_a_memory_management_fault() {
    // Region 0: 256 bytes at 0x20000200, no access; region 1: read-only behind it; PRIVDEFENA.
    let text = "
        main: ldr r0, =0xe000ed94
        ldr r1, =0x20000210
        str r1, [r0, #8]
        ldr r1, =0x0000000f
        str r1, [r0, #12]
        ldr r1, =0x20000311
        str r1, [r0, #8]
        ldr r1, =0x0500000f
        str r1, [r0, #12]
        movs r1, #5
        str r1, [r0]
        ldr r1, =0xe000ed24
        movs r2, #1
        lsls r2, #16
        str r2, [r1]
        dsb
        isb
        movs r7, #0
        ldr r2, =0x20000300
        ldr r3, [r2]
        adds r7, #1
        str r3, [r2, #8]
        adds r7, #1
        ldr r3, [r2, #-4]
        adds r7, #1
        str r3, [r2, #0x100]
        bkpt 0
        .thumb_func
        on_4: ldr r0, =0xe000ed34
        ldr r4, [r0]
        ldr r5, [r0, #-12]
        str r5, [r0, #-12]
        ldr r0, [sp, #24]
        adds r0, #4
        str r0, [sp, #24]
        ldr r1, =0x20000ff0
        push {r4}
        pop {r4}
        adds r6, r6, r4
        bx lr
        .ltorg";
    let text = text.replace("str r3, [r2, #8]", "str.w r3, [r2, #8]");
    let Some(mut core) = m4(&text) else { return };
    finish(&mut core, &mut Board::default());
    assert_eq!(core.register(7), 3);
    assert_eq!(core.register(6), 0x2000_0308 + 0x2000_02FC);
    assert_eq!(core.register(5), 0x82);
}

#[test]
fn stores_to_flash_go_to_the_flash_controller_and_decoded_code_follows() {
    let text = "
        main: ldr r4, =0x08001001
        movs r0, #0
        ldr r1, =0x47703001
        str r1, [r4, #-1]
        blx r4
        ldr r1, =0x47703005
        str r1, [r4, #-1]
        blx r4
        bkpt 0
        .ltorg";
    let Some(mut core) = m4(text) else { return };
    let mut board = Board::default();
    finish(&mut core, &mut board);
    assert_eq!(core.register(0), 6);
    assert_eq!(
        board.flash.iter().map(|f| (f.0, f.1)).collect::<Vec<_>>(),
        [(0x0800_1000, 0x4770_3001), (0x0800_1000, 0x4770_3005)]
    );
}

#[test]
fn a_fault_in_a_hard_fault_handler_locks_up() {
    let text = "main: udf #0\n .thumb_func\n on_3: udf #1";
    let Some(mut core) = m4(text) else { return };
    let stop = core.run(&mut Board::default(), 1000).unwrap_err();
    let message = stop.to_string();
    assert!(matches!(stop, Stop::Lockup { pc: 0x0800_0062, .. }), "{stop:?}");
    assert!(message.contains("undefined instruction"), "{message}");
}

#[test]
fn cycles_do_not_depend_on_how_time_is_cut() {
    let text = "
        main: ldr r0, =0xe000e010
        ldr r1, =777
        str r1, [r0, #4]
        movs r1, #7
        str r1, [r0]
        ldr r4, =20000
        ldr r6, =0x40000000
        1: muls r5, r4, r5
        adds r5, #3
        lsls r2, r4, #26
        it eq
        ldreq r3, [r6]
        udiv r2, r5, r4
        subs r4, #1
        bne 1b
        bkpt 0
        .thumb_func
        on_15: adds r7, #1
        bx lr
        .ltorg";
    let run = |slice: u64| {
        let mut core = m4(text)?;
        let mut board = Board::default();
        let mut until = slice;
        while let Ok(pause) = core.run(&mut board, until) {
            assert_eq!(pause, Pause::Budget);
            until = core.cycles().saturating_add(slice);
        }
        assert!(core.register(7) > 100);
        Some((core.cycles(), core.instructions(), core.register(5), core.register(7), board.reads))
    };
    let Some(whole) = run(u64::MAX / 2) else { return };
    assert_eq!(run(u64::MAX / 2), Some(whole));
    assert_eq!(run(1), Some(whole));
    assert_eq!(run(1000), Some(whole));
}

/// Figures of the Cortex-M4 TRM (100166), 3.3.1 to 3.3.3, with P = 1 where the target is known at decode and aligned, 2 where
/// it is not, and no wait states; an address that the instruction before made costs a cycle.
#[test]
fn m4_cycles_are_those_of_the_manual() {
    let address = "movw r0, #0x100\n movt r0, #0x2000\n mov r1, r0\n movs r2, #4\n";
    for (text, cycles) in [
        ("adds r3, #1\n smlad r3, r3, r3, r3\n umlal r3, r4, r5, r6", 3),
        ("ldr r3, [r0]", 2),
        ("ldr r3, [r0]\n ldr r4, [r1]\n ldr r5, [r1, #4]", 4),
        ("str r3, [r0]\n str r3, [r1]", 2),
        ("str r1, [r0]\n ldr r3, [r0]\n ldr r4, [r3]", 5),
        ("stmia r0!, {r3-r6}", 5),
        ("ldmia r0, {r3-r6}", 5),
        ("push {r3, lr}\n pop {r3, r7}", 6),
        ("ldrd r3, r4, [r0]", 3),
        ("b 1f\n nop\n 1:", 2),
        ("cmp r2, #4\n bne 1f\n 1:", 2),
        ("cmp r2, #4\n beq 1f\n nop\n 1:", 3),
        ("bl 1f\n 1:", 2),
        // Folded, and two of three instructions whose condition fails.
        ("cmp r2, #5\n itte eq\n ldreq r3, [r0]\n muleq r3, r2\n movne r3, #1", 4),
        ("udiv r3, r2, r2", 4),
    ] {
        let Some(mut empty) = m4(&format!("main: {address} bkpt 0")) else { return };
        finish(&mut empty, &mut Board::default());
        let Some(mut full) = m4(&format!("main: {address} {text}\n bkpt 0")) else { return };
        finish(&mut full, &mut Board::default());
        assert_eq!(full.cycles() - empty.cycles(), cycles, "{text}");
    }
}
