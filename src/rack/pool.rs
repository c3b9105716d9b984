//! The rack: units, who has them, and whether they are well.

use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::cancel::Cancel;
use super::emulated::Emulated;
use super::error::{RackError, UnitError};
use super::file::{PowerSwitch, RackFile, UnitEntry};
use super::health::{self, Record, Trouble};
use super::lock::{self, Asked, Held, Owner};
use super::recovery::{Actions, Policy, Recovery, Step, recover};
use super::unit::{Driver, Unit};
use super::{open, power};
use crate::board::Board;
use crate::instrument::{self, InstrumentError, Meter, Window};

/// How often a waiting lease looks whether it was cancelled, or another process has let go of a unit.
const LOOK: Duration = Duration::from_millis(50);
/// Failures in a row after which a unit is not used any more, although it came back each time.
const STRIKES: u32 = 3;

/// Whether a unit may be leased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    Good,
    /// Not leased any more, and why.
    Quarantined(String),
}

/// What a unit shares with other processes.
#[derive(Debug, Clone)]
struct Shared {
    lock: PathBuf,
    health: PathBuf,
}

struct Slot {
    id: String,
    board: String,
    driver: Driver,
    health: Health,
    strikes: u32,
    /// None where the unit is this process's alone.
    shared: Option<Shared>,
    entry: Option<UnitEntry>,
    /// None while leased.
    unit: Option<Box<dyn Unit>>,
    /// Some once it was used; opened once, since some instruments cut the power when they are opened.
    meter: Option<Box<dyn Meter>>,
}

impl Slot {
    fn record(&self) -> Record {
        let shared = self.shared.as_ref();
        shared.map_or_else(Record::default, |shared| health::read(&shared.health))
    }

    /// Why it may not be leased, as far as anybody knows now.
    fn quarantine(&self) -> Option<String> {
        match &self.health {
            Health::Quarantined(why) => Some(why.clone()),
            Health::Good => self.record().quarantined.map(|trouble| trouble.reason),
        }
    }
}

/// A unit as tables show it.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitStatus {
    pub id: String,
    pub board: String,
    pub driver: Driver,
    pub health: Health,
    pub leased: bool,
    /// The other process that has it, where one has and says so.
    pub owner: Option<Owner>,
    pub record: Record,
    /// As `rack.yaml` describes it.
    pub entry: Option<UnitEntry>,
}

/// What a lease waits for: units of `board` that other processes have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub board: String,
    /// A unit and who has it, where that can be read.
    pub units: Vec<(String, Option<Owner>)>,
}

impl std::fmt::Display for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "waiting for a unit of {}", self.board)?;
        for (at, (unit, owner)) in self.units.iter().enumerate() {
            let owner = owner.as_ref().map_or("another process".into(), ToString::to_string);
            write!(f, "{} {unit} is held by {owner}", if at == 0 { ":" } else { ";" })?;
        }
        Ok(())
    }
}

/// Which unit of a board is wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wish<'a> {
    /// This one where it is well and was not tried.
    pub first: Option<&'a str>,
    /// None of these where there is another.
    pub tried: &'a [String],
    /// Only units of this driver.
    pub driver: Option<Driver>,
}

/// The units of this machine.
pub struct Rack {
    slots: Mutex<Vec<Slot>>,
    returned: Condvar,
    policy: Policy,
}

impl Rack {
    /// Units that no other process can have.
    pub fn new(units: Vec<Box<dyn Unit>>) -> Self {
        Self::of(units.into_iter().map(|unit| slot(unit, None, None)).collect())
    }

    /// The units of a rack's file, shared with every process that names them.
    pub fn open(path: &Path, file: &RackFile) -> Result<Self, RackError> {
        let slots = file.units.iter().map(|entry| {
            let board = Board::shipped(&entry.board)
                .map_err(|error| RackError::Unit { unit: open::id(entry), problem: error.to_string() })?;
            Ok((open::unit(entry, &board)?, entry.clone()))
        });
        Self::shared(path, &file.state, slots.collect::<Result<_, _>>()?)
    }

    /// `units`, described by entries of the rack's file at `path`, with locks and health in the folder `state`.
    pub fn shared(path: &Path, state: &Path, units: Vec<(Box<dyn Unit>, UnitEntry)>) -> Result<Self, RackError> {
        std::fs::create_dir_all(state)
            .map_err(|error| RackError::State { path: state.into(), problem: error.to_string() })?;
        let slots = units.into_iter().map(|(unit, entry)| {
            let place = open::state_path(state, path, &entry);
            let with = |extension: &str| {
                let mut name = place.clone().into_os_string();
                name.push(extension);
                PathBuf::from(name)
            };
            slot(unit, Some(Shared { lock: with(".lock"), health: with(".health") }), Some(entry))
        });
        Ok(Self::of(slots.collect()))
    }

