//! Shift registers and FIFOs of a USART, in core cycles.

use std::collections::VecDeque;

/// What waits to be sent, and what is being sent.
#[derive(Debug, Default)]
pub struct Transmitter {
    fifo: VecDeque<u8>,
    shifting: Option<(u8, u64)>,
}

impl Transmitter {
    /// Entries that wait behind the shift register.
    pub fn waiting(&self) -> usize {
        self.fifo.len()
    }

    pub fn push(&mut self, byte: u8) {
        self.fifo.push_back(byte);
    }

    /// Overwrites the newest entry: software wrote although there was no room.
    pub fn replace(&mut self, byte: u8) {
        self.fifo.pop_back();
        self.fifo.push_back(byte);
    }

    pub fn flush(&mut self) {
        self.fifo.clear();
    }

    /// Moves the next entry to an idle shift register at `at`; whether a frame is now under way.
    pub fn start(&mut self, at: u64, frame: Option<u64>) -> bool {
        if self.shifting.is_none()
            && let Some(frame) = frame
            && let Some(byte) = self.fifo.pop_front()
        {
            self.shifting = Some((byte, at + frame));
        }
        self.shifting.is_some()
    }

    /// The byte whose last stop bit has passed by `now`, and when it did.
    pub fn finish(&mut self, now: u64) -> Option<(u8, u64)> {
        self.shifting.take_if(|(_, end)| *end <= now)
    }

    pub fn due(&self) -> u64 {
        self.shifting.map_or(u64::MAX, |(_, end)| end)
    }

    /// Times the rest of the frame anew.
    pub fn rescale(&mut self, now: u64, scale: &dyn Fn(u64) -> u64) {
        if let Some((_, end)) = &mut self.shifting {
            *end = now + scale(end.saturating_sub(now));
        }
    }
}

/// What has been received, and how long the line has been quiet.
#[derive(Debug)]
pub struct Receiver {
    fifo: VecDeque<(u16, bool)>,
    last: u16,
    idle: u64,
    timeout: u64,
}

impl Default for Receiver {
    fn default() -> Self {
        Self { fifo: VecDeque::new(), last: 0, idle: u64::MAX, timeout: u64::MAX }
    }
}

impl Receiver {
    pub fn waiting(&self) -> usize {
        self.fifo.len()
    }

    pub fn push(&mut self, value: u16, framing_error: bool) {
        self.fifo.push_back((value, framing_error));
    }

    pub fn replace(&mut self, value: u16, framing_error: bool) {
        self.fifo.pop_back();
        self.push(value, framing_error);
    }

    /// The oldest entry; the last one again where there is none.
    pub fn pop(&mut self) -> u16 {
        if let Some((value, _)) = self.fifo.pop_front() {
            self.last = value;
        }
        self.last
    }

    pub fn flush(&mut self) {
        self.fifo.clear();
    }

    /// Whether the oldest entry came with a bad stop bit.
    pub fn framing_error(&self) -> bool {
        self.fifo.front().is_some_and(|(_, error)| *error)
    }

    pub fn clear_framing_error(&mut self) {
        if let Some((_, error)) = self.fifo.front_mut() {
            *error = false;
        }
    }

    /// A frame ended at `at`: silence counts from here.
    pub fn listen(&mut self, at: u64, idle: Option<u64>, timeout: Option<u64>) {
        let after = |cycles: Option<u64>| cycles.map_or(u64::MAX, |cycles| at.saturating_add(cycles));
        (self.idle, self.timeout) = (after(idle), after(timeout));
    }

    pub fn idle_due(&self) -> u64 {
        self.idle
    }

    pub fn take_idle(&mut self) {
        self.idle = u64::MAX;
    }

    pub fn timeout_due(&self) -> u64 {
        self.timeout
    }

    pub fn take_timeout(&mut self) {
        self.timeout = u64::MAX;
    }

    /// Times the rest of a silence anew.
    pub fn rescale(&mut self, now: u64, scale: &dyn Fn(u64) -> u64) {
        for due in [&mut self.idle, &mut self.timeout] {
            if *due != u64::MAX {
                *due = now + scale(due.saturating_sub(now));
            }
        }
    }
}
