//! STM32H743 (RM0433 2.3 memory map, 8.7 RCC registers, 19.1.2 interrupts) and STM32H7A3 (RM0455, the same chapters). The
//! enable registers of the RCC stand in the same order from different offsets on.

use crate::emulator::soc::blocks::{Block, FamilyMap, Gate, Model, Unclocked, join};
use crate::emulator::soc::clocks::Node;
use crate::emulator::soc::dma::mux;
use crate::emulator::soc::gpio::Resting;
use crate::emulator::soc::registers::Register;
use crate::emulator::soc::timer::Shape;
use crate::emulator::soc::usart::Kind;
use crate::emulator::soc::wires::Kernel;
use crate::emulator::soc::{crc, debug, exti, flash, identity, pwr, rcc, syscfg};

/// RCC enable registers, from the first one on.
const AHB3: u16 = 0x00;
const AHB1: u16 = 0x04;
const AHB2: u16 = 0x08;
const AHB4: u16 = 0x0c;
const APB3: u16 = 0x10;
const APB1L: u16 = 0x14;
const APB1H: u16 = 0x18;
const APB2: u16 = 0x1c;
const APB4: u16 = 0x20;

/// STM32H742, H743, H753.
pub static H743: FamilyMap = family("stm32h743", &BLOCKS_743, 0x58);
/// STM32H7A3, H7B3.
pub static H7A3: FamilyMap = family("stm32h7a3", &BLOCKS_7A3, 0xb8);

const fn family(name: &'static str, blocks: &'static [Block], gate_to_reset: u16) -> FamilyMap {
    // RM0433 8.5.11: accesses to a peripheral without clock are not supported.
    FamilyMap { name, blocks, gate_to_reset, unclocked: Unclocked::Refused, fixed_hz: None }
}

static BLOCKS_743: [Block; COMMON.len() + OWN_743.len()] = gates_from(0xd4, join(COMMON, OWN_743));
static BLOCKS_7A3: [Block; COMMON.len() + OWN_7A3.len()] = gates_from(0x134, join(COMMON, OWN_7A3));

/// The blocks with their gates' registers counted from `first`.
const fn gates_from<const N: usize>(first: u16, mut blocks: [Block; N]) -> [Block; N] {
    let mut at = 0;
    while at < N {
        let gate: Option<Gate> = blocks[at].gate;
        if let Some((register, bit)) = gate {
            blocks[at].gate = Some((register + first, bit));
        }
        at += 1;
    }
    blocks
}

const fn port(name: &'static str, number: u8) -> Block {
    let base = 0x5802_0000 + 0x400 * number as u32;
    Block::new(name, base, 0x400, Model::Gpio(number, Resting::AnalogWithoutBrr)).gated(AHB4, number)
}

/// Kernel clock of a serial block: bus, PLL2, PLL3, HSI, CSI or LSE. The outputs Q of the two PLLs are not modelled.
const fn kernel(register: u16, shift: u8, bus: Node) -> Kernel {
    let from = [bus, Node::None, Node::None, Node::Hsi, Node::Csi, Node::Lse, Node::None, Node::None];
    Kernel::ChosenOf8 { register, shift, from }
}

/// A USART or UART of APB1.
const fn usart1(name: &'static str, base: u32, requests: (&'static str, &'static str)) -> Block {
    Block::new(name, base, 0x400, Model::Usart(Kind::DeepFifo, kernel(0x54, 0, Node::Apb1), Some(requests)))
}

/// A USART or UART of APB2.
const fn usart2(name: &'static str, base: u32, requests: (&'static str, &'static str)) -> Block {
    Block::new(name, base, 0x400, Model::Usart(Kind::DeepFifo, kernel(0x54, 3, Node::Apb2), Some(requests)))
}

const fn timer(name: &'static str, base: u32, shape: Shape, node: Node) -> Block {
    Block::new(name, base, 0x400, Model::Timer(shape, node))
}

