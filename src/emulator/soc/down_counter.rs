//! A counter that counts down to 0 and then from a reload value, as the CMSDK timers do.

#[derive(Debug, Clone, Copy)]
pub struct DownCounter {
    /// Value at cycle `origin`.
    value: u64,
    origin: u64,
    /// Where it starts anew after 0; `None` where it stops there.
    pub reload: Option<u64>,
    /// Cycles of a step.
    pub step: u64,
    running: bool,
}

impl DownCounter {
    pub fn new(value: u64) -> Self {
        Self { value, origin: 0, reload: Some(0), step: 1, running: false }
    }

    /// Steps since `origin`.
    fn steps(&self, now: u64) -> u64 {
        if self.running { (now - self.origin) / self.step } else { 0 }
    }

    pub fn value(&self, now: u64) -> u64 {
        let steps = self.steps(now);
        match self.reload {
            _ if steps <= self.value => self.value - steps,
            Some(reload) => reload - (steps - self.value - 1) % (reload + 1),
            None => 0,
        }
    }

    /// Times that it has come to 0 by counting since it was last set.
    pub fn expirations(&self, now: u64) -> u64 {
        let steps = self.steps(now);
        match self.reload {
            _ if steps < self.value || steps == 0 => 0,
            // From 0 with nothing to reload it stands still.
            Some(0) | None => u64::from(self.value > 0),
            Some(reload) => u64::from(self.value > 0) + (steps - self.value) / (reload + 1),
        }
    }

    /// Cycle of the next time that it comes to 0.
    pub fn due(&self, now: u64) -> u64 {
        let left = match (self.value(now), self.reload) {
            _ if !self.running => return u64::MAX,
            (0, Some(reload)) if reload > 0 => reload + 1,
            (0, _) => return u64::MAX,
            (value, _) => value,
        };
        self.origin + (self.steps(now) + left) * self.step
    }

    /// Sets the value and starts a new step.
    pub fn set(&mut self, now: u64, value: u64) {
        (self.value, self.origin) = (value, now);
    }

    /// Changes how it counts; a begun step is kept only where it goes on.
    pub fn configure(&mut self, now: u64, running: bool, step: u64, reload: Option<u64>) {
        let value = self.value(now);
        let phase = if self.running && running && step == self.step { (now - self.origin) % step } else { 0 };
        (self.value, self.origin) = (value, now - phase);
        (self.running, self.step, self.reload) = (running, step, reload);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_like_one_that_steps() {
        let mut counter = DownCounter::new(0);
        counter.set(100, 5);
        counter.configure(100, true, 3, Some(4));
        let (mut value, mut zeros) = (5u64, 0);
        for step in 0..40 {
            let now = 100 + 3 * step;
            assert_eq!((counter.value(now + 2), counter.expirations(now + 2)), (value, zeros), "step {step}");
            let due = counter.due(now);
            assert_eq!(due, now + 3 * if value == 0 { 5 } else { value });
            value = if value == 0 { 4 } else { value - 1 };
            zeros += u64::from(value == 0);
        }
    }

    #[test]
    fn it_stops_at_0_without_a_reload() {
        let mut counter = DownCounter::new(0);
        counter.set(0, 3);
        counter.configure(0, true, 1, None);
        assert_eq!((counter.value(50), counter.expirations(50), counter.due(50)), (0, 1, u64::MAX));
    }
}
