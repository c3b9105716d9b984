//! Segments: entries in Parquet, sorted so that a network's are together.

use std::fs::File;
use std::ops::Range;
use std::path::Path;

use polars::prelude::*;

use super::entry::{Entry, Query};
use super::manifest::Segment;
use crate::results::Provenance;

/// Buckets that networks fall into by their names: a query for one reads only its bucket.
const BUCKETS: usize = 256;
/// Small enough that a bucket does not drag much else along.
const ROW_GROUP: usize = 8192;
/// What a query is decided by.
const DECIDING: [&str; 6] = ["run", "network", "board", "engine", "provenance", "key"];

/// FNV-1a (Fowler, Noll, Vo), folded to a bucket: it must be the same in every version.
fn bucket(network: &str) -> usize {
    let hash = network
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (hash ^ (hash >> 32)) as usize % BUCKETS
}

/// Sorts `entries` and encodes them as the segment `file`.
pub fn encode(file: String, entries: &mut [Entry]) -> PolarsResult<(Segment, Vec<u8>)> {
    entries.sort_by(|a, b| {
        let key = |e: &Entry| bucket(&e.network);
        (key(a), &a.network, &a.board, a.place()).cmp(&(key(b), &b.network, &b.board, b.place()))
    });
    let starts = (0..=BUCKETS).map(|b| entries.partition_point(|e| bucket(&e.network) < b) as u64).collect();
    let segment = Segment { file, rows: entries.len() as u64, starts };
    let text = |name: &str, get: fn(&Entry) -> &str| {
        StringChunked::from_iter_options(name.into(), entries.iter().map(|e| Some(get(e)))).into_column()
    };
    let number = |name: &str, get: fn(&Entry) -> Option<u64>| {
        UInt64Chunked::from_iter_options(name.into(), entries.iter().map(get)).into_column()
    };
    let real = |name: &str, get: fn(&Entry) -> Option<f64>| {
        Float64Chunked::from_iter_options(name.into(), entries.iter().map(get)).into_column()
    };
    let image =
        StringChunked::from_iter_options("image_sha256".into(), entries.iter().map(|e| e.image_sha256.as_deref()));
    let worse: Vec<String> = entries.iter().map(|e| e.worse.join("\n")).collect();
    let worse = StringChunked::from_iter_options("worse".into(), worse.iter().map(|w| Some(w.as_str())));
    let columns = vec![
        text("run", |e| &e.run),
        text("started", |e| &e.started),
        text("scenario", |e| &e.scenario),
        number("index", |e| Some(u64::from(e.index))),
        text("network", |e| &e.network),
        text("network_sha256", |e| &e.network_sha256),
        text("engine", |e| &e.engine),
        text("board", |e| &e.board),
        text("unit", |e| &e.unit),
        text("provenance", |e| e.provenance.name()),
        text("key", |e| &e.key),
        text("status", |e| &e.status),
        number("clock_hz", |e| e.clock_hz),
        real("median_cycles", |e| e.median_cycles),
        number("instructions", |e| e.instructions),
        real("energy_uj", |e| e.energy_uj),
        number("sram_peak", |e| e.sram_peak),
        number("flash_total", |e| e.flash_total),
        image.into_column(),
        text("error_band", |e| &e.error_band),
        text("compiler", |e| &e.compiler),
        text("git", |e| &e.git),
        worse.into_column(),
    ];
    let mut bytes = Vec::new();
    let mut table = DataFrame::new(entries.len(), columns)?;
    ParquetWriter::new(&mut bytes).with_row_group_size(Some(ROW_GROUP)).finish(&mut table)?;
    Ok((segment, bytes))
}

