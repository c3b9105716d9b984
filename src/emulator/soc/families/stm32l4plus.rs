//! STM32L4R5 (RM0432 2.2 memory map, 6.4 RCC registers, 16.3 interrupts, DMAMUX request table 13.3.2).

use crate::emulator::soc::blocks::{Block, FamilyMap, Model, Unclocked};
use crate::emulator::soc::clocks::Node;
use crate::emulator::soc::gpio::Resting;
use crate::emulator::soc::timer::Shape;
use crate::emulator::soc::usart::Kind;
use crate::emulator::soc::wires::Kernel;
use crate::emulator::soc::{debug, exti, flash, identity, pwr, rcc, syscfg};

/// Offsets of RCC enable registers.
const AHB1: u16 = 0x48;
const AHB2: u16 = 0x4c;
const AHB3: u16 = 0x50;
const APB1: u16 = 0x58;
const APB1_2: u16 = 0x5c;
const APB2: u16 = 0x60;

/// Kernel clock of a serial block: a field of CCIPR.
const fn ccipr(shift: u8, bus: Node) -> Kernel {
    Kernel::Chosen { register: 0x88, shift, from: [bus, Node::Sys, Node::Hsi, Node::Lse] }
}

const fn port(name: &'static str, number: u8) -> Block {
    let base = 0x4800_0000 + 0x400 * number as u32;
    Block::new(name, base, 0x400, Model::Gpio(number, Resting::Analog)).gated(AHB2, number)
}

pub static FAMILY: FamilyMap = FamilyMap {
    name: "stm32l4plus",
    blocks: BLOCKS,
    gate_to_reset: 0x20,
    // RM0432 6.2.17: accesses to a peripheral without clock are not supported.
    unclocked: Unclocked::Refused,
    fixed_hz: None,
};