    fn of(slots: Vec<Slot>) -> Self {
        Self { slots: Mutex::new(slots), returned: Condvar::new(), policy: Policy::default() }
    }

    /// With another recovery than the usual.
    pub fn with_policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// `count` emulated units of each of `boards`.
    pub fn emulated(boards: &[Board], count: usize) -> Self {
        let units = boards.iter().flat_map(|board| (0..count).map(move |number| Emulated::new(board, number)));
        Self::new(units.map(|unit| Box::new(unit) as Box<dyn Unit>).collect())
    }

    /// Waits for a unit of `board` and takes it; the lease gives it back when dropped.
    pub fn lease(&self, board: &str, cancel: &Cancel) -> Result<Lease<'_>, RackError> {
        self.lease_wished(board, &Wish::default(), cancel, &|_| {})
    }

    /// As [`Rack::lease`], of a unit that is as wished where there is one; `tell` hears what it waits for.
    pub fn lease_wished(
        &self,
        board: &str,
        wish: &Wish<'_>,
        cancel: &Cancel,
        tell: &dyn Fn(&Waiting),
    ) -> Result<Lease<'_>, RackError> {
        self.take(board, cancel, tell, |slots, mut good| {
            good.retain(|at| wish.driver.is_none_or(|driver| slots[*at].driver == driver));
            let first = good.iter().copied().find(|at| wish.first == Some(slots[*at].id.as_str()));
            if let Some(first) = first.filter(|at| !wish.tried.contains(&slots[*at].id)) {
                return vec![first];
            }
            let other: Vec<usize> = good.iter().copied().filter(|at| !wish.tried.contains(&slots[*at].id)).collect();
            if other.is_empty() { good } else { other }
        })
    }

    /// Waits for the unit `id`, well or not, and takes it.
    pub fn lease_to_check(&self, id: &str, cancel: &Cancel, tell: &dyn Fn(&Waiting)) -> Result<Lease<'_>, RackError> {
        loop {
            let mut waiting = None;
            if let Some(lease) = self.try_take(&[id.to_string()], &mut waiting)? {
                return Ok(lease);
            }
            if cancel.is_cancelled() {
                return Err(RackError::Cancelled);
            }
            if let Some(waiting) = waiting {
                tell(&waiting);
            }
            std::thread::sleep(LOOK);
        }
    }

    fn take(
        &self,
        board: &str,
        cancel: &Cancel,
        tell: &dyn Fn(&Waiting),
        choose: impl Fn(&[Slot], Vec<usize>) -> Vec<usize>,
    ) -> Result<Lease<'_>, RackError> {
        let mut told = None;
        loop {
            if cancel.is_cancelled() {
                return Err(RackError::Cancelled);
            }
            let mut waiting = None;
            let chosen: Vec<String> = {
                let slots = self.slots();
                let good = good(&slots, board)?;
                choose(&slots, good).into_iter().map(|at| slots[at].id.clone()).collect()
            };
            if chosen.is_empty() {
                return Err(RackError::OtherKind { board: board.into() });
            }
            if let Some(lease) = self.try_take(&chosen, &mut waiting)? {
                return Ok(lease);
            }
            // Units of this process come back by themselves; of others somebody may want to know.
            if let Some(waiting) = waiting
                && told.as_ref() != Some(&waiting)
            {
                tell(&waiting);
                told = Some(waiting);
            }
            let slots = self.slots();
            drop(self.returned.wait_timeout(slots, LOOK).unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// The first of the units `ids` that nobody has. `waiting` is set where other processes have all that are here.
    fn try_take(&self, ids: &[String], waiting: &mut Option<Waiting>) -> Result<Option<Lease<'_>>, RackError> {
        let mut slots = self.slots();
        for (index, slot) in slots.iter_mut().enumerate().filter(|(_, slot)| ids.contains(&slot.id)) {
            if slot.unit.is_none() {
                continue;
            }
            let held = match &slot.shared {
                None => None,
                Some(shared) => match lock::ask(&shared.lock) {
                    Ok(Asked::Got(held)) => Some(held),
                    Ok(Asked::Busy(owner)) => {
                        let board = slot.board.clone();
                        let waiting = waiting.get_or_insert(Waiting { board, units: Vec::new() });
                        waiting.units.push((slot.id.clone(), owner));
                        continue;
                    }
                    Err(error) => {
                        return Err(RackError::State { path: shared.lock.clone(), problem: error.to_string() });
                    }
                },
            };
            if let Some(unit) = slot.unit.take() {
                let meter = slot.meter.take();
                return Ok(Some(Lease { rack: self, index, unit: Some(unit), meter, held }));
            }
        }
        Ok(None)
    }

    pub fn status(&self) -> Vec<UnitStatus> {
        let status = |slot: &Slot| {
            let here = slot.unit.is_none();
            let elsewhere = slot.shared.as_ref().filter(|_| !here).and_then(|s| lock::holder(&s.lock).ok().flatten());
            UnitStatus {
                id: slot.id.clone(),
                board: slot.board.clone(),
                driver: slot.driver,
                health: slot.quarantine().map_or(Health::Good, Health::Quarantined),
                leased: here || elsewhere.is_some(),
                owner: elsewhere.flatten(),
                record: slot.record(),
                entry: slot.entry.clone(),
            }
        };
        self.slots().iter().map(status).collect()
    }

    /// A thread that panicked with the lock held left the slots whole: no step in between leaves them otherwise.
    fn slots(&self) -> MutexGuard<'_, Vec<Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn slot(unit: Box<dyn Unit>, shared: Option<Shared>, entry: Option<UnitEntry>) -> Slot {
    Slot {
        id: unit.id().into(),
        board: unit.board().name.clone(),
        driver: unit.driver(),
        health: Health::Good,
        strikes: 0,
        shared,
        entry,
        unit: Some(unit),
        meter: None,
    }
}

