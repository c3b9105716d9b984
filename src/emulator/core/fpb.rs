//! The flash patch and breakpoint unit (Armv7-M ARM, C1.11; Cortex-M7 TRM, 9.4). Patching is not modelled.

use crate::board::Core;

/// Comparators of either revision.
const MOST: usize = 8;

#[derive(Debug, Clone)]
pub(crate) struct Fpb {
    /// Breakpoints at any address, instead of at words of the code region.
    revised: bool,
    comparators: [u32; MOST],
    enabled: bool,
}

impl Fpb {
    /// Revision 1 with 8 comparators on a Cortex-M7 and M33, revision 0 with 6 on a Cortex-M4.
    pub fn new(core: Core) -> Self {
        let revised = match core {
            Core::CortexM4f => false,
            Core::CortexM7f | Core::CortexM33f => true,
        };
        Self { revised, comparators: [0; MOST], enabled: false }
    }

    fn count(&self) -> usize {
        if self.revised { 8 } else { 6 }
    }

    pub fn disable(&mut self) {
        self.enabled = false;
    }

    pub fn matches(&self, pc: u32) -> bool {
        self.enabled && self.comparators[..self.count()].iter().any(|comparator| self.hits(*comparator, pc))
    }

    fn hits(&self, comparator: u32, pc: u32) -> bool {
        if comparator & 1 == 0 {
            return false;
        }
        if self.revised {
            return comparator & !1 == pc;
        }
        let half = if pc & 2 == 0 { 1 << 30 } else { 1 << 31 };
        comparator & 0x1FFF_FFFC == pc & !3 && comparator & half != 0
    }

    pub fn read(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            // Revision, comparators for code and, of revision 0, two for literals.
            0x00 if self.revised => 1 << 28 | 8 << 4 | u32::from(self.enabled),
            0x00 => 2 << 8 | 6 << 4 | u32::from(self.enabled),
            0x04 => 0,
            _ => self.comparators[..self.count()].get((offset.checked_sub(8)? / 4) as usize).copied()?,
        })
    }

    /// False where there is no such register.
    pub fn write(&mut self, offset: u32, value: u32) -> bool {
        let count = self.count();
        match offset {
            // Only a write with the key bit changes the enable.
            0x00 => {
                if value & 2 != 0 {
                    self.enabled = value & 1 == 1;
                }
            }
            0x04 => {}
            _ => {
                let Some(index) = offset.checked_sub(8).map(|from| (from / 4) as usize) else { return false };
                let Some(comparator) = self.comparators[..count].get_mut(index) else { return false };
                *comparator = if self.revised { value } else { value & 0xDFFF_FFFD };
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_revision_picks_halfwords_of_the_code_region() {
        let mut fpb = Fpb::new(Core::CortexM4f);
        fpb.write(0, 3);
        fpb.write(8, 0x0800_0100 | 1 << 31 | 1);
        assert!(fpb.matches(0x0800_0102) && !fpb.matches(0x0800_0100));
        fpb.write(8, 0x0800_0100 | 1 << 30 | 1);
        assert!(fpb.matches(0x0800_0100) && !fpb.matches(0x0800_0102));
        fpb.write(0, 2);
        assert!(!fpb.matches(0x0800_0100));
        assert!(!fpb.write(8 + 4 * 6, 1));
    }

    #[test]
    fn the_second_revision_reaches_every_address() {
        let mut fpb = Fpb::new(Core::CortexM7f);
        fpb.write(0, 3);
        fpb.write(8 + 4 * 7, 0x2000_0006 | 1);
        assert!(fpb.matches(0x2000_0006) && !fpb.matches(0x2000_0004));
        // Without the key the enable stays.
        fpb.write(0, 0);
        assert!(fpb.matches(0x2000_0006));
    }
}
