//! CRC, RNG, watchdogs and identity.

use super::bench::Bench;
use hil::emulator::{Periphery, Width};

#[test]
fn the_crc_unit_gives_the_check_value() {
    let mut bench = Bench::f7();
    let crc = 0x4002_3000;
    bench.set(0x4002_3830, 1 << 12);
    bench.write(crc + 8, 0b1010_0001);
    for byte in b"123456789" {
        bench.write_sized(crc, Width::Byte, u32::from(*byte));
    }
    assert_eq!(!bench.read(crc), 0xcbf4_3926);
    bench.write(crc + 8, 1);
    bench.write(crc, 0);
    assert_eq!(bench.read(crc), 0xc704_dd7b);
}

#[test]
fn random_numbers_repeat_from_run_to_run() {
    let draw = || {
        let mut bench = Bench::l4();
        bench.set(0x4002_104c, 1 << 18);
        bench.write(0x5006_0800, 4);
        assert_eq!(bench.read(0x5006_0804), 1);
        [0; 4].map(|_| bench.read(0x5006_0808))
    };
    let numbers = draw();
    assert_eq!(numbers, draw());
    assert!(numbers.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn the_independent_watchdog_resets_unless_fed() {
    let mut bench = Bench::l4();
    let iwdg = 0x4000_3000;
    bench.write(iwdg, 0xcccc);
    bench.write(iwdg, 0x5555);
    bench.write(iwdg + 4, 0);
    bench.write(iwdg + 8, 79);
    bench.write(iwdg, 0xaaaa);
    // 80 * 4 ticks at 32 kHz are 10 ms, 40000 cycles at 4 MHz.
    bench.pass(39_999);
    assert!(!bench.soc.reset_requested());
    bench.write(iwdg, 0xaaaa);
    bench.pass(39_999);
    assert!(!bench.soc.reset_requested());
    bench.pass(1);
    assert!(bench.soc.reset_requested());
    bench.soc.reset_by_software(bench.now);
    assert_eq!(bench.read(0x4002_1094) >> 24, 0x2c, "IWDGRSTF beside those of power-on");
}

#[test]
fn the_window_watchdog_warns_then_resets() {
    let mut bench = Bench::l4();
    bench.set(0x4002_1058, 1 << 11);
    bench.write(0x4000_2c04, 0x27f);
    bench.write(0x4000_2c00, 0xc1);
    bench.pass(4095);
    assert!(!bench.line(0));
    bench.pass(1);
    assert!(bench.line(0), "early warning");
    assert!(!bench.soc.reset_requested());
    bench.pass(4096);
    assert!(bench.soc.reset_requested());
}

#[test]
fn parts_know_who_they_are() {
    let mut bench = Bench::l4();
    assert_eq!(bench.read(0xe004_2000) & 0xfff, 0x470);
    assert_eq!(bench.read(0x1fff_75e0) & 0xffff, 2048);
    let mut bench = Bench::f7();
    assert_eq!(bench.read(0xe004_2000) & 0xfff, 0x449);
    assert_eq!(bench.soc.read(0x1ff0_f442, Width::Half, 0).expect("flash size"), 1024);
}
