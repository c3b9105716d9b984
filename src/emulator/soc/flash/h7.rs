//! Flash of STM32H743 (RM0433 chapter 4) and STM32H7A3 (RM0455 chapter 4): two banks with a controller each, programmed by
//! whole flash words, which carry an error code: a word can be programmed once between two erasures.
//!
//! Times are of the order that the datasheets give; the core is not stalled while a bank is busy.

use super::{Geometry, KEYS, OPTION_KEYS, overlap};
use crate::emulator::interface::{FlashSetup, Width};
use crate::emulator::soc::clocks::{Node, Rate};
use crate::emulator::soc::device::{Bus, Device, Refusal};
use crate::emulator::soc::registers::{Register, Registers};
use crate::emulator::soc::wires::Irq;

/// What differs between the parts.
pub struct Part {
    table: &'static [Register],
    /// Bytes of a flash word.
    word: u32,
    /// Bytes of a sector.
    sector: u32,
    /// CR: forces a word that is not complete, starts an erasure, and the sector's number.
    force: u32,
    start: u32,
    number: (u32, u32),
    word_micros: u64,
    sector_micros: u64,
    bank_micros: u64,
}

/// STM32H742, H743, H753: words of 256 bits, sectors of 128 KB.
pub static H743: Part = Part {
    table: TABLE_743,
    word: 32,
    sector: 0x2_0000,
    force: 1 << 6,
    start: 1 << 7,
    number: (8, 7),
    word_micros: 100,
    sector_micros: 1_000_000,
    bank_micros: 8_000_000,
};

/// STM32H7A3, H7B3: words of 128 bits, sectors of 8 KB.
pub static H7A3: Part = Part {
    table: TABLE_7A3,
    word: 16,
    sector: 0x2000,
    force: 1 << 4,
    start: 1 << 5,
    number: (6, 0x7f),
    word_micros: 20,
    sector_micros: 2_000,
    bank_micros: 10_000,
};

const OPTKEYR: u32 = 0x08;
const OPTCR: u32 = 0x18;
/// Offsets within a bank; those of bank 2 are 0x100 higher.
const KEYR: u32 = 0x04;
const CR: u32 = 0x0c;
const SR: u32 = 0x10;
const CCR: u32 = 0x14;

const LOCK: u32 = 1 << 0;
const PG: u32 = 1 << 1;
const SER: u32 = 1 << 2;
const BER: u32 = 1 << 3;

const BSY: u32 = 1 << 0;
const WBNE: u32 = 1 << 1;
const QW: u32 = 1 << 2;
const EOP: u32 = 1 << 16;
const WRPERR: u32 = 1 << 17;
const PGSERR: u32 = 1 << 18;
const STRBERR: u32 = 1 << 19;
const INCERR: u32 = 1 << 21;
/// Flags that have an enable at the same bit of CR.
const TOLD: u32 = 0x0fef_0000;

macro_rules! table {
    ($cr:expr) => {
        &[
            Register::rw("ACR", 0x00, 0x37, 0x3f),
            Register::ro("KEYR1", 0x04, 0),
            Register::ro("OPTKEYR", 0x08, 0),
            Register::rw("CR1", 0x0c, 0x31, $cr),
            Register::ro("SR1", 0x10, 0),
            Register::ro("CCR1", 0x14, 0),
            Register::rw("OPTCR", 0x18, 0x1, 0x4000_0001),
            Register::ro("OPTSR_CUR", 0x1c, 0x1386_aaf0),
            Register::ro("OPTSR_PRG", 0x20, 0x1386_aaf0),
            Register::ro("OPTCCR", 0x24, 0),
            Register::ro("PRAR_CUR1", 0x28, 0x0000_00ff),
            Register::ro("SCAR_CUR1", 0x30, 0x0000_00ff),
            Register::ro("WPSN_CUR1", 0x38, u32::MAX),
            Register::ro("BOOT_CUR", 0x40, 0x1ff0_0800),
            Register::ro("KEYR2", 0x104, 0),
            Register::rw("CR2", 0x10c, 0x31, $cr),
            Register::ro("SR2", 0x110, 0),
            Register::ro("CCR2", 0x114, 0),
            Register::ro("PRAR_CUR2", 0x128, 0x0000_00ff),
            Register::ro("SCAR_CUR2", 0x130, 0x0000_00ff),
            Register::ro("WPSN_CUR2", 0x138, u32::MAX),
        ]
    };
}

const TABLE_743: &[Register] = table!(0x0fef_873f);
const TABLE_7A3: &[Register] = table!(0x0fef_9fcf);

