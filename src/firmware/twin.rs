//! Boards that QEMU emulates, on which images of other boards have twins.

use crate::board::{Board, Core};

/// The QEMU machine of the same core: runtime, kernels and network are the same, the port is another. None where QEMU has
/// such a core in secure state only, for which there is no port.
///
/// Its name is that of the machine: `qemu-system-arm -M NAME -kernel IMAGE -serial stdio` runs the image.
pub fn qemu_twin(core: Core) -> Option<Board> {
    let name = match core {
        Core::CortexM4f => "mps2-an386",
        Core::CortexM7f => "mps2-an500",
        Core::CortexM33f => return None,
    };
    // Its file is a part of the program, and a test reads both.
    Some(Board::shipped(name).expect("the boards of QEMU's machines"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_have_the_core_that_was_asked_for() {
        for core in [Core::CortexM4f, Core::CortexM7f] {
            assert_eq!(qemu_twin(core).expect("a twin").core, core);
        }
        assert_eq!(qemu_twin(Core::CortexM33f), None);
    }
}
