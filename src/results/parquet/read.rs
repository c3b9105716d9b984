//! Tables to rows.

use std::collections::HashMap;
use std::io::Cursor;
use std::num::NonZeroU32;
use std::path::Path;

use polars::prelude::*;

use crate::results::check::check;
use crate::results::error::ResultsError;
use crate::results::measurement::{Budget, Measurement, Provenance, Repeat, Step};
use crate::results::memory::{Flash, Memory, Sram};
use crate::results::migrate;
use crate::results::outcome::{Cause, Energy, Latency, Outcome, OutputCheck, Run};

/// Why a table holds no rows of ours.
type Wrong = String;

/// Rows from the bytes of both files, each with its path for errors; `format` is the run's.
pub fn read(
    format: u32,
    measurements: (&Path, Vec<u8>),
    layers: (&Path, Vec<u8>),
) -> Result<Vec<Measurement>, ResultsError> {
    let mut steps = named(
        layers.0,
        table(layers.1).and_then(|mut table| {
            migrate::layers(format, &mut table)?;
            read_layers(&table)
        }),
    )?;
    let rows = table(measurements.1).and_then(|mut table| {
        migrate::measurements(format, &mut table)?;
        read_measurements(&table, &mut steps)
    });
    named(measurements.0, rows)
}

fn named<T>(path: &Path, result: Result<T, Wrong>) -> Result<T, ResultsError> {
    result.map_err(|message| ResultsError::Parquet { path: path.to_path_buf(), message })
}

fn table(bytes: Vec<u8>) -> Result<DataFrame, Wrong> {
    // Both ends carry the format's mark; without it the bytes are not looked at further.
    if bytes.len() < 12 || !bytes.starts_with(b"PAR1") || !bytes.ends_with(b"PAR1") {
        return Err("not a whole Parquet file".into());
    }
    ParquetReader::new(Cursor::new(bytes)).finish().map_err(|e| e.to_string())
}

/// One row of a table, by names of columns.
struct Row<'a>(&'a DataFrame, usize);

impl<'a> Row<'a> {
    fn column(&self, name: &str) -> Result<&'a Column, Wrong> {
        self.0.column(name).map_err(|e| e.to_string())
    }

    fn text(&self, name: &str) -> Result<Option<String>, Wrong> {
        Ok(self.column(name)?.str().map_err(|e| e.to_string())?.get(self.1).map(String::from))
    }

    fn number(&self, name: &str) -> Result<Option<u64>, Wrong> {
        Ok(self.column(name)?.u64().map_err(|e| e.to_string())?.get(self.1))
    }

    fn real(&self, name: &str) -> Result<Option<f64>, Wrong> {
        Ok(self.column(name)?.f64().map_err(|e| e.to_string())?.get(self.1))
    }

    fn index(&self) -> Result<u32, Wrong> {
        let value = self.column("index")?.u32().map_err(|e| e.to_string())?.get(self.1);
        value.ok_or_else(|| self.missing("index"))
    }

    fn numbers(&self, name: &str) -> Result<Option<Vec<u64>>, Wrong> {
        let Some(values) = self.column(name)?.list().map_err(|e| e.to_string())?.get_as_series(self.1) else {
            return Ok(None);
        };
        let values: Option<Vec<u64>> = values.u64().map_err(|e| e.to_string())?.iter().collect();
        values.map(Some).ok_or_else(|| self.missing(name))
    }

    fn missing(&self, name: &str) -> Wrong {
        format!("row {}: no value in column `{name}`", self.1)
    }

    fn need_text(&self, name: &str) -> Result<String, Wrong> {
        self.text(name)?.ok_or_else(|| self.missing(name))
    }

    fn need(&self, name: &str) -> Result<u64, Wrong> {
        self.number(name)?.ok_or_else(|| self.missing(name))
    }

    fn provenance(&self) -> Result<Provenance, Wrong> {
        let name = self.need_text("provenance")?;
        let known = Provenance::ALL.into_iter().find(|p| p.name() == name);
        known.ok_or_else(|| format!("row {}: unknown provenance `{name}`", self.1))
    }

    fn cause(&self) -> Result<Cause, Wrong> {
        let name = self.need_text("cause")?;
        let known = Cause::ALL.into_iter().find(|cause| cause.name() == name);
        known.ok_or_else(|| format!("row {}: unknown cause `{name}`", self.1))
    }

    fn memory(&self) -> Result<Option<Memory>, Wrong> {
        if self.number("sram_arena")?.is_none() {
            return Ok(None);
        }
        let sram = Sram {
            arena: self.need("sram_arena")?,
            engine: self.need("sram_engine")?,
            stack: self.need("sram_stack")?,
            heap: self.need("sram_heap")?,
            runtime: self.need("sram_runtime")?,
            harness: self.need("sram_harness")?,
        };
        let flash = Flash {
            weights: self.need("flash_weights")?,
            tables: self.need("flash_tables")?,
            code: self.need("flash_code")?,
            runtime: self.need("flash_runtime")?,
            data: self.need("flash_data")?,
        };
        Ok(Some(Memory { sram, flash }))
    }

    fn run(&self, step_cycles: Vec<u64>, step_energy_uj: Vec<f64>) -> Result<Run, Wrong> {
        let latency = match self.numbers("cycles")? {
            None => None,
            Some(cycles) => {
                let latency = Latency::new(cycles, self.need("clock_hz")?, step_cycles);
                Some(latency.map_err(|e| format!("row {}: {e}", self.1))?)
            }
        };
        let check = match self.number("checked_inputs")? {
            None => None,
            Some(inputs) => {
                let inputs = u32::try_from(inputs).ok().and_then(NonZeroU32::new);
                let inputs = inputs.ok_or_else(|| self.missing("checked_inputs"))?;
                Some(OutputCheck { inputs, output_sha256: self.need_text("output_sha256")? })
            }
        };
        let energy = match self.real("energy_uj")? {
            Some(uj) => Energy::Microjoules(uj),
            None => Energy::Missing(self.need_text("energy_reason")?),
        };
        let memory = self.memory()?.ok_or_else(|| self.missing("sram_arena"))?;
        Ok(Run { latency, instructions: self.number("instructions")?, memory, energy, step_energy_uj, check })
    }

    fn outcome(&self, step_cycles: Vec<u64>, step_energy_uj: Vec<f64>) -> Result<Outcome, Wrong> {
        let status = self.need_text("status")?;
        let reason = || self.need_text("reason");
        let memory = || self.memory()?.ok_or_else(|| self.missing("sram_arena"));
        match status.as_str() {
            "ok" => Ok(Outcome::Ok(Box::new(self.run(step_cycles, step_energy_uj)?))),
            "prebuilt" => {
                let text = self.need_text("prebuilt")?;
                let image = serde_json::from_str(&text).map_err(|e| format!("row {}: `prebuilt`: {e}", self.1))?;
                Ok(Outcome::Prebuilt(Box::new(image)))
            }
            "does_not_fit" => Ok(Outcome::DoesNotFit { reason: reason()?, memory: memory()? }),
            "mismatch" => Ok(Outcome::Mismatch { reason: reason()?, memory: memory()? }),
            "failed" => Ok(Outcome::Failed { cause: self.cause()?, reason: reason()?, memory: self.memory()? }),
            other => Err(format!("row {}: unknown status `{other}`", self.1)),
        }
    }
}