/// What software touches of the flexible memory controller: the switch of bank 1, which is on after reset.
const FMC: &[Register] = &[Register::rw("BCR1", 0x00, 0x0000_30db, 0x801f_ff7f)];

const OWN_743: &[Block] = &[
    Block::new("RCC", 0x5802_4400, 0x400, Model::Rcc(&rcc::h7::H743)),
    Block::new("PWR", 0x5802_4800, 0x400, Model::Pwr(&pwr::H743)),
    Block::new("FLASH", 0x5200_2000, 0x1000, Model::FlashH7(&flash::h7::H743)).irqs(&[4]),
    Block::new("SYSCFG", 0x5800_0400, 0x400, Model::Syscfg(syscfg::Kind::H743)).gated(APB4, 1),
    Block::new("SYSTEM", 0x1ff1_e800, 0x100, Model::Identity(identity::H743)),
    Block::new("DBGMCU", 0x5c00_1000, 0x400, Model::Plain(debug::H743)),
    Block::new("CRC", 0x5802_4c00, 0x400, Model::Crc(crc::Kind::Any)).gated(AHB4, 19),
    Block::absent("SAI3", 0x4001_6000, 0x400).gated(APB2, 24).irqs(&[114]),
    Block::absent("DFSDM1", 0x4001_7000, 0x400).gated(APB2, 28).irqs(&[110, 111, 112, 113]),
    Block::absent("HRTIM", 0x4001_7400, 0x400).gated(APB2, 29).irqs(&[103, 104, 105, 106, 107, 108, 109]),
    Block::absent("ETH", 0x4002_8000, 0x1400).gated(AHB1, 15).irqs(&[61, 62]),
    Block::absent("OTG_FS", 0x4008_0000, 0x4_0000).gated(AHB1, 27).irqs(&[101, 98, 99, 100]),
    Block::absent("RAMECC2", 0x4802_3000, 0x400),
    Block::absent("QUADSPI", 0x5200_5000, 0x1000).gated(AHB3, 14).irqs(&[92]),
    Block::absent("DLYB_QSPI", 0x5200_6000, 0x1000),
    Block::absent("LPTIM4", 0x5800_2c00, 0x400).gated(APB4, 11).irqs(&[140]),
    Block::absent("LPTIM5", 0x5800_3000, 0x400).gated(APB4, 12).irqs(&[141]),
    Block::absent("SAI4", 0x5800_5400, 0x400).gated(APB4, 21).irqs(&[146]),
    Block::absent("ADC3", 0x5802_6000, 0x400).gated(AHB4, 24).irqs(&[127]),
    Block::absent("HSEM", 0x5802_6400, 0x400).gated(AHB4, 25).irqs(&[125]),
    Block::absent("RAMECC3", 0x5802_7000, 0x400),
];

