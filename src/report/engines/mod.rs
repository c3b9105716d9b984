//! Engines side by side: ratios to one of them, row by row, and where in a network they differ.
//!
//! Only what is alike is compared: one network, one board, one provenance, one clock, and outputs that were verified.

mod layers;
mod memory;
mod show;

use serde::Serialize;
use serde_json::{Value, json};

pub use layers::{Group, Layers, layers};
pub use show::{html, legend, markdown, text};

use crate::results::{Measurement, Status, StoredRun};

/// Columns of an engine's name on a terminal.
const ENGINE: usize = 14;

/// A run's engines against one of them.
pub struct Comparison<'a> {
    /// Name and title of the engine that the others are compared with.
    pub base: &'a str,
    pub base_title: &'a str,
    /// Name and title of every engine of the run whose title says more.
    pub titles: Vec<(&'a str, &'a str)>,
    pub boards: Vec<BoardComparison<'a>>,
    /// What all of it was built with; several where not all with one.
    pub compilers: Vec<&'a str>,
}

/// The rows of one board.
pub struct BoardComparison<'a> {
    pub board: &'a str,
    /// Flags that everything for it was built with.
    pub flags: Option<&'a str>,
    pub lines: Vec<Line<'a>>,
    pub means: Vec<Mean<'a>>,
    pub networks: Vec<Network<'a>>,
}

/// One row beside the base's of the same network.
pub struct Line<'a> {
    pub row: &'a Measurement,
    /// Or why there is none.
    pub against: Result<Ratios, String>,
}

/// Of a row to the base's: below 1 it takes less.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ratios {
    pub latency: f64,
    /// None where what an image of others uses cannot be told from outside.
    pub sram: Option<f64>,
    pub flash: Option<f64>,
}

/// Geometric mean of the latency ratios of one engine and provenance.
pub struct Mean<'a> {
    pub engine: &'a str,
    pub provenance: &'static str,
    pub ratio: f64,
    pub networks: usize,
}

/// One network on one board, in every engine that it has a verified row of.
pub struct Network<'a> {
    pub name: &'a str,
    pub rows: Vec<&'a Measurement>,
    pub layers: Option<Layers<'a>>,
}

/// Title of an engine, as the run recorded it; its name where it has none.
pub fn title<'a>(run: &'a StoredRun, engine: &'a str) -> &'a str {
    run.info.tools.get(engine).map_or(engine, String::as_str)
}

/// Name and title of the engines in a run's rows whose title says more than the name.
pub fn titles(run: &StoredRun) -> Vec<(&str, &str)> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    for row in &run.rows {
        let (name, title) = (row.engine.as_str(), title(run, &row.engine));
        if name != title && !found.iter().any(|(known, _)| *known == name) {
            found.push((name, title));
        }
    }
    found
}

/// The comparison that the run's scenario asks for.
pub fn comparison(run: &StoredRun) -> Option<Comparison<'_>> {
    let base = run.info.compare_to.as_deref()?;
    let boards = super::summary::by_board(run);
    let boards = boards.iter().map(|board| board_comparison(run, base, board.board, &board.rows));
    let mut compilers: Vec<&str> = Vec::new();
    for row in run.rows.iter().filter(|row| row.run().is_some()) {
        let compiler = row.repeat.compiler.as_str();
        if !compilers.contains(&compiler) {
            compilers.push(compiler);
        }
    }
    Some(Comparison { base, base_title: title(run, base), titles: titles(run), boards: boards.collect(), compilers })
}

fn board_comparison<'a>(
    run: &'a StoredRun,
    base: &'a str,
    board: &'a str,
    rows: &[&'a Measurement],
) -> BoardComparison<'a> {
    let lines: Vec<Line<'a>> = rows.iter().map(|row| Line { row, against: against(row, base, rows) }).collect();
    let mut means: Vec<(&str, &'static str, Vec<f64>)> = Vec::new();
    for line in lines.iter().filter(|line| line.row.engine != base) {
        let Ok(ratios) = &line.against else { continue };
        let (engine, provenance) = (line.row.engine.as_str(), line.row.provenance.name());
        match means.iter_mut().find(|(e, p, _)| (*e, *p) == (engine, provenance)) {
            Some((_, _, all)) => all.push(ratios.latency),
            None => means.push((engine, provenance, vec![ratios.latency])),
        }
    }
    let mean = |(engine, provenance, all): (&'a str, &'static str, Vec<f64>)| Mean {
        engine,
        provenance,
        ratio: (all.iter().map(|ratio| ratio.ln()).sum::<f64>() / all.len() as f64).exp(),
        networks: all.len(),
    };
    let mut networks: Vec<Network<'a>> = Vec::new();
    for row in rows.iter().copied().filter(|row| row.latency().is_some()) {
        let same =
            |other: &Network<'_>| other.name == row.network && other.rows.iter().all(|o| unlike(o, row).is_none());
        match networks.iter_mut().find(|network| same(network)) {
            Some(network) => network.rows.push(row),
            None => networks.push(Network { name: &row.network, rows: vec![row], layers: None }),
        }
    }
    networks.retain(|network| network.rows.len() > 1);
    for network in &mut networks {
        // The base comes first, so that it has the first place in tables.
        network.rows.sort_by_key(|row| row.engine != base);
        network.layers = layers(&network.rows);
    }
    let flags = run.info.flags.get(board).map(String::as_str);
    BoardComparison { board, flags, lines, means: means.into_iter().map(mean).collect(), networks }
}

