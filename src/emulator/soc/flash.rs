//! Flash interface: access control read back, and programming and erasing that change the memory.
//!
//! Times are the datasheets' typical ones; the core is not stalled while the controller is busy.

pub mod f4;
pub mod f7;
pub mod h7;
pub mod l4plus;
pub mod u5;

use super::clocks::{Node, Rate};
use super::device::{Bus, Device, Refusal};
use super::registers::{Register, Registers};
use super::wires::Irq;
use crate::emulator::interface::{FlashSetup, Width};

/// What differs between families. Offsets are of registers.
pub struct Family {
    pub table: &'static [Register],
    /// Bits of ACR that hold the wait states.
    pub latency: u32,
    /// Whether ACR switches the caches, too.
    pub accelerates: bool,
    pub key: u32,
    pub option_key: u32,
    pub status: u32,
    pub control: u32,
    /// Register and bit that lock the option bytes.
    pub option_lock: (u32, u32),
    /// Register and bits that program or load option bytes.
    pub option_start: (u32, u32),
    /// Status bits of the errors.
    pub errors: u32,
    /// Starts what the control register asks for.
    pub start: fn(&Registers, &Geometry) -> Result<Vec<Erase>, u32>,
    /// Checks a store, and says which bytes to program now.
    pub program: fn(&mut Pending, &Registers, Store) -> Result<Option<Program>, u32>,
}

/// The memory that the controller serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Geometry {
    pub origin: u32,
    pub size: u32,
    pub aliases: Vec<u32>,
}

impl Geometry {
    /// Offset of an address from the start of flash.
    pub fn offset(&self, address: u32) -> Option<u32> {
        let origins = std::iter::once(self.origin).chain(self.aliases.iter().copied());
        origins.map(|origin| address.wrapping_sub(origin)).find(|offset| *offset < self.size)
    }
}

/// Bytes to erase, from an offset, and how long it takes.
#[derive(Debug, Clone, Copy)]
pub struct Erase {
    pub offset: u32,
    pub size: u32,
    pub micros: u64,
}

/// A store of the core.
#[derive(Debug, Clone, Copy)]
pub struct Store {
    pub offset: u32,
    pub width: Width,
    pub value: u32,
}

/// The words of a row that were stored so far, and where it begins.
pub type Pending = Option<(u32, Vec<u8>)>;

/// What a finished store programs.
#[derive(Debug, Clone)]
pub struct Program {
    pub offset: u32,
    pub bytes: Vec<u8>,
    /// Whether only erased bytes may be programmed.
    pub only_erased: Option<u32>,
    pub micros: u64,
}

const KEYS: [u32; 2] = [0x4567_0123, 0xcdef_89ab];
const OPTION_KEYS: [u32; 2] = [0x0819_2a3b, 0x4c5d_6e7f];

/// Bits of ACR, alike in all families that have them (RM0432 3.7.1; ARTEN of RM0385 3.7.1 stands where ICEN does).
const PRFTEN: u32 = 1 << 8;
const ICEN: u32 = 1 << 9;
const DCEN: u32 = 1 << 10;

const EOP: u32 = 1 << 0;
const BSY: u32 = 1 << 16;
const STRT: u32 = 1 << 16;
const LOCK: u32 = 1 << 31;
const EOPIE: u32 = 1 << 24;
const ERRIE: u32 = 1 << 25;

/// The status bit of what is not to be written, alike in all families of this controller.
const WRPERR: u32 = 1 << 4;

