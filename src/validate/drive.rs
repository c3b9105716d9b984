//! The performance procedure of MLPerf Tiny (EEMBC "ULPMark-ML" monitor), with fewer inferences than the ten seconds that a
//! published window takes: input, one inference to warm up, then inferences between two time stamps of the image itself.
//! Two windows, one twice as long, so that what their ends cost cancels out.

use super::facts::Fact;
use crate::board::{Activity, Board};
use crate::emulator::{EmulatorError, Image, ImageError, Machine, Pause};

/// Time between the stamps, seconds: long beside their resolution of a microsecond.
const WINDOW: f64 = 0.02;
/// Bytes of one `db` command.
const CHUNK: usize = 32;
/// Board time that an answer may take, seconds.
const PATIENCE: f64 = 30.0;

/// Why an image could not be timed.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    #[error(transparent)]
    Image(#[from] ImageError),
    #[error(transparent)]
    Emulator(#[from] EmulatorError),
    #[error("no `{wanted}` within {PATIENCE} s of board time; the image said {heard:?}")]
    Silent { wanted: &'static str, heard: String },
    #[error("the image runs at {ran} Hz, where {expected} Hz is known of it")]
    Clock { ran: u64, expected: u64 },
    #[error("the answer to `infer` has no two time stamps: {heard:?}")]
    Stamps { heard: String },
}

/// One image, timed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timed {
    /// Seconds per inference.
    pub seconds: f64,
    pub inferences: u32,
    /// Of those inferences.
    pub activity: Activity,
    /// While the image waits for a command.
    pub waiting: Activity,
}

/// Boots an image on an emulated board and times inferences.
pub fn drive(fact: &Fact, board: &Board, image: &[u8]) -> Result<Timed, DriveError> {
    let origin = board.memory.iter().find(|r| r.kind == crate::board::RegionKind::Flash).map_or(0, |r| r.origin);
    let mut machine = Machine::new(board)?;
    machine.load(&Image::binary(&fact.path, origin, image.to_vec())?)?;
    wait(&mut machine, "m-ready")?;
    ask(&mut machine, &format!("db load {}", fact.input.bytes))?;
    for chunk in fact.input.sample().chunks(CHUNK) {
        let hex: String = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
        ask(&mut machine, &format!("db {hex}"))?;
    }
    let inferences = ((WINDOW * fact.throughput).ceil() as u32).max(1);
    let (short, before) = window(&mut machine, inferences)?;
    let ran = machine.soc().core_hz();
    if ran != fact.clock_hz {
        return Err(DriveError::Clock { ran, expected: fact.clock_hz });
    }
    let (long, twice) = window(&mut machine, 2 * inferences)?;
    let seconds = (long - short) / f64::from(inferences);
    let idle = machine.activity();
    machine.run(ran / 100)?;
    Ok(Timed { seconds, inferences, activity: twice - before, waiting: machine.activity() - idle })
}

/// Seconds between the stamps around some inferences. The first is printed within: half a percent of a short window, and
/// nothing of a published one.
fn window(machine: &mut Machine, inferences: u32) -> Result<(f64, Activity), DriveError> {
    let before = machine.activity();
    let heard = ask(machine, &format!("infer {inferences} 1"))?;
    let stamps: Vec<f64> = heard
        .split("m-lap-us-")
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
        .collect();
    let [first, .., last] = stamps[..] else { return Err(DriveError::Stamps { heard }) };
    Ok(((last - first) / 1e6, machine.activity() - before))
}

fn ask(machine: &mut Machine, command: &str) -> Result<String, DriveError> {
    machine.send(format!("{command}%").as_bytes());
    wait(machine, "m-ready")
}

/// What the image says up to the line `wanted`.
fn wait(machine: &mut Machine, wanted: &'static str) -> Result<String, DriveError> {
    let until = machine.seconds() + PATIENCE;
    let mut heard = String::new();
    while machine.seconds() < until {
        let pause = machine.run_until_heard(machine.soc().core_hz() / 10)?;
        heard.push_str(&String::from_utf8_lossy(&machine.receive()));
        if heard.contains(wanted) && heard.ends_with('\n') {
            return Ok(heard);
        }
        if pause == Pause::Idle {
            break;
        }
    }
    Err(DriveError::Silent { wanted, heard })
}
