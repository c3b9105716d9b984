//! USART, UART and LPUART with the register layout of F7, L4+, H7 and U5 (RM0432 chapters 47 and 48, RM0385 chapter 31).
//!
//! A frame occupies the line for its bits at the rate that BRR, the oversampling, the prescaler and the kernel clock give,
//! rounded up to a whole core cycle. Not modelled, and refused where software turns it on: synchronous, smartcard, IrDA,
//! LIN, half-duplex and automatic baud rate. The idle frame after TE is not sent; CTS counts as asserted.

mod frame;
mod line;

use super::clocks::Rate;
use super::device::{Bus, Device, Refusal};
use super::registers::{Register, Registers, lane};
use super::wires::{Irq, Kernel, Request};
use crate::emulator::interface::Width;
use line::{Receiver, Transmitter};

const CR1: u32 = 0x00;
const CR2: u32 = 0x04;
const CR3: u32 = 0x08;
const BRR: u32 = 0x0c;
const RTOR: u32 = 0x14;
const RQR: u32 = 0x18;
const ISR: u32 = 0x1c;
const ICR: u32 = 0x20;
const RDR: u32 = 0x24;
const TDR: u32 = 0x28;
const PRESC: u32 = 0x2c;

const TABLE: &[Register] = &[
    Register::rw("CR1", 0x00, 0, 0x1fff_ffff),
    Register::rw("CR2", 0x04, 0, 0xffff_fff9),
    Register::rw("CR3", 0x08, 0, 0x01ff_ffff),
    Register::rw("BRR", 0x0c, 0, 0x000f_ffff),
    Register::rw("GTPR", 0x10, 0, 0x0000_ffff),
    Register::rw("RTOR", 0x14, 0, 0xffff_ffff),
    Register::ro("RQR", 0x18, 0),
    Register::ro("ISR", 0x1c, 0),
    Register::ro("ICR", 0x20, 0),
    Register::ro("RDR", 0x24, 0),
    Register::rw("TDR", 0x28, 0, 0x1ff),
];

const FIFO_TABLE: &[Register] = &[
    Register::rw("CR1", 0x00, 0, 0xffff_ffff),
    Register::rw("CR2", 0x04, 0, 0xffff_fff9),
    Register::rw("CR3", 0x08, 0, 0xffff_ffff),
    Register::rw("BRR", 0x0c, 0, 0x000f_ffff),
    Register::rw("GTPR", 0x10, 0, 0x0000_ffff),
    Register::rw("RTOR", 0x14, 0, 0xffff_ffff),
    Register::ro("RQR", 0x18, 0),
    Register::ro("ISR", 0x1c, 0),
    Register::ro("ICR", 0x20, 0),
    Register::ro("RDR", 0x24, 0),
    Register::rw("TDR", 0x28, 0, 0x1ff),
    Register::rw("PRESC", 0x2c, 0, 0xf),
];

/// Flags of ISR.
mod flag {
    pub const FE: u32 = 1 << 1;
    pub const ORE: u32 = 1 << 3;
    pub const IDLE: u32 = 1 << 4;
    pub const RXNE: u32 = 1 << 5;
    pub const TC: u32 = 1 << 6;
    pub const TXE: u32 = 1 << 7;
    pub const RTOF: u32 = 1 << 11;
    pub const BUSY: u32 = 1 << 16;
    pub const CMF: u32 = 1 << 17;
    pub const TEACK: u32 = 1 << 21;
    pub const REACK: u32 = 1 << 22;
    pub const TXFE: u32 = 1 << 23;
    pub const RXFF: u32 = 1 << 24;
    pub const RXFT: u32 = 1 << 26;
    pub const TXFT: u32 = 1 << 27;
}

/// Which of the three kinds of block this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// USART or UART without FIFO.
    Plain,
    /// USART or UART with FIFOs of eight entries and a prescaler.
    Fifo,
    /// LPUART with FIFOs: BRR counts 1/256 ticks.
    LowPower,
}

