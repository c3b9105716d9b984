//! Pending, active and enabled exceptions and their priorities.

use super::ppb::exception;
use crate::emulator::interface::Lines;

/// A set of exception numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Bits([u64; 4]);

impl Bits {
    pub fn get(&self, number: u32) -> bool {
        self.0[(number / 64 & 3) as usize] >> (number % 64) & 1 == 1
    }

    pub fn set(&mut self, number: u32, on: bool) {
        let word = &mut self.0[(number / 64 & 3) as usize];
        *word = *word & !(1 << (number % 64)) | u64::from(on) << (number % 64);
    }

    pub fn count(&self) -> u32 {
        self.0.iter().map(|w| w.count_ones()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.0 == [0; 4]
    }

    /// Numbers in the set, lowest first.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().enumerate().flat_map(|(index, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros())?;
                rest &= rest - 1;
                Some(index as u32 * 64 + bit)
            })
        })
    }

    /// 32 interrupts from line `32 * index` on.
    fn lines(&self, index: u32) -> u32 {
        (0..32).fold(0, |word, bit| word | u32::from(self.get_line(index * 32 + bit)) << bit)
    }

    fn get_line(&self, line: u32) -> bool {
        line < 240 && self.get(line + 16)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Nvic {
    pub lines: u16,
    pub pending: Bits,
    pub active: Bits,
    pub enabled: Bits,
    priority: [u8; 256],
    mask: u8,
    /// Levels at the last look.
    levels: [u64; 4],
}

impl Nvic {
    pub fn new(lines: u16, priority_bits: u8) -> Self {
        let mut enabled = Bits::default();
        for number in [2, 3, 11, 12, 14, 15] {
            enabled.set(number, true);
        }
        Self {
            lines: lines.clamp(1, 240),
            pending: Bits::default(),
            active: Bits::default(),
            enabled,
            priority: [0; 256],
            mask: (0xFF00u16 >> priority_bits.clamp(1, 8)) as u8,
            levels: [0; 4],
        }
    }

    pub fn implemented(&self, value: u32) -> u8 {
        value as u8 & self.mask
    }

    pub fn priority(&self, number: u32) -> i32 {
        match number {
            exception::NMI => -2,
            exception::HARD_FAULT => -1,
            _ => self.priority[(number & 255) as usize].into(),
        }
    }

    /// Takes over the levels of the interrupt lines: a high line pends its interrupt unless that is active; so does an edge.
    pub fn sample(&mut self, lines: &Lines) {
        let words = lines.words();
        if *words == [0; 4] && self.levels == [0; 4] {
            return;
        }
        for (index, &word) in words.iter().enumerate() {
            let rising = word & !self.levels[index];
            let mut rest = word;
            while rest != 0 {
                let bit = rest.trailing_zeros();
                rest &= rest - 1;
                let line = index as u32 * 64 + bit;
                if line < u32::from(self.lines) && (rising >> bit & 1 == 1 || !self.active.get(line + 16)) {
                    self.pending.set(line + 16, true);
                }
            }
            self.levels[index] = word;
        }
    }

    /// Pends an interrupt by software.
    pub fn trigger(&mut self, line: u32) {
        if line < u32::from(self.lines) {
            self.pending.set(line + 16, true);
        }
    }

    pub fn any_interrupt_pending(&self) -> bool {
        self.pending.iter().any(|number| number >= 16)
    }

    pub fn read(&self, address: u32) -> u32 {
        let index = address >> 2 & 7;
        match address & 0xFFF {
            0x100..=0x11C | 0x180..=0x19C => self.enabled.lines(index),
            0x200..=0x21C | 0x280..=0x29C => self.pending.lines(index),
            0x300..=0x31C => self.active.lines(index),
            0x400..=0x4EC => {
                let first = (address & 0xFFF) - 0x400 + 16;
                (0..4)
                    .fold(0, |word, byte| word | u32::from(self.priority[(first + byte & 255) as usize]) << (8 * byte))
            }
            _ => 0,
        }
    }

    pub fn write(&mut self, address: u32, value: u32, mask: u32) {
        let first = (address >> 2 & 7) * 32;
        let (set, on) = match address & 0xFFF {
            0x100..=0x11C => (&mut self.enabled, true),
            0x180..=0x19C => (&mut self.enabled, false),
            0x200..=0x21C => (&mut self.pending, true),
            0x280..=0x29C => (&mut self.pending, false),
            0x400..=0x4EC => {
                let first = (address & 0xFFF) - 0x400;
                for byte in (0..4).filter(|byte| mask >> (8 * byte) & 0xFF != 0) {
                    if first + byte < u32::from(self.lines) {
                        self.priority[(first + byte + 16) as usize] = self.implemented(value >> (8 * byte));
                    }
                }
                return;
            }
            _ => return,
        };
        for bit in (0..32).filter(|bit| value >> bit & 1 == 1) {
            if first + bit < u32::from(self.lines) {
                set.set(first + bit + 16, on);
            }
        }
    }

    /// SHPR1 to SHPR3.
    pub fn system_priorities(&self, address: u32) -> u32 {
        let first = address - 0xE000_ED18 + 4;
        (0..4).fold(0, |word, byte| word | u32::from(self.priority[(first + byte) as usize]) << (8 * byte))
    }

    pub fn set_system_priorities(&mut self, address: u32, value: u32, mask: u32) {
        let first = address - 0xE000_ED18 + 4;
        for byte in (0..4).filter(|byte| mask >> (8 * byte) & 0xFF != 0) {
            if matches!(first + byte, 4..=6 | 11 | 12 | 14 | 15) {
                self.priority[(first + byte) as usize] = self.implemented(value >> (8 * byte));
            }
        }
    }

    pub fn shcsr(&self) -> u32 {
        SHCSR.iter().fold(0, |word, &(bit, which, number)| {
            let set = match which {
                Which::Active => &self.active,
                Which::Pending => &self.pending,
                Which::Enabled => &self.enabled,
            };
            word | u32::from(set.get(number)) << bit
        })
    }

    pub fn set_shcsr(&mut self, value: u32) {
        for &(bit, which, number) in SHCSR {
            let set = match which {
                Which::Active => &mut self.active,
                Which::Pending => &mut self.pending,
                Which::Enabled => &mut self.enabled,
            };
            set.set(number, value >> bit & 1 == 1);
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Which {
    Active,
    Pending,
    Enabled,
}

const SHCSR: &[(u32, Which, u32)] = &[
    (0, Which::Active, 4),
    (1, Which::Active, 5),
    (3, Which::Active, 6),
    (7, Which::Active, 11),
    (8, Which::Active, 12),
    (10, Which::Active, 14),
    (11, Which::Active, 15),
    (12, Which::Pending, 6),
    (13, Which::Pending, 4),
    (14, Which::Pending, 5),
    (15, Which::Pending, 11),
    (16, Which::Enabled, 4),
    (17, Which::Enabled, 5),
    (18, Which::Enabled, 6),
];
