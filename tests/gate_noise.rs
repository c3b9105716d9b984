//! The gate's two promises on simulated boards: at most one false alarm in 1,000 nightly comparisons, and a slowdown of
//! 1 % found in at least 99 % of nights.
//!
//! The noise is that of published runs, and more: five trials of one run of MLPerf Tiny on Cortex-M boards agree within
//! 0.0 to 0.24 % in latency and 0.01 to 0.4 % in energy (mlcommons/tiny_results v0.5 to v1.3). Those ranges are taken as
//! standard deviations. Nights differ by as much again, units by half a per cent in latency and by three in energy; a
//! session drifts while it lasts; and tails are heavy: Student's distribution with three degrees of freedom, and one
//! measurement in a hundred is off by up to 5 %.

mod gate_common;
mod results_common;

use gate_common::*;
use hil::results::baseline::{Baseline, Baselines, Key};
use hil::results::gate::*;
use hil::results::{Energy, Measurement};
use results_common::{ok, row};

const UNITS: [&str; 2] = ["board/a", "board/b"];
const CYCLES: f64 = 9_000_000.0;
const MICROJOULES: f64 = 24_000.0;

/// Noise of one row: relative standard deviations.
#[derive(Clone, Copy)]
struct Noise {
    trial: f64,
    night: f64,
    unit: f64,
    /// Over the pairs of a session.
    drift: f64,
}

struct World {
    random: Random,
}

impl World {
    fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.random.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let (u, v) = (self.uniform(f64::MIN_POSITIVE, 1.0), self.uniform(0.0, 1.0));
        (-2.0 * u.ln()).sqrt() * (2.0 * std::f64::consts::PI * v).cos()
    }

    /// Student's distribution with three degrees of freedom, at a standard deviation of 1, with outliers.
    fn heavy(&mut self) -> f64 {
        let chi: f64 = (0..3).map(|_| self.normal().powi(2)).sum();
        self.normal() / chi.max(1e-9).sqrt()
    }

    fn outlier(&mut self) -> f64 {
        if self.random.below(100) == 0 { self.uniform(-0.05, 0.05) } else { 0.0 }
    }

    fn noises(&mut self) -> [Noise; 2] {
        let (latency, energy) = (self.uniform(0.0, 0.0024), self.uniform(0.0001, 0.004));
        [
            Noise { trial: latency, night: latency, unit: 0.005, drift: 0.003 },
            Noise { trial: energy, night: energy, unit: 0.03, drift: 0.005 },
        ]
    }

    /// A night's number: the median of five trials keeps most of a trial's noise out, but not the night's.
    fn night(&mut self, noise: Noise, offset: f64) -> f64 {
        let outlier = self.outlier();
        (1.0 + offset) * (1.0 + noise.night * self.heavy() + noise.trial * self.normal() / 2.0 + outlier)
    }

    /// Pairs as they were asked for, on a unit that drifts and walks while they are measured.
    fn pairs(&mut self, orders: &[First], noises: [Noise; 2], offsets: [f64; 2], slower: f64) -> Vec<Pair> {
        let count = orders.len() as f64;
        let ramps = noises.map(|noise| noise.drift * self.uniform(-1.0, 1.0));
        let mut walks = [0.0; 2];
        let mut at = 0.0;
        let mut measure = |world: &mut Self, factor: f64| {
            at += 0.5 / count;
            let mut values = [0.0; 2];
            for (which, noise) in noises.iter().enumerate() {
                walks[which] += noise.drift * world.normal() / (2.0 * count).sqrt();
                let drift = ramps[which] * at + walks[which] + offsets[which];
                values[which] = factor * (1.0 + drift) * (1.0 + noise.trial * world.heavy() + world.outlier());
            }
            Sample {
                cycles: Some((CYCLES * values[0]).round()),
                energy_uj: Some(MICROJOULES * values[1]),
                steps: vec![],
            }
        };
        let one = |world: &mut Self, order: &First, measure: &mut dyn FnMut(&mut Self, f64) -> Sample| match order {
            First::Baseline => {
                let baseline = measure(world, 1.0);
                Pair { baseline, new: measure(world, 1.0 + slower) }
            }
            First::New => {
                let new = measure(world, 1.0 + slower);
                Pair { new, baseline: measure(world, 1.0) }
            }
        };
        orders.iter().map(|order| one(self, order, &mut measure)).collect()
    }
}

fn measured(cycles: f64, energy: f64, unit: &str, image: &str) -> Measurement {
    let row = silicon(row(0, "net", "board", ok(60_000, vec![28])), unit, image);
    let cycles = cycles.round() as u64;
    changed(with_cycles(row, vec![cycles], vec![]), |run| run.energy = Energy::Microjoules(energy))
}

