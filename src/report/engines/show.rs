//! A comparison for people: the terminal's lines, Markdown, and what the page's template takes.

use minijinja::context;
use minijinja::value::Value;

use super::super::palette::{hex, kernel};
use super::super::plots::{PlotError, engines as plot};
use super::super::text::{grouped, kib, ms, shortened, wrapped};
use super::{BoardComparison, Comparison, ENGINE, Layers, Line, Mean, Network, flash, memory};
use crate::results::Measurement;

const WIDTH: usize = 100;
const NAME: usize = 24;
/// Groups of operators that the terminal names, those that differ most.
const WORST: usize = 3;

fn times(ratio: f64) -> String {
    format!("{ratio:.2}×")
}

fn maybe(ratio: Option<f64>) -> String {
    ratio.map_or("–".into(), times)
}

/// `tflm is TFLM 2.3 …`, for every engine whose title says more than its name.
pub fn legend(titles: &[(&str, &str)]) -> String {
    titles.iter().map(|(name, title)| format!("{name} is {title}")).collect::<Vec<_>>().join("; ")
}

/// Lines of at most 100 columns.
pub fn text(comparison: &Comparison<'_>) -> Vec<String> {
    let base = comparison.base;
    let mut lines = wrapped(&format!("against {base} ({}); below 1× is better", comparison.base_title), WIDTH, 2);
    let say = |what: String, lines: &mut Vec<String>| lines.extend(wrapped(&what, WIDTH, 4));
    match comparison.compilers[..] {
        [] => {}
        [one] => say(format!("  compiler of all: {one}"), &mut lines),
        ref several => say(format!("  NOT one compiler: {}", several.join("; ")), &mut lines),
    }
    for board in &comparison.boards {
        if let Some(flags) = board.flags {
            say(format!("  flags for {}: {flags}", board.board), &mut lines);
        }
    }
    for board in &comparison.boards {
        lines.push(String::new());
        lines.push(columns(&shortened(board.board, NAME), "engine", ["latency ms", "×", "SRAM", "×", "flash", "×"]));
        lines.extend(board.lines.iter().flat_map(entry));
        for mean in &board.means {
            say(format!("  {}", mean_text(mean, base)), &mut lines);
        }
        let split: Vec<String> = board.networks.iter().flat_map(|network| memory::text(network, ENGINE)).collect();
        if !split.is_empty() {
            say(format!("  where memory goes, bytes. {}", memory::LEGEND), &mut lines);
            lines.extend(split);
        }
        for network in &board.networks {
            for told in worst(network) {
                say(format!("  {told}"), &mut lines);
            }
        }
    }
    lines
}

fn columns(name: &str, engine: &str, [latency, by, sram, sram_by, flash, flash_by]: [&str; 6]) -> String {
    format!("{name:<NAME$} {engine:<ENGINE$} {latency:>10} {by:>7} {sram:>10} {sram_by:>7} {flash:>11} {flash_by:>7}")
}

fn entry(line: &Line<'_>) -> Vec<String> {
    let (name, engine) = (shortened(&line.row.network, NAME), shortened(&line.row.engine, ENGINE));
    match (&line.against, line.row.latency()) {
        (Ok(ratios), Some(latency)) => {
            let [sram, flash] = bytes(line.row);
            let numbers =
                [&ms(latency.ms()), &times(ratios.latency), &sram, &maybe(ratios.sram), &flash, &maybe(ratios.flash)];
            vec![columns(&name, &engine, numbers.map(String::as_str))]
        }
        (Err(why), Some(latency)) => {
            let [sram, flash] = bytes(line.row);
            let numbers = [&ms(latency.ms()), "–", &sram, "–", &flash, "–"];
            vec![columns(&name, &engine, numbers), format!("    {why}")]
        }
        (Err(why), None) => vec![format!("{name:<NAME$} {engine:<ENGINE$} {why}")],
        (Ok(_), None) => Vec::new(),
    }
}

