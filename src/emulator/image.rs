//! Firmware images as they are read from files: ELF, Intel HEX and raw binaries.

mod elf;
mod hex;

use std::fs;
use std::path::Path;

/// Bytes that an image may have in all; no part has more flash.
const LIMIT: usize = 64 << 20;

/// Bytes at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Where the bytes are programmed (the physical address of an ELF segment).
    pub address: u32,
    pub bytes: Vec<u8>,
}

/// A name of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    pub name: String,
    /// Without the Thumb bit.
    pub address: u32,
    /// Bytes; 0 where the file does not say.
    pub size: u32,
    pub function: bool,
}

/// What goes into a board's memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Image {
    pub segments: Vec<Segment>,
    /// Functions and objects; empty where the format has none.
    pub symbols: Vec<Symbol>,
}

/// Why a file is no image.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    #[error("{file}: {source}")]
    Read { file: String, source: std::io::Error },
    #[error("{file}: {problem} at offset {offset:#x}")]
    Elf { file: String, offset: u64, problem: String },
    #[error("{file}:{line}: {problem} (Intel HEX, offset {offset:#x})")]
    Hex { file: String, line: usize, offset: usize, problem: String },
    #[error("{file}: {problem}")]
    Content { file: String, problem: String },
}

impl Image {
    /// Reads a file by its extension: `.elf`, `.axf` or `.out`, `.hex` or `.ihex`, `.bin` (which belongs at
    /// `binary_address`).
    pub fn read(path: &Path, binary_address: u32) -> Result<Self, ImageError> {
        let file = path.display().to_string();
        let data = fs::read(path).map_err(|source| ImageError::Read { file: file.clone(), source })?;
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_ascii_lowercase();
        match extension.as_str() {
            "bin" => Self::binary(&file, binary_address, data),
            "hex" | "ihex" => Self::hex(&file, &data),
            "elf" | "axf" | "out" => Self::elf(&file, &data),
            _ if data.starts_with(b"\x7fELF") => Self::elf(&file, &data),
            _ => {
                let problem =
                    format!("`.{extension}` is no kind of image; it must be .elf, .axf, .out, .hex, .ihex or .bin");
                Err(ImageError::Content { file, problem })
            }
        }
    }

    /// Bytes that are programmed as they are. `file` is named in errors.
    pub fn binary(file: &str, address: u32, bytes: Vec<u8>) -> Result<Self, ImageError> {
        Self { segments: vec![Segment { address, bytes }], symbols: Vec::new() }.checked(file)
    }

    /// A 32-bit little-endian ELF file for Arm.
    pub fn elf(file: &str, data: &[u8]) -> Result<Self, ImageError> {
        elf::read(file, data)?.checked(file)
    }

    /// An Intel HEX file.
    pub fn hex(file: &str, data: &[u8]) -> Result<Self, ImageError> {
        hex::read(file, data)?.checked(file)
    }

    /// The address of a symbol.
    pub fn symbol(&self, name: &str) -> Option<&Symbol> {
        self.symbols.iter().find(|symbol| symbol.name == name)
    }

    fn checked(mut self, file: &str) -> Result<Self, ImageError> {
        self.segments.retain(|segment| !segment.bytes.is_empty());
        let fail = |problem: String| Err(ImageError::Content { file: file.into(), problem });
        if self.segments.is_empty() {
            return fail("there is nothing to program in it".into());
        }
        for segment in &self.segments {
            if u64::from(segment.address) + segment.bytes.len() as u64 > 1 << 32 {
                return fail(format!("{} bytes at {:#010x} reach beyond 4 GB", segment.bytes.len(), segment.address));
            }
        }
        let total: usize = self.segments.iter().map(|segment| segment.bytes.len()).sum();
        if total > LIMIT {
            return fail(format!("{total} bytes to program; {LIMIT} is the most"));
        }
        Ok(self)
    }
}