/// Collects the words of a row of `bytes`, which are stored in order; `errors` are what a store out of order and one of
/// another width set.
pub(super) fn gather(
    pending: &mut Pending,
    store: Store,
    bytes: u32,
    errors: (u32, u32),
) -> Result<Option<(u32, Vec<u8>)>, u32> {
    let (out_of_order, width) = errors;
    if store.width != Width::Word {
        return Err(width);
    }
    let inside = store.offset & (bytes - 1);
    let (start, mut row) = match pending.take() {
        None if inside == 0 => (store.offset, Vec::new()),
        Some((start, row)) if start + row.len() as u32 == store.offset => (start, row),
        _ => return Err(out_of_order),
    };
    row.extend(store.value.to_le_bytes());
    if (row.len() as u32) < bytes {
        *pending = Some((start, row));
        return Ok(None);
    }
    Ok(Some((start, row)))
}

/// Whether two ranges of offset and size share a byte.
pub(super) fn overlap(a: (u32, u32), b: (u32, u32)) -> bool {
    a.1 > 0 && b.1 > 0 && a.0 < b.0 + b.1 && b.0 < a.0 + a.1
}

pub struct Flash {
    family: &'static Family,
    geometry: Geometry,
    registers: Registers,
    irq: Irq,
    pending: Pending,
    /// Which keys have been given: of the control register, of the option bytes.
    unlocking: [usize; 2],
    busy_until: u64,
    /// Offset and bytes that can be neither erased nor programmed.
    bad: (u32, u32),
}

impl Flash {
    pub fn new(family: &'static Family, geometry: Geometry, irq: Irq) -> Self {
        let registers = Registers::new(family.table);
        Self { family, geometry, registers, irq, pending: None, unlocking: [0; 2], busy_until: u64::MAX, bad: (0, 0) }
    }

    fn busy(&self) -> bool {
        self.registers.get(self.family.status) & BSY != 0
    }

    fn publish(&self, bus: &mut Bus) {
        let states = self.registers.get(0) & self.family.latency;
        bus.wires.limits_changed |= states != bus.wires.wait_states;
        bus.wires.wait_states = states;
        let acr = self.registers.get(0);
        bus.wires.flash_setup = Some(FlashSetup {
            wait_states: states,
            prefetch: acr & PRFTEN != 0,
            instruction_cache: if self.family.accelerates { acr & ICEN != 0 } else { bus.wires.cached },
            data_cache: if self.family.accelerates { acr & DCEN != 0 } else { bus.wires.cached },
            direct_mapped: bus.wires.direct_mapped,
        });
        let (status, control) = (self.registers.get(self.family.status), self.registers.get(self.family.control));
        let done = control & EOPIE != 0 && status & EOP != 0;
        let failed = control & ERRIE != 0 && status & self.family.errors != 0;
        bus.wires.drive(self.irq, done || failed);
    }

    fn fail(&mut self, error: u32) {
        self.registers.put(self.family.status, error, true);
        self.pending = None;
    }

    fn work(&mut self, micros: u64, bus: &mut Bus) {
        let micros = bus.wires.flash_micros(micros);
        let rate = Rate { hz: 1_000_000, core_hz: bus.wires.clocks.hz(Node::Core) };
        self.busy_until = bus.now + rate.cycles(micros, 1).unwrap_or(0);
        self.registers.put(self.family.status, BSY, true);
    }

    fn key(&mut self, which: usize, value: u32) {
        let (keys, register, bit) = match which {
            0 => (KEYS, self.family.control, LOCK),
            _ => (OPTION_KEYS, self.family.option_lock.0, self.family.option_lock.1),
        };
        // A wrong key locks until the next reset (RM0432 3.3.5).
        let given = self.unlocking[which];
        self.unlocking[which] = if given < 2 && keys[given] == value { given + 1 } else { 3 };
        if self.unlocking[which] == 2 {
            self.registers.put(register, bit, false);
            self.unlocking[which] = 0;
        }
    }

