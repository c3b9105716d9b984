//! What instructions cost, against the figures that were measured on silicon; the sources stand in `src/emulator/timing`.

use std::path::Path;
use std::process::Command;

use hil::board::{self, Board, Region, RegionKind};
use hil::emulator::core::{CacheGeometry, Core, CoreConfig, Stop};
use hil::emulator::memory::Map;
use hil::emulator::{
    AccessError, EmulatorError, FlashSetup, Image, Lines, Machine, Memory, NoPeriphery, Periphery, Width,
};

/// Machine code for 0x0800_0000, vectors first; None where the assembler is missing.
fn assemble(cpu: &str, body: &str) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let text = format!(
        ".syntax unified\n.thumb\n.text\n.word 0x20008000, main + 1\n.thumb_func\nmain:\nldr r8, =0x20000100\n\
         ldr r9, =0x08000000\nmovs r6, #1\nmovs r7, #1\nb start\n.ltorg\n.balign 32\nstart:\n{body}\nbkpt 0\n.ltorg\n"
    );
    std::fs::write(path("a.s"), text).expect("a.s");
    let run = |tool: &str, arguments: &[&Path]| Command::new(tool).args(arguments).status();
    let mut assembler = Command::new("arm-none-eabi-as");
    assembler.arg(format!("-mcpu={cpu}")).arg("-mfpu=fpv4-sp-d16").arg(path("a.s")).arg("-o").arg(path("a.o"));
    let Ok(status) = assembler.status() else {
        println!("skipped: arm-none-eabi-as is missing");
        return None;
    };
    assert!(status.success(), "{body}");
    let linked =
        [Path::new("-Ttext=0x08000000"), Path::new("-e0x08000000"), &path("a.o"), Path::new("-o"), &path("a.elf")];
    assert!(run("arm-none-eabi-ld", &linked).expect("the linker").success());
    let binary = [Path::new("-Obinary"), &path("a.elf"), &path("a.bin")];
    assert!(run("arm-none-eabi-objcopy", &binary).expect("objcopy").success());
    Some(std::fs::read(path("a.bin")).expect("an image"))
}

fn core(config: CoreConfig, image: &[u8]) -> Core {
    let region = |name: &str, kind, origin| Region { name: name.into(), kind, origin, size: 1 << 16, aliases: vec![] };
    let regions = [region("flash", RegionKind::Flash, 0x0800_0000), region("dtcm", RegionKind::Dtcm, 0x2000_0000)];
    let mut map = Map::new(&regions).expect("a map");
    assert!(map.program(0x0800_0000, image));
    let mut core = Core::new(CoreConfig { boot_address: 0x0800_0000, ..config }, map);
    core.reset();
    core
}

/// Cycles per copy of `text`, from the difference between 14 and 4 copies.
fn cost(kind: board::Core, text: &str) -> Option<f64> {
    let cpu = match kind {
        board::Core::CortexM4f => "cortex-m4",
        board::Core::CortexM7f => "cortex-m7",
        board::Core::CortexM33f => "cortex-m33",
    };
    let cycles = |copies: usize| {
        let mut core = core(CoreConfig::new(kind), &assemble(cpu, &format!("{text}\n").repeat(copies))?);
        let end = core.run(&mut NoPeriphery::default(), u64::MAX);
        assert!(matches!(end, Err(Stop::Breakpoint { .. })), "{end:?}");
        Some(core.cycles())
    };
    Some((cycles(14)? - cycles(4)?) as f64 / 10.0)
}