/// Entries of a FIFO.
const DEPTH: usize = 8;
/// Eighths of the FIFO at which the threshold flags rise, by TXFTCFG and RXFTCFG.
const THRESHOLDS: [usize; 8] = [1, 2, 4, 6, 7, 8, 8, 8];

/// One block.
pub struct Usart {
    kind: Kind,
    registers: Registers,
    kernel: Kernel,
    rate: Rate,
    /// Index of its line in `Wires::serial`.
    line: usize,
    irq: Irq,
    transmit_request: Option<Request>,
    receive_request: Option<Request>,
    transmitter: Transmitter,
    receiver: Receiver,
    /// Flags that stay until ICR or a reset clears them.
    sticky: u32,
    due: u64,
}

/// How a block is wired.
pub struct Wiring {
    pub kernel: Kernel,
    pub line: usize,
    pub irq: Irq,
    pub transmit: Option<Request>,
    pub receive: Option<Request>,
}

impl Usart {
    pub fn new(kind: Kind, wiring: Wiring) -> Self {
        Self {
            kind,
            registers: Registers::new(if kind == Kind::Plain { TABLE } else { FIFO_TABLE }),
            kernel: wiring.kernel,
            rate: Rate { hz: 0, core_hz: 1 },
            line: wiring.line,
            irq: wiring.irq,
            transmit_request: wiring.transmit,
            receive_request: wiring.receive,
            transmitter: Transmitter::default(),
            receiver: Receiver::default(),
            sticky: flag::TC,
            due: u64::MAX,
        }
    }

    fn on(&self, register: u32, bit: u32) -> bool {
        self.registers.get(register) >> bit & 1 == 1
    }

    fn has_fifo(&self) -> bool {
        self.kind != Kind::Plain && self.on(CR1, 29)
    }

    fn depth(&self) -> usize {
        if self.has_fifo() { DEPTH } else { 1 }
    }

    fn transmits(&self) -> bool {
        self.on(CR1, 0) && self.on(CR1, 3)
    }

    fn receives(&self) -> bool {
        self.on(CR1, 0) && self.on(CR1, 2)
    }

    fn flags(&self, busy: bool) -> u32 {
        let mut flags = self.sticky;
        let mut put = |bit, high| flags |= if high { bit } else { 0 };
        let (sending, received) = (self.transmitter.waiting(), self.receiver.waiting());
        put(flag::TXE, sending < self.depth());
        put(flag::RXNE, received > 0);
        put(flag::FE, self.receiver.framing_error());
        put(flag::BUSY, busy);
        put(flag::TEACK, self.transmits());
        put(flag::REACK, self.receives());
        if self.has_fifo() {
            let cr3 = self.registers.get(CR3);
            put(flag::TXFE, sending == 0);
            put(flag::RXFF, received >= DEPTH);
            put(flag::TXFT, DEPTH - sending >= THRESHOLDS[(cr3 >> 29) as usize]);
            put(flag::RXFT, received >= THRESHOLDS[(cr3 >> 25 & 7) as usize]);
        }
        flags
    }

    /// Whether a frame is arriving.
    fn is_busy(&self, bus: &Bus) -> bool {
        let ends = bus.wires.serial[self.line].arrival();
        let frame = || self.cycles(self.half_bits()).unwrap_or(0);
        ends != u64::MAX && self.receives() && ends.saturating_sub(frame()) <= bus.now
    }

