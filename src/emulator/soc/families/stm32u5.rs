//! STM32U575 with TrustZone disabled (RM0456 2.3 memory map, 11.8 RCC registers, 22.1 interrupts).

use crate::emulator::soc::blocks::{Block, FamilyMap, Model, Unclocked};
use crate::emulator::soc::clocks::Node;
use crate::emulator::soc::gpio::Resting;
use crate::emulator::soc::timer::Shape;
use crate::emulator::soc::usart::Kind;
use crate::emulator::soc::wires::Kernel;
use crate::emulator::soc::{adc, crc, debug, exti, flash, icache, identity, pwr, rcc, syscfg};

/// Offsets of RCC enable registers.
const AHB1: u16 = 0x88;
const AHB2: u16 = 0x8c;
const AHB2_2: u16 = 0x90;
const AHB3: u16 = 0x94;
const APB1: u16 = 0x9c;
const APB1_2: u16 = 0xa0;
const APB2: u16 = 0xa4;
const APB3: u16 = 0xa8;

/// Kernel clock of a serial block: a field of CCIPR1.
const fn ccipr1(shift: u8, bus: Node) -> Kernel {
    Kernel::Chosen { register: 0xe0, shift, from: [bus, Node::Sys, Node::Hsi, Node::Lse] }
}

/// LPUART1SEL of CCIPR3.
const LPUART: Kernel = Kernel::ChosenOf8 {
    register: 0xe8,
    shift: 0,
    from: [Node::Apb3, Node::Sys, Node::Hsi, Node::Lse, Node::Msik, Node::None, Node::None, Node::None],
};

const fn port(name: &'static str, number: u8) -> Block {
    let base = 0x4202_0000 + 0x400 * number as u32;
    Block::new(name, base, 0x400, Model::Gpio(number, Resting::Analog)).gated(AHB2, number)
}

const fn serial(name: &'static str, base: u32, kernel: Kernel, requests: (&'static str, &'static str)) -> Block {
    Block::new(name, base, 0x400, Model::Usart(Kind::Fifo, kernel, Some(requests)))
}

const fn timer(name: &'static str, base: u32, shape: Shape, clock: Node) -> Block {
    Block::new(name, base, 0x400, Model::Timer(shape, clock))
}

pub static FAMILY: FamilyMap = FamilyMap {
    name: "stm32u5",
    blocks: BLOCKS,
    gate_to_reset: 0x28,
    // RM0456 11.4.17: a peripheral without clock is not read right, and a write to it has no effect.
    unclocked: Unclocked::Refused,
    fixed_hz: None,
};

