//! Images on every shipped board, emulated: clocks as described, a console that is understood, outputs as the interpreter's.

mod firmware_common;

use std::path::Path;

use firmware_common::{compile, fact, network, noise, options, shipped};
use hil::board::Board;
use hil::emulator::{Image, Machine, Pause, Segment, Symbol};
use hil::firmware::build;
use hil::network::reference;

/// Longest silence of a board, seconds of its own.
const PATIENCE: f64 = 10.0;

struct Console(Machine);

impl Console {
    /// Replies are without the line that ends them.
    fn reply(&mut self) -> String {
        let (mut heard, until) = (Vec::new(), self.0.seconds() + PATIENCE);
        while !heard.ends_with(b"m-ready\r\n") {
            let pause = self.0.run_until_heard(1 << 22).unwrap_or_else(|e| panic!("{e}"));
            heard.extend(self.0.receive());
            let said = String::from_utf8_lossy(&heard);
            assert!(pause != Pause::Idle && self.0.seconds() < until, "no end of `{said}`");
        }
        let said = String::from_utf8(heard).expect("text");
        said.strip_suffix("m-ready\r\n").expect("an end").to_string()
    }

    fn ask(&mut self, command: &str) -> String {
        self.0.send(format!("{command}%").as_bytes());
        self.reply()
    }

    fn load(&mut self, input: &[u8]) {
        self.ask(&format!("db load {}", input.len()));
        for chunk in input.chunks(128) {
            let digits: String = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
            self.ask(&format!("db {digits}"));
        }
    }
}

/// Digits of `m-hil-output-[…]`.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `network(8)` on `board`, from power-on to what it says first.
fn boot(board: &Board) -> Option<Console> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("firmware");
    let options = options(&folder.join("cache"))?;
    let built = build(&compile(&network(8)), board, &options).unwrap_or_else(|e| panic!("{}: {e}", board.name));
    let segments = built.segments.iter().map(|s| Segment { address: s.address, bytes: s.bytes.clone() }).collect();
    let symbol = |s: &hil::firmware::Symbol| Symbol {
        name: s.name.clone(),
        address: s.address as u32,
        size: s.size as u32,
        function: s.kind == hil::firmware::SymbolKind::Function,
    };
    let image = Image { segments, symbols: built.symbols.iter().map(symbol).collect() };
    let mut machine = Machine::new(board).unwrap_or_else(|e| panic!("{e}"));
    machine.load(&image).unwrap_or_else(|e| panic!("{e}"));
    let mut console = Console(machine);
    let said = console.reply();
    assert!(said.starts_with("m-timestamp-mode-performance\r\nm-lap-us-") && said.contains("m-init-done"), "{said}");
    Some(console)
}

#[test]
fn every_board_runs_at_the_clock_and_wait_states_that_its_file_says() {
    for board in shipped() {
        let Some(mut console) = boot(&board) else { return };
        let info = console.ask("hil info");
        let number = |key| fact(&info, key).parse::<u32>().expect("a number");
        assert_eq!(fact(&info, "board"), board.name);
        assert_eq!(number("clock-hz"), board.clock.hz, "{}", board.name);
        assert_eq!(number("wait-states"), board.clock.flash_wait_states, "{}", board.name);
        let soc = console.0.soc();
        assert_eq!(soc.core_hz(), u64::from(board.clock.hz), "{}", board.name);
        assert_eq!(soc.baud_mismatch(), None, "{}", board.name);
        assert_eq!(soc.unclocked().count(), 0, "{}", board.name);
        assert_eq!(soc.ignored().count(), 0, "{}", board.name);
    }
}

#[test]
fn every_board_computes_what_the_interpreter_computes() {
    let network = network(8);
    let bytes = network.tensor(network.inputs[0]).bytes();
    for board in shipped() {
        let Some(mut console) = boot(&board) else { return };
        for input in [noise(1, bytes), vec![0x80; bytes], vec![0x7f; bytes]] {
            let expected = reference::run(&network, std::slice::from_ref(&input)).expect("a run").remove(0);
            console.load(&input);
            let said = console.ask("infer 1 1");
            assert!(said.contains("m-infer-done\r\nm-results-["), "{}: {said}", board.name);
            let said = console.ask("hil output");
            assert!(said.contains(&hex(&expected)), "{}: {said}", board.name);
        }
    }
}

/// The timer counts the board's own seconds: what the clock tree gives it is what the port took it for.
#[test]
fn every_board_counts_microseconds() {
    for board in shipped() {
        let Some(mut console) = boot(&board) else { return };
        let mut lap = || {
            let said = console.ask("timestamp");
            let digits = said.trim().strip_prefix("m-lap-us-").unwrap_or_else(|| panic!("{said}"));
            (digits.parse::<f64>().expect("a number"), console.0.seconds())
        };
        let (first, second) = (lap(), lap());
        let (told, passed) = (second.0 - first.0, (second.1 - first.1) * 1e6);
        // Both replies are as long, and are seen to within a millisecond.
        assert!(told > 1000.0 && (told - passed).abs() <= 1000.0, "{}: {told} us, and {passed} passed", board.name);
    }
}

/// One run alone, then two at a time.
#[test]
fn runs_of_every_board_are_the_same_to_the_cycle_on_one_thread_and_on_two() {
    let bytes = network(8).tensor(network(8).inputs[0]).bytes();
    for board in shipped() {
        let run = || {
            let mut console = boot(&board)?;
            console.load(&noise(1, bytes));
            let said = console.ask("infer 3 1");
            let machine = &console.0;
            Some((machine.cycles(), machine.instructions(), machine.activity(), said))
        };
        let Some(alone) = run() else { return };
        let both = std::thread::scope(|scope| [scope.spawn(run), scope.spawn(run)].map(|thread| thread.join().ok()));
        for other in both {
            assert_eq!(other.flatten(), Some(alone.clone()), "{}", board.name);
        }
    }
}
