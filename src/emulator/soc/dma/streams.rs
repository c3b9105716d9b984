//! DMA with eight streams (RM0385 chapter 8, RM0402 chapter 9, RM0433 chapter 15). The FIFO is not modelled: items of the peripheral's size go straight through,
//! which gives the same bytes in memory where memory increments. Incrementing bursts and PINCOS are refused.

use super::{End, width};
use crate::emulator::interface::Width;
use crate::emulator::soc::device::{Bus, Device, Refusal, Transfer};
use crate::emulator::soc::registers::{Register, Registers};
use crate::emulator::soc::wires::{Irq, Request};

const STREAMS: usize = 8;
const LIFCR: u32 = 0x08;
const HIFCR: u32 = 0x0c;

/// Offset of a stream's CR; NDTR, PAR, M0AR, M1AR and FCR follow.
fn cr(stream: usize) -> u32 {
    0x10 + 0x18 * stream as u32
}

/// Requests of both controllers: controller, stream, channel (RM0385, tables of request mapping).
pub const F7_REQUESTS: &[(u8, u8, u8, &str)] = &[
    (1, 0, 4, "UART5_RX"),
    (1, 0, 5, "UART8_TX"),
    (1, 1, 4, "USART3_RX"),
    (1, 1, 5, "UART7_TX"),
    (1, 2, 4, "UART4_RX"),
    (1, 3, 4, "USART3_TX"),
    (1, 3, 5, "UART7_RX"),
    (1, 4, 4, "UART4_TX"),
    (1, 4, 7, "USART3_TX"),
    (1, 5, 4, "USART2_RX"),
    (1, 6, 4, "USART2_TX"),
    (1, 6, 5, "UART8_RX"),
    (1, 7, 4, "UART5_TX"),
    (2, 1, 5, "USART6_RX"),
    (2, 2, 4, "USART1_RX"),
    (2, 2, 5, "USART6_RX"),
    (2, 5, 4, "USART1_RX"),
    (2, 6, 5, "USART6_TX"),
    (2, 7, 4, "USART1_TX"),
    (2, 7, 5, "USART6_TX"),
];

macro_rules! stream {
    ($at:expr, $cr:expr, $ndtr:expr, $par:expr, $m0ar:expr, $m1ar:expr, $fcr:expr) => {
        [
            Register::rw($cr, $at, 0, 0x0fff_ffff),
            Register::rw($ndtr, $at + 4, 0, 0xffff),
            Register::rw($par, $at + 8, 0, u32::MAX),
            Register::rw($m0ar, $at + 12, 0, u32::MAX),
            Register::rw($m1ar, $at + 16, 0, u32::MAX),
            Register::rw($fcr, $at + 20, 0x21, 0x87),
        ]
    };
}

const fn table() -> [Register; 52] {
    let streams = [
        stream!(0x10, "S0CR", "S0NDTR", "S0PAR", "S0M0AR", "S0M1AR", "S0FCR"),
        stream!(0x28, "S1CR", "S1NDTR", "S1PAR", "S1M0AR", "S1M1AR", "S1FCR"),
        stream!(0x40, "S2CR", "S2NDTR", "S2PAR", "S2M0AR", "S2M1AR", "S2FCR"),
        stream!(0x58, "S3CR", "S3NDTR", "S3PAR", "S3M0AR", "S3M1AR", "S3FCR"),
        stream!(0x70, "S4CR", "S4NDTR", "S4PAR", "S4M0AR", "S4M1AR", "S4FCR"),
        stream!(0x88, "S5CR", "S5NDTR", "S5PAR", "S5M0AR", "S5M1AR", "S5FCR"),
        stream!(0xa0, "S6CR", "S6NDTR", "S6PAR", "S6M0AR", "S6M1AR", "S6FCR"),
        stream!(0xb8, "S7CR", "S7NDTR", "S7PAR", "S7M0AR", "S7M1AR", "S7FCR"),
    ];
    let mut all = [Register::ro("LISR", 0x00, 0); 52];
    all[1] = Register::ro("HISR", 0x04, 0);
    all[2] = Register::ro("LIFCR", 0x08, 0);
    all[3] = Register::ro("HIFCR", 0x0c, 0);
    let mut at = 0;
    while at < 48 {
        all[4 + at] = streams[at / 6][at % 6];
        at += 1;
    }
    all
}

