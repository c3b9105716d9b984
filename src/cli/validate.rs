//! `hil validate`.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::arguments::ValidateOptions;
use super::output::{columns, print, print_json};
use super::{Ended, Failure};
use crate::board::{self, Board, Core};
use crate::validate::{
    Band, Fact, Kind, Part, Proxy, Sample, Timed, Verdict, assess, attribute, bands, drive, find, shipped, submissions,
};

mod power;

/// An image that was timed.
struct Row {
    fact: Fact,
    core: &'static str,
    timed: Timed,
    /// Per inference.
    microjoules: Option<f64>,
}

impl Row {
    /// Percent of what was published.
    fn error(&self) -> f64 {
        (self.timed.seconds / self.fact.seconds() - 1.0) * 100.0
    }

    /// Percent of the energy that was published.
    fn energy_error(&self) -> Option<f64> {
        self.microjoules.zip(self.fact.microjoules).map(|(found, published)| (found / published - 1.0) * 100.0)
    }
}

pub fn run(options: ValidateOptions, json: bool) -> Ended {
    let facts = shipped().map_err(|e| Failure::Infrastructure(format!("internal error: {e}")))?;
    if let Some(name) = &options.board {
        Board::shipped(name)?;
    }
    let known = board::names();
    let wanted = |fact: &Fact| {
        known.contains(&fact.board.as_str()) && options.board.as_ref().is_none_or(|name| *name == fact.board)
    };
    let facts: Vec<Fact> = facts.into_iter().flat_map(|facts| facts.images).filter(wanted).collect();
    let images = find(&options.images, &facts).map_err(|e| Failure::Usage(e.to_string()))?;
    let mut rows = Vec::new();
    for (fact, image) in facts.into_iter().zip(images) {
        let Some(image) = image else {
            eprintln!("not found: {}", fact.path);
            continue;
        };
        let board = Board::shipped(&fact.board)?;
        let timed = drive(&fact, &board, &image).map_err(|e| Failure::Infrastructure(format!("{}: {e}", fact.path)))?;
        let energy = |power: &crate::board::Power| power.microjoules(&timed.activity, fact.clock_hz);
        let microjoules = board.power.as_ref().and_then(energy).map(|all| all / f64::from(timed.inferences));
        let row = Row { fact, core: core_name(board.core), timed, microjoules };
        eprintln!("{} {}: {:+.1} %", row.fact.board, row.fact.model, row.error());
        rows.push(row);
    }
    if rows.is_empty() {
        let folder = options.images.display();
        return Err(Failure::Usage(format!("{folder}: none of the images that facts are known of is there")));
    }
    let by_core = bands(rows.iter().map(|row| (row.core, row.error())));
    let by_board = bands(rows.iter().map(|row| (row.fact.board.as_str(), row.error())));
    let parts = parts(&rows, &by_core);
    let verdicts = verdicts(&rows)?;
    let mut worse = worse(&by_board)?;
    for verdict in &verdicts {
        worse.extend(power::worse(verdict, &Board::shipped(&verdict.board)?));
    }
    if json {
        print_json(&as_json(&rows, (&by_core, &by_board), &parts, &verdicts, &worse))?;
    } else {
        let power = verdicts.iter().map(power::table).map(|text| format!("\n\n{text}")).collect::<String>();
        print(&format!("{}\n\n{}{power}", table(&rows, &by_core, &by_board), residuals(&rows, &parts)))?;
        worse.iter().for_each(|problem| eprintln!("{problem}"));
    }
    Ok(if worse.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn core_name(core: Core) -> &'static str {
    match core {
        Core::CortexM4f => "cortex-m4f",
        Core::CortexM7f => "cortex-m7f",
        Core::CortexM33f => "cortex-m33f",
    }
}

/// Each core's errors by kind of kernel.
fn parts<'a>(rows: &[Row], by_core: &'a [Band]) -> Vec<(&'a str, Vec<Part>)> {
    let samples = |core: &str| {
        let of = rows.iter().filter(|row| row.core == core);
        of.map(|row| Sample { shares: row.timed.kinds.shares(), error: row.error() }).collect::<Vec<_>>()
    };
    by_core.iter().map(|band| (band.of.as_str(), attribute(&samples(&band.of)))).collect()
}

/// What published power says of the boards whose images ran.
fn verdicts(rows: &[Row]) -> Result<Vec<Verdict>, Failure> {
    let published = submissions().map_err(|e| Failure::Infrastructure(format!("internal error: {e}")))?;
    let proxy = |row: &Row| Proxy {
        board: row.fact.board.clone(),
        model: row.fact.model.clone(),
        hz: row.fact.clock_hz,
        activity: row.timed.activity,
        waiting: row.timed.waiting,
    };
    let proxies: Vec<Proxy> = rows.iter().map(proxy).collect();
    let mut boards: Vec<&str> = proxies.iter().map(|proxy| proxy.board.as_str()).collect();
    boards.dedup();
    let assessed = boards.into_iter().map(|name| Ok(assess(&Board::shipped(name)?, &published, &proxies)));
    assessed.filter_map(Result::transpose).collect()
}

