//! What `hil validate` says of power models.

use serde_json::{Value, json};

use crate::board::Board;
use crate::cli::output::{columns, wrapped};
use crate::validate::Verdict;

/// Coefficients of a board's file may be rounded by this much of what is fitted.
const ROUNDING: f64 = 0.05;

/// Where a board's file says other than the measurements do.
pub fn worse(verdict: &Verdict, board: &Board) -> Vec<String> {
    let name = &verdict.board;
    let off = verdict.coefficients.iter().filter(|each| (each.stored / each.fitted - 1.0).abs() > ROUNDING);
    let mut problems: Vec<String> = off
        .map(|each| {
            format!("boards/{name}.yaml has {} as {}; the fit gives {:.1}", each.name, each.stored, each.fitted)
        })
        .collect();
    if let Some((stored, found)) = board.power.as_ref().map(|power| power.errors).zip(verdict.errors)
        && (found.median > stored.median + 0.05 || found.worst > stored.worst + 0.05)
    {
        problems.push(format!(
            "boards/{name}.yaml promises power to {:.1} % median and {:.1} % worst; it is {:.1} % and {:.1} %",
            stored.median, stored.worst, found.median, found.worst
        ));
    }
    problems
}

pub fn table(verdict: &Verdict) -> String {
    let titles =
        [&format!("power of {}", verdict.board), "model", "predicted mW", "published mW", "error %", "left out %"];
    let mut lines = vec![titles.map(String::from).to_vec()];
    lines.extend(verdict.told.iter().map(|told| {
        vec![
            told.submission.clone(),
            told.model.clone(),
            format!("{:.1}", told.predicted),
            format!("{:.1}", told.published),
            format!("{:+.1}", told.error()),
            told.left_out.map_or("not fitted".into(), |error| format!("{error:+.1}")),
        ]
    }));
    let mut text = columns(&lines, 2);
    if let Some(errors) = verdict.errors {
        text += &format!(
            "\nleft out: {:.1} % median, {:.1} % worst over {} rows, each predicted without its submitter or network",
            errors.median, errors.worst, errors.rows
        );
    }
    for each in &verdict.coefficients {
        let unit = if each.name == "base" { "mA" } else { "pC" };
        text += &format!("\n{}: {} {unit}, fitted {:.1} ± {:.1}", each.name, each.stored, each.fitted, each.error);
    }
    let mut named = Vec::new();
    for told in &verdict.told {
        if let Some(reason) = told.reason.as_ref().filter(|_| !named.contains(&&told.submission)) {
            text += &format!("\n{}", wrapped(&format!("not fitted: {}: {reason}", told.submission)));
            named.push(&told.submission);
        }
    }
    text
}

pub fn as_json(verdict: &Verdict) -> Value {
    let rows = verdict.told.iter().map(|told| {
        json!({
            "submission": told.submission,
            "model": told.model,
            "predicted_mw": told.predicted,
            "published_mw": told.published,
            "error_percent": told.error(),
            "left_out_percent": told.left_out,
            "not_fitted": told.reason,
        })
    });
    let coefficients = verdict.coefficients.iter().map(
        |each| json!({ "name": each.name, "stored": each.stored, "fitted": each.fitted, "standard_error": each.error }),
    );
    json!({
        "board": verdict.board,
        "rows": rows.collect::<Vec<_>>(),
        "coefficients": coefficients.collect::<Vec<_>>(),
        "left_out": verdict.errors,
    })
}