fn against(row: &Measurement, base: &str, rows: &[&Measurement]) -> Result<Ratios, String> {
    let Some(latency) = row.latency() else {
        return Err(match row.status() {
            Status::DoesNotFit => "does not fit".into(),
            Status::Mismatch => "wrong output".into(),
            Status::Failed => "failed".into(),
            Status::Prebuilt => "not verified".into(),
            Status::Ok => "no latency".into(),
        });
    };
    let of_base = || rows.iter().filter(|other| other.engine == base && other.network == row.network);
    let mut problem = None;
    for other in of_base() {
        let Some(theirs) = other.latency() else { continue };
        match unlike(other, row) {
            Some(unlike) => problem = Some(unlike),
            None => {
                let ratio = |ours: Option<u64>, theirs: Option<u64>| match (ours, theirs) {
                    (Some(ours), Some(theirs)) if theirs > 0 => Some(ours as f64 / theirs as f64),
                    _ => None,
                };
                let sram = |row: &Measurement| row.memory().map(|memory| memory.sram.peak());
                return Ok(Ratios {
                    latency: latency.ms() / theirs.ms(),
                    sram: ratio(sram(row), sram(other)),
                    flash: ratio(flash(row), flash(other)),
                });
            }
        }
    }
    Err(problem.unwrap_or_else(|| format!("no {base} to compare")))
}

/// Bytes of flash: of a network's image, or of all that is programmed of an image of others.
pub fn flash(row: &Measurement) -> Option<u64> {
    row.memory().map(|memory| memory.flash.total()).or(row.prebuilt().map(|image| image.image_bytes))
}

/// Why two verified rows of one name cannot be compared.
fn unlike(a: &Measurement, b: &Measurement) -> Option<String> {
    if a.provenance != b.provenance {
        return Some(format!("{} there", a.provenance));
    }
    if a.network_sha256 != b.network_sha256 {
        return Some("another network".into());
    }
    let clock = |row: &Measurement| row.latency().map(|latency| latency.clock_hz());
    (clock(a) != clock(b)).then(|| "another clock".into())
}

/// The comparison as JSON.
pub fn as_json(comparison: &Comparison<'_>) -> Value {
    let line = |line: &Line<'_>| {
        json!({
            "network": line.row.network,
            "engine": line.row.engine,
            "provenance": line.row.provenance,
            "ratios": line.against.as_ref().ok(),
            "why_not": line.against.as_ref().err(),
        })
    };
    let mean = |mean: &Mean<'_>| {
        json!({
            "engine": mean.engine,
            "provenance": mean.provenance,
            "latency_geometric_mean": mean.ratio,
            "networks": mean.networks,
        })
    };
    let board = |board: &BoardComparison<'_>| {
        let networks = board.networks.iter().filter_map(|network| Some((network, network.layers.as_ref()?)));
        let layers = networks.map(|(network, layers)| json!({ "network": network.name, "layers": layers }));
        json!({
            "board": board.board,
            "flags": board.flags,
            "rows": board.lines.iter().map(line).collect::<Vec<_>>(),
            "means": board.means.iter().map(mean).collect::<Vec<_>>(),
            "networks": layers.collect::<Vec<_>>(),
        })
    };
    json!({
        "to": comparison.base,
        "titles": comparison.titles.iter().map(|(name, title)| (name.to_string(), title.to_string()))
            .collect::<std::collections::BTreeMap<_, _>>(),
        "compilers": comparison.compilers,
        "boards": comparison.boards.iter().map(board).collect::<Vec<_>>(),
    })
}
