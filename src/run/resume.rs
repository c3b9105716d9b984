//! Going on with a run that was killed or interrupted.

use std::path::Path;

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
        let was = then.boards.get(board).map(ToString::to_string).unwrap_or_default();
        changed(&format!("the board `{board}`"), was, facts.to_string())?;
    }
    Ok(RunFolder::resume(path)?)
}

/// Whether a row needs no second try. What infrastructure failed says nothing about a candidate.
pub fn is_settled(row: &Measurement) -> bool {
    row.outcome.cause() != Some(Cause::Infrastructure)
}
