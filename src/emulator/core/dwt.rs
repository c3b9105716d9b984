//! The cycle counter of the data watchpoint and trace unit.

#[derive(Debug, Clone)]
pub(crate) struct Dwt {
    control: u32,
    /// CYCCNT is `now - base` while it counts, else `frozen`.
    base: u64,
    frozen: u32,
    /// Cortex-M7 refuses writes until LAR is written.
    locked: bool,
    lockable: bool,
    comparators: [u32; 16],
}

const KEY: u32 = 0xC5AC_CE55;

impl Dwt {
    pub fn new(lockable: bool) -> Self {
        Self { control: 0, base: 0, frozen: 0, locked: lockable, lockable, comparators: [0; 16] }
    }

    fn count(&self, now: u64) -> u32 {
        if self.control & 1 == 1 { now.wrapping_sub(self.base) as u32 } else { self.frozen }
    }

    pub fn read(&self, address: u32, now: u64) -> Option<u32> {
        Some(match address & 0xFFF {
            // Four comparators.
            0x000 => 0x4000_0000 | self.control,
            0x004 => self.count(now),
            0x008..=0x018 => 0,
            0x01C => 0,
            0x020..=0x05C => self.comparators[((address & 0xFFF) - 0x20) as usize / 4],
            0xFB4 => u32::from(self.lockable) | u32::from(self.locked) << 1,
            _ => return None,
        })
    }

    /// False where there is no such register.
    pub fn write(&mut self, address: u32, value: u32, now: u64) -> bool {
        let offset = address & 0xFFF;
        if self.locked && offset != 0xFB0 {
            return true;
        }
        match offset {
            0x000 => {
                let count = self.count(now);
                self.control = value & 0x0FFF_FFFF;
                self.set(count, now);
            }
            0x004 => self.set(value, now),
            0x008..=0x018 => {}
            0x020..=0x05C => self.comparators[(offset - 0x20) as usize / 4] = value,
            0xFB0 => self.locked = self.lockable && value != KEY,
            _ => return false,
        }
        true
    }

    /// Leaves out `cycles` in which the core was halted.
    pub fn hold(&mut self, cycles: u64) {
        self.base = self.base.wrapping_add(cycles);
    }

    fn set(&mut self, count: u32, now: u64) {
        self.frozen = count;
        self.base = now.wrapping_sub(count.into());
    }
}
