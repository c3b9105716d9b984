//! Runs that earlier versions wrote, in the layout of this one.
//!
//! | format | what is new in it |
//! |---|---|
//! | 1 | – |
//! | 2 | limits in `run.json`; what a failure says something about; SRAM that only measurement needs |
//! | 3 | energy of each step; images that somebody else has built; what an interpreter keeps of the arena; the engine that others are compared with |
//! | 4 | memory by what it is for instead of by sections; energy of images that somebody else has built |
//!
//! Only what is missing is added, so that a folder which was partly rewritten, e.g. by a resume that was killed, is read
//! all the same. What an earlier version did not know is filled in as what claims least.

use polars::prelude::*;
use serde_json::{Value, json};

use super::earlier::{EarlierFlash, EarlierSram};
use super::folder::FORMAT;
use super::memory::{Flash, Sram};

/// Brings the content of a `run.json` to this format; gives the format it had.
pub fn run_file(value: &mut Value) -> Result<u32, String> {
    let format = value["format"].as_u64().and_then(|format| u32::try_from(format).ok());
    let format = match format {
        Some(format) if (1..=FORMAT).contains(&format) => format,
        Some(format) if format > FORMAT => {
            return Err(format!(
                "written by a newer version of hil (format {format}; this one reads up to {FORMAT}): use that version"
            ));
        }
        _ => return Err(format!("format {} is none that hil ever wrote", value["format"])),
    };
    if format < 2
        && let Some(info) = value["info"].as_object_mut()
    {
        let none = json!({ "latency_ms": null, "sram_bytes": null, "flash_bytes": null });
        info.entry("limits").or_insert(none);
    }
    value["format"] = FORMAT.into();
    Ok(format)
}

/// Brings a row of a journal to this format.
pub fn row(format: u32, row: &mut Value) {
    if format >= 4 {
        return;
    }
    if let Some(memory) = row.pointer_mut("/outcome/memory") {
        by_purpose(memory);
    }
    if format >= 3 {
        return;
    }
    if row["outcome"]["status"] == "ok"
        && let Some(run) = row["outcome"].as_object_mut()
    {
        run.entry("step_energy_uj").or_insert(json!([]));
    }
    if format >= 2 {
        return;
    }
    let outcome = &mut row["outcome"];
    if outcome["status"] == "failed"
        && let Some(failed) = outcome.as_object_mut()
    {
        // Nothing is said of a candidate that nobody said something of.
        failed.entry("cause").or_insert("infrastructure".into());
    }
}

/// Memory as earlier versions recorded it; what is no such record stays as it is.
fn by_purpose(memory: &mut Value) {
    let sram = serde_json::from_value::<EarlierSram>(memory["sram"].clone()).map(Sram::from);
    let flash = serde_json::from_value::<EarlierFlash>(memory["flash"].clone()).map(Flash::from);
    if let (Ok(sram), Ok(flash)) = (sram, flash) {
        *memory = json!({ "sram": sram, "flash": flash });
    }
}

/// Brings a table of measurements to this format.
pub fn measurements(format: u32, table: &mut DataFrame) -> Result<(), String> {
    let height = table.height();
    let zeros = |name: &str| UInt64Chunked::full(name.into(), 0, height).into_column();
    let columns = [
        (2, "cause", StringChunked::full("cause".into(), "infrastructure", height).into_column()),
        (2, "sram_harness", zeros("sram_harness")),
        (3, "sram_interpreter", zeros("sram_interpreter")),
    ];
    for (since, name, column) in columns {
        if format < since && table.column(name).is_err() {
            table.with_column(column).map_err(|e| e.to_string())?;
        }
    }
    if format < 4 && table.column("flash_code").is_err() { columns_by_purpose(table) } else { Ok(()) }
}

/// The columns of [`by_purpose`].
fn columns_by_purpose(table: &mut DataFrame) -> Result<(), String> {
    let say = |e: PolarsError| e.to_string();
    let read = |name: &str| {
        let column = table.column(name).map_err(say)?;
        Ok::<_, String>(column.u64().map_err(say)?.iter().collect::<Vec<Option<u64>>>())
    };
    let [data, bss, arena] = [read("sram_data")?, read("sram_bss")?, read("sram_arena")?];
    let [interpreter, stack, harness] = [read("sram_interpreter")?, read("sram_stack")?, read("sram_harness")?];
    let [text, rodata] = [read("flash_text")?, read("flash_rodata")?];
    let [weights, initial] = [read("flash_weights")?, read("flash_data")?];
    // Rows that have no memory have none of its numbers.
    let sram = |at: usize| {
        let (data, bss, arena, stack) = (data[at]?, bss[at]?, arena[at]?, stack[at]?);
        let (interpreter, harness) = (interpreter[at].unwrap_or(0), harness[at].unwrap_or(0));
        Some(Sram::from(EarlierSram { data, bss, arena, interpreter, stack, harness }))
    };
    let flash = |at: usize| {
        let (text, rodata, weights, data) = (text[at]?, rodata[at]?, weights[at]?, initial[at]?);
        Some(Flash::from(EarlierFlash { text, rodata, weights, data }))
    };
    let rows = 0..table.height();
    let column =
        |name: &str, values: Vec<Option<u64>>| UInt64Chunked::from_iter_options(name.into(), values.into_iter());
    let of_sram =
        |name, get: fn(&Sram) -> u64| column(name, rows.clone().map(|at| sram(at).as_ref().map(get)).collect());
    let of_flash =
        |name, get: fn(&Flash) -> u64| column(name, rows.clone().map(|at| flash(at).as_ref().map(get)).collect());
    let made = [
        of_sram("sram_arena", |s| s.arena),
        of_sram("sram_engine", |s| s.engine),
        of_sram("sram_heap", |s| s.heap),
        of_sram("sram_runtime", |s| s.runtime),
        of_flash("flash_tables", |f| f.tables),
        of_flash("flash_code", |f| f.code),
        of_flash("flash_runtime", |f| f.runtime),
    ];
    for column in made {
        table.with_column(column.into_column()).map_err(say)?;
    }
    Ok(())
}

/// Brings a table of steps to this format.
pub fn layers(format: u32, table: &mut DataFrame) -> Result<(), String> {
    if format < 3 && table.column("energy_uj").is_err() {
        let unknown = Float64Chunked::full_null("energy_uj".into(), table.height());
        table.with_column(unknown.into_column()).map_err(|e| e.to_string())?;
    }
    Ok(())
}
