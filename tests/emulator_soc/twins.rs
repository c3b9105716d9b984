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
