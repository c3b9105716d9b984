//! General-purpose DMA of STM32U5 (RM0456 Rev 6, chapter 17): channels that choose their requests themselves. Linked lists,
//! triggers, requests for whole blocks or bursts, packing and exchanges of bytes are refused.

use super::{End, width};
use crate::emulator::interface::Width;
use crate::emulator::soc::device::{Bus, Device, Refusal, Transfer};
use crate::emulator::soc::registers::{Register, Registers, lane};
use crate::emulator::soc::wires::{Irq, Request, Wires};

pub const CHANNELS: usize = 16;

const MISR: u32 = 0x0c;

const GLOBAL: &[Register] = &[
    Register::ro("SECCFGR", 0x00, 0),
    Register::rw("PRIVCFGR", 0x04, 0, 0x0000_ffff),
    Register::rw("RCFGLOCKR", 0x08, 0, 0x0000_ffff),
    Register::ro("MISR", MISR as u16, 0),
    Register::ro("SMISR", 0x10, 0),
];

/// Where the registers of the first channel begin, and how far each is from the next.
const FIRST: u32 = 0x50;
const STEP: u32 = 0x80;

const FCR: u32 = 0x0c;
const SR: u32 = 0x10;
const CR: u32 = 0x14;
const TR1: u32 = 0x40;
const TR2: u32 = 0x44;
const BR1: u32 = 0x48;
const SAR: u32 = 0x4c;
const DAR: u32 = 0x50;
const TR3: u32 = 0x54;
const BR2: u32 = 0x58;
const LLR: u32 = 0x7c;

/// Of one channel. What only the last four channels have is in all, and refused when it would do something.
const CHANNEL: &[Register] = &[
    Register::rw("LBAR", 0x00, 0, 0xffff_0000),
    Register::ro("FCR", FCR as u16, 0),
    Register::ro("SR", SR as u16, IDLE),
    Register::rw("CR", CR as u16, 0, 0x00c3_7f05),
    Register::rw("TR1", TR1 as u16, 0, 0x4ffb_7bfb),
    Register::rw("TR2", TR2 as u16, 0, 0xc37f_ce7f),
    Register::rw("BR1", BR1 as u16, 0, 0xf7ff_ffff),
    Register::rw("SAR", SAR as u16, 0, u32::MAX),
    Register::rw("DAR", DAR as u16, 0, u32::MAX),
    Register::rw("TR3", TR3 as u16, 0, 0x1fff_1fff),
    Register::rw("BR2", BR2 as u16, 0, u32::MAX),
    Register::rw("LLR", LLR as u16, 0, 0xfe01_fffc),
];

const EN: u32 = 1 << 0;
const RESET: u32 = 1 << 1;
const SUSP: u32 = 1 << 2;

/// Flags of SR; those from TCF to TOF have their enable bits in CR and their clear bits in FCR at the same places.
const IDLE: u32 = 1 << 0;
const TCF: u32 = 1 << 8;
const HTF: u32 = 1 << 9;
const DTEF: u32 = 1 << 10;
const USEF: u32 = 1 << 12;
const SUSPF: u32 = 1 << 13;
const FLAGS: u32 = 0x7f00;

const SWREQ: u32 = 1 << 9;
const DREQ: u32 = 1 << 10;
const BREQ: u32 = 1 << 11;

/// REQSEL of what modelled devices drive (RM0456, "GPDMA1 requests"; stm32u5xx_hal_dma.h).
const REQUESTS: &[(u8, &str)] = &[
    (24, "USART1_RX"),
    (25, "USART1_TX"),
    (26, "USART2_RX"),
    (27, "USART2_TX"),
    (28, "USART3_RX"),
    (29, "USART3_TX"),
    (30, "UART4_RX"),
    (31, "UART4_TX"),
    (32, "UART5_RX"),
    (33, "UART5_TX"),
    (34, "LPUART1_RX"),
    (35, "LPUART1_TX"),
];

struct Channel {
    registers: Registers,
    irq: Irq,
    /// Both ends and the block's bytes of the transfer under way.
    running: Option<(End, End, u32)>,
}

pub struct Gpdma {
    global: Registers,
    channels: Vec<Channel>,
    requests: Vec<(u8, Request)>,
    moving: usize,
}

