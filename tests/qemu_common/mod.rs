//! QEMU as the truth about instructions: assembles bare programs and runs them on the twin boards.

#![allow(dead_code, unused_imports)] // Each test crate uses a part of it.

mod count;
mod emulated;
mod program;
mod qemu;
mod rng;

pub use count::{Counter, qemu_instructions, qemu_instructions_of_call};
pub use emulated::{EmulatedCounter, emulate_until_marker, emulated_instructions_of_call, machine};
pub use program::{assemble, disassemble, symbols};
pub use qemu::{RAM_SIZE, run_uart, run_until_marker};
pub use rng::Rng;

use std::process::{Command, Stdio};

/// A board that QEMU has as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Twin {
    /// Name of the board here and of the machine there.
    pub board: &'static str,
    pub machine: &'static str,
    pub cpu: &'static str,
    pub fpu: &'static str,
    pub double_precision: bool,
    /// Whether the FPU is of version 5.
    pub version_5: bool,
    /// Whether bits of RAM have aliases.
    pub bit_bands: bool,
    /// Whether the core is of Armv8-M. QEMU's starts in secure state, which [`assemble`]'s programs leave.
    pub armv8: bool,
    pub uart: u32,
    /// By which address the bytes for address 0 are loaded.
    pub load: u32,
    /// Where the external RAM is that a file on the host backs (QEMU's hw/arm/mps2.c and mps2-tz.c).
    pub ram_base: u32,
}

pub const M4: Twin = Twin {
    board: "mps2-an386",
    machine: "mps2-an386",
    cpu: "cortex-m4",
    fpu: "fpv4-sp-d16",
    double_precision: false,
    version_5: false,
    bit_bands: true,
    armv8: false,
    uart: 0x4000_4000,
    load: 0,
    ram_base: 0x2100_0000,
};

pub const M7: Twin = Twin {
    board: "mps2-an500",
    machine: "mps2-an500",
    cpu: "cortex-m7",
    fpu: "fpv5-d16",
    double_precision: true,
    version_5: true,
    bit_bands: false,
    armv8: false,
    uart: 0x4000_4000,
    load: 0,
    ram_base: 0x6000_0000,
};

pub const M33: Twin = Twin {
    board: "mps2-an505",
    machine: "mps2-an505",
    cpu: "cortex-m33",
    fpu: "fpv5-sp-d16",
    double_precision: false,
    version_5: true,
    bit_bands: false,
    armv8: true,
    uart: 0x4020_0000,
    load: 0x1000_0000,
    ram_base: 0x8000_0000,
};

pub const TWINS: [Twin; 3] = [M4, M7, M33];

/// Whether emulator and cross tools are there; says so where they are not.
pub fn tools_are_there() -> bool {
    for tool in ["qemu-system-arm", "arm-none-eabi-as", "arm-none-eabi-ld", "arm-none-eabi-nm", "arm-none-eabi-objcopy"]
    {
        let found = Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !found.is_ok_and(|status| status.success()) {
            println!("skipped: {tool} is missing");
            return false;
        }
    }
    true
}

/// How much more than usual to test (`HIL_QEMU_EFFORT`, 1 where unset).
pub fn effort() -> usize {
    std::env::var("HIL_QEMU_EFFORT").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// The seed of all random programs (`HIL_QEMU_SEED`, 1 where unset).
pub fn seed() -> u64 {
    std::env::var("HIL_QEMU_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}
