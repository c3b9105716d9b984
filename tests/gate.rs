//! What the gate says of rows, baseline by baseline.

mod gate_common;
mod results_common;

use gate_common::*;
use hil::results::baseline::{Baseline, Baselines, Key};
use hil::results::gate::*;
use hil::results::{Cause, Energy, Measurement, Outcome};
use results_common::{memory, ok, row};

fn base() -> Measurement {
    row(0, "small", "nucleo-l4r5zi", ok(60_000, vec![2_800, 2_800, 2_800]))
}

fn no_history(_: &Key, _: &Baseline, _: Metric) -> Vec<Past> {
    Vec::new()
}

fn judge_with(row: Measurement, thresholds: Thresholds) -> Judgement {
    let (run, baselines) = (run_of(vec![row]), Baselines::of(vec![baseline_of(&base())]));
    let gate = Gate::open(&run, &baselines, &no_history, &thresholds, Settings::default());
    assert_eq!(gate.wanted(), [], "an emulated row is never measured again");
    gate.close()
}

fn judge(row: Measurement) -> Judgement {
    judge_with(row, Thresholds::default())
}

fn finding(judgement: &Judgement, metric: Metric) -> &Finding {
    judgement.rows[0].findings().iter().find(|f| f.metric == metric).expect("a finding")
}

#[test]
fn equal_is_same_to_the_cycle_and_the_byte() {
    let judgement = judge(base());
    assert!(judgement.rows[0].findings().iter().all(|f| f.verdict == Verdict::Same && !f.fails));
    assert_eq!(judgement.rows[0].findings().len(), 4, "cycles, SRAM, flash, output");
    assert_eq!(judgement.summary(), "gate passed: 1 same");
}

#[test]
fn one_cycle_more_fails_and_names_its_layer() {
    let mut steps: Vec<u64> = (1..=7).map(|i| i * 100).collect();
    steps[3] += 1;
    let judgement = judge(with_cycles(base(), vec![2_801; 3], steps));
    let finding = finding(&judgement, Metric::Cycles);
    assert_eq!(
        (finding.verdict, finding.fails, finding.baseline, finding.now),
        (Verdict::Worse, true, 2_800.0, Some(2_801.0))
    );
    let part = Part { name: "conv_3 (conv)".into(), baseline: Some(400), now: Some(401) };
    assert_eq!(finding.parts, [part]);
    assert_eq!(judgement.summary(), "gate FAILED, 1 of 1: 0 same, 1 worse");
}

#[test]
fn a_cycle_less_is_better_and_passes() {
    let judgement = judge(with_cycles(base(), vec![2_799; 3], vec![]));
    assert_eq!(finding(&judgement, Metric::Cycles).verdict, Verdict::Better);
    assert!(!judgement.fails());
}

#[test]
fn an_inference_that_is_slower_than_all_before_is_seen_behind_an_equal_median() {
    let judgement = judge(with_cycles(base(), vec![2_800, 2_800, 2_801], vec![]));
    assert!(finding(&judgement, Metric::Cycles).fails);
    let more_repeats = judge(with_cycles(base(), vec![2_800; 9], vec![]));
    assert_eq!(finding(&more_repeats, Metric::Cycles).verdict, Verdict::Same);
}

#[test]
fn the_scenario_says_how_much_worse_is_allowed() {
    let allowed = Thresholds { latency: 0.01, sram: 16, ..Thresholds::default() };
    let at = |cycles| judge_with(with_cycles(base(), vec![cycles; 3], vec![]), allowed);
    let (within, beyond) = (at(2_828), at(2_829));
    assert_eq!(finding(&within, Metric::Cycles).verdict, Verdict::Worse);
    assert!(!within.fails() && beyond.fails());
    let sram = |arena| judge_with(changed(base(), |run| run.memory.sram.arena = arena), allowed);
    assert!(!sram(60_016).fails() && sram(60_017).fails());
    let part = Part { name: "arena".into(), baseline: Some(60_000), now: Some(60_017) };
    assert_eq!(finding(&sram(60_017), Metric::Sram).parts, [part]);
}

#[test]
fn parts_that_move_within_an_equal_sum_are_shown_and_pass() {
    let judgement = judge(changed(base(), |run| {
        run.memory.flash.code += 8;
        run.memory.flash.tables -= 8;
    }));
    let finding = finding(&judgement, Metric::Flash);
    assert_eq!((finding.verdict, finding.parts.len()), (Verdict::Same, 2));
}

