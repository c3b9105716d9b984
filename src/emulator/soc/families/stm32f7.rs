//! STM32F746 (RM0385 2.2.2 memory map, 5.3 RCC registers, 10.1.2 interrupts, DMA request tables 8.3.3).

use crate::emulator::soc::blocks::{Block, FamilyMap, Model, Unclocked};
use crate::emulator::soc::clocks::Node;
use crate::emulator::soc::gpio::Resting;
use crate::emulator::soc::timer::Shape;
use crate::emulator::soc::usart::Kind;
use crate::emulator::soc::wires::Kernel;
use crate::emulator::soc::{debug, exti, flash, identity, pwr, rcc, syscfg};

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

/// A USART or UART: its kernel clock is a field of DCKCFGR2.
const fn usart(name: &'static str, base: u32, shift: u8, bus: Node, requests: (&'static str, &'static str)) -> Block {
    let kernel = Kernel::Chosen { register: 0x90, shift, from: [bus, Node::Sys, Node::Hsi, Node::Lse] };
    Block::new(name, base, 0x400, Model::Usart(Kind::Plain, kernel, Some(requests)))
}

pub static FAMILY: FamilyMap = FamilyMap {
    name: "stm32f7",
    blocks: BLOCKS,
    gate_to_reset: 0x20,
    // RM0385 5.3.10: registers of a peripheral without clock read as 0.
    unclocked: Unclocked::Dead,
    fixed_hz: None,
};

