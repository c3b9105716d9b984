//! STM32H743 and STM32H7A3: supply, voltage, clocks, flash words, DMA behind a multiplexer.

use super::bench::Bench;
use hil::emulator::Width;

const RCC: u32 = 0x5802_4400;
const PWR: u32 = 0x5802_4800;
const FLASH: u32 = 0x5200_2000;
const USART3: u32 = 0x4000_4800;
const DMA1: u32 = 0x4002_0000;
const MUX: u32 = 0x4002_0800;

struct Part {
    board: &'static str,
    hz: u64,
    /// Supply, PLLCKSELR, PLLCFGR, PLL1DIVR, wait states, HPRE.
    supply: u32,
    select: u32,
    config: u32,
    dividers: u32,
    states: u32,
    hpre: u32,
    /// First enable register.
    gates: u32,
    /// Bytes of a flash word; CR: START, SNB.
    word: u32,
    start: u32,
    number: u32,
}

const H743: Part = Part {
    board: "nucleo-h743zi",
    hz: 480_000_000,
    supply: 0b010,
    select: 2 | 4 << 4,
    config: 1 << 2 | 1 << 16,
    dividers: 479 | 1 << 9,
    states: 4,
    hpre: 8,
    gates: 0xd4,
    word: 32,
    start: 1 << 7,
    number: 8,
};

const H7A3: Part = Part {
    board: "nucleo-h7a3zi-q",
    hz: 280_000_000,
    supply: 0b100,
    select: 2 | 1 << 4,
    config: 3 << 2 | 1 << 16,
    dividers: 69 | 1 << 9,
    states: 6,
    hpre: 0,
    gates: 0x134,
    word: 16,
    start: 1 << 5,
    number: 6,
};

impl Part {
    /// All but the switch to the PLL.
    fn prepared(&self) -> Bench {
        let mut bench = Bench::new(self.board);
        assert_eq!(bench.read(PWR + 4) & 1 << 13, 0, "ACTVOSRDY before the supply is said");
        bench.write(PWR + 0x0c, self.supply);
        assert_ne!(bench.read(PWR + 4) & 1 << 13, 0, "ACTVOSRDY");
        bench.write(PWR + 0x18, 3 << 14);
        assert_ne!(bench.read(PWR + 0x18) & 1 << 13, 0, "VOSRDY");
        if self.hz == 480_000_000 {
            bench.set(RCC + 0xf4, 1 << 1);
            bench.write(0x5800_042c, 1);
        }
        bench.set(RCC, 1 << 18 | 1 << 16);
        assert_ne!(bench.read(RCC) & 1 << 17, 0, "HSERDY");
        bench.write(RCC + 0x28, self.select);
        bench.write(RCC + 0x2c, self.config);
        bench.write(RCC + 0x30, self.dividers);
        bench.set(RCC, 1 << 24);
        assert_ne!(bench.read(RCC) & 1 << 25, 0, "PLL1RDY");
        bench.write(FLASH, self.states);
        bench.write(RCC + 0x18, self.hpre | 4 << 4);
        bench.write(RCC + 0x1c, 4 << 4 | 4 << 8);
        bench.write(RCC + 0x20, 4 << 4);
        bench
    }

    /// At the board's clock, with USART3, TIM2 and both DMA clocked.
    fn running(&self) -> Bench {
        let mut bench = self.prepared();
        bench.write(RCC + 0x10, 3);
        assert_eq!(bench.read(RCC + 0x10) >> 3 & 7, 3, "SWS");
        bench.set(RCC + self.gates + 0x14, 1 << 18 | 1);
        bench.set(RCC + self.gates + 0x04, 0b11);
        bench
    }
}

#[test]
fn both_reach_their_clock_from_64_mhz() {
    for part in [H743, H7A3] {
        assert_eq!(Bench::new(part.board).soc.core_hz(), 64_000_000);
        assert_eq!(part.running().soc.core_hz(), part.hz);
    }
}

