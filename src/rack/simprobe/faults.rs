//! Faults on purpose: what goes wrong, after which transaction, by a seeded script.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What goes wrong, and what transactions it counts: transfers of the debug port, resets, bytes that the board
/// sends, samples of its instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The probe is gone from a transfer on, for `length` searches for it (0: until a power cycle).
    Unplug,
    /// The debug port answers WAIT to `length` transfers.
    Wait,
    /// An access faults, and what follows it until the error is cleared.
    Fault,
    /// The core stays in reset from a reset on, for `length` more of them (0: until a power cycle).
    StuckReset,
    /// The core locks up after a byte.
    LockUp,
    /// Erasing and programming the `sector` fails, for `length` resets (0: for ever).
    FlashError,
    /// A bit of a word of flash is wrong when it is read back.
    VerifyMismatch,
    /// DBGMCU names the `device`.
    WrongChip,
    /// `length` bytes of the board do not arrive (0: none from there on).
    SilentUart,
    /// A byte of the board arrives as another.
    Garbage,
    /// A byte of the board does not arrive.
    DroppedByte,
    /// After a reset comes what was said before it.
    Stale,
    /// The supply drops after a byte: RAM and registers are lost, and the board starts anew.
    BrownOut,
    /// The oscillator is quicker than it should be by `percent`.
    Clock,
    /// The instrument loses `length` samples.
    MeterDrops,
    /// The instrument says nothing any more, for the time of `length` samples (0: for ever).
    MeterDeath,
}

/// One line of a script.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub fault: FaultKind,
    /// Transactions of its kind before it may happen.
    #[serde(default)]
    pub after: u64,
    /// Chance at each transaction from there on, 0 to 1.
    #[serde(default = "certain")]
    pub chance: f64,
    /// How often it happens; 0: without end.
    #[serde(default = "once")]
    pub times: u32,
    #[serde(default = "once")]
    pub length: u32,
    /// Number of the flash sector, counted in pieces of 16 KB from the start of flash.
    #[serde(default)]
    pub sector: u32,
    /// Twelve bits of DBGMCU_IDCODE.
    #[serde(default)]
    pub device: u32,
    #[serde(default)]
    pub percent: f64,
}

fn certain() -> f64 {
    1.0
}

fn once() -> u32 {
    1
}

impl Rule {
    /// A fault that happens once, at the first transaction of its kind.
    pub fn of(fault: FaultKind) -> Self {
        Self { fault, after: 0, chance: 1.0, times: 1, length: 1, sector: 0, device: 0, percent: 0.0 }
    }
}

/// A script of faults: the same seed and the same transactions give the same faults.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultScript {
    #[serde(default)]
    pub seed: u64,
    #[serde(default)]
    pub faults: Vec<Rule>,
}

/// Why a script of faults cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FaultScriptError {
    #[error("{}: cannot be read: {problem}", .path.display())]
    Unreadable { path: PathBuf, problem: std::io::Error },
    #[error("{}: {problem}", .path.display())]
    Invalid { path: PathBuf, problem: String },
}

impl FaultScript {
    pub fn load(path: &Path) -> Result<Self, FaultScriptError> {
        let unreadable = |problem| FaultScriptError::Unreadable { path: path.into(), problem };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        Self::parse(&text).map_err(|problem| FaultScriptError::Invalid { path: path.into(), problem })
    }

    /// Reads a script; the error says where it is wrong and what is allowed.
    pub fn parse(text: &str) -> Result<Self, String> {
        let script: Self = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
        for (index, rule) in script.faults.iter().enumerate() {
            let wrong = |what: &str| Err(format!("fault {} (`{:?}`): {what}", index + 1, rule.fault));
            if !(0.0..=1.0).contains(&rule.chance) {
                return wrong("`chance` is from 0 to 1");
            }
            if !(-50.0..=50.0).contains(&rule.percent) || rule.fault == FaultKind::Clock && rule.percent == 0.0 {
                return wrong("`percent` is from -50 to 50 and not 0");
            }
            if rule.fault == FaultKind::WrongChip && !(1..=0xFFF).contains(&rule.device) {
                return wrong("`device` is from 0x001 to 0xfff");
            }
        }
        Ok(script)
    }
}

struct Live {
    rule: Rule,
    seen: u64,
    happened: u32,
}

/// A script on its way.
pub(super) struct Faults {
    live: Vec<Live>,
    state: u64,
    /// Faults that happened.
    count: u64,
}

impl Faults {
    pub fn new(script: &FaultScript) -> Self {
        let live = script.faults.iter().map(|rule| Live { rule: *rule, seen: 0, happened: 0 }).collect();
        Self { live, state: script.seed ^ 0x9E37_79B9_7F4A_7C15, count: 0 }
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// SplitMix64.
    pub fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ self.state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    /// Counts a transaction for the rules of `kind`; the first of them that happens now.
    pub fn happens(&mut self, kind: FaultKind) -> Option<Rule> {
        for index in 0..self.live.len() {
            let Live { rule, seen, happened } = &mut self.live[index];
            if rule.fault != kind || rule.times != 0 && *happened >= rule.times {
                continue;
            }
            *seen += 1;
            if *seen <= rule.after {
                continue;
            }
            let (chance, rule) = (rule.chance, *rule);
            if chance < 1.0 && self.random() >> 11 >= (chance * (1u64 << 53) as f64) as u64 {
                continue;
            }
            self.live[index].happened += 1;
            self.count += 1;
            return Some(rule);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_counts_transactions_and_repeats_with_its_seed() {
        let script = FaultScript::parse(
            "seed: 7\nfaults:\n  - { fault: wait, after: 3, times: 2 }\n  - { fault: garbage, chance: 0.25, times: 0 }\n",
        )
        .unwrap();
        let run = |kind| {
            let mut faults = Faults::new(&script);
            (0..64).map(|_| faults.happens(kind).is_some()).collect::<Vec<_>>()
        };
        let waits: Vec<usize> = run(FaultKind::Wait).iter().enumerate().filter(|(_, w)| **w).map(|(i, _)| i).collect();
        assert_eq!(waits, [3, 4]);
        let garbage = run(FaultKind::Garbage);
        assert_eq!(garbage, run(FaultKind::Garbage));
        assert!((6..28).contains(&garbage.iter().filter(|g| **g).count()));
        assert!(run(FaultKind::Unplug).iter().all(|u| !u));
    }

    #[test]
    fn a_wrong_script_says_what_is_wrong() {
        for (text, expected) in [
            ("faults: [{ fault: fire }]", "fire"),
            ("faults: [{ fault: wait, chance: 2 }]", "fault 1 (`Wait`): `chance` is from 0 to 1"),
            ("faults: [{ fault: clock }]", "not 0"),
            ("faults: [{ fault: wrong-chip }]", "0xfff"),
            ("faults: [{ fault: wait, often: 2 }]", "often"),
        ] {
            let error = FaultScript::parse(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