fn bytes(row: &Measurement) -> [String; 2] {
    let sram = row.memory().map(|memory| memory.sram.peak());
    [sram, flash(row)].map(|count| count.map_or("–".into(), grouped))
}

fn mean_text(mean: &Mean<'_>, base: &str) -> String {
    let networks = if mean.networks == 1 { "1 network".into() } else { format!("{} networks", mean.networks) };
    let (engine, provenance) = (mean.engine, mean.provenance);
    format!("{engine}: {} the latency of {base}, geometric mean of {networks} ({provenance})", times(mean.ratio))
}

/// Where each engine differs most from the first, in cycles.
fn worst(network: &Network<'_>) -> Vec<String> {
    let Some(layers) = &network.layers else { return Vec::new() };
    let mut told = Vec::new();
    for (at, engine) in layers.engines.iter().enumerate().skip(1) {
        let mut groups: Vec<_> = layers.groups.iter().map(|group| (gap(&group.cycles, at), group)).collect();
        groups.sort_by_key(|(gap, _)| std::cmp::Reverse(gap.unsigned_abs()));
        let groups = groups.into_iter().filter(|(gap, _)| *gap != 0).take(WORST).map(|(gap, group)| {
            let sign = if gap > 0 { "+" } else { "−" };
            format!("{} {sign}{}", ops(group.ops), grouped(gap.unsigned_abs()))
        });
        let groups: Vec<String> = groups.collect();
        if !groups.is_empty() {
            let base = layers.engines[0];
            told.push(format!("{}: {engine} against {base}, cycles: {}", network.name, groups.join(", ")));
        }
    }
    told
}

fn gap(cycles: &[u64], at: usize) -> i64 {
    let of = |at: usize| cycles.get(at).map_or(0, |cycles| i64::try_from(*cycles).unwrap_or(i64::MAX));
    of(at) - of(0)
}

fn ops((first, last): (u64, u64)) -> String {
    if first == last { format!("op {first}") } else { format!("ops {first}–{last}") }
}

/// A table per board; `code` and `plain` escape names and texts.
pub fn markdown(comparison: &Comparison<'_>, code: fn(&str) -> String, plain: fn(&str) -> String) -> String {
    let mut text = format!("### Against {}\n\n", plain(comparison.base_title));
    match comparison.compilers[..] {
        [] => {}
        [one] => text += &format!("Compiler of all: {}\n\n", plain(one)),
        ref several => text += &format!("**Not one compiler**: {}\n\n", plain(&several.join("; "))),
    }
    for board in &comparison.boards {
        text += &format!(
            "| {} | engine | latency, ms | × | SRAM, bytes | × | flash, bytes | × | provenance |\n",
            code(board.board)
        );
        text += "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n";
        for line in &board.lines {
            let [sram, flash] = bytes(line.row);
            let latency = line.row.latency().map_or("–".into(), |latency| ms(latency.ms()));
            let (by, sram_by, flash_by) = match &line.against {
                Ok(ratios) => (times(ratios.latency), maybe(ratios.sram), maybe(ratios.flash)),
                Err(why) => (plain(why), "–".into(), "–".into()),
            };
            let (network, engine) = (code(&line.row.network), code(&line.row.engine));
            let by_whom = line.row.provenance;
            text += &format!(
                "| {network} | {engine} | {latency} | {by} | {sram} | {sram_by} | {flash} | {flash_by} | {by_whom} |\n"
            );
        }
        text += "\n";
        for mean in &board.means {
            text += &format!("- {}\n", plain(&mean_text(mean, comparison.base)));
        }
        text += "\n";
        text += &memory::markdown(&board.networks, code);
    }
    text
}

/// What `engines.html.j2` takes.
pub fn html(comparison: &Comparison<'_>) -> Result<Value, PlotError> {
    let boards = comparison.boards.iter().map(board).collect::<Result<Vec<_>, _>>()?;
    Ok(context! {
        base => comparison.base,
        title => comparison.base_title,
        titles => comparison.titles.iter().map(|(name, title)| context! { name, title }).collect::<Vec<_>>(),
        compilers => comparison.compilers,
        boards,
    })
}

