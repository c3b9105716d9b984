//! STM32U575.

use super::bench::Bench;
use hil::emulator::{Periphery, Width};

const RCC: u32 = 0x4602_0c00;
const CR: u32 = RCC;
const CFGR1: u32 = RCC + 0x1c;
const PLL1CFGR: u32 = RCC + 0x28;
const PLL1DIVR: u32 = RCC + 0x34;
const AHB1ENR: u32 = RCC + 0x88;
const AHB2ENR1: u32 = RCC + 0x8c;
const AHB3ENR: u32 = RCC + 0x94;
const VOSR: u32 = 0x4602_080c;
const ACR: u32 = 0x4002_2000;
const ICACHE_CR: u32 = 0x4003_0400;

/// All but the switch to the PLL, which gives 160 MHz.
fn prepared() -> Bench {
    let mut bench = Bench::new("nucleo-u575zi-q");
    assert_eq!(bench.soc.core_hz(), 4_000_000);
    bench.set(AHB3ENR, 1 << 2);
    bench.write(PLL1CFGR, 1);
    bench.write(VOSR, 3 << 16 | 1 << 18);
    assert_eq!(bench.read(VOSR) >> 14 & 3, 3);
    bench.write(ACR, 0x104);
    bench.write(PLL1DIVR, 79 | 1 << 24);
    bench.set(CR, 1 << 24);
    bench.set(PLL1CFGR, 1 << 18);
    bench
}

