//! The way to memory that needs one comparison.

use super::map::{CODE, Map, READ, WRITTEN};
use crate::board::RegionKind;

/// The two windows that are looked at first. Both sizes are 0 where accesses must be looked at one by one.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Fast {
    /// Address of the largest RAM window, which is first in the store.
    pub base: u32,
    /// Bytes.
    pub size: u32,
    pub flash_base: u32,
    pub flash_size: u32,
    pub flash_offset: u32,
}

impl Fast {
    pub fn of(map: &Map) -> Self {
        let ram = map.windows().iter().filter(|w| w.kind != RegionKind::Flash && w.offset == 0).max_by_key(|w| w.size);
        let flash = map.windows().iter().filter(|w| w.kind == RegionKind::Flash).max_by_key(|w| (w.size, w.origin));
        Self {
            base: ram.map_or(0, |w| w.origin),
            size: ram.map_or(0, |w| w.size),
            flash_base: flash.map_or(0, |w| w.origin),
            flash_size: flash.map_or(0, |w| w.size),
            flash_offset: flash.map_or(0, |w| w.offset),
        }
    }

    /// No fast way at all.
    pub fn closed(self) -> Self {
        Self { size: 0, flash_size: 0, ..self }
    }

    /// Place in the store of an aligned access of `WIDTH` bytes to RAM.
    #[inline(always)]
    pub fn ram<const WIDTH: u32>(&self, address: u32) -> Option<usize> {
        let inside = address.wrapping_sub(self.base);
        // Unaligned bits come to the top and make the number too large.
        (inside.rotate_right(WIDTH.trailing_zeros()) < self.size / WIDTH).then_some(inside as usize)
    }
}

impl Map {
    #[inline(always)]
    pub(crate) fn get<const WIDTH: u32>(&self, offset: usize) -> u32 {
        debug_assert!(offset + WIDTH as usize <= self.bytes.len());
        match WIDTH {
            1 => u32::from(self.bytes[offset]),
            2 => u32::from(u16::from_le_bytes(self.bytes[offset..offset + 2].try_into().unwrap_or_default())),
            _ => u32::from_le_bytes(self.bytes[offset..offset + 4].try_into().unwrap_or_default()),
        }
    }

    #[inline(always)]
    pub(crate) fn put<const WIDTH: u32>(&mut self, offset: usize, value: u32) {
        match WIDTH {
            1 => self.bytes[offset] = value as u8,
            2 => self.bytes[offset..offset + 2].copy_from_slice(&(value as u16).to_le_bytes()),
            _ => self.bytes[offset..offset + 4].copy_from_slice(&value.to_le_bytes()),
        }
    }

    #[inline(always)]
    pub(crate) fn mark_read(&mut self, offset: usize) {
        self.marks[offset / super::GRANULE as usize] |= READ;
    }

    /// Marks as written; true where decoded code stands there.
    #[inline(always)]
    pub(crate) fn mark_written(&mut self, offset: usize) -> bool {
        let mark = &mut self.marks[offset / super::GRANULE as usize];
        let code = *mark & CODE != 0;
        *mark |= WRITTEN;
        code
    }
}
