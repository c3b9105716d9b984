//! The procedure on one unit, and that no fault of a unit becomes a number.

mod run_fake;

use hil::measure::{Case, Expected, Limits, MeasureError, Measured, Settings, measure};
use hil::rack::{Cancel, Program, Unit, UnitError};
use run_fake::{Fake, Fault};

fn cases() -> Vec<Case> {
    let input = |start: u8| (0..70).map(|i| start.wrapping_add(i)).collect::<Vec<u8>>();
    let case = |input: Vec<u8>| Case { output: input.iter().map(|byte| byte.wrapping_add(1)).collect(), input };
    [3, 100, 250].map(|start| case(input(start))).into()
}

fn measured(fake: &mut Fake) -> Result<Measured, MeasureError> {
    let expected = Expected { build_id: "b1".into(), steps: 3, timed: vec![0, 1, 2] };
    let settings = Settings { repeats: 4, warmup: 2, limits: Limits::default() };
    measure(fake, &Program::default(), &expected, &cases(), &settings, &Cancel::new())
}

fn failed(fault: Fault) -> MeasureError {
    measured(&mut Fake::new("nucleo-l4r5zi", 0).with(fault.clone())).expect_err(&format!("{fault:?}"))
}

#[test]
fn a_good_unit_is_measured() {
    let m = measured(&mut Fake::new("nucleo-l4r5zi", 0)).expect("measured");
    assert_eq!(m.cycles, [2_000_000, 2_000_001, 2_000_002, 2_000_003]);
    assert_eq!((m.statistics.count, m.statistics.median), (4, 2_000_001.5));
    assert_eq!(m.step_cycles, [1000, 2000, 3000]);
    assert_eq!(m.outputs, cases().into_iter().map(|case| case.output).collect::<Vec<_>>());
    assert_eq!((m.stack_bytes, m.info.clock_hz), (640, 120_000_000));
    assert_eq!(m.instructions, Some(1_000_000), "of one inference, without the console's");
}

#[test]
fn every_output_is_verified_before_anything_is_timed() {
    let mut fake = Fake::new("nucleo-l4r5zi", 0);
    measured(&mut fake).expect("measured");
    let log = fake.log.lock().expect("log").clone();
    let first_timing = log.iter().position(|c| c.starts_with("hil cycles")).expect("timed");
    let verified = log[..first_timing].iter().filter(|c| *c == "hil output").count();
    assert_eq!(verified, 3);
    assert!(log.iter().all(|command| command.len() <= 100), "no command is longer than the firmware can take");
    assert_eq!(log.iter().filter(|c| *c == "hil output").count(), 4, "and once more after it was timed");
}

#[test]
fn an_image_without_an_input_buffer_gets_its_input_before_each_inference() {
    let mut fake = Fake::new("nucleo-l4r5zi", 0);
    fake.buffered = false;
    let m = measured(&mut fake).expect("measured");
    assert_eq!(m.cycles.len(), 4);
    assert_eq!(m.step_cycles.len(), 3);
}

#[test]
fn a_wrong_output_is_a_mismatch_and_nothing_is_timed() {
    let mut fake = Fake::new("nucleo-l4r5zi", 0).with(Fault::WrongOutput(100));
    let error = measured(&mut fake).expect_err("wrong");
    let message = error.to_string();
    let MeasureError::Mismatch(mismatch) = error else { panic!("{message}") };
    assert_eq!((mismatch.input, mismatch.at, mismatch.differing, mismatch.bytes), (1, 69, 1, 70));
    assert_eq!(message, "input 1: 1 of 70 output bytes differ, the first is byte 69: 0xea, not 0xaa");
    assert!(fake.log.lock().expect("log").iter().all(|command| !command.contains("cycles")));
}

#[test]
fn an_output_that_changes_is_the_units_fault_and_no_mismatch() {
    let message = match failed(Fault::Flaky) {
        MeasureError::Protocol { problem, .. } => problem,
        other => panic!("{other}"),
    };
    assert!(message.contains("two different outputs"), "{message}");
}

#[test]
fn a_silent_console_times_out_and_quotes_the_last_it_said() {
    let error = failed(Fault::Silent);
    assert!(matches!(error, MeasureError::Unit(UnitError::TimedOut { .. })), "{error}");
    assert_eq!(error.to_string(), "unit emulated/nucleo-l4r5zi/0: no end of the reply to `reset` within 5 s");
    let message = failed(Fault::DiesAfter(60)).to_string();
    assert!(message.contains("(the last it said is `m-hil-bu"), "{message}");
}

