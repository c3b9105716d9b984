//! Cycles by address of the instruction.

use std::collections::HashMap;

/// Addresses whose counters stand together, in bytes.
const PAGE: u32 = 4096;

#[derive(Default)]
pub struct Addresses {
    index: HashMap<u32, usize>,
    /// A counter for each halfword.
    pages: Vec<(u32, Box<[i64]>)>,
    /// The page that was used last.
    last: usize,
}

impl Addresses {
    pub fn add(&mut self, pc: u32, cycles: i64) {
        let number = pc / PAGE;
        if self.pages.get(self.last).is_none_or(|(held, _)| *held != number) {
            self.last = *self.index.entry(number).or_insert_with(|| {
                self.pages.push((number, vec![0; PAGE as usize / 2].into()));
                self.pages.len() - 1
            });
        }
        self.pages[self.last].1[(pc % PAGE / 2) as usize] += cycles;
    }

    /// Addresses with cycles, in ascending order.
    pub fn all(&self) -> Vec<(u32, i64)> {
        let mut all: Vec<(u32, i64)> = self
            .pages
            .iter()
            .flat_map(|(number, counters)| (number * PAGE..).step_by(2).zip(counters.iter().copied()))
            .filter(|(_, cycles)| *cycles != 0)
            .collect();
        all.sort_unstable();
        all
    }
}