/// The units of `board` that may be leased.
fn good(slots: &[Slot], board: &str) -> Result<Vec<usize>, RackError> {
    let of_board: Vec<usize> = (0..slots.len()).filter(|at| slots[*at].board == board).collect();
    if of_board.is_empty() {
        let mut known: Vec<&str> = slots.iter().map(|slot| slot.board.as_str()).collect();
        known.sort_unstable();
        known.dedup();
        let known = if known.is_empty() { "nothing".into() } else { known.join(", ") };
        return Err(RackError::NoUnit { board: board.into(), known });
    }
    let (mut good, mut problems) = (Vec::new(), Vec::new());
    for at in of_board {
        match slots[at].quarantine() {
            None => good.push(at),
            Some(why) => problems.push(format!("{}: {why}", slots[at].id)),
        }
    }
    match good.is_empty() {
        true => Err(RackError::OutOfOrder { board: board.into(), problems: problems.join("; ") }),
        false => Ok(good),
    }
}

/// What became of a unit that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It answers again, or there was nothing to bring back.
    Usable(Option<Step>),
    /// It is not leased any more; why.
    Quarantined(String),
    Cancelled,
}

/// A unit for one user alone, among all processes.
pub struct Lease<'a> {
    rack: &'a Rack,
    index: usize,
    /// Some until dropped.
    unit: Option<Box<dyn Unit>>,
    meter: Option<Box<dyn Meter>>,
    /// Given back with the unit.
    held: Option<Held>,
}

impl std::fmt::Debug for Lease<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Lease").field(&self.unit.as_ref().map(|unit| unit.id())).finish()
    }
}