#[test]
fn m7_pairs_and_waits_as_measured() {
    for (text, cycles) in [
        // Two additions share a cycle; one that needs the other's result goes through the late ALU.
        ("add r0, r1, r2\n add r3, r4, r5", 1.0),
        ("add r0, r1, r2\n eor r3, r0, r5", 1.0),
        ("add r0, r0, r1", 1.0),
        // What an instruction shifts must be there a cycle earlier.
        ("eor r0, r1, r0, ror #3", 2.0),
        // Lanes and extensions never share a cycle with each other, multiplications neither.
        ("sxtb16 r0, r1\n sxtb16 r2, r3", 2.0),
        ("smlad r0, r6, r7, r0\n smlad r1, r6, r7, r1", 2.0),
        ("sxtb16 r2, r3\n smlad r0, r6, r7, r0", 1.0),
        // Sums go from one multiplication to the next in a cycle, factors in two.
        ("smlad r0, r6, r7, r0", 1.0),
        ("mul r0, r0, r6", 2.0),
        // Loads of an even and an odd word share a cycle.
        ("ldr r0, [r8]\n ldr r1, [r8, #4]", 1.0),
        ("ldr r0, [r8]\n ldr r1, [r8, #8]", 2.0),
        // A loaded word reaches the ALU in the next cycle, the multiplier and the shifter in the one after; a byte later.
        ("ldr r0, [r8]\n sxtb16 r1, r0", 1.0),
        ("ldr r0, [r8]\n smlad r1, r0, r6, r1", 2.0),
        ("ldr r0, [r8]\n sxtab16 r1, r2, r0", 2.0),
        ("ldrb r0, [r8]\n add r1, r2, r0", 2.0),
        // Two stores never share a cycle; a store takes what is loaded in the same one.
        ("str r0, [r8]\n str r1, [r8, #4]", 2.0),
        ("ldr r0, [r8]\n str r0, [r8, #4]", 1.0),
        ("mul r0, r6, r7\n str r1, [r8]", 2.0),
        ("ldm r8, {r0-r5}", 3.0),
        ("ldrd r0, r1, [r8]\n add r2, r3, r4", 2.0),
    ] {
        let Some(found) = cost(board::Core::CortexM7f, text) else { return };
        assert_eq!(found, cycles, "{text}");
    }
}

#[test]
fn m4_overlaps_and_waits_as_measured() {
    for (text, cycles) in [
        ("smlad r0, r6, r7, r0", 1.0),
        ("mla r0, r6, r7, r0", 2.0),
        // A store behind a load hides its second cycle, one with an index register does not.
        ("ldr r0, [r8]\n str r1, [r8, #4]", 2.0),
        ("ldr r0, [r8]\n strb r1, [r8, r6]", 4.0),
        ("ldr r0, [r8]\n nop.n", 2.0),
        // The address must be there a cycle early.
        ("add r5, r8, #4\n ldr r0, [r5]", 4.0),
        ("add r5, r8, #4\n adds r4, #1\n ldr r0, [r5]", 4.0),
        // Loads from flash and RAM in turn never overlap, and those from flash do.
        ("ldr.w r0, [r8]\n ldr.w r1, [r9]\n mov.w r2, r3", 5.0),
        ("ldr.w r0, [r9]\n ldr.w r1, [r9]\n mov.w r2, r3", 4.0),
        // Groups of wide instructions that are not aligned.
        ("adds r0, #1\n mov.w r1, r2\n mov.w r1, r2\n adds r0, #1", 4.0),
        ("adds r0, #1\n mov.w r1, r2\n mov.w r1, r2\n mov.w r1, r2\n adds r0, #1", 6.0),
        ("adds r0, #1\n mov.w r1, r2\n mov.w r1, r2\n mov.w r1, r2\n mov.w r1, r2\n adds r0, #1", 7.0),
    ] {
        let Some(found) = cost(board::Core::CortexM4f, text) else { return };
        assert_eq!(found, cycles, "{text}");
    }
}

