use super::bench::Bench;

fn text(bench: &mut Bench, at: usize, bytes: &[u8]) {
    bench.memory.ram[at..at + bytes.len()].copy_from_slice(bytes);
}

#[test]
fn channels_send_and_receive_on_lpuart() {
    let mut bench = Bench::l4_at_120_mhz();
    let (uart, dma, mux) = (0x4000_8000, 0x4002_0000, 0x4002_0800);
    bench.set(0x4002_1048, 0b101);
    bench.write(uart + 0x0c, 266_667);
    bench.write(uart + 0x08, 0b11 << 6);
    bench.write(uart, 0b1101);
    text(&mut bench, 0x100, b"hello");
    // Channel 1 sends from memory, channel 2 receives into it.
    bench.write(mux, 35);
    bench.write(mux + 4, 34);
    bench.write(dma + 0x0c, 5);
    bench.write(dma + 0x10, uart + 0x28);
    bench.write(dma + 0x14, 0x2000_0100);
    bench.write(dma + 0x20, 3);
    bench.write(dma + 0x24, uart + 0x24);
    bench.write(dma + 0x28, 0x2000_0200);
    bench.write(dma + 0x1c, 1 | 1 << 1 | 1 << 7);
    bench.write(dma + 0x08, 1 | 1 << 1 | 1 << 4 | 1 << 7);
    bench.soc.send(b"xyz", bench.now);
    bench.pass(6 * 10_417);
    let sent: Vec<u8> = bench.soc.receive().iter().map(|s| s.byte).collect();
    assert_eq!(sent, b"hello");
    assert_eq!(bench.memory.ram[0x200..0x204], *b"xyz\0");
    assert_eq!(bench.read(dma), 0x77, "TCIF, HTIF and GIF of both channels");
    assert!(bench.line(11) && bench.line(12));
    bench.write(dma + 4, 0x2);
    assert!(!bench.line(11) && bench.line(12));
    assert_eq!(bench.read(dma + 0x0c), 0);
}

#[test]
fn a_circular_channel_goes_round() {
    let mut bench = Bench::l4_at_120_mhz();
    let (uart, dma) = (0x4000_8000, 0x4002_0000);
    bench.set(0x4002_1048, 0b101);
    bench.write(uart + 0x0c, 266_667);
    bench.write(uart + 0x08, 1 << 6);
    bench.write(uart, 0b1101);
    bench.write(0x4002_0800, 34);
    bench.write(dma + 0x0c, 4);
    bench.write(dma + 0x10, uart + 0x24);
    bench.write(dma + 0x14, 0x2000_0000);
    bench.write(dma + 0x08, 1 | 1 << 5 | 1 << 7);
    bench.soc.send(b"abcdef", bench.now);
    bench.pass(7 * 10_417);
    assert_eq!(bench.memory.ram[..4], *b"efcd");
    assert_eq!(bench.read(dma + 0x0c), 2);
}

#[test]
fn memory_to_memory_and_bad_addresses() {
    let mut bench = Bench::l4();
    let dma = 0x4002_0400;
    bench.set(0x4002_1048, 0b10);
    text(&mut bench, 0, &[1, 2, 3, 4, 5, 6, 7, 8]);
    bench.write(dma + 0x0c, 2);
    bench.write(dma + 0x10, 0x2000_0000);
    bench.write(dma + 0x14, 0x2000_0040);
    bench.write(dma + 0x08, 1 | 1 << 14 | 0b11 << 6 | 2 << 8 | 2 << 10);
    assert_eq!(bench.memory.ram[0x40..0x48], [1, 2, 3, 4, 5, 6, 7, 8]);
    bench.write(dma + 0x08, 0);
    bench.write(dma + 4, 0xf);
    bench.write(dma + 0x0c, 1);
    bench.write(dma + 0x14, 0x0800_0000);
    bench.write(dma + 0x08, 1 | 1 << 14 | 1 << 3);
    assert_eq!(bench.read(dma) & 0xf, 0b1001, "TEIF: flash takes no DMA");
    assert!(bench.line(56));
}

#[test]
fn streams_send_and_receive_on_usart1() {
    let mut bench = Bench::f7_at_216_mhz();
    let (uart, dma) = (0x4001_1000, 0x4002_6400);
    bench.set(0x4002_3830, 1 << 22);
    bench.write(uart + 0x0c, 938);
    bench.write(uart + 0x08, 0b11 << 6);
    bench.write(uart, 0b1101);
    text(&mut bench, 0x100, b"hello");
    let (send, receive) = (dma + 0x10 + 0x18 * 7, dma + 0x10 + 0x18 * 2);
    bench.write(send + 4, 5);
    bench.write(send + 8, uart + 0x28);
    bench.write(send + 12, 0x2000_0100);
    bench.write(receive + 4, 3);
    bench.write(receive + 8, uart + 0x24);
    bench.write(receive + 12, 0x2000_0200);
    bench.write(receive, 4 << 25 | 1 << 10 | 1 << 4 | 1);
    bench.write(send, 4 << 25 | 1 << 10 | 1 << 6 | 1 << 4 | 1);
    bench.soc.send(b"xyz", bench.now);
    bench.pass(6 * 18_760);
    let sent: Vec<u8> = bench.soc.receive().iter().map(|s| s.byte).collect();
    assert_eq!(sent, b"hello");
    assert_eq!(bench.memory.ram[0x200..0x204], *b"xyz\0");
    assert_eq!(bench.read(dma) >> 16, 0x30, "stream 2: HTIF and TCIF");
    assert_eq!(bench.read(dma + 4) >> 22, 0x30, "stream 7");
    assert_eq!(bench.read(send) & 1, 0, "off when done");
    assert!(bench.line(58) && bench.line(70));
    bench.write(dma + 12, 0x30 << 22);
    assert!(!bench.line(70));
}

#[test]
fn half_of_a_transfer_interrupts_where_it_is_asked_for() {
    let mut bench = Bench::f7_at_216_mhz();
    let (uart, dma) = (0x4001_1000, 0x4002_6400);
    bench.set(0x4002_3830, 1 << 22);
    bench.write(uart + 0x0c, 938);
    bench.write(uart + 0x08, 1 << 7);
    bench.write(uart, 0b1001);
    let send = dma + 0x10 + 0x18 * 7;
    bench.write(send + 4, 6);
    bench.write(send + 8, uart + 0x28);
    bench.write(send + 12, 0x2000_0000);
    let start = bench.now;
    bench.write(send, 4 << 25 | 1 << 10 | 1 << 6 | 1 << 3 | 1);
    // Two bytes go at once, into shift register and data register; each later one as a frame ends.
    bench.go_to(start + 18_759);
    assert_eq!((bench.read(send + 4), bench.line(70)), (4, false));
    bench.go_to(start + 18_760);
    assert_eq!((bench.read(send + 4), bench.line(70)), (3, true));
    bench.write(dma + 12, 0x10 << 22);
    assert!(!bench.line(70));
    bench.go_to(start + 8 * 18_760);
    assert_eq!(bench.read(dma + 4) >> 22, 0x20);
    assert!(!bench.line(70), "the end is not asked for");
}