static TABLE: [Register; 52] = table();

const EN: u32 = 1 << 0;
const CIRC: u32 = 1 << 8;
const DBM: u32 = 1 << 18;
const CT: u32 = 1 << 19;

/// Flags of a stream, from the bit that [`place`] gives.
const TEIF: u32 = 1 << 3;
const HTIF: u32 = 1 << 4;
const TCIF: u32 = 1 << 5;

/// Status register and first bit of a stream's flags.
fn place(stream: usize) -> (u32, u32) {
    (4 * (stream as u32 / 4), [0, 6, 16, 22][stream % 4])
}

#[derive(Debug, Clone, Copy)]
struct Running {
    peripheral: End,
    memory: End,
    total: u32,
}

/// What decides to which request a stream listens.
pub enum Choice {
    /// A field of its CR: stream, channel and request.
    Channel(Vec<(usize, u32, Request)>),
    /// DMAMUX, by the output of stream 0 and the requests of its inputs.
    Mux { first: usize, requests: Vec<Option<Request>> },
}

pub struct Streams {
    registers: Registers,
    irqs: [Irq; STREAMS],
    choice: Choice,
    running: [Option<Running>; STREAMS],
    moving: usize,
}

impl Streams {
    pub fn new(irqs: [Irq; STREAMS], choice: Choice) -> Self {
        Self { registers: Registers::new(&TABLE), irqs, choice, running: [None; STREAMS], moving: 0 }
    }

    fn control(&self, stream: usize) -> u32 {
        self.registers.get(cr(stream))
    }

    /// 0 from peripheral to memory, 1 back, 2 from memory to memory.
    fn direction(&self, stream: usize) -> u32 {
        self.control(stream) >> 6 & 3
    }

    fn request(&self, stream: usize, bus: &Bus) -> Option<Request> {
        match &self.choice {
            Choice::Channel(requests) => {
                let channel = self.control(stream) >> 25 & 7;
                requests.iter().find(|(s, c, _)| *s == stream && *c == channel).map(|(_, _, request)| *request)
            }
            Choice::Mux { first, requests } => {
                requests.get(usize::from(bus.wires.mux[first + stream])).copied().flatten()
            }
        }
    }

    fn start(&mut self, stream: usize, total: u32, bus: &Bus) -> Result<(), Refusal> {
        let control = self.control(stream);
        let refuse = |problem: &str| Err(Refusal::register(self.registers.name(cr(stream)), problem));
        if self.direction(stream) != 2 && self.request(stream, bus).is_none() {
            return refuse("no modelled device drives the chosen channel");
        }
        if control >> 15 & 1 == 1 || control >> 5 & 1 == 1 {
            return refuse("PINCOS and flow control by the peripheral");
        }
        let size = width(control >> 11);
        let second = control & DBM != 0 && control & CT != 0;
        let memory = self.registers.get(cr(stream) + if second { 16 } else { 12 });
        self.running[stream] = Some(Running {
            peripheral: End {
                address: self.registers.get(cr(stream) + 8),
                width: size,
                increments: control >> 9 & 1 == 1,
            },
            memory: End { address: memory, width: size, increments: control >> 10 & 1 == 1 },
            total,
        });
        Ok(())
    }

    fn wants(&self, stream: usize, bus: &Bus) -> bool {
        self.control(stream) & EN != 0
            && self.running[stream].is_some()
            && self.registers.get(cr(stream) + 4) != 0
            && (self.direction(stream) == 2
                || self.request(stream, bus).is_some_and(|request| bus.wires.is_demanded(request)))
    }

