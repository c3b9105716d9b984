//! The time of a simulated unit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Time as the unit lives it: the core's own while it computes, the host's while it waits. So a loaded host cannot make it
/// miss a limit, and what the host owes an idle board is still waited for.
#[derive(Debug, Clone, Default)]
pub struct SimClock(Arc<AtomicU64>);

impl SimClock {
    pub fn now(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Acquire))
    }

    pub(super) fn advance(&self, by: Duration) {
        self.0.fetch_add(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX >> 1), Ordering::AcqRel);
    }
}

/// Host time since it was asked last.
#[derive(Debug)]
pub(super) struct Lap(Instant);

impl Lap {
    pub fn new() -> Self {
        Self(Instant::now())
    }

    pub fn take(&mut self) -> Duration {
        let now = Instant::now();
        now - std::mem::replace(&mut self.0, now)
    }
}
