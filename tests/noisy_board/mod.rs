//! A board whose numbers scatter: an emulated one behind a driver of real boards, with noise on what its firmware counts.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hil::board::Board;
use hil::rack::recovery::Step;
use hil::rack::{Cancel, Driver, Lease, Program, Rack, Unit, UnitError};
use hil::results::gate::Random;

/// What happens to the boards of a test.
#[derive(Clone, Default)]
pub struct World(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Relative; of all that is counted.
    drift: f64,
    flashed: u32,
    dies_after: Option<u32>,
}

impl World {
    /// From now on everything takes longer by this share.
    pub fn drift(&self, share: f64) {
        self.0.lock().expect("state").drift = share;
    }

    /// The board is unplugged at the flash after so many from now on.
    pub fn dies_after(&self, flashes: u32) {
        let mut state = self.0.lock().expect("state");
        state.dies_after = Some(state.flashed.saturating_add(flashes));
    }

    pub fn flashed(&self) -> u32 {
        self.0.lock().expect("state").flashed
    }
}

pub struct Noisy {
    inner: Lease<'static>,
    world: World,
    line: Vec<u8>,
    factor: f64,
    random: Random,
}

impl Noisy {
    pub fn new(board: &str, world: &World) -> Self {
        // A lease borrows its rack; a test's may live as long as the test.
        let rack = Box::leak(Box::new(Rack::emulated(&[Board::shipped(board).expect("a board")], 1)));
        let inner = rack.lease(board, &Cancel::new()).expect("a unit");
        Self { inner, world: world.clone(), line: Vec::new(), factor: 1.0, random: Random::new(7) }
    }

    /// -1 to 1.
    fn noise(&mut self) -> f64 {
        (self.random.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    fn lost(&self) -> UnitError {
        UnitError::Lost { unit: self.id().into(), problem: "unplugged".into() }
    }

    fn is_gone(&self) -> bool {
        let state = self.world.0.lock().expect("state");
        state.dies_after.is_some_and(|last| state.flashed >= last)
    }

    /// A count as this session counts it, within 0.02 %.
    fn counted(&mut self, text: &str) -> String {
        let noise = 0.0002 * self.noise();
        text.parse::<f64>().map_or_else(|_| text.into(), |n| format!("{:.0}", n * self.factor * (1.0 + noise)))
    }

    fn changed(&mut self, line: &str) -> String {
        let (Some(start), Some(end)) = (line.find('['), line.rfind(']')) else { return line.into() };
        let fields: Vec<&str> = line[start + 1..end].split(',').collect();
        let fields: Vec<String> = if line.starts_with("m-hil-cycles-") {
            fields.into_iter().map(|cycles| self.counted(cycles)).collect()
        } else if line.starts_with("m-hil-step-") {
            let last = fields.len() - 1;
            fields.iter().enumerate().map(|(at, f)| if at == last { self.counted(f) } else { f.to_string() }).collect()
        } else {
            return line.into();
        };
        format!("{}[{}]{}", &line[..start], fields.join(","), &line[end + 1..])
    }
}

impl Unit for Noisy {
    fn id(&self) -> &str {
        self.inner.id()
    }

    fn board(&self) -> &Board {
        self.inner.board()
    }

    fn driver(&self) -> Driver {
        Driver::Probe
    }

    fn flash(&mut self, program: &Program, limit: Duration, cancel: &Cancel) -> Result<(), UnitError> {
        if self.is_gone() {
            return Err(self.lost());
        }
        let drift = {
            let mut state = self.world.0.lock().expect("state");
            state.flashed += 1;
            state.drift
        };
        // A session is off by up to 0.1 %.
        self.factor = (1.0 + drift) * (1.0 + 0.001 * self.noise());
        self.inner.flash(program, limit, cancel)
    }

    fn reset(&mut self, cancel: &Cancel) -> Result<(), UnitError> {
        self.line.clear();
        self.inner.reset(cancel)
    }

    fn write(&mut self, bytes: &[u8], cancel: &Cancel) -> Result<(), UnitError> {
        self.inner.write(bytes, cancel)
    }

    fn now(&self) -> Duration {
        self.inner.now()
    }

    fn read(&mut self, until: Duration, cancel: &Cancel) -> Result<Vec<u8>, UnitError> {
        let mut out = Vec::new();
        // Whole lines, since nothing means that nothing came in time.
        while out.is_empty() {
            let bytes = self.inner.read(until, cancel)?;
            if bytes.is_empty() {
                break;
            }
            for byte in bytes {
                self.line.push(byte);
                if byte == b'\n' {
                    let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
                    out.extend(self.changed(&line).bytes());
                }
            }
        }
        Ok(out)
    }

    fn recover(&mut self, _: Step, _: Duration, _: &Cancel) -> Result<(), UnitError> {
        Err(self.lost())
    }
}
