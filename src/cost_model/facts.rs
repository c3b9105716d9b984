//! What a board's speed depends on.

use serde::{Deserialize, Serialize};

use crate::board::{Board, Cache};

/// Facts of a board, from its file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    pub board: String,
    /// Kind of core.
    pub core: String,
    pub clock_hz: u64,
    /// Core cycles of one read of flash beyond the first.
    pub flash_wait: f64,
    /// Bytes of one read of flash.
    pub flash_line: f64,
    /// Bytes of the cache nearest to the core that data from flash goes through; 0 where there is none.
    pub data_cache: f64,
    /// The same of instructions.
    pub instruction_cache: f64,
    /// Bytes of the core's own data cache, which data in SRAM goes through; 0 where there is none.
    pub ram_cache: f64,
    /// Cycles to bring a line from SRAM into that cache.
    pub ram_fill: f64,
}

impl Facts {
    pub fn of(board: &Board) -> Self {
        let (processor, flash) = (&board.processor, &board.flash);
        let size = |cache: Option<Cache>| cache.map_or(0.0, |cache| f64::from(cache.size));
        // As the board's file names it.
        let core = serde_json::to_value(board.core).ok();
        let core = core.and_then(|name| name.as_str().map(String::from)).unwrap_or_default();
        let wait = f64::from(board.clock.flash_wait_states) * f64::from(board.clock.ahb_div);
        let fill = f64::from(processor.line_fill.flash);
        Self {
            board: board.name.clone(),
            core,
            clock_hz: u64::from(board.clock.hz),
            flash_wait: wait + if processor.data_cache.is_some() { fill } else { 0.0 },
            flash_line: f64::from(flash.line),
            data_cache: size(processor.data_cache.or(flash.data_cache)),
            instruction_cache: size(processor.instruction_cache.or(flash.instruction_cache)),
            ram_cache: size(processor.data_cache),
            ram_fill: if processor.data_cache.is_some() { f64::from(processor.line_fill.ram) } else { 0.0 },
        }
    }
}
