//! Runs that earlier versions wrote, in the layout of this one.
//!
//! | format | what is new in it |
//! |---|---|
//! | 1 | – |
//! | 2 | limits in `run.json`; what a failure says something about; SRAM that only measurement needs |
//! | 3 | images that somebody else has built; what an interpreter keeps of the arena; the engine that others are compared with |
//!
//! Only what is missing is added, so that a folder which was partly rewritten, e.g. by a resume that was killed, is read
//! all the same. What an earlier version did not know is filled in as what claims least.

use polars::prelude::*;
use serde_json::{Value, json};

use super::folder::FORMAT;

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
    if let Some(sram) = outcome.pointer_mut("/memory/sram").and_then(Value::as_object_mut) {
        sram.entry("harness").or_insert(0.into());
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
    Ok(())
}
