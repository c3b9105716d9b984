//! The first look at a number of a real board: can it be let through, or must it be measured again?

use super::student;

/// One earlier night's number on a unit, e.g. median cycles; positive.
#[derive(Debug, Clone, PartialEq)]
pub struct Past {
    pub unit: String,
    pub value: f64,
}

/// Nights of a unit that its reference is the mean of: the first ones after the baseline, so that a creeping change does
/// not move what it is compared with.
const REFERENCE: usize = 20;
/// With fewer nights on a unit nothing is known about how far its nights differ.
const LEAST: usize = 5;
/// Nights that the spread between nights is taken from: the last ones, since a rack changes.
const SPREAD: usize = 60;
/// Chance that noise alone sends a number to be measured again on account of being different; that costs time only.
const SUSPECT_TAIL: f64 = 0.005;

/// What the screen says.
#[derive(Debug, Clone, PartialEq)]
pub enum Screen {
    /// The change is below what the gate looks for, and within what nights differ by. `change` and interval are relative.
    Clear { change: f64, low: f64, high: f64 },
    /// To be measured again, for this reason.
    Suspect(String),
}

/// Looks at tonight's `value` on `unit` after the nights `past`, oldest first.
///
/// `found` is the relative change that must not be missed, `miss` the chance of letting it through. The error is the
/// spread between nights on the same unit, never the one within a night.
pub fn screen(value: f64, unit: &str, past: &[Past], found: f64, miss: f64) -> Screen {
    let logs = |unit: &str| -> Vec<f64> { past.iter().filter(|p| p.unit == unit).map(|p| p.value.ln()).collect() };
    let own = logs(unit);
    if own.len() < LEAST {
        return Screen::Suspect(format!("{} earlier nights on {unit}; fewer than {LEAST} say nothing", own.len()));
    }
    let (variance, freedom) = between_nights(past);
    let reference = &own[..own.len().min(REFERENCE)];
    let change = value.ln() - mean(reference);
    let error = (variance * (1.0 + 1.0 / reference.len() as f64)).sqrt();
    let (sure, usual) = (student::quantile(miss, freedom) * error, student::quantile(SUSPECT_TAIL, freedom) * error);
    let text = |change: f64| format!("{:+.3} %", change.exp_m1() * 100.0);
    if change + sure >= found.ln_1p() {
        return Screen::Suspect(format!(
            "{} by tonight; up to {} cannot be ruled out",
            text(change),
            text(change + sure)
        ));
    }
    if change.abs() > usual {
        return Screen::Suspect(format!(
            "{}; nights on {unit} differ by up to {} otherwise",
            text(change),
            text(usual)
        ));
    }
    Screen::Clear { change: change.exp_m1(), low: (change - sure).exp_m1(), high: (change + sure).exp_m1() }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Variance of logarithms between nights around the mean of their unit, over all units, and its degrees of freedom.
fn between_nights(past: &[Past]) -> (f64, f64) {
    let recent = &past[past.len().saturating_sub(SPREAD)..];
    let mut units: Vec<(&str, Vec<f64>)> = Vec::new();
    for night in recent {
        match units.iter_mut().find(|(unit, _)| *unit == night.unit) {
            Some((_, logs)) => logs.push(night.value.ln()),
            None => units.push((&night.unit, vec![night.value.ln()])),
        }
    }
    let freedom = (recent.len() - units.len()) as f64;
    let square = |(_, logs): &(&str, Vec<f64>)| {
        let centre = mean(logs);
        logs.iter().map(|log| (log - centre).powi(2)).sum::<f64>()
    };
    (units.iter().map(square).sum::<f64>() / freedom.max(1.0), freedom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nights(unit: &str, values: &[f64]) -> Vec<Past> {
        values.iter().map(|value| Past { unit: unit.into(), value: *value }).collect()
    }

    #[test]
    fn what_nights_differ_by_is_let_through_and_more_is_not() {
        let past = nights("a", &[1000.0, 1000.5, 999.5, 1000.2, 999.8, 1000.1, 999.9]);
        assert!(matches!(screen(1000.4, "a", &past, 0.01, 0.002), Screen::Clear { .. }));
        for value in [1010.0, 1003.0, 997.0] {
            assert!(matches!(screen(value, "a", &past, 0.01, 0.002), Screen::Suspect(_)), "{value}");
        }
    }

    #[test]
    fn a_noisy_unit_clears_nothing_that_could_be_the_change() {
        let past = nights("a", &[1000.0, 1008.0, 992.0, 1005.0, 995.0, 1001.0, 998.0]);
        let Screen::Suspect(why) = screen(1000.0, "a", &past, 0.01, 0.002) else { panic!("cleared") };
        assert!(why.contains("cannot be ruled out"), "{why}");
    }

    #[test]
    fn another_unit_is_no_reference_and_its_offset_is_no_noise() {
        let mut past = nights("a", &[1000.0, 1000.5, 999.5, 1000.2, 999.8]);
        let Screen::Suspect(why) = screen(1000.0, "b", &past, 0.01, 0.002) else { panic!("cleared") };
        assert!(why.starts_with("0 earlier nights on b"), "{why}");
        past.extend(nights("b", &[1050.0, 1050.5, 1049.5, 1050.2, 1049.8]));
        assert!(matches!(screen(1050.1, "b", &past, 0.01, 0.002), Screen::Clear { .. }));
    }

    #[test]
    fn what_nobody_minded_for_long_does_not_become_the_reference() {
        let wave = |level: f64, count: u32| (0..count).map(move |i| level + f64::from(i % 3));
        let past = nights("a", &wave(1000.0, 20).chain(wave(1012.0, 200)).collect::<Vec<_>>());
        assert!(matches!(screen(1013.0, "a", &past, 0.01, 0.002), Screen::Suspect(_)));
        assert!(matches!(screen(1001.0, "a", &past, 0.01, 0.002), Screen::Clear { .. }));
    }

    #[test]
    fn the_spread_is_between_nights_of_each_unit() {
        let mut past = nights("a", &[1.0, std::f64::consts::E]);
        past.extend(nights("b", &[100.0, 100.0, 100.0]));
        let (variance, freedom) = between_nights(&past);
        assert_eq!(freedom, 3.0, "five nights around two means");
        assert!((variance - 0.5 / 3.0).abs() < 1e-12, "{variance}");
    }

    #[test]
    fn without_any_spread_equal_is_clear_and_a_cycle_more_is_suspect() {
        let past = nights("a", &[1000.0; 6]);
        assert!(matches!(screen(1000.0, "a", &past, 0.01, 0.002), Screen::Clear { .. }));
        assert!(matches!(screen(1001.0, "a", &past, 0.01, 0.002), Screen::Suspect(_)));
    }
}
