//! Numbers that are the same every night: equal, or different by so much.

use super::judge::Thresholds;
use super::layers;
use super::verdict::{Finding, Metric, Part, Verdict};
use crate::results::baseline::Baseline;
use crate::results::{Energy, Measurement, Run};

/// Cycles or instructions, and energy, of a row whose provenance repeats itself exactly.
pub fn speed(row: &Measurement, run: &Run, baseline: &Baseline, thresholds: &Thresholds) -> Vec<Finding> {
    let mut findings = Vec::new();
    let allowed = thresholds.latency;
    match (baseline.median_cycles(), row.latency()) {
        (Some(then), Some(latency)) => {
            let mut finding = number(Metric::Cycles, then, latency.median_cycles(), allowed);
            let ends = |cycles: &[u64]| (cycles.iter().min().copied(), cycles.iter().max().copied());
            let (before, now) = (ends(&baseline.cycles), ends(latency.cycles()));
            if finding.verdict == Verdict::Same && before != now {
                finding.verdict = if now.1 > before.1 { Verdict::Worse } else { Verdict::Better };
                finding.fails = finding.verdict == Verdict::Worse && allowed == 0.0;
                finding.why = "the median is equal, the fastest or the slowest inference is not".into();
            }
            finding.parts = steps(row, baseline);
            findings.push(finding);
        }
        (Some(then), None) => findings.push(missing(Metric::Cycles, then, "no cycles were counted")),
        (None, _) => {
            if let (Some(then), Some(now)) = (baseline.instructions, run.instructions) {
                findings.push(number(Metric::Instructions, then as f64, now as f64, allowed));
            }
        }
    }
    match (baseline.energy_uj, &run.energy) {
        (Some(then), Energy::Microjoules(now)) => {
            findings.push(number(Metric::Energy, then, *now, thresholds.energy));
        }
        (Some(then), Energy::Missing(reason)) => findings.push(missing(Metric::Energy, then, reason)),
        (None, _) => {}
    }
    findings
}

/// Memory and outputs: what any row repeats exactly.
pub fn memory_and_outputs(run: &Run, baseline: &Baseline, thresholds: &Thresholds) -> Vec<Finding> {
    let memory = &run.memory;
    let mut findings = vec![
        bytes(
            Metric::Sram,
            (baseline.sram.peak(), memory.sram.peak()),
            thresholds.sram,
            &baseline.sram.parts(),
            &memory.sram.parts(),
        ),
        bytes(
            Metric::Flash,
            (baseline.flash.total(), memory.flash.total()),
            thresholds.flash,
            &baseline.flash.parts(),
            &memory.flash.parts(),
        ),
    ];
    if !baseline.format.splits_memory() {
        findings.iter_mut().for_each(by_sections);
    }
    if let (Some(then), Some(check)) = (&baseline.output_sha256, &run.check)
        && baseline.checked_inputs == Some(check.inputs.get())
    {
        let equal = *then == check.output_sha256;
        findings.push(Finding {
            metric: Metric::Output,
            verdict: if equal { Verdict::Same } else { Verdict::Worse },
            fails: !equal,
            baseline: f64::from(check.inputs.get()),
            now: Some(f64::from(check.inputs.get())),
            change: None,
            interval: None,
            why: match equal {
                true => "equal outputs".into(),
                false => "other outputs for the same network, and equal to the reference: the reference changed".into(),
            },
            parts: Vec::new(),
        });
    }
    findings
}

fn number(metric: Metric, then: f64, now: f64, allowed: f64) -> Finding {
    let change = now / then - 1.0;
    let verdict = match now.total_cmp(&then) {
        std::cmp::Ordering::Equal => Verdict::Same,
        std::cmp::Ordering::Less => Verdict::Better,
        std::cmp::Ordering::Greater => Verdict::Worse,
    };
    Finding {
        metric,
        verdict,
        // A product, not a quotient: 1 % of 2,800 is 28 exactly.
        fails: now - then > allowed * then,
        baseline: then,
        now: Some(now),
        change: Some(change),
        interval: None,
        why: if verdict == Verdict::Same { "equal".into() } else { "not equal".into() },
        parts: Vec::new(),
    }
}

/// Of a baseline that counts by sections, nothing is known but roughly the sum.
fn by_sections(finding: &mut Finding) {
    finding.parts.clear();
    if finding.verdict != Verdict::Same {
        finding.verdict = Verdict::Unclear;
        finding.fails = false;
        finding.why =
            "the baseline counts by sections, without what aligns them: accept this run to compare parts".into();
    }
}

/// A number that the baseline has and the row does not: nothing is known of it.
pub fn missing(metric: Metric, then: f64, reason: &str) -> Finding {
    Finding {
        metric,
        verdict: Verdict::Unclear,
        fails: false,
        baseline: then,
        now: None,
        change: None,
        interval: None,
        why: format!("not measured: {reason}"),
        parts: Vec::new(),
    }
}

fn bytes(
    metric: Metric,
    (then, now): (u64, u64),
    allowed: u64,
    before: &[(&str, u64)],
    after: &[(&str, u64)],
) -> Finding {
    let mut finding = number(metric, then as f64, now as f64, 0.0);
    finding.change = (then > 0).then(|| now as f64 / then as f64 - 1.0);
    finding.fails = now.saturating_sub(then) > allowed;
    let changed = before.iter().zip(after).filter(|(a, b)| a.1 != b.1);
    finding.parts = changed.map(|(a, b)| Part { name: a.0.into(), baseline: Some(a.1), now: Some(b.1) }).collect();
    if finding.verdict == Verdict::Same && !finding.parts.is_empty() {
        finding.why = "equal in sum; parts moved".into();
    }
    finding
}

/// Steps whose cycles changed; of rows that time their steps.
pub fn steps(row: &Measurement, baseline: &Baseline) -> Vec<Part> {
    let cycles = row.latency().map_or(&[][..], |latency| latency.step_cycles());
    let before: Vec<u64> = baseline.steps.iter().map(|step| step.cycles).collect();
    let parts = layers::pair(row, baseline, &before, cycles).into_iter().map(|(_, part)| part);
    parts.filter(|part| part.baseline != part.now).collect()
}
