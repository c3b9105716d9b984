//! STM32F412, and what F767 has beyond F746.

use super::bench::Bench;
use hil::emulator::Width;

const USART2: u32 = 0x4000_4400;
const SR: u32 = USART2;
const DR: u32 = USART2 + 0x04;
const BRR: u32 = USART2 + 0x08;
const CR1: u32 = USART2 + 0x0c;

const ORE: u32 = 1 << 3;
const IDLE: u32 = 1 << 4;
const RXNE: u32 = 1 << 5;
const TC: u32 = 1 << 6;
const TXE: u32 = 1 << 7;

/// All but the switch to the PLL.
fn prepared() -> Bench {
    let mut bench = Bench::new("stm32f412g-disco");
    bench.set(0x4002_3840, 1 << 28 | 1 << 17);
    bench.set(0x4002_3800, 1 << 18 | 1 << 16);
    bench.write(0x4002_3804, 8 | 200 << 6 | 1 << 22 | 9 << 24 | 2 << 28);
    bench.set(0x4002_3800, 1 << 24);
    bench.write(0x4002_3c00, 0x703);
    bench.write(0x4002_3808, 4 << 10);
    bench
}

/// 100 MHz, with USART2 at 115200 baud.
fn running() -> Bench {
    let mut bench = prepared();
    bench.set(0x4002_3808, 2);
    assert_eq!((bench.read(0x4002_3808) & 0xc, bench.soc.core_hz()), (8, 100_000_000));
    bench.write(BRR, 434);
    bench.write(CR1, 1 << 13 | 0b1100);
    bench
}

#[test]
fn it_bears_its_clock_and_no_more() {
    running();
    let mut bench = prepared();
    bench.write(0x4002_3c00, 0x702);
    let error = bench.try_write(0x4002_3808, 2 | 4 << 10).unwrap_err().to_string();
    assert!(error.contains("needs 3 flash wait states"), "{error}");
    let mut bench = prepared();
    bench.write(0x4000_7000, 2 << 14);
    let error = bench.try_write(0x4002_3808, 2 | 4 << 10).unwrap_err().to_string();
    assert!(error.contains("bears 84000000 Hz"), "{error}");
    let error = prepared().try_write(0x4002_3808, 2).unwrap_err().to_string();
    assert!(error.contains("Apb1 at 100000000 Hz exceeds 50000000 Hz"), "{error}");
}

#[test]
fn output_r_of_the_pll_can_be_the_system_clock() {
    let mut bench = prepared();
    bench.write(0x4002_3800, 1 << 18 | 1 << 16 | 1);
    bench.write(0x4002_3804, 8 | 200 << 6 | 1 << 22 | 9 << 24 | 4 << 28);
    bench.set(0x4002_3800, 1 << 24);
    bench.set(0x4002_3808, 3);
    assert_eq!(bench.soc.core_hz(), 50_000_000);
}

#[test]
fn bytes_go_and_come_by_sr_and_dr() {
    let mut bench = running();
    assert_eq!(bench.read(SR), TXE | TC);
    let start = bench.now;
    bench.write(DR, u32::from(b'x'));
    assert_eq!(bench.read(SR), TXE);
    bench.write(DR, u32::from(b'y'));
    assert_eq!(bench.read(SR), 0);
    // Ten bits of 434 ticks at half the core's clock.
    bench.go_to(start + 2 * 8680);
    assert_eq!(bench.read(SR), TXE | TC);
    let sent: Vec<_> = bench.soc.receive().iter().map(|s| (s.byte, s.at - start)).collect();
    assert_eq!(sent, [(b'x', 8680), (b'y', 2 * 8680)]);
    assert_eq!(bench.soc.baud_mismatch(), None);
    bench.write(SR, !TC);
    assert_eq!(bench.read(SR), TXE);

    bench.set(CR1, 1 << 5);
    bench.soc.send(b"a", bench.now);
    bench.pass(8690);
    assert!(bench.line(38));
    assert_eq!(bench.read(SR) & (RXNE | ORE), RXNE);
    assert_eq!(bench.read(DR), u32::from(b'a'));
    assert!(!bench.line(38));
    bench.pass(20_000);
    assert_eq!(bench.read(SR) & IDLE, IDLE);
    assert_eq!(bench.read(SR) & IDLE, IDLE, "SR alone clears nothing");
    bench.read(DR);
    assert_eq!(bench.read(SR) & IDLE, 0);
}