#[test]
fn m33_pairs_and_waits_as_measured() {
    for (text, cycles) in [
        // Short instructions share a cycle only where the second is a NOP, an IT or a branch.
        ("adds r0, #1\n adds r1, #1", 2.0),
        ("adds r0, #1\n nop.n", 1.0),
        ("adds r0, #1\n it eq\n addeq r1, #1", 2.0),
        // Sums go from one multiplication to the next in a cycle, factors in two; flags take both stages.
        ("smlad r0, r6, r7, r0", 1.0),
        ("mul r0, r0, r6", 2.0),
        ("muls r0, r6, r0", 2.0),
        // So do what extensions add to and make.
        ("sxtab r0, r0, r1", 1.0),
        ("sxtab r0, r1, r0", 2.0),
        ("smlad r0, r6, r7, r0\n sxtab r1, r0, r2", 2.0),
        // What goes through the shifter is there a cycle later.
        ("eor r0, r0, r1, ror #3", 2.0),
        ("eor r0, r0, #0x1fc0", 2.0),
        ("eor r0, r0, #0x1f", 1.0),
        // A loaded word reaches the ALU in two cycles, a sum or a store in one.
        ("ldr r0, [r8]\n add r1, r0, r2", 3.0),
        ("ldr r0, [r8]\n add r1, r2, r3\n add r1, r0, r2", 3.0),
        ("ldr r0, [r8]\n smlad r1, r6, r7, r0", 2.0),
        ("ldr r0, [r8]\n sxtab r1, r0, r2", 3.0),
        ("ldr r0, [r8]\n str r0, [r8, #4]", 2.0),
        ("ldr r0, [r8]\n ldr r1, [r8, #4]", 2.0),
        ("ldm r8, {r0-r5}", 6.0),
        ("ldrd r0, r1, [r8]", 2.0),
        ("strd r0, r1, [r8]", 2.0),
    ] {
        let Some(found) = cost(board::Core::CortexM33f, text) else { return };
        assert_eq!(found, cycles, "{text}");
    }
}

/// A product and sum in single precision keeps the unit for three cycles, and nothing else.
#[test]
fn m33_adds_products_in_single_precision_every_third_cycle() {
    let cycles = |copies: usize| {
        let on = "ldr r0, =0xe000ed88\n mov r1, #0xf00000\n str r1, [r0]\n dsb\n isb\n";
        let body = format!("{on}{}", "vfma.f32 s0, s1, s0\n mov.w r1, r2\n".repeat(copies));
        let mut core = core(CoreConfig::new(board::Core::CortexM33f), &assemble("cortex-m33", &body)?);
        let end = core.run(&mut NoPeriphery::default(), u64::MAX);
        assert!(matches!(end, Err(Stop::Breakpoint { .. })), "{end:?}");
        Some(core.cycles())
    };
    let (Some(short), Some(long)) = (cycles(4), cycles(14)) else { return };
    assert_eq!(long - short, 10 * 3);
}

/// A taken branch costs two cycles, or one where a short instruction before it leaves the flags alone.
#[test]
fn m33_branches_as_measured() {
    for (body, cycles) in [
        ("subs r5, #1", 3),
        ("subs r5, #1\n add r0, r1", 3),
        ("subs r5, #1\n add.w r0, r1, r2", 4),
        ("subs r5, #1\n ldmia r6!, {r0-r3}", 6),
        // The branch that is not taken shares its cycle.
        ("adds r3, #1\n beq 2f\n subs r5, #1", 4),
    ] {
        let run = |count: u32| {
            let text = format!("mov r6, r8\n movs r5, #{count}\n movs r3, #1\n b 1f\n 1: {body}\n bne 1b\n 2:");
            let mut core = core(CoreConfig::new(board::Core::CortexM33f), &assemble("cortex-m33", &text)?);
            let _ = core.run(&mut NoPeriphery::default(), u64::MAX);
            Some(core.cycles())
        };
        let (Some(short), Some(long)) = (run(20), run(40)) else { return };
        assert_eq!(long - short, 20 * cycles, "{body}");
    }
}