/// Steps, where they were timed their cycles, and where it is known their energy.
type Steps = HashMap<u32, (Vec<Step>, Vec<u64>, Vec<f64>)>;

fn read_layers(table: &DataFrame) -> Result<Steps, Wrong> {
    let mut found = Steps::new();
    for at in 0..table.height() {
        let row = Row(table, at);
        let (steps, cycles, energy) = found.entry(row.index()?).or_default();
        if row.need("step")? != steps.len() as u64 {
            return Err(format!("row {at}: step {} comes where step {} should", row.need("step")?, steps.len()));
        }
        steps.push(Step {
            name: row.need_text("name")?,
            kernel: row.need_text("kernel")?,
            macs: row.need("macs")?,
            live_bytes: row.need("live_bytes")?,
        });
        cycles.extend(row.number("cycles")?);
        energy.extend(row.real("energy_uj")?);
    }
    Ok(found)
}

fn read_measurements(table: &DataFrame, steps: &mut Steps) -> Result<Vec<Measurement>, Wrong> {
    (0..table.height()).map(|at| read_measurement(&Row(table, at), steps)).collect()
}

fn read_measurement(row: &Row<'_>, steps: &mut Steps) -> Result<Measurement, Wrong> {
    let index = row.index()?;
    let (steps, step_cycles, step_energy_uj) = steps.remove(&index).unwrap_or_default();
    let measurement = Measurement {
        index,
        scenario: row.need_text("scenario")?,
        task: row.need_text("task")?,
        network: row.need_text("network")?,
        network_sha256: row.need_text("network_sha256")?,
        engine: row.need_text("engine")?,
        engine_options_sha256: row.need_text("engine_options_sha256")?,
        board: row.need_text("board")?,
        unit: row.need_text("unit")?,
        image_sha256: row.text("image_sha256")?,
        provenance: row.provenance()?,
        macs: row.need("macs")?,
        budget: Budget { sram: row.need("budget_sram")?, flash: row.need("budget_flash")? },
        error_band: row.need_text("error_band")?,
        steps,
        outcome: row.outcome(step_cycles, step_energy_uj)?,
        repeat: Repeat {
            seed: row.need("seed")?,
            compiler: row.need_text("compiler")?,
            flags_sha256: row.need_text("flags_sha256")?,
            hil_version: row.need_text("hil_version")?,
            git: row.need_text("git")?,
        },
    };
    check(&measurement).map_err(|e| format!("row {}: {e}", row.1))?;
    Ok(measurement)
}
