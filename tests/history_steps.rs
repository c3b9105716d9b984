//! Steps are found where they are, and nowhere else.

use hil::results::gate::Random;
use hil::results::step::{Trend, changes, detect};

fn normal(random: &mut Random) -> f64 {
    let mut uniform = || (random.next() >> 11) as f64 / (1u64 << 53) as f64;
    let (u, v) = (uniform().max(f64::MIN_POSITIVE), uniform());
    (-2.0 * u.ln()).sqrt() * (2.0 * std::f64::consts::PI * v).cos()
}

/// Noise with heavy tails (Student's distribution with three degrees of freedom) that remembers `memory` of the last
/// night.
fn noise(random: &mut Random, nights: usize, memory: f64) -> Vec<f64> {
    let mut last = 0.0;
    let mut night = || {
        let chi: f64 = (0..3).map(|_| normal(random).powi(2)).sum();
        last = memory * last + normal(random) / chi.max(1e-9).sqrt();
        last
    };
    (0..nights).map(|_| night()).collect()
}

fn series(seed: u64, nights: usize, level: impl Fn(usize) -> f64) -> Vec<f64> {
    let noise = noise(&mut Random::new(seed), nights, 0.0);
    noise.iter().enumerate().map(|(at, noise)| 9e6 * level(at) * (1.0 + 0.001 * noise)).collect()
}

fn places(trend: &Trend) -> Vec<usize> {
    trend.steps.iter().map(|step| step.at).collect()
}

#[test]
fn a_history_without_steps_shows_none() {
    let mut found = 0;
    for seed in 0..400 {
        let nights = 20 + (seed as usize * 7) % 180;
        let memory = [0.0, 0.3][seed as usize % 2];
        let values: Vec<f64> = noise(&mut Random::new(seed), nights, memory).iter().map(|n| 100.0 + 0.1 * n).collect();
        found += usize::from(!detect(&values).steps.is_empty());
    }
    assert!(found <= 4, "{found} of 400 series without a step show one");
}

#[test]
fn one_step_of_a_per_cent_is_found_on_its_night_or_the_next() {
    let (mut exact, mut alone) = (0, 0);
    for seed in 0..200 {
        let at = 5 + seed as usize % 30;
        let trend = detect(&series(seed, 40, |night| if night < at { 1.0 } else { 1.01 }));
        let step = trend.steps.iter().max_by(|a, b| a.change.total_cmp(&b.change)).expect("a step");
        assert!(step.earliest <= at && at <= step.latest, "seed {seed}: {step:?} for {at}");
        assert!(step.at.abs_diff(at) <= 1, "seed {seed}: {step:?} for {at}");
        assert!((step.change - 0.01).abs() < 0.005, "seed {seed}: {step:?}");
        exact += usize::from(step.at == at);
        alone += usize::from(trend.steps.len() == 1);
    }
    assert!(exact >= 190, "{exact} of 200 on their night");
    assert!(alone >= 197, "{alone} of 200 alone");
}

#[test]
fn the_interval_holds_the_change() {
    let holds = |seed: u64| {
        let trend = detect(&series(seed, 60, |night| if night < 30 { 1.0 } else { 0.98 }));
        trend.steps.len() == 1 && trend.steps[0].low <= -0.02 && -0.02 <= trend.steps[0].high
    };
    let held = (0..300).filter(|seed| holds(*seed)).count();
    assert!(held >= 290, "{held} of 300 intervals of 99 %");
}

#[test]
fn two_steps_are_two_even_when_the_second_undoes_the_first() {
    let up_and_down = |night| if (20..26).contains(&night) { 1.02 } else { 1.0 };
    let trend = detect(&series(3, 50, up_and_down));
    assert_eq!(places(&trend), [20, 26]);
    assert!(trend.steps[0].change > 0.0 && trend.steps[1].change < 0.0 && trend.drift.is_none());
    let staircase = |night| 1.0 + 0.01 * (night / 17) as f64;
    assert_eq!(places(&detect(&series(4, 50, staircase))), [17, 34]);
}

