//! From a probe's serial number to a session with the chip that is meant.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use probe_rs::probe::DebugProbeInfo;
use probe_rs::probe::list::Lister;
use probe_rs::{MemoryInterface, Permissions, Session};

use super::kind::Kind;
use super::worker::Abandoned;
use crate::board::Probe;
use crate::rack::usb;

/// How often it is tried: the first attach after power-on fails with some probes and is well the second time; the last
/// holds the chip in reset, for firmware that shuts the debug port.
const ATTEMPTS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(20);
/// The device's number in DBGMCU_IDCODE.
const DEVICE: u32 = 0xFFF;

/// What went wrong with a probe or the chip behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// No such probe is attached.
    Absent(String),
    /// Something else than what the rack says.
    Foreign(String),
    /// While doing what the first text says.
    Failed(&'static str, String),
    /// Nobody waits for it any more.
    Abandoned,
}

impl Failure {
    pub fn of(phase: &'static str, error: impl Error) -> Self {
        Self::Failed(phase, chain(&error))
    }
}

/// An error and its causes.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text = format!("{}: {next}", text.trim_end_matches('.'));
        }
        cause = error.source();
    }
    text
}

/// Which probe is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// USB vendor and product; none where the serial number says enough.
    pub product: Option<(u16, u16)>,
    pub serial: String,
    /// Where it is plugged in; then the rest is found out when it is needed.
    pub usb: Option<String>,
}

impl Wanted {
    /// The probe that is plugged in at a USB location, whatever it is.
    pub fn plugged_in_at(location: &str) -> Self {
        Self { product: None, serial: String::new(), usb: Some(location.into()) }
    }

    /// With the location, where that is all that is known, replaced by what is there now.
    fn located(&self) -> Result<Self, Failure> {
        let Some(location) = &self.usb else { return Ok(self.clone()) };
        match usb::at(Path::new(usb::DEVICES), location) {
            Err(problem) => Err(Failure::Foreign(problem)),
            Ok(None) => Err(Failure::Absent(format!("nothing is plugged in at USB location {location}"))),
            Ok(Some(usb::UsbDevice { vendor, product, serial })) => {
                Ok(Self { product: Some((vendor, product)), serial: serial.unwrap_or_default(), usb: None })
            }
        }
    }

    /// From `VID:PID:SERIAL`, numbers in hexadecimal, or a serial number alone.
    pub fn parse(text: &str) -> Self {
        let number = |text: &str| u16::from_str_radix(text, 16).ok();
        let mut parts = text.splitn(3, ':');
        if let (Some(vendor), Some(product), Some(serial)) = (parts.next(), parts.next(), parts.next())
            && let (Some(vendor), Some(product)) = (number(vendor), number(product))
        {
            return Self { product: Some((vendor, product)), serial: serial.into(), usb: None };
        }
        Self { product: None, serial: text.into(), usb: None }
    }

    fn is(&self, probe: &DebugProbeInfo) -> bool {
        let product = self.product.is_none_or(|product| product == (probe.vendor_id, probe.product_id));
        product && probe.serial_number.as_deref().unwrap_or("") == self.serial
    }
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(location) = &self.usb {
            return write!(f, "at USB location {location}");
        }
        match self.product {
            Some((vendor, product)) => write!(f, "{vendor:04x}:{product:04x}:{}", self.serial),
            None => write!(f, "{}", self.serial),
        }
    }
}

/// A probe and the chip that it must be connected to.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub wanted: Wanted,
    pub board: String,
    pub probe: Probe,
}

/// The one probe that is meant.
fn find<K: Kind>(target: &Target) -> Result<DebugProbeInfo, Failure> {
    let wanted = target.wanted.located()?;
    let mut found = Lister::new().list_all();
    found.retain(|probe| wanted.is(probe));
    let Some(probe) = found.pop() else {
        return Err(Failure::Absent(format!("no probe {} is attached", target.wanted)));
    };
    if !found.is_empty() {
        // probe-rs would open whichever comes first.
        return Err(Failure::Foreign(format!(
            "{} probes answer to {wanted}, by which probes are opened; leave one of them plugged in",
            found.len() + 1
        )));
    }
    if !K::admits(&probe) {
        return Err(Failure::Foreign(format!("{probe} is no probe for the driver `{}`", K::DRIVER.name())));
    }
    Ok(probe)
}

/// Attaches to the chip and checks that it is the board's.
pub(super) fn attach<K: Kind>(target: &Target, abandoned: &Abandoned) -> Result<Session, Failure> {
    attach_by::<K>(target, false, abandoned)
}

/// As [`attach`]; with `under_reset` no attempt is made without holding the chip in reset.
pub(super) fn attach_by<K: Kind>(
    target: &Target,
    under_reset: bool,
    abandoned: &Abandoned,
) -> Result<Session, Failure> {
    let mut last = Failure::Absent(format!("no probe {} is attached", target.wanted));
    for attempt in 1..=ATTEMPTS {
        if abandoned.is_set() {
            return Err(Failure::Abandoned);
        }
        match attempt_one::<K>(target, under_reset || attempt == ATTEMPTS) {
            Ok(session) => return Ok(session),
            // Neither gets better by trying again.
            Err(failure @ (Failure::Foreign(_) | Failure::Abandoned)) => return Err(failure),
            // A probe that was there a moment ago may come back; one that never was does not.
            Err(failure @ Failure::Absent(_)) if attempt == 1 => return Err(failure),
            Err(failure) => last = failure,
        }
        std::thread::sleep(PAUSE * attempt);
    }
    Err(last)
}

fn attempt_one<K: Kind>(target: &Target, under_reset: bool) -> Result<Session, Failure> {
    let probe = find::<K>(target)?.open().map_err(|error| Failure::of("opening the probe", error))?;
    let chip = target.probe.chip.as_str();
    let permissions = Permissions::new().allow_erase_all();
    let session =
        if under_reset { probe.attach_under_reset(chip, permissions) } else { probe.attach(chip, permissions) };
    let mut session = session.map_err(|error| Failure::of("attaching", error))?;
    check(&mut session, target)?;
    Ok(session)
}

/// Holds DBGMCU_IDCODE against the board's.
fn check(session: &mut Session, target: &Target) -> Result<(), Failure> {
    let Probe { idcode, dbgmcu, .. } = target.probe;
    let mut core = session.core(0).map_err(|error| Failure::of("attaching", error))?;
    let found = core.read_word_32(dbgmcu.into()).map_err(|error| Failure::of("reading DBGMCU_IDCODE", error))? & DEVICE;
    if found == idcode {
        return Ok(());
    }
    let board = &target.board;
    Err(Failure::Foreign(format!("its chip is device {found:#05x} (DBGMCU_IDCODE), but `{board}` has {idcode:#05x}")))
}