impl Channel {
    fn get(&self, register: u32) -> u32 {
        self.registers.get(register)
    }

    fn stop(&mut self) {
        self.running = None;
        self.registers.put(CR, EN | SUSP, false);
        self.registers.put(SR, IDLE, true);
    }

    /// What is set up and not modelled.
    fn unmodelled(&self, requests: &[(u8, Request)]) -> Option<(&'static str, String)> {
        let (tr1, tr2) = (self.get(TR1), self.get(TR2));
        let by_hardware = tr2 & SWREQ == 0;
        let burst = if tr2 & DREQ != 0 { tr1 >> 20 } else { tr1 >> 4 } & 0x3f;
        let request = tr2 & 0x7f;
        Some(match () {
            () if self.get(LLR) != 0 => ("LLR", "a linked list".into()),
            () if matches!(tr2 >> 24 & 3, 1 | 2) => ("TR2", "a trigger".into()),
            () if self.get(BR1) >> 16 != 0 || self.get(TR3) | self.get(BR2) != 0 => ("BR1", "repeated blocks".into()),
            () if tr1 & (0b11 << 26 | 1 << 13) != 0 => ("TR1", "an exchange of bytes".into()),
            () if tr1 >> 11 & 3 != 0 && tr1 >> 16 & 3 != tr1 & 3 => ("TR1", "PAM: packing or alignment".into()),
            () if by_hardware && tr2 & BREQ != 0 => ("TR2", "BREQ: a request for a block".into()),
            () if by_hardware && burst != 0 => ("TR1", "a burst for each request".into()),
            () if by_hardware && !requests.iter().any(|(known, _)| u32::from(*known) == request) => {
                ("TR2", format!("request {request}: no modelled device drives it"))
            }
            () => return None,
        })
    }

    /// EN rises.
    fn start(&mut self) {
        let (tr1, bytes) = (self.get(TR1), self.get(BR1) & 0xffff);
        let end = |address, log2, increments| End { address, width: width(log2), increments };
        let from = end(self.get(SAR), tr1, tr1 >> 3 & 1 == 1);
        let to = end(self.get(DAR), tr1 >> 16, tr1 >> 19 & 1 == 1);
        let whole = |number: u32, end: &End| number % end.width.bytes() == 0;
        let sound = tr1 & 3 != 3
            && tr1 >> 16 & 3 != 3
            && whole(bytes, &from)
            && whole(from.address, &from)
            && whole(to.address, &to);
        if !sound {
            self.registers.put(SR, USEF, true);
        }
        // A block of nothing is complete without an event.
        if !sound || bytes == 0 {
            return self.stop();
        }
        self.registers.put(SR, IDLE, false);
        self.running = Some((from, to, bytes));
    }

    fn write_control(&mut self, raw: u32, requests: &[(u8, Request)]) -> Result<(), (&'static str, String)> {
        if raw & RESET != 0 {
            self.stop();
            return Ok(());
        }
        // Software cannot clear EN.
        self.registers.put(CR, EN, self.running.is_some() || raw & EN != 0);
        if raw & EN != 0 && self.running.is_none() {
            if let Some(problem) = self.unmodelled(requests) {
                return Err(problem);
            }
            self.start();
        }
        if self.running.is_some() && raw & SUSP != 0 {
            self.registers.put(SR, SUSPF | IDLE, true);
        } else if self.running.is_some() {
            self.registers.put(SR, IDLE, false);
        }
        Ok(())
    }
}

impl Gpdma {
    pub fn new(irqs: [Irq; CHANNELS], wires: &mut Wires) -> Self {
        let channel = |irq| Channel { registers: Registers::new(CHANNEL), irq, running: None };
        Self {
            global: Registers::new(GLOBAL),
            channels: irqs.map(channel).into(),
            requests: REQUESTS.iter().map(|(number, name)| (*number, wires.request(name))).collect(),
            moving: 0,
        }
    }

    /// The channel whose registers an offset is among, and the offset among these.
    fn place(offset: u32) -> Option<(usize, u32)> {
        let inside = offset.checked_sub(FIRST)?;
        let channel = (inside / STEP) as usize;
        (channel < CHANNELS).then_some((channel, inside % STEP))
    }

