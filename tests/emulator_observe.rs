//! Profiles, stacks and traces of emulated runs: every cycle is somewhere, and observing changes nothing.

use std::io::Write;
use std::process::Command;
use std::sync::{Arc, Mutex};

use hil::board::Board;
use hil::emulator::observe::{Profile, Recorder, lines};
use hil::emulator::{Image, Machine, Pause, Segment, Symbol, Width};

/// One board of each core.
const BOARDS: &[&str] = &["nucleo-l4r5zi", "nucleo-f767zi"];
const BASE: u32 = 0x0800_0000;
const STACK: u32 = 0x2000_2000;

/// `main` calls `f` three times and then sleeps; `f` calls `g` and ends with a tail call of `g`; `tick` is SysTick's.
const CODE: &[u16] = &[
    0xB510, 0x2403, // main: push {r4, lr}; movs r4, #3
    0xF000, 0xF804, // loop: bl f
    0x3C01, 0xD1FB, // subs r4, #1; bne loop
    0xBF30, 0xE7FD, // sleep: wfi; b sleep
    0xB508, 0xF000, 0xF803, // f: push {r3, lr}; bl g
    0xE8BD, 0x4008, 0xE7FF, // pop {r3, lr}; b g
    0xB401, 0xBC01, 0x4770, // g: push {r0}; pop {r0}; bx lr
    0xBF00, 0xBF00, 0xBF00, 0xBF00, 0xBF00, 0xBF00, 0xBF00, //
    0xB510, 0xF7FF, 0xFFF3, 0xBD10, // tick: push {r4, lr}; bl g; pop {r4, pc}
];

fn image() -> Image {
    let mut bytes = vec![0; 0x100];
    for slot in 1..64 {
        bytes[4 * slot..4 * slot + 4].copy_from_slice(&(BASE + 0x101).to_le_bytes());
    }
    bytes[0..4].copy_from_slice(&STACK.to_le_bytes());
    bytes[60..64].copy_from_slice(&(BASE + 0x131).to_le_bytes());
    bytes.extend(CODE.iter().flat_map(|half| half.to_le_bytes()));
    let symbol = |name: &str, at: u32, size| Symbol { name: name.into(), address: BASE + at, size, function: true };
    let symbols =
        vec![symbol("main", 0x100, 16), symbol("f", 0x110, 12), symbol("g", 0x11C, 6), symbol("tick", 0x130, 8)];
    Image { segments: vec![Segment { address: BASE, bytes }], symbols }
}

fn machine(board: &str) -> Machine {
    let board = Board::shipped(board).expect("a board");
    let mut machine = Machine::new(&board).expect("a machine");
    machine.load(&image()).expect("load");
    machine
}

/// SysTick every 1000 cycles.
fn start_ticks(machine: &mut Machine) {
    let mut debugger = machine.debugger();
    debugger.write_one(0xE000_E014, Width::Word, 999).expect("SYST_RVR");
    debugger.write_one(0xE000_E010, Width::Word, 7).expect("SYST_CSR");
}

fn adds_up(profile: &Profile, cycles: u64) {
    let outside = (profile.asleep + profile.exceptions) as i64;
    let functions: i64 = profile.functions.iter().map(|row| row.own).sum();
    let addresses: i64 = profile.addresses.iter().map(|(_, cycles)| cycles).sum();
    let folded: i64 = profile.folded.iter().map(|(_, cycles)| cycles).sum();
    assert_eq!(profile.cycles, cycles as i64);
    assert_eq!((functions + outside, addresses + outside, folded), (profile.cycles, profile.cycles, profile.cycles));
}

