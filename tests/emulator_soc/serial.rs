use super::bench::Bench;
use hil::emulator::Width;

const LPUART: u32 = 0x4000_8000;
const USART1_F7: u32 = 0x4001_1000;
const CR1: u32 = 0x00;
const CR3: u32 = 0x08;
const BRR: u32 = 0x0c;
const ISR: u32 = 0x1c;
const ICR: u32 = 0x20;
const RDR: u32 = 0x24;
const TDR: u32 = 0x28;

const IDLE: u32 = 1 << 4;
const RXNE: u32 = 1 << 5;
const TC: u32 = 1 << 6;
const TXE: u32 = 1 << 7;
const ORE: u32 = 1 << 3;
const FE: u32 = 1 << 1;

/// 10 bits of 266667 / 256 cycles each, rounded up.
const L4_FRAME: u64 = 10_417;
/// 10 bits of 938 ticks of a clock at half the core's.
const F7_FRAME: u64 = 18_760;

fn l4() -> Bench {
    let mut bench = Bench::l4_at_120_mhz();
    bench.write(LPUART + BRR, 266_667);
    bench.write(LPUART + CR1, 0b1101);
    bench
}

fn f7() -> Bench {
    let mut bench = Bench::f7_at_216_mhz();
    bench.write(USART1_F7 + BRR, 938);
    bench.write(USART1_F7 + CR1, 0b1101);
    bench
}

#[test]
fn a_byte_takes_its_frame_to_the_cycle() {
    for (mut bench, base, frame) in [(l4(), LPUART, L4_FRAME), (f7(), USART1_F7, F7_FRAME)] {
        bench.pass(1000);
        let start = bench.now;
        bench.write(base + TDR, u32::from(b'x'));
        assert_eq!(bench.read(base + ISR) & (TXE | TC), TXE, "the shift register took it");
        bench.write(base + TDR, u32::from(b'y'));
        assert_eq!(bench.read(base + ISR) & (TXE | TC), 0);
        bench.go_to(start + frame - 1);
        assert!(!bench.soc.has_sent());
        bench.go_to(start + frame);
        assert_eq!(bench.read(base + ISR) & (TXE | TC), TXE);
        bench.go_to(start + 2 * frame - 1);
        assert_eq!(bench.read(base + ISR) & TC, 0);
        bench.go_to(start + 2 * frame);
        assert_eq!(bench.read(base + ISR) & TC, TC);
        let sent: Vec<_> = bench.soc.receive().iter().map(|s| (s.byte, s.at - start)).collect();
        assert_eq!(sent, [(b'x', frame), (b'y', 2 * frame)]);
    }
}

#[test]
fn oversampling_by_8_and_stop_bits_change_the_frame() {
    let mut bench = Bench::f7_at_216_mhz();
    // 2 * 108 MHz / 115200 = 1875 = 0x753: its low nibble goes halved into BRR.
    bench.write(USART1_F7 + BRR, 0x751);
    bench.write(USART1_F7 + 4, 0b10 << 12);
    bench.write(USART1_F7 + CR1, 1 << 15 | 0b1101);
    bench.write(USART1_F7 + TDR, 0x55);
    let start = bench.now;
    bench.pass(100_000);
    // 11 bits of 1874 / 2 ticks of two cycles.
    assert_eq!(bench.soc.receive()[0].at - start, 11 * 1874);
}

#[test]
fn bytes_arrive_one_frame_apart_and_interrupt() {
    let mut bench = l4();
    bench.set(LPUART + CR1, 1 << 5);
    bench.soc.send(b"ab", bench.now);
    let host_frame = 10 * 120_000_000u64 / 115_200 + 1;
    let start = bench.now;
    bench.go_to(start + host_frame - 1);
    assert!(!bench.line(70));
    bench.go_to(start + host_frame);
    assert!(bench.line(70));
    assert_eq!(bench.read(LPUART + RDR), u32::from(b'a'));
    assert!(!bench.line(70));
    bench.go_to(start + 2 * host_frame);
    assert_eq!(bench.read(LPUART + ISR) & RXNE, RXNE);
    assert_eq!(bench.read(LPUART + RDR), u32::from(b'b'));
    assert_eq!(bench.read(LPUART + ISR) & IDLE, 0);
    bench.pass(L4_FRAME);
    assert_eq!(bench.read(LPUART + ISR) & IDLE, IDLE);
    bench.write(LPUART + ICR, IDLE);
    bench.pass(10 * L4_FRAME);
    assert_eq!(bench.read(LPUART + ISR) & IDLE, 0, "one silence is told once");
}

