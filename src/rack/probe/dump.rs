//! What a core was doing when it did not go on: registers, fault status, stack, and who called whom.

use std::fmt;

use crate::emulator::{Image, Symbol};

/// Callers that are named.
const DEEPEST: usize = 16;

/// What was read of a halted core.
#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    pub locked_up: bool,
    /// R0 to R15 and xPSR.
    pub registers: [u32; 17],
    pub cfsr: u32,
    pub hfsr: u32,
    pub mmfar: u32,
    pub bfar: u32,
    /// Words from the stack pointer up.
    pub stack: Vec<u32>,
}

/// A place in the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub address: u32,
    /// Function and bytes from its start; none where the image has no name for it.
    pub place: Option<(String, u32)>,
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some((name, 0)) => write!(f, "{name}"),
            Some((name, inside)) => write!(f, "{name}+{inside:#x}"),
            None => write!(f, "{:#010x}", self.address),
        }
    }
}

/// A core that was halted to be looked at.
#[derive(Debug, Clone)]
pub struct CoreDump {
    pub locked_up: bool,
    /// R0 to R15 and xPSR.
    pub registers: [u32; 17],
    /// What the fault status registers say, in words; empty where they say nothing.
    pub faults: Vec<String>,
    /// From where it stands to who called it. Beyond the second these are return addresses that lie on the stack: all that
    /// called is there, and some that returned may be.
    pub frames: Vec<Frame>,
    /// CFSR, HFSR, MMFAR and BFAR.
    pub status: [u32; 4],
    /// Words from the stack pointer up.
    pub stack: Vec<u32>,
}

impl CoreDump {
    pub(super) fn new(snapshot: Snapshot, elf: &[u8]) -> Self {
        let code = Code::of(elf);
        let Snapshot { locked_up, registers, stack, .. } = &snapshot;
        let mut frames = vec![code.frame(registers[15])];
        let link = registers[14];
        let mut add = |address: u32| {
            if frames.len() < DEEPEST
                && code.returns_to(address)
                && frames.last().is_none_or(|f| f.address != address & !1)
            {
                frames.push(code.frame(address & !1));
            }
        };
        add(link);
        // A handler's frame begins with what was interrupted: its PC and LR are the seventh and the sixth word.
        if link >= 0xFFFF_FF80
            && let (Some(pc), Some(lr)) = (stack.get(6), stack.get(5))
        {
            let (pc, lr) = (*pc, *lr);
            if code.name(pc).is_some() {
                add(pc | 1);
                frames.push(code.frame(pc));
                frames.push(code.frame(lr & !1));
            }
        } else {
            stack.iter().for_each(|word| add(*word));
        }
        Self {
            locked_up: *locked_up,
            registers: *registers,
            faults: faults(&snapshot),
            frames,
            status: [snapshot.cfsr, snapshot.hfsr, snapshot.mmfar, snapshot.bfar],
            stack: stack.clone(),
        }
    }

    /// In one line: where it stands, what fault it took, who called.
    pub fn summary(&self) -> String {
        let frames: Vec<String> = self.frames.iter().map(Frame::to_string).collect();
        let state = if self.locked_up { "locked up" } else { "running" };
        let faults = if self.faults.is_empty() { String::new() } else { format!("; {}", self.faults.join(", ")) };
        format!("the core was {state} at {}{faults}", frames.join(" < "))
    }
}

impl fmt::Display for CoreDump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.summary())?;
        for (index, pair) in self.registers[..16].chunks(4).enumerate() {
            let names =
                ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "sp", "lr", "pc"];
            let shown: Vec<String> = pair
                .iter()
                .enumerate()
                .map(|(at, value)| format!("{:>3} {value:#010x}", names[4 * index + at]))
                .collect();
            writeln!(f, "{}", shown.join("  "))?;
        }
        writeln!(f, "xpsr {:#010x}", self.registers[16])?;
        let [cfsr, hfsr, mmfar, bfar] = self.status;
        writeln!(f, "cfsr {cfsr:#010x}  hfsr {hfsr:#010x}  mmfar {mmfar:#010x}  bfar {bfar:#010x}")?;
        for (index, words) in self.stack.chunks(4).enumerate() {
            let shown: Vec<String> = words.iter().map(|word| format!("{word:08x}")).collect();
            writeln!(f, "sp+{:#05x}  {}", 16 * index, shown.join(" "))?;
        }
        Ok(())
    }
}