fn board(board: &BoardComparison<'_>) -> Result<Value, PlotError> {
    let line = |line: &Line<'_>| {
        let [sram, flash] = bytes(line.row);
        let ratios = line.against.as_ref().ok();
        context! {
            network => line.row.network,
            engine => line.row.engine,
            provenance => line.row.provenance.name(),
            error_band => line.row.error_band,
            latency => line.row.latency().map(|latency| ms(latency.ms())),
            sram, flash,
            by => ratios.map(|r| times(r.latency)),
            sram_by => ratios.map(|r| maybe(r.sram)),
            flash_by => ratios.map(|r| maybe(r.flash)),
            why => line.against.as_ref().err(),
        }
    };
    let networks = board.networks.iter().map(network).collect::<Result<Vec<_>, _>>()?;
    Ok(context! {
        name => board.board,
        flags => board.flags,
        lines => board.lines.iter().map(line).collect::<Vec<_>>(),
        means => board.means.iter().map(|m| context! { engine => m.engine, provenance => m.provenance, ratio => times(m.ratio), networks => m.networks }).collect::<Vec<_>>(),
        networks,
    })
}

fn network(network: &Network<'_>) -> Result<Value, PlotError> {
    let most = |of: fn(&Measurement) -> u64| network.rows.iter().map(|row| of(row)).max().unwrap_or(0);
    let parts = |all: Vec<(&'static str, u64)>, most: u64| {
        let part = |(at, (name, bytes)): (usize, (&'static str, u64))| {
            context! {
                name,
                bytes => grouped(bytes),
                share => format!("{:.2}", bytes as f64 * 100.0 / most.max(1) as f64),
                colour => hex(kernel(Some(at))),
            }
        };
        // Colours go by what a part is, so that parts of nothing keep theirs.
        all.into_iter().enumerate().filter(|(_, (_, bytes))| *bytes > 0).map(part).collect::<Vec<_>>()
    };
    let sram_most = most(|row| row.memory().map_or(0, |memory| memory.sram.peak()));
    let flash_most = most(|row| flash(row).unwrap_or(0));
    let split = |row: &&Measurement| {
        context! {
            engine => row.engine,
            sram_total => row.memory().map(|memory| kib(memory.sram.peak())),
            sram => parts(memory::sram(row), sram_most),
            flash_total => flash(row).map(kib),
            flash => parts(memory::flash(row), flash_most),
        }
    };
    let layers = match &network.layers {
        None => None,
        Some(layers) => Some(context! {
            plot => Value::from_safe_string(plot(network.name, layers)?),
            engines => layers.engines.iter().enumerate()
                .map(|(at, name)| context! { name, colour => hex(kernel(Some(at))) }).collect::<Vec<_>>(),
            groups => layers.groups.iter().map(|group| table_group(layers, group)).collect::<Vec<_>>(),
            left_out => layers.left_out.iter().map(|(name, why)| format!("{name}: {why}")).collect::<Vec<_>>(),
        }),
    };
    Ok(context! {
        name => network.name,
        provenance => network.rows.first().map(|row| row.provenance.name()),
        error_band => network.rows.first().map(|row| row.error_band.clone()),
        memory => network.rows.iter().map(split).collect::<Vec<_>>(),
        layers,
    })
}

fn table_group(layers: &Layers<'_>, group: &super::Group<'_>) -> Value {
    let cells = (0..layers.engines.len()).map(|at| {
        let cycles = group.cycles.get(at).copied().unwrap_or(0);
        let first = group.cycles.first().copied().unwrap_or(0);
        context! {
            kernels => group.kernels.get(at).map(|kernels| kernels.join(", ")).filter(|k| !k.is_empty()),
            cycles => grouped(cycles),
            by => (at > 0 && first > 0).then(|| times(cycles as f64 / first as f64)),
            worse => at > 0 && cycles > first,
        }
    });
    context! { ops => ops(group.ops), macs => grouped(group.macs), cells => cells.collect::<Vec<_>>() }
}
