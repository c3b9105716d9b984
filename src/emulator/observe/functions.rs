//! Which function an address is in.

use crate::emulator::image::Symbol;

/// Addresses that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub start: u32,
    /// One past the last address; more than 32 bits at the end of the address space.
    pub end: u64,
    /// False between functions.
    pub named: bool,
}

impl Span {
    pub fn contains(&self, pc: u32) -> bool {
        self.start <= pc && u64::from(pc) < self.end
    }
}

/// The functions of an image.
#[derive(Debug, Clone, Default)]
pub struct Functions {
    /// Sorted, without overlaps.
    spans: Vec<(Span, String)>,
}

impl Functions {
    /// Of names for the same address, global ones cannot be told from local ones: the first in order of the alphabet that does
    /// not begin with an underscore is taken. A function without a size, as assembly has them, reaches to the next one.
    pub fn new(symbols: &[Symbol]) -> Self {
        let mut functions: Vec<&Symbol> = symbols.iter().filter(|symbol| symbol.function).collect();
        functions.sort_by_key(|symbol| (symbol.address, symbol.size == 0, symbol.name.starts_with('_'), &symbol.name));
        functions.dedup_by_key(|symbol| symbol.address);
        let next = functions.iter().skip(1).map(|symbol| u64::from(symbol.address)).chain([1 << 32]);
        let spans = functions.iter().zip(next).map(|(symbol, next)| {
            let end =
                if symbol.size == 0 { next } else { next.min(u64::from(symbol.address) + u64::from(symbol.size)) };
            (Span { start: symbol.address, end, named: true }, symbol.name.clone())
        });
        Self { spans: spans.collect() }
    }

    /// The function at an address, or the gap between functions.
    pub fn span(&self, pc: u32) -> Span {
        let after = self.spans.partition_point(|(span, _)| span.start <= pc);
        let before = after.checked_sub(1).and_then(|index| self.spans.get(index));
        match before {
            Some((span, _)) if span.contains(pc) => *span,
            _ => Span {
                start: before.map_or(0, |(span, _)| span.end as u32),
                end: self.spans.get(after).map_or(1 << 32, |(span, _)| span.start.into()),
                named: false,
            },
        }
    }

    /// The name of what is at an address; the address itself where no function is.
    pub fn name(&self, pc: u32) -> String {
        let at = self.spans.partition_point(|(span, _)| span.start <= pc);
        match at.checked_sub(1).and_then(|index| self.spans.get(index)) {
            Some((span, name)) if span.contains(pc) => name.clone(),
            _ => format!("{pc:#010x}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbol(name: &str, address: u32, size: u32) -> Symbol {
        Symbol { name: name.into(), address, size, function: true }
    }

    #[test]
    fn functions_end_at_their_size_or_at_the_next_one() {
        let functions = Functions::new(&[
            symbol("b", 0x20, 0),
            symbol("a", 0x10, 8),
            symbol("__c", 0x30, 0x100),
            symbol("c", 0x30, 4),
            symbol("d", 0x40, 4),
        ]);
        let names: Vec<String> =
            [0x0E, 0x10, 0x16, 0x18, 0x20, 0x2E, 0x30, 0x34, 0x44].map(|pc| functions.name(pc)).into();
        assert_eq!(names, ["0x0000000e", "a", "a", "0x00000018", "b", "b", "c", "0x00000034", "0x00000044"]);
        assert_eq!(functions.span(0x1A), Span { start: 0x18, end: 0x20, named: false });
        assert_eq!(functions.span(0x4000), Span { start: 0x44, end: 1 << 32, named: false });
    }
}