/// Entries of `segment`, in `folder`, that meet `query` and whose run `is_here` knows to be in this segment.
pub fn read(
    folder: &Path,
    segment: &Segment,
    query: &Query,
    is_here: &dyn Fn(&str) -> bool,
) -> PolarsResult<Vec<Entry>> {
    let rows = match &query.network {
        Some(network) => {
            let at = bucket(network);
            let bound = |at: usize| segment.starts.get(at).map_or(segment.rows, |start| *start) as usize;
            bound(at)..bound(at + 1)
        }
        None => 0..segment.rows as usize,
    };
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let path = folder.join(&segment.file);
    let deciding = slice(&path, &rows, Some(DECIDING.map(String::from).to_vec()))?;
    let [run, network, board, engine, provenance, key] = DECIDING.map(|name| deciding.column(name)?.str());
    let (run, network, board, engine, provenance, key) = (run?, network?, board?, engine?, provenance?, key?);
    let get = |column: &StringChunked, at: usize| column.get(at).unwrap_or_default().to_string();
    let meets = |at: &usize| {
        let at = *at;
        let text = |column: &'_ StringChunked| get(column, at);
        // Cheap tests first would not pay: the columns are in memory.
        query.meets(&text(network), &text(board), &text(engine), &text(provenance), &text(key)) && is_here(&text(run))
    };
    let found: Vec<usize> = (0..deciding.height()).filter(meets).collect();
    let (Some(first), Some(last)) = (found.first(), found.last()) else { return Ok(Vec::new()) };
    let table = slice(&path, &(rows.start + first..rows.start + last + 1), None)?;
    found.iter().map(|at| entry(&table, at - first)).collect()
}

/// All entries of a segment whose run `is_here` knows to be in it.
pub fn read_all(folder: &Path, segment: &Segment, is_here: &dyn Fn(&str) -> bool) -> PolarsResult<Vec<Entry>> {
    read(folder, segment, &Query::default(), is_here)
}

fn slice(path: &Path, rows: &Range<usize>, columns: Option<Vec<String>>) -> PolarsResult<DataFrame> {
    let reader = ParquetReader::new(File::open(path)?).with_columns(columns);
    let table = reader.with_slice(Some((rows.start, rows.len()))).finish()?;
    if table.height() == rows.len() { Ok(table) } else { Err(PolarsError::ComputeError("too few rows".into())) }
}

fn entry(table: &DataFrame, at: usize) -> PolarsResult<Entry> {
    let text =
        |name: &str| -> PolarsResult<Option<String>> { Ok(table.column(name)?.str()?.get(at).map(String::from)) };
    let need = |name: &str| -> PolarsResult<String> {
        text(name)?.ok_or_else(|| PolarsError::ComputeError(format!("no {name}").into()))
    };
    let number = |name: &str| -> PolarsResult<Option<u64>> { Ok(table.column(name)?.u64()?.get(at)) };
    let real = |name: &str| -> PolarsResult<Option<f64>> { Ok(table.column(name)?.f64()?.get(at)) };
    let provenance = need("provenance")?;
    let known = Provenance::ALL.into_iter().find(|p| p.name() == provenance);
    Ok(Entry {
        run: need("run")?,
        started: need("started")?,
        scenario: need("scenario")?,
        index: number("index")?.and_then(|index| u32::try_from(index).ok()).unwrap_or_default(),
        network: need("network")?,
        network_sha256: need("network_sha256")?,
        engine: need("engine")?,
        board: need("board")?,
        unit: need("unit")?,
        provenance: known.ok_or_else(|| PolarsError::ComputeError("unknown provenance".into()))?,
        key: need("key")?,
        status: need("status")?,
        clock_hz: number("clock_hz")?,
        median_cycles: real("median_cycles")?,
        instructions: number("instructions")?,
        energy_uj: real("energy_uj")?,
        sram_peak: number("sram_peak")?,
        flash_total: number("flash_total")?,
        image_sha256: text("image_sha256")?,
        error_band: need("error_band")?,
        compiler: need("compiler")?,
        git: need("git")?,
        worse: need("worse")?.lines().map(String::from).collect(),
    })
}
