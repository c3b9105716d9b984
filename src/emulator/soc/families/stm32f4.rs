//! STM32F412 (RM0402 2.2.2 memory map, 6.3 RCC registers, 10.2 interrupts, DMA request tables 9.3.3).

use crate::emulator::soc::blocks::{Block, FamilyMap, Model, Unclocked};
use crate::emulator::soc::clocks::Node;
use crate::emulator::soc::gpio::Resting;
use crate::emulator::soc::timer::Shape;
use crate::emulator::soc::wires::Kernel;
use crate::emulator::soc::{crc, debug, exti, flash, identity, pwr, rcc, syscfg};

/// Offsets of RCC enable registers.
const AHB1: u16 = 0x30;
const AHB2: u16 = 0x34;
const AHB3: u16 = 0x38;
const APB1: u16 = 0x40;
const APB2: u16 = 0x44;

const fn port(name: &'static str, number: u8) -> Block {
    let base = 0x4002_0000 + 0x400 * number as u32;
    Block::new(name, base, 0x400, Model::Gpio(number, Resting::Input)).gated(AHB1, number)
}

const fn usart(name: &'static str, base: u32, bus: Node, requests: (&'static str, &'static str)) -> Block {
    Block::new(name, base, 0x400, Model::UsartClassic(Kernel::Fixed(bus), Some(requests)))
}

const fn timer(name: &'static str, base: u32, shape: Shape, node: Node) -> Block {
    Block::new(name, base, 0x400, Model::Timer(shape, node))
}

pub static FAMILY: FamilyMap = FamilyMap {
    name: "stm32f412",
    blocks: BLOCKS,
    gate_to_reset: 0x20,
    // RM0402 6.3.9: registers of a peripheral without clock read as 0.
    unclocked: Unclocked::Dead,
    fixed_hz: None,
};

