//! Flags of the compiler, per core.

use crate::board::{Board, Core};
use crate::engine::BuildNeeds;

/// What the code of a board is compiled for.
pub(super) fn target(board: &Board) -> [&'static str; 4] {
    let (cpu, fpu) = match (board.core, board.double_fpu) {
        (Core::CortexM4f, _) => ("-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16"),
        (Core::CortexM7f, false) => ("-mcpu=cortex-m7", "-mfpu=fpv5-sp-d16"),
        (Core::CortexM7f, true) => ("-mcpu=cortex-m7", "-mfpu=fpv5-d16"),
        (Core::CortexM33f, _) => ("-mcpu=cortex-m33", "-mfpu=fpv5-sp-d16"),
    };
    [cpu, "-mthumb", "-mfloat-abi=hard", fpu]
}

/// The standard of what is not C++.
const STANDARD: &str = "-std=c11";

/// How everything is compiled. No debug information: it holds paths, and symbols suffice to name an address.
const COMPILE: [&str; 5] = [STANDARD, "-O2", "-ffunction-sections", "-fdata-sections", "-fno-common"];

/// Where the parts of a network go in the linker script; sections named `.bss.` take no space in files.
const PLACEMENT: [&str; 2] = [
    "-DHIL_ARENA_ATTRIBUTE=__attribute__((section(\".bss.arena\")))",
    "-DHIL_WEIGHTS_ATTRIBUTE=__attribute__((section(\".weights\")))",
];

/// Libraries bring debug information, which is left out as that of the objects is.
const LINK: [&str; 5] = ["-nostartfiles", "-nostdlib", "-Wl,--gc-sections", "-Wl,--build-id=sha1", "-Wl,--strip-debug"];

/// Libraries, after the objects: what engines compute when they start, `memcpy` and its kin, and what the core has no
/// instruction for.
pub(super) const LIBRARIES: [&str; 3] = ["-lm", "-lc", "-lgcc"];

/// What no macro of the compiler tells the kernels: whether the core issues two instructions a cycle.
fn issue(core: Core) -> Option<&'static str> {
    match core {
        Core::CortexM4f | Core::CortexM33f => None,
        Core::CortexM7f => Some("-DHIL_DUAL_ISSUE=1"),
    }
}

/// Flags for users' projects.
pub(super) fn plain(board: &Board) -> Vec<String> {
    let issue = issue(board.core);
    target(board).iter().chain(&COMPILE).chain(&issue).map(|flag| flag.to_string()).collect()
}

/// Flags for objects of images.
pub(super) fn compile(board: &Board) -> Vec<String> {
    let mut flags = plain(board);
    flags.extend(PLACEMENT.map(String::from));
    flags
}

/// Flags of one source, from those of all.
pub(super) fn of(all: &[String], cxx: bool, needs: &BuildNeeds) -> Vec<String> {
    let kept = all.iter().filter(|flag| !cxx || *flag != STANDARD);
    let more = needs.all.iter().chain(if cxx { needs.cxx.as_slice() } else { &[] });
    kept.chain(more).cloned().collect()
}

/// Flags for the link, without files and libraries.
pub(super) fn link(board: &Board) -> Vec<String> {
    target(board).iter().chain(&LINK).map(|flag| flag.to_string()).collect()
}

/// Whether the core has caches of its own.
pub(super) fn has_l1_caches(core: Core) -> bool {
    match core {
        Core::CortexM4f | Core::CortexM33f => false,
        Core::CortexM7f => true,
    }
}
