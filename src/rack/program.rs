//! A program from a file that somebody else has built.

use std::path::Path;

use super::unit::{Program, Segment};
use crate::board::{Board, Region, RegionKind};
use crate::emulator::{Image, ImageError};

/// A file that cannot be a board's program. It says something about the file, never about a unit.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    #[error(transparent)]
    Image(#[from] ImageError),
    #[error(
        "{file}: {bytes} bytes at {address:#010x} are not in the flash of {board} ({flash}); it was made for another board, or its address is wrong"
    )]
    Outside { file: String, bytes: usize, address: u32, board: String, flash: String },
    #[error(
        "{file}: nothing is at {start:#010x}, where {board} starts; it was linked for {address:#010x}, behind a boot loader or for another board"
    )]
    NoStart { file: String, start: u32, board: String, address: u32 },
    #[error(
        "{file}: {what} in its vector table is {value:#010x}, which is {problem}; it was linked for another address or another board than {board}, or it is no image"
    )]
    Vector { file: String, what: &'static str, value: u32, problem: &'static str, board: String },
}

impl Program {
    /// Reads an image for `board`, and checks that the board could start it. `address` is where a `.bin` belongs, the
    /// start of flash where it is none.
    pub fn read(path: &Path, board: &Board, address: Option<u32>) -> Result<Self, ProgramError> {
        let start = board.memory.iter().find(|region| region.kind == RegionKind::Flash).map_or(0, |r| r.origin);
        let image = Image::read(path, address.unwrap_or(start))?;
        let segments = image.segments.into_iter().map(|s| Segment { address: s.address, bytes: s.bytes }).collect();
        let program = Self { segments, ..Self::default() };
        program.check(&path.display().to_string(), board)?;
        // The file itself names symbols where it is an ELF file; the segments are what is programmed.
        Ok(program)
    }

    /// Bytes that are programmed.
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes.len() as u64).sum()
    }

    fn check(&self, file: &str, board: &Board) -> Result<(), ProgramError> {
        let (file, name) = (file.to_string(), board.name.clone());
        let flash: Vec<&Region> = board.memory.iter().filter(|region| region.kind == RegionKind::Flash).collect();
        for segment in &self.segments {
            if !flash.iter().any(|region| holds(region, segment.address, segment.bytes.len())) {
                let spans = flash.iter().map(|r| format!("{:#010x} to {:#010x}", r.origin, end(r.origin, r.size) - 1));
                let flash = spans.collect::<Vec<_>>().join(", ");
                let (bytes, address) = (segment.bytes.len(), segment.address);
                return Err(ProgramError::Outside { file, bytes, address, board: name, flash });
            }
        }
        let Some(first) = flash.first() else { return Ok(()) };
        let word = |offset: u32| {
            let at = |address: u32| {
                let segment = self.segments.iter().find(|s| {
                    s.address <= address
                        && address - s.address < 1 << 31
                        && (address - s.address) as usize + 4 <= s.bytes.len()
                })?;
                let from = (address - segment.address) as usize;
                Some(u32::from_le_bytes(segment.bytes.get(from..from + 4)?.try_into().ok()?))
            };
            std::iter::once(first.origin).chain(first.aliases.iter().copied()).find_map(|origin| at(origin + offset))
        };
        let (Some(stack), Some(reset)) = (word(0), word(4)) else {
            let address = self.segments.iter().map(|segment| segment.address).min().unwrap_or(0);
            return Err(ProgramError::NoStart { file, start: first.origin, board: name, address });
        };
        let refuse = |what, value, problem| {
            Err(ProgramError::Vector { file: file.clone(), what, value, problem, board: name.clone() })
        };
        // A stack grows down from its first word: the end of a memory is one that it may start from.
        let ram = board.memory.iter().filter(|region| region.kind != RegionKind::Flash);
        if !ram.clone().any(|region| stack.checked_sub(1).is_some_and(|below| holds(region, below, 1))) {
            return refuse("the stack pointer", stack, "in no memory of the board");
        }
        if reset & 1 == 0 {
            return refuse("the reset vector", reset, "no Thumb code");
        }
        let inside = |segment: &Segment| {
            let offset = |address: u32| flash.iter().find_map(|region| offset(region, address));
            match (offset(segment.address), offset(reset & !1)) {
                (Some(from), Some(at)) => at >= from && at - from < segment.bytes.len() as u64,
                _ => false,
            }
        };
        if !self.segments.iter().any(inside) {
            return refuse("the reset vector", reset, "outside the image");
        }
        Ok(())
    }
}

fn end(origin: u32, size: u32) -> u64 {
    u64::from(origin) + u64::from(size)
}

/// How far into `region`, at any of its addresses, `address` is.
fn offset(region: &Region, address: u32) -> Option<u64> {
    let origins = std::iter::once(region.origin).chain(region.aliases.iter().copied());
    let offset = |origin: u32| address.checked_sub(origin).filter(|offset| *offset < region.size).map(u64::from);
    origins.into_iter().find_map(offset)
}

fn holds(region: &Region, address: u32, bytes: usize) -> bool {
    offset(region, address).is_some_and(|offset| offset + bytes as u64 <= u64::from(region.size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(stack: u32, reset: u32, bytes: usize) -> Vec<u8> {
        let mut image = [stack.to_le_bytes(), reset.to_le_bytes()].concat();
        image.resize(bytes, 0);
        image
    }

    fn read(name: &str, content: &[u8], address: Option<u32>) -> Result<Program, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        std::fs::write(&path, content).expect("a file");
        let board = Board::shipped("nucleo-l4r5zi").expect("a board");
        Program::read(&path, &board, address).map_err(|e| e.to_string())
    }

    #[test]
    fn a_binary_starts_where_flash_does() {
        let program = read("a.bin", &image(0x2000_1000, 0x0800_0101, 512), None).expect("a program");
        assert_eq!((program.segments[0].address, program.bytes()), (0x0800_0000, 512));
        // The end of SRAM, and the alias that flash has at reset.
        read("a.bin", &image(0x200a_0000, 0x0000_0101, 512), None).expect("a program");
    }

    #[test]
    fn what_another_address_or_board_was_meant_for_is_refused() {
        let message = |content: &[u8], address| read("a.bin", content, address).unwrap_err();
        let good = image(0x2000_1000, 0x0800_0101, 512);
        let outside = message(&good, Some(0x9000_0000));
        assert!(
            outside
                .contains("512 bytes at 0x90000000 are not in the flash of nucleo-l4r5zi (0x08000000 to 0x081fffff)"),
            "{outside}"
        );
        let behind = message(&good, Some(0x0800_8000));
        assert!(behind.contains("nothing is at 0x08000000") && behind.contains("linked for 0x08008000"), "{behind}");
        let elsewhere = message(&image(0x2000_1000, 0x0801_0101, 512), None);
        assert!(
            elsewhere.contains("the reset vector in its vector table is 0x08010101, which is outside the image"),
            "{elsewhere}"
        );
        let arm = message(&image(0x2000_1000, 0x0800_0100, 512), None);
        assert!(arm.contains("no Thumb code"), "{arm}");
        let stack = message(&image(0x3000_1000, 0x0800_0101, 512), None);
        assert!(
            stack.contains("the stack pointer in its vector table is 0x30001000, which is in no memory"),
            "{stack}"
        );
        let short = message(&[1, 2, 3], None);
        assert!(short.contains("nothing is at 0x08000000"), "{short}");
        let empty = read("a.elf", b"", None).unwrap_err();
        assert!(empty.contains("a.elf"), "{empty}");
    }
}
