//! The performance procedure of MLPerf Tiny (EEMBC "ULPMark-ML" monitor), with fewer inferences than the ten seconds that a
//! published window takes: input, one inference to warm up, then inferences between two time stamps of the image itself.
//! Two windows, one twice as long, so that what their ends cost cancels out.

use super::facts::Fact;
use super::kind::{Kinds, SLICE, flash_line};
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
    /// Their cycles by kind of kernel.
    pub kinds: Kinds,
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
    let mut meter = Meter { line: flash_line(board), kinds: Kinds::default() };
    let short = window(&mut machine, inferences, &mut meter)?;
    let ran = machine.soc().core_hz();
    if ran != fact.clock_hz {
        return Err(DriveError::Clock { ran, expected: fact.clock_hz });
    }
    let long = window(&mut machine, 2 * inferences, &mut meter)?;
    let seconds = (long.seconds - short.seconds) / f64::from(inferences);
    let idle = machine.activity();
    machine.run(ran / 100)?;
    Ok(Timed {
        seconds,
        inferences,
        activity: long.activity - short.activity,
        kinds: long.kinds.since(short.kinds),
        waiting: machine.activity() - idle,
    })
}

/// What is counted while an image answers.
struct Meter {
    line: u32,
    kinds: Kinds,
}

/// Some inferences, and what is around them.
struct Window {
    /// Between the stamps.
    seconds: f64,
    activity: Activity,
    kinds: Kinds,
}

/// Runs some inferences. The first stamp is printed within: half a percent of a short window, and nothing of a published
/// one.
fn window(machine: &mut Machine, inferences: u32, meter: &mut Meter) -> Result<Window, DriveError> {
    let (before, kinds) = (machine.activity(), meter.kinds);
    machine.send(format!("infer {inferences} 1%").as_bytes());
    let heard = wait_metered(machine, "m-ready", Some(meter))?;
    let stamps: Vec<f64> = heard
        .split("m-lap-us-")
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
        .collect();
    let [first, .., last] = stamps[..] else { return Err(DriveError::Stamps { heard }) };
    let activity = machine.activity() - before;
    Ok(Window { seconds: (last - first) / 1e6, activity, kinds: meter.kinds.since(kinds) })
}

fn ask(machine: &mut Machine, command: &str) -> Result<String, DriveError> {
    machine.send(format!("{command}%").as_bytes());
    wait(machine, "m-ready")
}

/// What the image says up to the line `wanted`.
fn wait(machine: &mut Machine, wanted: &'static str) -> Result<String, DriveError> {
    wait_metered(machine, wanted, None)
}

fn wait_metered(
    machine: &mut Machine,
    wanted: &'static str,
    mut meter: Option<&mut Meter>,
) -> Result<String, DriveError> {
    let until = machine.seconds() + PATIENCE;
    let mut heard = String::new();
    while machine.seconds() < until {
        let before = machine.activity();
        let slice = if meter.is_some() { SLICE } else { machine.soc().core_hz() / 10 };
        let pause = machine.run_until_heard(slice)?;
        if let Some(meter) = &mut meter {
            meter.kinds.add(&(machine.activity() - before), meter.line);
        }
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
