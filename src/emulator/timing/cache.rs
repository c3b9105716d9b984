//! Caches, as far as time is concerned: which lines are in, not what is in them.

/// Sets, ways and line of a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheGeometry {
    pub bytes: u32,
    /// As many as there are lines makes it fully associative.
    pub ways: u32,
    /// Bytes.
    pub line: u32,
    /// Bytes that one miss brings, where that is less than a line.
    pub sector: u32,
    /// Whether a miss replaces any line of a set rather than the least recently used one.
    pub random: bool,
}

impl CacheGeometry {
    /// One whose misses bring whole lines.
    pub const fn whole(bytes: u32, ways: u32, line: u32) -> Self {
        Self { bytes, ways, line, sector: line, random: false }
    }
}

/// A cache that replaces the least recently used line of a set.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    line_bits: u32,
    sector_bits: u32,
    ways: usize,
    sets: u32,
    /// State of the generator that chooses a line, where that is random; else 0.
    seed: u32,
    /// Line numbers and which of their sectors are in, a set after another, most recently used first.
    lines: Vec<(u32, u32)>,
}

const EMPTY: (u32, u32) = (u32::MAX, 0);

impl Cache {
    pub fn new(geometry: CacheGeometry) -> Self {
        let line = geometry.line.max(4);
        let count = (geometry.bytes / line).max(1);
        let ways = geometry.ways.clamp(1, count);
        Self {
            line_bits: line.trailing_zeros(),
            sector_bits: geometry.sector.clamp(4, line).trailing_zeros(),
            ways: ways as usize,
            sets: count / ways,
            seed: u32::from(geometry.random),
            lines: vec![EMPTY; count as usize],
        }
    }

    /// Whether the sector at `address` is in; it is afterwards.
    #[inline]
    pub fn access(&mut self, address: u32) -> bool {
        let line = address >> self.line_bits;
        let sector = 1 << ((address & ((1 << self.line_bits) - 1)) >> self.sector_bits);
        let first = (line % self.sets) as usize * self.ways;
        let set = &mut self.lines[first..first + self.ways];
        let place = set.iter().position(|(held, _)| *held == line);
        if self.seed != 0 {
            // 16 bits of a Galois LFSR.
            let free = set.iter().position(|held| *held == EMPTY);
            let victim = free.unwrap_or(self.seed as usize % set.len());
            if place.is_none() {
                self.seed = self.seed >> 1 ^ (self.seed & 1) * 0xB400;
            }
            set.swap(0, place.unwrap_or(victim));
        } else {
            let here = place.unwrap_or(set.len() - 1);
            set[..=here].rotate_right(1);
        }
        if place.is_none() {
            set[0] = (line, 0);
        }
        let hit = set[0].1 & sector != 0;
        set[0].1 |= sector;
        hit
    }

    /// Whether the line at `address` is the one of its set that was used last: the quick look before [`Cache::access`].
    #[inline(always)]
    pub fn is_last(&self, address: u32) -> bool {
        let line = address >> self.line_bits;
        self.lines.get((line % self.sets) as usize * self.ways).is_some_and(|(held, _)| *held == line)
    }

    /// Bytes that one miss brings.
    pub fn sector_bytes(&self) -> u32 {
        1 << self.sector_bits
    }

    pub fn clear(&mut self) {
        self.lines.fill(EMPTY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_line_of_a_set_goes() {
        let mut cache = Cache::new(CacheGeometry::whole(128, 2, 32));
        assert!(!cache.access(0));
        assert!(!cache.access(64));
        assert!(cache.access(31));
        assert!(!cache.access(32), "another set");
        assert!(!cache.access(128), "replaces 64");
        assert!(cache.access(0));
        assert!(!cache.access(64));
        assert!(cache.access(32));
    }

    #[test]
    fn a_miss_brings_a_sector_of_a_line() {
        let mut cache = Cache::new(CacheGeometry { bytes: 64, ways: 2, line: 32, sector: 8, random: false });
        assert!(!cache.access(0));
        assert!(cache.access(4));
        assert!(!cache.access(8), "another sector");
        assert!(!cache.access(32));
        assert!(cache.access(8));
        assert!(!cache.access(64), "replaces the line at 32");
        assert!(cache.access(0));
        assert!(!cache.access(32));
    }
}