    fn flag(&mut self, stream: usize, flags: u32) {
        let (status, bit) = place(stream);
        self.registers.put(status, flags << bit, true);
    }

    fn drive(&self, bus: &mut Bus) {
        for (stream, irq) in self.irqs.iter().enumerate() {
            let (status, bit) = place(stream);
            // TEIE, HTIE and TCIE stand one below TEIF, HTIF and TCIF.
            let enabled = (self.control(stream) & 0x1c) << 1;
            bus.wires.drive(*irq, self.registers.get(status) >> bit & enabled != 0);
        }
    }
}

impl Device for Streams {
    fn read(&mut self, offset: u32, width: Width, _: &mut Bus) -> Result<u32, Refusal> {
        self.registers.read(offset, width)
    }

    fn write(&mut self, offset: u32, width: Width, value: u32, bus: &mut Bus) -> Result<(), Refusal> {
        let register = offset & !3;
        let stream = (register.saturating_sub(0x10) / 0x18) as usize;
        if register >= 0x10 && stream < STREAMS && register != cr(stream) && self.control(stream) & EN != 0 {
            // The other registers are protected while the stream is on (RM0385 8.5).
            let second = self.control(stream) & DBM != 0 && matches!(register - cr(stream), 12 | 16);
            if !second {
                return self.registers.read(offset, width).map(|_| ());
            }
        }
        let written = self.registers.write(offset, width, value)?;
        match written.offset {
            LIFCR | HIFCR => self.registers.put(written.offset - 8, written.raw, false),
            at if stream < STREAMS && at == cr(stream) => {
                if written.rose() & EN != 0 {
                    self.start(stream, self.registers.get(cr(stream) + 4), bus)?;
                } else if written.new & EN == 0 && written.old & EN != 0 {
                    // Turning a stream off ends it as if it were complete (RM0385 8.3.15).
                    self.running[stream] = None;
                    self.flag(stream, TCIF);
                }
                bus.wires.requests_changed = true;
            }
            _ => {}
        }
        self.drive(bus);
        Ok(())
    }

    fn reset(&mut self, bus: &mut Bus) {
        self.registers.reset();
        self.running = [None; STREAMS];
        self.drive(bus);
    }

    fn transfer(&mut self, bus: &mut Bus) -> Option<Transfer> {
        let ready = (0..STREAMS).filter(|stream| self.wants(*stream, bus));
        let priority = |stream: usize| self.control(stream) >> 16 & 3;
        let stream = ready.max_by_key(|stream| (priority(*stream), std::cmp::Reverse(*stream)))?;
        let Running { peripheral, memory, .. } = self.running[stream]?;
        self.moving = stream;
        let (from, to) = if self.direction(stream) == 1 { (memory, peripheral) } else { (peripheral, memory) };
        Some(Transfer { from: from.address, from_width: from.width, to: to.address, to_width: to.width })
    }

    fn transferred(&mut self, ok: bool, bus: &mut Bus) {
        let stream = self.moving;
        let Some(running) = &mut self.running[stream] else { return };
        running.peripheral.advance();
        running.memory.advance();
        let total = running.total;
        let left = self.registers.get(cr(stream) + 4) - 1;
        if !ok {
            self.registers.put(cr(stream), EN, false);
            self.running[stream] = None;
            self.flag(stream, TEIF);
            self.drive(bus);
            return;
        }
        self.registers.set(cr(stream) + 4, left);
        if left == total / 2 {
            self.flag(stream, HTIF);
        }
        if left == 0 {
            self.flag(stream, TCIF);
            let control = self.control(stream);
            if control & (CIRC | DBM) != 0 {
                self.registers.set(cr(stream) + 4, total);
                if control & DBM != 0 {
                    self.registers.set(cr(stream), control ^ CT);
                }
                // It was accepted when the stream was turned on.
                let _ = self.start(stream, total, bus);
            } else {
                self.registers.put(cr(stream), EN, false);
                self.running[stream] = None;
            }
        }
        self.drive(bus);
    }
}