/// One cache serves instructions and data, and can be one of a single way.
#[test]
fn m33_reads_flash_through_one_cache() {
    let board = Board::shipped("nucleo-u575zi-q").expect("a board");
    let misses = |bytes: u32, direct: bool| {
        let body = format!(
            "movs r4, #2\n 2: mov r2, r9\n add r3, r9, #{bytes}\n 1: ldr r5, [r2], #16\n cmp r2, r3\n bne 1b\n \
             subs r4, #1\n bne 2b"
        );
        let mut core = core(CoreConfig::of(&board), &assemble("cortex-m33", &body)?);
        let setup = FlashSetup {
            wait_states: 4,
            prefetch: true,
            instruction_cache: true,
            data_cache: true,
            direct_mapped: direct,
        };
        let end = core.run(&mut Set(setup, Lines::default()), u64::MAX);
        assert!(matches!(end, Err(Stop::Breakpoint { .. })), "{end:?}");
        Some(core.activity().flash_reads)
    };
    let (Some(fits), Some(direct), Some(large)) = (misses(4096, false), misses(8192, true), misses(16384, false))
    else {
        return;
    };
    // Lines of 16 bytes; one that holds code is there already.
    assert!((4096 / 16 - 3..=4096 / 16).contains(&(fits as u32)), "{fits}");
    assert!((8192 / 16 - 3..8192 / 16 + 8).contains(&(direct as u32)), "{direct}");
    assert!((2 * 16384 / 16 - 8..=2 * 16384 / 16).contains(&(large as u32)), "{large}");
}

/// Nothing but a flash controller.
struct Set(FlashSetup, Lines);

impl Periphery for Set {
    fn read(&mut self, address: u32, _: Width, _: u64) -> Result<u32, AccessError> {
        Err(AccessError::Unmapped { address })
    }

    fn write(&mut self, address: u32, _: Width, _: u32, _: u64, _: &mut dyn Memory) -> Result<(), AccessError> {
        Err(AccessError::Unmapped { address })
    }

    fn due(&self) -> u64 {
        u64::MAX
    }

    fn tick(&mut self, _: u64, _: &mut dyn Memory) {}

    fn lines(&self) -> &Lines {
        &self.1
    }

    fn flash_setup(&self) -> Option<FlashSetup> {
        Some(self.0)
    }
}

/// A loop costs what its body does once the branch is foretold; its end is not foretold.
#[test]
fn m7_foretells_loops() {
    let cycles = |count: u32| {
        let text = format!("movs r5, #{count}\n b 1f\n 1: subs r5, #1\n add r0, r1, r2\n add r1, r2, r3\n bne 1b");
        let mut core = core(CoreConfig::new(board::Core::CortexM7f), &assemble("cortex-m7", &text)?);
        let _ = core.run(&mut NoPeriphery::default(), u64::MAX);
        Some(core.cycles())
    };
    let (Some(short), Some(long)) = (cycles(20), cycles(40)) else { return };
    assert_eq!(long - short, 20 * 2);
    let (Some(once), Some(twice)) = (cycles(1), cycles(2)) else { return };
    assert_eq!(twice - once, 2 + 8 + 8, "neither the first jump nor the end is foretold");
}

/// A line costs its wait states and the beats of the bus, once; where the cache is smaller than what is read, every time.
#[test]
fn m7_reads_flash_a_line_at_a_time() {
    let board = Board::shipped("stm32f746g-disco").expect("a board");
    let run = |bytes: u32| {
        // Instruction and data cache on, then a first pass and a second.
        let body = format!(
            "ldr r0, =0xe000ed14\n ldr r1, =0x00030200\n str r1, [r0]\n isb\n movs r4, #2\n 2: mov r2, r9\n \
             add r3, r9, #{bytes}\n 1: ldr r5, [r2], #4\n cmp r2, r3\n bne 1b\n subs r4, #1\n bne 2b"
        );
        let mut core = core(CoreConfig::of(&board), &assemble("cortex-m7", &body)?);
        let end = core.run(&mut NoPeriphery::default(), u64::MAX);
        assert!(matches!(end, Err(Stop::Breakpoint { .. })), "{end:?}");
        Some(core.cycles())
    };
    let (Some(small), Some(large)) = (run(1024), run(2048)) else { return };
    // 256 more loads in each pass, of 32 more lines in the first.
    let line = 7 + 4;
    let loads = 2 * 256 * 2;
    assert_eq!(large - small, loads + 32 * line);
}

