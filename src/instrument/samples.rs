//! Samples as they are collected: where some are missing, their places are kept.

use super::capture::Capture;

/// Samples that may be missing in one piece before the capture is given up: an hour at the highest rate is not filled up.
const MAX_GAP: usize = 1 << 20;

#[derive(Debug, Default)]
pub struct Samples {
    pub capture: Capture,
    /// Why what comes from now on is of no use.
    pub problem: Option<String>,
}

impl Samples {
    pub fn new(rate_hz: f64, volts: f64) -> Self {
        Self { capture: Capture { rate_hz, volts, ..Capture::default() }, problem: None }
    }

    pub fn len(&self) -> usize {
        self.capture.amps.len()
    }

    pub fn push(&mut self, amps: f32, saturated: bool) {
        if saturated {
            self.capture.saturated.push(self.len());
        }
        self.capture.amps.push(amps);
    }

    pub fn lost(&mut self, count: usize) {
        if count > MAX_GAP {
            self.fail(format!("{count} samples are missing in one piece"));
        } else {
            self.capture.amps.resize(self.len() + count, f32::NAN);
        }
    }

    pub fn edge(&mut self) {
        self.capture.edges.push(self.len());
    }

    /// The instrument's clock says that `ms` have passed: what is missing was lost.
    pub fn elapsed(&mut self, ms: u64) {
        let due = (ms as f64 * self.capture.rate_hz / 1000.0) as usize;
        // The time stands between samples and is told in whole milliseconds.
        let slack = (self.capture.rate_hz * 0.002).max(2.0) as usize;
        if due > self.len() + slack {
            self.lost(due - self.len());
        } else if self.len() > due + slack {
            let problem = format!("{} samples in {ms} ms, but {due} were asked for", self.len());
            self.fail(problem);
        }
    }

    /// The first problem is the one to report.
    pub fn fail(&mut self, problem: String) {
        self.problem.get_or_insert(problem);
    }
}
