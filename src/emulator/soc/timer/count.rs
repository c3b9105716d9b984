//! The counter of a timer: where it stands at a core cycle, and what happened on the way.

use crate::emulator::soc::clocks::Rate;

/// Channels that a counter can have.
pub const CHANNELS: usize = 4;

/// Values that an update event takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Values {
    /// The kernel clock is divided by one more.
    pub prescaler: u32,
    pub reload: u32,
    /// Overflows between updates, less one.
    pub repetition: u32,
    pub compare: [u32; CHANNELS],
}

/// What happened since the last look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Events {
    pub update: bool,
    /// Channels that matched, lowest bit first.
    pub compares: u8,
    /// One-pulse mode has stopped the counter.
    pub stopped: bool,
}

#[derive(Debug, Clone)]
pub struct Counter {
    top: u32,
    channels: usize,
    rate: Rate,
    running: bool,
    count: u32,
    /// Core cycle from which kernel ticks are counted, and how many of them are used up.
    origin: u64,
    used: u64,
    repeats_left: u32,
    pub active: Values,
    pub preload: Values,
    pub compares: [bool; CHANNELS],
    pub disable_updates: bool,
    pub one_pulse: bool,
    pub down: bool,
}

impl Counter {
    /// A counter that stands at 0; `top` is its highest value.
    pub fn new(top: u32, channels: usize) -> Self {
        let values = Values { prescaler: 0, reload: top, repetition: 0, compare: [0; CHANNELS] };
        Self {
            top,
            channels: channels.min(CHANNELS),
            rate: Rate { hz: 0, core_hz: 1 },
            running: false,
            count: 0,
            origin: 0,
            used: 0,
            repeats_left: 0,
            active: values,
            preload: values,
            compares: [false; CHANNELS],
            disable_updates: false,
            one_pulse: false,
            down: false,
        }
    }

    pub fn count(&self) -> u32 {
        self.count
    }

    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// A new kernel or core clock from `now` on; a begun tick starts anew.
    pub fn set_rate(&mut self, now: u64, rate: Rate) {
        self.rate = rate;
        self.rebase(now);
    }

    fn rebase(&mut self, now: u64) {
        (self.origin, self.used) = (now, 0);
    }

    /// Starts or stops; the prescaler starts from 0.
    pub fn run(&mut self, now: u64, on: bool) {
        if on && !self.running {
            self.rebase(now);
        }
        self.running = on;
    }

    pub fn set(&mut self, now: u64, count: u32) {
        self.count = count & self.top;
        self.rebase(now);
    }

    /// An update event by software: the counter and its prescaler start anew with the preloaded values.
    pub fn reinitialise(&mut self, now: u64) {
        if !self.disable_updates {
            self.take_over();
        }
        self.count = if self.down { self.active.reload } else { 0 };
        self.rebase(now);
    }

    fn take_over(&mut self) {
        self.active = self.preload;
        self.repeats_left = self.preload.repetition;
    }

    /// Steps until the counter wraps.
    fn to_wrap(&self) -> u64 {
        if self.down {
            u64::from(self.count) + 1
        } else if self.count <= self.active.reload {
            u64::from(self.active.reload - self.count) + 1
        } else {
            u64::from(self.top - self.count) + 1
        }
    }

    /// Whether a wrap from the present count is an overflow: counting on from beyond the reload value is none.
    fn overflows(&self) -> bool {
        self.down || self.count <= self.active.reload
    }

    /// A counter without a reload value stands still (RM0432 38.4.12).
    fn blocked(&self) -> bool {
        !self.running || self.active.reload == 0
    }

    /// Brings the counter to a core cycle.
    pub fn advance(&mut self, now: u64) -> Events {
        let mut events = Events::default();
        if self.blocked() {
            self.rebase(now);
            return events;
        }
        let ticks = self.rate.ticks(now - self.origin);
        loop {
            let per_step = u64::from(self.active.prescaler) + 1;
            let steps = (ticks - self.used) / per_step;
            if steps == 0 || self.blocked() {
                return events;
            }
            let wrap = self.to_wrap();
            if steps < wrap {
                self.walk(steps, &mut events);
                self.used += steps * per_step;
                return events;
            }
            self.walk(wrap - 1, &mut events);
            self.wrap(&mut events);
            self.used += wrap * per_step;
            if events.stopped {
                self.rebase(now);
                return events;
            }
            self.skip_periods(ticks, per_step, &mut events);
        }
    }

    /// Steps within a period, with the compares on the way.
    fn walk(&mut self, steps: u64, events: &mut Events) {
        let steps = steps as u32;
        let after = if self.down { self.count - steps } else { self.count + steps };
        for channel in 0..self.channels {
            let value = self.active.compare[channel];
            let passed =
                if self.down { after <= value && value < self.count } else { self.count < value && value <= after };
            if self.compares[channel] && passed {
                events.compares |= 1 << channel;
            }
        }
        self.count = after;
    }