const BLOCKS: &[Block] = &[
    timer("TIM2", 0x4000_0000, Shape::WIDE_4, Node::Timer1).gated(APB1, 0).irqs(&[28]),
    timer("TIM3", 0x4000_0400, Shape::NARROW_4, Node::Timer1).gated(APB1, 1).irqs(&[29]),
    timer("TIM4", 0x4000_0800, Shape::NARROW_4, Node::Timer1).gated(APB1, 2).irqs(&[30]),
    timer("TIM5", 0x4000_0c00, Shape::WIDE_4, Node::Timer1).gated(APB1, 3).irqs(&[50]),
    timer("TIM6", 0x4000_1000, Shape::BASIC, Node::Timer1).gated(APB1, 4).irqs(&[54]),
    timer("TIM7", 0x4000_1400, Shape::BASIC, Node::Timer1).gated(APB1, 5).irqs(&[55]),
    timer("TIM12", 0x4000_1800, Shape::NARROW_2, Node::Timer1).gated(APB1, 6).irqs(&[43]),
    timer("TIM13", 0x4000_1c00, Shape::NARROW_1, Node::Timer1).gated(APB1, 7).irqs(&[44]),
    timer("TIM14", 0x4000_2000, Shape::NARROW_1, Node::Timer1).gated(APB1, 8).irqs(&[45]),
    Block::absent("RTC", 0x4000_2800, 0x400).irqs(&[3, 41]),
    Block::new("WWDG", 0x4000_2c00, 0x400, Model::Wwdg).gated(APB1, 11).irqs(&[0]),
    Block::new("IWDG", 0x4000_3000, 0x400, Model::Iwdg),
    Block::absent("I2S2ext", 0x4000_3400, 0x400),
    Block::absent("SPI2", 0x4000_3800, 0x400).gated(APB1, 14).irqs(&[36]),
    Block::absent("SPI3", 0x4000_3c00, 0x400).gated(APB1, 15).irqs(&[51]),
    Block::absent("I2S3ext", 0x4000_4000, 0x400),
    usart("USART2", 0x4000_4400, Node::Apb1, ("USART2_TX", "USART2_RX")).gated(APB1, 17).irqs(&[38]),
    usart("USART3", 0x4000_4800, Node::Apb1, ("USART3_TX", "USART3_RX")).gated(APB1, 18).irqs(&[39]),
    Block::absent("I2C1", 0x4000_5400, 0x400).gated(APB1, 21).irqs(&[31, 32]),
    Block::absent("I2C2", 0x4000_5800, 0x400).gated(APB1, 22).irqs(&[33, 34]),
    Block::absent("I2C3", 0x4000_5c00, 0x400).gated(APB1, 23).irqs(&[72, 73]),
    Block::absent("FMPI2C1", 0x4000_6000, 0x400).gated(APB1, 24).irqs(&[95, 96]),
    Block::absent("CAN1", 0x4000_6400, 0x400).gated(APB1, 25).irqs(&[19, 20, 21, 22]),
    Block::absent("CAN2", 0x4000_6800, 0x400).gated(APB1, 26).irqs(&[63, 64, 65, 66]),
    Block::new("PWR", 0x4000_7000, 0x400, Model::Pwr(&pwr::F4)).gated(APB1, 28),
    timer("TIM1", 0x4001_0000, Shape::ADVANCED, Node::Timer2).gated(APB2, 0).irqs(&[25, 27, 24, 26]),
    timer("TIM8", 0x4001_0400, Shape::ADVANCED, Node::Timer2).gated(APB2, 1).irqs(&[44, 46, 43, 45]),
    usart("USART1", 0x4001_1000, Node::Apb2, ("USART1_TX", "USART1_RX")).gated(APB2, 4).irqs(&[37]),
    usart("USART6", 0x4001_1400, Node::Apb2, ("USART6_TX", "USART6_RX")).gated(APB2, 5).irqs(&[71]),
    Block::absent("ADC1", 0x4001_2000, 0x100).gated(APB2, 8).irqs(&[18]),
    Block::absent("ADC", 0x4001_2300, 0x100).irqs(&[18]),
    Block::absent("SDIO", 0x4001_2c00, 0x400).gated(APB2, 11).irqs(&[49]),
    Block::absent("SPI1", 0x4001_3000, 0x400).gated(APB2, 12).irqs(&[35]),
    Block::absent("SPI4", 0x4001_3400, 0x400).gated(APB2, 13).irqs(&[84]),
    Block::new("SYSCFG", 0x4001_3800, 0x400, Model::Syscfg(syscfg::Kind::F4)).gated(APB2, 14),
    Block::new("EXTI", 0x4001_3c00, 0x400, Model::Exti(exti::Kind::F4)).irqs(exti::PIN_IRQS),
    timer("TIM9", 0x4001_4000, Shape::NARROW_2, Node::Timer2).gated(APB2, 16).irqs(&[24]),
    timer("TIM10", 0x4001_4400, Shape::NARROW_1, Node::Timer2).gated(APB2, 17).irqs(&[25]),
    timer("TIM11", 0x4001_4800, Shape::NARROW_1, Node::Timer2).gated(APB2, 18).irqs(&[26]),
    Block::absent("SPI5", 0x4001_5000, 0x400).gated(APB2, 20).irqs(&[85]),
    Block::absent("DFSDM1", 0x4001_6000, 0x400).gated(APB2, 24).irqs(&[61, 62]),
    port("GPIOA", 0),
    port("GPIOB", 1),
    port("GPIOC", 2),
    port("GPIOD", 3),
    port("GPIOE", 4),
    port("GPIOF", 5),
    port("GPIOG", 6),
    port("GPIOH", 7),
    Block::new("CRC", 0x4002_3000, 0x400, Model::Crc(crc::Kind::Ethernet)).gated(AHB1, 12),
    Block::new("RCC", 0x4002_3800, 0x400, Model::Rcc(&rcc::f4::FAMILY)),
    Block::new("FLASH", 0x4002_3c00, 0x400, Model::Flash(&flash::f4::FAMILY)).irqs(&[4]),
    Block::new("DMA1", 0x4002_6000, 0x400, Model::DmaStreams(1))
        .gated(AHB1, 21)
        .irqs(&[11, 12, 13, 14, 15, 16, 17, 47]),
    Block::new("DMA2", 0x4002_6400, 0x400, Model::DmaStreams(2))
        .gated(AHB1, 22)
        .irqs(&[56, 57, 58, 59, 60, 68, 69, 70]),
    Block::new("SYSTEM", 0x1fff_7a10, 0x20, Model::Identity(identity::F412)),
    Block::new("DBGMCU", 0xe004_2000, 0x400, Model::Plain(debug::F412)),
    Block::absent("OTG_FS", 0x5000_0000, 0x4_0000).gated(AHB2, 7).irqs(&[67, 42]),
    Block::new("RNG", 0x5006_0800, 0x400, Model::Rng).gated(AHB2, 6).irqs(&[80]),
    Block::absent("FSMC", 0xa000_0000, 0x1000).gated(AHB3, 0),
    Block::absent("QUADSPI", 0xa000_1000, 0x1000).gated(AHB3, 1).irqs(&[92]),
];
