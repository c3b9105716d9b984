//! The memory protection unit (Armv7-M ARM, B3.5).

use crate::emulator::memory::Fast;

#[derive(Debug, Clone)]
pub(crate) struct Mpu {
    control: u32,
    number: u32,
    /// RBAR (address part) and RASR of each region.
    regions: Vec<(u32, u32)>,
}

impl Mpu {
    pub fn new(regions: u8) -> Self {
        Self { control: 0, number: 0, regions: vec![(0, 0); regions.into()] }
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
        let region = self.regions.get(self.number as usize).copied().unwrap_or_default();
        match address & 0xFF {
            0x90 => (self.regions.len() as u32) << 8,
            0x94 => self.control,
            0x98 => self.number,
            0x9C | 0xA4 | 0xAC | 0xB4 => region.0 | self.number & 15,
            _ => region.1,
        }
    }

    pub fn write(&mut self, address: u32, value: u32) {
        match address & 0xFF {
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
                if let Some(region) = self.regions.get_mut(self.number as usize) {
                    region.1 = value;
                }
            }
        }
    }

    /// The attributes that hold for an address; the highest matching region wins.
    fn attributes(&self, address: u32) -> Option<u32> {
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
