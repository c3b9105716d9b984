//! From an address to a block: one table of 1 KB pages per 16 MB that hold any block.

use super::blocks::Block;

const PAGE: u32 = 0x400;
const NONE: u16 = u16::MAX;

pub struct Decoder {
    /// Index of the first block that reaches into a page, by bits 31 to 24 and 23 to 10 of the address.
    chunks: Vec<Option<Box<[u16]>>>,
    /// Base and end, sorted by base.
    ranges: Vec<(u32, u32)>,
}

impl Decoder {
    /// `blocks` sorted by base, not overlapping.
    pub fn new(blocks: &[Block]) -> Self {
        let mut chunks: Vec<Option<Box<[u16]>>> = vec![None; 256];
        let pages = (1 << 24) / PAGE as usize;
        for (index, block) in blocks.iter().enumerate() {
            for page in block.base / PAGE..=(block.base + (block.size - 1)) / PAGE {
                let chunk = &mut chunks[(page * PAGE >> 24) as usize];
                let slot = &mut chunk.get_or_insert_with(|| vec![NONE; pages].into())[page as usize % pages];
                if *slot == NONE {
                    *slot = index as u16;
                }
            }
        }
        Self { chunks, ranges: blocks.iter().map(|b| (b.base, b.base + (b.size - 1))).collect() }
    }

    /// Index of the block at an address, and the offset in it.
    pub fn find(&self, address: u32) -> Option<(usize, u32)> {
        let chunk = self.chunks[(address >> 24) as usize].as_ref()?;
        let first = chunk[((address & 0xff_ffff) / PAGE) as usize];
        if first == NONE {
            return None;
        }
        let candidates = self.ranges.iter().enumerate().skip(usize::from(first));
        for (index, (base, end)) in candidates {
            if address < *base {
                return None;
            }
            if address <= *end {
                return Some((index, address - base));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_that_share_a_page_and_gaps_are_told_apart() {
        let blocks = [
            Block::absent("A", 0x4001_0000, 0x30),
            Block::absent("B", 0x4001_0030, 0x1d0),
            Block::absent("C", 0x4001_0400, 0x400),
            Block::absent("D", 0x40ff_fc00, 0x800),
        ];
        let decoder = Decoder::new(&blocks);
        assert_eq!(decoder.find(0x4001_002f), Some((0, 0x2f)));
        assert_eq!(decoder.find(0x4001_0030), Some((1, 0)));
        assert_eq!(decoder.find(0x4001_0200), None);
        assert_eq!(decoder.find(0x4001_07ff), Some((2, 0x3ff)));
        assert_eq!(decoder.find(0x4001_0800), None);
        assert_eq!(decoder.find(0x4100_0004), Some((3, 0x404)));
        assert_eq!(decoder.find(0x3fff_ffff), None);
    }
}
