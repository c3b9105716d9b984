//! A linked image, and what can be read from it.

use super::parts::Parts;

/// Bytes of each part of an image, as linked; padding between parts is in none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sizes {
    /// Code, the vector table and code for ITCM included.
    pub text: u64,
    /// Constants of the code.
    pub rodata: u64,
    /// The note with the build id.
    pub build_id: u64,
    /// Constants of the network: filters, biases and requantisation.
    pub weights: u64,
    /// Initialised variables; they take flash too.
    pub data: u64,
    /// Variables that start at zero.
    pub bss: u64,
    /// The network's arena.
    pub arena: u64,
    /// Buffers that only measurement needs: the copy of the input and the cycles of each step.
    pub harness: u64,
    /// Reserved for the stack.
    pub stack: u64,
}

impl Sizes {
    /// Bytes of flash.
    pub fn flash(&self) -> u64 {
        self.text + self.rodata + self.build_id + self.weights + self.data
    }

    /// Bytes of SRAM that are taken whatever happens, all of the stack included.
    pub fn sram(&self) -> u64 {
        self.data + self.bss + self.arena + self.harness + self.stack
    }
}

/// What a symbol names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SymbolKind {
    Function,
    Object,
}

/// A named address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    pub name: String,
    pub kind: SymbolKind,
    /// Without the bit that marks Thumb code.
    pub address: u32,
    /// Bytes; 0 where assembler code does not say.
    pub size: u32,
}

/// Bytes for one stretch of flash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Where it is loaded, which for initialised variables is not where it is used.
    pub address: u32,
    pub bytes: Vec<u8>,
}

/// One linked firmware.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// The file that the linker wrote.
    pub elf: Vec<u8>,
    /// Of `elf`, in hex.
    pub sha256: String,
    /// GNU build id in hex, which the firmware says too.
    pub build_id: String,
    pub sizes: Sizes,
    /// The same bytes by what they are for, padding included.
    pub parts: Parts,
    /// Functions and objects in order of address.
    pub symbols: Vec<Symbol>,
    /// What goes into flash, in order of address.
    pub segments: Vec<Segment>,
    /// Whether the image holds a copy of its input, so that one load serves many inferences.
    pub input_buffered: bool,
    /// First line that the compiler says of its version.
    pub compiler: String,
    /// Flags of compilation, then those of the link.
    pub flags: Vec<String>,
    /// Whether nothing had to be compiled or linked.
    pub cached: bool,
}

impl Image {
    /// The symbol that `address` lies in, or the last before it.
    pub fn symbol_at(&self, address: u32) -> Option<&Symbol> {
        let after = self.symbols.partition_point(|symbol| symbol.address <= address);
        self.symbols[..after].last()
    }

    /// The symbol of that name.
    pub fn symbol(&self, name: &str) -> Option<&Symbol> {
        self.symbols.iter().find(|symbol| symbol.name == name)
    }
}
