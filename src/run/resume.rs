//! Going on with a run that was killed or interrupted.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value};

use super::error::RunError;
use crate::results::{Cause, Measurement, RunFolder, RunInfo, read};

/// Opens the folder of a run and checks that what would come now belongs with what is there.
pub fn resume(path: &Path, now: &RunInfo) -> Result<RunFolder, RunError> {
    let then = read(path)?.info;
    let changed = |what: &str, then: String, now: String| match then == now {
        true => Ok(()),
        false => Err(RunError::Changed { path: path.to_path_buf(), what: what.into(), then, now }),
    };
    changed("the version of hil", then.hil_version, now.hil_version.clone())?;
    if then.scenario_text != now.scenario_text {
        let lines = |text: &str| format!("{} lines", text.lines().count());
        let (mut was, mut is) = (lines(&then.scenario_text), lines(&now.scenario_text));
        if let Some((a, b)) = then.scenario_text.lines().zip(now.scenario_text.lines()).find(|(a, b)| a != b) {
            (was, is) = (a.trim().into(), b.trim().into());
        }
        changed("the scenario", was, is)?;
    }
    for (tool, version) in &now.tools {
        changed(tool, then.tools.get(tool).cloned().unwrap_or_default(), version.clone())?;
    }
    for (what, flags) in &now.flags {
        changed(&format!("the flags for {what}"), then.flags.get(what).cloned().unwrap_or_default(), flags.clone())?;
    }
    for (board, facts) in &now.boards {
        let was = then.boards.get(board).unwrap_or(&Value::Null);
        if let Some((place, was, is)) = difference(was, facts) {
            let dot = if place.is_empty() { "" } else { " at " };
            changed(&format!("the board `{board}`{dot}{place}"), was.to_string(), is.to_string())?;
        }
    }
    Ok(RunFolder::resume(path)?)
}

/// The first place where two values differ, as its keys, and what is there; nothing is `null`.
fn difference<'v>(was: &'v Value, is: &'v Value) -> Option<(String, &'v Value, &'v Value)> {
    let (Value::Object(a), Value::Object(b)) = (was, is) else {
        return (was != is).then(|| (String::new(), was, is));
    };
    let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    keys.into_iter().find_map(|key| {
        let of = |object: &'v Map<String, Value>| object.get(key).unwrap_or(&Value::Null);
        let (place, was, is) = difference(of(a), of(b))?;
        let dot = if place.is_empty() { "" } else { "." };
        Some((format!("{key}{dot}{place}"), was, is))
    })
}

/// Whether a row needs no second try. What infrastructure failed says nothing about a candidate.
pub fn is_settled(row: &Measurement) -> bool {
    row.outcome.cause() != Some(Cause::Infrastructure)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_difference_is_found_where_it_is() {
        let board = json!({ "clock": { "hz": 1 }, "flash": { "fill": 0, "line": 8 } });
        assert_eq!(difference(&board, &board), None);
        let other = json!({ "clock": { "hz": 1 }, "flash": { "line": 16, "fill": 0 } });
        assert_eq!(difference(&board, &other), Some(("flash.line".into(), &json!(8), &json!(16))));
        let less = json!({ "clock": { "hz": 1 }, "flash": { "line": 8 } });
        assert_eq!(difference(&less, &board), Some(("flash.fill".into(), &Value::Null, &json!(0))));
        assert_eq!(difference(&Value::Null, &less), Some((String::new(), &Value::Null, &less)));
    }
}
