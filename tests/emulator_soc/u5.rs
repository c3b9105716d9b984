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

#[test]
fn it_knows_who_it_is() {
    let mut bench = prepared();
    assert_eq!(bench.read(0xe004_4000) & 0xfff, 0x482);
    let kilobytes = Periphery::read(&mut bench.soc, 0x0bfa_07a0, Width::Half, 0);
    assert_eq!(kilobytes.expect("flash size"), 2048);
    assert_eq!(bench.read(AHB1ENR) >> 8 & 1, 1, "flash has a clock");
}
