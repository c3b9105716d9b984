use super::bench::Bench;

const TIM2: u32 = 0x4000_0000;

fn free_running(bench: &mut Bench, timer: u32, prescaler: u32) {
    bench.write(timer + 0x28, prescaler);
    bench.write(timer + 0x2c, u32::MAX);
    bench.write(timer + 0x14, 1);
    bench.write(timer + 0x10, 0);
    bench.write(timer, 1);
}

#[test]
fn a_wide_timer_counts_microseconds_on_both_boards() {
    // The timers of a divided APB1 run at twice its clock: 108 MHz on F7.
    for (mut bench, prescaler, cycles) in [(Bench::l4_at_120_mhz(), 119, 120), (Bench::f7_at_216_mhz(), 107, 216)] {
        free_running(&mut bench, TIM2, prescaler);
        let start = bench.now;
        for micros in [1u64, 2, 999, 70_000, 5_000_000] {
            bench.go_to(start + micros * cycles - 1);
            assert_eq!(u64::from(bench.read(TIM2 + 0x24)), micros - 1);
            bench.go_to(start + micros * cycles);
            assert_eq!(u64::from(bench.read(TIM2 + 0x24)), micros);
        }
    }
}

#[test]
fn an_update_interrupts_and_writing_0_clears_it() {
    let mut bench = Bench::l4_at_120_mhz();
    bench.write(TIM2 + 0x28, 0);
    bench.write(TIM2 + 0x2c, 999);
    bench.write(TIM2 + 0x14, 1);
    assert_eq!(bench.read(TIM2 + 0x10), 1, "UG sets UIF");
    bench.write(TIM2 + 0x10, 0);
    bench.write(TIM2 + 0x0c, 1);
    bench.write(TIM2, 1);
    let start = bench.now;
    bench.go_to(start + 999);
    assert!(!bench.line(28));
    bench.go_to(start + 1000);
    assert!(bench.line(28));
    bench.write(TIM2 + 0x10, !1);
    assert!(!bench.line(28));
    bench.go_to(start + 2000);
    assert!(bench.line(28));
}

#[test]
fn a_ticker_sets_a_compare_and_is_woken_at_it() {
    let mut bench = Bench::f7_at_216_mhz();
    let tim5 = 0x4000_0c00;
    bench.set(0x4002_3840, 1 << 3);
    free_running(&mut bench, tim5, 107);
    let start = bench.now;
    bench.write(tim5 + 0x34, 1500);
    bench.write(tim5 + 0x10, !2);
    bench.set(tim5 + 0x0c, 2);
    bench.go_to(start + 1500 * 216 - 1);
    assert!(!bench.line(50));
    bench.go_to(start + 1500 * 216);
    assert!(bench.line(50));
    assert_eq!(bench.read(tim5 + 0x10) & 2, 2);
    bench.write(tim5 + 0x10, !2);
    assert!(!bench.line(50));
    // A compare by software.
    bench.write(tim5 + 0x14, 2);
    assert!(bench.line(50));
}

#[test]
fn narrow_timers_wrap_at_16_bits_and_advanced_ones_have_their_own_lines() {
    let mut bench = Bench::l4_at_120_mhz();
    let tim1 = 0x4001_2c00;
    bench.set(0x4002_1060, 1 << 11);
    bench.write(tim1 + 0x2c, 0xffff_ffff);
    assert_eq!(bench.read(tim1 + 0x2c), 0xffff);
    bench.write(tim1 + 0x34, 10);
    bench.write(tim1 + 0x0c, 3);
    bench.write(tim1, 1);
    let start = bench.now;
    bench.go_to(start + 10);
    assert!(bench.line(27) && !bench.line(25), "compare");
    bench.go_to(start + 0x1_0000);
    assert!(bench.line(25), "update");
}

#[test]
fn modes_that_are_not_modelled_are_refused() {
    let mut bench = Bench::l4_at_120_mhz();
    let error = bench.try_write(TIM2 + 0x08, 7).unwrap_err().to_string();
    assert!(error.starts_with("TIM2 SMCR"), "{error}");
    let error = bench.try_write(TIM2, 0x21).unwrap_err().to_string();
    assert!(error.contains("centre-aligned"), "{error}");
}
