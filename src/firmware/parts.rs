//! What an image's bytes are for, by the objects that they come from.
//!
//! The same split for every engine: every byte that is programmed and every byte of SRAM that is taken belongs to one part.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::image::{Segment, Symbol};
use super::layout::Span;
use super::map::{Map, Piece};
use crate::engine::Constants;

/// Bytes of flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FlashParts {
    /// Filters, biases and other constants of the network, those included that start-up copies to SRAM.
    pub weights: u64,
    /// Other constants of network and engine: requantisation, parameters and tables of steps, lookup tables.
    pub tables: u64,
    /// Code of network and engine, with what it alone takes from libraries.
    pub code: u64,
    /// Code and constants that run around a network, with what they take from libraries.
    pub runtime: u64,
    /// Initial values of variables.
    pub data: u64,
}

impl FlashParts {
    pub fn total(&self) -> u64 {
        self.weights + self.tables + self.code + self.runtime + self.data
    }
}

/// Bytes of SRAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SramParts {
    pub arena: u64,
    /// Variables of network and engine beside the arena.
    pub engine: u64,
    /// Reserved for the stack.
    pub stack: u64,
    /// Reserved for a heap; images have one only where a linker script makes room for it.
    pub heap: u64,
    /// Variables of what runs around a network.
    pub runtime: u64,
    /// Buffers that only measurement needs.
    pub harness: u64,
}

impl SramParts {
    pub fn total(&self) -> u64 {
        self.arena + self.engine + self.stack + self.heap + self.runtime + self.harness
    }
}

/// Bytes of an image, part by part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Parts {
    pub flash: FlashParts,
    pub sram: SramParts,
}

/// Whom an object belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// What is generated for one network.
    Network,
    /// Kernels and libraries of the engine.
    Engine,
    /// What runs around any network.
    Runtime,
}

/// Output sections that are programmed.
const PROGRAMMED: [&str; 8] =
    [".vectors", ".text", ".rodata", ".weights", ".apart", ".note.gnu.build-id", ".data", ".itcm"];
/// Output sections that take SRAM; the map has others, that take nothing on a board, at address 0.
const VARIABLES: [&str; 8] = [".stack", ".dtcm", ".data", ".itcm", ".harness", ".arena", ".bss", ".heap"];
/// Filters that start-up copies with the initial values of variables.
const COPIED: &str = ".data.hil_weights";
/// Names of steps, which only a host reads.
const STEP_NAMES: &str = ".rodata.hil_network_step_names";

/// What an image was linked from.
pub(super) struct Linked<'a> {
    pub(super) map: &'a Map,
    /// The objects that were compiled, as the linker was told them.
    pub(super) objects: BTreeMap<&'a str, Owner>,
    /// Libraries of the engine, as the linker was told them.
    pub(super) libraries: Vec<String>,
    pub(super) symbols: &'a [Symbol],
    pub(super) segments: &'a [Segment],
    pub(super) constants: &'a Constants,
    /// Memories that hold variables.
    pub(super) ram: Vec<Span>,
}

