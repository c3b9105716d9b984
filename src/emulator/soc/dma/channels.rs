//! DMA with seven channels (RM0432 chapter 11), each fed by a DMAMUX output.

use super::{End, width};
use crate::emulator::interface::Width;
use crate::emulator::soc::device::{Bus, Device, Refusal, Transfer};
use crate::emulator::soc::registers::{Register, Registers};
use crate::emulator::soc::wires::{Irq, Request};

const CHANNELS: usize = 7;
const ISR: u32 = 0x00;
const IFCR: u32 = 0x04;

/// Offset of a channel's CCR; CNDTR, CPAR and CMAR follow.
fn ccr(channel: usize) -> u32 {
    0x08 + 0x14 * channel as u32
}

macro_rules! channel {
    ($at:expr, $ccr:expr, $cndtr:expr, $cpar:expr, $cmar:expr) => {
        [
            Register::rw($ccr, $at, 0, 0x7fff),
            Register::rw($cndtr, $at + 4, 0, 0xffff),
            Register::rw($cpar, $at + 8, 0, u32::MAX),
            Register::rw($cmar, $at + 12, 0, u32::MAX),
        ]
    };
}

const fn table() -> [Register; 30] {
    let channels = [
        channel!(0x08, "CCR1", "CNDTR1", "CPAR1", "CMAR1"),
        channel!(0x1c, "CCR2", "CNDTR2", "CPAR2", "CMAR2"),
        channel!(0x30, "CCR3", "CNDTR3", "CPAR3", "CMAR3"),
        channel!(0x44, "CCR4", "CNDTR4", "CPAR4", "CMAR4"),
        channel!(0x58, "CCR5", "CNDTR5", "CPAR5", "CMAR5"),
        channel!(0x6c, "CCR6", "CNDTR6", "CPAR6", "CMAR6"),
        channel!(0x80, "CCR7", "CNDTR7", "CPAR7", "CMAR7"),
    ];
    let mut all = [Register::ro("ISR", 0x00, 0); 30];
    all[1] = Register::ro("IFCR", 0x04, 0);
    let mut at = 0;
    while at < 28 {
        all[2 + at] = channels[at / 4][at % 4];
        at += 1;
    }
    all
}

static TABLE: [Register; 30] = table();

const EN: u32 = 1 << 0;
const DIR: u32 = 1 << 4;
const CIRC: u32 = 1 << 5;
const MEM2MEM: u32 = 1 << 14;

/// Flags of a channel in ISR, from bit 4 (channel - 1).
const GIF: u32 = 1;
const TCIF: u32 = 2;
const HTIF: u32 = 4;
const TEIF: u32 = 8;

#[derive(Debug, Clone, Copy)]
struct Running {
    from: End,
    to: End,
    total: u32,
}

pub struct Channels {
    registers: Registers,
    irqs: [Irq; CHANNELS],
    /// First DMAMUX output of this controller.
    first_output: usize,
    /// Request of each DMAMUX input that a device drives.
    requests: Vec<Option<Request>>,
    running: [Option<Running>; CHANNELS],
    moving: usize,
}

impl Channels {
    pub fn new(irqs: [Irq; CHANNELS], first_output: usize, requests: Vec<Option<Request>>) -> Self {
        let registers = Registers::new(&TABLE);
        Self { registers, irqs, first_output, requests, running: [None; CHANNELS], moving: 0 }
    }

    fn start(&mut self, channel: usize) {
        let control = self.registers.get(ccr(channel));
        let peripheral = End {
            address: self.registers.get(ccr(channel) + 8),
            width: width(control >> 8),
            increments: control >> 6 & 1 == 1,
        };
        let memory = End {
            address: self.registers.get(ccr(channel) + 12),
            width: width(control >> 10),
            increments: control >> 7 & 1 == 1,
        };
        let (from, to) = if control & DIR != 0 { (memory, peripheral) } else { (peripheral, memory) };
        self.running[channel] = Some(Running { from, to, total: self.registers.get(ccr(channel) + 4) });
    }

