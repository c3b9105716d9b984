//! Energy of an inference by an instrument, and that nothing but energy is taken for it.

mod run_fake;

use std::time::Duration;

use hil::instrument::{Capture, InstrumentError, InstrumentKind, Meter, Window};
use hil::measure::{
    Case, EnergyMeasured, Expected, Limits, MeasureError, Metered, Settings, Thorough, Windows, measure_thoroughly,
};
use hil::rack::{Cancel, Program};
use run_fake::{Fake, Fault};

/// Plays 4 mA at rest and 20 mA in each window, at 3 V and 10 kHz.
#[derive(Default)]
struct Played {
    capture: Capture,
    /// Factors of the current of each window.
    scale: Vec<f32>,
    rest_after: Option<f32>,
    edges: bool,
    fails: bool,
    stopped: bool,
}

impl Played {
    fn play(&mut self, amps: f32, count: usize) {
        self.capture.amps.extend(std::iter::repeat_n(amps, count));
    }
}

impl Meter for Played {
    fn kind(&self) -> InstrumentKind {
        InstrumentKind::Lpm01a
    }

    fn power(&mut self, _: bool) -> Result<(), InstrumentError> {
        Ok(())
    }

    fn start(&mut self) -> Result<(), InstrumentError> {
        (self.capture.rate_hz, self.capture.volts) = (10_000.0, 3.0);
        Ok(())
    }

    fn mark(&mut self) -> Result<(), InstrumentError> {
        let marks = self.capture.marks.len();
        if marks.is_multiple_of(2) {
            let rest = if marks < 2 { 0.004 } else { self.rest_after.unwrap_or(0.004) };
            self.play(rest, 10_000);
        }
        let at = self.capture.amps.len();
        self.capture.marks.push(at);
        if marks.is_multiple_of(2) {
            let scale = self.scale.get(marks / 2).copied().unwrap_or(1.0);
            // The host is late by 20 ms on either side.
            self.play(0.004, 200);
            if self.edges {
                self.capture.edges.push(self.capture.amps.len());
            }
            self.play(0.02 * scale, 10_000);
            if self.edges {
                self.capture.edges.push(self.capture.amps.len());
            }
            self.play(0.004, 200);
        }
        Ok(())
    }

    fn stop(&mut self) -> Result<Capture, InstrumentError> {
        self.stopped = true;
        if self.edges {
            // What comes after the last mark belongs to no window.
            let (windows, edges) = (self.capture.marks.len() / 2, &mut self.capture.edges);
            edges.truncate(2 * windows);
        }
        match self.fails {
            true => Err(InstrumentError::Lost { port: "p".into(), problem: "it ended".into() }),
            false => Ok(std::mem::take(&mut self.capture)),
        }
    }
}

fn measured(meter: &mut Played, window: Window, fault: Option<Fault>) -> Result<EnergyMeasured, MeasureError> {
    let mut fake = Fake::new("nucleo-l4r5zi", 0);
    fake.faults.extend(fault);
    let input: Vec<u8> = (0..70).collect();
    let case = Case { output: input.iter().map(|byte| byte + 1).collect(), input };
    let expected = Expected { build_id: "b1".into(), steps: 3, timed: vec![0, 1, 2] };
    let settings = Settings { repeats: 2, warmup: 0, limits: Limits::default() };
    let windows = Windows { count: 5, time: Duration::from_secs(1) };
    let metered = Metered { meter, window, idle: Duration::ZERO };
    let thorough = Thorough { windows: Some(windows), meter: Some(metered), dumps: None };
    let measured =
        measure_thoroughly(&mut fake, &Program::default(), &expected, &[case], &settings, thorough, &Cancel::new())?;
    assert_eq!(measured.cycles.len(), 5);
    Ok(measured.energy.expect("there is an instrument"))
}

#[test]
fn energy_is_power_times_the_boards_own_time() {
    let mut meter = Played { scale: vec![1.0, 1.01, 0.99, 1.005, 0.995], ..Played::default() };
    let energy = measured(&mut meter, Window::Host, None).expect("energy");
    // 60 mW for 2,000,000 cycles at 120 MHz.
    assert!((energy.microjoules.mean - 1000.0).abs() < 1.0, "{energy:?}");
    let (half, count) = (energy.microjoules.half_width, energy.microjoules.count);
    assert!(count == 5 && (9.0..11.0).contains(&half), "t of four degrees times 7.9 over the root of 5: {half}");
    assert!((energy.idle_watts - 0.012).abs() < 1e-6 && (energy.busy_watts - 0.06).abs() < 1e-4);
}

#[test]
fn edges_need_no_margin_and_must_all_be_there() {
    // 61 inferences in what the edges say was a second.
    let energy = measured(&mut Played { edges: true, ..Played::default() }, Window::Edge, None).expect("energy");
    assert!((energy.microjoules.mean - 0.06e6 / 60.0).abs() < 20.0, "{energy:?}");
    let error = measured(&mut Played::default(), Window::Edge, None).expect_err("no edges").to_string();
    assert!(error.contains("0 edges of 5 windows: check the wire"), "{error}");
}

#[test]
fn a_board_that_is_not_seen_a_drift_and_a_scatter_are_no_energy() {
    for (meter, says) in [
        (Played { scale: vec![0.2; 6], ..Played::default() }, "the instrument is not in its supply"),
        (Played { rest_after: Some(0.006), ..Played::default() }, "the instrument drifts"),
        (Played { scale: vec![1.0, 1.3, 0.8, 1.2, 0.9], ..Played::default() }, "the windows do not agree"),
    ] {
        let mut meter = meter;
        let error = measured(&mut meter, Window::Host, None).expect_err(says);
        assert!(matches!(error, MeasureError::Energy { .. }) && error.to_string().contains(says), "{error}");
    }
}

#[test]
fn an_instrument_that_dies_is_an_error_and_one_is_stopped_whatever_fails() {
    let error = measured(&mut Played { fails: true, ..Played::default() }, Window::Host, None).expect_err("dead");
    assert!(matches!(error, MeasureError::Instrument(InstrumentError::Lost { .. })), "{error}");
    let mut meter = Played::default();
    measured(&mut meter, Window::Host, Some(Fault::Stops("infer 60 0".into()))).expect_err("the unit stopped");
    assert!(meter.stopped, "it does not go on sampling");
}
