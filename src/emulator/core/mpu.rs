//! The memory protection unit (Armv7-M ARM, B3.5; Armv8-M ARM, B9).

use crate::board::Core;
use crate::emulator::memory::Fast;

#[derive(Debug, Clone)]
pub(crate) struct Mpu {
    control: u32,
    number: u32,
    /// RBAR (address part) and RASR of each region; of Armv8-M RBAR and RLAR.
    regions: Vec<(u32, u32)>,
    /// Armv8-M: regions from base to limit, which may not overlap.
    limits: bool,
    /// MAIR0 and MAIR1, which have no effect on what is modelled.
    memory_attributes: [u32; 2],
}

impl Mpu {
    pub fn new(core: Core, regions: u8) -> Self {
        let limits = match core {
            Core::CortexM4f | Core::CortexM7f => false,
            Core::CortexM33f => true,
        };
        Self { control: 0, number: 0, regions: vec![(0, 0); regions.into()], limits, memory_attributes: [0; 2] }
    }

    pub fn enabled(&self) -> bool {
        self.control & 1 == 1
    }

    /// Whether accesses are checked in this state: hard faults, NMI and FAULTMASK switch it off unless HFNMIENA.
    pub fn active(&self, exception: u32, faultmask: bool) -> bool {
        let urgent = faultmask || exception == 2 || exception == 3;
        self.enabled() && (!urgent || self.control & 2 != 0)
    }

    pub fn read(&self, address: u32) -> u32 {
        let region = self.regions.get(self.at(address) as usize).copied().unwrap_or_default();
        match address & 0xFF {
            0xC0 | 0xC4 => self.memory_attributes[(address >> 2 & 1) as usize],
            0x9C | 0xA4 | 0xAC | 0xB4 if self.limits => region.0,
            0x90 => (self.regions.len() as u32) << 8,
            0x94 => self.control,
            0x98 => self.number,
            0x9C | 0xA4 | 0xAC | 0xB4 => region.0 | self.number & 15,
            _ => region.1,
        }
    }

    /// The region behind an alias: of Armv8-M one of four neighbours.
    fn at(&self, address: u32) -> u32 {
        let alias = (address & 0xFF).wrapping_sub(0x9C) / 8;
        if self.limits && (1..4).contains(&alias) { self.number & !3 | alias } else { self.number }
    }

    pub fn write(&mut self, address: u32, value: u32) {
        let at = self.at(address) as usize;
        match address & 0xFF {
            0xC0 | 0xC4 => self.memory_attributes[(address >> 2 & 1) as usize] = value,
            0x9C | 0xA4 | 0xAC | 0xB4 if self.limits => {
                if let Some(region) = self.regions.get_mut(at) {
                    region.0 = value;
                }
            }
            0x94 => self.control = value & 7,
            0x98 => self.number = value & 0xFF,
            0x9C | 0xA4 | 0xAC | 0xB4 => {
                if value & 0x10 != 0 {
                    self.number = value & 15;
                }
                if let Some(region) = self.regions.get_mut(self.number as usize) {
                    region.0 = value & !0x1F;
                }
            }
            _ => {
                if let Some(region) = self.regions.get_mut(at) {
                    region.1 = value;
                }
            }
        }
    }

    /// The attributes that hold for an address, as Armv7-M words them; the highest matching region wins. Of Armv8-M an
    /// address in two regions cannot be accessed at all.
    fn attributes(&self, address: u32) -> Option<u32> {
        if self.limits {
            let mut holding = self
                .regions
                .iter()
                .filter(|&&(base, limit)| limit & 1 == 1 && (base & !31..=limit | 31).contains(&address));
            let &(base, _) = holding.next()?;
            return Some(if holding.next().is_some() { 1 << 28 } else { of_limits(base) });
        }
        self.regions.iter().rev().find_map(|&(base, attributes)| {
            let bits = (attributes >> 1 & 31) + 1;
            if attributes & 1 == 0 || bits < 5 {
                return None;
            }
            let mask = if bits >= 32 { 0 } else { u32::MAX << bits };
            if (address ^ base) & mask != 0 {
                return None;
            }
            // Eight subregions, from 256 bytes on.
            let disabled = bits >= 8 && attributes >> (8 + (address >> (bits - 3) & 7)) & 1 == 1;
            (!disabled).then_some(attributes)
        })
    }

    pub fn allows(&self, address: u32, width: u32, write: bool, privileged: bool) -> bool {
        self.allows_byte(address, write, privileged)
            && self.allows_byte(address.wrapping_add(width - 1), write, privileged)
    }

    fn allows_byte(&self, address: u32, write: bool, privileged: bool) -> bool {
        match self.attributes(address) {
            None => privileged && self.control & 4 != 0,
            Some(attributes) => match (attributes >> 24 & 7, privileged) {
                (0 | 4, _) => false,
                (1, privileged) => privileged,
                (2, privileged) => privileged || !write,
                (3, _) => true,
                (5, privileged) => privileged && !write,
                _ => !write,
            },
        }
    }

    pub fn allows_fetch(&self, address: u32, privileged: bool) -> bool {
        let executable = self.attributes(address).is_none_or(|attributes| attributes >> 28 & 1 == 0);
        executable && self.allows_byte(address, false, privileged)
    }

    /// Whether no access to the fast windows can be refused, so that they need not be checked.
    pub fn leaves_alone(&self, fast: &Fast, unprivileged: bool) -> bool {
        if !self.enabled() {
            return true;
        }
        if unprivileged || self.control & 4 == 0 {
            return false;
        }
        let meets = |base: u32, bits: u32, start: u32, size: u32| {
            let end = u64::from(base) + (1u64 << bits);
            u64::from(base) < u64::from(start) + u64::from(size) && end > u64::from(start)
        };
        if self.limits {
            let touches = |base: u32, limit: u32, start: u32, size: u32| {
                size > 0 && base & !31 <= start + (size - 1) && limit | 31 >= start
            };
            // Regions in RAM that leave it alone would have to be told from such that overlap.
            return self.regions.iter().all(|&(base, limit)| {
                limit & 1 == 0
                    || !touches(base, limit, fast.base, fast.size)
                        && !touches(base, limit, fast.flash_base, fast.flash_size)
            });
        }
        self.regions.iter().all(|&(base, attributes)| {
            let bits = (attributes >> 1 & 31) + 1;
            let base = if bits >= 32 { 0 } else { base & u32::MAX << bits };
            let rights = attributes >> 24 & 7;
            let in_ram = meets(base, bits, fast.base, fast.size) && !matches!(rights, 1..=3);
            let in_flash = meets(base, bits, fast.flash_base, fast.flash_size) && matches!(rights, 0 | 4);
            attributes & 1 == 0 || !in_ram && !in_flash
        })
    }
}

/// Access rights and XN of an RBAR of Armv8-M, in the places of Armv7-M's RASR.
fn of_limits(base: u32) -> u32 {
    let rights = [1, 3, 5, 6][(base >> 1 & 3) as usize];
    rights << 24 | (base & 1) << 28
}
