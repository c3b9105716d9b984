//! Exceptions: a program that provokes them says the same on QEMU and on the emulator.

#[path = "../qemu_common/mod.rs"]
mod qemu_common;

use hil::board::{self, Region, RegionKind};
use hil::emulator::core::{Core, CoreConfig, Pause};
use hil::emulator::memory::Map;
use hil::emulator::{AccessError, Lines, Memory, Periphery, Width};
use qemu_common::{M4, M7, Twin, run_uart, tools_are_there};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the program sends last.
const END: u8 = 4;

#[derive(Default)]
struct Console {
    lines: Lines,
    sent: Vec<u8>,
}

impl Periphery for Console {
    fn read(&mut self, address: u32, _: Width, _: u64) -> Result<u32, AccessError> {
        Err(AccessError::Unmapped { address })
    }

    fn write(&mut self, address: u32, _: Width, value: u32, _: u64, _: &mut dyn Memory) -> Result<(), AccessError> {
        match address {
            0x4000_4000 => self.sent.push(value as u8),
            0x4000_4008 => {}
            _ => return Err(AccessError::Unmapped { address }),
        }
        Ok(())
    }

    fn due(&self) -> u64 {
        u64::MAX
    }

    fn tick(&mut self, _: u64, _: &mut dyn Memory) {}

    fn lines(&self) -> &Lines {
        &self.lines
    }

    fn reset_requested(&self) -> bool {
        self.sent.last() == Some(&END)
    }
}

fn build(twin: Twin, folder: &Path) -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emulator_core_exceptions/program.c");
    let elf = folder.join(format!("{}.elf", twin.board));
    let status = Command::new("arm-none-eabi-gcc")
        .args(["-O1", "-mthumb", "-mfloat-abi=hard", "-nostdlib", "-Wl,--section-start=.vectors=0", "-Wl,-e0"])
        .args(["-Wl,-Ttext=0x100", "-Wl,-Tbss=0x20000000", "-Wl,--no-warn-rwx-segments"])
        .args([format!("-mcpu={}", twin.cpu), format!("-mfpu={}", twin.fpu)])
        .arg(&source)
        .arg("-lgcc")
        .arg("-o")
        .arg(&elf)
        .status();
    let Ok(status) = status else {
        println!("skipped: arm-none-eabi-gcc is missing");
        return None;
    };
    assert!(status.success(), "{} does not compile", source.display());
    Some(elf)
}

fn emulate(elf: &Path, twin: Twin) -> String {
    let image = elf.with_extension("bin");
    let status = Command::new("arm-none-eabi-objcopy").args(["-O", "binary"]).arg(elf).arg(&image).status();
    assert!(status.expect("objcopy").success());
    let region = |name: &str, kind, origin| Region { name: name.into(), kind, origin, size: 1 << 20, aliases: vec![] };
    let regions = [region("code", RegionKind::Flash, 0), region("sram", RegionKind::Sram, 0x2000_0000)];
    let mut map = Map::new(&regions).expect("a map");
    assert!(map.program(0, &std::fs::read(&image).expect("an image")));
    let m7 = twin.double_precision;
    let mut config = CoreConfig::new(if m7 { board::Core::CortexM7f } else { board::Core::CortexM4f });
    config.double_fpu = m7;
    config.priority_bits = 8;
    let mut core = Core::new(config, map);
    core.reset();
    let mut console = Console::default();
    let end = core.run(&mut console, 100_000_000);
    let text = String::from_utf8_lossy(&console.sent).into_owned();
    assert_eq!(end, Ok(Pause::Reset), "{text}");
    text
}

#[test]
fn exceptions_are_those_of_qemu() {
    if !tools_are_there() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    for twin in [M4, M7] {
        let Some(elf) = build(twin, folder.path()) else { return };
        let mut theirs = Vec::new();
        run_uart(&elf, twin, &[], &[], |bytes| {
            theirs.extend_from_slice(bytes);
            theirs.contains(&END)
        });
        let theirs = String::from_utf8_lossy(&theirs).into_owned();
        let ours = emulate(&elf, twin);
        assert!(theirs.lines().count() > 80, "{theirs}");
        for (number, (ours, theirs)) in ours.lines().zip(theirs.lines()).enumerate() {
            assert_eq!(ours, theirs, "{}, line {number}", twin.board);
        }
        assert_eq!(ours.lines().count(), theirs.lines().count());
    }
}