    fn erase(&mut self, bus: &mut Bus) -> Result<(), Refusal> {
        match (self.family.start)(&self.registers, &self.geometry) {
            Ok(erases) if erases.iter().any(|erase| overlap(self.bad, (erase.offset, erase.size))) => self.fail(WRPERR),
            Ok(erases) => {
                let mut micros = 0;
                for erase in erases {
                    let blank = vec![0xff; erase.size as usize];
                    if !bus.memory.store(self.geometry.origin + erase.offset, &blank) {
                        return Err(Refusal::register("CR", "erases flash that the board does not have"));
                    }
                    micros += erase.micros;
                }
                self.work(micros, bus);
            }
            Err(error) => self.fail(error),
        }
        Ok(())
    }
}

impl Device for Flash {
    fn read(&mut self, offset: u32, width: Width, bus: &mut Bus) -> Result<u32, Refusal> {
        self.tick(bus);
        self.registers.read(offset, width)
    }

    fn write(&mut self, offset: u32, width: Width, value: u32, bus: &mut Bus) -> Result<(), Refusal> {
        self.tick(bus);
        let family = self.family;
        let register = offset & !3;
        if register == family.key || register == family.option_key {
            self.registers.read(offset, width)?;
            self.key(usize::from(register == family.option_key), value);
            return Ok(());
        }
        let locked = |register, bit| self.registers.get(register) & bit != 0;
        if register == family.control && locked(family.control, LOCK) {
            // The register is locked: the write has no effect (RM0432 3.7.6).
            return Ok(());
        }
        let written = self.registers.write(offset, width, value)?;
        if register == family.control {
            if written.raw & STRT != 0 {
                self.registers.put(family.control, STRT, false);
                self.erase(bus)?;
            }
        }
        if register == family.option_start.0 && written.raw & family.option_start.1 != 0 {
            return Err(Refusal::register(self.registers.name(register), "programs or loads option bytes"));
        }
        self.publish(bus);
        Ok(())
    }

    fn store(&mut self, address: u32, width: Width, value: u32, bus: &mut Bus) -> Result<(), Refusal> {
        self.tick(bus);
        let Some(offset) = self.geometry.offset(address) else {
            return Err(Refusal::register("memory", "a store outside flash"));
        };
        if self.busy() {
            return Err(Refusal::register("memory", "a store to flash while the controller is busy"));
        }
        match (self.family.program)(&mut self.pending, &self.registers, Store { offset, width, value }) {
            Ok(None) => {}
            Ok(Some(program)) => {
                let at = self.geometry.origin + program.offset;
                let mut present = vec![0; program.bytes.len()];
                bus.memory.load(at, &mut present);
                let erased = present.iter().all(|byte| *byte == 0xff);
                let zero = program.bytes.iter().all(|byte| *byte == 0);
                let bad = overlap(self.bad, (program.offset, program.bytes.len() as u32));
                match program.only_erased {
                    _ if bad => self.fail(WRPERR),
                    Some(error) if !erased && !zero => self.fail(error),
                    _ => {
                        // Programming clears bits and never sets them.
                        let bytes: Vec<u8> = present.iter().zip(&program.bytes).map(|(a, b)| a & b).collect();
                        bus.memory.store(at, &bytes);
                        self.work(program.micros, bus);
                    }
                }
            }
            Err(error) => self.fail(error),
        }
        self.publish(bus);
        Ok(())
    }

    fn spoil(&mut self, offset: u32, size: u32) {
        self.bad = (offset, size);
    }

    fn reset(&mut self, bus: &mut Bus) {
        self.registers.reset();
        (self.pending, self.unlocking, self.busy_until) = (None, [0; 2], u64::MAX);
        self.publish(bus);
    }

    fn due(&self) -> u64 {
        self.busy_until
    }

    fn tick(&mut self, bus: &mut Bus) {
        if self.busy_until <= bus.now {
            self.busy_until = u64::MAX;
            self.registers.put(self.family.status, BSY, false);
            // EOP is set only where its interrupt is enabled (RM0432 3.7.5).
            let wanted = self.registers.get(self.family.control) & EOPIE != 0;
            self.registers.put(self.family.status, EOP, wanted);
            self.publish(bus);
        }
    }
}