#[test]
fn an_overrun_stays_until_both_are_read() {
    let mut bench = running();
    bench.soc.send(b"ab", bench.now);
    bench.pass(20_000);
    bench.read(DR);
    assert_eq!(bench.read(SR) & ORE, ORE, "DR was read before SR");
    assert_eq!(bench.read(DR), u32::from(b'a'), "nothing came since");
    assert_eq!(bench.read(SR) & ORE, 0);
    let error = bench.try_write(CR1, 1 << 13 | 0b1101).unwrap_err().to_string();
    assert!(error.contains("USART2 CR1") && error.contains("breaks"), "{error}");
}

#[test]
fn flash_has_sectors_of_its_own() {
    let mut bench = Bench::new("stm32f412g-disco");
    let (keyr, sr, cr) = (0x4002_3c04, 0x4002_3c0c, 0x4002_3c10);
    bench.write(keyr, 0x4567_0123);
    bench.write(keyr, 0xcdef_89ab);
    bench.write(0x0801_0000, 0);
    assert_eq!(bench.read(sr), 1 << 7, "PGSERR");
    bench.write(sr, 1 << 7);
    bench.write(cr, 1);
    for at in [0x0800_c000, 0x0801_0000, 0x0802_0000] {
        bench.write_sized(at, Width::Byte, 0);
        bench.pass(16 * 16);
    }
    bench.write(cr, 1 << 1 | 4 << 3 | 1 << 16);
    bench.pass(16_000_000);
    assert_eq!([0xc000, 0x1_0000, 0x2_0000].map(|at: usize| bench.memory.flash[at]), [0, 0xff, 0]);
    bench.write(cr, 1 << 1 | 11 << 3 | 1 << 16);
    bench.pass(32_000_000);
    bench.write(cr, 1 << 1 | 12 << 3 | 1 << 16);
    assert_eq!(bench.read(sr) & 1 << 7, 1 << 7, "there is no sector 12");
}

#[test]
fn its_crc_has_one_polynomial_and_takes_words() {
    let mut bench = Bench::new("stm32f412g-disco");
    bench.set(0x4002_3830, 1 << 12);
    bench.write(0x4002_3008, 1);
    bench.write(0x4002_3000, 0);
    assert_eq!(bench.read(0x4002_3000), 0xc704_dd7b);
    bench.write(0x4002_3008, 1);
    assert_eq!(bench.read(0x4002_3000), u32::MAX);
    assert!(bench.try_write(0x4002_3014, 7).is_err(), "POL");
}

#[test]
fn f767_has_twelve_sectors_and_more_peripherals() {
    let mut bench = Bench::new("nucleo-f767zi");
    let (keyr, sr, cr) = (0x4002_3c04, 0x4002_3c0c, 0x4002_3c10);
    bench.write(keyr, 0x4567_0123);
    bench.write(keyr, 0xcdef_89ab);
    bench.write(cr, 1 | 2 << 8);
    bench.write(0x081c_0000, 0);
    bench.pass(16 * 16);
    bench.write(cr, 1 << 1 | 11 << 3 | 1 << 16);
    bench.pass(16_000_000);
    assert_eq!((bench.read(sr), bench.memory.flash[0x1c_0000]), (0, 0xff));
    let error = bench.try_read(0x5005_1000).unwrap_err().to_string();
    assert!(error.starts_with("JPEG "), "{error}");
}

#[test]
fn the_new_parts_know_who_they_are() {
    for (board, idcode, device, size) in [
        ("nucleo-f767zi", 0xe004_2000, 0x451, (0x1ff0_f442, 2048)),
        ("stm32f412g-disco", 0xe004_2000, 0x441, (0x1fff_7a22, 1024)),
        ("nucleo-h743zi", 0x5c00_1000, 0x450, (0x1ff1_e880, 2048)),
        ("nucleo-h7a3zi-q", 0x5c00_1000, 0x480, (0x08ff_f80c, 2048)),
    ] {
        let mut bench = Bench::new(board);
        assert_eq!(bench.read(idcode) & 0xfff, device, "{board}");
        let kilobytes = hil::emulator::Periphery::read(&mut bench.soc, size.0, Width::Half, 0);
        assert_eq!(kilobytes.expect("flash size"), size.1, "{board}");
    }
}

#[test]
fn all_sectors_go_at_once() {
    for board in ["stm32f412g-disco", "nucleo-f767zi", "stm32f746g-disco"] {
        let mut bench = Bench::new(board);
        bench.memory.flash.fill(0);
        bench.write(0x4002_3c04, 0x4567_0123);
        bench.write(0x4002_3c04, 0xcdef_89ab);
        bench.write(0x4002_3c10, 1 << 2 | 1 << 16);
        assert!(bench.memory.flash.iter().all(|byte| *byte == 0xff), "{board}");
    }
}
