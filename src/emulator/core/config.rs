//! What a manufacturer chose when the core was built in.

use crate::board::{self, Board, RegionKind};
use crate::emulator::timing::{CacheGeometry, FlashPath};

/// The implementation options of a core.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreConfig {
    pub core: board::Core,
    pub double_fpu: bool,
    /// Interrupt lines, 1 to 240.
    pub irq_lines: u16,
    /// Implemented bits of a priority, 3 to 8.
    pub priority_bits: u8,
    /// 0, 8 or 16.
    pub mpu_regions: u8,
    pub instruction_cache: Option<CacheGeometry>,
    pub data_cache: Option<CacheGeometry>,
    /// Where SP and PC stand at reset, and the reset value of VTOR.
    pub boot_address: u32,
    /// How long flash takes.
    pub flash: FlashPath,
}

impl CoreConfig {
    /// The core of a board, which starts from the beginning of flash.
    pub fn of(board: &Board) -> Self {
        let boot_address = board.memory.iter().find(|r| r.kind == RegionKind::Flash).map_or(0, |r| r.origin);
        let mut config = Self::new(board.core);
        config.double_fpu = board.double_fpu;
        let geometry = |cache: board::Cache| CacheGeometry::whole(cache.size, cache.ways, cache.line);
        config.instruction_cache = board.processor.instruction_cache.map(geometry);
        config.data_cache = board.processor.data_cache.map(geometry);
        config.boot_address = boot_address;
        let wait_states = board.clock.flash_wait_states;
        config.flash = match (config.instruction_cache, config.data_cache) {
            (Some(instructions), Some(data)) => {
                FlashPath::by_axi(wait_states, instructions, data, board.processor.line_fill)
            }
            _ => FlashPath::of(&board.flash, wait_states),
        };
        config
    }

    /// A core as ST builds it: 4 bits of priority, 8 MPU regions, on M7 caches of 4 KB.
    pub fn new(core: board::Core) -> Self {
        let (irq_lines, caches) = match core {
            board::Core::CortexM4f => (96, None),
            board::Core::CortexM7f => {
                (98, Some((CacheGeometry::whole(4096, 2, 32), CacheGeometry::whole(4096, 4, 32))))
            }
            board::Core::CortexM33f => (126, None),
        };
        Self {
            core,
            double_fpu: false,
            irq_lines,
            priority_bits: 4,
            mpu_regions: 8,
            instruction_cache: caches.map(|(instructions, _)| instructions),
            data_cache: caches.map(|(_, data)| data),
            boot_address: 0,
            flash: FlashPath::IMMEDIATE,
        }
    }
}
