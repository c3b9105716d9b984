//! The platform file (`.repl`) of a board, made of the board's facts.
//!
//! Renode models core, memory, console and timer. Clock, power and flash registers are words that read as they were
//! written, with the bits that report readiness following those that ask for it: enough for start-up code, and no model
//! of time.

use minijinja::{Environment, UndefinedBehavior, context};
use serde::Serialize;

use crate::board::{Board, Core, RegionKind};

const TEMPLATE: &str = include_str!("platform.repl.j2");

/// What the template prints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Platform {
    pub cpu: &'static str,
    pub hz: u32,
    pub priority_mask: String,
    pub timer_hz: u32,
    pub memories: Vec<Memory>,
    pub console: Console,
    pub blocks: Vec<Block>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Memory {
    pub name: String,
    pub origins: Vec<String>,
    pub size: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Console {
    /// Renode's class of it.
    pub class: &'static str,
    /// Its own constructor, for a low-power one.
    pub low_power: bool,
    pub base: String,
    pub irq: u32,
    pub hz: u32,
}

/// Registers that read as they were written.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Block {
    pub name: &'static str,
    pub base: String,
    pub reset: Vec<Word>,
    pub echoes: Vec<Echo>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Word {
    pub offset: u32,
    pub value: u32,
}

/// Bits `mask` of the word at `offset` read as those of the word at `source`, shifted left.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Echo {
    pub offset: u32,
    pub mask: u32,
    pub source: u32,
    pub shift: u32,
}

const fn word(offset: u32, value: u32) -> Word {
    Word { offset, value }
}

const fn echo(offset: u32, mask: u32, source: u32, shift: u32) -> Echo {
    Echo { offset, mask, source, shift }
}

/// A block of one family: its name, base, words after reset and echoes.
type Facts = (&'static str, u32, &'static [Word], &'static [Echo]);

/// RM0432: RCC_CR (MSION to MSIRDY, PLLON to PLLRDY), RCC_CFGR (SW to SWS) and RCC_CSR (MSISRANGE, 4 MHz); PWR_SR2.VOSF
/// stays 0.
const L4PLUS: [Facts; 3] = [
    (
        "rcc",
        0x4002_1000,
        &[word(0, 0x63), word(0x94, 6 << 8)],
        &[echo(0, 1 << 1, 0, 1), echo(0, 1 << 25, 0, 1), echo(8, 3 << 2, 8, 2)],
    ),
    ("pwr", 0x4000_7000, &[word(0, 0x200)], &[]),
    ("flash_registers", 0x4002_2000, &[word(0, 0x600)], &[]),
];
/// RM0385, RM0410 and RM0402: RCC_CR (HSION, HSEON, PLLON to their RDY), RCC_CFGR (SW to SWS); PWR_CSR1 (ODEN to ODRDY, ODSWEN to
/// ODSWRDY, and VOSRDY, which is set here from reset).
const F4F7: [Facts; 3] = [
    (
        "rcc",
        0x4002_3800,
        &[word(0, 0x83)],
        &[echo(0, 1 << 1, 0, 1), echo(0, 1 << 17, 0, 1), echo(0, 1 << 25, 0, 1), echo(8, 3 << 2, 8, 2)],
    ),
    ("pwr", 0x4000_7000, &[word(0, 0xC000), word(4, 1 << 14)], &[echo(4, 3 << 16, 0, 0)]),
    ("flash_registers", 0x4002_3C00, &[], &[]),
];
/// RM0433 and RM0455: RCC_CR (HSION to HSIRDY, HSEON to HSERDY, PLL1ON to PLL1RDY), RCC_CFGR (SW to SWS); PWR_CSR1.ACTVOSRDY
/// and D3CR or SRDCR.VOSRDY, which are set here from reset.
const H7: [Facts; 3] = [
    (
        "rcc",
        0x5802_4400,
        &[word(0, 0x25)],
        &[echo(0, 1 << 2, 0, 2), echo(0, 1 << 17, 0, 1), echo(0, 1 << 25, 0, 1), echo(0x10, 7 << 3, 0x10, 3)],
    ),
    ("pwr", 0x5802_4800, &[word(4, 1 << 13), word(0x18, 1 << 13)], &[echo(0x18, 1 << 13, 4, 0)]),
    ("flash_registers", 0x5200_2000, &[], &[]),
];

/// Base and interrupt of consoles: the memory maps and vector tables of the manuals above.
const CONSOLES: [(&str, u32, u32); 4] = [
    ("LPUART1", 0x4000_8000, 70),
    ("USART1", 0x4001_1000, 37),
    ("USART2", 0x4000_4400, 38),
    ("USART3", 0x4000_4800, 39),
];

fn hex(value: u32) -> String {
    format!("{value:#X}").replace("0X", "0x")
}

impl Platform {
    /// The error says what this driver cannot do for the board.
    pub fn of(board: &Board) -> Result<Self, String> {
        // The older serial port has a status and a data register, the newer one registers for each direction.
        let (facts, class) = match board.family.as_str() {
            "stm32l4plus" => (&L4PLUS, "STM32F7_USART"),
            family if family.starts_with("stm32f4") => (&F4F7, "STM32_UART"),
            family if family.starts_with("stm32f7") => (&F4F7, "STM32F7_USART"),
            family if family.starts_with("stm32h7") => (&H7, "STM32F7_USART"),
            other => return Err(format!("simulate boards of family `{other}`")),
        };
        let name = board.console.peripheral.as_str();
        let console = CONSOLES.iter().find(|(known, _, _)| *known == name);
        let (_, base, irq) = console.ok_or_else(|| format!("simulate the console `{name}`"))?;
        let clock = &board.clock;
        let apb1 = clock.hz / clock.apb1_div;
        let on_apb2 = matches!(name, "USART1");
        let memory = |region: &crate::board::Region| Memory {
            name: format!("{}_{}", if region.kind == RegionKind::Flash { "flash" } else { "ram" }, plain(&region.name)),
            origins: std::iter::once(region.origin).chain(region.aliases.iter().copied()).map(hex).collect(),
            size: hex(region.size),
        };
        let block = |(name, base, reset, echoes): &Facts| Block {
            name,
            base: hex(*base),
            reset: reset.to_vec(),
            echoes: echoes.to_vec(),
        };
        Ok(Self {
            cpu: match board.core {
                Core::CortexM4f => "cortex-m4f",
                Core::CortexM7f => "cortex-m7",
                Core::CortexM33f => "cortex-m33",
            },
            hz: clock.hz,
            priority_mask: hex((0xFF << (8 - board.processor.priority_bits.min(8))) & 0xFF),
            // The timers of a bus that is divided once more run at twice its clock.
            timer_hz: if clock.apb1_div > clock.ahb_div { apb1 * 2 } else { apb1 },
            memories: board.memory.iter().map(memory).collect(),
            console: Console {
                class,
                low_power: name.starts_with("LP"),
                base: hex(*base),
                irq: *irq,
                hz: if on_apb2 { clock.hz / clock.apb2_div } else { apb1 },
            },
            blocks: facts.iter().map(block).collect(),
        })
    }

    /// The `.repl` file.
    pub fn text(&self) -> Result<String, String> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_trim_blocks(true);
        let printed = environment.render_str(TEMPLATE, context! { ..minijinja::Value::from_serialize(self) });
        printed.map_err(|error| error.to_string())
    }
}