const BLOCKS: &[Block] = &[
    Block::new("TIM2", 0x4000_0000, 0x400, Model::Timer(Shape::WIDE_4, Node::Timer1)).gated(APB1, 0).irqs(&[28]),
    Block::new("TIM3", 0x4000_0400, 0x400, Model::Timer(Shape::NARROW_4, Node::Timer1)).gated(APB1, 1).irqs(&[29]),
    Block::new("TIM4", 0x4000_0800, 0x400, Model::Timer(Shape::NARROW_4, Node::Timer1)).gated(APB1, 2).irqs(&[30]),
    Block::new("TIM5", 0x4000_0c00, 0x400, Model::Timer(Shape::WIDE_4, Node::Timer1)).gated(APB1, 3).irqs(&[50]),
    Block::new("TIM6", 0x4000_1000, 0x400, Model::Timer(Shape::BASIC, Node::Timer1)).gated(APB1, 4).irqs(&[54]),
    Block::new("TIM7", 0x4000_1400, 0x400, Model::Timer(Shape::BASIC, Node::Timer1)).gated(APB1, 5).irqs(&[55]),
    Block::new("TIM12", 0x4000_1800, 0x400, Model::Timer(Shape::NARROW_2, Node::Timer1)).gated(APB1, 6).irqs(&[43]),
    Block::new("TIM13", 0x4000_1c00, 0x400, Model::Timer(Shape::NARROW_1, Node::Timer1)).gated(APB1, 7).irqs(&[44]),
    Block::new("TIM14", 0x4000_2000, 0x400, Model::Timer(Shape::NARROW_1, Node::Timer1)).gated(APB1, 8).irqs(&[45]),
    Block::absent("LPTIM1", 0x4000_2400, 0x400).gated(APB1, 9).irqs(&[93]),
    Block::absent("RTC", 0x4000_2800, 0x400).irqs(&[3, 41]),
    Block::new("WWDG", 0x4000_2c00, 0x400, Model::Wwdg).gated(APB1, 11).irqs(&[0]),
    Block::new("IWDG", 0x4000_3000, 0x400, Model::Iwdg),
    Block::absent("SPI2", 0x4000_3800, 0x400).gated(APB1, 14).irqs(&[36]),
    Block::absent("SPI3", 0x4000_3c00, 0x400).gated(APB1, 15).irqs(&[51]),
    Block::absent("SPDIFRX", 0x4000_4000, 0x400).gated(APB1, 16).irqs(&[97]),
    usart("USART2", 0x4000_4400, 2, Node::Apb1, ("USART2_TX", "USART2_RX")).gated(APB1, 17).irqs(&[38]),
    usart("USART3", 0x4000_4800, 4, Node::Apb1, ("USART3_TX", "USART3_RX")).gated(APB1, 18).irqs(&[39]),
    usart("UART4", 0x4000_4c00, 6, Node::Apb1, ("UART4_TX", "UART4_RX")).gated(APB1, 19).irqs(&[52]),
    usart("UART5", 0x4000_5000, 8, Node::Apb1, ("UART5_TX", "UART5_RX")).gated(APB1, 20).irqs(&[53]),
    Block::absent("I2C1", 0x4000_5400, 0x400).gated(APB1, 21).irqs(&[31, 32]),
    Block::absent("I2C2", 0x4000_5800, 0x400).gated(APB1, 22).irqs(&[33, 34]),
    Block::absent("I2C3", 0x4000_5c00, 0x400).gated(APB1, 23).irqs(&[72, 73]),
    Block::absent("I2C4", 0x4000_6000, 0x400).gated(APB1, 24).irqs(&[95, 96]),
    Block::absent("CAN1", 0x4000_6400, 0x400).gated(APB1, 25).irqs(&[19, 20, 21, 22]),
    Block::absent("CAN2", 0x4000_6800, 0x400).gated(APB1, 26).irqs(&[63, 64, 65, 66]),
    Block::absent("CEC", 0x4000_6c00, 0x400).gated(APB1, 27).irqs(&[94]),
    Block::new("PWR", 0x4000_7000, 0x400, Model::Pwr(&pwr::F7)).gated(APB1, 28),
    Block::absent("DAC", 0x4000_7400, 0x400).gated(APB1, 29).irqs(&[54]),
    usart("UART7", 0x4000_7800, 12, Node::Apb1, ("UART7_TX", "UART7_RX")).gated(APB1, 30).irqs(&[82]),
    usart("UART8", 0x4000_7c00, 14, Node::Apb1, ("UART8_TX", "UART8_RX")).gated(APB1, 31).irqs(&[83]),
    Block::new("TIM1", 0x4001_0000, 0x400, Model::Timer(Shape::ADVANCED, Node::Timer2))
        .gated(APB2, 0)
        .irqs(&[25, 27, 24, 26]),
    Block::new("TIM8", 0x4001_0400, 0x400, Model::Timer(Shape::ADVANCED, Node::Timer2))
        .gated(APB2, 1)
        .irqs(&[44, 46, 43, 45]),
    usart("USART1", 0x4001_1000, 0, Node::Apb2, ("USART1_TX", "USART1_RX")).gated(APB2, 4).irqs(&[37]),
    usart("USART6", 0x4001_1400, 10, Node::Apb2, ("USART6_TX", "USART6_RX")).gated(APB2, 5).irqs(&[71]),
    Block::absent("ADC1", 0x4001_2000, 0x100).gated(APB2, 8).irqs(&[18]),
    Block::absent("ADC2", 0x4001_2100, 0x100).gated(APB2, 9).irqs(&[18]),
    Block::absent("ADC3", 0x4001_2200, 0x100).gated(APB2, 10).irqs(&[18]),
    Block::absent("ADC", 0x4001_2300, 0x100).irqs(&[18]),
    Block::absent("SDMMC1", 0x4001_2c00, 0x400).gated(APB2, 11).irqs(&[49]),
    Block::absent("SPI1", 0x4001_3000, 0x400).gated(APB2, 12).irqs(&[35]),
    Block::absent("SPI4", 0x4001_3400, 0x400).gated(APB2, 13).irqs(&[84]),
    Block::new("SYSCFG", 0x4001_3800, 0x400, Model::Syscfg(syscfg::Kind::F7)).gated(APB2, 14),
    Block::new("EXTI", 0x4001_3c00, 0x400, Model::Exti(exti::Kind::F7)).irqs(exti::PIN_IRQS),
    Block::new("TIM9", 0x4001_4000, 0x400, Model::Timer(Shape::NARROW_2, Node::Timer2)).gated(APB2, 16).irqs(&[24]),
    Block::new("TIM10", 0x4001_4400, 0x400, Model::Timer(Shape::NARROW_1, Node::Timer2)).gated(APB2, 17).irqs(&[25]),
    Block::new("TIM11", 0x4001_4800, 0x400, Model::Timer(Shape::NARROW_1, Node::Timer2)).gated(APB2, 18).irqs(&[26]),
    Block::absent("SPI5", 0x4001_5000, 0x400).gated(APB2, 20).irqs(&[85]),
    Block::absent("SPI6", 0x4001_5400, 0x400).gated(APB2, 21).irqs(&[86]),
    Block::absent("SAI1", 0x4001_5800, 0x400).gated(APB2, 22).irqs(&[87]),
    Block::absent("SAI2", 0x4001_5c00, 0x400).gated(APB2, 23).irqs(&[91]),
    Block::absent("LTDC", 0x4001_6800, 0x400).gated(APB2, 26).irqs(&[88, 89]),
    port("GPIOA", 0),
    port("GPIOB", 1),
    port("GPIOC", 2),
    port("GPIOD", 3),
    port("GPIOE", 4),
    port("GPIOF", 5),
    port("GPIOG", 6),
    port("GPIOH", 7),
    port("GPIOI", 8),
    port("GPIOJ", 9),
    port("GPIOK", 10),
    Block::new("CRC", 0x4002_3000, 0x400, Model::Crc).gated(AHB1, 12),
    Block::new("RCC", 0x4002_3800, 0x400, Model::Rcc(&rcc::f7::FAMILY)),
    Block::new("FLASH", 0x4002_3c00, 0x400, Model::Flash(&flash::f7::FAMILY)).irqs(&[4]),
    Block::absent("BKPSRAM", 0x4002_4000, 0x1000).gated(AHB1, 18),
    Block::new("DMA1", 0x4002_6000, 0x400, Model::DmaStreams(1))
        .gated(AHB1, 21)
        .irqs(&[11, 12, 13, 14, 15, 16, 17, 47]),
    Block::new("DMA2", 0x4002_6400, 0x400, Model::DmaStreams(2))
        .gated(AHB1, 22)
        .irqs(&[56, 57, 58, 59, 60, 68, 69, 70]),
    Block::absent("ETH", 0x4002_8000, 0x1400).gated(AHB1, 25).irqs(&[61, 62]),
    Block::absent("DMA2D", 0x4002_b000, 0xc00).gated(AHB1, 23).irqs(&[90]),
    Block::absent("OTG_HS", 0x4004_0000, 0x4_0000).gated(AHB1, 29).irqs(&[77, 74, 75, 76]),
    Block::new("SYSTEM", 0x1ff0_f400, 0x400, Model::Identity(identity::F7)),
    Block::new("DBGMCU", 0xe004_2000, 0x400, Model::Plain(debug::F7)),
    Block::absent("OTG_FS", 0x5000_0000, 0x4_0000).gated(AHB2, 7).irqs(&[67, 42]),
    Block::absent("DCMI", 0x5005_0000, 0x400).gated(AHB2, 0).irqs(&[78]),
    Block::new("RNG", 0x5006_0800, 0x400, Model::Rng).gated(AHB2, 6).irqs(&[80]),
    Block::absent("FMC", 0xa000_0000, 0x1000).gated(AHB3, 0).irqs(&[48]),
    Block::absent("QUADSPI", 0xa000_1000, 0x1000).gated(AHB3, 1).irqs(&[92]),
];
