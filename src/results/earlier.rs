//! Memory as versions before the split by purpose recorded it: by sections of the image.
//!
//! Of such a record the sums hold, and of the parts what the sections tell: nobody can say any more how much of the code
//! was the engine's. Sums left out the build id and what aligns sections.

use serde::{Deserialize, Serialize};

use super::memory::{Flash, Sram};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierSram {
    pub data: u64,
    pub bss: u64,
    pub arena: u64,
    #[serde(default)]
    pub interpreter: u64,
    pub stack: u64,
    /// Not known to the first version.
    #[serde(default)]
    pub harness: u64,
}

impl From<EarlierSram> for Sram {
    fn from(earlier: EarlierSram) -> Self {
        let EarlierSram { data, bss, arena, interpreter, stack, harness } = earlier;
        let runtime = data.saturating_add(bss);
        Self { arena, engine: 0, stack, heap: 0, runtime, harness }.with_interpreter(interpreter)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierFlash {
    pub text: u64,
    pub rodata: u64,
    pub weights: u64,
    pub data: u64,
}

impl From<EarlierFlash> for Flash {
    fn from(earlier: EarlierFlash) -> Self {
        let EarlierFlash { text, rodata, weights, data } = earlier;
        Self { weights, tables: 0, code: text.saturating_add(rodata), runtime: 0, data }
    }
}
