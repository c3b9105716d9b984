//! Whether a plan fits a board.

use super::plan::Plan;
use crate::board::Board;

/// Bytes that the plan cannot have, since the firmware around it takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reserved {
    /// Bytes of flash: code and its constants.
    pub flash: usize,
    /// Bytes of SRAM: stack, heap, buffers and variables.
    pub sram: usize,
}

/// Bytes left over on a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headroom {
    pub flash: usize,
    pub sram: usize,
}

/// A memory that does not suffice. All numbers are bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Excess {
    /// What the plan needs.
    pub needed: usize,
    /// What is reserved for the firmware.
    pub reserved: usize,
    /// What the board has.
    pub available: usize,
}

impl Excess {
    /// Bytes by which the memory is exceeded.
    pub fn bytes(&self) -> usize {
        self.needed.saturating_add(self.reserved).saturating_sub(self.available)
    }
}

impl std::fmt::Display for Excess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { needed, reserved, available } = self;
        write!(
            f,
            "is exceeded by {} bytes ({needed} for the network and {reserved} reserved, of {available})",
            self.bytes()
        )
    }
}

/// Why a plan does not fit: at least one of the memories is exceeded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("network `{network}` does not fit board `{board}`: {}", describe(.flash, .sram))]
pub struct Misfit {
    pub network: String,
    pub board: String,
    pub flash: Option<Excess>,
    pub sram: Option<Excess>,
}

fn describe(flash: &Option<Excess>, sram: &Option<Excess>) -> String {
    let part = |name: &str, excess: &Option<Excess>| excess.as_ref().map(|e| format!("{name} {e}"));
    [part("flash", flash), part("SRAM", sram)].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// Bytes left over when `plan` runs on `board` beside what is reserved; the error names each memory that is exceeded.
///
/// SRAM is the longest run of adjoining data memory, since the arena must be in one piece.
pub fn fit(plan: &Plan, board: &Board, reserved: Reserved) -> Result<Headroom, Misfit> {
    let flash =
        Excess { needed: plan.flash_bytes(), reserved: reserved.flash, available: board.flash_bytes() as usize };
    let sram = Excess { needed: plan.sram_bytes(), reserved: reserved.sram, available: board.ram().1 as usize };
    let exceeded = |memory: Excess| (memory.bytes() > 0).then_some(memory);
    if exceeded(flash).is_some() || exceeded(sram).is_some() {
        return Err(Misfit {
            network: plan.name.clone(),
            board: board.name.clone(),
            flash: exceeded(flash),
            sram: exceeded(sram),
        });
    }
    // Neither is exceeded, so that neither difference is negative.
    let left = |memory: Excess| memory.available - memory.needed - memory.reserved;
    Ok(Headroom { flash: left(flash), sram: left(sram) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAM: usize = 640 * 1024;
    const FLASH: usize = 2 * 1024 * 1024;

    fn plan(arena_bytes: usize, weights_bytes: usize, table_bytes: usize) -> Plan {
        Plan {
            name: "net".into(),
            steps: vec![],
            inputs: vec![],
            outputs: vec![],
            arena_bytes,
            arena_lower_bound: arena_bytes,
            weights_bytes,
            table_bytes,
            stages: vec![],
            copied: vec![],
            fused: vec![],
        }
    }

    fn board() -> Board {
        Board::shipped("nucleo-l4r5zi").expect("a board")
    }

    #[test]
    fn the_last_byte_fits_and_one_more_is_named() {
        let reserved = Reserved { flash: 1000, sram: 2000 };
        let full = plan(RAM - 2000, FLASH - 1000 - 80, 80);
        assert_eq!(fit(&full, &board(), reserved), Ok(Headroom { flash: 0, sram: 0 }));
        let message = fit(&plan(RAM - 2000 + 1, 0, 0), &board(), reserved).unwrap_err().to_string();
        let expected = "network `net` does not fit board `nucleo-l4r5zi`: SRAM is exceeded by 1 bytes \
                        (653361 for the network and 2000 reserved, of 655360)";
        assert_eq!(message, expected);
    }

    #[test]
    fn both_memories_are_named_with_their_exact_excess() {
        let misfit = fit(&plan(RAM + 7, FLASH, 32), &board(), Reserved { flash: 5, sram: 100 }).unwrap_err();
        assert_eq!(misfit.flash.map(|e| e.bytes()), Some(37));
        assert_eq!(misfit.sram.map(|e| e.bytes()), Some(107));
        let message = misfit.to_string();
        assert!(message.contains("flash is exceeded by 37 bytes"), "{message}");
        assert!(message.contains("; SRAM is exceeded by 107 bytes"), "{message}");
    }

    #[test]
    fn headroom_is_what_is_left() {
        let left = fit(&plan(40, 30, 8), &board(), Reserved { flash: 2, sram: 10 });
        assert_eq!(left, Ok(Headroom { flash: FLASH - 40, sram: RAM - 50 }));
    }
}