    fn wants(&self, channel: &Channel, bus: &Bus) -> bool {
        let tr2 = channel.get(TR2);
        let mut requests = self.requests.iter().filter(|(number, _)| u32::from(*number) == tr2 & 0x7f);
        channel.running.is_some()
            && channel.get(CR) & SUSP == 0
            && (tr2 & SWREQ != 0 || requests.any(|(_, request)| bus.wires.is_demanded(*request)))
    }

    fn drive(&self, bus: &mut Bus) {
        for channel in &self.channels {
            bus.wires.drive(channel.irq, channel.get(SR) & channel.get(CR) & FLAGS != 0);
        }
    }

    fn masked(&self) -> u32 {
        let up = |(at, channel): (usize, &Channel)| u32::from(channel.get(SR) & channel.get(CR) & FLAGS != 0) << at;
        self.channels.iter().enumerate().map(up).sum()
    }
}

/// The refusal of a channel, which has its number in its registers' names.
fn refusal(channel: usize, register: &str, problem: String) -> Refusal {
    Refusal::register(format!("C{channel}{register}"), problem)
}

impl Device for Gpdma {
    fn read(&mut self, offset: u32, width: Width, _: &mut Bus) -> Result<u32, Refusal> {
        match Self::place(offset) {
            Some((channel, at)) => {
                let refuse = |r: Refusal| refusal(channel, &r.register, r.problem);
                self.channels[channel].registers.read(at, width).map_err(refuse)
            }
            None if offset & !3 == MISR => Ok(lane(self.masked(), offset, width)),
            None => self.global.read(offset, width),
        }
    }

    fn write(&mut self, offset: u32, width: Width, value: u32, bus: &mut Bus) -> Result<(), Refusal> {
        let Some((number, at)) = Self::place(offset) else {
            return self.global.write(offset, width, value).map(|_| ());
        };
        let channel = &mut self.channels[number];
        let refuse = |r: Refusal| refusal(number, &r.register, r.problem);
        if channel.running.is_some() && at >= TR1 {
            // Read-only while the channel is on.
            channel.registers.read(at, width).map_err(refuse)?;
            return Ok(());
        }
        let written = channel.registers.write(at, width, value).map_err(refuse)?;
        match written.offset {
            FCR => channel.registers.put(SR, written.raw & FLAGS, false),
            CR => {
                let outcome = channel.write_control(written.raw, &self.requests);
                outcome.map_err(|(register, problem)| refusal(number, register, problem))?;
                bus.wires.requests_changed = true;
            }
            _ => {}
        }
        self.drive(bus);
        Ok(())
    }

    fn reset(&mut self, bus: &mut Bus) {
        self.global.reset();
        for channel in &mut self.channels {
            channel.registers.reset();
            channel.running = None;
        }
        self.drive(bus);
    }

    fn transfer(&mut self, bus: &mut Bus) -> Option<Transfer> {
        let ready = self.channels.iter().enumerate().filter(|(_, channel)| self.wants(channel, bus));
        let priority = |channel: &Channel| channel.get(CR) >> 22 & 3;
        let (at, channel) = ready.max_by_key(|(at, channel)| (priority(channel), std::cmp::Reverse(*at)))?;
        let (from, to, _) = channel.running?;
        self.moving = at;
        Some(Transfer { from: from.address, from_width: from.width, to: to.address, to_width: to.width })
    }

    fn transferred(&mut self, ok: bool, bus: &mut Bus) {
        let channel = &mut self.channels[self.moving];
        let Some((from, to, total)) = &mut channel.running else { return };
        if ok {
            from.advance();
            to.advance();
            let (from, to, total) = (*from, *to, *total);
            let before = channel.registers.get(BR1) & 0xffff;
            let left = before - from.width.bytes();
            channel.registers.set(BR1, left);
            channel.registers.set(SAR, from.address);
            channel.registers.set(DAR, to.address);
            // Half is rounded up.
            let half = total - total.div_ceil(2);
            channel.registers.put(SR, HTF, channel.registers.get(SR) & HTF != 0 || before > half && left <= half);
            if left == 0 {
                channel.registers.put(SR, TCF, true);
                channel.stop();
            }
        } else {
            channel.registers.put(SR, DTEF, true);
            channel.stop();
        }
        self.drive(bus);
    }
}
