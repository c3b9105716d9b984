//! The same programs on the emulator's core.

use super::{RAM_SIZE, Twin};
use hil::board::{self, Region, RegionKind};
use hil::emulator::core::{Core, CoreConfig, Pause};
use hil::emulator::memory::Map;
use hil::emulator::{AccessError, Lines, Memory, Periphery, Width};
use std::path::Path;
use std::process::Command;

/// The CMSDK UART0 alone; what is sent ends the run.
#[derive(Debug, Default)]
struct Marker {
    lines: Lines,
    sent: Option<u8>,
}

impl Periphery for Marker {
    fn read(&mut self, address: u32, _: Width, _: u64) -> Result<u32, AccessError> {
        Err(AccessError::Unmapped { address })
    }

    fn write(&mut self, address: u32, _: Width, value: u32, _: u64, _: &mut dyn Memory) -> Result<(), AccessError> {
        match address {
            0x4000_4000 => self.sent = Some(value as u8),
            0x4000_4008 | 0x4000_4010 => {}
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
        self.sent.is_some()
    }
}

/// The core of a twin board with `elf` in its memory and `ram` in its external RAM, reset.
pub fn core(elf: &Path, twin: Twin, ram: &[u8]) -> Core {
    let image = elf.with_extension("bin");
    let status = Command::new("arm-none-eabi-objcopy").args(["-O", "binary"]).arg(elf).arg(&image).status();
    assert!(status.expect("objcopy").success());
    let region = |name: &str, origin, size| {
        let kind = RegionKind::Sram;
        Region { name: name.into(), kind, origin, size, aliases: vec![] }
    };
    let regions = [
        region("code", 0, 4 << 20),
        region("sram", 0x2000_0000, 4 << 20),
        region("external", twin.ram_base, RAM_SIZE as u32),
    ];
    let mut map = Map::new(&regions).expect("a map");
    assert!(map.program(0, &std::fs::read(&image).expect("an image")));
    assert!(map.program(twin.ram_base, ram));
    let m7 = twin.double_precision;
    let mut config = CoreConfig::new(if m7 { board::Core::CortexM7f } else { board::Core::CortexM4f });
    config.double_fpu = twin.double_precision;
    let mut core = Core::new(config, map);
    core.reset();
    core
}

/// What [`super::run_until_marker`] does, on the emulator.
pub fn emulate_until_marker(elf: &Path, twin: Twin, ram: &[u8], take: usize) -> Vec<u8> {
    let mut core = core(elf, twin, ram);
    let mut marker = Marker::default();
    match core.run(&mut marker, 20_000_000_000) {
        Ok(Pause::Reset) => {}
        other => panic!("{}: the emulator ended with {other:?}", elf.display()),
    }
    assert_eq!(marker.sent, Some(b'!'), "{} ended in a fault", elf.display());
    let mut after = vec![0; take];
    assert!(core.memory().load(twin.ram_base, &mut after));
    after
}