#[test]
fn calls_and_tail_calls_are_counted_and_every_cycle_is_in_a_function() {
    for name in BOARDS {
        let mut machine = machine(name);
        let before = machine.cycles();
        Recorder::new(&image()).attach(&mut machine);
        assert_eq!(machine.run(100_000).expect("a run"), Pause::Idle);
        let recorder = Recorder::detach(&mut machine).expect("a recorder");
        let profile = recorder.profile();
        adds_up(&profile, machine.cycles() - before);
        let row = |name: &str| profile.functions.iter().find(|row| row.name == name).expect("a row");
        assert_eq!((row("main").calls, row("f").calls, row("g").calls), (1, 3, 6), "{name}");
        // A tail call's cycles are not its caller's.
        let [main, f, g] = ["main", "f", "g"].map(row);
        assert_eq!(main.total, main.own + f.own + g.own, "{name}");
        assert!(f.total < f.own + g.own && g.total == g.own, "{name}");
        let chains: Vec<&str> = profile.folded.iter().map(|(chain, _)| chain.as_str()).collect();
        assert_eq!(chains, ["main", "main;f", "main;f;g", "main;g"], "{name}");
        let deepest = recorder.deepest();
        let frames: Vec<(&str, u32)> =
            deepest[0].frames.iter().map(|frame| (frame.name.as_str(), frame.size)).collect();
        assert_eq!(frames, [("main", 8), ("f", 8), ("g", 4)], "{name}");
        assert_eq!((deepest.len(), deepest[0].sp, deepest[0].bytes()), (1, STACK - 20, 20));
    }
}

#[test]
fn handlers_have_chains_of_their_own_and_sleep_is_told_apart() {
    for name in BOARDS {
        let mut machine = machine(name);
        Recorder::new(&image()).attach(&mut machine);
        let before = machine.cycles();
        machine.run(20_000).expect("a run");
        start_ticks(&mut machine);
        assert_eq!(machine.run(50_500).expect("a run"), Pause::Budget);
        let cycles = machine.cycles() - before;
        let recorder = Recorder::detach(&mut machine).expect("a recorder");
        let profile = recorder.profile();
        adds_up(&profile, cycles);
        let ticks = profile.functions.iter().find(|row| row.name == "tick").expect("a row").calls;
        assert!((49..=51).contains(&ticks), "{name}: {ticks}");
        assert!(profile.asleep > 40_000 && profile.exceptions > 0, "{name}");
        let chains: Vec<&str> = profile.folded.iter().map(|(chain, _)| chain.as_str()).collect();
        assert!(chains.contains(&"(exception 15);tick;g") && chains.contains(&"main;f;g"), "{name}: {chains:?}");
        assert!(!chains.iter().any(|chain| chain.starts_with("main;(")), "{name}: {chains:?}");
        // main's 8 bytes, the stacked state, and the handler's own with what it calls.
        let frames: Vec<(String, u32)> =
            recorder.deepest()[0].frames.iter().map(|frame| (frame.name.clone(), frame.size)).collect();
        let expected = [("main", 8), ("(exception 15)", 0x20), ("tick", 8), ("g", 4)];
        assert_eq!(frames, expected.map(|(name, size)| (name.to_string(), size)), "{name}");
    }
}

#[test]
fn observing_changes_nothing() {
    for name in BOARDS {
        let run = |observed: bool| {
            let mut machine = machine(name);
            if observed {
                Recorder::new(&image()).attach(&mut machine);
            }
            start_ticks(&mut machine);
            machine.run(30_000).expect("a run");
            (machine.cycles(), machine.instructions(), machine.core().register(15), machine.activity())
        };
        assert_eq!(run(true), run(false), "{name}");
    }
}