struct Count {
    nights: u64,
    worse: u64,
    better: u64,
    remeasured: u64,
    pairs: u64,
}

/// Nights on which the code became slower by `slower`, judged after 12 to 40 nights on two units.
fn simulate(seed: u64, nights: u64, slower: f64) -> Count {
    let mut world = World { random: Random::new(seed) };
    let mut count = Count { nights, worse: 0, better: 0, remeasured: 0, pairs: 0 };
    for night in 0..nights {
        let noises = world.noises();
        let offsets = UNITS.map(|_| noises.map(|noise| noise.unit * world.normal()));
        let length = 12 + world.random.below(29);
        let mut past: Vec<[Past; 2]> = Vec::new();
        for at in 0..length {
            let unit = (at % 2) as usize;
            let [cycles, energy] = [0, 1].map(|i| world.night(noises[i], offsets[unit][i]));
            past.push([CYCLES * cycles, MICROJOULES * energy].map(|value| Past { unit: UNITS[unit].into(), value }));
        }
        let baseline = measured(past[0][0].value, past[0][1].value, UNITS[0], "old");
        let baselines = Baselines::of(vec![baseline_of(&baseline)]);
        let unit = world.random.below(2) as usize;
        let [cycles, energy] = [0, 1].map(|i| (1.0 + slower) * world.night(noises[i], offsets[unit][i]));
        let mut run = run_of(vec![measured(CYCLES * cycles, MICROJOULES * energy, UNITS[unit], "new")]);
        run.id = format!("night-{seed}-{night}");
        let history = |_: &Key, _: &Baseline, metric: Metric| -> Vec<Past> {
            past.iter().map(|both| both[usize::from(metric == Metric::Energy)].clone()).collect()
        };
        let mut gate = Gate::open(&run, &baselines, &history, &Thresholds::default(), Settings::default());
        let mut again = false;
        while let Some(request) = gate.wanted().first() {
            again = true;
            count.pairs += request.orders.len() as u64;
            assert!(count.pairs < 200 * nights, "the sequence is bounded");
            gate.take(request.row, &world.pairs(&request.orders, noises, offsets[unit], slower));
        }
        let judgement = gate.close();
        count.remeasured += u64::from(again);
        count.worse += u64::from(judgement.fails());
        count.better += u64::from(judgement.rows[0].findings().iter().any(|f| f.verdict == Verdict::Better));
    }
    count
}

/// The largest rate with which `events` or fewer in `trials` have a chance of 5 %: Clopper and Pearson's upper bound.
fn upper_bound(events: u64, trials: u64) -> f64 {
    let at_most = |rate: f64| {
        let mut term = (trials as f64 * (-rate).ln_1p()).exp();
        let mut sum = term;
        for k in 0..events {
            term *= (trials - k) as f64 / (k + 1) as f64 * rate / (1.0 - rate);
            sum += term;
        }
        sum
    };
    let (mut low, mut high) = (0.0, 0.5);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if at_most(middle) > 0.05 { low = middle } else { high = middle }
    }
    high
}

#[test]
fn at_most_one_false_alarm_in_a_thousand_nights() {
    let count = simulate(1, 12_000, 0.0);
    let bound = upper_bound(count.worse, count.nights);
    println!(
        "{} nights without a change: {} false alarms (at most {:.3} in 1,000 with 95 % confidence), {} false \
         improvements, {:.1} % measured again, {:.1} pairs per night",
        count.nights,
        count.worse,
        bound * 1000.0,
        count.better,
        count.remeasured as f64 * 100.0 / count.nights as f64,
        count.pairs as f64 / count.nights as f64,
    );
    assert!(bound <= 0.001, "{} in {}", count.worse, count.nights);
    assert!(upper_bound(count.better, count.nights) <= 0.001, "{} in {}", count.better, count.nights);
}

#[test]
fn a_slowdown_of_one_per_cent_is_found_in_99_of_100_nights() {
    let count = simulate(2, 6_000, 0.01);
    let missed = count.nights - count.worse;
    let bound = upper_bound(missed, count.nights);
    println!(
        "{} nights with a slowdown of 1 %: {missed} missed (at most {:.2} % with 95 % confidence), {:.1} pairs per night",
        count.nights,
        bound * 100.0,
        count.pairs as f64 / count.nights as f64,
    );
    assert!(bound <= 0.01, "{missed} missed of {}", count.nights);
    assert_eq!(count.better, 0);
}

#[test]
fn the_bound_is_clopper_and_pearsons() {
    // The rule of three's exact form: 1 - 0.05^(1/n).
    assert!((upper_bound(0, 1000) - (1.0 - 0.05f64.powf(0.001))).abs() < 1e-9);
    assert!((upper_bound(3, 100) - 0.07571).abs() < 1e-4);
}
