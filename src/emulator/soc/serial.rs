//! The far end of a serial line: what the host sends and hears, in virtual time.

use std::collections::VecDeque;

/// Bits of a frame as the host sends it: start, eight data, stop.
const FRAME_BITS: u64 = 10;

/// A byte as the board sent it, and the cycle at which its frame was complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    pub byte: u8,
    pub at: u64,
}

/// One serial line.
#[derive(Debug)]
pub struct Serial {
    pub name: &'static str,
    /// Bit rate of the host, 1/s.
    pub baud: u64,
    to_board: VecDeque<u8>,
    arrives: u64,
    heard: Vec<Sent>,
    /// The board's rate when it last differed from the host's by more than a receiver bears.
    pub mismatch: Option<u64>,
}

impl Serial {
    pub fn new(name: &'static str, baud: u64) -> Self {
        Self { name, baud, to_board: VecDeque::new(), arrives: u64::MAX, heard: Vec::new(), mismatch: None }
    }

    fn frame(&self, core_hz: u64) -> u64 {
        (FRAME_BITS * core_hz).div_ceil(self.baud.max(1))
    }

    /// Queues bytes; the first starts at `now` where the line is idle.
    pub fn send(&mut self, bytes: &[u8], now: u64, core_hz: u64) {
        if self.to_board.is_empty() && !bytes.is_empty() {
            self.arrives = now + self.frame(core_hz);
        }
        self.to_board.extend(bytes);
    }

    /// The cycle at which the next byte's stop bit has passed.
    pub fn arrival(&self) -> u64 {
        self.arrives
    }

    /// Takes the byte that arrived at `now` or before.
    pub fn take(&mut self, now: u64, core_hz: u64) -> Option<(u8, u64)> {
        if self.arrives > now {
            return None;
        }
        let at = self.arrives;
        let byte = self.to_board.pop_front()?;
        self.arrives = if self.to_board.is_empty() { u64::MAX } else { at + self.frame(core_hz) };
        Some((byte, at))
    }

    /// Times what is on its way anew after a change of the core clock from `old_hz` to `new_hz`.
    pub fn rescale(&mut self, now: u64, old_hz: u64, new_hz: u64) {
        if self.arrives != u64::MAX {
            let left = u128::from(self.arrives.saturating_sub(now));
            self.arrives = now + (left * u128::from(new_hz)).div_ceil(u128::from(old_hz.max(1))) as u64;
        }
    }

    /// Whether a receiver at one rate understands a sender at the other: the last of ten bits within a third of a bit.
    pub fn understands(&self, rate: u64) -> bool {
        rate.abs_diff(self.baud) * 30 <= self.baud
    }

    /// The board has sent a byte at `rate` bits/s. What the host cannot understand it hears as 0xff.
    pub fn hear(&mut self, byte: u8, rate: u64, at: u64) {
        let understood = self.understands(rate);
        if !understood {
            self.mismatch = Some(rate);
        }
        self.heard.push(Sent { byte: if understood { byte } else { 0xff }, at });
    }

    /// Whether something is there to receive.
    pub fn has_heard(&self) -> bool {
        !self.heard.is_empty()
    }

    /// All that the board has sent since the last call.
    pub fn receive(&mut self) -> Vec<Sent> {
        std::mem::take(&mut self.heard)
    }
}