impl Linked<'_> {
    /// The error says what does not add up.
    pub(super) fn parts(&self) -> Result<Parts, String> {
        let runtime = self.of_runtime();
        Ok(Parts { flash: self.flash(&runtime)?, sram: self.sram(&runtime)? })
    }

    /// Members of common libraries that the runtime needs itself: an image would have them whatever its engine.
    fn of_runtime(&self) -> BTreeSet<&str> {
        let own = self.objects.iter().filter(|(_, owner)| **owner == Owner::Runtime).map(|(object, _)| *object);
        let (mut found, mut open): (BTreeSet<&str>, Vec<&str>) = (BTreeSet::new(), own.collect());
        while let Some(object) = open.pop() {
            for needed in self.map.needs.get(object).into_iter().flatten() {
                if self.known(needed).is_none() && found.insert(needed) {
                    open.push(needed);
                }
            }
        }
        found
    }

    /// None of members of common libraries.
    fn known(&self, origin: &str) -> Option<Owner> {
        if let Some(owner) = self.objects.get(origin) {
            return Some(*owner);
        }
        match origin.split_once('(') {
            Some((archive, _)) => self.libraries.iter().any(|path| path == archive).then_some(Owner::Engine),
            // What the linker adds by itself: the build id.
            None => Some(Owner::Runtime),
        }
    }

    fn owner(&self, piece: &Piece, runtime: &BTreeSet<&str>) -> Owner {
        let of_library = || if runtime.contains(piece.origin.as_str()) { Owner::Runtime } else { Owner::Engine };
        self.known(&piece.origin).unwrap_or_else(of_library)
    }

    fn output(&self, piece: &Piece) -> &str {
        &self.map.outputs[piece.output].name
    }

    fn flash(&self, runtime: &BTreeSet<&str>) -> Result<FlashParts, String> {
        let mut programmed: Vec<(u32, &Piece)> = Vec::new();
        for piece in &self.map.pieces {
            let output = &self.map.outputs[piece.output];
            if PROGRAMMED.contains(&output.name.as_str()) {
                programmed.push((piece.address.wrapping_sub(output.address).wrapping_add(output.load), piece));
            }
        }
        // Of pieces at one address, only the last has bytes: the others were merged with something before.
        programmed.sort_by_key(|(address, _)| *address);
        let mut flash = FlashParts::default();
        for segment in self.segments {
            let end = u64::from(segment.address) + segment.bytes.len() as u64;
            let inside = |(address, _): &&(u32, &Piece)| *address >= segment.address && u64::from(*address) < end;
            let here: Vec<_> = programmed.iter().filter(inside).collect();
            if here.is_empty() {
                return Err(format!("no section is at {:#010x}, where something is programmed", segment.address));
            }
            let starts: Vec<u64> = here.iter().skip(1).map(|(address, _)| u64::from(*address)).chain([end]).collect();
            // What pads a section counts with it.
            let mut from = u64::from(segment.address);
            let mut sized = Vec::new();
            for ((_, piece), next) in here.into_iter().zip(starts) {
                sized.push((*piece, next - from));
                from = next;
            }
            for (piece, bytes) in self.unmerged(sized) {
                self.add_flash(&mut flash, piece, bytes, runtime);
            }
        }
        Ok(flash)
    }

    /// Gives each object its share of what the linker merged: all of that stands with the first.
    fn unmerged<'p>(&self, mut sized: Vec<(&'p Piece, u64)>) -> Vec<(&'p Piece, u64)> {
        let mut groups: BTreeMap<(usize, &str), Vec<usize>> = BTreeMap::new();
        for (at, (piece, _)) in sized.iter().enumerate() {
            if let Some(kind) = mergeable(&piece.section) {
                groups.entry((piece.output, kind)).or_default().push(at);
            }
        }
        for members in groups.into_values() {
            let total: u64 = members.iter().map(|at| sized[*at].1).sum();
            let all: u64 = members.iter().map(|at| u64::from(sized[*at].0.bytes)).sum();
            let (mut seen, mut given) = (0, 0);
            for at in members {
                seen += u64::from(sized[at].0.bytes);
                let until = total * seen / all.max(1);
                sized[at].1 = until - given;
                given = until;
            }
        }
        sized
    }

    fn add_flash(&self, flash: &mut FlashParts, piece: &Piece, bytes: u64, runtime: &BTreeSet<&str>) {
        let owner = self.owner(piece, runtime);
        let for_host = owner == Owner::Network && (piece.section == STEP_NAMES || mergeable(&piece.section).is_some());
        let part = match (self.output(piece), owner) {
            (".weights", _) => {
                let weights = self.weights_in(piece, bytes);
                flash.tables += bytes - weights;
                flash.weights += weights;
                return;
            }
            (".data", _) if piece.section.starts_with(COPIED) => &mut flash.weights,
            (".data", _) => &mut flash.data,
            (_, Owner::Runtime) => &mut flash.runtime,
            (".rodata", _) if for_host => &mut flash.runtime,
            (".rodata", _) => &mut flash.tables,
            _ => &mut flash.code,
        };
        *part += bytes;
    }

    /// How many of the `bytes` of a section of constants are weights.
    fn weights_in(&self, piece: &Piece, bytes: u64) -> u64 {
        let tables = match self.constants {
            Constants::File { weights_bytes } => return (*weights_bytes as u64).min(bytes),
            Constants::Arrays(tables) => *tables,
        };
        let end = u64::from(piece.address) + bytes;
        let inside = |symbol: &&Symbol| symbol.address >= piece.address && u64::from(symbol.address) < end;
        let of_table = |symbol: &Symbol| {
            let table = tables.iter().find(|table| symbol.name.starts_with(table.prefix))?;
            let size = u64::from(symbol.size);
            Some(size - size / table.entry_bytes as u64 * table.weight_bytes as u64)
        };
        let tables: u64 = self.symbols.iter().filter(inside).filter_map(of_table).sum();
        bytes.saturating_sub(tables)
    }

    fn sram(&self, runtime: &BTreeSet<&str>) -> Result<SramParts, String> {
        let mut sram = SramParts::default();
        for memory in &self.ram {
            let mut outputs: Vec<usize> = (0..self.map.outputs.len()).collect();
            outputs.retain(|at| {
                let output = &self.map.outputs[*at];
                output.size > 0
                    && VARIABLES.contains(&output.name.as_str())
                    && memory.holds(Span { origin: output.address, size: output.size })
            });
            outputs.sort_by_key(|at| self.map.outputs[*at].address);
            // What aligns a section counts with it, but with the buffers for measurement where they stand before it: without
            // them it would be another number.
            let (mut from, mut measuring) = (u64::from(memory.origin), false);
            for at in outputs {
                let output = &self.map.outputs[at];
                if measuring {
                    sram.harness += u64::from(output.address).saturating_sub(from);
                    from = from.max(output.address.into());
                }
                measuring = output.name == ".harness";
                let end = u64::from(output.address) + u64::from(output.size);
                let bytes = end.checked_sub(from).ok_or_else(|| format!("section {} overlaps another", output.name))?;
                match output.name.as_str() {
                    ".arena" => sram.arena += bytes,
                    ".harness" => sram.harness += bytes,
                    ".stack" => sram.stack += bytes,
                    ".heap" => sram.heap += bytes,
                    _ => self.variables(&mut sram, at, (from, end), runtime),
                }
                from = end;
            }
        }
        Ok(sram)
    }

    fn variables(&self, sram: &mut SramParts, output: usize, (mut from, end): (u64, u64), runtime: &BTreeSet<&str>) {
        let mut pieces: Vec<&Piece> = self.map.pieces.iter().filter(|piece| piece.output == output).collect();
        pieces.sort_by_key(|piece| piece.address);
        for (at, piece) in pieces.iter().enumerate() {
            let next = pieces.get(at + 1).map_or(end, |next| u64::from(next.address));
            let part = match self.owner(piece, runtime) {
                Owner::Runtime => &mut sram.runtime,
                Owner::Network | Owner::Engine => &mut sram.engine,
            };
            *part += next.saturating_sub(from);
            from = next;
        }
        if pieces.is_empty() {
            sram.runtime += end - from;
        }
    }
}

/// The kind of constants that the linker merges with equal ones, in the compiler's names: strings, and numbers of a size.
fn mergeable(section: &str) -> Option<&str> {
    let at = section.rfind(".str").or_else(|| section.rfind(".cst"))?;
    let kind = &section[at..];
    let is_kind = section.starts_with(".rodata") && kind[4..].bytes().all(|b| b.is_ascii_digit() || b == b'.');
    (is_kind && kind.len() > 4).then_some(kind)
}
