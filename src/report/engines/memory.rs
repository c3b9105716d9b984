//! Where memory goes, in the same parts for every engine.

use super::super::text::{grouped, shortened};
use super::{ENGINE, Network};
use crate::results::{Measurement, Memory};

/// What peak SRAM and flash consist of, for readers: in the order of [`crate::results::Sram::parts`] and
/// [`crate::results::Flash::parts`].
const SRAM: [&str; 5] = ["tensors", "engine", "stack", "heap", "runtime"];
const FLASH: [&str; 5] = ["weights", "tables", "code", "runtime", "data"];
/// What the columns mean, once for all.
pub(super) const LEGEND: &str = "SRAM: tensors with scratch; what the engine keeps (interpreter, variables); stack; heap; variables of the \
                      runtime. Flash: weights; tables (requantisation, steps, the rest of a model's file); code of network \
                      and engine; runtime (start-up, console, protocol); initial values of variables.";

/// Name and bytes of each part of the peak; nothing of what nobody can tell from outside.
pub(super) fn sram(row: &Measurement) -> Vec<(&'static str, u64)> {
    row.memory().map_or(Vec::new(), |memory| named(SRAM, memory.sram.parts()))
}

/// The same of flash; all in one where only the image's size is known.
pub(super) fn flash(row: &Measurement) -> Vec<(&'static str, u64)> {
    match (row.memory(), row.prebuilt()) {
        (Some(memory), _) => named(FLASH, memory.flash.parts()),
        (None, Some(image)) => vec![("image, not split", image.image_bytes)],
        (None, None) => Vec::new(),
    }
}

fn named(names: [&'static str; 5], parts: [(&str, u64); 5]) -> Vec<(&'static str, u64)> {
    names.into_iter().zip(parts).map(|(name, (_, bytes))| (name, bytes)).collect()
}

/// Bytes of each part, first of SRAM, then of flash.
fn cells(memory: &Memory) -> Vec<String> {
    memory.sram.parts().into_iter().chain(memory.flash.parts()).map(|(_, bytes)| grouped(bytes)).collect()
}

/// Lines of at most 100 columns, one per engine; nothing where no row's memory is split.
pub(super) fn text(network: &Network<'_>, name: usize) -> Vec<String> {
    let line = |first: &str, cells: &[String]| {
        let (sram, flash) = cells.split_at(SRAM.len().min(cells.len()));
        let right =
            |cells: &[String], width: usize| cells.iter().map(|cell| format!("{cell:>width$}")).collect::<String>();
        format!("{first:<name$}{}{}", right(sram, 8), right(flash, 9))
    };
    let titles: Vec<String> = SRAM.iter().chain(&FLASH).map(ToString::to_string).collect();
    let rows = network.rows.iter().map(|row| {
        let engine = shortened(&row.engine, ENGINE);
        match (row.memory(), row.prebuilt()) {
            (Some(memory), _) => line(&engine, &cells(memory)),
            (None, Some(image)) => {
                format!("{engine:<name$} {} bytes are programmed; nobody can split them", grouped(image.image_bytes))
            }
            (None, None) => format!("{engine:<name$} not known"),
        }
    });
    if !network.rows.iter().any(|row| row.memory().is_some()) {
        return Vec::new();
    }
    [line(&shortened(network.name, name), &titles)].into_iter().chain(rows).collect()
}

/// A table of a board's networks; `code` escapes names.
pub(super) fn markdown(networks: &[Network<'_>], code: fn(&str) -> String) -> String {
    let rows = networks.iter().flat_map(|network| network.rows.iter().map(move |row| (network, row)));
    let mut text = String::new();
    for (network, row) in rows {
        let cells = match (row.memory(), row.prebuilt()) {
            (Some(memory), _) => cells(memory),
            (None, Some(image)) => [
                vec!["–".into(); SRAM.len()],
                vec![format!("{} in all", grouped(image.image_bytes))],
                vec!["–".into(); FLASH.len() - 1],
            ]
            .concat(),
            (None, None) => continue,
        };
        text += &format!("| {} | {} | {} |\n", code(network.name), code(&row.engine), cells.join(" | "));
    }
    if text.is_empty() {
        return text;
    }
    let titles: Vec<String> = SRAM
        .iter()
        .map(|part| format!("SRAM: {part}"))
        .chain(FLASH.iter().map(|part| format!("flash: {part}")))
        .collect();
    let rule = "---: | ".repeat(titles.len());
    format!("| network | engine | {} |\n| --- | --- | {}\n{text}\n{LEGEND}\n\n", titles.join(" | "), rule.trim_end())
}