impl Lease<'_> {
    /// As `rack.yaml` describes the unit.
    pub fn entry(&self) -> Option<UnitEntry> {
        self.rack.slots()[self.index].entry.clone()
    }

    /// Opens the unit's instrument if it has one that is not open yet.
    pub fn open_instrument(&mut self) -> Result<(), InstrumentError> {
        if self.meter.is_none()
            && let Some(entry) = self.entry()
            && let (Some(mut instrument), Some(volts)) = (entry.instrument, entry.supply_volts)
        {
            instrument.port = self.meter_port().unwrap_or(instrument.port);
            self.meter = Some(instrument::open(&instrument, volts)?);
        }
        Ok(())
    }

    /// Closes the instrument: after a failure it is opened anew.
    pub fn close_instrument(&mut self) {
        self.meter = None;
    }

    /// The unit, and its instrument with what marks windows, where it is open.
    pub fn parts(&mut self) -> (&mut dyn Unit, Option<(&mut dyn Meter, Window)>) {
        let window = self.entry().and_then(|entry| entry.instrument).map_or(Window::default(), |entry| entry.window);
        let unit = self.unit.as_deref_mut().expect("a lease has its unit until it is dropped");
        let meter: Option<(&mut dyn Meter, Window)> = match &mut self.meter {
            Some(meter) => Some((meter.as_mut(), window)),
            None => None,
        };
        (unit, meter)
    }

    /// Takes the unit out of use; it goes back to the rack with the lease, and is not leased again.
    pub fn quarantine(&mut self, why: &str) {
        self.rack.slots()[self.index].health = Health::Quarantined(why.into());
        self.note(|record| record.quarantined = Some(Trouble::now(why)));
    }

    /// The unit did what it was asked.
    pub fn succeeded(&mut self) {
        let had = std::mem::take(&mut self.rack.slots()[self.index].strikes);
        if had > 0 {
            self.note(|record| record.strikes = 0);
        }
    }

    /// The unit was checked and found well: it may be leased again.
    pub fn found_well(&mut self) {
        let mut slots = self.rack.slots();
        (slots[self.index].health, slots[self.index].strikes) = (Health::Good, 0);
        drop(slots);
        self.note(|record| *record = Record { checked: Some(lock::now()), ..Record::default() });
    }

    /// The unit failed with `error`: brings it back, or takes it out of use.
    pub fn failed(&mut self, error: &UnitError, cancel: &Cancel) -> Fate {
        if self.driver().interchangeable() && !matches!(error, UnitError::Lost { .. }) {
            // A deterministic unit is made anew for each image: what failed is the image's.
            return Fate::Usable(None);
        }
        let strikes = {
            let slot = &mut self.rack.slots()[self.index];
            slot.strikes = slot.strikes.max(slot.record().strikes) + 1;
            slot.strikes
        };
        self.note(|record| (record.last_error, record.strikes) = (Some(Trouble::now(&error.to_string())), strikes));
        if strikes >= STRIKES {
            let why = format!("it failed {strikes} times in a row, the last time so: {error}");
            self.quarantine(&why);
            return Fate::Quarantined(why);
        }
        let switch = self.entry().and_then(|entry| entry.power);
        let policy = self.rack.policy.clone().against(error);
        let (unit, meter) = self.parts();
        let mut actions = OfUnit { unit, meter: meter.map(|(meter, _)| meter), switch };
        match recover(&mut actions, &policy, cancel) {
            Recovery::Well(step) => Fate::Usable(Some(step)),
            Recovery::Cancelled => Fate::Cancelled,
            Recovery::Hopeless(tried) => {
                let why = format!("{error}; {tried}");
                self.quarantine(&why);
                Fate::Quarantined(why)
            }
        }
    }

    /// Changes the record that other processes see. It is advice where it cannot be written: this process knows by itself.
    fn note(&self, change: impl FnOnce(&mut Record)) {
        let shared = self.rack.slots()[self.index].shared.clone();
        if let Some(Shared { health: path, .. }) = shared {
            let mut record = health::read(&path);
            change(&mut record);
            let _ = health::write(&path, &record);
        }
    }
}

/// Recovery of a unit by its driver, and by its power switch.
struct OfUnit<'a> {
    unit: &'a mut dyn Unit,
    meter: Option<&'a mut dyn Meter>,
    switch: Option<PowerSwitch>,
}

impl OfUnit<'_> {
    fn switch_power(
        &mut self,
        switch: &PowerSwitch,
        on: bool,
        limit: Duration,
        cancel: &Cancel,
    ) -> Result<(), UnitError> {
        let lost = |problem| UnitError::Lost { unit: self.unit.id().into(), problem };
        if !switch.instrument {
            let words = if on { &switch.on } else { &switch.off };
            return power::command(words, limit, cancel).map_err(|problem| problem.map_or(UnitError::Cancelled, lost));
        }
        match &mut self.meter {
            Some(meter) => meter.power(on).map_err(|error| lost(error.to_string())),
            None => Err(lost("its instrument, which switches its power, is not open".into())),
        }
    }
}

impl Actions for OfUnit<'_> {
    fn take(&mut self, step: Step, limit: Duration, cancel: &Cancel) -> Result<(), UnitError> {
        let mut back = limit;
        if step == Step::PowerCycle
            && let Some(switch) = self.switch.clone()
        {
            self.unit.release();
            self.switch_power(&switch, false, limit, cancel)?;
            let slept = power::sleep(Duration::from_secs_f64(switch.pause_seconds), cancel);
            // The power comes back even where nobody waits for it any more.
            self.switch_power(&switch, true, limit, &Cancel::new())?;
            if !slept {
                return Err(UnitError::Cancelled);
            }
            back = Duration::from_secs_f64(switch.back_seconds);
        }
        self.unit.recover(step, back, cancel)
    }

    fn verify(&mut self, limit: Duration, cancel: &Cancel) -> Result<(), UnitError> {
        self.unit.answers(limit, cancel)
    }
}

impl Deref for Lease<'_> {
    type Target = dyn Unit;

    fn deref(&self) -> &Self::Target {
        self.unit.as_deref().expect("a lease has its unit until it is dropped")
    }
}

impl DerefMut for Lease<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.unit.as_deref_mut().expect("a lease has its unit until it is dropped")
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let Some(unit) = &mut self.unit {
            unit.release();
        }
        // Before the unit can be seen again, so that this process does not wait for itself.
        drop(self.held.take());
        {
            let slot = &mut self.rack.slots()[self.index];
            (slot.unit, slot.meter) = (self.unit.take(), self.meter.take());
        }
        self.rack.returned.notify_all();
    }
}