const BLOCKS: &[Block] = &[
    timer("TIM2", 0x4000_0000, Shape::WIDE_4, Node::Timer1).gated(APB1, 0).irqs(&[45]),
    timer("TIM3", 0x4000_0400, Shape::WIDE_4, Node::Timer1).gated(APB1, 1).irqs(&[46]),
    timer("TIM4", 0x4000_0800, Shape::WIDE_4, Node::Timer1).gated(APB1, 2).irqs(&[47]),
    timer("TIM5", 0x4000_0c00, Shape::WIDE_4, Node::Timer1).gated(APB1, 3).irqs(&[48]),
    timer("TIM6", 0x4000_1000, Shape::BASIC, Node::Timer1).gated(APB1, 4).irqs(&[49]),
    timer("TIM7", 0x4000_1400, Shape::BASIC, Node::Timer1).gated(APB1, 5).irqs(&[50]),
    Block::new("WWDG", 0x4000_2c00, 0x400, Model::Wwdg).gated(APB1, 11).irqs(&[0]),
    Block::new("IWDG", 0x4000_3000, 0x400, Model::Iwdg),
    Block::absent("SPI2", 0x4000_3800, 0x400).gated(APB1, 14).irqs(&[60]),
    serial("USART2", 0x4000_4400, ccipr1(2, Node::Apb1), ("USART2_TX", "USART2_RX")).gated(APB1, 17).irqs(&[62]),
    serial("USART3", 0x4000_4800, ccipr1(4, Node::Apb1), ("USART3_TX", "USART3_RX")).gated(APB1, 18).irqs(&[63]),
    serial("UART4", 0x4000_4c00, ccipr1(6, Node::Apb1), ("UART4_TX", "UART4_RX")).gated(APB1, 19).irqs(&[64]),
    serial("UART5", 0x4000_5000, ccipr1(8, Node::Apb1), ("UART5_TX", "UART5_RX")).gated(APB1, 20).irqs(&[65]),
    Block::absent("I2C1", 0x4000_5400, 0x400).gated(APB1, 21).irqs(&[55, 56]),
    Block::absent("I2C2", 0x4000_5800, 0x400).gated(APB1, 22).irqs(&[57, 58]),
    Block::absent("CRS", 0x4000_6000, 0x400).gated(APB1, 24).irqs(&[74]),
    Block::absent("I2C4", 0x4000_8400, 0x400).gated(APB1_2, 1).irqs(&[101, 100]),
    Block::absent("LPTIM2", 0x4000_9400, 0x400).gated(APB1_2, 5).irqs(&[68]),
    Block::absent("FDCAN1", 0x4000_a400, 0x400).gated(APB1_2, 9).irqs(&[39, 40]),
    Block::absent("UCPD1", 0x4000_dc00, 0x400).gated(APB1_2, 23).irqs(&[106]),
    timer("TIM1", 0x4001_2c00, Shape::ADVANCED, Node::Timer2).gated(APB2, 11).irqs(&[42, 44, 41, 43]),
    Block::absent("SPI1", 0x4001_3000, 0x400).gated(APB2, 12).irqs(&[59]),
    timer("TIM8", 0x4001_3400, Shape::ADVANCED, Node::Timer2).gated(APB2, 13).irqs(&[52, 54, 51, 53]),
    serial("USART1", 0x4001_3800, ccipr1(0, Node::Apb2), ("USART1_TX", "USART1_RX")).gated(APB2, 14).irqs(&[61]),
    timer("TIM15", 0x4001_4000, Shape::NARROW_2, Node::Timer2).gated(APB2, 16).irqs(&[69]),
    timer("TIM16", 0x4001_4400, Shape::NARROW_1, Node::Timer2).gated(APB2, 17).irqs(&[70]),
    timer("TIM17", 0x4001_4800, Shape::NARROW_1, Node::Timer2).gated(APB2, 18).irqs(&[71]),
    Block::absent("SAI1", 0x4001_5400, 0x400).gated(APB2, 21).irqs(&[90]),
    Block::absent("SAI2", 0x4001_5800, 0x400).gated(APB2, 22).irqs(&[91]),
    Block::new("GPDMA1", 0x4002_0000, 0x1000, Model::Gpdma)
        .gated(AHB1, 0)
        .irqs(&[29, 30, 31, 32, 33, 34, 35, 36, 80, 81, 82, 83, 84, 85, 86, 87]),
    Block::absent("CORDIC", 0x4002_1000, 0x400).gated(AHB1, 1).irqs(&[123]),
    Block::absent("FMAC", 0x4002_1400, 0x400).gated(AHB1, 2).irqs(&[124]),
    Block::new("FLASH", 0x4002_2000, 0x400, Model::Flash(&flash::u5::FAMILY)).gated(AHB1, 8).irqs(&[6]),
    Block::new("CRC", 0x4002_3000, 0x400, Model::Crc(crc::Kind::Any)).gated(AHB1, 12),
    Block::absent("TSC", 0x4002_4000, 0x400).gated(AHB1, 16).irqs(&[92]),
    Block::absent("MDF1", 0x4002_5000, 0x1000).gated(AHB1, 3),
    Block::absent("RAMCFG", 0x4002_6000, 0x1000).gated(AHB1, 17).irqs(&[5]),
    Block::absent("DMA2D", 0x4002_b000, 0xc00).gated(AHB1, 18).irqs(&[118]),
    Block::new("ICACHE", 0x4003_0400, 0x400, Model::Icache).irqs(&[107]),
    // On the way to external memories alone: it changes no access that is modelled.
    Block::new("DCACHE1", 0x4003_1400, 0x400, Model::Plain(icache::DCACHE)).gated(AHB1, 30).irqs(&[111]),
    Block::absent("GTZC1", 0x4003_2400, 0x1400).gated(AHB1, 24).irqs(&[8]),
    port("GPIOA", 0),
    port("GPIOB", 1),
    port("GPIOC", 2),
    port("GPIOD", 3),
    port("GPIOE", 4),
    port("GPIOF", 5),
    port("GPIOG", 6),
    port("GPIOH", 7),
    port("GPIOI", 8),
    Block::new("ADC1", 0x4202_8000, 0x400, Model::Adc(adc::ADC1)).gated(AHB2, 10).irqs(&[37]),
    Block::absent("DCMI", 0x4202_c000, 0x800).gated(AHB2, 12).irqs(&[119]),
    Block::new("OTG_FS", 0x4204_0000, 0x4_0000, Model::Otg).gated(AHB2, 14).irqs(&[73]),
    Block::absent("HASH", 0x420c_0400, 0x400).gated(AHB2, 17).irqs(&[96]),
    Block::new("RNG", 0x420c_0800, 0x400, Model::Rng).gated(AHB2, 18).irqs(&[94]),
    Block::absent("OCTOSPIM", 0x420c_4000, 0x400).gated(AHB2, 21),
    Block::absent("SDMMC1", 0x420c_8000, 0x400).gated(AHB2, 27).irqs(&[78]),
    Block::absent("SDMMC2", 0x420c_8c00, 0x400).gated(AHB2, 28).irqs(&[79]),
    Block::absent("FMC", 0x420d_0400, 0x400).gated(AHB2_2, 0).irqs(&[75]),
    Block::absent("OCTOSPI1", 0x420d_1400, 0x400).gated(AHB2_2, 4).irqs(&[76]),
    Block::absent("OCTOSPI2", 0x420d_2400, 0x400).gated(AHB2_2, 8).irqs(&[120]),
    Block::new("SYSCFG", 0x4600_0400, 0x400, Model::Plain(syscfg::U5)).gated(APB3, 1),
    Block::absent("SPI3", 0x4600_2000, 0x400).gated(APB3, 5).irqs(&[99]),
    Block::new("LPUART1", 0x4600_2400, 0x400, Model::Usart(Kind::LowPower, LPUART, Some(("LPUART1_TX", "LPUART1_RX"))))
        .gated(APB3, 6)
        .irqs(&[66]),
    Block::absent("I2C3", 0x4600_2800, 0x400).gated(APB3, 7).irqs(&[88, 89]),
    Block::absent("LPTIM1", 0x4600_4400, 0x400).gated(APB3, 11).irqs(&[67]),
    Block::absent("LPTIM3", 0x4600_4800, 0x400).gated(APB3, 12).irqs(&[98]),
    Block::absent("LPTIM4", 0x4600_4c00, 0x400).gated(APB3, 13).irqs(&[110]),
    Block::absent("OPAMP", 0x4600_5000, 0x400).gated(APB3, 14),
    Block::absent("COMP", 0x4600_5400, 0x400).gated(APB3, 15).irqs(&[72]),
    Block::absent("VREFBUF", 0x4600_7400, 0x400).gated(APB3, 20),
    Block::absent("RTC", 0x4600_7800, 0x400).gated(APB3, 21).irqs(&[2]),
    Block::absent("TAMP", 0x4600_7c00, 0x400).gated(APB3, 21).irqs(&[4]),
    Block::absent("LPGPIO1", 0x4602_0000, 0x400).gated(AHB3, 0),
    Block::new("PWR", 0x4602_0800, 0x400, Model::Pwr(&pwr::U5)).gated(AHB3, 2),
    Block::new("RCC", 0x4602_0c00, 0x400, Model::Rcc(&rcc::u5::FAMILY)),
    Block::new("ADC4", 0x4602_1000, 0x400, Model::Adc(adc::ADC4)).gated(AHB3, 5).irqs(&[113]),
    Block::absent("DAC1", 0x4602_1800, 0x400).gated(AHB3, 6).irqs(&[38]),
    Block::new("EXTI", 0x4602_2000, 0x400, Model::Exti(exti::Kind::U5))
        .irqs(&[11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26]),
    Block::absent("GTZC2", 0x4602_3000, 0xc00).gated(AHB3, 12),
    Block::absent("ADF1", 0x4602_4000, 0x1000).gated(AHB3, 10).irqs(&[112]),
    Block::absent("LPDMA1", 0x4602_5000, 0x1000).gated(AHB3, 9),
    Block::new("SYSTEM", 0x0bfa_0500, 0x300, Model::Identity(identity::U575)),
    Block::new("DBGMCU", 0xe004_4000, 0x400, Model::Plain(debug::U575)),
];
