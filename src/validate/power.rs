//! Power models against published measurements.
//!
//! The coefficients of a board's [`Power`] are fitted to power that submissions to MLPerf Tiny drew, weighted so that relative
//! errors count alike. How far the model is off is told by what it was not fitted to: each row is predicted from the rows of
//! all other submitters, and from those of all other networks, and the worse of the two is its error.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::band::bands;
use super::facts::FactsError;
use super::fit::{dot, least_squares};
use crate::board::{Activity, Board, Charges, Errors, Power, Regulator};

/// What one submission measured on one board.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    pub name: String,
    pub submitter: String,
    pub source: String,
    pub board: String,
    /// Supply, volts.
    pub volts: f64,
    /// Mean power of inference by model.
    pub milliwatts: BTreeMap<String, f64>,
    /// Power while the image waits for its console.
    #[serde(default)]
    pub waiting: Option<f64>,
    #[serde(default = "yes")]
    pub fitted: bool,
    /// Why it is not.
    #[serde(default)]
    pub reason: Option<String>,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submissions {
    pub submissions: Vec<Submission>,
}

const FILE: &str = "tests/validation/power_v1_1.yaml";

/// All submissions that ship with the harness.
pub fn submissions() -> Result<Vec<Submission>, FactsError> {
    let text = include_str!("../../tests/validation/power_v1_1.yaml");
    let all: Submissions = serde_yaml::from_str(text).map_err(|e| FactsError::new(FILE, e.to_string()))?;
    for each in &all.submissions {
        let powers = each.milliwatts.values().copied().chain(each.waiting);
        if !powers.chain([each.volts]).all(|value| value > 0.0 && value.is_finite()) {
            return Err(FactsError::new(FILE, format!("{}: powers and volts must be above 0", each.name)));
        }
        if each.fitted == each.reason.is_some() {
            return Err(FactsError::new(FILE, format!("{}: a reason belongs to what is not fitted", each.name)));
        }
    }
    Ok(all.submissions)
}

/// An emulated image that stands for those of the submissions, which are not published.
#[derive(Debug, Clone, PartialEq)]
pub struct Proxy {
    pub board: String,
    pub model: String,
    pub hz: u64,
    /// Of inferences.
    pub activity: Activity,
    /// While it waits for its console.
    pub waiting: Activity,
}

/// One measurement beside its prediction.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub submission: String,
    pub model: String,
    pub published: f64,
    /// By the coefficients of the board's file.
    pub predicted: f64,
    /// Percent, predicted without the rows of its submitter or of its network, whichever is worse; none where it is not
    /// part of the fit or the rest does not determine one.
    pub left_out: Option<f64>,
    /// Why it is no part of the fit.
    pub reason: Option<String>,
}

impl Told {
    /// Percent of what was published.
    pub fn error(&self) -> f64 {
        (self.predicted / self.published - 1.0) * 100.0
    }
}

/// A coefficient: in the board's file, and fitted with its standard error.
#[derive(Debug, Clone, PartialEq)]
pub struct Coefficient {
    pub name: &'static str,
    pub stored: f64,
    pub fitted: f64,
    pub error: f64,
}

/// What measurements say of one board's power model.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    pub board: String,
    pub told: Vec<Told>,
    /// Base in milliamperes, then charges in picocoulombs; empty where the rows do not determine them.
    pub coefficients: Vec<Coefficient>,
    /// Of the errors of rows left out.
    pub errors: Option<Errors>,
}

/// A row of the fit.
struct Row<'a> {
    submission: &'a Submission,
    /// None while it waits.
    model: Option<&'a str>,
    /// What the coefficients are multiplied by.
    factors: Vec<f64>,
    milliamps: f64,
}

/// Supply current at the model's supply.
fn milliamps(power: &Power, milliwatts: f64, volts: f64) -> f64 {
    match power.regulator {
        Regulator::Ldo => milliwatts / volts,
        Regulator::Smps => milliwatts / power.volts,
    }
}

/// Events that the board's file charges for.
fn charged(power: &Power) -> Vec<usize> {
    power.picocoulombs.values().iter().enumerate().filter(|(_, value)| **value != 0.0).map(|(at, _)| at).collect()
}

