//! Seconds from cycles while the core clock changes.

#[derive(Debug, Default)]
pub struct Time {
    /// Seconds at `cycle`, from which on the clock is `hz`.
    seconds: f64,
    cycle: u64,
    hz: u64,
}

impl Time {
    pub fn change(&mut self, now: u64, hz: u64) {
        *self = Self { seconds: self.seconds(now), cycle: now, hz };
    }

    /// Seconds at a cycle that is not before the last change.
    pub fn seconds(&self, now: u64) -> f64 {
        if self.hz == 0 { self.seconds } else { self.seconds + now.saturating_sub(self.cycle) as f64 / self.hz as f64 }
    }
}
