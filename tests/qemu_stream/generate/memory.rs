//! Loads and stores in all addressing modes, always inside the window.

use super::{Generator, Item, name};
use crate::program::{SCRATCH, SCRATCH_WORDS};

const SINGLE: [(&str, bool); 8] = [
    ("ldr", true),
    ("ldrb", true),
    ("ldrh", true),
    ("ldrsb", true),
    ("ldrsh", true),
    ("str", false),
    ("strb", false),
    ("strh", false),
];

impl Generator {
    pub(super) fn load_or_store(&mut self) -> Item {
        match self.rng.below(14) {
            0..=2 => self.wide_offset(),
            3 | 4 => self.write_back(),
            5 | 6 => self.register_offset(),
            7 | 8 => self.narrow_load_or_store(),
            9 => self.dual(),
            10 | 11 => self.multiple(),
            12 => self.stack(),
            _ => match self.rng.below(4) {
                3 if self.twin.bit_bands => self.bit_band(),
                3 if self.twin.armv8 => self.ordered(),
                0 => self.exclusive(),
                1 => self.literal(),
                _ => self.unprivileged(),
            },
        }
    }

    /// An address in the window with room for `bytes` behind it.
    pub(super) fn address(&mut self, align: u32, bytes: u32) -> u32 {
        let room = SCRATCH_WORDS as u32 * 4 - bytes;
        SCRATCH + self.rng.below((room / align + 1) as usize) as u32 * align
    }

    /// Mostly aligned, sometimes not.
    fn any_address(&mut self, bytes: u32) -> u32 {
        let align = if self.once_in(3) { 1 } else { 4 };
        self.address(align, bytes)
    }

    /// A base register that holds `value`, and what loads it.
    pub(super) fn base(&mut self, value: u32) -> (u32, Vec<String>) {
        let base = self.target_number();
        (base, Self::load_constant(base, value))
    }

    /// A register to load into or to store from.
    fn data(&mut self, load: bool, base: u32, write_back: bool) -> String {
        loop {
            let register = if load { self.target_number() } else { self.source_number() };
            if !write_back || register != base {
                return name(register);
            }
        }
    }

    fn wide_offset(&mut self) -> Item {
        let (op, load) = self.rng.pick(&SINGLE);
        let offset = match self.rng.below(3) {
            0 => -self.rng.range(0, 255),
            1 => self.rng.range(0, 4095),
            _ => 4 * self.rng.range(0, 31),
        };
        let (base, setup) = {
            let address = self.any_address(4);
            self.base(address.wrapping_sub(offset as u32))
        };
        let data = self.data(load, base, false);
        let width = self.pick(&["", ".w"]);
        Item::after(setup, format!("{op}{{c}}{width} {data}, [{}, #{offset}]", name(base)))
    }

    fn write_back(&mut self) -> Item {
        let (op, load) = self.rng.pick(&SINGLE);
        let offset = self.rng.range(-255, 255);
        let address = self.any_address(4);
        if self.once_in(2) {
            let (base, setup) = self.base(address.wrapping_sub(offset as u32));
            let data = self.data(load, base, true);
            return Item::after(setup, format!("{op}{{c}} {data}, [{}, #{offset}]!", name(base)));
        }
        let (base, setup) = self.base(address);
        let data = self.data(load, base, true);
        Item::after(setup, format!("{op}{{c}} {data}, [{}], #{offset}", name(base)))
    }

    fn register_offset(&mut self) -> Item {
        let (op, load) = self.rng.pick(&SINGLE);
        let (shift, index_value) =
            (self.rng.below(4), self.rng.next() as u32 & 0xff | self.rng.pick(&[0, u32::MAX << 8]));
        let address = self.any_address(4);
        let narrow = self.once_in(2);
        let (shift, base, index) = if narrow {
            let base = self.low_target_number();
            let index = loop {
                let index = self.low_target_number();
                if index != base {
                    break index;
                }
            };
            (0, base, index)
        } else {
            let base = self.target_number();
            (shift, base, self.target_besides(&[base]))
        };
        let mut setup = Self::load_constant(base, address.wrapping_sub(index_value << shift));
        setup.extend(Self::load_constant(index, index_value));
        let data = if narrow && load { self.low_target() } else { self.data(load, base, false) };
        let shift = if shift == 0 { String::new() } else { format!(", lsl #{shift}") };
        Item::after(setup, format!("{op}{{c}} {data}, [{}, {}{shift}]", name(base), name(index)))
    }

