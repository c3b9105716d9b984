//! Caches, as far as time is concerned: which lines are in, not what is in them.

/// Sets, ways and line of a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheGeometry {
    pub bytes: u32,
    /// As many as there are lines makes it fully associative.
    pub ways: u32,
    /// Bytes.
    pub line: u32,
}

/// A cache that replaces the least recently used line of a set.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    line_bits: u32,
    ways: usize,
    sets: u32,
    /// Line numbers, a set after another, most recently used first; `EMPTY` where nothing is.
    lines: Vec<u32>,
}

const EMPTY: u32 = u32::MAX;

impl Cache {
    pub fn new(geometry: CacheGeometry) -> Self {
        let line = geometry.line.max(4);
        let count = (geometry.bytes / line).max(1);
        let ways = geometry.ways.clamp(1, count);
        Self {
            line_bits: line.trailing_zeros(),
            ways: ways as usize,
            sets: count / ways,
            lines: vec![EMPTY; count as usize],
        }
    }

    /// Whether the line at `address` is in; it is afterwards.
    pub fn access(&mut self, address: u32) -> bool {
        let line = address >> self.line_bits;
        let first = (line % self.sets) as usize * self.ways;
        let set = &mut self.lines[first..first + self.ways];
        match set.iter().position(|&held| held == line) {
            Some(place) => {
                set[..=place].rotate_right(1);
                true
            }
            None => {
                set.rotate_right(1);
                set[0] = line;
                false
            }
        }
    }

    pub fn line_bytes(&self) -> u32 {
        1 << self.line_bits
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
        let mut cache = Cache::new(CacheGeometry { bytes: 128, ways: 2, line: 32 });
        assert!(!cache.access(0));
        assert!(!cache.access(64));
        assert!(cache.access(31));
        assert!(!cache.access(32), "another set");
        assert!(!cache.access(128), "replaces 64");
        assert!(cache.access(0));
        assert!(!cache.access(64));
        assert!(cache.access(32));
    }
}
