//! The debug port at the end of the wire (ADIv5.2, chapter B2): what one transfer of a probe does.
//!
//! A transfer is modelled whole, without its bits: no parity, no turnaround. Reads of access ports are posted, as on the
//! wire: each returns the result of the one before, and RDBUFF the last.

use super::access::{AccessPort, Shift};
use crate::board::{self, Board};
use crate::emulator::machine::Machine;

/// One request of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    /// Of the access port that is selected, instead of the debug port.
    pub access_port: bool,
    /// Bits 3 and 2 of the register's address.
    pub address: u8,
    /// None reads.
    pub write: Option<u32>,
}

/// What the debug port answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ack {
    /// With what a read returns, 0 for a write.
    Ok(u32),
    Wait,
    Fault,
    /// Nothing drives the line.
    None,
}

/// Bits of CTRL/STAT.
const STICKY_ERROR: u32 = 1 << 5;
const POWER_REQUESTS: u32 = 1 << 28 | 1 << 30;
const DEBUG_POWER_REQUEST: u32 = 1 << 28;
const WRITABLE: u32 = 0x5000_0F01;
/// Bits of a transfer on the wire, with turnarounds and idle cycles.
const TRANSFER_BITS: u64 = 46;

/// What a debugger sees of DBGMCU on parts of which the core sees it elsewhere (RM0433 and RM0455, debug support).
const H7_DBGMCU: &[Shift] = &[(0xE00E_1000, 0x1000, 0x5C00_1000)];

/// The debug port of one board.
#[derive(Debug, Clone)]
pub struct DebugPort {
    dpidr: u32,
    ports: Vec<AccessPort>,
    /// A line reset came since power-on.
    connected: bool,
    select: u32,
    control: u32,
    /// What the last read of an access port gave.
    posted: u32,
    in_reset: bool,
    /// Bit rate of the wire, Hz.
    clock: u64,
}

impl DebugPort {
    /// The ports that the board's part has (ST RM0432, RM0385, RM0433, debug support: identification codes; those of STM32U5 as
    /// remembered of RM0456, number 0 as probe-rs has it).
    pub fn new(board: &Board) -> Self {
        let (dpidr, ports) = match board.core {
            board::Core::CortexM4f => (0x2BA0_1477, vec![AccessPort::new(0x2477_0011, 0xE00F_F003, &[], false)]),
            board::Core::CortexM7f if board.family.starts_with("stm32h7") => (
                0x6BA0_2477,
                vec![
                    AccessPort::new(0x8477_0001, 0xE00F_F003, H7_DBGMCU, false),
                    AccessPort::new(0x8477_0001, 0x0000_0002, &[], false),
                    AccessPort::new(0x5477_0002, 0xE00E_0003, H7_DBGMCU, true),
                ],
            ),
            board::Core::CortexM33f => (0x0BE1_2477, vec![AccessPort::new(0x1477_0015, 0xE00F_E003, &[], false)]),
            board::Core::CortexM7f => (0x5BA0_2477, vec![AccessPort::new(0x7477_0001, 0xE00F_F003, &[], false)]),
        };
        let clock = 4_000_000;
        Self { dpidr, ports, connected: false, select: 0, control: 0, posted: 0, in_reset: false, clock }
    }

    /// As after power-on.
    pub fn power_on(&mut self) {
        (self.connected, self.select, self.control, self.posted) = (false, 0, 0, 0);
    }

    /// Bit rate of the wire, Hz.
    pub fn set_clock(&mut self, hz: u64) {
        self.clock = hz.max(1);
    }

    /// At least 50 ones: the port listens from here on, and to DPIDR first.
    pub fn line_reset(&mut self) {
        self.connected = true;
        self.select = 0;
    }

    /// The probe pulls the reset pin low, or lets go of it.
    pub fn reset_pin(&mut self, machine: &mut Machine, low: bool) {
        if low != self.in_reset {
            self.in_reset = low;
            // Held low or released, the core begins anew when it is released; what it is to catch then is set in between.
            machine.reset();
        }
    }

    pub fn is_in_reset(&self) -> bool {
        self.in_reset
    }

    fn powered(&self) -> bool {
        self.control & DEBUG_POWER_REQUEST != 0
    }

    /// CTRL/STAT: a domain's acknowledge follows its request.
    fn status(&self) -> u32 {
        self.control | (self.control & POWER_REQUESTS) << 1
    }

    /// The address that the selected access port works at next; none where no port is selected.
    pub fn bus_address(&self) -> Option<u32> {
        self.ports.get((self.select >> 24) as usize).map(AccessPort::address)
    }

    /// What the next read of the wire returns.
    pub fn posted(&mut self) -> &mut u32 {
        &mut self.posted
    }

    /// An access that went wrong: all fault until the error is cleared.
    pub fn fail(&mut self) {
        self.control |= STICKY_ERROR;
    }

    /// Carries out one transfer.
    pub fn transfer(&mut self, machine: &mut Machine, transfer: Transfer) -> Ack {
        if !self.connected {
            return Ack::None;
        }
        if machine.core().halted().is_some() || machine.core().lockup().is_some() {
            // A core that runs has time of its own.
            let cycles = TRANSFER_BITS * machine.soc().core_hz() / self.clock;
            machine.debugger().pass(cycles);
        }
        let Transfer { access_port, address, write } = transfer;
        let address = u32::from(address & 0xC);
        if !access_port {
            return match write {
                None => self.read(address),
                Some(value) => self.write(address, value),
            };
        }
        if self.control & STICKY_ERROR != 0 || !self.powered() {
            self.control |= STICKY_ERROR;
            return Ack::Fault;
        }
        let register = self.select & 0xF0 | address;
        let Some(port) = self.ports.get_mut((self.select >> 24) as usize) else {
            // A port that is not there reads 0 everywhere, and so in its IDR.
            return Ack::Ok(std::mem::take(&mut self.posted));
        };
        if self.in_reset && AccessPort::reaches_bus(register) && !port.in_debug_registers() {
            self.control |= STICKY_ERROR;
            return Ack::Fault;
        }
        let done = match write {
            None => port.read(machine, register).map(|value| std::mem::replace(&mut self.posted, value)),
            Some(value) => port.write(machine, register, value).map(|()| 0),
        };
        match done {
            Ok(value) => Ack::Ok(value),
            // Writes and reads are posted: the transfer itself is fine, those after it fault.
            Err(_) => {
                self.control |= STICKY_ERROR;
                Ack::Ok(0)
            }
        }
    }

    fn read(&mut self, address: u32) -> Ack {
        match (address, self.select & 0xF) {
            (0x0, _) => Ack::Ok(self.dpidr),
            (0x4, 0) => Ack::Ok(self.status()),
            (0x4, 2) => Ack::Ok(0x1000_0041),
            (0x4, _) => Ack::Ok(0),
            _ if self.control & STICKY_ERROR != 0 => Ack::Fault,
            _ => Ack::Ok(self.posted),
        }
    }

    fn write(&mut self, address: u32, value: u32) -> Ack {
        match (address, self.select & 0xF) {
            (0x0, _) if value & 4 != 0 => self.control &= !STICKY_ERROR,
            (0x0, _) => {}
            _ if self.control & STICKY_ERROR != 0 => return Ack::Fault,
            (0x4, 0) => self.control = self.control & !WRITABLE | value & WRITABLE,
            (0x8, _) => self.select = value,
            _ => {}
        }
        Ack::Ok(0)
    }
}