    fn narrow_load_or_store(&mut self) -> Item {
        let (op, load, scale) = self.rng.pick(&[
            ("ldr", true, 4),
            ("ldrb", true, 1),
            ("ldrh", true, 2),
            ("str", false, 4),
            ("strb", false, 1),
            ("strh", false, 2),
        ]);
        let offset = scale * self.rng.below(32) as u32;
        let base = self.low_target_number();
        let address = self.any_address(4);
        let setup = Self::load_constant(base, address - offset);
        let data = if load { self.low_target() } else { self.low_source() };
        Item::after(setup, format!("{op}{{c}} {data}, [{}, #{offset}]", name(base)))
    }

    fn unprivileged(&mut self) -> Item {
        let op = self.pick(&["ldrt", "ldrbt", "ldrht", "ldrsbt", "ldrsht", "strt", "strbt", "strht"]);
        let (offset, address) = (self.rng.below(256) as u32, self.any_address(4));
        let (base, setup) = self.base(address - offset);
        let data = self.data(op.starts_with('l'), base, false);
        Item::after(setup, format!("{op}{{c}} {data}, [{}, #{offset}]", name(base)))
    }

    fn dual(&mut self) -> Item {
        let load = self.once_in(2);
        let op = if load { "ldrd" } else { "strd" };
        let (offset, address) = (4 * self.rng.range(-255, 255), self.address(4, 8));
        let mode = self.rng.below(3);
        let (base, setup) = self.base(if mode == 2 { address } else { address.wrapping_sub(offset as u32) });
        let first = self.target_besides(&[base]);
        let second = self.target_besides(&[base, first]);
        let (first, second, base) = (name(first), name(second), name(base));
        let operand = match mode {
            0 => format!("[{base}, #{offset}]"),
            1 => format!("[{base}, #{offset}]!"),
            _ => format!("[{base}], #{offset}"),
        };
        Item::after(setup, format!("{op}{{c}} {first}, {second}, {operand}"))
    }

    /// At least two registers out of `from` that may change, as a bit mask.
    fn list(&mut self, from: u32, besides: u32) -> u32 {
        loop {
            let list = self.rng.next() as u32 & self.rng.next() as u32 & from & !besides & !self.reserved;
            if list.count_ones() >= 2 {
                return list;
            }
        }
    }

    fn multiple(&mut self) -> Item {
        let load = self.once_in(2);
        let mode = if self.once_in(2) { "ia" } else { "db" };
        if mode == "ia" && self.once_in(2) && self.reserved & 0xff == 0 {
            // Narrow.
            let base = self.low_target_number();
            let list = self.list(0xff, 1 << base);
            let address = self.address(4, 4 * list.count_ones());
            let op = if load { "ldmia" } else { "stmia" };
            let setup = Self::load_constant(base, address);
            return Item::after(setup, format!("{op}{{c}} {}!, {}", name(base), braces(list)));
        }
        let base = self.target_number();
        let write_back = self.once_in(2);
        // A base in the list without writing back is loaded or stored like any other.
        let list = self.list(0x5fff, if write_back || !load { 1 << base } else { 0 });
        let bytes = 4 * list.count_ones();
        let address = self.address(4, bytes) + if mode == "db" { bytes } else { 0 };
        let op = if load { "ldm" } else { "stm" };
        let setup = Self::load_constant(base, address);
        let mark = if write_back { "!" } else { "" };
        Item::after(setup, format!("{op}{mode}{{c}}.w {}{mark}, {}", name(base), braces(list)))
    }