#[test]
fn a_baseline_that_counts_by_sections_fails_no_memory() {
    let then = baseline_of(&base());
    let judged = |format: u64| {
        let then = Baseline { format: format.try_into().expect("a format"), ..then.clone() };
        let more = changed(base(), |run| run.memory.flash.runtime += 36);
        let (run, baselines) = (run_of(vec![more]), Baselines::of(vec![then]));
        Gate::open(&run, &baselines, &no_history, &Thresholds::default(), Settings::default()).close()
    };
    let (earlier, now) = (judged(1), judged(2));
    assert_eq!((finding(&earlier, Metric::Flash).verdict, earlier.fails()), (Verdict::Unclear, false));
    assert!(finding(&earlier, Metric::Flash).parts.is_empty());
    assert_eq!((finding(&now, Metric::Flash).verdict, now.fails()), (Verdict::Worse, true));
    assert_eq!(finding(&now, Metric::Flash).parts.len(), 1);
}

#[test]
fn other_outputs_of_the_same_network_fail() {
    let other = |inputs: u32| {
        changed(base(), |run| {
            let check = run.check.as_mut().expect("checked");
            check.output_sha256 = "other".into();
            check.inputs = inputs.try_into().expect("not 0");
        })
    };
    assert!(finding(&judge(other(3)), Metric::Output).fails);
    assert!(!judge(other(4)).fails(), "other inputs, other outputs");
}

#[test]
fn a_vanished_number_is_unclear_and_never_better() {
    let (run, baselines) = (run_of(vec![base()]), {
        let with_energy = changed(base(), |run| run.energy = Energy::Microjoules(100.0));
        Baselines::of(vec![baseline_of(&with_energy)])
    });
    let gate = Gate::open(&run, &baselines, &no_history, &Thresholds::default(), Settings::default());
    let judgement = gate.close();
    let finding = finding(&judgement, Metric::Energy);
    assert_eq!((finding.verdict, finding.now, finding.fails), (Verdict::Unclear, None, false));
    assert!(finding.why.contains("there is no energy model yet"));
}

#[test]
fn another_compiler_has_no_baseline_and_the_nearest_is_named() {
    let mut row = base();
    row.repeat.compiler = "arm-none-eabi-gcc 14".into();
    let judgement = judge(row);
    let State::NoBaseline { nearest: Some(nearest) } = &judgement.rows[0].state else { panic!("{judgement:?}") };
    assert_eq!(nearest.differences.len(), 1);
    assert_eq!(judgement.summary(), "gate passed: 0 same, 1 without a baseline");
}

#[test]
fn what_ran_and_does_not_any_more_is_worse_but_infrastructure_is_not() {
    let outcome = |outcome| {
        let mut row = row(0, "small", "nucleo-l4r5zi", outcome);
        row.repeat.flags_sha256 = String::new();
        let (mut run, baselines) = (run_of(vec![row]), Baselines::of(vec![baseline_of(&base())]));
        let facts = serde_json::json!({ "clock": { "hz": 216_000_000 } });
        run.info.boards.insert("nucleo-l4r5zi".into(), facts);
        Gate::open(&run, &baselines, &no_history, &Thresholds::default(), Settings::default()).close()
    };
    let failed = |cause| outcome(Outcome::Failed { cause, reason: "no tool".into(), memory: None });
    let big = outcome(Outcome::DoesNotFit { reason: "the arena is too big".into(), memory: memory(400_000) });
    assert!(big.fails());
    assert_eq!(big.rows[0].state, State::Broken { reason: "does not fit: the arena is too big".into() });
    assert!(failed(Cause::Candidate).fails());
    assert!(outcome(Outcome::Mismatch { reason: "input 0".into(), memory: memory(1) }).fails());
    let broken_rack = failed(Cause::Infrastructure);
    assert!(!broken_rack.fails());
    assert_eq!(broken_rack.summary(), "gate passed: 0 same, 1 not measured");
    assert_eq!(broken_rack.rows[0].verdict(), None);
}

#[test]
fn a_baseline_that_the_run_has_no_row_for_is_named() {
    let gone = row(0, "gone", "nucleo-l4r5zi", ok(60_000, vec![28]));
    let mut elsewhere = baseline_of(&row(0, "elsewhere", "nucleo-l4r5zi", ok(60_000, vec![28])));
    elsewhere.accepted.scenario = "another".into();
    let run = run_of(vec![base()]);
    let baselines = Baselines::of(vec![baseline_of(&base()), baseline_of(&gone), elsewhere]);
    let judgement = Gate::open(&run, &baselines, &no_history, &Thresholds::default(), Settings::default()).close();
    assert_eq!(judgement.missing, ["gone on nucleo-l4r5zi"]);
}

/// Nights on unit `u` around the baseline's 2,800,000 cycles.
fn quiet(_: &Key, _: &Baseline, _: Metric) -> Vec<Past> {
    (0..12).map(|i| Past { unit: "u".into(), value: 2_800_000.0 + f64::from(i % 5) * 200.0 }).collect()
}

fn on_board(cycles: u64, image: &str) -> Measurement {
    silicon(with_cycles(base(), vec![cycles], vec![]), "u", image)
}