const OWN_7A3: &[Block] = &[
    Block::new("RCC", 0x5802_4400, 0x400, Model::Rcc(&rcc::h7::H7A3)),
    Block::new("PWR", 0x5802_4800, 0x400, Model::Pwr(&pwr::H7A3)),
    Block::new("FLASH", 0x5200_2000, 0x1000, Model::FlashH7(&flash::h7::H7A3)).irqs(&[4]),
    Block::new("SYSCFG", 0x5800_0400, 0x400, Model::Syscfg(syscfg::Kind::H7A3)).gated(APB4, 1),
    Block::new("SYSTEM", 0x08ff_f800, 0x10, Model::Identity(identity::H7A3)),
    Block::new("DBGMCU", 0x5c00_1000, 0x400, Model::Plain(debug::H7A3)),
    Block::new("CRC", 0x4002_3000, 0x400, Model::Crc(crc::Kind::Any)).gated(AHB1, 9),
    usart2("UART9", 0x4001_1800, ("UART9_TX", "UART9_RX")).gated(APB2, 6).irqs(&[140]),
    usart2("USART10", 0x4001_1c00, ("USART10_TX", "USART10_RX")).gated(APB2, 7).irqs(&[141]),
    Block::absent("DFSDM1", 0x4001_7800, 0x800).gated(APB2, 30).irqs(&[110, 111, 112, 113, 64, 65, 66, 67]),
    Block::absent("PSSI", 0x4802_0400, 0x400).gated(AHB2, 0).irqs(&[78]),
    Block::absent("HSEM", 0x4802_0800, 0x400).gated(AHB2, 2).irqs(&[125]),
    Block::absent("BDMA1", 0x4802_2c00, 0x400).gated(AHB2, 11).irqs(&[154]),
    Block::absent("OCTOSPI1", 0x5200_5000, 0x1000).gated(AHB3, 14).irqs(&[92]),
    Block::absent("DLYB_OCTOSPI1", 0x5200_6000, 0x1000),
    Block::absent("OCTOSPI2", 0x5200_a000, 0x1000).gated(AHB3, 19).irqs(&[150]),
    Block::absent("DLYB_OCTOSPI2", 0x5200_b000, 0x400),
    Block::absent("OCTOSPIM", 0x5200_b400, 0x400).gated(AHB3, 21),
    Block::absent("GFXMMU", 0x5200_c000, 0x3000).gated(AHB3, 24).irqs(&[153]),
    Block::absent("DAC2", 0x5800_3400, 0x400).gated(APB4, 13).irqs(&[127]),
    Block::absent("TAMP", 0x5800_4400, 0x400),
    Block::absent("DTS", 0x5800_6800, 0x400).gated(APB4, 26).irqs(&[147]),
    Block::absent("DFSDM2", 0x5800_6c00, 0x400).gated(APB4, 27).irqs(&[42]),
];

