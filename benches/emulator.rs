//! How many instructions a second the emulator executes, single-threaded, everything that it counts included.

use hil::board::{Board, Region, RegionKind};
use hil::emulator::NoPeriphery;
use hil::emulator::core::{Core, CoreConfig, Stop};
use hil::emulator::memory::Map;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

fn build(kernel: &str, rounds: u32, cpu: &str, fpu: &str, folder: &Path) -> Option<Vec<u8>> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/emulator.c");
    let [elf, image] = ["elf", "bin"].map(|extension| folder.join(format!("{kernel}-{cpu}.{extension}")));
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
    std::fs::read(image).ok()
}

/// Seconds that this thread has been running, where the system tells; else wall-clock time.
fn seconds(since: Instant) -> f64 {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split(' ').next().and_then(|nanoseconds| nanoseconds.parse::<f64>().ok()))
        .map_or(since.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

fn main() {
    let begin = Instant::now();
    let folder = std::env::temp_dir().join(format!("hil-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let region = |name: &str, kind, origin| Region { name: name.into(), kind, origin, size: 1 << 20, aliases: vec![] };
    for (name, board, cpu, fpu) in [
        ("Cortex-M4", "nucleo-l4r5zi", "cortex-m4", "fpv4-sp-d16"),
        ("Cortex-M7", "stm32f746g-disco", "cortex-m7", "fpv5-sp-d16"),
    ] {
        let board = Board::shipped(board).expect("a board");
        for (kernel, rounds) in [("int8", 500), ("mixed", 100)] {
            let Some(image) = build(kernel, rounds, cpu, fpu, &folder) else {
                println!("skipped: arm-none-eabi-gcc is missing");
                return;
            };
            let regions = [region("flash", RegionKind::Flash, 0), region("sram", RegionKind::Sram, 0x2000_0000)];
            let mut best = 0.0f64;
            let mut cycles = 0;
            for _ in 0..3 {
                let mut map = Map::new(&regions).expect("a map");
                assert!(map.program(0, &image));
                let mut core = Core::new(CoreConfig { boot_address: 0, ..CoreConfig::of(&board) }, map);
                core.reset();
                let start = seconds(begin);
                let end = core.run(&mut NoPeriphery::default(), u64::MAX);
                let seconds = seconds(begin) - start;
                assert!(matches!(end, Err(Stop::Breakpoint { number: 0, .. })), "{end:?}");
                best = best.max(core.instructions() as f64 / seconds / 1e6);
                cycles = core.cycles() * 1000 / core.instructions();
            }
            println!(
                "{name} {kernel}: {best:.0} M instructions/s ({}.{:03} cycles each)",
                cycles / 1000,
                cycles % 1000
            );
        }
    }
    std::fs::remove_dir_all(&folder).expect("removed");
}
