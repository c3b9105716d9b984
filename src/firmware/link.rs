//! The link, and what the linker says when a memory is too small.

use std::path::Path;

use super::compile::{Failed, execute, shown};
use super::error::{BuildError, Memory};
use super::flags;
use super::toolchain::Toolchain;
use crate::board::Board;
use crate::engine::Compiled;

/// The linker's map. What it says is in no byte of the image.
pub(super) const MAP: &str = "image.map";

/// Links `objects` in `workshop`, by the script `image.ld` there, to `image.elf` and [`MAP`] there; what nothing reaches from the
/// entry or from one of `roots` is left out.
pub(super) fn link(
    toolchain: &Toolchain,
    board: &Board,
    compiled: &Compiled,
    objects: &[&str],
    roots: &[&str],
    workshop: &Path,
) -> Result<(), BuildError> {
    let network = &compiled.plan.name;
    let libraries = compiled.needs.libraries.iter().map(|library| &library.path);
    let mut command = toolchain.command();
    command.current_dir(workshop).args(flags::link(board)).args(["-T", "image.ld"]);
    command.args([&format!("-Wl,-Map={MAP}"), "-Wl,--cref"]);
    command.args(roots.iter().map(|root| format!("-Wl,--undefined={root}")));
    command.args(objects).args(libraries).args(flags::LIBRARIES).args(["-o", "image.elf"]);
    execute(&mut command, toolchain).map_err(|failed| match failed {
        Failed::Start(error) => error,
        Failed::Said(lines) => match overflow(&lines) {
            Some((memory, bytes)) => {
                BuildError::Overflow { network: network.into(), board: board.name.clone(), memory, bytes }
            }
            None => BuildError::Link { command: shown(&command), lines },
        },
    })
}

/// The memory that is exceeded by most, and by how many bytes.
fn overflow(said: &str) -> Option<(Memory, u64)> {
    let of = |line: &str| {
        let (region, rest) = line.split_once("region `")?.1.split_once("' overflowed by ")?;
        let memory = match region {
            "FLASH" => Memory::Flash,
            "RAM" | "DTCM" => Memory::Sram,
            "ITCM" => Memory::Itcm,
            _ => return None,
        };
        Some((memory, rest.split(' ').next()?.parse().ok()?))
    };
    said.lines().filter_map(of).max_by_key(|(_, bytes)| *bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overflows_are_read_from_the_linkers_words() {
        let said = "/usr/lib/ld: image.elf section `.weights' will not fit in region `FLASH'\n\
                    /usr/lib/ld: region `RAM' overflowed by 12 bytes\n\
                    /usr/lib/ld: region `FLASH' overflowed by 4711 bytes\n\
                    collect2: error: ld returned 1 exit status";
        assert_eq!(overflow(said), Some((Memory::Flash, 4711)));
        assert_eq!(overflow("ld: undefined reference to `x'"), None);
        assert_eq!(overflow("ld: region `OTHER' overflowed by 12 bytes"), None);
    }
}
