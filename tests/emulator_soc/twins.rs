use super::bench::Bench;

#[test]
fn the_twin_sends_at_once_and_receives_at_its_rate() {
    for board in ["mps2-an386", "mps2-an500"] {
        let mut bench = Bench::new(board);
        let uart = 0x4000_4000;
        bench.write(uart + 0x10, 217);
        bench.write(uart + 0x08, 0b1011);
        bench.write(uart, u32::from(b'!'));
        assert_eq!(bench.read(uart + 4), 0);
        assert_eq!(bench.soc.receive()[0].byte, b'!');
        bench.soc.send(b"q", bench.now);
        bench.pass(10 * 25_000_000 / 115_200 + 1);
        assert!(bench.line(0));
        assert_eq!(bench.read(uart + 4), 2);
        assert_eq!(bench.read(uart), u32::from(b'q'));
        bench.write(uart + 0x0c, 2);
        assert!(!bench.line(0));
        assert_eq!(bench.read(uart + 4), 0);
    }
}

#[test]
fn the_twin_counts_microseconds() {
    let mut bench = Bench::new("mps2-an386");
    let io = 0x4002_8000;
    bench.write(io + 0x1c, 24);
    bench.write(io + 0x18, 0);
    bench.pass(25 * 1234 + 24);
    assert_eq!(bench.read(io + 0x18), 1234);
    bench.pass(1);
    assert_eq!(bench.read(io + 0x18), 1235);
    bench.pass(25_000_000);
    assert_eq!(bench.read(io + 0x10), 1);
}

#[test]
fn the_twin_s_timer_interrupts_every_reload_and_one() {
    let mut bench = Bench::new("mps2-an386");
    let timer = 0x4000_0000;
    bench.write(timer + 0x08, 99);
    bench.write(timer, 0b1001);
    let start = bench.now;
    bench.go_to(start + 40);
    assert_eq!(bench.read(timer + 4), 59);
    bench.go_to(start + 98);
    assert!(!bench.line(8));
    bench.go_to(start + 99);
    assert!(bench.line(8));
    bench.write(timer + 0x0c, 1);
    assert!(!bench.line(8));
    bench.go_to(start + 198);
    assert!(!bench.line(8));
    bench.go_to(start + 199);
    assert!(bench.line(8));
}

#[test]
fn the_twin_s_dual_timer_counts_once_or_again() {
    let mut bench = Bench::new("mps2-an500");
    let (one, two) = (0x4000_2000, 0x4000_2020);
    bench.write(one, 10);
    bench.write(one + 8, 1 << 7 | 1 << 5 | 1 << 2 | 1 << 1 | 1);
    bench.write(two, 1000);
    bench.write(two + 8, 1 << 7 | 1 << 6 | 1 << 5 | 1 << 1);
    let start = bench.now;
    bench.go_to(start + 159);
    assert!(!bench.line(10));
    bench.go_to(start + 160);
    assert!(bench.line(10));
    bench.write(one + 0xc, 0);
    assert!(!bench.line(10));
    bench.go_to(start + 1000);
    assert_eq!((bench.read(two + 0x14), bench.read(one + 0x14)), (1, 0));
    bench.go_to(start + 1001);
    assert_eq!((bench.read(two + 4), bench.read(one + 4)), (1000, 0));
}
