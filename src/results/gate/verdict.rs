//! What the gate says.

use serde::{Deserialize, Serialize};

use crate::results::Provenance;
use crate::results::baseline::Difference;

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Median cycles of an inference.
    Cycles,
    /// Where no cycles are counted.
    Instructions,
    /// Microjoules of an inference.
    Energy,
    /// Bytes at the peak.
    Sram,
    /// Bytes.
    Flash,
    /// The outputs' digest.
    Output,
}

impl Metric {
    pub fn name(self) -> &'static str {
        match self {
            Self::Cycles => "cycles",
            Self::Instructions => "instructions",
            Self::Energy => "energy",
            Self::Sram => "SRAM",
            Self::Flash => "flash",
            Self::Output => "output",
        }
    }

    /// The unit of its values, as printed after a number.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Cycles | Self::Instructions | Self::Output => "",
            Self::Energy => "µJ",
            Self::Sram | Self::Flash => "B",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Equal, or of a silicon row: no change as big as must be found.
    Same,
    Better,
    Worse,
    /// What was measured does not tell.
    Unclear,
}

impl Verdict {
    pub fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Unclear => "unclear",
        }
    }
}

/// A step or a part of memory that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub name: String,
    /// None where only one side has it.
    pub baseline: Option<u64>,
    pub now: Option<u64>,
}

/// One number of one row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    pub metric: Metric,
    pub verdict: Verdict,
    /// Worse by more than the scenario's gates allow.
    pub fails: bool,
    pub baseline: f64,
    /// None where it was not measured.
    pub now: Option<f64>,
    /// Relative; of silicon rows that were measured again, the estimate from the pairs.
    pub change: Option<f64>,
    /// Relative; none of deterministic rows.
    pub interval: Option<(f64, f64)>,
    /// What the verdict rests on.
    pub why: String,
    /// What of it changed, in the order of the plan or of the memory's parts.
    pub parts: Vec<Part>,
}

/// A baseline that is not this row's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Nearest {
    pub run: String,
    pub why: String,
    pub differences: Vec<Difference>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Nothing to compare with; the nearest baseline and what differs.
    NoBaseline {
        nearest: Option<Nearest>,
    },
    /// The baseline ran, this does not: too big, wrong, or not to be built.
    Broken {
        reason: String,
    },
    /// A tool, a unit or an instrument failed: nothing is known.
    NotMeasured {
        reason: String,
    },
    Compared {
        baseline_run: String,
        baseline_why: String,
        findings: Vec<Finding>,
    },
}

/// One row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    pub index: u32,
    pub network: String,
    pub engine: String,
    pub board: String,
    pub unit: String,
    pub provenance: Provenance,
    /// Of the row's key, as in names of baselines.
    pub key: String,
    #[serde(flatten)]
    pub state: State,
    /// Why a unit or an instrument failed when a suspect was measured again: the night has no answer for the row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_again: Option<String>,
}

impl Judged {
    pub fn findings(&self) -> &[Finding] {
        match &self.state {
            State::Compared { findings, .. } => findings,
            _ => &[],
        }
    }

    pub fn fails(&self) -> bool {
        matches!(self.state, State::Broken { .. }) || self.findings().iter().any(|f| f.fails)
    }

    /// The gravest verdict of its numbers; none where there is none.
    pub fn verdict(&self) -> Option<Verdict> {
        if let State::Broken { .. } = self.state {
            return Some(Verdict::Worse);
        }
        let gravity = |verdict: &Verdict| match verdict {
            Verdict::Same => 0,
            Verdict::Better => 1,
            Verdict::Unclear => 2,
            Verdict::Worse => 3,
        };
        self.findings().iter().map(|f| f.verdict).max_by_key(gravity)
    }
}

/// The whole night.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// In the order of the run's rows.
    pub rows: Vec<Judged>,
    /// Baselines of the same scenario that the run has no row for, as `network on board`.
    pub missing: Vec<String>,
    /// Chance of any false statement about silicon rows.
    pub alpha: f64,
}

impl Judgement {
    /// Rows that fail.
    pub fn failing(&self) -> Vec<&Judged> {
        self.rows.iter().filter(|row| row.fails()).collect()
    }

    pub fn fails(&self) -> bool {
        self.rows.iter().any(Judged::fails)
    }

    /// Rows of a verdict.
    pub fn of(&self, verdict: Verdict) -> Vec<&Judged> {
        self.rows.iter().filter(|row| row.verdict() == Some(verdict)).collect()
    }

    pub fn without_baseline(&self) -> Vec<&Judged> {
        self.rows.iter().filter(|row| matches!(row.state, State::NoBaseline { .. })).collect()
    }

    pub fn not_measured(&self) -> Vec<&Judged> {
        self.rows.iter().filter(|row| matches!(row.state, State::NotMeasured { .. })).collect()
    }

    /// Rows that infrastructure failed when they were measured again.
    pub fn failed_again(&self) -> Vec<&Judged> {
        self.rows.iter().filter(|row| row.failed_again.is_some()).collect()
    }

    /// One line: what was compared and what came of it.
    pub fn summary(&self) -> String {
        let count = |verdict| self.of(verdict).len();
        let mut parts = vec![format!("{} same", count(Verdict::Same))];
        let counts = [
            (count(Verdict::Better), "better"),
            (count(Verdict::Worse), "worse"),
            (count(Verdict::Unclear), "unclear"),
            (self.without_baseline().len(), "without a baseline"),
            (self.not_measured().len(), "not measured"),
            (self.failed_again().len(), "failed when measured again"),
            (self.missing.len(), "missing"),
        ];
        parts.extend(counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")));
        let failing = self.failing().len();
        let word = if failing > 0 { format!("FAILED, {failing} of {}", self.rows.len()) } else { "passed".into() };
        format!("gate {word}: {}", parts.join(", "))
    }
}
