//! What is done to a chip while a session is open.

use std::time::Duration;

use probe_rs::flashing::DownloadOptions;
use probe_rs::{MemoryInterface, Session};

use super::connect::{Failure, Target, attach, attach_by};
use super::dump::{CoreDump, Snapshot};
use super::kind::Kind;
use super::worker::Abandoned;
use crate::board::Region;
use crate::rack::unit::{Remains, Segment};

/// How long a core may take to halt.
const HALT: Duration = Duration::from_millis(500);
/// Words of stack that are looked at.
const STACK: usize = 1024;
/// Words of memory that are read at a time.
const PIECE: usize = 4096;

/// Erases, programs and verifies, and leaves the core halted before its first instruction.
pub(super) fn flash<K: Kind>(target: &Target, segments: &[Segment], abandoned: &Abandoned) -> Result<(), Failure> {
    let mut session = attach::<K>(target, abandoned)?;
    let mut loader = session.target().flash_loader();
    for segment in segments {
        let at = u64::from(segment.address);
        loader.add_data(at, &segment.bytes).map_err(|error| Failure::of("preparing the image", error))?;
    }
    if abandoned.is_set() {
        return Err(Failure::Abandoned);
    }
    let mut options = DownloadOptions::new();
    options.verify = true;
    loader.commit(&mut session, options).map_err(|error| Failure::of("flashing", error))?;
    halt_at_reset(&mut session)
}

/// Resets the chip and stops it before its first instruction; with `by_pin` it is in reset already while the probe attaches.
pub(super) fn hold<K: Kind>(target: &Target, by_pin: bool, abandoned: &Abandoned) -> Result<Session, Failure> {
    let mut session = attach_by::<K>(target, by_pin, abandoned)?;
    halt_at_reset(&mut session)?;
    Ok(session)
}

fn halt_at_reset(session: &mut Session) -> Result<(), Failure> {
    let failed = |error| Failure::of("resetting", error);
    session.core(0).map_err(failed)?.reset_and_halt(HALT).map_err(failed)?;
    Ok(())
}

/// Lets a halted chip run, and leaves it alone.
pub(super) fn run(mut session: Session) -> Result<(), Failure> {
    let failed = |error| Failure::of("starting", error);
    session.core(0).map_err(failed)?.run().map_err(failed)
}

/// Halts the core where it is and reads all that says how it came there, and the memory of `regions`.
pub(super) fn examine<K: Kind>(
    target: &Target,
    elf: &[u8],
    regions: &[Region],
    abandoned: &Abandoned,
) -> Result<(CoreDump, Vec<Remains>), Failure> {
    let mut session = attach::<K>(target, abandoned)?;
    let failed = |error| Failure::of("reading the core", error);
    let mut core = session.core(0).map_err(failed)?;
    let status = core.status().map_err(failed)?;
    if !status.is_halted() {
        core.halt(HALT).map_err(failed)?;
    }
    let mut registers = [0u32; 17];
    for (number, register) in registers.iter_mut().enumerate() {
        *register = core.read_core_reg(probe_rs::RegisterId(number as u16)).map_err(failed)?;
    }
    let mut word = |address: u64| core.read_word_32(address).map_err(failed);
    let (cfsr, hfsr, mmfar, bfar) = (word(0xE000_ED28)?, word(0xE000_ED2C)?, word(0xE000_ED34)?, word(0xE000_ED38)?);
    // The stack ends where memory does: it is read in pieces until one is refused.
    let mut stack = Vec::new();
    let mut at = u64::from(registers[13] & !3);
    while stack.len() < STACK {
        let mut piece = [0u32; 32];
        if core.read_32(at, &mut piece).is_err() {
            break;
        }
        stack.extend(piece);
        at += 4 * piece.len() as u64;
    }
    let snapshot =
        Snapshot { locked_up: status == probe_rs::CoreStatus::LockedUp, registers, cfsr, hfsr, mmfar, bfar, stack };
    let mut memory = Vec::new();
    for Region { name, origin, size, .. } in regions {
        let mut words = vec![0u32; *size as usize / 4];
        for (number, piece) in words.chunks_mut(PIECE).enumerate() {
            if abandoned.is_set() {
                return Err(Failure::Abandoned);
            }
            core.read_32(u64::from(*origin) + (4 * PIECE * number) as u64, piece).map_err(failed)?;
        }
        let bytes = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        memory.push(Remains { name: name.clone(), address: *origin, bytes });
    }
    Ok((CoreDump::new(snapshot, elf), memory))
}