#[test]
fn garbage_is_quoted_readably() {
    let error = failed(Fault::Garbage(3));
    let message = error.to_string();
    assert!(matches!(error, MeasureError::Protocol { .. }), "{message}");
    assert!(message.contains(r"a line that is no text in reply to `name`: it said `\x80\x81\x82m-name"), "{message}");
}

#[test]
fn what_another_session_left_is_drained_or_noticed() {
    let stale = "m-hil-cycles-[5,5,5]\r\nm-ready\r\nm-hil-output-[00]\r\nm-ready\r\n";
    let m = measured(&mut Fake::new("nucleo-l4r5zi", 0).with(Fault::Stale(stale.into()))).expect("measured");
    assert_eq!(m.cycles[0], 2_000_000);
}

#[test]
fn a_reply_too_many_is_not_taken_for_the_next() {
    for command in ["hil info", "infer 1 0", "hil cycles 4 2"] {
        let message = failed(Fault::Chatters(command.into())).to_string();
        assert!(message.contains("there was output that nobody had asked for"), "{command}: {message}");
        assert!(message.contains("it said `m-"), "{command}: {message}");
    }
}

#[test]
fn lost_bytes_never_become_numbers() {
    let good = measured(&mut Fake::new("nucleo-l4r5zi", 0)).expect("measured");
    let mut failures = 0;
    for nth in (2..400).chain([501, 997, 1501]) {
        for fault in [Fault::LosesSent(nth), Fault::LosesReceived(nth)] {
            match measured(&mut Fake::new("nucleo-l4r5zi", 0).with(fault.clone())) {
                Ok(m) => assert_eq!((m.cycles, m.step_cycles, m.outputs), same(&good), "{fault:?}"),
                Err(MeasureError::Mismatch(mismatch)) => panic!("{fault:?}: {mismatch}"),
                Err(_) => failures += 1,
            }
        }
    }
    assert!(failures > 700, "{failures}: nearly every such loss is noticed");
}

fn same(good: &Measured) -> (Vec<u64>, Vec<u64>, Vec<Vec<u8>>) {
    (good.cycles.clone(), good.step_cycles.clone(), good.outputs.clone())
}

#[test]
fn another_build_or_clock_is_named() {
    let message = failed(Fault::OtherBuild).to_string();
    assert_eq!(message, "unit emulated/nucleo-l4r5zi/0: the build that runs is b0, not b1");
    let message = failed(Fault::OtherClock(80_000_000)).to_string();
    assert!(message.ends_with("the core clock in Hz is 80000000, not 120000000"), "{message}");
}

#[test]
fn endless_output_ends() {
    assert!(failed(Fault::EndlessLine).to_string().contains("a line without end in reply to `name`: it said `xxx"));
    assert!(failed(Fault::EndlessLines).to_string().contains("more lines than any reply has"));
}

#[test]
fn cycles_that_are_no_numbers_are_no_latency() {
    for text in ["", "1,2,3", "1,2,3,4,5", "1,2,x,4", "1,2,3,-4", "1,2,,4"] {
        let error = failed(Fault::Cycles(text.into()));
        assert!(matches!(error, MeasureError::Protocol { .. }), "{text}: {error}");
    }
}

#[test]
fn a_core_that_stops_says_where() {
    let message = failed(Fault::Stops("hil steps".into())).to_string();
    assert!(message.contains("the core stopped: unknown instruction at 0x08000100"), "{message}");
}

#[test]
fn a_fault_is_told_at_once_and_whole() {
    let message = failed(Fault::Faults("infer 1 0".into())).to_string();
    assert!(message.ends_with("the core stopped: a fault: exception=00000003 cfsr=00010000 pc=08000100"), "{message}");
}

#[test]
fn a_console_that_damages_bytes_makes_no_mismatch() {
    let message = failed(Fault::DamagedInput).to_string();
    assert!(message.contains("the input did not arrive as it was sent"), "{message}");
    let message = failed(Fault::DamagedOutput).to_string();
    assert!(message.contains("the output did not arrive as it was sent"), "{message}");
}

#[test]
fn cancellation_ends_it_at_the_next_wait() {
    let error = failed(Fault::CancelledAt("hil info".into()));
    assert!(error.is_cancelled(), "{error}");
}

#[test]
fn a_refused_command_is_quoted() {
    let mut fake = Fake::new("nucleo-l4r5zi", 0);
    let cancel = Cancel::new();
    let mut client = hil::measure::Client::new(&mut fake as &mut dyn Unit, &cancel);
    client.boot(Limits::default().boot, std::time::Duration::from_millis(20)).expect("boots");
    let message = client.command("nonsense", Limits::default().command).unwrap_err().to_string();
    assert!(message.ends_with("the firmware refused `nonsense`: Unknown command: nonsense"), "{message}");
}
