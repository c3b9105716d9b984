//! A run against its baselines.

use super::exact;
use super::holm::rejected;
use super::layers;
use super::screen::{Past, Screen, screen};
use super::sequence::Evidence;
use super::suspect::{Open, Pair, Request, Suspect};
use super::verdict::{Finding, Judged, Judgement, Metric, Nearest, State, Verdict};
use crate::results::baseline::{Baseline, Baselines, Found, Key};
use crate::results::{Cause, Energy, Measurement, Provenance, Run, StoredRun};

/// How much worse a number may be without failing; 0 means equal or explained.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Thresholds {
    /// Relative, of cycles.
    pub latency: f64,
    /// Relative.
    pub energy: f64,
    /// Bytes.
    pub sram: u64,
    pub flash: u64,
}

/// How sure the gate is of what it says of silicon rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Chance of any false statement in one night, half for worse and half for better.
    pub alpha: f64,
    /// Relative change that must be found.
    pub found: f64,
    /// Chance of letting that change through at the first look.
    pub miss: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { alpha: 0.001, found: 0.01, miss: 0.002 }
    }
}

impl Settings {
    /// The change that must be found where `allowed` is allowed: above it by as much as noise needs.
    fn found_beyond(&self, allowed: f64) -> f64 {
        self.found.max(allowed + self.found / 2.0)
    }
}

/// Earlier nights of silicon rows, oldest first: those since the baseline was accepted that nothing was wrong with, the
/// baseline's own among them.
pub trait History {
    fn past(&self, key: &Key, baseline: &Baseline, metric: Metric) -> Vec<Past>;
}

impl<F: Fn(&Key, &Baseline, Metric) -> Vec<Past>> History for F {
    fn past(&self, key: &Key, baseline: &Baseline, metric: Metric) -> Vec<Past> {
        self(key, baseline, metric)
    }
}

/// A night that is being judged: [`Gate::wanted`] until it is empty, then [`Gate::close`].
pub struct Gate<'a> {
    run: &'a StoredRun,
    settings: Settings,
    rows: Vec<(Judged, Option<&'a Baseline>)>,
    suspects: Vec<Suspect>,
    /// Numbers of silicon rows that were looked at.
    comparisons: usize,
    missing: Vec<String>,
}

/// Numbers of a row that must be measured again: metric, why, allowed and found.
type Numbers = Vec<(Metric, String, f64, f64)>;

impl<'a> Gate<'a> {
    /// Compares every row as far as it can be without measuring again.
    pub fn open(
        run: &'a StoredRun,
        baselines: &'a Baselines,
        history: &dyn History,
        thresholds: &Thresholds,
        settings: Settings,
    ) -> Self {
        let mut gate =
            Self { run, settings, rows: Vec::new(), suspects: Vec::new(), comparisons: 0, missing: Vec::new() };
        let mut suspects: Vec<(u32, String, Numbers)> = Vec::new();
        for row in &run.rows {
            let key = Key::of(row, run.info.facts(row).as_ref());
            let (state, baseline, numbers) = gate.look(row, &key, baselines, history, thresholds);
            if !numbers.is_empty() {
                suspects.push((row.index, key.digest(), numbers));
            }
            gate.rows.push((judged(row, &key, state), baseline));
        }
        // Each number's share of the night's chance of a false statement is known once all were counted.
        let alpha = settings.alpha / 2.0 / gate.comparisons.max(1) as f64;
        gate.suspects = suspects
            .into_iter()
            .map(|(row, key, numbers)| Suspect::new(row, numbers, alpha, &format!("{} {row} {key}", run.id)))
            .collect();
        gate.missing = missing(run, baselines);
        gate
    }

    fn look(
        &mut self,
        row: &Measurement,
        key: &Key,
        baselines: &'a Baselines,
        history: &dyn History,
        thresholds: &Thresholds,
    ) -> (State, Option<&'a Baseline>, Numbers) {
        let Some(run) = row.run() else {
            return (unmeasured(row, key, baselines), None, Vec::new());
        };
        let baseline = match baselines.find(key) {
            Found::Baseline(baseline) => baseline,
            Found::Nothing { nearest } => {
                let nearest = nearest.map(|(baseline, differences)| Nearest {
                    run: baseline.accepted.run.clone(),
                    why: baseline.accepted.why.clone(),
                    differences,
                });
                return (State::NoBaseline { nearest }, None, Vec::new());
            }
        };
        let (mut findings, numbers) = if row.provenance == Provenance::Silicon {
            self.noisy(row, run, key, baseline, history, thresholds)
        } else {
            (exact::speed(row, run, baseline, thresholds), Vec::new())
        };
        findings.extend(exact::memory_and_outputs(run, baseline, thresholds));
        let state = State::Compared {
            baseline_run: baseline.accepted.run.clone(),
            baseline_why: baseline.accepted.why.clone(),
            findings,
        };
        (state, Some(baseline), numbers)
    }