/// DBGMCU stands in the space of the private peripheral bus and is the part's own.
#[test]
fn the_debug_unit_of_the_part_answers() {
    let Some(image) = assemble("cortex-m4", "ldr r0, =0xe0042000\n ldr r1, [r0]") else { return };
    let mut machine = Machine::new(&Board::shipped("nucleo-l4r5zi").expect("a board")).expect("a machine");
    machine.load(&Image::binary("a", 0x0800_0000, image).expect("an image")).expect("loaded");
    let end = machine.run(100_000);
    assert!(matches!(end, Err(EmulatorError::Stop(Stop::Breakpoint { .. }))), "{end:?}");
    assert_eq!(machine.core().register(1) & 0xfff, 0x470);
}

/// Wait states, prefetch and caches follow FLASH ACR.
#[test]
fn flash_is_as_slow_as_software_sets_it() {
    let setup = |acr: u32| {
        let body = format!("ldr r0, =0x40022000\n ldr r1, ={acr}\n str r1, [r0]\n ldr r2, [r0]");
        let mut machine = Machine::new(&Board::shipped("nucleo-l4r5zi").expect("a board")).expect("a machine");
        machine
            .load(&Image::binary("a", 0x0800_0000, assemble("cortex-m4", &body)?).expect("an image"))
            .expect("loaded");
        let _ = machine.run(100_000);
        machine.soc().flash_setup()
    };
    let Some(found) = setup(0x105) else { return };
    let expected = FlashSetup {
        wait_states: 5,
        prefetch: true,
        instruction_cache: false,
        data_cache: false,
        direct_mapped: false,
    };
    assert_eq!(found, expected);
    assert_eq!(
        setup(0x603),
        Some(FlashSetup {
            wait_states: 3,
            prefetch: false,
            instruction_cache: true,
            data_cache: true,
            direct_mapped: false
        })
    );
}

#[test]
fn a_cache_of_sectors_is_described_by_its_board() {
    let config = CoreConfig::of(&Board::shipped("nucleo-l4r5zi").expect("a board"));
    let expected = CacheGeometry { bytes: 256, ways: 8, line: 32, sector: 8, random: false };
    assert_eq!(config.flash.data, Some(expected));
}

#[test]
fn a_window_between_reads_of_the_cycle_counter_counts_what_is_in_it() {
    let body = "ldr r0, =0xE0001000\nldr r1, =0xE000EDFC\nmov r2, #0x01000000\nstr r2, [r1]\nldr r2, [r0]\norr r2, #1\n\
                str r2, [r0]\nmovs r5, #3\nldr r3, [r0, #4]\nagain:\nldm r8, {r10-r12}\nstrd r10, r11, [r8]\n\
                smlad r12, r10, r11, r12\nmul r10, r11, r12\nldrb r10, [r8]\nsubs r5, #1\nbne again\nldr r4, [r0, #4]\n\
                ldr r4, [r0, #4]";
    let Some(image) = assemble("cortex-m4", body) else { return };
    let mut core = core(CoreConfig::new(board::Core::CortexM4f), &image);
    assert!(matches!(core.run(&mut NoPeriphery::default(), u64::MAX), Err(Stop::Breakpoint { .. })));
    assert_eq!(core.windows(5).len(), 1, "three reads are one pair and one before it");
    let all = core.activity();
    assert_eq!((all.cycles, all.instructions, all.asleep), (core.cycles(), core.instructions(), 0));
    assert_eq!(all.multiplies, 3 * 2);
    // In the loop 3 + 2 + 1; seven around it, three literals among them, and the first of all.
    assert!((3 * 6 + 7..3 * 6 + 12).contains(&all.accesses), "{all:?}");
    let window = core.windows(1)[0];
    assert!(window.cycles < 12 && window.multiplies <= 1, "the last pair is of two reads in a row: {window:?}");
}