#[test]
fn three_nights_at_the_end_are_a_step_and_two_are_not_yet() {
    let last = |count: usize| detect(&series(5, 40, |night| if night < 40 - count { 1.0 } else { 1.02 }));
    assert_eq!(places(&last(3)), [37]);
    assert!(!last(3).outliers.contains(&37), "as many nights before it as after it are near");
    assert!(last(2).steps.is_empty() && last(1).steps.is_empty());
    assert!(last(1).outliers.contains(&39));
}

#[test]
fn single_nights_are_outliers_and_no_steps() {
    let spikes = |night| if [7, 8, 21, 33].contains(&night) { 1.05 } else { 1.0 };
    let trend = detect(&series(6, 40, spikes));
    assert!(trend.steps.is_empty() && trend.drift.is_none(), "{trend:?}");
    assert!([7, 8, 21, 33].iter().all(|night| trend.outliers.contains(night)), "{:?}", trend.outliers);
}

#[test]
fn a_night_that_does_not_count_may_have_been_the_first_at_the_new_level() {
    let values = |spike: f64| -> Vec<f64> {
        let level = |night: usize| if night < 20 { 1000.0 } else { 1010.0 };
        let quiet = |night: usize| level(night) + [0.0, 0.4, 0.1, 0.3][night % 4];
        (0..40).map(|night| if night == 19 { spike } else { quiet(night) }).collect()
    };
    for spike in [2000.0, 500.0] {
        let trend = detect(&values(spike));
        let [step] = trend.steps.as_slice() else { panic!("{trend:?}") };
        assert_eq!((step.earliest, step.latest), (19, 20), "{trend:?}");
    }
}

#[test]
fn a_drift_is_a_drift_and_no_staircase() {
    let trend = detect(&series(7, 80, |night| 1.0 + 0.0005 * night as f64));
    assert!(trend.steps.is_empty(), "{trend:?}");
    assert!(trend.drift.is_some_and(|drift| (drift - 0.0005).abs() < 1e-4), "{trend:?}");
}

#[test]
fn a_step_on_a_drift_is_found_with_its_own_size() {
    let level = |night: usize| (1.0 + 0.0003 * night as f64) * if night < 45 { 1.0 } else { 1.015 };
    let trend = detect(&series(8, 80, level));
    assert_eq!(places(&trend), [45]);
    assert!((trend.steps[0].change - 0.015).abs() < 0.002 && trend.drift.is_some(), "{trend:?}");
}

#[test]
fn deterministic_numbers_step_wherever_they_change() {
    let trend = changes(&[100.0, 100.0, 101.0, 101.0, 100.0]);
    assert_eq!(places(&trend), [2, 4]);
    let step = &trend.steps[0];
    assert_eq!((step.before, step.after, step.earliest, step.latest), (100.0, 101.0, 2, 2));
    assert_eq!(changes(&[]), Trend::default());
}

#[test]
fn what_is_no_number_does_not_count_and_shifts_no_night() {
    let mut values = series(9, 40, |night| if night < 20 { 1.0 } else { 1.02 });
    (values[3], values[10], values[30]) = (f64::NAN, 0.0, -1.0);
    let trend = detect(&values);
    assert_eq!(places(&trend), [20]);
    assert!([3, 10, 30].iter().all(|night| trend.outliers.contains(night)));
    assert_eq!(detect(&[f64::NAN; 9]).outliers.len(), 9);
    assert_eq!(detect(&[1.0, 2.0, 3.0]).steps, []);
}

#[test]
fn a_history_of_equal_numbers_and_one_step_needs_no_noise() {
    let values: Vec<f64> = (0..30).map(|night| if night < 12 { 1e6 } else { 1.001e6 }).collect();
    assert_eq!(places(&detect(&values)), [12]);
    assert_eq!(detect(&[5.0; 30]).steps, []);
    assert_eq!(detect(&values), detect(&values));
}
