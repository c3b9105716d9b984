//! Every instrument against an emulated one at the other end of a pseudo-terminal, and none of its faults a number.

mod instrument_fake;

use std::path::PathBuf;

use hil::instrument::{Capture, InstrumentEntry, InstrumentError, InstrumentKind, Window, open};
use instrument_fake::{Bench, Fault, Wave};

const KINDS: [InstrumentKind; 4] =
    [InstrumentKind::Lpm01a, InstrumentKind::StlinkV3pwr, InstrumentKind::Ppk2, InstrumentKind::Ina228];

fn entry(kind: InstrumentKind, port: PathBuf, window: Window) -> InstrumentEntry {
    InstrumentEntry { kind, port, baud: Some(115_200), window, input: 2 }
}

/// Records until the waveform has been played once, with a mark where it starts and ends to compute.
fn record(kind: InstrumentKind, fault: Option<Fault>, window: Window) -> Result<Capture, InstrumentError> {
    let bench = Bench::start(kind, Wave::default(), fault);
    let mut meter = open(&entry(kind, bench.port(), window), 3.0)?;
    meter.start()?;
    bench.play_to(0.2);
    meter.mark()?;
    bench.play_to(0.5);
    meter.mark()?;
    bench.play_to(0.6);
    meter.stop()
}

fn close(found: f64, expected: f64, share: f64) {
    assert!((found - expected).abs() <= share * expected, "{found} is not within {share} of {expected}");
}

#[test]
fn each_instrument_finds_the_energy_of_the_waveform() {
    let wave = Wave::default();
    for kind in KINDS {
        let capture = record(kind, None, Window::Host).unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        assert_eq!(capture.lost(), 0, "{kind:?}");
        let rate = capture.rate_hz;
        let busy = capture.energy((0.21 * rate) as usize..(0.49 * rate) as usize).expect("energy");
        close(busy.watts(), wave.busy_amps * 3.0, 0.01);
        let idle = capture.energy(0..(0.19 * rate) as usize).expect("energy");
        close(idle.watts(), wave.idle_amps * 3.0, 0.02);
        assert_eq!(capture.marks.len(), 2, "{kind:?}");
        // One sample of all.
        assert!(busy.integration < 1.5 / (0.28 * rate) * busy.joules, "{kind:?}: {busy:?}");
    }
}

#[test]
fn edges_of_the_boards_pin_stand_at_their_samples() {
    for kind in [InstrumentKind::Lpm01a, InstrumentKind::Ppk2] {
        let capture = record(kind, None, Window::Edge).expect("recorded");
        let seconds: Vec<f64> = capture.edges.iter().map(|at| *at as f64 / capture.rate_hz).collect();
        assert_eq!(seconds.len(), 2, "{kind:?}: {seconds:?}");
        close(seconds[0], 0.2, 0.002);
        close(seconds[1], 0.5, 0.002);
    }
}

#[test]
fn lost_samples_keep_their_places() {
    for kind in KINDS {
        // Of the STLINK-V3PWR only what its time stamps show, in whole milliseconds, is known.
        let drops = if kind == InstrumentKind::StlinkV3pwr { 400 } else { 20 };
        let capture = record(kind, Some(Fault::Drops(drops)), Window::Host).expect("recorded");
        assert_eq!(capture.lost(), drops, "{kind:?}");
        // What comes after the gap stands where it would without it.
        let rate = capture.rate_hz;
        let from = if rate < 2000.0 { 0.33 } else { 0.42 };
        let late = capture.energy((from * rate) as usize..(0.49 * rate) as usize).expect("energy");
        close(late.watts(), Wave::default().busy_amps * 3.0, 0.01);
        close(capture.seconds(), 0.6, 0.05);
        if rate < 10_000.0 {
            let over = capture.energy((0.25 * rate) as usize..(0.45 * rate) as usize).expect_err("too many lost");
            assert!(over.contains("were lost"), "{over}");
        }
    }
}

#[test]
fn an_instrument_that_dies_is_an_error() {
    // All at once: each waits out its limit.
    std::thread::scope(|scope| {
        for (kind, fault) in
            KINDS.into_iter().flat_map(|kind| [Fault::Silent(0.3), Fault::Hangs(0.3)].map(|f| (kind, f)))
        {
            scope.spawn(move || {
                let error = record(kind, Some(fault), Window::Host).expect_err("dead");
                let told = matches!(error, InstrumentError::Lost { .. } | InstrumentError::Silent { .. });
                assert!(told, "{kind:?} {fault:?}: {error}");
            });
        }
    });
}

#[test]
fn one_that_never_answers_or_is_another_is_an_error_at_once() {
    std::thread::scope(|scope| {
        for kind in KINDS {
            scope.spawn(move || {
                let error = record(kind, Some(Fault::Mute), Window::Host).expect_err("mute");
                assert!(matches!(error, InstrumentError::Silent { .. }), "{kind:?}: {error}");
            });
        }
    });
    let missing = entry(InstrumentKind::Ppk2, "/dev/no-such-port".into(), Window::Host);
    let error = open(&missing, 3.0).err().expect("missing");
    assert!(matches!(error, InstrumentError::Open { .. }), "{error}");
}

#[test]
fn a_reading_at_the_end_of_the_range_is_refused() {
    for kind in KINDS {
        let capture = match record(kind, Some(Fault::Saturates(0.3)), Window::Host) {
            Ok(capture) => capture,
            // Where the instrument itself says so.
            Err(InstrumentError::Unusable { problem, .. }) => {
                assert!(problem.contains("overcurrent"), "{kind:?}: {problem}");
                continue;
            }
            Err(other) => panic!("{kind:?}: {other}"),
        };
        let rate = capture.rate_hz;
        let error = capture.energy((0.21 * rate) as usize..(0.49 * rate) as usize).expect_err("saturated");
        assert!(error.contains("at the end of its range"), "{kind:?}: {error}");
    }
}

#[test]
fn a_calibration_or_voltage_that_cannot_be_is_refused() {
    let error = record(InstrumentKind::Ppk2, Some(Fault::Miscalibrated), Window::Host).expect_err("wrong");
    assert!(error.to_string().contains("its calibration is wrong: shunt R2 is"), "{error}");
    for kind in [InstrumentKind::StlinkV3pwr, InstrumentKind::Ina228] {
        let error = record(kind, Some(Fault::Miscalibrated), Window::Host).expect_err("wrong");
        assert!(error.to_string().contains("the supply is 2"), "{kind:?}: {error}");
    }
}

#[test]
fn what_an_instrument_cannot_do_is_said_when_it_is_opened() {
    let bench = Bench::start(InstrumentKind::StlinkV3pwr, Wave::default(), None);
    let asked = entry(InstrumentKind::StlinkV3pwr, bench.port(), Window::Edge);
    assert!(matches!(open(&asked, 3.0).err(), Some(InstrumentError::Unsupported { .. })));
    let asked = entry(InstrumentKind::Lpm01a, bench.port(), Window::Host);
    assert!(open(&asked, 5.0).err().expect("5 V").to_string().contains("its range is 1.8 to 3.3 V"));
}