#[test]
fn a_byte_that_nobody_took_overruns() {
    let mut bench = f7();
    bench.set(USART1_F7 + CR1, 1 << 5);
    bench.soc.send(b"abc", bench.now);
    bench.pass(4 * F7_FRAME);
    assert_eq!(bench.read(USART1_F7 + ISR) & (RXNE | ORE), RXNE | ORE);
    assert_eq!(bench.read(USART1_F7 + RDR), u32::from(b'a'), "what was there stays");
    assert!(bench.line(37), "overrun interrupts too");
    bench.write(USART1_F7 + ICR, ORE);
    assert!(!bench.line(37));
}

#[test]
fn fifos_hold_eight() {
    let mut bench = Bench::l4_at_120_mhz();
    bench.write(LPUART + BRR, 266_667);
    bench.write(LPUART + CR1, 1 << 29 | 0b1101);
    for byte in 0..9 {
        assert_eq!(bench.read(LPUART + ISR) & TXE, TXE, "room for {byte}");
        bench.write(LPUART + TDR, byte);
    }
    assert_eq!(bench.read(LPUART + ISR) & TXE, 0);
    bench.soc.send(b"12345678", bench.now);
    bench.pass(9 * L4_FRAME + 100);
    assert_eq!(bench.soc.receive().len(), 9);
    assert_eq!(bench.read(LPUART + ISR) & (1 << 24 | ORE), 1 << 24);
    for byte in b"12345678" {
        assert_eq!(bench.read(LPUART + RDR), u32::from(*byte));
    }
    assert_eq!(bench.read(LPUART + ISR) & RXNE, 0);
}

#[test]
fn a_wrong_baud_rate_is_not_understood() {
    let mut bench = f7();
    bench.write(USART1_F7 + CR1, 0);
    bench.write(USART1_F7 + BRR, 1875);
    bench.write(USART1_F7 + CR1, 0b1101);
    bench.write(USART1_F7 + TDR, 0x41);
    bench.soc.send(b"a", bench.now);
    bench.pass(3 * F7_FRAME);
    assert_eq!(bench.soc.receive()[0].byte, 0xff);
    assert_eq!(bench.soc.baud_mismatch(), Some(57_600));
    assert_eq!(bench.read(USART1_F7 + ISR) & FE, FE);
}

#[test]
fn a_frame_keeps_its_share_when_the_core_slows_down() {
    let mut bench = l4();
    bench.write(LPUART + TDR, 0x41);
    let (start, began) = (bench.now, bench.soc.seconds(bench.now));
    bench.pass(4000);
    // Half the core clock, and with it the kernel clock: the rest takes as many cycles as before.
    bench.write(0x4002_1008, 3 | 8 << 4);
    bench.pass(20_000);
    assert_eq!(bench.soc.receive()[0].at - start, L4_FRAME);
    let took = bench.soc.seconds(start + L4_FRAME) - began;
    assert!((took - (4000.0 / 120e6 + 6417.0 / 60e6)).abs() < 1e-12, "{took}");
}

#[test]
fn a_disabled_receiver_loses_what_comes_and_flags_start_right() {
    let mut bench = f7();
    bench.write(USART1_F7 + CR1, 0b1001);
    bench.soc.send(b"a", bench.now);
    bench.pass(2 * F7_FRAME);
    assert_eq!(bench.read(USART1_F7 + ISR), TXE | TC | 1 << 21);
    bench.write(USART1_F7 + CR1, 0);
    assert_eq!(bench.read(USART1_F7 + ISR), TXE | TC);
    bench.write_sized(USART1_F7 + CR3, Width::Half, 1);
    assert_eq!(bench.read(USART1_F7 + CR3), 1);
}