#[test]
fn it_bears_its_clock_and_no_more() {
    let mut bench = prepared();
    bench.write(CFGR1, 3);
    assert_eq!((bench.read(CFGR1), bench.soc.core_hz()), (0xf, 160_000_000));
    for (address, value, problem) in [
        (VOSR, 3 << 16, "bears 55000000 Hz"),
        (VOSR, 2 << 16 | 1 << 18, "bears 110000000 Hz"),
        (ACR, 0x103, "needs 4 flash wait states"),
        (PLL1CFGR, 1 << 18 | 3 << 2 | 1, "PLL1RGE does not fit"),
        (PLL1DIVR, 139 | 1 << 24, "PLL1 VCO of 560000000 Hz"),
        (PLL1DIVR, 79 | 2 << 24, "divides by 3, which is odd"),
    ] {
        let mut bench = prepared();
        let error = bench.try_write(address, value).and_then(|()| bench.try_write(CFGR1, 3)).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn flash_programs_rows_of_four_words_and_erases_pages() {
    let mut bench = prepared();
    let (key, status, control) = (ACR + 0x08, ACR + 0x20, ACR + 0x28);
    bench.write(key, 0x4567_0123);
    bench.write(key, 0xcdef_89ab);
    bench.write(control, 1);
    for word in 0..4 {
        bench.write(0x0800_4000 + 4 * word, 0x0101_0101 * (word + 1));
    }
    assert_eq!(bench.read(status) >> 16 & 1, 1, "busy");
    bench.pass(1_000_000);
    assert_eq!(bench.read(status), 0);
    assert_eq!(bench.memory.flash[0x4000..0x4010], [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4]);
    bench.write(0x0800_4014, 0);
    assert_eq!(bench.read(status), 1 << 5, "a row begins with its first word");
    bench.write(status, 1 << 5);
    bench.write(control, 1 << 1 | 2 << 3 | 1 << 16);
    bench.pass(10_000_000);
    assert!(bench.memory.flash[0x4000..0x6000].iter().all(|byte| *byte == 0xff));
}

#[test]
fn the_cache_before_flash_is_switched_apart_from_flash() {
    let mut bench = prepared();
    let seen = |bench: &Bench| {
        let setup = bench.soc.flash_setup().expect("a setup");
        (setup.wait_states, setup.instruction_cache, setup.direct_mapped)
    };
    assert_eq!(seen(&bench), (4, false, false));
    bench.write(ICACHE_CR, 1 << 2 | 1);
    assert_eq!(seen(&bench), (4, true, false));
    bench.write(ICACHE_CR, 1 << 2);
    bench.write(ICACHE_CR, 0);
    bench.write(ICACHE_CR, 1);
    bench.write(ACR, 0x105);
    assert_eq!(seen(&bench), (5, true, true));
    let error = bench.try_write(ICACHE_CR, 1 << 2 | 1).unwrap_err().to_string();
    assert!(error.contains("WAYSEL"), "{error}");
}

#[test]
fn lines_of_pins_have_an_interrupt_each_and_two_pending_bits() {
    let mut bench = prepared();
    let exti = 0x4602_2000;
    bench.write(exti + 0x80, 1 << 13 | 1 << 6);
    bench.write(exti + 0x08, 1 << 13);
    assert_eq!((bench.read(exti + 0x0c), bench.read(exti + 0x10)), (1 << 13, 0));
    assert!(bench.line(24) && !bench.line(17));
    bench.write(exti + 0x0c, 1 << 13);
    assert!(!bench.line(24));
}

#[test]
fn converters_and_usb_are_set_up_and_do_nothing() {
    let mut bench = prepared();
    bench.set(AHB2ENR1, 1 << 10 | 1 << 14);
    let adc = 0x4202_8000;
    bench.write(adc + 0x08, 1 << 28);
    bench.set(adc + 0x08, 1);
    assert_eq!(bench.read(adc), 1 << 12 | 1);
    let error = bench.try_write(adc + 0x08, 1 << 28 | 1 << 2).unwrap_err().to_string();
    assert!(error.contains("ADC1 CR") && error.contains("a conversion"), "{error}");
    let otg = 0x4204_0000;
    bench.write(otg + 0x10, 1);
    assert_eq!(bench.read(otg + 0x10), 1 << 31);
    let error = bench.try_write(otg + 0x804, 0).unwrap_err().to_string();
    assert!(error.contains("OTG_FS") && error.contains("connection"), "{error}");
}

/// A console at 115200 baud on 160 MHz, and channel 2 of the DMA set up for what it sends.
fn console(bytes: &[u8]) -> Bench {
    let mut bench = prepared();
    bench.write(CFGR1, 3);
    bench.set(AHB1ENR, 1);
    bench.set(RCC + 0xa4, 1 << 14);
    bench.write(USART1 + 0x0c, 1389);
    bench.write(USART1 + 0x08, 0b11 << 6);
    bench.write(USART1, 0b1101);
    bench.memory.ram[0x100..0x100 + bytes.len()].copy_from_slice(bytes);
    bench.write(CHANNEL2 + 0x40, 1 << 3);
    bench.write(CHANNEL2 + 0x44, 1 << 10 | 25);
    bench.write(CHANNEL2 + 0x48, bytes.len() as u32);
    bench.write(CHANNEL2 + 0x4c, 0x2000_0100);
    bench.write(CHANNEL2 + 0x50, USART1 + 0x28);
    bench
}

const USART1: u32 = 0x4001_3800;
const GPDMA: u32 = 0x4002_0000;
const CHANNEL2: u32 = GPDMA + 0x150;
/// Cycles of a byte on the line.
const BYTE: u64 = 13_890;

#[test]
fn channels_of_the_dma_send_and_receive_on_a_usart() {
    let mut bench = console(b"hello");
    // Channel 15 receives.
    let channel15 = GPDMA + 0x7d0;
    bench.write(channel15 + 0x40, 1 << 19);
    bench.write(channel15 + 0x44, 24);
    bench.write(channel15 + 0x48, 3);
    bench.write(channel15 + 0x4c, USART1 + 0x24);
    bench.write(channel15 + 0x50, 0x2000_0200);
    bench.write(channel15 + 0x14, 1 << 8 | 1);
    bench.write(CHANNEL2 + 0x14, 1 << 9 | 1 << 8 | 1);
    assert_eq!(bench.read(CHANNEL2 + 0x10) & 1, 0, "not idle");
    bench.write(CHANNEL2 + 0x48, 77);
    assert!(bench.read(CHANNEL2 + 0x48) < 5, "read-only while the channel is on");
    bench.soc.send(b"xyz", bench.now);
    bench.pass(6 * BYTE);
    let sent: Vec<u8> = bench.soc.receive().iter().map(|s| s.byte).collect();
    assert_eq!(sent, b"hello");
    assert_eq!(bench.memory.ram[0x200..0x204], *b"xyz\0");
    for (channel, line) in [(CHANNEL2, 31), (channel15, 87)] {
        assert_eq!(bench.read(channel + 0x10), 1 << 9 | 1 << 8 | 1, "half and all transferred, idle");
        assert_eq!((bench.read(channel + 0x14) & 1, bench.read(channel + 0x48)), (0, 0));
        assert!(bench.line(line));
    }
    assert_eq!(bench.read(CHANNEL2 + 0x4c), 0x2000_0105);
    assert_eq!(bench.read(GPDMA + 0x0c), 1 << 15 | 1 << 2);
    bench.write(CHANNEL2 + 0x0c, 0x7f00);
    assert!(!bench.line(31) && bench.line(87));
}

#[test]
fn a_channel_of_the_dma_is_suspended_resumed_and_reset() {
    let mut bench = console(b"abcdef");
    bench.write(CHANNEL2 + 0x14, 1);
    // One byte is on the line and one waits for it.
    bench.write(CHANNEL2 + 0x14, 1 << 2 | 1);
    let left = bench.read(CHANNEL2 + 0x48);
    assert_eq!(bench.read(CHANNEL2 + 0x10), 1 << 13 | 1);
    bench.pass(8 * BYTE);
    assert_eq!(bench.read(CHANNEL2 + 0x48), left);
    bench.write(CHANNEL2 + 0x14, 0);
    bench.pass(8 * BYTE);
    assert_eq!((bench.read(CHANNEL2 + 0x48), bench.read(CHANNEL2 + 0x14)), (0, 0));
    let sent: Vec<u8> = bench.soc.receive().iter().map(|s| s.byte).collect();
    assert_eq!(sent, b"abcdef");
    bench.write(CHANNEL2 + 0x48, 6);
    bench.write(CHANNEL2 + 0x14, 1);
    bench.write(CHANNEL2 + 0x14, 1 << 2 | 1);
    bench.write(CHANNEL2 + 0x14, 1 << 1);
    assert_eq!((bench.read(CHANNEL2 + 0x14) & 7, bench.read(CHANNEL2 + 0x10) & 1), (0, 1));
}

#[test]
fn the_dma_tells_wrong_settings_and_what_is_not_modelled_is_refused() {
    let mut bench = console(b"abcdef");
    bench.write(CHANNEL2 + 0x40, 1 << 3 | 2);
    bench.write(CHANNEL2 + 0x48, 6);
    bench.write(CHANNEL2 + 0x14, 1 << 12 | 1);
    assert_eq!((bench.read(CHANNEL2 + 0x10), bench.read(CHANNEL2 + 0x14) & 1), (1 << 12 | 1, 0));
    assert!(bench.line(31));
    for (offset, value, register, problem) in [
        (0x7c, 4, "C2LLR", "linked list"),
        (0x44, 1 << 24 | 1 << 10 | 25, "C2TR2", "trigger"),
        (0x44, 1 << 10 | 99, "C2TR2", "request 99"),
        (0x40, 1 << 3 | 3 << 20, "C2TR1", "burst"),
    ] {
        let mut bench = console(b"abcdef");
        bench.write(CHANNEL2 + offset, value);
        let error = bench.try_write(CHANNEL2 + 0x14, 1).unwrap_err().to_string();
        assert!(error.contains("GPDMA1") && error.contains(register) && error.contains(problem), "{error}");
    }
    // From memory to memory, words to bytes; and flash takes none.
    bench.memory.ram[..8].copy_from_slice(&[1, 2, 3, 4, 5, 6, 7, 8]);
    for (target, flags) in [(0x2000_0040, 1 << 9 | 1 << 8 | 1), (0x0800_0000, 1 << 10 | 1)] {
        bench.write(CHANNEL2 + 0x0c, 0x7f00);
        bench.write(CHANNEL2 + 0x40, 1 << 19 | 1 << 3 | 2);
        bench.write(CHANNEL2 + 0x44, 1 << 9);
        bench.write(CHANNEL2 + 0x48, 8);
        bench.write(CHANNEL2 + 0x4c, 0x2000_0000);
        bench.write(CHANNEL2 + 0x50, target);
        bench.write(CHANNEL2 + 0x14, 1);
        assert_eq!(bench.read(CHANNEL2 + 0x10), flags);
    }
    assert_eq!(bench.memory.ram[0x40..0x43], [1, 5, 0]);
}

#[test]
fn it_knows_who_it_is() {
    let mut bench = prepared();
    assert_eq!(bench.read(0xe004_4000) & 0xfff, 0x482);
    let kilobytes = Periphery::read(&mut bench.soc, 0x0bfa_07a0, Width::Half, 0);
    assert_eq!(kilobytes.expect("flash size"), 2048);
    assert_eq!(bench.read(AHB1ENR) >> 8 & 1, 1, "flash has a clock");
}
