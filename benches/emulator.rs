//! How many instructions a second the emulator executes, single-threaded, everything that it counts included, and how many
//! QEMU does, which counts no cycles, with the same image in turn.

use hil::board::{Board, Region, RegionKind};
use hil::emulator::NoPeriphery;
use hil::emulator::core::{Core, CoreConfig, Stop};
use hil::emulator::memory::Map;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

fn build(kernel: &str, rounds: u32, cpu: &str, fpu: &str, folder: &Path) -> Option<(Vec<u8>, PathBuf)> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/emulator.c");
    let [elf, image] = ["elf", "bin"].map(|extension| folder.join(format!("{kernel}-{rounds}-{cpu}.{extension}")));
    let status = Command::new("arm-none-eabi-gcc")
        .args([
            "-O2",
            "-mthumb",
            "-mfloat-abi=hard",
            "-nostdlib",
            "-fno-tree-loop-distribute-patterns",
            "-Wl,-Tdata=0x20000000",
        ])
        .args(["-Wl,--section-start=.vectors=0", "-Wl,-Ttext=0x100", "-Wl,--no-warn-rwx-segments", "-Wl,-e0"])
        .args([format!("-mcpu={cpu}"), format!("-mfpu={fpu}")])
        .args([format!("-DKERNEL={kernel}"), format!("-DROUNDS={rounds}")])
        .arg(&source)
        .args(["-lgcc", "-o"])
        .arg(&elf)
        .status()
        .ok()?;
    assert!(status.success(), "{} does not compile", source.display());
    let status = Command::new("arm-none-eabi-objcopy")
        .args(["-O", "binary", "-j", ".vectors", "-j", ".text", "-j", ".rodata"])
        .arg(&elf)
        .arg(&image)
        .status()
        .ok()?;
    assert!(status.success());
    if cpu == "cortex-m33" {
        // QEMU's starts in secure state, and finds its vectors where the bytes for address 0 are secure.
        let moved = [".vectors", ".text", ".rodata"].map(|name| format!("--change-section-lma={name}+0x10000000"));
        let status = Command::new("arm-none-eabi-objcopy").args(moved).arg(&elf).output().ok()?.status;
        assert!(status.success());
    }
    Some((std::fs::read(image).ok()?, elf))
}

/// Seconds that this thread has been running, where the system tells; else wall-clock time.
fn seconds(since: Instant) -> f64 {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split(' ').next().and_then(|nanoseconds| nanoseconds.parse::<f64>().ok()))
        .map_or(since.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

/// Seconds that QEMU takes until the image stops, if there is a QEMU.
fn qemu_seconds(machine: &str, elf: &Path) -> Option<f64> {
    let start = Instant::now();
    // The breakpoint at the end has no handler, which ends QEMU; what it says of that is of no interest.
    Command::new("qemu-system-arm")
        .args(["-M", machine, "-nographic", "-monitor", "none", "-serial", "none", "-icount", "shift=0", "-kernel"])
        .arg(elf)
        .output()
        .ok()?;
    Some(start.elapsed().as_secs_f64())
}

/// Millions of instructions a second of QEMU: what `long` takes beyond `short`.
fn qemu_speed(machine: &str, long: (&Path, u64), short: (&Path, u64)) -> Option<f64> {
    let seconds = qemu_seconds(machine, long.0)? - qemu_seconds(machine, short.0)?;
    Some((long.1 - short.1) as f64 / seconds / 1e6)
}

fn main() {
    let begin = Instant::now();
    let folder = std::env::temp_dir().join(format!("hil-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    for (name, board, cpu, fpu, machine) in [
        ("Cortex-M4", "nucleo-l4r5zi", "cortex-m4", "fpv4-sp-d16", "mps2-an386"),
        ("Cortex-M7", "stm32f746g-disco", "cortex-m7", "fpv5-sp-d16", "mps2-an500"),
        ("Cortex-M33", "nucleo-u575zi-q", "cortex-m33", "fpv5-sp-d16", "mps2-an505"),
    ] {
        let board = Board::shipped(board).expect("a board");
        for (kernel, rounds) in [("int8", 500), ("mixed", 100)] {
            let (Some((image, long)), Some((small, short))) =
                (build(kernel, rounds, cpu, fpu, &folder), build(kernel, 1, cpu, fpu, &folder))
            else {
                println!("skipped: arm-none-eabi-gcc is missing");
                return;
            };
            let run = |image: &[u8]| {
                let mut map = Map::new(&regions()).expect("a map");
                assert!(map.program(0, image));
                let mut core = Core::new(CoreConfig { boot_address: 0, ..CoreConfig::of(&board) }, map);
                core.reset();
                let start = seconds(begin);
                let end = core.run(&mut NoPeriphery::default(), u64::MAX);
                let seconds = seconds(begin) - start;
                assert!(matches!(end, Err(Stop::Breakpoint { number: 0, .. })), "{end:?}");
                (core.instructions(), core.cycles(), seconds)
            };
            let few = run(&small).0;
            // The best of both: what else runs on the machine slows QEMU, whose time is wall-clock time.
            let (mut ours, mut theirs, mut each) = (0.0f64, None::<f64>, 0.0);
            for _ in 0..5 {
                let (instructions, cycles, seconds) = run(&image);
                ours = ours.max(instructions as f64 / seconds / 1e6);
                each = cycles as f64 / instructions as f64;
                let speed = qemu_speed(machine, (&long, instructions), (&short, few));
                theirs = speed.into_iter().chain(theirs).reduce(f64::max);
            }
            let beside = theirs.map_or("no qemu-system-arm".into(), |theirs| {
                format!("QEMU -icount {theirs:.0}, {:.2} of it", ours / theirs)
            });
            println!("{name} {kernel}: {ours:.0} M instructions/s ({each:.3} cycles each); {beside}");
        }
    }
    std::fs::remove_dir_all(&folder).expect("removed");
}

fn regions() -> [Region; 2] {
    let region = |name: &str, kind, origin| Region { name: name.into(), kind, origin, size: 1 << 20, aliases: vec![] };
    [region("flash", RegionKind::Flash, 0), region("sram", RegionKind::Sram, 0x2000_0000)]
}