#[test]
fn what_they_do_not_bear_is_refused() {
    for part in [H743, H7A3] {
        let mut bench = part.prepared();
        bench.write(FLASH, part.states - 1);
        let error = bench.try_write(RCC + 0x10, 3).unwrap_err().to_string();
        let bus = if part.hpre == 0 { part.hz } else { part.hz / 2 };
        assert!(error.contains(&format!("{bus} Hz needs {} flash wait states", part.states)), "{error}");

        let mut bench = part.prepared();
        bench.write(PWR + 0x18, 2 << 14);
        let error = bench.try_write(RCC + 0x10, 3).unwrap_err().to_string();
        assert!(error.contains("the voltage range chosen in PWR bears"), "{error}");

        let mut bench = Bench::new(part.board);
        let error = bench.try_write(PWR + 0x0c, 1).unwrap_err().to_string();
        assert!(error.contains("PWR CR3") && error.contains("the board is wired for"), "{error}");

        let mut bench = part.prepared();
        bench.write(RCC + 0x30, part.dividers + (1 << 9));
        let error = bench.try_write(RCC + 0x10, 3).unwrap_err().to_string();
        assert!(error.contains("odd divisions"), "{error}");

        let mut bench = part.prepared();
        bench.write(RCC + 0x2c, part.config & 0xffff);
        let error = bench.try_write(RCC + 0x10, 3).unwrap_err().to_string();
        assert!(error.contains("DIVP1EN is 0"), "{error}");
    }
    // Without over-drive VOS1 is all that H743 has.
    let mut bench = H743.prepared();
    bench.write(0x5800_042c, 0);
    let error = bench.try_write(RCC + 0x10, 3).unwrap_err().to_string();
    assert!(error.contains("bears 400000000 Hz"), "{error}");
    // Its bus bears half of its core.
    let mut bench = H743.prepared();
    bench.write(RCC + 0x18, 5 << 4);
    let error = bench.try_write(RCC + 0x10, 3).unwrap_err().to_string();
    assert!(error.contains("HCLK at 480000000 Hz exceeds 240000000 Hz"), "{error}");
    // UART9 is on H7A3 alone, the converter of H7A3 is not on H743.
    assert!(H743.running().try_read(0x4001_1800).is_err());
    assert!(Bench::new("nucleo-h7a3zi-q").try_write(PWR + 0x0c, 0b010).is_err());
}

#[test]
fn a_fraction_and_a_divided_hsi_count() {
    let mut bench = Bench::new("nucleo-h7a3zi-q");
    // HSI / 4 / 4 = 4 MHz, times 40 + 4096/8192, by 4: 40.5 MHz.
    bench.set(RCC, 2 << 3);
    assert_eq!(bench.soc.core_hz(), 16_000_000);
    bench.write(FLASH, 6);
    bench.write(RCC + 0x28, 4 << 4);
    bench.write(RCC + 0x2c, 1 | 2 << 2 | 1 << 16);
    bench.write(RCC + 0x34, 4096 << 3);
    bench.write(RCC + 0x30, 39 | 3 << 9);
    bench.set(RCC, 1 << 24);
    bench.write(RCC + 0x10, 3);
    assert_eq!(bench.soc.core_hz(), 40_500_000);
}

#[test]
fn timers_run_at_twice_a_divided_bus() {
    for part in [H743, H7A3] {
        let mut bench = part.running();
        bench.write(0x4000_002c, u32::MAX);
        bench.write(0x4000_0000, 1);
        // APB1 is a quarter of 480 MHz or half of 280 MHz.
        let per_tick = if part.hz == 480_000_000 { 2 } else { 1 };
        bench.pass(1000);
        assert_eq!(bench.read(0x4000_0024), 1000 / per_tick, "{}", part.board);
    }
}