const BLOCKS: &[Block] = &[
    Block::new("TIM2", 0x4000_0000, 0x400, Model::Timer(Shape::WIDE_4, Node::Timer1)).gated(APB1, 0).irqs(&[28]),
    Block::new("TIM3", 0x4000_0400, 0x400, Model::Timer(Shape::NARROW_4, Node::Timer1)).gated(APB1, 1).irqs(&[29]),
    Block::new("TIM4", 0x4000_0800, 0x400, Model::Timer(Shape::NARROW_4, Node::Timer1)).gated(APB1, 2).irqs(&[30]),
    Block::new("TIM5", 0x4000_0c00, 0x400, Model::Timer(Shape::WIDE_4, Node::Timer1)).gated(APB1, 3).irqs(&[50]),
    Block::new("TIM6", 0x4000_1000, 0x400, Model::Timer(Shape::BASIC, Node::Timer1)).gated(APB1, 4).irqs(&[54]),
    Block::new("TIM7", 0x4000_1400, 0x400, Model::Timer(Shape::BASIC, Node::Timer1)).gated(APB1, 5).irqs(&[55]),
    Block::absent("RTC", 0x4000_2800, 0x400).gated(APB1, 10).irqs(&[3, 41]),
    Block::new("WWDG", 0x4000_2c00, 0x400, Model::Wwdg).gated(APB1, 11).irqs(&[0]),
    Block::new("IWDG", 0x4000_3000, 0x400, Model::Iwdg),
    Block::absent("SPI2", 0x4000_3800, 0x400).gated(APB1, 14).irqs(&[36]),
    Block::absent("SPI3", 0x4000_3c00, 0x400).gated(APB1, 15).irqs(&[51]),
    Block::new(
        "USART2",
        0x4000_4400,
        0x400,
        Model::Usart(Kind::Fifo, ccipr(2, Node::Apb1), Some(("USART2_TX", "USART2_RX"))),
    )
    .gated(APB1, 17)
    .irqs(&[38]),
    Block::new(
        "USART3",
        0x4000_4800,
        0x400,
        Model::Usart(Kind::Fifo, ccipr(4, Node::Apb1), Some(("USART3_TX", "USART3_RX"))),
    )
    .gated(APB1, 18)
    .irqs(&[39]),
    Block::new(
        "UART4",
        0x4000_4c00,
        0x400,
        Model::Usart(Kind::Fifo, ccipr(6, Node::Apb1), Some(("UART4_TX", "UART4_RX"))),
    )
    .gated(APB1, 19)
    .irqs(&[52]),
    Block::new(
        "UART5",
        0x4000_5000,
        0x400,
        Model::Usart(Kind::Fifo, ccipr(8, Node::Apb1), Some(("UART5_TX", "UART5_RX"))),
    )
    .gated(APB1, 20)
    .irqs(&[53]),
    Block::absent("I2C1", 0x4000_5400, 0x400).gated(APB1, 21).irqs(&[31, 32]),
    Block::absent("I2C2", 0x4000_5800, 0x400).gated(APB1, 22).irqs(&[33, 34]),
    Block::absent("I2C3", 0x4000_5c00, 0x400).gated(APB1, 23).irqs(&[72, 73]),
    Block::absent("CRS", 0x4000_6000, 0x400).gated(APB1, 24).irqs(&[82]),
    Block::absent("CAN1", 0x4000_6400, 0x400).gated(APB1, 25).irqs(&[19, 20, 21, 22]),
    Block::new("PWR", 0x4000_7000, 0x400, Model::Pwr(&pwr::L4PLUS)).gated(APB1, 28),
    Block::absent("DAC1", 0x4000_7400, 0x400).gated(APB1, 29).irqs(&[54]),
    Block::absent("OPAMP", 0x4000_7800, 0x400).gated(APB1, 30),
    Block::absent("LPTIM1", 0x4000_7c00, 0x400).gated(APB1, 31).irqs(&[65]),
    Block::new(
        "LPUART1",
        0x4000_8000,
        0x400,
        Model::Usart(Kind::LowPower, ccipr(10, Node::Apb1), Some(("LPUART1_TX", "LPUART1_RX"))),
    )
    .gated(APB1_2, 0)
    .irqs(&[70]),
    Block::absent("I2C4", 0x4000_8400, 0x400).gated(APB1_2, 1).irqs(&[84, 83]),
    Block::absent("LPTIM2", 0x4000_9400, 0x400).gated(APB1_2, 5).irqs(&[66]),
    Block::new("SYSCFG", 0x4001_0000, 0x30, Model::Syscfg(syscfg::Kind::L4Plus)).gated(APB2, 0),
    Block::absent("VREFBUF", 0x4001_0030, 0x1d0).gated(APB2, 0),
    Block::absent("COMP", 0x4001_0200, 0x200).gated(APB2, 0).irqs(&[64]),
    Block::new("EXTI", 0x4001_0400, 0x400, Model::Exti(exti::Kind::L4Plus)).irqs(exti::PIN_IRQS),
    Block::absent("FIREWALL", 0x4001_1c00, 0x400).gated(APB2, 7),
    Block::new("TIM1", 0x4001_2c00, 0x400, Model::Timer(Shape::ADVANCED, Node::Timer2))
        .gated(APB2, 11)
        .irqs(&[25, 27, 24, 26]),
    Block::absent("SPI1", 0x4001_3000, 0x400).gated(APB2, 12).irqs(&[35]),
    Block::new("TIM8", 0x4001_3400, 0x400, Model::Timer(Shape::ADVANCED, Node::Timer2))
        .gated(APB2, 13)
        .irqs(&[44, 46, 43, 45]),
    Block::new(
        "USART1",
        0x4001_3800,
        0x400,
        Model::Usart(Kind::Fifo, ccipr(0, Node::Apb2), Some(("USART1_TX", "USART1_RX"))),
    )
    .gated(APB2, 14)
    .irqs(&[37]),
    Block::new("TIM15", 0x4001_4000, 0x400, Model::Timer(Shape::NARROW_2, Node::Timer2)).gated(APB2, 16).irqs(&[24]),
    Block::new("TIM16", 0x4001_4400, 0x400, Model::Timer(Shape::NARROW_1, Node::Timer2)).gated(APB2, 17).irqs(&[25]),
    Block::new("TIM17", 0x4001_4800, 0x400, Model::Timer(Shape::NARROW_1, Node::Timer2)).gated(APB2, 18).irqs(&[26]),
    Block::absent("SAI1", 0x4001_5400, 0x400).gated(APB2, 21).irqs(&[74]),
    Block::absent("SAI2", 0x4001_5800, 0x400).gated(APB2, 22).irqs(&[75]),
    Block::absent("DFSDM1", 0x4001_6000, 0x800).gated(APB2, 24).irqs(&[61, 62, 63, 42]),
    Block::new("DMA1", 0x4002_0000, 0x400, Model::DmaChannels(0)).gated(AHB1, 0).irqs(&[11, 12, 13, 14, 15, 16, 17]),
    Block::new("DMA2", 0x4002_0400, 0x400, Model::DmaChannels(7)).gated(AHB1, 1).irqs(&[56, 57, 58, 59, 60, 68, 69]),
    Block::new("DMAMUX1", 0x4002_0800, 0x400, Model::DmaMux).gated(AHB1, 2).irqs(&[94]),
    Block::new("RCC", 0x4002_1000, 0x400, Model::Rcc(&rcc::l4plus::FAMILY)),
    Block::new("FLASH", 0x4002_2000, 0x400, Model::Flash(&flash::l4plus::FAMILY)).irqs(&[4]),
    Block::new("CRC", 0x4002_3000, 0x400, Model::Crc).gated(AHB1, 12),
    Block::absent("TSC", 0x4002_4000, 0x400).gated(AHB1, 16).irqs(&[77]),
    Block::absent("DMA2D", 0x4002_b000, 0x1000).gated(AHB1, 17).irqs(&[90]),
    port("GPIOA", 0),
    port("GPIOB", 1),
    port("GPIOC", 2),
    port("GPIOD", 3),
    port("GPIOE", 4),
    port("GPIOF", 5),
    port("GPIOG", 6),
    port("GPIOH", 7),
    port("GPIOI", 8),
    Block::new("SYSTEM", 0x1fff_7500, 0x100, Model::Identity(identity::L4PLUS)),
    Block::new("DBGMCU", 0xe004_2000, 0x400, Model::Plain(debug::L4PLUS)),
    Block::absent("OTG_FS", 0x5000_0000, 0x4_0000).gated(AHB2, 12).irqs(&[67]),
    Block::absent("ADC1", 0x5004_0000, 0x400).gated(AHB2, 13).irqs(&[18]),
    Block::absent("DCMI", 0x5005_0000, 0x400).gated(AHB2, 14).irqs(&[85]),
    Block::new("RNG", 0x5006_0800, 0x400, Model::Rng).gated(AHB2, 18).irqs(&[80]),
    Block::absent("OCTOSPIM", 0x5006_1c00, 0x400).gated(AHB2, 20),
    Block::absent("SDMMC1", 0x5006_2400, 0x400).gated(AHB2, 22).irqs(&[49]),
    Block::absent("FMC", 0xa000_0000, 0x1000).gated(AHB3, 0).irqs(&[48]),
    Block::absent("OCTOSPI1", 0xa000_1000, 0x400).gated(AHB3, 8).irqs(&[71]),
    Block::absent("OCTOSPI2", 0xa000_1400, 0x400).gated(AHB3, 9).irqs(&[76]),
];
