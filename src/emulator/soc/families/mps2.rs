//! Arm MPS2 with the images AN386, AN500 and AN505 as QEMU 7.2 models them (hw/arm/mps2.c, hw/arm/mps2-tz.c): twins for tests.

use crate::emulator::soc::blocks::{Block, FamilyMap, Model, Unclocked};
use crate::emulator::soc::mps2;

const fn uart(name: &'static str, base: u32, irqs: &'static [u16]) -> Block {
    Block::new(name, base, 0x1000, Model::CmsdkUart).irqs(irqs)
}

pub static FAMILY: FamilyMap = FamilyMap {
    name: "mps2",
    blocks: BLOCKS,
    gate_to_reset: 0,
    unclocked: Unclocked::Refused,
    fixed_hz: Some(25_000_000),
};

const BLOCKS: &[Block] = &[
    Block::new("TIMER0", 0x4000_0000, 0x1000, Model::CmsdkTimer).irqs(&[8]),
    Block::new("TIMER1", 0x4000_1000, 0x1000, Model::CmsdkTimer).irqs(&[9]),
    Block::new("DUALTIMER", 0x4000_2000, 0x1000, Model::CmsdkDualTimer).irqs(&[10]),
    uart("UART0", 0x4000_4000, &[0, 1, 12]),
    uart("UART1", 0x4000_5000, &[2, 3, 12]),
    uart("UART2", 0x4000_6000, &[4, 5, 12]),
    Block::absent("RTC", 0x4000_7000, 0x1000),
    Block::absent("WATCHDOG", 0x4000_8000, 0x1000),
    uart("UART3", 0x4000_9000, &[18, 19, 12]),
    Block::absent("GPIO0", 0x4001_0000, 0x1000),
    Block::absent("GPIO1", 0x4001_1000, 0x1000),
    Block::absent("GPIO2", 0x4001_2000, 0x1000),
    Block::absent("GPIO3", 0x4001_3000, 0x1000),
    Block::absent("SPI0", 0x4002_0000, 0x1000),
    Block::absent("SPI1", 0x4002_1000, 0x1000),
    Block::absent("I2C_TOUCH", 0x4002_2000, 0x1000),
    Block::absent("I2C_AUDIO", 0x4002_3000, 0x1000),
    Block::absent("I2S", 0x4002_4000, 0x1000),
    Block::new("FPGAIO", 0x4002_8000, 0x1000, Model::FpgaIo),
    uart("UART4", 0x4002_c000, &[20, 21, 12]),
    Block::new("SCC", 0x4002_f000, 0x1000, Model::Plain(mps2::SCC)),
    Block::absent("VGA", 0x4100_0000, 0x100_0000),
    Block::absent("ETHERNET", 0x4020_0000, 0x10_0000),
];

/// The image with a Cortex-M33. What decides on secure and other accesses is left out: it lets all pass here.
pub static AN505: FamilyMap = FamilyMap {
    name: "an505",
    blocks: AN505_BLOCKS,
    gate_to_reset: 0,
    unclocked: Unclocked::Refused,
    fixed_hz: Some(20_000_000),
};

const AN505_BLOCKS: &[Block] = &[
    Block::new("TIMER0", 0x4000_0000, 0x1000, Model::CmsdkTimer).irqs(&[3]),
    Block::new("TIMER1", 0x4000_1000, 0x1000, Model::CmsdkTimer).irqs(&[4]),
    Block::new("DUALTIMER", 0x4000_2000, 0x1000, Model::CmsdkDualTimer).irqs(&[5]),
    uart("UART0", 0x4020_0000, &[32, 33, 47]),
    uart("UART1", 0x4020_1000, &[34, 35, 47]),
    uart("UART2", 0x4020_2000, &[36, 37, 47]),
    uart("UART3", 0x4020_3000, &[38, 39, 47]),
    uart("UART4", 0x4020_4000, &[40, 41, 47]),
    Block::new("SCC", 0x4030_0000, 0x1000, Model::Plain(mps2::SCC)),
    Block::new("FPGAIO", 0x4030_2000, 0x1000, Model::FpgaIo),
];