#[test]
fn flash_is_programmed_by_whole_words_once() {
    for part in [H743, H7A3] {
        let mut bench = Bench::new(part.board);
        for (bank, offset) in [(0, 0x2_0000), (0x100, 0x12_0000)] {
            let (keyr, cr, sr, ccr) = (FLASH + bank + 4, FLASH + bank + 0x0c, FLASH + bank + 0x10, FLASH + bank + 0x14);
            let at = 0x0800_0000 + offset;
            bench.write(at, 0);
            assert_eq!(bench.read(sr), 1 << 18, "PGSERR: locked");
            bench.write(ccr, 1 << 18);
            bench.write(keyr, 0x4567_0123);
            bench.write(keyr, 0xcdef_89ab);
            bench.write(cr, 0b10);
            for word in 0..part.word / 4 - 1 {
                bench.write(at + 4 * word, 0x0101_0101 * word);
                assert_eq!(bench.read(sr), 0b10, "WBNE");
            }
            assert_eq!(bench.memory.flash[offset as usize], 0xff, "not before the word is whole");
            bench.write_sized(at + part.word - 4, Width::Half, 0x1234);
            bench.write_sized(at + part.word - 2, Width::Half, 0x5678);
            assert_eq!(bench.memory.flash[offset as usize + 4], 1);
            assert_eq!(bench.read(sr) & 0b111, 0b101, "BSY and QW");
            bench.pass(64 * 100);
            assert_eq!(bench.read(sr), 1 << 16, "EOP");
            bench.write(ccr, 1 << 16);
            // Another word begun before the first is whole.
            bench.write(at + part.word, 0);
            bench.write(at + 2 * part.word, 0);
            assert_eq!(bench.read(sr), 1 << 21, "INCERR");
            bench.write(ccr, 1 << 21);
            bench.write(at + part.word, 0);
            bench.write(at + part.word, 0);
            assert_eq!(bench.read(sr), 1 << 19, "STRBERR");
            bench.write(ccr, 1 << 19);
            // Its sector, by its number in the bank.
            let sector = if part.word == 32 { 1 } else { 16 };
            bench.write(cr, 1 << 2 | sector << part.number | 1 << 16);
            bench.set(cr, part.start);
            bench.pass(64_000_000);
            assert_eq!(bench.memory.flash[offset as usize + 4], 0xff);
            assert!(bench.line(4), "EOP is told");
            bench.write(ccr, 1 << 16);
            assert!(!bench.line(4));
        }
    }
}

#[test]
fn a_flash_word_is_not_programmed_twice() {
    let mut bench = Bench::new("nucleo-h7a3zi-q");
    bench.write(FLASH + 4, 0x4567_0123);
    bench.write(FLASH + 4, 0xcdef_89ab);
    bench.write(FLASH + 0x0c, 0b10);
    for round in 0..2 {
        for word in 0..3 {
            bench.write(0x0800_1000 + 4 * word, 0);
        }
        let last = bench.try_write(0x0800_100c, 0);
        assert_eq!(last.is_err(), round == 1, "{last:?}");
        bench.pass(64 * 100);
    }
}

#[test]
fn streams_behind_the_multiplexer_serve_usart3() {
    for part in [H743, H7A3] {
        let mut bench = part.running();
        // APB1 runs at 120 and 140 MHz.
        bench.write(USART3 + 0x0c, if part.hz == 480_000_000 { 1042 } else { 1215 });
        bench.write(USART3 + 0x08, 0b11 << 6);
        bench.write(USART3, 0b1101);
        bench.memory.ram[..5].copy_from_slice(b"hello");
        bench.write(MUX, 46);
        bench.write(MUX + 4, 45);
        let (send, receive) = (DMA1 + 0x10, DMA1 + 0x28);
        bench.write(send + 4, 5);
        bench.write(send + 8, USART3 + 0x28);
        bench.write(send + 12, 0x2000_0000);
        bench.write(receive + 4, 3);
        bench.write(receive + 8, USART3 + 0x24);
        bench.write(receive + 12, 0x2000_0200);
        bench.write(receive, 1 << 10 | 1 << 4 | 1);
        bench.write(send, 1 << 10 | 1 << 6 | 1 << 4 | 1);
        bench.soc.send(b"xyz", bench.now);
        bench.pass(part.hz / 115_200 * 70);
        let sent: Vec<u8> = bench.soc.receive().iter().map(|s| s.byte).collect();
        assert_eq!((sent.as_slice(), bench.soc.baud_mismatch()), (&b"hello"[..], None), "{}", part.board);
        assert_eq!(bench.memory.ram[0x200..0x204], *b"xyz\0");
        assert!(bench.line(11) && bench.line(12));
        let error = bench.try_write(MUX + 8, 9).unwrap_err().to_string();
        assert!(error.contains("no modelled device drives it"), "{error}");
    }
}