/// Boards whose error is larger than their file says, to a tenth of a percent.
fn worse(by_board: &[Band]) -> Result<Vec<String>, Failure> {
    let mut problems = Vec::new();
    for band in by_board {
        let board = Board::shipped(&band.of)?;
        let (found, name) = (band.errors, &band.of);
        match board.validation.map(|validation| validation.latency) {
            None => problems.push(format!(
                "boards/{name}.yaml has no `validation`; it should say median: {:.1}, worst: {:.1}, rows: {}",
                found.median, found.worst, found.rows
            )),
            Some(stored) if found.median > stored.median + 0.05 || found.worst > stored.worst + 0.05 => {
                problems.push(format!(
                    "boards/{name}.yaml promises {:.1} % median and {:.1} % worst; it is {:.1} % and {:.1} %",
                    stored.median, stored.worst, found.median, found.worst
                ));
            }
            Some(_) => {}
        }
    }
    Ok(problems)
}

fn table(rows: &[Row], by_core: &[Band], by_board: &[Band]) -> String {
    let titles = ["board", "model", "predicted ms", "published ms", "error %", "predicted µJ", "error %"];
    let mut lines = vec![titles.map(String::from).to_vec()];
    lines.extend(rows.iter().map(|row| {
        vec![
            row.fact.board.clone(),
            row.fact.model.clone(),
            format!("{:.3}", row.timed.seconds * 1e3),
            format!("{:.3}", row.fact.seconds() * 1e3),
            format!("{:+.1}", row.error()),
            row.microjoules.map_or("-".into(), |uj| format!("{uj:.0}")),
            row.energy_error().map_or("-".into(), |error| format!("{error:+.1}")),
        ]
    }));
    let titles = ["absolute error of", "median %", "worst %", "images"];
    let mut summary = vec![titles.map(String::from).to_vec()];
    summary.extend(by_core.iter().chain(by_board).map(|band| {
        let errors = band.errors;
        vec![band.of.clone(), format!("{:.1}", errors.median), format!("{:.1}", errors.worst), errors.rows.to_string()]
    }));
    format!("{}\n\n{}", columns(&lines, 2), columns(&summary, 1))
}

/// Shares of time by kind of kernel, and what of a core's error goes to each.
fn residuals(rows: &[Row], parts: &[(&str, Vec<Part>)]) -> String {
    let titles = ["% of time in", "model"].map(String::from).into_iter();
    let kinds = || Kind::ALL.into_iter().map(|kind| kind.name().to_string());
    let mut lines = vec![titles.chain(kinds()).chain(["error %".into()]).collect::<Vec<_>>()];
    lines.extend(rows.iter().map(|row| {
        let shares = row.timed.kinds.shares().map(|share| format!("{:.0}", share * 100.0));
        let named = [row.fact.board.clone(), row.fact.model.clone()].into_iter();
        named.chain(shares).chain([format!("{:+.1}", row.error())]).collect()
    }));
    let told = |part: &Part| match part.error {
        Some((value, error)) => format!("{value:+.1} ± {error:.1}"),
        None => "not told".into(),
    };
    let mut fitted = vec![["error % of".to_string()].into_iter().chain(kinds()).collect::<Vec<_>>()];
    fitted.extend(
        parts.iter().map(|(core, parts)| [core.to_string()].into_iter().chain(parts.iter().map(told)).collect()),
    );
    format!(
        "{}\n\n{}\nLeast squares over the images of a core ± standard error; a kind that runs for little is not told.",
        columns(&lines, 2),
        columns(&fitted, 1)
    )
}

fn as_json(
    rows: &[Row],
    (by_core, by_board): (&[Band], &[Band]),
    parts: &[(&str, Vec<Part>)],
    verdicts: &[Verdict],
    worse: &[String],
) -> Value {
    let band = |band: &Band| {
        let errors = band.errors;
        json!({ "of": band.of, "median_percent": errors.median, "worst_percent": errors.worst, "images": errors.rows })
    };
    let images: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "path": row.fact.path,
                "board": row.fact.board,
                "core": row.core,
                "model": row.fact.model,
                "predicted_ms": row.timed.seconds * 1e3,
                "published_ms": row.fact.seconds() * 1e3,
                "error_percent": row.error(),
                "predicted_uj": row.microjoules,
                "published_uj": row.fact.microjoules,
                "energy_error_percent": row.energy_error(),
                "inferences": row.timed.inferences,
                "kinds": by_kind(|at| row.timed.kinds.shares()[at].into()),
                "activity": row.timed.activity,
            })
        })
        .collect();
    let residual = |(core, parts): &(&str, Vec<Part>)| {
        let told = by_kind(|at| {
            parts
                .get(at)
                .and_then(|part| part.error)
                .map_or(Value::Null, |(value, error)| json!({ "percent": value, "standard_error": error }))
        });
        json!({ "core": core, "kinds": told })
    };
    json!({
        "residuals": parts.iter().map(residual).collect::<Vec<_>>(),
        "power": verdicts.iter().map(power::as_json).collect::<Vec<_>>(),
        "images": images,
        "cores": by_core.iter().map(band).collect::<Vec<_>>(),
        "boards": by_board.iter().map(band).collect::<Vec<_>>(),
        "worse_than_stored": worse,
    })
}

/// A value for each kind of kernel, by its name.
fn by_kind(value: impl Fn(usize) -> Value) -> Value {
    Kind::ALL.into_iter().enumerate().map(|(at, kind)| (kind.name().to_string(), value(at))).collect()
}
