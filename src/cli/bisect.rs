//! `hil bisect`.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::arguments::BisectOptions;
use super::output::{columns, print, print_json};
use super::{Ended, Failure, interrupt};
use crate::results::history::Query;
use crate::results::step::Reading;
use crate::run::{BisectError, Bisected, Search, Told, bisect};

pub fn run(options: BisectOptions, json: bool) -> Ended {
    let metric = super::history::metric(&options.metric)?;
    let own = std::env::current_exe().map_err(|e| Failure::Infrastructure(format!("this program's own path: {e}")))?;
    let search = Search {
        good: options.good,
        bad: options.bad,
        build: options.build,
        measure_with: options.with.unwrap_or(own),
        scenario: options.scenario,
        row: Query {
            network: Some(options.network),
            board: Some(options.board),
            engine: options.engine,
            ..Query::default()
        },
        metric,
        out: options.out,
    };
    let bisected = bisect(&search, &interrupt::cancel()?, &tell)?;
    if json {
        print_json(&to_json(&bisected))?;
    } else {
        print(&text(&bisected))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(told: &Told<'_>) {
    let (hash, subject) = (short(&told.commit.hash), &told.commit.subject);
    eprintln!("{hash} {}  ({subject}); at most {} more", said(told.reading), told.left);
}

fn short(hash: &str) -> &str {
    hash.get(..10).unwrap_or(hash)
}

fn said(reading: &Reading) -> String {
    match reading {
        Reading::Value(value) => format!("{value}"),
        Reading::Unmeasured(why) => why.clone(),
    }
}

fn text(bisected: &Bisected) -> String {
    let measured = bisected.commits.iter().zip(&bisected.readings);
    let rows = measured.filter_map(|(commit, reading)| {
        Some(vec![short(&commit.hash).into(), commit.subject.chars().take(50).collect(), said(reading.as_ref()?)])
    });
    let table = columns(&rows.collect::<Vec<_>>(), 2);
    let Some(change) = &bisected.change else {
        return format!("{table}\n\nBoth ends have the same value: nothing changed between them.");
    };
    let percent = (change.to / change.from - 1.0) * 100.0;
    let after = &bisected.commits[change.after];
    let mut text = format!(
        "{table}\n\n{} {}\nmoved it from {} to {} ({percent:+.2} %)",
        after.hash, after.subject, change.from, change.to
    );
    let between = change.after - change.before - 1;
    if between > 0 {
        text += &format!(", or one of the {between} before it that could not be measured did");
    }
    text
}

fn to_json(bisected: &Bisected) -> Value {
    let commits = bisected.commits.iter().zip(&bisected.readings).map(|(commit, reading)| {
        let (value, why) = match reading {
            Some(Reading::Value(value)) => (json!(value), Value::Null),
            Some(Reading::Unmeasured(why)) => (Value::Null, json!(why)),
            None => (Value::Null, Value::Null),
        };
        json!({ "hash": commit.hash, "subject": commit.subject, "value": value, "unmeasured": why })
    });
    let change = bisected.change.as_ref().map(|change| {
        let hash = |at: usize| bisected.commits[at].hash.clone();
        json!({ "before": hash(change.before), "after": hash(change.after), "from": change.from, "to": change.to })
    });
    json!({ "commits": commits.collect::<Vec<_>>(), "change": change })
}

impl From<BisectError> for Failure {
    fn from(error: BisectError) -> Self {
        match error {
            BisectError::Git { .. } | BisectError::Empty { .. } => Self::Usage(error.to_string()),
            BisectError::End { .. } | BisectError::Io { .. } | BisectError::Cancelled(_) => {
                Self::Infrastructure(error.to_string())
            }
        }
    }
}
