//! ELF files: loadable segments by physical address, and symbols.

use object::elf::{EM_ARM, FileHeader32, PT_LOAD};
use object::read::elf::{FileHeader, ProgramHeader, Sym};
use object::{Endianness, elf};

use super::{Image, ImageError, LIMIT, Segment, Symbol};

pub fn read(file: &str, data: &[u8]) -> Result<Image, ImageError> {
    let fail = |offset: u64, problem: String| ImageError::Elf { file: file.into(), offset, problem };
    let header = FileHeader32::<Endianness>::parse(data).map_err(|e| fail(0, e.to_string()))?;
    let endian = header.endian().map_err(|e| fail(0, e.to_string()))?;
    if endian != Endianness::Little {
        return Err(fail(5, "the file is big-endian; the cores are little-endian".into()));
    }
    if header.e_machine(endian) != EM_ARM {
        return Err(fail(18, format!("the file is for machine {}, not for Arm (40)", header.e_machine(endian))));
    }
    let table = u64::from(header.e_phoff(endian));
    let headers = header.program_headers(endian, data).map_err(|e| fail(table, e.to_string()))?;
    let mut image = Image::default();
    let mut total = 0usize;
    for (index, segment) in headers.iter().enumerate() {
        if segment.p_type(endian) != PT_LOAD || segment.p_filesz(endian) == 0 {
            continue;
        }
        let at = table + index as u64 * u64::from(header.e_phentsize(endian));
        let bytes = segment.data(endian, data).map_err(|()| fail(at, "a segment reaches beyond the file".into()))?;
        // Segments may share bytes of the file, so that a small file can ask for a lot of memory.
        total = total.saturating_add(bytes.len());
        if total > LIMIT {
            return Err(fail(at, format!("segments of more than {LIMIT} bytes")));
        }
        image.segments.push(Segment { address: segment.p_paddr(endian), bytes: bytes.to_vec() });
    }
    let sections_at = u64::from(header.e_shoff(endian));
    let sections = header.sections(endian, data).map_err(|e| fail(sections_at, e.to_string()))?;
    let symbols = sections.symbols(endian, data, elf::SHT_SYMTAB).map_err(|e| fail(sections_at, e.to_string()))?;
    for symbol in symbols.iter() {
        let function = symbol.st_type() == elf::STT_FUNC;
        let named = function || symbol.st_type() == elf::STT_OBJECT || symbol.st_type() == elf::STT_NOTYPE;
        if !named || symbol.is_undefined(endian) {
            continue;
        }
        let Ok(name) = symbol.name(endian, symbols.strings()) else { continue };
        // `$t`, `$d` and the like mark kinds of bytes, not places that a reader knows.
        if name.is_empty() || name[0] == b'$' {
            continue;
        }
        let value = symbol.st_value(endian);
        image.symbols.push(Symbol {
            name: String::from_utf8_lossy(name).into_owned(),
            address: if function { value & !1 } else { value },
            size: symbol.st_size(endian),
            function,
        });
    }
    Ok(image)
}