#[test]
fn fifos_hold_sixteen_and_a_kernel_clock_can_be_chosen() {
    let mut bench = H7A3.running();
    // HSI, 64 MHz, for USART3.
    bench.write(RCC + 0x54, 3);
    bench.write(USART3 + 0x0c, 556);
    bench.write(USART3, 1 << 29 | 0b1101);
    for byte in 0..17 {
        assert_ne!(bench.read(USART3 + 0x1c) & 1 << 7, 0, "TXFNF before byte {byte}");
        bench.write(USART3 + 0x28, byte);
    }
    assert_eq!(bench.read(USART3 + 0x1c) & 1 << 7, 0, "one is on its way and sixteen wait");
    bench.pass(280_000_000 / 115_200 * 180);
    assert_eq!(bench.soc.receive().len(), 17);
    assert_eq!(bench.soc.baud_mismatch(), None);
    // The second PLL is not modelled: nothing is sent by its clock.
    bench.write(RCC + 0x54, 1);
    assert!(bench.try_write(USART3 + 0x28, 0).is_err());
}

#[test]
fn edges_of_pins_interrupt() {
    let mut bench = H7A3.running();
    bench.set(RCC + 0x154, 1 << 1);
    bench.set(RCC + 0x140, 1 << 2);
    bench.write(0x5800_0410 + 4, 2 << 4);
    bench.write(0x5802_0800, 0);
    bench.write(0x5800_0000, 1 << 13);
    bench.write(0x5800_0080, 1 << 13);
    bench.soc.drive_pin('C', 13, Some(true), bench.now);
    assert!(bench.line(40));
    bench.write(0x5800_0088, 1 << 13);
    assert!(!bench.line(40));
    bench.write(0x5800_0008, 1 << 13);
    assert!(bench.line(40), "by software");
    assert!(bench.try_write(0x5802_0828, 1).is_err(), "ports have no BRR");
}

#[test]
fn timers_can_run_at_the_whole_bus_or_at_four_times_theirs() {
    let mut bench = H7A3.running();
    // APB1 at an eighth of 280 MHz: its timers at 70 MHz, with TIMPRE at 140 MHz.
    bench.write(RCC + 0x1c, 6 << 4 | 4 << 8);
    bench.write(0x4000_002c, u32::MAX);
    bench.write(0x4000_0000, 1);
    bench.pass(4000);
    assert_eq!(bench.read(0x4000_0024), 1000);
    bench.write(RCC + 0x10, 3 | 1 << 15);
    bench.pass(4000);
    assert_eq!(bench.read(0x4000_0024), 3000);
}

#[test]
fn reset_bits_reset_and_the_status_tells_why() {
    for (part, status, power) in [(H743, 0xd0, 0x00fa_0000), (H7A3, 0x130, 0x00e8_0000)] {
        let mut bench = part.running();
        bench.write(0x4000_0028, 119);
        bench.set(RCC + 0x90, 1);
        assert_eq!(bench.read(0x4000_0028), 0, "{}", part.board);
        assert_eq!(bench.read(RCC + status), power);
        bench.set(RCC + status, 1 << 16);
        assert_eq!(bench.read(RCC + status), 0);
        bench.soc.reset_by_software(bench.now);
        assert_eq!(bench.read(RCC + status), 1 << 24 | 1 << 22, "SFTRSTF and PINRSTF");
        assert_eq!(bench.soc.core_hz(), 64_000_000);
    }
}

#[test]
fn a_vco_out_of_range_is_refused() {
    for (part, n, hz) in [(H743, 481, 962_000_000u32), (H7A3, 71, 568_000_000)] {
        let mut bench = part.prepared();
        bench.write(RCC + 0x30, (n - 1) | 3 << 9);
        let error = bench.try_write(RCC + 0x10, 3).unwrap_err().to_string();
        assert!(error.contains(&format!("PLL VCO of {hz} Hz")), "{error}");
    }
}

#[test]
fn a_bank_is_erased_by_itself() {
    for part in [H743, H7A3] {
        let mut bench = Bench::new(part.board);
        bench.memory.flash.fill(0);
        let (keyr, cr) = (FLASH + 0x104, FLASH + 0x10c);
        bench.write(keyr, 0x4567_0123);
        bench.write(keyr, 0xcdef_89ab);
        bench.write(cr, 1 << 3);
        bench.set(cr, part.start);
        let blank = |range: std::ops::Range<usize>| bench.memory.flash[range].iter().all(|byte| *byte == 0xff);
        assert!(blank(0x10_0000..0x20_0000) && bench.memory.flash[0x0f_ffff] == 0, "{}", part.board);
        assert_eq!(bench.read(FLASH + 0x10) & 1, 0, "bank 1 is not busy");
        bench.pass(64_000_000 * 9);
        assert_eq!(bench.read(FLASH + 0x110), 1 << 16);
    }
}