/// A name that the platform language takes.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board;

    #[test]
    fn every_board_of_a_known_family_has_a_platform_that_prints() {
        let mut printed = 0;
        for name in board::names() {
            let Ok(platform) = Platform::of(&Board::shipped(name).expect("a board")) else { continue };
            let text = platform.text().expect("text");
            let class = if name.starts_with("stm32f4") { "STM32_UART" } else { "STM32F7_USART" };
            assert!(text.contains(&format!("console: UART.{class} @ sysbus <0x4")), "{text}");
            assert!(!text.contains("ApplySVD"), "nothing is to be downloaded");
            // What lost its line makes another program, or none.
            for line in text.lines().filter(|line| !line.trim_start().starts_with("words = {")) {
                assert!(line.matches(": ").count() <= 1 && line.matches(" = ").count() <= 1, "{line}");
            }
            assert_eq!(text.matches("\n    request.Value = value\n'''\n").count(), platform.blocks.len(), "{text}");
            printed += 1;
        }
        let known = |name: &&str| {
            let family = Board::shipped(name).expect("a board").family;
            ["stm32f4", "stm32f7", "stm32h7", "stm32l4"].iter().any(|known| family.starts_with(known))
        };
        assert_eq!(printed, board::names().into_iter().filter(known).count());
    }

    #[test]
    fn the_platform_is_the_boards() {
        let platform = Platform::of(&Board::shipped("nucleo-l4r5zi").expect("a board")).expect("a platform");
        assert_eq!((platform.cpu, platform.hz, platform.timer_hz), ("cortex-m4f", 120_000_000, 120_000_000));
        assert_eq!(platform.memories[0].origins, ["0x8000000", "0x0"]);
        assert_eq!((platform.console.irq, platform.priority_mask.as_str()), (70, "0xF0"));
        assert!(platform.console.low_power && platform.text().expect("text").contains("lowPowerMode: true"));
        let h7 = Platform::of(&Board::shipped("nucleo-h743zi").expect("a board")).expect("a platform");
        assert_eq!((h7.hz, h7.timer_hz, h7.console.hz), (480_000_000, 240_000_000, 120_000_000), "AHB is divided, too");
        let unknown = Board { family: "nrf52".into(), ..Board::shipped("nucleo-l4r5zi").expect("a board") };
        assert_eq!(Platform::of(&unknown), Err("simulate boards of family `nrf52`".into()));
    }
}