    /// Latency and energy of a silicon row: what the screen lets through, and what must be measured again.
    fn noisy(
        &mut self,
        row: &Measurement,
        run: &Run,
        key: &Key,
        baseline: &Baseline,
        history: &dyn History,
        thresholds: &Thresholds,
    ) -> (Vec<Finding>, Numbers) {
        let (mut findings, mut numbers) = (Vec::new(), Vec::new());
        let energy = match &run.energy {
            Energy::Microjoules(uj) => Ok(*uj),
            Energy::Missing(reason) => Err(reason.as_str()),
        };
        let cycles = row.latency().map(|latency| latency.median_cycles()).ok_or("no cycles were counted");
        for (metric, then, now, allowed) in [
            (Metric::Cycles, baseline.median_cycles(), cycles, thresholds.latency),
            (Metric::Energy, baseline.energy_uj, energy, thresholds.energy),
        ] {
            let Some(then) = then else { continue };
            let now = match now {
                Ok(now) => now,
                Err(reason) => {
                    findings.push(exact::missing(metric, then, reason));
                    continue;
                }
            };
            self.comparisons += 1;
            let found = self.settings.found_beyond(allowed);
            let past = history.past(key, baseline, metric);
            let mut finding = Finding {
                metric,
                verdict: Verdict::Same,
                fails: false,
                baseline: then,
                now: Some(now),
                change: Some(now / then - 1.0),
                interval: None,
                why: String::new(),
                parts: Vec::new(),
            };
            match screen(now, &row.unit, &past, found, self.settings.miss) {
                Screen::Clear { change, low, high } => {
                    finding.change = Some(change);
                    finding.interval = Some((low, high));
                    finding.why = format!("within what {} nights differ by", past.len());
                }
                Screen::Suspect(why) if row.image_sha256.is_some() && row.image_sha256 == baseline.image_sha256 => {
                    finding.verdict = Verdict::Unclear;
                    finding.why =
                        format!("the image is the baseline's, so the rack and not the code is behind it: {why}");
                }
                Screen::Suspect(why) => {
                    finding.verdict = Verdict::Unclear;
                    finding.why.clone_from(&why);
                    numbers.push((metric, why, allowed, found));
                }
            }
            findings.push(finding);
        }
        (findings, numbers)
    }

    /// What must be measured again before the gate can close; empty when nothing is left.
    pub fn wanted(&self) -> Vec<Request> {
        let open = self.suspects.iter().filter(|suspect| !suspect.orders().is_empty());
        let request = |suspect: &Suspect| {
            let row = self.run.rows.iter().find(|row| row.index == suspect.row)?;
            let baseline = self.rows.iter().find(|(judged, _)| judged.index == suspect.row)?.1?;
            let why: Vec<String> = suspect.open.iter().map(|n| format!("{}: {}", n.metric.name(), n.why)).collect();
            Some(Request {
                row: suspect.row,
                unit: row.unit.clone(),
                image_sha256: row.image_sha256.clone(),
                baseline_image_sha256: baseline.image_sha256.clone(),
                baseline_run: baseline.accepted.run.clone(),
                baseline_git: baseline.accepted.git.clone(),
                baseline_steps: baseline.steps.len(),
                taken: suspect.taken(),
                orders: suspect.orders().to_vec(),
                at_most_more: suspect.at_most_more(),
                why: why.join("; "),
            })
        };
        open.filter_map(request).collect()
    }

    /// Takes the pairs that were asked for of `row`, in the order asked for. Fewer pairs end its sequence.
    pub fn take(&mut self, row: u32, pairs: &[Pair]) {
        if let Some(suspect) = self.suspects.iter_mut().find(|suspect| suspect.row == row) {
            suspect.take(pairs);
        }
    }

    /// Says that `row` cannot be measured again, e.g. since the baseline's image is gone: its verdict stays unclear.
    pub fn give_up(&mut self, row: u32, reason: &str) {
        if let Some(suspect) = self.suspects.iter_mut().find(|suspect| suspect.row == row) {
            suspect.given_up = Some(reason.into());
        }
    }

