//! The linker's map: which object each stretch of an image comes from, and which objects need which.
//!
//! Reads what GNU ld prints with `-Map` and `--cref`.

use std::collections::BTreeMap;

/// Where the memory map begins, and the table of who refers to what.
const MEMORY_MAP: &str = "Linker script and memory map";
const REFERENCES: &str = "Cross Reference Table";
const RELAXED: &str = "(size before relaxing)";

/// An output section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Output {
    pub(super) name: String,
    pub(super) address: u32,
    pub(super) size: u32,
    /// Where it is loaded, which for initialised variables is not where it is used.
    pub(super) load: u32,
}

/// An input section that is part of the output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// Index of the output section.
    pub(super) output: usize,
    pub(super) section: String,
    pub(super) address: u32,
    /// Bytes in the object; of constants that the linker merges with others', fewer may remain.
    pub(super) bytes: u32,
    /// The object as the linker was told it, or `ARCHIVE(MEMBER)`.
    pub(super) origin: String,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Map {
    pub(super) outputs: Vec<Output>,
    /// Those that are not empty, in order of address within an output section.
    pub(super) pieces: Vec<Piece>,
    /// For each object the objects that define what it refers to.
    pub(super) needs: BTreeMap<String, Vec<String>>,
}

impl Map {
    /// The error says what is missing.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (_, rest) = text.split_once(MEMORY_MAP).ok_or_else(|| format!("it has no `{MEMORY_MAP}`"))?;
        let (memory, references) = rest.split_once(REFERENCES).ok_or_else(|| format!("it has no `{REFERENCES}`"))?;
        let mut map = Self { needs: needs(references), ..Self::default() };
        map.read(memory);
        if map.pieces.is_empty() { Err("no section is in its memory map".into()) } else { Ok(map) }
    }

    fn read(&mut self, memory: &str) {
        // A name that is too long for its column has a line of its own.
        let mut waiting: Option<&str> = None;
        for line in memory.lines() {
            if let Some(bytes) = line.trim().strip_suffix(RELAXED) {
                if let (Some(piece), Some(bytes)) = (self.pieces.last_mut(), number(bytes.trim())) {
                    piece.bytes = piece.bytes.max(bytes);
                }
                continue;
            }
            let (name, rest) = match waiting.take() {
                Some(name) if line.starts_with("   ") => (name, line.trim_start()),
                _ => {
                    let inner = line.strip_prefix(' ').unwrap_or(line);
                    if inner.starts_with([' ', '*']) || inner.is_empty() {
                        continue;
                    }
                    // The space before an input section stays with its name.
                    let end = line.len() - inner.len() + inner.find(' ').unwrap_or(inner.len());
                    (&line[..end], line[end..].trim())
                }
            };
            if rest.is_empty() {
                waiting = Some(name);
                continue;
            }
            self.placed(name, rest);
        }
    }

    /// `name` begins with a space where it is an input section's.
    fn placed(&mut self, name: &str, rest: &str) {
        let (address, rest) = word(rest);
        let (size, rest) = word(rest);
        let (Some(address), Some(size)) = (number(address), number(size)) else { return };
        match name.strip_prefix(' ') {
            Some(section) => {
                if let Some(output) = self.outputs.len().checked_sub(1).filter(|_| size > 0) {
                    let (section, origin) = (section.into(), rest.into());
                    self.pieces.push(Piece { output, section, address, bytes: size, origin });
                }
            }
            None => {
                let load = rest.strip_prefix("load address").and_then(|load| number(load.trim())).unwrap_or(address);
                self.outputs.push(Output { name: name.into(), address, size, load });
            }
        }
    }
}

/// The first word, and what comes after it.
fn word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    (word, rest.trim())
}

fn number(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

/// Of each symbol, the first file defines it and the others refer to it.
fn needs(references: &str) -> BTreeMap<String, Vec<String>> {
    let mut needs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut definer: Option<&str> = None;
    // A title line comes first.
    for line in references.lines().skip_while(|line| !line.starts_with("Symbol")).skip(1) {
        let file = match line.starts_with(' ') {
            true => line.trim(),
            false => {
                definer = None;
                line.split_once(' ').map_or("", |(_, file)| file.trim())
            }
        };
        match definer {
            _ if file.is_empty() => {}
            None => definer = Some(file),
            Some(definer) => needs.entry(file.into()).or_default().push(definer.into()),
        }
    }
    needs
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
Discarded input sections

 .text          0x00000000        0x4 objects/000.o

Linker script and memory map

LOAD objects/000.o
                0x00008000                        . = 0x8000

.vectors        0x08000000      0x198
 *(.vectors)
 .vectors       0x08000000      0x198 objects/001.o
                0x08000000                hil_vectors

.rodata         0x08000198       0x1c
 *(.rodata .rodata.*)
 .rodata.str1.4
                0x08000198        0xb objects/000.o
                                  0xd (size before relaxing)
 *fill*         0x080001a3        0x1 
 .rodata        0x080001a4       0x10 /some where/libm.a(e_exp.o)
                0x080001a4                table

.note.gnu.build-id
                0x080001b4       0x24
 .note.gnu.build-id
                0x080001b4       0x24 linker stubs

.data           0x20000000        0x4 load address 0x080001d8
 .data.x        0x20000000        0x4 objects/001.o
 .data          0x20000004        0x0 objects/000.o

Cross Reference Table

Symbol                                            File
exp                                               /some where/libm.a(e_exp.o)
                                                  objects/000.o
_ZN6tflite16MicroInterpreter15AllocateTensorsEvvvvvvvvvvvvvvvv
                                                  objects/002.o
                                                  objects/000.o
lonely                                            objects/001.o
";

    #[test]
    fn sections_are_read_with_their_objects() {
        let map = Map::parse(TEXT).expect("a map");
        let outputs: Vec<_> = map.outputs.iter().map(|o| (o.name.as_str(), o.address, o.size, o.load)).collect();
        let expected = [
            (".vectors", 0x0800_0000, 0x198, 0x0800_0000),
            (".rodata", 0x0800_0198, 0x1c, 0x0800_0198),
            (".note.gnu.build-id", 0x0800_01b4, 0x24, 0x0800_01b4),
            (".data", 0x2000_0000, 4, 0x0800_01d8),
        ];
        assert_eq!(outputs, expected);
        let pieces: Vec<_> =
            map.pieces.iter().map(|p| (p.output, p.section.as_str(), p.bytes, p.origin.as_str())).collect();
        let expected = [
            (0, ".vectors", 0x198, "objects/001.o"),
            (1, ".rodata.str1.4", 0xd, "objects/000.o"),
            (1, ".rodata", 0x10, "/some where/libm.a(e_exp.o)"),
            (2, ".note.gnu.build-id", 0x24, "linker stubs"),
            (3, ".data.x", 4, "objects/001.o"),
        ];
        assert_eq!(pieces, expected);
        assert_eq!(map.needs["objects/000.o"], ["/some where/libm.a(e_exp.o)", "objects/002.o"]);
        assert_eq!(map.needs.len(), 1);
    }

    #[test]
    fn other_maps_are_none() {
        assert!(Map::parse("").unwrap_err().contains("no `Linker script"));
        assert!(Map::parse("Linker script and memory map\n").unwrap_err().contains("no `Cross Reference"));
        let empty = "Linker script and memory map\nCross Reference Table\n";
        assert!(Map::parse(empty).unwrap_err().contains("no section"));
    }
}