/// 1 for the base, then events per second as picocoulombs make milliamperes of them.
fn factors(power: &Power, activity: &Activity, hz: u64) -> Vec<f64> {
    let events = Charges::events(activity);
    let seconds = activity.cycles.max(1) as f64 / hz.max(1) as f64;
    let rate = |at: usize| events.get(at).map_or(0.0, |count| *count as f64 / seconds * 1e-9);
    [1.0].into_iter().chain(charged(power).into_iter().map(rate)).collect()
}

fn fit(rows: &[&Row<'_>]) -> Option<super::fit::Fit> {
    let weighted = |row: &&Row<'_>| (row.factors.iter().map(|f| f / row.milliamps).collect(), 1.0);
    least_squares(&rows.iter().map(weighted).collect::<Vec<_>>())
}

/// Holds the power model of `board` against the submissions whose images the proxies stand for. None where the board has no
/// model or nothing is known.
pub fn assess(board: &Board, submissions: &[Submission], proxies: &[Proxy]) -> Option<Verdict> {
    let power = board.power.as_ref()?;
    let proxy = |model: &str| proxies.iter().find(|proxy| proxy.board == board.name && proxy.model == model);
    let charges = charged(power);
    let (mut rows, mut told) = (Vec::new(), Vec::new());
    for submission in submissions.iter().filter(|submission| submission.board == board.name) {
        let known = submission.milliwatts.iter().filter_map(|(model, mw)| Some((model, *mw, proxy(model)?)));
        for (model, published, proxy) in known.clone() {
            let predicted = power.milliwatts(&proxy.activity, proxy.hz, submission.volts)?;
            told.push(Told {
                submission: submission.name.clone(),
                model: model.clone(),
                published,
                predicted,
                left_out: None,
                reason: submission.reason.clone(),
            });
            rows.push(Row {
                submission,
                model: Some(model),
                factors: factors(power, &proxy.activity, proxy.hz),
                milliamps: milliamps(power, published, submission.volts),
            });
        }
        // Without a charge for an event nothing tells waiting from computing.
        let waits = submission.waiting.filter(|_| !charges.is_empty());
        if let Some((milliwatts, (_, _, proxy))) = waits.zip(known.last()) {
            rows.push(Row {
                submission,
                model: None,
                factors: factors(power, &proxy.waiting, proxy.hz),
                milliamps: milliamps(power, milliwatts, submission.volts),
            });
        }
    }
    let used: Vec<&Row<'_>> = rows.iter().filter(|row| row.submission.fitted).collect();
    let computing = rows.iter().filter(|row| row.model.is_some());
    for (told, row) in told.iter_mut().zip(computing).filter(|(_, row)| row.submission.fitted) {
        let error = |keep: &dyn Fn(&Row<'_>) -> bool| {
            let rest: Vec<&Row<'_>> = used.iter().copied().filter(|other| keep(other)).collect();
            Some((dot(&row.factors, &fit(&rest)?.values) / row.milliamps - 1.0) * 100.0)
        };
        let by_submitter = error(&|other| other.submission.submitter != row.submission.submitter);
        let by_model = error(&|other| other.model != row.model);
        told.left_out = by_submitter.into_iter().chain(by_model).max_by(|a, b| a.abs().total_cmp(&b.abs()));
    }
    let stored = [power.base_milliamps].into_iter().chain(charges.iter().map(|at| power.picocoulombs.values()[*at]));
    let names = ["base"].into_iter().chain(charges.iter().map(|at| Charges::NAMES[*at]));
    let coefficients = fit(&used).map_or_else(Vec::new, |fit| {
        let errors = fit.errors.unwrap_or_else(|| vec![f64::INFINITY; fit.values.len()]);
        let each = names.zip(stored).zip(fit.values.into_iter().zip(errors));
        each.map(|((name, stored), (fitted, error))| Coefficient { name, stored, fitted, error }).collect()
    });
    let errors = bands(told.iter().filter_map(|told| Some(("", told.left_out?)))).pop().map(|band| band.errors);
    (!told.is_empty()).then_some(Verdict { board: board.name.clone(), told, coefficients, errors })
}
