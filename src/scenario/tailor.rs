//! `tinyengine: { prefer: …, sram: …, flash: …, latency: …, tune: … }`: an entry of `engines` with a goal.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is to be least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Preference {
    #[default]
    Latency,
    Sram,
    Flash,
    Energy,
}

impl Preference {
    pub fn name(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Sram => "sram",
            Self::Flash => "flash",
            Self::Energy => "energy",
        }
    }
}

/// What `tinyengine` is asked for. A budget is never exceeded: a network that no plan keeps within it gets an error.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `prefer`, `sram`, `flash`, `latency` or `tune`")]
pub struct RawTailored {
    /// What tables call it; `tinyengine-` and what is preferred where it is left out, and `-tuned` where it is.
    pub name: Option<String>,
    #[serde(default)]
    pub prefer: Preference,
    /// Bytes of SRAM of the whole image, or with a unit, e.g. `64 KB`.
    pub sram: Option<Quantity>,
    /// Bytes of flash of the whole image, or with a unit, e.g. `512 KB`.
    pub flash: Option<Quantity>,
    /// Longest inference, e.g. `30 ms`; milliseconds without a unit.
    pub latency: Option<Quantity>,
    /// Whether kernels are chosen by what they take on a unit, rather than by estimates.
    #[serde(default)]
    pub tune: bool,
    /// Where it is kept what kernels took, relative to the scenario; in the user's cache where it is left out.
    pub tuning_log: Option<PathBuf>,
}

/// A number, or a number with a unit.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a number, or a number with a unit such as `64 KB` or `30 ms`")]
pub enum Quantity {
    Number(f64),
    Text(String),
}

impl Quantity {
    /// Bytes; a KB is 1024 of them, as in the data sheets of microcontrollers.
    pub fn bytes(&self) -> Result<u64, String> {
        let bytes = self.read(&[
            ("B", 1.0),
            ("kB", 1000.0),
            ("KB", 1024.0),
            ("KiB", 1024.0),
            ("MB", 1024.0 * 1024.0),
            ("MiB", 1024.0 * 1024.0),
        ])?;
        if bytes.fract() != 0.0 { Err(format!("{bytes} bytes are no whole number")) } else { Ok(bytes as u64) }
    }

    /// Milliseconds.
    pub fn milliseconds(&self) -> Result<f64, String> {
        self.read(&[("ms", 1.0), ("us", 1e-3), ("µs", 1e-3), ("s", 1e3)])
    }

    fn read(&self, units: &[(&str, f64)]) -> Result<f64, String> {
        let (number, factor) = match self {
            Self::Number(number) => (*number, 1.0),
            Self::Text(text) => {
                let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
                let (number, unit) = text.split_at(end);
                let known = || units.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
                let number = number.parse().map_err(|_| format!("`{text}` does not begin with a number"))?;
                let unit = unit.trim();
                let found = units.iter().find(|(name, _)| *name == unit || unit.is_empty());
                let (_, factor) = found.ok_or_else(|| format!("unknown unit `{unit}` (known: {})", known()))?;
                (number, *factor)
            }
        };
        let value = number * factor;
        if value > 0.0 && value < 1e15 { Ok(value) } else { Err(format!("{value} is no amount above 0")) }
    }
}

/// `tinyengine` with a goal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tailored {
    pub name: String,
    pub prefer: Preference,
    pub sram_bytes: Option<u64>,
    pub flash_bytes: Option<u64>,
    pub latency_ms: Option<f64>,
    /// Whether kernels are chosen by what they take on a unit.
    pub tune: bool,
    /// Where it is kept what they took; in the user's cache where there is none.
    pub tuning_log: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_units() {
        let text = |text: &str| Quantity::Text(text.into());
        assert_eq!(text("64 KB").bytes(), Ok(65_536));
        assert_eq!(text("64kB").bytes(), Ok(64_000));
        assert_eq!(text("1.5 MiB").bytes(), Ok(1_572_864));
        assert_eq!(Quantity::Number(100.0).bytes(), Ok(100));
        assert_eq!(text("30 ms").milliseconds(), Ok(30.0));
        assert_eq!(text("0.5s").milliseconds(), Ok(500.0));
        assert!(text("64 kb").bytes().is_err_and(|e| e.contains("unknown unit `kb` (known: B, kB, KB")));
        for wrong in ["KB", "0", "-3", "1e300 KB", "", "0.3 B"] {
            assert!(text(wrong).bytes().is_err(), "{wrong}");
        }
    }
}
