//! Regions, aliases, and per granule whether it was read, written or decoded.

use crate::board::{Region, RegionKind};
use crate::emulator::interface::Memory;

/// Bytes whose use is tracked together.
pub const GRANULE: u32 = 32;

pub(crate) const READ: u8 = 1;
pub(crate) const WRITTEN: u8 = 2;
pub(crate) const CODE: u8 = 4;

/// Why a memory map cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    #[error("memory region `{name}` at {origin:#010x}: size {size:#x} must be a multiple of {GRANULE} and not 0")]
    Size { name: String, origin: u32, size: u32 },
    #[error("memory regions `{a}` and `{b}` overlap at {address:#010x}")]
    Overlap { a: String, b: String, address: u32 },
    #[error("memory region `{name}` reaches beyond the end of the address space or into the private peripheral bus")]
    Reach { name: String },
}

/// An address range and the bytes that it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub origin: u32,
    /// Bytes.
    pub size: u32,
    /// Where its bytes begin in the store.
    pub offset: u32,
    pub kind: RegionKind,
}

/// Bytes of one region that were read or written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// First address.
    pub start: u32,
    /// One past the last address.
    pub end: u32,
    pub read: bool,
    pub written: bool,
}

/// All memory of a board.
#[derive(Debug, Clone)]
pub struct Map {
    pub(crate) bytes: Vec<u8>,
    /// One byte per granule of `bytes`.
    pub(crate) marks: Vec<u8>,
    /// Sorted by origin; adjoining RAM is one window.
    windows: Vec<Window>,
    regions: Vec<Region>,
    /// Store offsets of granules with decoded code that were written since [`Map::take_stale`].
    stale: Vec<u32>,
}

impl Map {
    /// Builds the map of `regions` and their aliases, all bytes 0xFF in flash and 0 elsewhere.
    pub fn new(regions: &[Region]) -> Result<Self, MapError> {
        let mut regions = regions.to_vec();
        regions.sort_by_key(|r| r.origin);
        let mut bytes = Vec::new();
        let mut named: Vec<(Window, String)> = Vec::new();
        let (first, past) = largest_ram(&regions);
        let rest = regions[..first].iter().chain(&regions[past..]);
        for region in regions[first..past].iter().chain(rest) {
            if region.size == 0 || region.size % GRANULE != 0 || region.origin % GRANULE != 0 {
                return Err(MapError::Size { name: region.name.clone(), origin: region.origin, size: region.size });
            }
            let offset = bytes.len() as u32;
            let fill = if region.kind == RegionKind::Flash { 0xFF } else { 0 };
            bytes.resize(bytes.len() + region.size as usize, fill);
            for origin in std::iter::once(region.origin).chain(region.aliases.iter().copied()) {
                match origin.checked_add(region.size) {
                    Some(end) if end <= 0xE000_0000 => {}
                    _ => return Err(MapError::Reach { name: region.name.clone() }),
                }
                named.push((Window { origin, size: region.size, offset, kind: region.kind }, region.name.clone()));
            }
        }
        named.sort_by_key(|(w, _)| w.origin);
        for pair in named.windows(2) {
            if pair[0].0.origin + pair[0].0.size > pair[1].0.origin {
                return Err(MapError::Overlap {
                    a: pair[0].1.clone(),
                    b: pair[1].1.clone(),
                    address: pair[1].0.origin,
                });
            }
        }
        let mut windows: Vec<Window> = Vec::new();
        for (window, _) in named {
            if let Some(last) = windows.last_mut()
                && last.origin + last.size == window.origin
                && last.offset + last.size == window.offset
                && is_ram(last.kind)
                && is_ram(window.kind)
            {
                last.size += window.size;
                continue;
            }
            windows.push(window);
        }
        let marks = vec![0; bytes.len() / GRANULE as usize];
        Ok(Self { bytes, marks, windows, regions, stale: Vec::new() })
    }

    /// No memory at all.
    pub(crate) fn empty() -> Self {
        Self { bytes: Vec::new(), marks: Vec::new(), windows: Vec::new(), regions: Vec::new(), stale: Vec::new() }
    }