    /// As [`Gate::give_up`], where a unit or an instrument failed: the night has no answer for `row`.
    pub fn failed_again(&mut self, row: u32, reason: &str) {
        self.give_up(row, reason);
        if let Some((judged, _)) = self.rows.iter_mut().find(|(judged, _)| judged.index == row) {
            judged.failed_again = Some(reason.into());
        }
    }

    /// The judgement. Suspects that were not measured again stay unclear.
    pub fn close(mut self) -> Judgement {
        let of = |get: fn(&Evidence) -> f64| -> Vec<f64> {
            let numbers = self.suspects.iter().flat_map(|suspect| &suspect.open);
            numbers.map(|number| number.evidence.as_ref().map_or(1.0, get)).collect()
        };
        let half = self.settings.alpha / 2.0;
        let worse = rejected(&of(|e| e.p_worse), self.comparisons, half);
        let beyond = rejected(&of(|e| e.p_beyond), self.comparisons, half);
        let better = rejected(&of(|e| e.p_better), self.comparisons, half);
        let mut at = 0;
        for suspect in &self.suspects {
            for number in &suspect.open {
                let row = self.rows.iter_mut().find(|(judged, _)| judged.index == suspect.row);
                if let Some((Judged { state: State::Compared { findings, .. }, .. }, baseline)) = row
                    && let Some(finding) = findings.iter_mut().find(|f| f.metric == number.metric)
                {
                    conclude(finding, number, suspect.given_up.as_deref(), worse[at], beyond[at], better[at]);
                    let measured = self.run.rows.iter().find(|row| row.index == suspect.row);
                    if let (Some(row), Some(baseline), Metric::Cycles, Verdict::Better | Verdict::Worse) =
                        (measured, baseline, number.metric, finding.verdict)
                    {
                        finding.parts = layers::moved(row, baseline, &suspect.pairs);
                    }
                }
                at += 1;
            }
        }
        Judgement {
            rows: self.rows.into_iter().map(|(judged, _)| judged).collect(),
            missing: self.missing,
            alpha: self.settings.alpha,
        }
    }
}

fn judged(row: &Measurement, key: &Key, state: State) -> Judged {
    Judged {
        index: row.index,
        network: row.network.clone(),
        engine: row.engine.clone(),
        board: row.board.clone(),
        unit: row.unit.clone(),
        provenance: row.provenance,
        key: key.digest(),
        state,
        failed_again: None,
    }
}

/// A row that is not ok: what infrastructure failed says nothing; anything else is worse than a baseline that ran.
fn unmeasured(row: &Measurement, key: &Key, baselines: &Baselines) -> State {
    let reason = row.outcome.reason().unwrap_or_default().to_string();
    if row.outcome.cause() == Some(Cause::Infrastructure) {
        return State::NotMeasured { reason };
    }
    match baselines.find_unbuilt(key) {
        Some(_) => State::Broken { reason: format!("{}: {reason}", row.status().name().replace('_', " ")) },
        None => State::NoBaseline { nearest: None },
    }
}

/// Baselines that were accepted from the same scenario and that no row is like.
fn missing(run: &StoredRun, baselines: &Baselines) -> Vec<String> {
    let measured = |key: &Key| {
        run.rows.iter().any(|row| (&row.network, &row.engine, &row.board) == (&key.network, &key.engine, &key.board))
    };
    let absent = baselines.iter().filter(|b| b.accepted.scenario == run.info.scenario && !measured(&b.key));
    let mut names: Vec<String> = absent.map(|b| format!("{} on {}", b.key.network, b.key.board)).collect();
    names.sort();
    names.dedup();
    names
}

/// Turns the evidence of the pairs into a verdict.
fn conclude(finding: &mut Finding, number: &Open, given_up: Option<&str>, worse: bool, beyond: bool, better: bool) {
    let Some(evidence) = &number.evidence else {
        let reason = given_up.unwrap_or("nobody measured it again");
        finding.why = format!("{}; not measured again: {reason}", number.why);
        return;
    };
    let effect = evidence.effect;
    finding.verdict = match (worse || beyond, better, evidence.within) {
        (true, ..) => Verdict::Worse,
        (_, true, _) => Verdict::Better,
        (_, _, true) => Verdict::Same,
        _ => Verdict::Unclear,
    };
    finding.fails = beyond;
    finding.change = Some(effect.centre);
    finding.interval = (effect.low.is_finite() && effect.high.is_finite()).then_some((effect.low, effect.high));
    finding.why = format!("{} pairs with the baseline's image on one unit", evidence.pairs);
    if finding.verdict == Verdict::Worse && !beyond {
        finding.why += &format!("; not shown to be above the {:.3} % that are allowed", number.allowed * 100.0);
    }
}