    /// Brings everything to `bus.now`, then drives interrupt and requests.
    fn update(&mut self, bus: &mut Bus) {
        let core_hz = self.rate.core_hz;
        while let Some((byte, at)) = self.transmitter.finish(bus.now) {
            bus.wires.serial[self.line].hear(byte, self.baud(), at);
            let frame = self.cycles(self.half_bits());
            if !(self.transmits() && self.transmitter.start(at, frame)) {
                self.sticky |= flag::TC;
            }
        }
        while let Some((byte, at)) = bus.wires.serial[self.line].take(bus.now, core_hz) {
            self.arrive(byte, at, bus);
        }
        if self.receiver.idle_due() <= bus.now {
            self.receiver.take_idle();
            // A byte on its way has already ended the silence.
            if bus.wires.serial[self.line].arrival() == u64::MAX {
                self.sticky |= flag::IDLE;
            }
        }
        if self.receiver.timeout_due() <= bus.now {
            self.receiver.take_timeout();
            self.sticky |= flag::RTOF;
        }
        self.due = self
            .transmitter
            .due()
            .min(bus.wires.serial[self.line].arrival())
            .min(self.receiver.idle_due())
            .min(self.receiver.timeout_due());
        self.drive(bus);
    }

    fn arrive(&mut self, byte: u8, at: u64, bus: &mut Bus) {
        if !self.receives() {
            return;
        }
        let understood = bus.wires.serial[self.line].understands(self.baud());
        if !understood {
            bus.wires.serial[self.line].mismatch = Some(self.baud());
        }
        let value = if understood { u16::from(byte) & self.data_mask() } else { 0 };
        if self.receiver.waiting() < self.depth() {
            self.receiver.push(value, !understood);
        } else if self.on(CR3, 12) {
            self.receiver.replace(value, !understood);
        } else {
            self.sticky |= flag::ORE;
        }
        if self.registers.get(CR2) >> 24 == u32::from(value) {
            self.sticky |= flag::CMF;
        }
        let idle = self.cycles(self.half_bits());
        let timeout =
            if self.on(CR2, 23) { self.cycles(2 * u64::from(self.registers.get(RTOR) & 0xff_ffff)) } else { None };
        self.receiver.listen(at, idle, timeout);
    }

    fn drive(&mut self, bus: &mut Bus) {
        let flags = self.flags(false);
        let (cr1, cr3) = (self.registers.get(CR1), self.registers.get(CR3));
        let enabled = |register: u32, bit: u32, mask: u32| register >> bit & 1 == 1 && flags & mask != 0;
        let mut high = enabled(cr1, 4, flag::IDLE)
            | enabled(cr1, 5, flag::RXNE | flag::ORE)
            | enabled(cr1, 6, flag::TC)
            | enabled(cr1, 7, flag::TXE)
            | enabled(cr1, 14, flag::CMF)
            | enabled(cr1, 26, flag::RTOF)
            | enabled(cr3, 0, flag::FE | flag::ORE);
        if self.has_fifo() {
            high |= enabled(cr1, 30, flag::TXFE)
                | enabled(cr1, 31, flag::RXFF)
                | enabled(cr3, 23, flag::TXFT)
                | enabled(cr3, 28, flag::RXFT);
        }
        bus.wires.drive(self.irq, high && self.on(CR1, 0));
        if let Some(request) = self.transmit_request {
            bus.wires.demand(request, self.transmits() && cr3 >> 7 & 1 == 1 && flags & flag::TXE != 0);
        }
        if let Some(request) = self.receive_request {
            bus.wires.demand(request, self.receives() && cr3 >> 6 & 1 == 1 && flags & flag::RXNE != 0);
        }
    }

    fn send(&mut self, value: u32, bus: &mut Bus) -> Result<(), Refusal> {
        let frame = self.cycles(self.half_bits());
        if self.transmits() && frame.is_none() {
            let problem = "a frame without a bit time: BRR is 0 or the kernel clock is off";
            return Err(Refusal::register("TDR", problem));
        }
        if self.transmitter.waiting() < self.depth() {
            self.transmitter.push((value as u16 & self.data_mask()) as u8);
        } else {
            self.transmitter.replace((value as u16 & self.data_mask()) as u8);
        }
        if self.transmits() {
            self.sticky &= !flag::TC;
            self.transmitter.start(bus.now, frame);
        }
        Ok(())
    }