    fn wants(&self, channel: usize, bus: &Bus) -> bool {
        let control = self.registers.get(ccr(channel));
        if control & EN == 0 || self.registers.get(ccr(channel) + 4) == 0 || self.running[channel].is_none() {
            return false;
        }
        let input = usize::from(bus.wires.mux[self.first_output + channel]);
        control & MEM2MEM != 0
            || self.requests.get(input).copied().flatten().is_some_and(|request| bus.wires.is_demanded(request))
    }

    fn flag(&mut self, channel: usize, flags: u32) {
        self.registers.put(ISR, (flags | GIF) << (4 * channel), true);
    }

    fn drive(&self, bus: &mut Bus) {
        for (channel, irq) in self.irqs.iter().enumerate() {
            // TCIE, HTIE and TEIE stand where TCIF, HTIF and TEIF do.
            let enabled = self.registers.get(ccr(channel)) & (TCIF | HTIF | TEIF);
            bus.wires.drive(*irq, self.registers.get(ISR) >> (4 * channel) & enabled != 0);
        }
    }
}

impl Device for Channels {
    fn read(&mut self, offset: u32, width: Width, _: &mut Bus) -> Result<u32, Refusal> {
        self.registers.read(offset, width)
    }

    fn write(&mut self, offset: u32, width: Width, value: u32, bus: &mut Bus) -> Result<(), Refusal> {
        let register = offset & !3;
        let channel = (register.saturating_sub(8) / 0x14) as usize;
        let enabled = register >= 8 && self.registers.get(ccr(channel)) & EN != 0;
        if enabled && register != ccr(channel) {
            // CNDTR, CPAR and CMAR are read-only while the channel is on (RM0432 11.6).
            self.registers.read(offset, width)?;
            return Ok(());
        }
        let written = self.registers.write(offset, width, value)?;
        if written.offset == IFCR {
            let globals = (0..CHANNELS as u32).filter(|c| written.raw >> (4 * c) & GIF == 1);
            let whole = globals.fold(written.raw, |mask, c| mask | 0xf << (4 * c));
            self.registers.put(ISR, whole, false);
            // GIF is up while any other flag is.
            for c in 0..CHANNELS {
                let any = self.registers.get(ISR) >> (4 * c) & (TCIF | HTIF | TEIF) != 0;
                self.registers.put(ISR, GIF << (4 * c), any);
            }
        } else if written.offset == ccr(channel) {
            if written.rose() & EN != 0 {
                self.start(channel);
            } else if written.new & EN == 0 {
                self.running[channel] = None;
            }
            bus.wires.requests_changed = true;
        }
        self.drive(bus);
        Ok(())
    }

    fn reset(&mut self, bus: &mut Bus) {
        self.registers.reset();
        self.running = [None; CHANNELS];
        self.drive(bus);
    }

    fn transfer(&mut self, bus: &mut Bus) -> Option<Transfer> {
        let priority = |channel: usize| self.registers.get(ccr(channel)) >> 12 & 3;
        let ready = (0..CHANNELS).filter(|channel| self.wants(*channel, bus));
        let channel = ready.max_by_key(|channel| (priority(*channel), std::cmp::Reverse(*channel)))?;
        let Running { from, to, .. } = self.running[channel]?;
        self.moving = channel;
        Some(Transfer { from: from.address, from_width: from.width, to: to.address, to_width: to.width })
    }

    fn transferred(&mut self, ok: bool, bus: &mut Bus) {
        let channel = self.moving;
        let Some(running) = &mut self.running[channel] else { return };
        running.from.advance();
        running.to.advance();
        let total = running.total;
        let left = self.registers.get(ccr(channel) + 4) - 1;
        if !ok {
            self.registers.put(ccr(channel), EN, false);
            self.running[channel] = None;
            self.flag(channel, TEIF);
            self.drive(bus);
            return;
        }
        self.registers.set(ccr(channel) + 4, left);
        if left == total / 2 {
            self.flag(channel, HTIF);
        }
        if left == 0 {
            self.flag(channel, TCIF);
            if self.registers.get(ccr(channel)) & CIRC != 0 {
                self.registers.set(ccr(channel) + 4, total);
                self.start(channel);
            }
        }
        self.drive(bus);
    }
}