    /// The step from the last value of a period to the first of the next.
    fn wrap(&mut self, events: &mut Events) {
        let overflow = self.overflows();
        self.count = if self.down { self.active.reload } else { 0 };
        if overflow {
            if self.repeats_left > 0 {
                self.repeats_left -= 1;
            } else if !self.disable_updates {
                events.update = true;
                self.take_over();
                self.count = if self.down { self.active.reload } else { 0 };
                if self.one_pulse {
                    self.running = false;
                    events.stopped = true;
                }
            }
        }
        for channel in 0..self.channels {
            let value = self.active.compare[channel];
            // A compare value beyond the reload value matches at the overflow (RM0432 38.5.6, CC1IF).
            let matches = value == self.count || (overflow && value > self.active.reload);
            if self.compares[channel] && matches {
                events.compares |= 1 << channel;
            }
        }
    }

    /// Passes over whole periods that all are alike.
    fn skip_periods(&mut self, ticks: u64, per_step: u64, events: &mut Events) {
        let steady = self.active == self.preload && self.active.repetition == 0 && !self.one_pulse;
        let period = (u64::from(self.active.reload) + 1) * per_step;
        let periods = (ticks - self.used) / period;
        if !steady || periods < 2 {
            return;
        }
        self.used += (periods - 1) * period;
        events.update |= !self.disable_updates;
        for channel in 0..self.channels {
            if self.compares[channel] {
                events.compares |= 1 << channel;
            }
        }
    }

    /// The core cycle of the next update, or of the next match of one of `channels`, whatever is first.
    pub fn due(&self, updates: bool, channels: u8) -> u64 {
        if self.blocked() {
            return u64::MAX;
        }
        let mut steps = if updates { Some(self.to_wrap()) } else { None };
        for channel in (0..self.channels).filter(|c| channels >> c & 1 == 1 && self.compares[*c]) {
            let value = self.active.compare[channel];
            let ahead = match self.down {
                false if value > self.count && value <= self.active.reload => u64::from(value - self.count),
                true if value < self.count => u64::from(self.count - value),
                _ => self.to_wrap(),
            };
            steps = Some(steps.map_or(ahead, |known: u64| known.min(ahead)));
        }
        let Some(steps) = steps else { return u64::MAX };
        let ticks = self.used.saturating_add(steps.saturating_mul(u64::from(self.active.prescaler) + 1));
        self.rate.cycles(ticks, 1).map_or(u64::MAX, |cycles| self.origin.saturating_add(cycles))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counter(prescaler: u32, reload: u32) -> Counter {
        let mut counter = Counter::new(0xffff, 4);
        counter.set_rate(0, Rate { hz: 60_000_000, core_hz: 120_000_000 });
        counter.preload = Values { prescaler, reload, repetition: 0, compare: [0; CHANNELS] };
        counter.reinitialise(0);
        counter.run(0, true);
        counter
    }

    #[test]
    fn microseconds_are_exact_however_they_are_looked_at() {
        let mut seldom = counter(59, 0xffff);
        let mut often = counter(59, 0xffff);
        for now in (0..1_000_000).step_by(37) {
            often.advance(now);
            assert_eq!(u64::from(often.count()), now / 120 % 65_536);
        }
        seldom.advance(999_999);
        often.advance(999_999);
        assert_eq!(seldom.count(), often.count());
    }

    #[test]
    fn an_update_is_due_at_the_cycle_at_which_it_happens() {
        let mut counter = counter(4, 9);
        let due = counter.due(true, 0);
        assert_eq!(due, 2 * 5 * 10);
        assert!(!counter.advance(due - 1).update);
        assert!(counter.advance(due).update);
        assert_eq!((counter.count(), counter.due(true, 0)), (0, 2 * due));
    }

    #[test]
    fn a_new_prescaler_waits_for_the_update() {
        let mut counter = counter(0, 99);
        counter.preload.prescaler = 9;
        counter.advance(2 * 100 + 2 * 10 * 3);
        assert_eq!(counter.count(), 3);
    }

    #[test]
    fn compares_match_once_a_period_and_beyond_the_reload_at_overflow() {
        let mut counter = counter(0, 99);
        counter.compares = [true, true, false, true];
        counter.active.compare = [50, 200, 60, 0];
        counter.preload.compare = counter.active.compare;
        assert_eq!(counter.due(false, 1), 100);
        assert_eq!(counter.advance(99).compares, 0);
        assert_eq!(counter.advance(100).compares, 1);
        assert_eq!(counter.advance(199).compares, 0);
        assert_eq!(counter.advance(200).compares, 0b1010);
        assert_eq!(counter.advance(10_000_000).compares, 0b1011);
    }

    #[test]
    fn one_pulse_stops_and_repetitions_count() {
        let mut counter = counter(0, 9);
        counter.preload.repetition = 2;
        counter.reinitialise(0);
        assert!(!counter.advance(2 * 29).update);
        counter.one_pulse = true;
        let events = counter.advance(2 * 30);
        assert!(events.update && events.stopped);
        counter.advance(1000);
        assert_eq!(counter.count(), 0);
    }

    #[test]
    fn counting_down_reloads() {
        let mut counter = counter(0, 9);
        counter.down = true;
        counter.reinitialise(0);
        counter.advance(2 * 9);
        assert_eq!(counter.count(), 0);
        assert!(counter.advance(2 * 10).update);
        assert_eq!(counter.count(), 9);
    }
}
