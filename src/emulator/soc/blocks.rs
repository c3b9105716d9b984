//! The memory map of a family as data: every block by name, and how the modelled ones are wired.

use super::clocks::Node;
use super::dma::mux;
use super::gpio::Resting;
use super::registers::Register;
use super::timer::Shape;
use super::wires::Kernel;
use super::{crc, exti, flash, pwr, rcc, syscfg, usart};

/// A bit of an RCC register: offset and bit.
pub type Gate = (u16, u8);

/// What stands behind a block.
#[derive(Clone, Copy)]
pub enum Model {
    /// On the part, but not modelled: any access is refused by name.
    Absent,
    Rcc(&'static rcc::Family),
    Pwr(&'static pwr::Family),
    Flash(&'static flash::Family),
    FlashH7(&'static flash::h7::Part),
    /// The cache between core and flash.
    Icache,
    Adc(&'static [Register]),
    Otg,
    Gpio(u8, Resting),
    Usart(usart::Kind, Kernel, Option<(&'static str, &'static str)>),
    /// With the register layout of F4.
    UsartClassic(Kernel, Option<(&'static str, &'static str)>),
    /// Interrupt lines: update, compare; one line serves both.
    Timer(Shape, Node),
    Exti(exti::Kind),
    Syscfg(syscfg::Kind),
    Crc(crc::Kind),
    Rng,
    Iwdg,
    Wwdg,
    /// Seven channels behind DMAMUX outputs from the given one on; an interrupt line each.
    DmaChannels(usize, &'static mux::Part),
    /// Sixteen channels; an interrupt line each.
    Gpdma,
    DmaMux(&'static mux::Part),
    /// Eight streams of the controller of this number; an interrupt line each.
    DmaStreams(u8),
    /// The same behind DMAMUX outputs from the given one on.
    DmaStreamsBehindMux(usize, &'static mux::Part),
    Identity(&'static [Register]),
    /// Registers that only hold what is written.
    Plain(&'static [Register]),
    /// Interrupt lines: receive, transmit, overrun.
    CmsdkUart,
    CmsdkTimer,
    CmsdkDualTimer,
    FpgaIo,
}

/// One block of the memory map.
#[derive(Clone, Copy)]
pub struct Block {
    pub name: &'static str,
    pub base: u32,
    /// Bytes.
    pub size: u32,
    pub model: Model,
    /// Bit that gates its clock; a block without one always runs.
    pub gate: Option<Gate>,
    /// Interrupt lines, in the order that the model names.
    pub irqs: &'static [u16],
}

impl Block {
    pub const fn new(name: &'static str, base: u32, size: u32, model: Model) -> Self {
        Self { name, base, size, model, gate: None, irqs: &[] }
    }

    /// A block that nobody models.
    pub const fn absent(name: &'static str, base: u32, size: u32) -> Self {
        Self::new(name, base, size, Model::Absent)
    }

    pub const fn gated(mut self, register: u16, bit: u8) -> Self {
        self.gate = Some((register, bit));
        self
    }

    pub const fn irqs(mut self, irqs: &'static [u16]) -> Self {
        self.irqs = irqs;
        self
    }
}

/// Two parts of a memory map; `N` is the sum of their lengths.
pub const fn join<const N: usize>(a: &[Block], b: &[Block]) -> [Block; N] {
    assert!(a.len() + b.len() == N);
    let mut all = [a[0]; N];
    let mut at = 0;
    while at < N {
        all[at] = if at < a.len() { a[at] } else { b[at - a.len()] };
        at += 1;
    }
    all
}

/// What an access to a block whose clock is off does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unclocked {
    /// The manual does not say: it is refused.
    Refused,
    /// Reads give 0 and writes are lost.
    Dead,
}

/// Everything that is known of a family.
pub struct FamilyMap {
    pub name: &'static str,
    pub blocks: &'static [Block],
    /// Subtracted from a gate's register offset, this gives the register of its reset bit.
    pub gate_to_reset: u16,
    pub unclocked: Unclocked,
    /// Hz of everything where the family has no RCC.
    pub fixed_hz: Option<u64>,
}