    /// Pairs that leave SP as it was.
    fn stack(&mut self) -> Item {
        match self.rng.below(4) {
            0 => {
                let pushed = self.list(0x5fff, 0);
                let popped = loop {
                    let list = self.list(0x5fff, 0);
                    if list.count_ones() == pushed.count_ones() {
                        break list;
                    }
                };
                Item::unconditional(format!("push {}\n    pop {}", braces(pushed), braces(popped)))
            }
            1 => {
                let bytes = 8 * (1 + self.rng.below(15));
                let (slot, n, d) = (4 * self.rng.below(bytes / 4), self.low_source(), self.low_target());
                Item::unconditional(format!(
                    "sub sp, #{bytes}\n    str {n}, [sp, #{slot}]\n    ldr {d}, [sp, #{slot}]\n    add sp, #{bytes}"
                ))
            }
            2 => {
                let (d, low, n) = (self.target(), self.low_target(), self.source());
                self.rng_choice(vec![
                    format!("add{{c}} {low}, sp, #{}", 4 * 37),
                    format!("add{{c}}.w {d}, sp, #{}", 1020),
                    format!("sub{{c}}.w {d}, sp, #{}", 2048),
                    format!("mov{{c}} {d}, sp"),
                    format!("addw{{c}} {d}, sp, #{}", 2047),
                    format!("add{{c}} {d}, sp, {n}, lsl #2"),
                ])
            }
            _ => {
                let (n, d) = (self.source(), self.target());
                Item::unconditional(format!("str {n}, [sp, #-8]!\n    ldr {d}, [sp], #8"))
            }
        }
    }

    fn rng_choice(&mut self, mut from: Vec<String>) -> Item {
        let index = self.rng.below(from.len());
        Item::new(from.swap_remove(index))
    }

    /// A load and store exclusive that succeed, or one that fails since the monitor is clear.
    fn exclusive(&mut self) -> Item {
        let (load, store, align) =
            self.rng.pick(&[("ldrex", "strex", 4), ("ldrexb", "strexb", 1), ("ldrexh", "strexh", 2)]);
        // Of Armv8-M each of both may order besides.
        let [load, store] = [(load, "ldaex"), (store, "stlex")].map(|(plain, ordered)| {
            if self.twin.armv8 && self.once_in(2) { format!("{ordered}{}", &plain[5..]) } else { plain.into() }
        });
        let address = self.address(align, 4);
        let (base, mut setup) = self.base(address);
        let loaded = self.target_besides(&[base]);
        let result = self.target_besides(&[base]);
        let stored = self.target_besides(&[base, result]);
        let (loaded, stored, result, base) = (name(loaded), name(stored), name(result), name(base));
        if self.once_in(3) {
            setup.push("clrex".into());
        } else {
            setup.push(format!("{load} {loaded}, [{base}]"));
        }
        let mut item = Item::after(setup, format!("{store} {result}, {stored}, [{base}]"));
        item.conditional = false;
        item
    }

    /// A load that acquires or a store that releases.
    fn ordered(&mut self) -> Item {
        let (op, load, align) = self.rng.pick(&[
            ("lda", true, 4),
            ("ldab", true, 1),
            ("ldah", true, 2),
            ("stl", false, 4),
            ("stlb", false, 1),
            ("stlh", false, 2),
        ]);
        let address = self.address(align, 4);
        let (base, setup) = self.base(address);
        let data = self.data(load, base, false);
        Item::after(setup, format!("{op}{{c}} {data}, [{}]", name(base)))
    }

    /// A bit of the window through its alias, which Cortex-M4 has.
    fn bit_band(&mut self) -> Item {
        let (op, load) = self.rng.pick(&SINGLE);
        let bit = 8 * (self.address(1, 1) - 0x2000_0000) + self.rng.below(8) as u32;
        let (base, setup) = self.base(0x2200_0000 + 4 * bit);
        let data = self.data(load, base, false);
        Item::after(setup, format!("{op}{{c}} {data}, [{}]", name(base)))
    }

    fn literal(&mut self) -> Item {
        let label = self.label();
        let (first, second) = (self.rng.word(), self.rng.word());
        self.data.push(format!("{label}: .word {first:#x}, {second:#x}"));
        let op = self.pick(&["ldr", "ldrb", "ldrh", "ldrsb", "ldrsh", "ldrd", "adr"]);
        match op {
            "ldr" if self.once_in(2) => {
                let d = self.low_target();
                Item::new(format!("ldr{{c}} {d}, {label}"))
            }
            "ldrd" => {
                let first = self.target_number();
                let second = self.target_besides(&[first]);
                Item::new(format!("ldrd{{c}} {}, {}, {label}", name(first), name(second)))
            }
            _ => {
                let d = self.target();
                Item::new(format!("{op}{{c}}.w {d}, {label}"))
            }
        }
    }
}

fn braces(list: u32) -> String {
    let names: Vec<_> = (0..15).filter(|register| list >> register & 1 != 0).map(name).collect();
    format!("{{{}}}", names.join(", "))
}
