//! What was linked, read back from the ELF file.

use object::read::elf::{ElfFile32, FileHeader, ProgramHeader};
use object::{Endianness, Object, ObjectSection, ObjectSymbol, elf};

use super::cache::hex;
use super::error::BuildError;
use super::image::{Segment, Sizes, Symbol, SymbolKind};

/// What an ELF file says of itself.
pub(super) struct Facts {
    pub(super) build_id: String,
    pub(super) sizes: Sizes,
    pub(super) symbols: Vec<Symbol>,
    pub(super) segments: Vec<Segment>,
}

/// An image that was linked earlier: its build id, and what is flashed.
pub fn linked(bytes: &[u8]) -> Result<(String, Vec<Segment>), BuildError> {
    read(bytes).map(|facts| (facts.build_id, facts.segments))
}

pub(super) fn read(bytes: &[u8]) -> Result<Facts, BuildError> {
    let fail = |what: &str| BuildError::Internal(format!("the linked file {what}"));
    let file = ElfFile32::<Endianness>::parse(bytes).map_err(|e| fail(&format!("is no ELF file: {e}")))?;
    let build_id = file.build_id().ok().flatten().ok_or_else(|| fail("has no build id"))?;
    Ok(Facts {
        build_id: hex(build_id),
        sizes: sizes(&file),
        symbols: symbols(&file),
        segments: segments(&file, bytes).ok_or_else(|| fail("has damaged segments"))?,
    })
}

fn sizes(file: &ElfFile32<Endianness>) -> Sizes {
    let of = |names: &[&str]| names.iter().filter_map(|name| file.section_by_name(name)).map(|s| s.size()).sum();
    Sizes {
        text: of(&[".vectors", ".text", ".itcm", ".apart"]),
        rodata: of(&[".rodata"]),
        build_id: of(&[".note.gnu.build-id"]),
        weights: of(&[".weights"]),
        data: of(&[".data"]),
        bss: of(&[".bss", ".dtcm"]),
        arena: of(&[".arena"]),
        harness: of(&[".harness"]),
        stack: of(&[".stack"]),
    }
}

fn symbols(file: &ElfFile32<Endianness>) -> Vec<Symbol> {
    let mut symbols: Vec<Symbol> = file
        .symbols()
        .filter_map(|symbol| {
            let kind = match symbol.kind() {
                object::SymbolKind::Text => SymbolKind::Function,
                object::SymbolKind::Data => SymbolKind::Object,
                _ => return None,
            };
            let address = u32::try_from(symbol.address()).ok()?;
            let address = if kind == SymbolKind::Function { address & !1 } else { address };
            let name = symbol.name().ok().filter(|name| !name.is_empty())?;
            let size = u32::try_from(symbol.size()).ok()?;
            symbol.is_definition().then(|| Symbol { name: name.into(), kind, address, size })
        })
        .collect();
    symbols.sort_by(|a, b| (a.address, &a.name).cmp(&(b.address, &b.name)));
    symbols
}

fn segments(file: &ElfFile32<Endianness>, bytes: &[u8]) -> Option<Vec<Segment>> {
    let (header, endian) = (file.elf_header(), file.endian());
    let mut segments = Vec::new();
    for program in header.program_headers(endian, bytes).ok()? {
        if program.p_type(endian) == elf::PT_LOAD && program.p_filesz(endian) > 0 {
            let data = program.data(endian, bytes).ok()?;
            segments.push(Segment { address: program.p_paddr(endian), bytes: data.to_vec() });
        }
    }
    segments.sort_by_key(|segment| segment.address);
    Some(segments)
}
