//! The gdb stub, by a scripted client over TCP.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::ControlFlow;
use std::thread;
use std::time::Duration;

use hil::board::Board;
use hil::emulator::debug::gdb::{Attendant, Parted, Server};
use hil::emulator::{Image, Machine, Segment};

const CODE: u32 = 0x0800_0100;
/// movs r0, #0; loop: adds r0, #1; b loop.
const COUNT: &[u16] = &[0x2000, 0x3001, 0xE7FD];
/// movs r0, #0; udf #0.
const FAULT: &[u16] = &[0x2000, 0xDE00];

struct Silent;

impl Attendant for Silent {
    fn attend(&mut self, _: &mut Machine) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn say(&mut self, _: &str) {}
}

/// Serves a board with `code`, while `client` runs.
fn session(code: &[u16], client: impl FnOnce(SocketAddr) + Send + 'static) -> (Machine, Parted) {
    let board = Board::shipped("nucleo-l4r5zi").expect("a board");
    let mut machine = Machine::new(&board).expect("a machine");
    let mut bytes = vec![0; 0x100];
    bytes[0..4].copy_from_slice(&0x2000_2000u32.to_le_bytes());
    bytes[4..8].copy_from_slice(&(CODE | 1).to_le_bytes());
    bytes[12..16].copy_from_slice(&(CODE | 1).to_le_bytes());
    bytes.extend(code.iter().flat_map(|half| half.to_le_bytes()));
    let segments = vec![Segment { address: 0x0800_0000, bytes }];
    machine.load(&Image { segments, symbols: Vec::new() }).expect("load");
    let server = Server::bind(0).expect("a port");
    let address = server.address().expect("an address");
    assert!(address.ip().is_loopback());
    let client = thread::spawn(move || client(address));
    let parted = server.serve(&mut machine, &mut Silent).expect("served");
    client.join().expect("the client is content");
    (machine, parted)
}

struct Client(TcpStream);

impl Client {
    fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("connected");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
        stream.set_nodelay(true).expect("no delay");
        Self(stream)
    }

    fn byte(&mut self) -> u8 {
        let mut byte = [0];
        self.0.read_exact(&mut byte).expect("a byte");
        byte[0]
    }

    fn send(&mut self, packet: &str) {
        let sum = packet.bytes().fold(0u8, u8::wrapping_add);
        write!(self.0, "${packet}#{sum:02x}").expect("sent");
    }

    /// The next packet, run lengths expanded, acknowledged.
    fn receive(&mut self) -> String {
        while self.byte() != b'$' {}
        let mut text = String::new();
        loop {
            match self.byte() {
                b'#' => break,
                b'*' => {
                    let times = self.byte() - 29;
                    let last = text.chars().last().expect("something to repeat");
                    text.extend((0..times).map(|_| last));
                }
                byte => text.push(char::from(byte)),
            }
        }
        let _ = (self.byte(), self.byte());
        self.0.write_all(b"+").expect("acknowledged");
        text
    }

    fn ask(&mut self, packet: &str) -> String {
        self.send(packet);
        self.receive()
    }

    /// A register of 32 bits, by its place.
    fn register(&mut self, index: usize) -> u32 {
        let all = self.ask("g");
        let bytes = u32::from_str_radix(&all[8 * index..8 * index + 8], 16).expect("hex");
        bytes.swap_bytes()
    }

    /// What a monitor command prints.
    fn monitor(&mut self, command: &str) -> String {
        let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        self.send(&format!("qRcmd,{}", hex(command)));
        let mut text = String::new();
        loop {
            match self.receive().as_str() {
                "OK" => return text,
                output => {
                    let digits = output.strip_prefix('O').expect("output").as_bytes();
                    text.extend(digits.chunks(2).map(|pair| {
                        let pair = std::str::from_utf8(pair).expect("digits");
                        char::from(u8::from_str_radix(pair, 16).expect("hex"))
                    }));
                }
            }
        }
    }
}

#[test]
fn gdb_reads_steps_breaks_interrupts_and_resets() {
    let (_, parted) = session(COUNT, |address| {
        let mut gdb = Client::new(address);
        let features = gdb.ask("qSupported:swbreak+;hwbreak+;xmlRegisters=arm");
        assert!(features.contains("qXfer:features:read+"), "{features}");
        let description = gdb.ask("qXfer:features:read:target.xml:0,fff");
        assert!(description.contains("org.gnu.gdb.arm.m-profile"), "{description}");
        assert!(gdb.ask("?").starts_with(['S', 'T']));
        assert_eq!((gdb.register(15), gdb.register(13)), (CODE, 0x2000_2000));
        // The code, as memory.
        assert_eq!(gdb.ask(&format!("m{CODE:x},6")), "00200130fde7");
        assert!(gdb.ask("m5ffffff0,4").starts_with('E'));
        // Memory and registers are written.
        assert_eq!(gdb.ask("M20000010,4:78563412"), "OK");
        assert_eq!(gdb.ask("m20000010,4"), "78563412");
        let mut all = gdb.ask("g");
        all.replace_range(8..16, "efbeadde");
        assert_eq!(gdb.ask(&format!("G{all}")), "OK");
        assert_eq!((gdb.register(1), gdb.register(15)), (0xDEAD_BEEF, CODE));
        // A step, then to breakpoints of both kinds.
        assert!(gdb.ask("vCont;s:1").starts_with(['S', 'T']));
        assert_eq!(gdb.register(15), CODE + 2);
        assert_eq!(gdb.ask(&format!("Z0,{:x},2", CODE + 4)), "OK");
        for count in 1..4 {
            assert!(gdb.ask("vCont;c:1").contains("swbreak"));
            assert_eq!((gdb.register(15), gdb.register(0)), (CODE + 4, count));
        }
        assert_eq!(gdb.ask(&format!("z0,{:x},2", CODE + 4)), "OK");
        assert_eq!(gdb.ask(&format!("Z1,{:x},2", CODE + 2)), "OK");
        assert!(gdb.ask("vCont;c:1").contains("hwbreak"));
        assert_eq!((gdb.register(15), gdb.register(0)), (CODE + 2, 3));
        assert_eq!(gdb.ask(&format!("z1,{:x},2", CODE + 2)), "OK");
        // It runs until it is interrupted, and its time stands still then.
        gdb.send("vCont;c:1");
        thread::sleep(Duration::from_millis(50));
        gdb.0.write_all(&[3]).expect("interrupted");
        assert!(gdb.receive().contains("02"));
        assert!(gdb.register(0) > 1000);
        let cycles = gdb.monitor("cycles");
        assert!(cycles.contains(" instructions, "), "{cycles}");
        assert_eq!(gdb.monitor("cycles"), cycles);
        assert!(gdb.monitor("reset").contains("0x08000100"));
        assert_eq!(gdb.register(15), CODE);
        assert!(gdb.monitor("fly").contains("no command `fly`"));
        assert_eq!(gdb.ask("D"), "OK");
    });
    assert_eq!(parted, Parted::Detached);
}

#[test]
fn a_hard_fault_stops_and_a_board_that_was_left_runs_on() {
    let (mut machine, parted) = session(FAULT, |address| {
        let mut gdb = Client::new(address);
        // SIGSEGV, before the handler's first instruction.
        let stop = gdb.ask("vCont;c:1");
        assert!(stop.starts_with("T0b") || stop.starts_with("S0b"), "{stop}");
        assert_eq!((gdb.register(15), gdb.register(16) & 0x1FF), (CODE, 3));
    });
    assert_eq!(parted, Parted::Detached);
    assert!(machine.debugger().halted().is_none());
}