    fn refuse_modes(&self) -> Result<(), Refusal> {
        for (register, bit, mode) in [
            (CR2, 11, "CLKEN: synchronous mode"),
            (CR2, 14, "LINEN: LIN mode"),
            (CR2, 20, "ABREN: automatic baud rate"),
            (CR3, 1, "IREN: IrDA mode"),
            (CR3, 3, "HDSEL: half-duplex mode"),
            (CR3, 5, "SCEN: smartcard mode"),
        ] {
            if self.on(CR1, 0) && self.on(register, bit) {
                return Err(Refusal::register(self.registers.name(register), mode));
            }
        }
        Ok(())
    }

    fn control(&mut self, bus: &mut Bus) -> Result<(), Refusal> {
        if !self.on(CR1, 0) {
            self.transmitter = Transmitter::default();
            self.receiver = Receiver::default();
            self.sticky = flag::TC;
        } else if self.transmits() && self.transmitter.waiting() > 0 {
            let frame = self.cycles(self.half_bits());
            if self.transmitter.start(bus.now, frame) {
                self.sticky &= !flag::TC;
            }
        }
        self.refuse_modes()
    }
}

impl Device for Usart {
    fn read(&mut self, offset: u32, width: Width, bus: &mut Bus) -> Result<u32, Refusal> {
        // Software polls: nothing can have changed before something is due.
        if self.due <= bus.now {
            self.update(bus);
        }
        match offset & !3 {
            ISR => Ok(lane(self.flags(self.is_busy(bus)), offset, width)),
            RDR => {
                let value = self.receiver.pop();
                self.update(bus);
                Ok(lane(u32::from(value), offset, width))
            }
            _ => self.registers.read(offset, width),
        }
    }

    fn write(&mut self, offset: u32, width: Width, value: u32, bus: &mut Bus) -> Result<(), Refusal> {
        self.update(bus);
        let written = self.registers.write(offset, width, value)?;
        let done = match written.offset {
            CR1 | CR2 | CR3 => self.control(bus),
            TDR => self.send(written.raw, bus),
            ICR => {
                self.sticky &= !written.raw;
                if written.raw & flag::FE != 0 {
                    self.receiver.clear_framing_error();
                }
                Ok(())
            }
            RQR => {
                if written.raw & 0b11 != 0 {
                    return Err(Refusal::register("RQR", "automatic baud rate and break requests"));
                }
                if written.raw & 1 << 3 != 0 {
                    self.receiver.flush();
                }
                if written.raw & 1 << 4 != 0 {
                    self.transmitter.flush();
                }
                Ok(())
            }
            _ => Ok(()),
        };
        self.update(bus);
        done
    }

    fn reset(&mut self, bus: &mut Bus) {
        self.registers.reset();
        self.transmitter = Transmitter::default();
        self.receiver = Receiver::default();
        self.sticky = flag::TC;
        self.update(bus);
    }

    fn due(&self) -> u64 {
        self.due
    }

    fn tick(&mut self, bus: &mut Bus) {
        self.update(bus);
    }

    fn clocks_changed(&mut self, bus: &mut Bus) {
        self.update(bus);
        let old = self.rate;
        self.rate = bus.wires.rate(self.kernel);
        if old != self.rate {
            let scale = |cycles: u64| {
                let wide = u128::from(cycles) * u128::from(self.rate.core_hz) * u128::from(old.hz.max(1));
                wide.div_ceil(u128::from(old.core_hz.max(1)) * u128::from(self.rate.hz.max(1))) as u64
            };
            self.transmitter.rescale(bus.now, &scale);
            self.receiver.rescale(bus.now, &scale);
            bus.wires.serial[self.line].rescale(bus.now, old.core_hz, self.rate.core_hz);
        }
        self.update(bus);
    }
}