/// What is the same on both.
const COMMON: &[Block] = &[
    timer("TIM2", 0x4000_0000, Shape::WIDE_4, Node::Timer1).gated(APB1L, 0).irqs(&[28]),
    timer("TIM3", 0x4000_0400, Shape::NARROW_4, Node::Timer1).gated(APB1L, 1).irqs(&[29]),
    timer("TIM4", 0x4000_0800, Shape::NARROW_4, Node::Timer1).gated(APB1L, 2).irqs(&[30]),
    timer("TIM5", 0x4000_0c00, Shape::WIDE_4, Node::Timer1).gated(APB1L, 3).irqs(&[50]),
    timer("TIM6", 0x4000_1000, Shape::BASIC, Node::Timer1).gated(APB1L, 4).irqs(&[54]),
    timer("TIM7", 0x4000_1400, Shape::BASIC, Node::Timer1).gated(APB1L, 5).irqs(&[55]),
    timer("TIM12", 0x4000_1800, Shape::NARROW_2, Node::Timer1).gated(APB1L, 6).irqs(&[43]),
    timer("TIM13", 0x4000_1c00, Shape::NARROW_1, Node::Timer1).gated(APB1L, 7).irqs(&[44]),
    timer("TIM14", 0x4000_2000, Shape::NARROW_1, Node::Timer1).gated(APB1L, 8).irqs(&[45]),
    Block::absent("LPTIM1", 0x4000_2400, 0x400).gated(APB1L, 9).irqs(&[93]),
    Block::absent("SPI2", 0x4000_3800, 0x400).gated(APB1L, 14).irqs(&[36]),
    Block::absent("SPI3", 0x4000_3c00, 0x400).gated(APB1L, 15).irqs(&[51]),
    Block::absent("SPDIFRX", 0x4000_4000, 0x400).gated(APB1L, 16).irqs(&[97]),
    usart1("USART2", 0x4000_4400, ("USART2_TX", "USART2_RX")).gated(APB1L, 17).irqs(&[38]),
    usart1("USART3", 0x4000_4800, ("USART3_TX", "USART3_RX")).gated(APB1L, 18).irqs(&[39]),
    usart1("UART4", 0x4000_4c00, ("UART4_TX", "UART4_RX")).gated(APB1L, 19).irqs(&[52]),
    usart1("UART5", 0x4000_5000, ("UART5_TX", "UART5_RX")).gated(APB1L, 20).irqs(&[53]),
    Block::absent("I2C1", 0x4000_5400, 0x400).gated(APB1L, 21).irqs(&[31, 32]),
    Block::absent("I2C2", 0x4000_5800, 0x400).gated(APB1L, 22).irqs(&[33, 34]),
    Block::absent("I2C3", 0x4000_5c00, 0x400).gated(APB1L, 23).irqs(&[72, 73]),
    Block::absent("CEC", 0x4000_6c00, 0x400).gated(APB1L, 27).irqs(&[94]),
    Block::absent("DAC1", 0x4000_7400, 0x400).gated(APB1L, 29).irqs(&[54]),
    usart1("UART7", 0x4000_7800, ("UART7_TX", "UART7_RX")).gated(APB1L, 30).irqs(&[82]),
    usart1("UART8", 0x4000_7c00, ("UART8_TX", "UART8_RX")).gated(APB1L, 31).irqs(&[83]),
    Block::absent("CRS", 0x4000_8400, 0x400).gated(APB1H, 1).irqs(&[144]),
    Block::absent("SWPMI1", 0x4000_8800, 0x400).gated(APB1H, 2).irqs(&[115]),
    Block::absent("OPAMP", 0x4000_9000, 0x400).gated(APB1H, 4),
    Block::absent("MDIOS", 0x4000_9400, 0x400).gated(APB1H, 5).irqs(&[120, 119]),
    Block::absent("FDCAN", 0x4000_a000, 0x3400).gated(APB1H, 8).irqs(&[19, 20, 21, 22, 63]),
    timer("TIM1", 0x4001_0000, Shape::ADVANCED, Node::Timer2).gated(APB2, 0).irqs(&[25, 27, 24, 26]),
    timer("TIM8", 0x4001_0400, Shape::ADVANCED, Node::Timer2).gated(APB2, 1).irqs(&[44, 46, 43, 45]),
    usart2("USART1", 0x4001_1000, ("USART1_TX", "USART1_RX")).gated(APB2, 4).irqs(&[37]),
    usart2("USART6", 0x4001_1400, ("USART6_TX", "USART6_RX")).gated(APB2, 5).irqs(&[71]),
    Block::absent("SPI1", 0x4001_3000, 0x400).gated(APB2, 12).irqs(&[35]),
    Block::absent("SPI4", 0x4001_3400, 0x400).gated(APB2, 13).irqs(&[84]),
    timer("TIM15", 0x4001_4000, Shape::NARROW_2, Node::Timer2).gated(APB2, 16).irqs(&[116]),
    timer("TIM16", 0x4001_4400, Shape::NARROW_1, Node::Timer2).gated(APB2, 17).irqs(&[117]),
    timer("TIM17", 0x4001_4800, Shape::NARROW_1, Node::Timer2).gated(APB2, 18).irqs(&[118]),
    Block::absent("SPI5", 0x4001_5000, 0x400).gated(APB2, 20).irqs(&[85]),
    Block::absent("SAI1", 0x4001_5800, 0x400).gated(APB2, 22).irqs(&[87]),
    Block::absent("SAI2", 0x4001_5c00, 0x400).gated(APB2, 23).irqs(&[91]),
    Block::new("DMA1", 0x4002_0000, 0x400, Model::DmaStreamsBehindMux(0, &mux::H7))
        .gated(AHB1, 0)
        .irqs(&[11, 12, 13, 14, 15, 16, 17, 47]),
    Block::new("DMA2", 0x4002_0400, 0x400, Model::DmaStreamsBehindMux(8, &mux::H7))
        .gated(AHB1, 1)
        .irqs(&[56, 57, 58, 59, 60, 68, 69, 70]),
    // Its clock is that of the two controllers; one of them stands for both.
    Block::new("DMAMUX1", 0x4002_0800, 0x400, Model::DmaMux(&mux::H7)).irqs(&[102]),
    Block::absent("ADC1", 0x4002_2000, 0x100).gated(AHB1, 5).irqs(&[18]),
    Block::absent("ADC2", 0x4002_2100, 0x100).gated(AHB1, 5).irqs(&[18]),
    Block::absent("ADC12", 0x4002_2300, 0x100).gated(AHB1, 5).irqs(&[18]),
    Block::absent("OTG_HS", 0x4004_0000, 0x4_0000).gated(AHB1, 25).irqs(&[77, 74, 75, 76]),
    Block::absent("DCMI", 0x4802_0000, 0x400).gated(AHB2, 0).irqs(&[78]),
    Block::new("RNG", 0x4802_1800, 0x400, Model::Rng).gated(AHB2, 6).irqs(&[80]),
    Block::absent("SDMMC2", 0x4802_2400, 0x400).gated(AHB2, 9).irqs(&[124]),
    Block::absent("DLYB_SDMMC2", 0x4802_2800, 0x400),
    Block::absent("LTDC", 0x5000_1000, 0x400).gated(APB3, 3).irqs(&[88, 89]),
    Block::absent("WWDG1", 0x5000_3000, 0x400).gated(APB3, 6).irqs(&[0]),
    Block::absent("GPV", 0x5100_0000, 0x10_0000),
    Block::absent("MDMA", 0x5200_0000, 0x1000).gated(AHB3, 0).irqs(&[122]),
    Block::absent("DMA2D", 0x5200_1000, 0x1000).gated(AHB3, 4).irqs(&[90]),
    Block::absent("JPEG", 0x5200_3000, 0x1000).gated(AHB3, 5).irqs(&[121]),
    Block::new("FMC", 0x5200_4000, 0x1000, Model::Plain(FMC)).irqs(&[48]),
    Block::absent("SDMMC1", 0x5200_7000, 0x1000).gated(AHB3, 16).irqs(&[49]),
    Block::absent("DLYB_SDMMC1", 0x5200_8000, 0x1000),
    Block::absent("RAMECC1", 0x5200_9000, 0x400),
    Block::new("EXTI", 0x5800_0000, 0x400, Model::Exti(exti::Kind::H7)).irqs(exti::PIN_IRQS),
    Block::new("LPUART1", 0x5800_0c00, 0x400, Model::Usart(Kind::LowPower, kernel(0x58, 0, Node::Apb4), None))
        .gated(APB4, 3)
        .irqs(&[142]),
    Block::absent("SPI6", 0x5800_1400, 0x400).gated(APB4, 5).irqs(&[86]),
    Block::absent("I2C4", 0x5800_1c00, 0x400).gated(APB4, 7).irqs(&[95, 96]),
    Block::absent("LPTIM2", 0x5800_2400, 0x400).gated(APB4, 9).irqs(&[138]),
    Block::absent("LPTIM3", 0x5800_2800, 0x400).gated(APB4, 10).irqs(&[139]),
    Block::absent("COMP", 0x5800_3800, 0x400).gated(APB4, 14).irqs(&[137]),
    Block::absent("VREFBUF", 0x5800_3c00, 0x400).gated(APB4, 15),
    Block::absent("RTC", 0x5800_4000, 0x400).gated(APB4, 16).irqs(&[3, 41]),
    Block::new("IWDG", 0x5800_4800, 0x400, Model::Iwdg),
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
    Block::absent("BDMA2", 0x5802_5400, 0x400).gated(AHB4, 21).irqs(&[129, 130, 131, 132, 133, 134, 135, 136]),
    Block::absent("DMAMUX2", 0x5802_5800, 0x400).irqs(&[128]),
];
