//! A register block as data: names, offsets, reset values and what writing does to each bit.

use super::device::Refusal;
use crate::emulator::interface::Width;

/// A 32-bit register. Bits in neither mask keep their value when software writes.
#[derive(Debug, Clone, Copy)]
pub struct Register {
    pub name: &'static str,
    /// Bytes from the start of the block.
    pub offset: u16,
    pub reset: u32,
    /// Bits that take the written value.
    pub writable: u32,
    /// Bits that writing 1 clears.
    pub clears: u32,
}

impl Register {
    /// A register that software reads and writes.
    pub const fn rw(name: &'static str, offset: u16, reset: u32, writable: u32) -> Self {
        Self { name, offset, reset, writable, clears: 0 }
    }

    /// A register that only hardware changes; a write has no effect on its value.
    pub const fn ro(name: &'static str, offset: u16, reset: u32) -> Self {
        Self::rw(name, offset, reset, 0)
    }

    /// A register in which writing 1 to some bits clears them.
    pub const fn w1c(name: &'static str, offset: u16, reset: u32, writable: u32, clears: u32) -> Self {
        Self { name, offset, reset, writable, clears }
    }
}

/// What a write did.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    /// Offset of the register, a multiple of 4.
    pub offset: u32,
    pub old: u32,
    pub new: u32,
    /// The written bits in their lanes; 0 in lanes that the access did not reach.
    pub raw: u32,
}

impl Written {
    /// Bits that rose.
    pub fn rose(&self) -> u32 {
        self.new & !self.old
    }
}

/// The values of a block of registers.
#[derive(Debug, Clone)]
pub struct Registers {
    table: &'static [Register],
    values: Vec<u32>,
    /// Index into `table` by offset / 4.
    slots: Vec<Option<u8>>,
}

impl Registers {
    /// All registers at their reset values. A table has at most 255 registers.
    pub fn new(table: &'static [Register]) -> Self {
        let words = table.iter().map(|r| usize::from(r.offset) / 4 + 1).max().unwrap_or(0);
        let mut slots = vec![None; words];
        for (index, register) in table.iter().enumerate() {
            slots[usize::from(register.offset) / 4] = u8::try_from(index).ok();
        }
        Self { table, values: table.iter().map(|r| r.reset).collect(), slots }
    }

    pub fn reset(&mut self) {
        for (value, register) in self.values.iter_mut().zip(self.table) {
            *value = register.reset;
        }
    }

    fn slot(&self, offset: u32) -> Option<usize> {
        self.slots.get(offset as usize / 4).copied().flatten().map(usize::from)
    }

    fn known(&self, offset: u32) -> Result<usize, Refusal> {
        self.slot(offset).ok_or_else(|| Refusal::register(format!("+{offset:#05x}"), "unknown register"))
    }

    /// Name of the register at an offset, or the offset.
    pub fn name(&self, offset: u32) -> String {
        self.slot(offset).map_or_else(|| format!("+{offset:#05x}"), |slot| self.table[slot].name.into())
    }

    /// Value of a register of the table; 0 where the table has none.
    pub fn get(&self, offset: u32) -> u32 {
        self.slot(offset).map_or(0, |slot| self.values[slot])
    }

    /// What hardware does to a register.
    pub fn set(&mut self, offset: u32, value: u32) {
        if let Some(slot) = self.slot(offset) {
            self.values[slot] = value;
        }
    }

    /// Sets the bits of `mask` where `high`, else clears them.
    pub fn put(&mut self, offset: u32, mask: u32, high: bool) {
        let value = self.get(offset);
        self.set(offset, if high { value | mask } else { value & !mask });
    }

    /// Reads as software does.
    pub fn read(&self, offset: u32, width: Width) -> Result<u32, Refusal> {
        let slot = self.known(offset)?;
        Ok(lane(self.values[slot], offset, width))
    }

    /// Writes as software does; a narrow access leaves the other lanes alone.
    pub fn write(&mut self, offset: u32, width: Width, value: u32) -> Result<Written, Refusal> {
        let slot = self.known(offset)?;
        let register = &self.table[slot];
        let (mask, raw) = spread(value, offset, width);
        let old = self.values[slot];
        let writable = register.writable & mask;
        let new = ((old & !writable) | (raw & writable)) & !(raw & register.clears);
        self.values[slot] = new;
        Ok(Written { offset: offset & !3, old, new, raw })
    }

    /// All values by offset / 4, gaps as 0.
    pub fn words(&self) -> Vec<u32> {
        self.slots.iter().map(|slot| slot.map_or(0, |slot| self.values[usize::from(slot)])).collect()
    }
}

/// The part of a word that an access at `offset` sees.
pub fn lane(word: u32, offset: u32, width: Width) -> u32 {
    let shifted = word >> ((offset & 3) * 8);
    match width {
        Width::Byte => shifted & 0xff,
        Width::Half => shifted & 0xffff,
        Width::Word => shifted,
    }
}

/// Mask and value of a narrow write in its word.
pub fn spread(value: u32, offset: u32, width: Width) -> (u32, u32) {
    let shift = (offset & 3) * 8;
    let mask = match width {
        Width::Byte => 0xff << shift,
        Width::Half => 0xffff << shift,
        Width::Word => u32::MAX << shift,
    };
    (mask, (value << shift) & mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[Register] =
        &[Register::rw("A", 0x0, 0x1234_5678, 0xffff_00ff), Register::w1c("B", 0x8, 0x0f, 0x100, 0x0f)];

    #[test]
    fn narrow_accesses_touch_their_lanes_and_masks_hold() {
        let mut block = Registers::new(TABLE);
        assert_eq!(block.read(1, Width::Byte).unwrap(), 0x56);
        assert_eq!(block.read(2, Width::Half).unwrap(), 0x1234);
        block.write(3, Width::Byte, 0xab).unwrap();
        block.write(0, Width::Half, 0xffff).unwrap();
        assert_eq!(block.get(0), 0xab34_56ff);
        let written = block.write(8, Width::Word, 0x105).unwrap();
        assert_eq!((written.old, written.new, written.rose()), (0x0f, 0x10a, 0x100));
    }

    #[test]
    fn a_gap_is_refused_and_named() {
        let block = Registers::new(TABLE);
        for offset in [4, 12, 0x400] {
            let refusal = block.read(offset, Width::Word).unwrap_err();
            assert_eq!(refusal.register, format!("+{offset:#05x}"));
        }
    }
}