/// A flash word that software is writing: offset, bytes, and which of them were written.
#[derive(Debug, Clone)]
struct Pending {
    offset: u32,
    bytes: Vec<u8>,
    written: u32,
}

#[derive(Debug, Clone)]
struct Bank {
    pending: Option<Pending>,
    /// Keys given so far; 3 after a wrong one.
    unlocking: usize,
    busy_until: u64,
}

impl Bank {
    const IDLE: Self = Self { pending: None, unlocking: 0, busy_until: u64::MAX };
}

pub struct Flash {
    part: &'static Part,
    geometry: Geometry,
    registers: Registers,
    banks: [Bank; 2],
    option_keys: usize,
    irq: Irq,
    /// Offset and bytes that can be neither erased nor programmed.
    bad: (u32, u32),
}

impl Flash {
    pub fn new(part: &'static Part, geometry: Geometry, irq: Irq) -> Self {
        let registers = Registers::new(part.table);
        Self { part, geometry, registers, banks: [Bank::IDLE; 2], option_keys: 0, irq, bad: (0, 0) }
    }

    fn of(bank: usize, register: u32) -> u32 {
        register + 0x100 * bank as u32
    }

    fn control(&self, bank: usize) -> u32 {
        self.registers.get(Self::of(bank, CR))
    }

    fn flag(&mut self, bank: usize, flags: u32, high: bool) {
        self.registers.put(Self::of(bank, SR), flags, high);
    }

    fn publish(&self, bus: &mut Bus) {
        let states = self.registers.get(0) & 0xf;
        bus.wires.limits_changed |= states != bus.wires.wait_states;
        bus.wires.wait_states = states;
        // Wait states are of the bus clock, which H743 divides from the core's.
        let clocks = &bus.wires.clocks;
        let ratio = clocks.hz(Node::Core) / clocks.hz(Node::Bus).max(1);
        bus.wires.flash_setup = Some(FlashSetup {
            wait_states: states * ratio.max(1) as u32,
            prefetch: false,
            instruction_cache: false,
            data_cache: false,
            direct_mapped: false,
        });
        let told = |bank| self.registers.get(Self::of(bank, SR)) & self.control(bank) & TOLD != 0;
        bus.wires.drive(self.irq, told(0) || told(1));
    }

    fn work(&mut self, bank: usize, micros: u64, bus: &mut Bus) {
        let micros = bus.wires.flash_micros(micros);
        let rate = Rate { hz: 1_000_000, core_hz: bus.wires.clocks.hz(Node::Core) };
        self.banks[bank].busy_until = bus.now + rate.cycles(micros, 1).unwrap_or(0);
        self.flag(bank, BSY | QW, true);
    }

    /// How many keys were given, where the next is `value`; a wrong one locks until the next reset (RM0433 4.5.1).
    fn next(given: usize, keys: [u32; 2], value: u32) -> usize {
        if given < 2 && keys[given] == value { given + 1 } else { 3 }
    }

    fn start(&mut self, bank: usize, bus: &mut Bus) -> Result<(), Refusal> {
        let (control, half) = (self.control(bank), self.geometry.size / 2);
        let (shift, mask) = self.part.number;
        let (offset, size, micros) = match (control & BER != 0, control & SER != 0) {
            (true, _) => (0, half, self.part.bank_micros),
            (_, true) => ((control >> shift & mask) * self.part.sector, self.part.sector, self.part.sector_micros),
            _ => {
                self.flag(bank, PGSERR, true);
                return Ok(());
            }
        };
        let offset = half * bank as u32 + offset;
        if overlap(self.bad, (offset, size)) {
            self.flag(bank, WRPERR, true);
            return Ok(());
        }
        let at = self.geometry.origin + offset;
        if !bus.memory.store(at, &vec![0xff; size as usize]) {
            return Err(Refusal::register("CR", "erases flash that the board does not have"));
        }
        self.work(bank, micros, bus);
        Ok(())
    }

