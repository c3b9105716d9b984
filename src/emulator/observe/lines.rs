//! Source lines of addresses, from an ELF file's DWARF.

use std::borrow::Cow;
use std::collections::BTreeMap;

use addr2line::Context;
use addr2line::gimli::{Dwarf, EndianSlice, LittleEndian, SectionId};
use object::read::elf::ElfFile32;
use object::{Endianness, Object, ObjectSection};

/// A line of a source file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    pub file: String,
    pub line: u32,
}

/// What a line took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineRow {
    /// None: code without line information.
    pub source: Option<Source>,
    pub cycles: i64,
}

/// Why line information cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LinesError {
    #[error("{file}: no ELF file, and only those know source lines")]
    NotElf { file: String },
    #[error("{file}: section {section}: {problem}")]
    Section { file: String, section: &'static str, problem: String },
    #[error("{file}: line information: {problem}")]
    Dwarf { file: String, problem: String },
}

/// Adds up cycles by source line, most first. Of inlined functions the line is meant that was inlined. `data` is the content
/// of `file`.
pub fn lines(file: &str, data: &[u8], cycles: &[(u32, i64)]) -> Result<Vec<LineRow>, LinesError> {
    let elf = ElfFile32::<Endianness>::parse(data).map_err(|_| LinesError::NotElf { file: file.into() })?;
    let section = |id: SectionId| match elf.section_by_name(id.name()) {
        None => Ok(Cow::Borrowed(&[][..])),
        Some(section) => section.uncompressed_data().map_err(|error| LinesError::Section {
            file: file.into(),
            section: id.name(),
            problem: error.to_string(),
        }),
    };
    let sections = addr2line::gimli::DwarfSections::load(section)?;
    let dwarf: Dwarf<EndianSlice<LittleEndian>> = sections.borrow(|section| EndianSlice::new(section, LittleEndian));
    let broken = |error: addr2line::gimli::Error| LinesError::Dwarf { file: file.into(), problem: error.to_string() };
    let context = Context::from_dwarf(dwarf).map_err(broken)?;
    let mut rows: BTreeMap<Option<Source>, i64> = BTreeMap::new();
    for &(address, cycles) in cycles {
        let location = context.find_location(address.into()).map_err(broken)?;
        let source = location.and_then(|location| Some(Source { file: location.file?.into(), line: location.line? }));
        *rows.entry(source).or_default() += cycles;
    }
    let mut rows: Vec<LineRow> = rows.into_iter().map(|(source, cycles)| LineRow { source, cycles }).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.cycles));
    Ok(rows)
}
