//! Boards that QEMU emulates, on which images of other boards have twins.

use crate::board::{Board, Core};

/// The QEMU machine of the same core: runtime, kernels and network are the same, the port is another. A Cortex-M33 stays in
/// the secure state in which it starts there; in which of both states an image runs changes none of its instructions.
///
/// Its name is that of the machine: `qemu-system-arm -M NAME -kernel IMAGE -serial stdio` runs the image.
pub fn qemu_twin(core: Core) -> Board {
    let name = match core {
        Core::CortexM4f => "mps2-an386",
        Core::CortexM7f => "mps2-an500",
        Core::CortexM33f => "mps2-an505",
    };
    // Its file is a part of the program, and a test reads both.
    Board::shipped(name).expect("the boards of QEMU's machines")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_have_the_core_that_was_asked_for() {
        for core in [Core::CortexM4f, Core::CortexM7f, Core::CortexM33f] {
            assert_eq!(qemu_twin(core).core, core);
        }
    }
}
