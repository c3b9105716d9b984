//! DMAMUX (RM0432 chapter 13): chooses the request that each DMA channel listens to. Synchronisation and the request
//! generators are refused.

use crate::emulator::interface::Width;
use crate::emulator::soc::device::{Bus, Device, Refusal};
use crate::emulator::soc::registers::{Register, Registers};
use crate::emulator::soc::wires::{Request, Wires};

/// What differs between parts.
pub struct Part {
    outputs: usize,
    table: &'static [Register],
    /// Requests by input (tables of DMAMUX inputs); others than these no modelled device drives.
    inputs: &'static [(u8, &'static str)],
}

impl Part {
    /// Requests by number of the input.
    pub fn requests(&self, wires: &mut Wires) -> Vec<Option<Request>> {
        let mut requests = vec![None; 128];
        for (input, name) in self.inputs {
            requests[usize::from(*input)] = Some(wires.request(name));
        }
        requests
    }
}

/// STM32L4+ (RM0432).
pub static L4PLUS: Part = Part { outputs: 14, table: TABLE, inputs: L4PLUS_INPUTS };
/// DMAMUX1 of STM32H743 (RM0433 chapter 17) and STM32H7A3 (RM0455 chapter 17).
pub static H7: Part = Part { outputs: 16, table: H7_TABLE, inputs: H7_INPUTS };

const TABLE: &[Register] = &[
    Register::rw("C0CR", 0x00, 0, 0x1fff_037f),
    Register::rw("C1CR", 0x04, 0, 0x1fff_037f),
    Register::rw("C2CR", 0x08, 0, 0x1fff_037f),
    Register::rw("C3CR", 0x0c, 0, 0x1fff_037f),
    Register::rw("C4CR", 0x10, 0, 0x1fff_037f),
    Register::rw("C5CR", 0x14, 0, 0x1fff_037f),
    Register::rw("C6CR", 0x18, 0, 0x1fff_037f),
    Register::rw("C7CR", 0x1c, 0, 0x1fff_037f),
    Register::rw("C8CR", 0x20, 0, 0x1fff_037f),
    Register::rw("C9CR", 0x24, 0, 0x1fff_037f),
    Register::rw("C10CR", 0x28, 0, 0x1fff_037f),
    Register::rw("C11CR", 0x2c, 0, 0x1fff_037f),
    Register::rw("C12CR", 0x30, 0, 0x1fff_037f),
    Register::rw("C13CR", 0x34, 0, 0x1fff_037f),
    Register::ro("CSR", 0x80, 0),
    Register::ro("CFR", 0x84, 0),
    Register::rw("RG0CR", 0x100, 0, 0x00ff_011f),
    Register::rw("RG1CR", 0x104, 0, 0x00ff_011f),
    Register::rw("RG2CR", 0x108, 0, 0x00ff_011f),
    Register::rw("RG3CR", 0x10c, 0, 0x00ff_011f),
    Register::ro("RGSR", 0x140, 0),
    Register::ro("RGCFR", 0x144, 0),
];

const H7_TABLE: &[Register] = &[
    Register::rw("C0CR", 0x00, 0, 0x1fff_037f),
    Register::rw("C1CR", 0x04, 0, 0x1fff_037f),
    Register::rw("C2CR", 0x08, 0, 0x1fff_037f),
    Register::rw("C3CR", 0x0c, 0, 0x1fff_037f),
    Register::rw("C4CR", 0x10, 0, 0x1fff_037f),
    Register::rw("C5CR", 0x14, 0, 0x1fff_037f),
    Register::rw("C6CR", 0x18, 0, 0x1fff_037f),
    Register::rw("C7CR", 0x1c, 0, 0x1fff_037f),
    Register::rw("C8CR", 0x20, 0, 0x1fff_037f),
    Register::rw("C9CR", 0x24, 0, 0x1fff_037f),
    Register::rw("C10CR", 0x28, 0, 0x1fff_037f),
    Register::rw("C11CR", 0x2c, 0, 0x1fff_037f),
    Register::rw("C12CR", 0x30, 0, 0x1fff_037f),
    Register::rw("C13CR", 0x34, 0, 0x1fff_037f),
    Register::rw("C14CR", 0x38, 0, 0x1fff_037f),
    Register::rw("C15CR", 0x3c, 0, 0x1fff_037f),
    Register::ro("CSR", 0x80, 0),
    Register::ro("CFR", 0x84, 0),
    Register::rw("RG0CR", 0x100, 0, 0x00ff_011f),
    Register::rw("RG1CR", 0x104, 0, 0x00ff_011f),
    Register::rw("RG2CR", 0x108, 0, 0x00ff_011f),
    Register::rw("RG3CR", 0x10c, 0, 0x00ff_011f),
    Register::rw("RG4CR", 0x110, 0, 0x00ff_011f),
    Register::rw("RG5CR", 0x114, 0, 0x00ff_011f),
    Register::rw("RG6CR", 0x118, 0, 0x00ff_011f),
    Register::rw("RG7CR", 0x11c, 0, 0x00ff_011f),
    Register::ro("RGSR", 0x140, 0),
    Register::ro("RGCFR", 0x144, 0),
];

/// UART9 and USART10 are on H7A3 alone.
const H7_INPUTS: &[(u8, &str)] = &[
    (41, "USART1_RX"),
    (42, "USART1_TX"),
    (43, "USART2_RX"),
    (44, "USART2_TX"),
    (45, "USART3_RX"),
    (46, "USART3_TX"),
    (63, "UART4_RX"),
    (64, "UART4_TX"),
    (65, "UART5_RX"),
    (66, "UART5_TX"),
    (71, "USART6_RX"),
    (72, "USART6_TX"),
    (79, "UART7_RX"),
    (80, "UART7_TX"),
    (81, "UART8_RX"),
    (82, "UART8_TX"),
    (116, "UART9_RX"),
    (117, "UART9_TX"),
    (118, "USART10_RX"),
    (119, "USART10_TX"),
];

const L4PLUS_INPUTS: &[(u8, &str)] = &[
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

pub struct Mux(Registers, &'static Part);

impl Mux {
    pub fn new(part: &'static Part) -> Self {
        Self(Registers::new(part.table), part)
    }

    fn publish(&self, bus: &mut Bus) {
        for output in 0..self.1.outputs {
            bus.wires.mux[output] = (self.0.get(4 * output as u32) & 0x7f) as u8;
        }
        bus.wires.requests_changed = true;
    }
}

impl Device for Mux {
    fn read(&mut self, offset: u32, width: Width, _: &mut Bus) -> Result<u32, Refusal> {
        self.0.read(offset, width)
    }

    fn write(&mut self, offset: u32, width: Width, value: u32, bus: &mut Bus) -> Result<(), Refusal> {
        let written = self.0.write(offset, width, value)?;
        let name = self.0.name(written.offset);
        if written.offset < 0x80 {
            let input = (written.new & 0x7f) as u8;
            if input != 0 && !self.1.inputs.iter().any(|(known, _)| *known == input) {
                return Err(Refusal::register(name, format!("request {input}: no modelled device drives it")));
            }
            if written.new >> 16 & 1 == 1 {
                return Err(Refusal::register(name, "SE: synchronisation"));
            }
        } else if (0x100..0x140).contains(&written.offset) && written.new >> 16 & 1 == 1 {
            return Err(Refusal::register(name, "GE: request generator"));
        }
        self.publish(bus);
        Ok(())
    }

    fn reset(&mut self, bus: &mut Bus) {
        self.0.reset();
        self.publish(bus);
    }
}
