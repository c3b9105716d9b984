//! Boards that QEMU emulates, on which images of other boards have twins.

use crate::board::{Board, Core};

const AN386: &str = include_str!("../../firmware/ports/mps2/mps2-an386.yaml");
const AN500: &str = include_str!("../../firmware/ports/mps2/mps2-an500.yaml");

/// The QEMU machine of the same core: runtime, kernels and network are the same, the port is another.
///
/// Its name is that of the machine: `qemu-system-arm -M NAME -kernel IMAGE -serial stdio` runs the image.
pub fn qemu_twin(core: Core) -> Board {
    let (file, text) = match core {
        Core::CortexM4f => ("firmware/ports/mps2/mps2-an386.yaml", AN386),
        Core::CortexM7f => ("firmware/ports/mps2/mps2-an500.yaml", AN500),
    };
    // The text is part of the program, and a test reads both.
    Board::parse(file, text).expect("the board files of QEMU's machines are right")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_have_the_core_that_was_asked_for() {
        for core in [Core::CortexM4f, Core::CortexM7f] {
            assert_eq!(qemu_twin(core).core, core);
        }
    }
}