    fn program(&mut self, bank: usize, bus: &mut Bus) -> Result<(), Refusal> {
        let Some(pending) = self.banks[bank].pending.take() else { return Ok(()) };
        self.flag(bank, WBNE, false);
        if overlap(self.bad, (pending.offset, self.part.word)) {
            self.flag(bank, WRPERR, true);
            return Ok(());
        }
        let at = self.geometry.origin + pending.offset;
        let mut present = vec![0; pending.bytes.len()];
        bus.memory.load(at, &mut present);
        if present.iter().any(|byte| *byte != 0xff) {
            let problem = format!("programs the flash word at {at:#010x} again: its error code would not fit it");
            return Err(Refusal::register("memory", problem));
        }
        bus.memory.store(at, &pending.bytes);
        self.work(bank, self.part.word_micros, bus);
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
        let bank = usize::from(offset >= 0x100);
        match offset & !3 {
            OPTKEYR => {
                self.option_keys = Self::next(self.option_keys, OPTION_KEYS, value);
                self.registers.put(OPTCR, LOCK, self.option_keys != 2);
                return Ok(());
            }
            OPTCR => {
                let written = self.registers.write(offset, width, value)?;
                if written.raw & 0x8000_0032 != 0 {
                    return Err(Refusal::register("OPTCR", "programs option bytes, swaps banks or erases both"));
                }
                return Ok(());
            }
            _ => {}
        }
        match (offset & !3) - 0x100 * bank as u32 {
            KEYR => {
                self.registers.read(offset, width)?;
                let given = Self::next(self.banks[bank].unlocking, KEYS, value);
                self.banks[bank].unlocking = given;
                if given == 2 {
                    self.registers.put(Self::of(bank, CR), LOCK, false);
                    self.banks[bank].unlocking = 0;
                }
            }
            // The register is locked: the write has no effect.
            CR if self.control(bank) & LOCK != 0 => {}
            CR => {
                let written = self.registers.write(offset, width, value)?;
                if written.raw & self.part.start != 0 {
                    self.start(bank, bus)?;
                }
                if written.raw & self.part.force != 0 {
                    self.program(bank, bus)?;
                }
            }
            CCR => {
                self.registers.read(offset, width)?;
                self.flag(bank, value & 0x0fff_0000, false);
            }
            _ => {
                self.registers.write(offset, width, value)?;
            }
        }
        self.publish(bus);
        Ok(())
    }

    fn store(&mut self, address: u32, width: Width, value: u32, bus: &mut Bus) -> Result<(), Refusal> {
        self.tick(bus);
        let Some(offset) = self.geometry.offset(address) else {
            return Err(Refusal::register("memory", "a store outside flash"));
        };
        let bank = usize::from(offset >= self.geometry.size / 2);
        let control = self.control(bank);
        if control & LOCK != 0 || control & PG == 0 {
            self.flag(bank, PGSERR, true);
            self.publish(bus);
            return Ok(());
        }
        if self.registers.get(Self::of(bank, SR)) & BSY != 0 {
            return Err(Refusal::register("memory", "a store to flash while its bank is busy"));
        }
        let word = self.part.word;
        let (start, at) = (offset & !(word - 1), offset & (word - 1));
        let blank = || Pending { offset: start, bytes: vec![0xff; word as usize], written: 0 };
        let pending = self.banks[bank].pending.get_or_insert_with(blank);
        let mask = ((1u64 << width.bytes()) - 1) as u32;
        let error = match () {
            () if pending.offset != start => INCERR,
            () if pending.written & mask << at != 0 => STRBERR,
            () => 0,
        };
        if error == 0 {
            let bytes = &value.to_le_bytes()[..width.bytes() as usize];
            pending.bytes[at as usize..at as usize + bytes.len()].copy_from_slice(bytes);
            pending.written |= mask << at;
            let complete = u64::from(pending.written) == (1u64 << word) - 1;
            self.flag(bank, WBNE, true);
            if complete {
                self.program(bank, bus)?;
            }
        } else {
            self.banks[bank].pending = None;
            self.flag(bank, WBNE, false);
            self.flag(bank, error, true);
        }
        self.publish(bus);
        Ok(())
    }

    fn spoil(&mut self, offset: u32, size: u32) {
        self.bad = (offset, size);
    }

    fn reset(&mut self, bus: &mut Bus) {
        self.registers.reset();
        (self.banks, self.option_keys) = ([Bank::IDLE; 2], 0);
        self.publish(bus);
    }

    fn clocks_changed(&mut self, bus: &mut Bus) {
        self.publish(bus);
    }

    fn due(&self) -> u64 {
        self.banks[0].busy_until.min(self.banks[1].busy_until)
    }

    fn tick(&mut self, bus: &mut Bus) {
        if self.due() > bus.now {
            return;
        }
        for bank in 0..2 {
            if self.banks[bank].busy_until <= bus.now {
                self.banks[bank].busy_until = u64::MAX;
                self.flag(bank, BSY | QW, false);
                self.flag(bank, EOP, true);
            }
        }
        self.publish(bus);
    }
}
