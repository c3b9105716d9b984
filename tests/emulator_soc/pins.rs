use super::bench::Bench;

const GPIOB: u32 = 0x4800_0400;

#[test]
fn outputs_are_seen_with_the_cycle_of_each_edge() {
    let mut bench = Bench::l4_at_120_mhz();
    assert_eq!(bench.read(GPIOB), 0xffff_febf);
    bench.soc.watch('B', 7);
    bench.write(GPIOB, 0xffff_7ebf);
    bench.pass(10);
    bench.write(GPIOB + 0x18, 1 << 7);
    let rise = bench.now;
    assert!(bench.soc.pin('B', 7));
    assert_eq!(bench.read(GPIOB + 0x10), 1 << 7 | 1 << 4, "and the pulled-up JTAG pin");
    bench.pass(5);
    bench.write(GPIOB + 0x18, 1 << 7);
    bench.write(GPIOB + 0x28, 1 << 7);
    assert!(!bench.soc.pin('B', 7));
    let edges: Vec<_> = bench.soc.take_edges().iter().map(|e| (e.at - rise, e.number, e.high)).collect();
    assert_eq!(edges, [(0, 7, true), (5, 7, false)]);
    bench.write(GPIOB + 0x18, 1 << (7 + 16) | 1 << 7);
    assert_eq!(bench.read(GPIOB + 0x14), 1 << 7, "set wins over reset");
}

#[test]
fn a_button_reaches_its_interrupt() {
    let mut bench = Bench::l4_at_120_mhz();
    let (exti, syscfg, gpioc) = (0x4001_0400, 0x4001_0000, 0x4800_0800);
    bench.set(0x4002_1060, 1);
    bench.write(gpioc, 0xf3ff_ffff);
    bench.write(syscfg + 0x14, 2 << 4);
    bench.write(exti + 0x08, 1 << 13);
    bench.set(exti, 1 << 13);
    bench.soc.drive_pin('C', 13, Some(true), bench.now);
    assert_eq!(bench.read(gpioc + 0x10), 1 << 13);
    assert!(bench.line(40));
    bench.write(exti + 0x14, 1 << 13);
    assert!(!bench.line(40));
    bench.soc.drive_pin('C', 13, None, bench.now);
    assert!(!bench.line(40), "a fall is not asked for");
    for _ in 0..2 {
        bench.write(exti + 0x10, 1 << 13);
        assert!(bench.line(40), "by software");
        bench.write(exti + 0x14, 1 << 13);
        assert_eq!((bench.line(40), bench.read(exti + 0x10)), (false, 0));
    }
    // Line 7 listens to port C as well.
    bench.write(syscfg + 0x0c, 2 << 12);
    bench.write(gpioc, 0xf3ff_3fff);
    bench.write(exti + 0x0c, 1 << 7);
    bench.set(exti, 1 << 7);
    bench.soc.drive_pin('C', 7, Some(true), bench.now);
    assert!(!bench.line(23));
    bench.soc.drive_pin('C', 7, Some(false), bench.now);
    assert!(bench.line(23));
}

#[test]
fn pulls_are_read_and_locks_hold() {
    let mut bench = Bench::f7_at_216_mhz();
    let gpioc = 0x4002_0800;
    bench.write(gpioc + 0x0c, 1);
    assert_eq!(bench.read(gpioc + 0x10), 1);
    for value in [0x1_0001, 0x1, 0x1_0001] {
        bench.write(gpioc + 0x1c, value);
    }
    assert_eq!(bench.read(gpioc + 0x1c), 0x1_0001);
    bench.write(gpioc, 0b0101);
    assert_eq!(bench.read(gpioc), 0b0100, "pin 0 is locked");
    let error = bench.try_write(gpioc + 0x28, 1).unwrap_err().to_string();
    assert!(error.contains("GPIOC"), "{error}");
}
