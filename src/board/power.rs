//! Power of a board while it computes.
//!
//! The supply's current is a part that flows whenever the core is clocked, and a charge for each event that the emulator
//! counts: `I = base + Σ charge · rate`. Through a linear regulator the core's current is the supply's, whatever its voltage;
//! a switching one draws a power that does not depend on it, so that current falls as the supply rises. Coefficients are
//! data of the board's file, each with its source; `hil validate` fits them anew and says how far they are off.

use serde::{Deserialize, Serialize};

use super::activity::Activity;
use super::description::Errors;

/// What stands between the supply and the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Regulator {
    /// Linear: the same current at any supply.
    Ldo,
    /// Switching: the same power at any supply, as far as its efficiency is constant.
    Smps,
}

/// Charge that one event takes from the supply, picocoulombs; 0 where the measurements do not tell it from the base.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Charges {
    pub instruction: f64,
    /// A data access, whatever answers it.
    pub access: f64,
    pub multiply: f64,
    /// A read of the flash array, or a line from it.
    pub flash_read: f64,
}

impl Charges {
    /// As [`Charges::events`] orders them.
    pub fn values(&self) -> [f64; 4] {
        [self.instruction, self.access, self.multiply, self.flash_read]
    }

    /// Names of the events, as in a board's file.
    pub const NAMES: [&'static str; 4] = ["instruction", "access", "multiply", "flash_read"];

    /// How often each event happened.
    pub fn events(activity: &Activity) -> [u64; 4] {
        [
            activity.instructions,
            activity.accesses,
            activity.multiplies,
            activity.flash_fetches.saturating_add(activity.flash_reads),
        ]
    }
}

/// Power that a board draws while it computes, and how well that is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Power {
    /// Supply of the microcontroller at which energy is told, volts.
    pub volts: f64,
    pub regulator: Regulator,
    /// At that supply, while the core is clocked by [`super::Clock`], milliamperes.
    pub base_milliamps: f64,
    #[serde(default)]
    pub picocoulombs: Charges,
    /// While the core sleeps; none where nobody measured it.
    #[serde(default)]
    pub sleep_milliamps: Option<f64>,
    /// Settings at which the measurements were made.
    pub conditions: String,
    /// Of measurements that the coefficients were not fitted on: those of one submission, or of one network, predicted from
    /// the others.
    pub errors: Errors,
    pub source: String,
}

impl Power {
    /// Energy of what happened, microjoules, at the core clock `hz`. None where the core slept and the current then is not
    /// known, and where nothing happened.
    pub fn microjoules(&self, activity: &Activity, hz: u64) -> Option<f64> {
        let seconds = |cycles: u64| cycles as f64 / hz as f64;
        let asleep = match (activity.asleep, self.sleep_milliamps) {
            (0, _) => 0.0,
            (cycles, Some(milliamps)) => milliamps * seconds(cycles),
            (_, None) => return None,
        };
        let events = Charges::events(activity).into_iter().zip(self.picocoulombs.values());
        let dynamic: f64 = events.map(|(count, charge)| count as f64 * charge).sum();
        let microcoulombs = (self.base_milliamps * seconds(activity.awake()) + asleep) * 1e3 + dynamic * 1e-6;
        (hz > 0 && microcoulombs > 0.0).then_some(microcoulombs * self.volts)
    }

    /// Mean power of what happened, milliwatts, at another supply.
    pub fn milliwatts(&self, activity: &Activity, hz: u64, volts: f64) -> Option<f64> {
        let own = self.microjoules(activity, hz)? * hz as f64 / activity.cycles.max(1) as f64 / 1e3;
        Some(match self.regulator {
            Regulator::Ldo => own * volts / self.volts,
            Regulator::Smps => own,
        })
    }

    /// What is wrong with it.
    pub(super) fn check(&self) -> Result<(), String> {
        let positive = |value: f64| value > 0.0 && value < 1e6;
        let of = |what: &str, range: &str| Err(format!("power: {what} must be {range}"));
        if !(self.volts >= 1.0 && self.volts <= 6.0) {
            return of("volts", "from 1 to 6");
        }
        if !positive(self.base_milliamps) {
            return of("base_milliamps", "above 0");
        }
        if self.sleep_milliamps.is_some_and(|value| !positive(value)) {
            return of("sleep_milliamps", "above 0");
        }
        if self.picocoulombs.values().into_iter().any(|value| !(value >= 0.0 && value < 1e6)) {
            return of("picocoulombs", "0 or more: an event gives no charge back");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn power(regulator: Regulator) -> Power {
        Power {
            volts: 2.0,
            regulator,
            base_milliamps: 10.0,
            picocoulombs: Charges { instruction: 50.0, flash_read: 100.0, ..Charges::default() },
            sleep_milliamps: None,
            conditions: String::new(),
            errors: Errors { median: 1.0, worst: 1.0, rows: 1 },
            source: String::new(),
        }
    }

    #[test]
    fn current_is_a_base_and_a_charge_for_each_event() {
        let activity = Activity {
            cycles: 1_000_000,
            instructions: 800_000,
            flash_fetches: 1000,
            flash_reads: 99_000,
            ..Activity::default()
        };
        // 10 ms of 10 mA, 40 µC and 10 µC, at 2 V.
        let found = power(Regulator::Ldo).microjoules(&activity, 100_000_000).expect("an energy");
        assert!((found - 300.0).abs() < 1e-9, "{found}");
        let at = |regulator, volts| power(regulator).milliwatts(&activity, 100_000_000, volts).expect("a power");
        assert!((at(Regulator::Ldo, 2.0) - 30.0).abs() < 1e-9);
        assert!((at(Regulator::Ldo, 3.0) - 45.0).abs() < 1e-9, "the same current");
        assert!((at(Regulator::Smps, 3.0) - 30.0).abs() < 1e-9, "the same power");
    }

    #[test]
    fn sleep_has_its_own_current_or_no_figure() {
        let activity = Activity { cycles: 1_000_000, asleep: 500_000, ..Activity::default() };
        let mut power = power(Regulator::Ldo);
        assert_eq!(power.microjoules(&activity, 100_000_000), None);
        power.sleep_milliamps = Some(2.0);
        let found = power.microjoules(&activity, 100_000_000).expect("an energy");
        assert!((found - 120.0).abs() < 1e-9, "{found}");
        assert_eq!(power.microjoules(&Activity::default(), 100_000_000), None);
    }

    #[test]
    fn coefficients_that_cannot_be_are_refused() {
        let good = power(Regulator::Ldo);
        assert_eq!(good.check(), Ok(()));
        let negative = Charges { access: -1.0, ..Charges::default() };
        let bad = [
            Power { picocoulombs: negative, ..good.clone() },
            Power { base_milliamps: f64::NAN, ..good.clone() },
            Power { sleep_milliamps: Some(0.0), ..good.clone() },
            Power { volts: 0.0, ..good.clone() },
        ];
        assert!(bad.iter().all(|power| power.check().is_err()));
    }
}