    /// The regions that it was built from, lowest first.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// The window that shows all of `address .. address + length`.
    pub fn window(&self, address: u32, length: u32) -> Option<&Window> {
        let index = self.windows.partition_point(|w| w.origin <= address).checked_sub(1)?;
        let window = &self.windows[index];
        let inside = address - window.origin;
        (inside < window.size && length <= window.size - inside).then_some(window)
    }

    pub(crate) fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// Where in the store `address .. address + length` is.
    pub(crate) fn offset(&self, address: u32, length: u32) -> Option<usize> {
        self.window(address, length).map(|w| (w.offset + (address - w.origin)) as usize)
    }

    /// Writes `from` whatever the region is: the way of loaders, debuggers and flash controllers. Not tracked as touched.
    /// False where the range is not all memory; then nothing is written.
    pub fn program(&mut self, address: u32, from: &[u8]) -> bool {
        let Some(offset) = self.offset(address, from.len() as u32) else { return false };
        self.bytes[offset..offset + from.len()].copy_from_slice(from);
        self.note_stale(offset, from.len());
        true
    }

    pub(crate) fn note_stale(&mut self, offset: usize, length: usize) {
        if length == 0 {
            return;
        }
        let granule = GRANULE as usize;
        for index in offset / granule..=(offset + length - 1) / granule {
            if self.marks[index] & CODE != 0 {
                self.marks[index] &= !CODE;
                self.stale.push((index * granule) as u32);
            }
        }
    }

    pub(crate) fn is_stale(&self) -> bool {
        !self.stale.is_empty()
    }

    /// Store offsets of granules whose decoded code no longer holds.
    pub(crate) fn take_stale(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.stale)
    }

    /// Runs of granules outside flash that were read or written since [`Map::clear_touched`].
    pub fn touched(&self) -> Vec<Touched> {
        let mut runs: Vec<Touched> = Vec::new();
        for region in self.regions.iter().filter(|r| r.kind != RegionKind::Flash) {
            let Some(offset) = self.offset(region.origin, region.size) else { continue };
            for step in 0..region.size / GRANULE {
                let mark = self.marks[offset / GRANULE as usize + step as usize] & (READ | WRITTEN);
                if mark == 0 {
                    continue;
                }
                let start = region.origin + step * GRANULE;
                let (read, written) = (mark & READ != 0, mark & WRITTEN != 0);
                match runs.last_mut() {
                    Some(run) if run.end == start && run.read == read && run.written == written => run.end += GRANULE,
                    _ => runs.push(Touched { start, end: start + GRANULE, read, written }),
                }
            }
        }
        runs
    }

    /// Forgets what was touched.
    pub fn clear_touched(&mut self) {
        for mark in &mut self.marks {
            *mark &= CODE;
        }
    }
}

/// Bus masters other than the core: a DMA controller, and the flash controller, which alone may write flash.
impl Memory for Map {
    fn load(&self, address: u32, to: &mut [u8]) -> bool {
        let Some(offset) = self.offset(address, to.len() as u32) else { return false };
        to.copy_from_slice(&self.bytes[offset..offset + to.len()]);
        true
    }

    fn store(&mut self, address: u32, from: &[u8]) -> bool {
        let Some(offset) = self.offset(address, from.len() as u32) else { return false };
        if !from.is_empty() {
            for index in offset / GRANULE as usize..=(offset + from.len() - 1) / GRANULE as usize {
                self.marks[index] |= WRITTEN;
            }
        }
        self.program(address, from)
    }
}

/// The run of adjoining RAM with the most bytes, as a range of the sorted `regions`.
fn largest_ram(regions: &[Region]) -> (usize, usize) {
    let (mut best, mut most) = ((0, 0), 0);
    let (mut first, mut bytes) = (0, 0);
    for (index, region) in regions.iter().enumerate() {
        let adjoins = index > first && {
            let last = &regions[index - 1];
            is_ram(last.kind) && last.origin.checked_add(last.size) == Some(region.origin)
        };
        if !is_ram(region.kind) || !adjoins {
            (first, bytes) = (index, 0);
        }
        if is_ram(region.kind) {
            bytes += u64::from(region.size);
            if bytes > most {
                (best, most) = ((first, index + 1), bytes);
            }
        }
    }
    best
}

fn is_ram(kind: RegionKind) -> bool {
    kind != RegionKind::Flash
}
