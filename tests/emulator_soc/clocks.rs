use super::bench::Bench;

#[test]
fn both_boards_reach_their_clock_as_the_runtime_sets_it() {
    assert_eq!(Bench::l4().soc.core_hz(), 4_000_000);
    assert_eq!(Bench::l4_at_120_mhz().soc.core_hz(), 120_000_000);
    assert_eq!(Bench::f7().soc.core_hz(), 16_000_000);
    assert_eq!(Bench::f7_at_216_mhz().soc.core_hz(), 216_000_000);
}

#[test]
fn seconds_add_up_over_changes_of_the_clock() {
    let mut bench = Bench::l4();
    bench.pass(4_000_000);
    bench.set(0x4002_1000, 1 << 8);
    bench.write(0x4002_1008, 1);
    assert_eq!(bench.soc.core_hz(), 16_000_000);
    bench.pass(8_000_000);
    assert!((bench.soc.seconds(bench.now) - 1.5).abs() < 1e-12);
}

#[test]
fn msi_ranges_and_prescalers_count() {
    let mut bench = Bench::l4();
    bench.write(0x4002_1000, 1 | 1 << 3 | 7 << 4);
    assert_eq!(bench.soc.core_hz(), 8_000_000);
    bench.write(0x4002_1008, 0b1001 << 4);
    assert_eq!(bench.soc.core_hz(), 2_000_000);
}

#[test]
fn a_clock_that_flash_or_voltage_do_not_bear_is_refused() {
    let mut bench = Bench::l4();
    bench.set(0x4002_1058, 1 << 28);
    bench.write(0x4002_100c, 1 | 60 << 8 | 1 << 24);
    bench.set(0x4002_1000, 1 << 24);
    let error = bench.try_write(0x4002_1008, 3).unwrap_err().to_string();
    assert!(error.contains("RCC CFGR") && error.contains("80000000 Hz"), "{error}");

    let mut bench = Bench::l4();
    bench.set(0x4002_1058, 1 << 28);
    bench.write(0x4000_7080, 0);
    bench.write(0x4002_2000, 0x704);
    bench.write(0x4002_100c, 1 | 60 << 8 | 1 << 24);
    bench.set(0x4002_1000, 1 << 24);
    let error = bench.try_write(0x4002_1008, 3).unwrap_err().to_string();
    assert!(error.contains("needs 5 flash wait states, FLASH ACR has 4"), "{error}");

    let mut bench = Bench::f7_at_216_mhz();
    let error = bench.try_write(0x4002_3c00, 6).unwrap_err().to_string();
    assert!(error.contains("needs 7 flash wait states"), "{error}");
}

#[test]
fn a_pll_out_of_range_is_refused() {
    let mut bench = Bench::f7();
    bench.set(0x4002_3800, 1 << 16);
    bench.write(0x4002_3804, 25 | 433 << 6 | 1 << 22 | 9 << 24);
    bench.set(0x4002_3800, 1 << 24);
    let error = bench.try_write(0x4002_3808, 2).unwrap_err().to_string();
    assert!(error.contains("PLL VCO of 433000000 Hz"), "{error}");
}

#[test]
fn an_oscillator_that_the_board_lacks_never_is_ready() {
    let mut bench = Bench::l4();
    bench.set(0x4002_1000, 1 << 16);
    assert_eq!(bench.read(0x4002_1000) & 1 << 17, 0);
    bench.write(0x4002_1008, 2);
    assert_eq!((bench.read(0x4002_1008), bench.soc.core_hz()), (2, 4_000_000));
}

#[test]
fn a_reset_bit_resets_its_peripheral_and_a_reset_tells_its_cause() {
    let mut bench = Bench::l4_at_120_mhz();
    bench.write(0x4000_0028, 119);
    bench.set(0x4002_1038, 1);
    assert_eq!(bench.read(0x4000_0028), 0);
    bench.write(0x4002_1038, 0);

    assert_eq!(bench.read(0x4002_1094) & 0xff00_0000, 0x0c00_0000);
    bench.set(0x4002_1094, 1 << 23);
    assert_eq!(bench.read(0x4002_1094) & 0xff80_0000, 0);
    bench.soc.reset_by_software(bench.now);
    assert_eq!(bench.read(0x4002_1094) & 0xff00_0000, 0x1400_0000);
    assert_eq!(bench.soc.core_hz(), 4_000_000);
}

#[test]
fn a_peripheral_without_clock_is_deaf_where_the_manual_says_so() {
    let mut bench = Bench::f7();
    bench.write(0x4000_7000, 1 << 8);
    assert_eq!(bench.read(0x4000_7000), 0);
    assert_eq!(bench.soc.unclocked().collect::<Vec<_>>(), [("PWR", 2)]);
    bench.set(0x4002_3840, 1 << 28);
    assert_eq!(bench.read(0x4000_7000), 0xc000, "the write was lost");
}

#[test]
fn the_backup_domain_is_protected_and_outlives_resets() {
    for (mut bench, gate, bdcr) in [(Bench::l4(), 0x4002_1058, 0x4002_1090), (Bench::f7(), 0x4002_3840, 0x4002_3870)] {
        bench.set(gate, 1 << 28);
        bench.write(bdcr, 1);
        assert_eq!(bench.read(bdcr), 0);
        bench.set(0x4000_7000, 1 << 8);
        bench.write(bdcr, 1);
        assert_eq!(bench.read(bdcr), 0b11, "LSE is on and ready");
        bench.soc.reset_by_software(bench.now);
        assert_eq!(bench.read(bdcr), 0b11);
        bench.soc.reset(bench.now);
        assert_eq!(bench.read(bdcr), 0);
    }
}

#[test]
fn the_pll_multiplies_by_all_seven_bits_and_divides_first() {
    let mut bench = Bench::l4();
    bench.write(0x4002_2000, 0x704);
    bench.set(0x4002_1000, 1 << 8);
    // HSI 16 MHz / 4 * 80 / 4.
    bench.write(0x4002_100c, 2 | 3 << 4 | 80 << 8 | 1 << 24 | 1 << 25);
    bench.set(0x4002_1000, 1 << 24);
    bench.set(0x4002_1008, 3);
    assert_eq!(bench.soc.core_hz(), 80_000_000);
}
