//! The rack: units, who has them, and whether they are well.

use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::cancel::Cancel;
use super::emulated::Emulated;
use super::error::RackError;
use super::unit::{Driver, Unit};

/// How often a waiting lease looks whether it was cancelled.
const LOOK: Duration = Duration::from_millis(50);

/// Whether a unit may be leased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    Good,
    /// Not leased any more, and why.
    Quarantined(String),
}

struct Slot {
    id: String,
    board: String,
    driver: Driver,
    health: Health,
    /// None while leased.
    unit: Option<Box<dyn Unit>>,
}

/// A unit as tables show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitStatus {
    pub id: String,
    pub board: String,
    pub driver: Driver,
    pub health: Health,
    pub leased: bool,
}

/// The units of this process.
pub struct Rack {
    slots: Mutex<Vec<Slot>>,
    returned: Condvar,
}

impl Rack {
    pub fn new(units: Vec<Box<dyn Unit>>) -> Self {
        let slot = |unit: Box<dyn Unit>| Slot {
            id: unit.id().into(),
            board: unit.board().name.clone(),
            driver: unit.driver(),
            health: Health::Good,
            unit: Some(unit),
        };
        Self { slots: Mutex::new(units.into_iter().map(slot).collect()), returned: Condvar::new() }
    }

    /// `count` emulated units of each of `boards`.
    pub fn emulated(boards: &[crate::board::Board], count: usize) -> Self {
        let units = boards.iter().flat_map(|board| (0..count).map(move |number| Emulated::new(board, number)));
        Self::new(units.map(|unit| Box::new(unit) as Box<dyn Unit>).collect())
    }

    /// Waits for a unit of `board` and takes it; the lease gives it back when dropped.
    pub fn lease(&self, board: &str, cancel: &Cancel) -> Result<Lease<'_>, RackError> {
        let mut slots = self.slots();
        loop {
            if cancel.is_cancelled() {
                return Err(RackError::Cancelled);
            }
            let of_board = || slots.iter().enumerate().filter(|(_, slot)| slot.board == board);
            if of_board().next().is_none() {
                let mut known: Vec<&str> = slots.iter().map(|slot| slot.board.as_str()).collect();
                known.dedup();
                let known = if known.is_empty() { "nothing".into() } else { known.join(", ") };
                return Err(RackError::NoUnit { board: board.into(), known });
            }
            let problems: Vec<String> = of_board()
                .filter_map(|(_, slot)| match &slot.health {
                    Health::Good => None,
                    Health::Quarantined(why) => Some(format!("{}: {why}", slot.id)),
                })
                .collect();
            if problems.len() == of_board().count() {
                return Err(RackError::OutOfOrder { board: board.into(), problems: problems.join("; ") });
            }
            let free = of_board().find(|(_, slot)| slot.unit.is_some() && slot.health == Health::Good);
            if let Some(index) = free.map(|(index, _)| index)
                && let Some(unit) = slots[index].unit.take()
            {
                return Ok(Lease { rack: self, index, unit: Some(unit) });
            }
            slots = self.returned.wait_timeout(slots, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    pub fn status(&self) -> Vec<UnitStatus> {
        let status = |slot: &Slot| UnitStatus {
            id: slot.id.clone(),
            board: slot.board.clone(),
            driver: slot.driver,
            health: slot.health.clone(),
            leased: slot.unit.is_none(),
        };
        self.slots().iter().map(status).collect()
    }

    /// A thread that panicked with the lock held left the slots whole: no step in between leaves them otherwise.
    fn slots(&self) -> MutexGuard<'_, Vec<Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A unit for one user alone.
pub struct Lease<'a> {
    rack: &'a Rack,
    index: usize,
    /// Some until dropped.
    unit: Option<Box<dyn Unit>>,
}

impl Lease<'_> {
    /// Takes the unit out of use; it goes back to the rack with the lease, and is not leased again.
    pub fn quarantine(&mut self, why: &str) {
        self.rack.slots()[self.index].health = Health::Quarantined(why.into());
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
        self.rack.slots()[self.index].unit = self.unit.take();
        self.rack.returned.notify_all();
    }
}