/// CFSR and HFSR in words (Armv7-M ARM, B3.2.15 and B3.2.16).
fn faults(snapshot: &Snapshot) -> Vec<String> {
    const BITS: &[(u32, &str)] = &[
        (0, "fetch from where execution is not allowed"),
        (1, "protected data access"),
        (3, "protected unstacking"),
        (4, "protected stacking"),
        (5, "protected lazy stacking"),
        (8, "bus error of a fetch"),
        (9, "precise bus error"),
        (10, "imprecise bus error"),
        (11, "bus error of unstacking"),
        (12, "bus error of stacking"),
        (13, "bus error of lazy stacking"),
        (16, "undefined instruction"),
        (17, "branch to an even address"),
        (18, "invalid exception return"),
        (19, "coprocessor without access"),
        (24, "unaligned access"),
        (25, "division by zero"),
    ];
    let Snapshot { cfsr, hfsr, mmfar, bfar, .. } = snapshot;
    let mut said: Vec<String> =
        BITS.iter().filter(|(bit, _)| cfsr >> bit & 1 == 1).map(|(_, text)| (*text).to_string()).collect();
    for (valid, address) in [(7, mmfar), (15, bfar)] {
        if cfsr >> valid & 1 == 1 {
            said.push(format!("at {address:#010x}"));
        }
    }
    for (bit, text) in [(1, "unreadable vector"), (30, "escalated to HardFault"), (31, "breakpoint without a debugger")]
    {
        if hfsr >> bit & 1 == 1 {
            said.push(text.into());
        }
    }
    said
}

/// The image as far as it names and holds code.
struct Code {
    symbols: Vec<Symbol>,
    segments: Vec<crate::emulator::Segment>,
}

impl Code {
    fn of(elf: &[u8]) -> Self {
        let image = Image::elf("image", elf).unwrap_or_default();
        let mut symbols = image.symbols;
        symbols.sort_by_key(|symbol| symbol.address);
        Self { symbols, segments: image.segments }
    }

    fn frame(&self, address: u32) -> Frame {
        Frame { address, place: self.name(address) }
    }

    fn name(&self, address: u32) -> Option<(String, u32)> {
        self.half(address)?;
        let after = self.symbols.partition_point(|symbol| symbol.address <= address);
        let symbol = self.symbols.get(after.checked_sub(1)?)?;
        Some((symbol.name.clone(), address - symbol.address))
    }

    fn half(&self, address: u32) -> Option<u16> {
        self.segments.iter().find_map(|segment| {
            let inside = address.checked_sub(segment.address)? as usize;
            let bytes = segment.bytes.get(inside..inside.checked_add(2)?)?;
            Some(u16::from_le_bytes([bytes[0], bytes[1]]))
        })
    }

    /// Whether a word can be a return address: odd, in code, and right after a call (BL or BLX).
    fn returns_to(&self, word: u32) -> bool {
        if word & 1 == 0 {
            return false;
        }
        let at = word & !1;
        let half = |back: u32| at.checked_sub(back).and_then(|address| self.half(address));
        let long = half(4).is_some_and(|h| h & 0xF800 == 0xF000) && half(2).is_some_and(|h| h & 0xD000 == 0xD000);
        let short = half(2).is_some_and(|h| h & 0xFF87 == 0x4780);
        long || short
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_returns_only_after_a_call() {
        // nop; bl; nop; blx r3; nop
        let halves: [u16; 6] = [0xBF00, 0xF000, 0xF800, 0xBF00, 0x4798, 0xBF00];
        let bytes = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
        let segments = vec![crate::emulator::Segment { address: 0x0800_0000, bytes }];
        let symbols = vec![Symbol { address: 0x0800_0000, name: "main".into(), size: 12, function: true }];
        let code = Code { symbols, segments };
        let returns: Vec<u32> = (0x0800_0000..0x0800_0010).filter(|word| code.returns_to(*word)).collect();
        assert_eq!(returns, [0x0800_0007, 0x0800_000B]);
        assert_eq!(code.frame(0x0800_0006).to_string(), "main+0x6");
        assert_eq!(code.frame(0x2000_0000).to_string(), "0x20000000");
    }

    #[test]
    fn status_registers_are_put_in_words() {
        let snapshot = Snapshot {
            locked_up: true,
            registers: [0; 17],
            cfsr: 0x8200,
            hfsr: 1 << 30,
            mmfar: 0,
            bfar: 0x6000_0000,
            stack: Vec::new(),
        };
        let dump = CoreDump::new(snapshot, &[]);
        assert_eq!(
            dump.summary(),
            "the core was locked up at 0x00000000; precise bus error, at 0x60000000, escalated to HardFault"
        );
    }
}