fn silicon_gate<'a>(run: &'a hil::results::StoredRun, baselines: &'a Baselines) -> Gate<'a> {
    Gate::open(run, baselines, &quiet, &Thresholds::default(), Settings::default())
}

#[test]
fn a_board_is_measured_again_before_anything_is_said() {
    let baselines = Baselines::of(vec![baseline_of(&on_board(2_800_000, "old"))]);
    let run = run_of(vec![on_board(2_840_000, "new")]);
    let mut gate = silicon_gate(&run, &baselines);
    let requests = gate.wanted();
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!((request.row, request.unit.as_str()), (0, "u"));
    assert_eq!(request.baseline_image_sha256, Some(hil::results::sha256_hex(b"old")));
    assert_eq!(request.image_sha256, Some(hil::results::sha256_hex(b"new")));
    assert!(request.orders.contains(&First::Baseline) && request.orders.contains(&First::New));
    let sample = |cycles| Sample { cycles: Some(cycles), energy_uj: None, steps: vec![] };
    let pair = |i: usize| Pair { baseline: sample(2_800_000.0), new: sample(2_840_000.0 + i as f64) };
    gate.take(0, &(0..request.orders.len()).map(pair).collect::<Vec<_>>());
    assert_eq!(gate.wanted(), []);
    let judgement = gate.close();
    let finding = finding(&judgement, Metric::Cycles);
    assert_eq!((finding.verdict, finding.fails), (Verdict::Worse, true));
    let (low, high) = finding.interval.expect("an interval");
    assert!(low > 0.014 && high < 0.0143 && finding.change.is_some_and(|c| c > low && c < high), "{finding:?}");
}

#[test]
fn a_board_may_be_slower_by_what_the_scenario_allows() {
    let baselines = Baselines::of(vec![baseline_of(&on_board(2_800_000, "old"))]);
    let run = run_of(vec![on_board(2_840_000, "new")]);
    let judged = |allowed: f64| {
        let thresholds = Thresholds { latency: allowed, ..Thresholds::default() };
        let mut gate = Gate::open(&run, &baselines, &quiet, &thresholds, Settings::default());
        while let Some(request) = gate.wanted().first() {
            let sample = |cycles| Sample { cycles: Some(cycles), energy_uj: None, steps: vec![] };
            let pair = |i: usize| Pair { baseline: sample(2_800_000.0), new: sample(2_840_000.0 + i as f64) };
            gate.take(request.row, &(0..request.orders.len()).map(pair).collect::<Vec<_>>());
        }
        let judgement = gate.close();
        let finding = finding(&judgement, Metric::Cycles).clone();
        (finding.verdict, finding.fails, finding.why)
    };
    assert!(judged(0.01).1, "1.4 % where 1 % is allowed");
    let (verdict, fails, why) = judged(0.02);
    assert_eq!((verdict, fails), (Verdict::Worse, false), "1.4 % where 2 % is allowed");
    assert!(why.ends_with("not shown to be above the 2.000 % that are allowed"), "{why}");
}

#[test]
fn a_suspect_that_nobody_can_measure_again_stays_unclear_and_does_not_fail() {
    let baselines = Baselines::of(vec![baseline_of(&on_board(2_800_000, "old"))]);
    let run = run_of(vec![on_board(5_600_000, "new")]);
    let mut gate = silicon_gate(&run, &baselines);
    gate.give_up(0, "the baseline's image is gone");
    assert_eq!(gate.wanted(), []);
    let judgement = gate.close();
    let finding = finding(&judgement, Metric::Cycles);
    assert_eq!((finding.verdict, finding.fails), (Verdict::Unclear, false));
    assert!(finding.why.ends_with("not measured again: the baseline's image is gone"), "{}", finding.why);
}

#[test]
fn the_same_image_cannot_have_become_slower() {
    let baselines = Baselines::of(vec![baseline_of(&on_board(2_800_000, "old"))]);
    let run = run_of(vec![on_board(2_840_000, "old")]);
    let gate = silicon_gate(&run, &baselines);
    assert_eq!(gate.wanted(), []);
    let judgement = gate.close();
    let finding = finding(&judgement, Metric::Cycles);
    assert!(finding.verdict == Verdict::Unclear && finding.why.contains("the rack and not the code"), "{finding:?}");
}

#[test]
fn a_quiet_night_is_let_through_with_its_interval() {
    let baselines = Baselines::of(vec![baseline_of(&on_board(2_800_000, "old"))]);
    let run = run_of(vec![on_board(2_800_500, "new")]);
    let gate = silicon_gate(&run, &baselines);
    assert_eq!(gate.wanted(), []);
    let judgement = gate.close();
    let finding = finding(&judgement, Metric::Cycles);
    assert_eq!(finding.verdict, Verdict::Same);
    assert!(finding.interval.is_some_and(|(low, high)| low < 0.0 && high > 0.0 && high < 0.01));
}