/// Bytes that are shared with the test.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("a lock").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_trace_gives_reasons_that_add_up() {
    for name in BOARDS {
        let mut machine = machine(name);
        let text = Shared::default();
        let before = machine.cycles();
        Recorder::new(&image()).with_trace(Box::new(text.clone()), None, None).attach(&mut machine);
        start_ticks(&mut machine);
        machine.run(5000).expect("a run");
        let mut recorder = Recorder::detach(&mut machine).expect("a recorder");
        let written = recorder.finish_trace().expect("a trace").expect("written");
        assert!(written <= machine.instructions() && written > 20, "{name}: {written}");
        let text = String::from_utf8(text.0.lock().expect("a lock").clone()).expect("text");
        let mut total = 0;
        for line in text.lines().skip(1) {
            assert!(line.chars().count() <= 100, "{line}");
            let pads = usize::from(line.contains('('));
            let words: Vec<i64> =
                line.split_whitespace().skip(2 - pads).take(5).map(|w| w.parse().expect(line)).collect();
            assert_eq!(words[0], words[1..].iter().sum::<i64>(), "{name}: {line}");
            total += words[0];
        }
        assert_eq!(total, (machine.cycles() - before) as i64, "{name}");
        assert!(text.contains("0x08000104") && text.contains("(asleep)"), "{name}: {text}");
    }
}

#[test]
fn a_trace_begins_where_it_is_told_to_and_ends_at_its_limit() {
    let mut machine = machine("nucleo-l4r5zi");
    let text = Shared::default();
    Recorder::new(&image()).with_trace(Box::new(text.clone()), Some(BASE + 0x11C), Some(4)).attach(&mut machine);
    assert!(!Recorder::is_traced(&machine));
    machine.run(5000).expect("a run");
    assert!(Recorder::is_traced(&machine));
    let mut recorder = Recorder::detach(&mut machine).expect("a recorder");
    assert_eq!(recorder.finish_trace().expect("a trace").expect("written"), 4);
    let text = String::from_utf8(text.0.lock().expect("a lock").clone()).expect("text");
    let addresses: Vec<&str> = text.lines().skip(1).filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert_eq!(addresses, ["0x0800011c", "0x0800011e", "0x08000120", "0x08000116"]);
}

const SOURCE: &str = "\
static volatile int sum;
__attribute__((noinline)) static void add(int n) {
    for (int i = 0; i < n; i++)
        sum += i;
}
void start(void) {
    add(100);
    for (;;)
        __asm__ volatile(\"wfi\");
}
__attribute__((section(\".vectors\"), used)) static void *const vectors[16] = {(void *)0x20002000, start};
";

#[test]
fn source_lines_come_from_the_debug_information() {
    let folder = tempfile::tempdir().expect("a folder");
    let (source, elf) = (folder.path().join("loop.c"), folder.path().join("loop.elf"));
    std::fs::write(&source, SOURCE).expect("written");
    let flags = "-g -O1 -mcpu=cortex-m4 -mthumb -nostdlib -nostartfiles -Wl,--section-start=.vectors=0x08000000 \
                 -Wl,-Ttext=0x08000100 -Wl,-Tbss=0x20000000 -Wl,-e,start";
    let compiled =
        Command::new("arm-none-eabi-gcc").args(flags.split_whitespace()).arg(&source).arg("-o").arg(&elf).status();
    let Ok(status) = compiled else { return eprintln!("skipped, since there is no arm-none-eabi-gcc") };
    assert!(status.success());
    let data = std::fs::read(&elf).expect("an ELF file");
    let image = Image::elf("loop.elf", &data).expect("an image");
    let mut machine = Machine::new(&Board::shipped("nucleo-l4r5zi").expect("a board")).expect("a machine");
    machine.load(&image).expect("load");
    let before = machine.cycles();
    Recorder::new(&image).attach(&mut machine);
    assert_eq!(machine.run(100_000).expect("a run"), Pause::Idle);
    let profile = Recorder::detach(&mut machine).expect("a recorder").profile();
    adds_up(&profile, machine.cycles() - before);
    let rows = lines("loop.elf", &data, &profile.addresses).expect("lines");
    assert_eq!(rows.iter().map(|row| row.cycles).sum::<i64>() + profile.exceptions as i64, profile.cycles);
    let hottest = rows[0].source.as_ref().expect("a line");
    assert!(hottest.file.ends_with("loop.c") && (3..=4).contains(&hottest.line), "{hottest:?}");
    assert!(lines("x", b"no elf", &[]).expect_err("no ELF file").to_string().starts_with("x: "));
}
