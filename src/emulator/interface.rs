//! What the core asks of everything around it.

/// Width of an access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Width {
    Byte,
    Half,
    Word,
}

impl Width {
    /// Bytes.
    pub fn bytes(self) -> u32 {
        match self {
            Self::Byte => 1,
            Self::Half => 2,
            Self::Word => 4,
        }
    }
}

/// Why an access outside memory was not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// The board has nothing there: the core takes a bus fault.
    #[error("nothing answers at {address:#010x}")]
    Unmapped { address: u32 },
    /// The board has something there that is not modelled: the run stops and names it.
    #[error("{peripheral} {register} at {address:#010x} is not modelled ({problem})")]
    Unmodelled { address: u32, peripheral: String, register: String, problem: String },
}

/// Memory as bus masters other than the core see it.
pub trait Memory {
    /// False where an address is no memory; then nothing is read.
    fn load(&self, address: u32, to: &mut [u8]) -> bool;
    /// False where an address is no writable memory; then nothing is written.
    fn store(&mut self, address: u32, from: &[u8]) -> bool;
}

/// Levels of the interrupt lines that run from peripherals to the core.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines([u64; 4]);

impl Lines {
    /// Number of lines.
    pub const COUNT: usize = 256;

    pub fn set(&mut self, line: usize, high: bool) {
        let (word, bit) = (line / 64, 1 << (line % 64));
        if high {
            self.0[word] |= bit;
        } else {
            self.0[word] &= !bit;
        }
    }

    pub fn is_high(&self, line: usize) -> bool {
        self.0[line / 64] >> (line % 64) & 1 == 1
    }

    /// 64 lines a word, lowest first.
    pub fn words(&self) -> &[u64; 4] {
        &self.0
    }
}

/// How software set up the way from core to flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlashSetup {
    /// Cycles beyond the first for an access that no cache answers.
    pub wait_states: u32,
    pub prefetch: bool,
    /// The accelerator's caches; those of a Cortex-M7 are the core's own.
    pub instruction_cache: bool,
    pub data_cache: bool,
    /// Whether a line has one place in them only, whatever ways there are.
    pub direct_mapped: bool,
}

/// All that is not core and not memory. `now` is in core cycles since power-on and never goes back.
///
/// Memory and the private peripheral bus (0xE000_0000 to 0xE00F_FFFF) are the core's own and never asked for here, but for
/// 0xE004_2000 to 0xE004_2FFF, where ST puts DBGMCU, and for stores to flash, which are the flash controller's.
pub trait Periphery {
    fn read(&mut self, address: u32, width: Width, now: u64) -> Result<u32, AccessError>;

    fn write(
        &mut self,
        address: u32,
        width: Width,
        value: u32,
        now: u64,
        memory: &mut dyn Memory,
    ) -> Result<(), AccessError>;

    /// The cycle at which [`Periphery::tick`] is needed next; `u64::MAX` where nothing will happen by itself.
    fn due(&self) -> u64;

    /// Does all that falls due at `now` or before.
    fn tick(&mut self, now: u64, memory: &mut dyn Memory);

    fn lines(&self) -> &Lines;

    /// What the flash controller's registers say; none where the board's description says it all.
    fn flash_setup(&self) -> Option<FlashSetup> {
        None
    }

    /// Whether software asked for a reset of the whole system (not by AIRCR, which is the core's own).
    fn reset_requested(&self) -> bool {
        false
    }
}

/// A board without peripherals.
#[derive(Debug, Default)]
pub struct NoPeriphery(Lines);

impl Periphery for NoPeriphery {
    fn read(&mut self, address: u32, _: Width, _: u64) -> Result<u32, AccessError> {
        Err(AccessError::Unmapped { address })
    }

    fn write(&mut self, address: u32, _: Width, _: u32, _: u64, _: &mut dyn Memory) -> Result<(), AccessError> {
        Err(AccessError::Unmapped { address })
    }

    fn due(&self) -> u64 {
        u64::MAX
    }

    fn tick(&mut self, _: u64, _: &mut dyn Memory) {}

    fn lines(&self) -> &Lines {
        &self.0
    }
}
