//! One image, command by command.

use std::time::Duration;

use super::super::client::Client;
use super::super::error::MeasureError;
use super::super::reply::number;
use super::error::ImageError;
use crate::rack::UnitError;

/// Bytes of one `db` command, as the runner sends them: device code collects no more than 80 characters.
const CHUNK: usize = 31;
/// Waits, in unit time. Device code may print a page and set up its network before it is ready.
const BOOT: Duration = Duration::from_secs(10);
const COMMAND: Duration = Duration::from_secs(5);
/// Silence after which nothing more of a boot message is expected.
const QUIET: Duration = Duration::from_millis(100);
/// Characters of a reply that errors quote.
const QUOTED: usize = 120;

/// What an image says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `m-name-dut-[…]`
    pub device: String,
    /// `m-model-[…]`
    pub model: String,
    /// `m-profile-[…]`
    pub firmware: String,
}

/// What one `infer` says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Inferred {
    /// Between the two stamps.
    pub microseconds: u64,
    /// `m-results-[…]`
    pub results: Vec<f64>,
}

pub(super) struct Dut<'a> {
    client: Client<'a>,
}

impl<'a> Dut<'a> {
    /// Boots, and checks that the model is `model`. `baud` is named in errors.
    pub(super) fn start(mut client: Client<'a>, model: &str, baud: u32) -> Result<(Self, Identity), ImageError> {
        client.boot(BOOT, QUIET).map_err(|source| match source {
            MeasureError::Unit(UnitError::TimedOut { .. }) => ImageError::NeverReady { source, baud },
            MeasureError::Protocol { .. } => ImageError::Garbage { source, baud },
            other => other.into(),
        })?;
        let mut dut = Self { client };
        let device = dut.says("name", "m-name-dut-[…]", "m-name-dut-[")?;
        let lines = dut.client.command("profile", COMMAND)?;
        let found = bracketed(&lines, "m-model-[").ok_or_else(|| missing("m-model-[…]", "profile", &lines))?;
        if found != model {
            return Err(ImageError::OtherModel { found, expected: model.into() });
        }
        // A profile is for people; old device code has none.
        let firmware = bracketed(&lines, "m-profile-[").unwrap_or_default();
        Ok((dut, Identity { device, model: found, firmware }))
    }

    pub(super) fn client(&mut self) -> &mut Client<'a> {
        &mut self.client
    }

    fn says(&mut self, command: &str, what: &'static str, start: &str) -> Result<String, ImageError> {
        let lines = self.client.command(command, COMMAND)?;
        bracketed(&lines, start).ok_or_else(|| missing(what, command, &lines))
    }

    /// Loads an input of `model`.
    pub(super) fn load(&mut self, input: &[u8], model: &str) -> Result<(), ImageError> {
        let refused =
            |heard: &[String]| ImageError::Input { bytes: input.len(), model: model.into(), heard: quoted(heard) };
        let announced = self.client.command(&format!("db load {}", input.len()), COMMAND)?;
        // An image that cannot take as many says so in a line that is no error.
        if !announced.iter().any(|line| line.starts_with("m-[Expecting")) {
            return Err(refused(&announced));
        }
        let mut said = Vec::new();
        for chunk in input.chunks(CHUNK) {
            let digits: String = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
            said = self.client.command(&format!("db {digits}"), COMMAND)?;
        }
        if said.iter().any(|line| line == "m-load-done") { Ok(()) } else { Err(refused(&said)) }
    }

    /// `count` timed inferences after `warmups` others; `limit` is how long all may take.
    pub(super) fn infer(&mut self, count: u64, warmups: u64, limit: Duration) -> Result<Inferred, ImageError> {
        let command = format!("infer {count} {warmups}");
        let lines = self.client.command(&command, limit.saturating_add(COMMAND))?;
        let stamps: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("m-lap-us-")).collect();
        let stamps: Vec<u64> = stamps.into_iter().map(number).collect::<Result<_, _>>().map_err(ImageError::Stamps)?;
        let [start, end] = stamps[..] else {
            let problem = format!("`{command}` has {} of them, not two; it said `{}`", stamps.len(), quoted(&lines));
            return Err(ImageError::Stamps(problem));
        };
        let microseconds = end
            .checked_sub(start)
            .filter(|elapsed| *elapsed > 0)
            .ok_or_else(|| ImageError::Stamps(format!("`{command}` ends at {end} µs and starts at {start} µs")))?;
        let text = bracketed(&lines, "m-results-[").ok_or_else(|| missing("m-results-[…]", &command, &lines))?;
        let numbers = text.split(',').map(str::trim).filter(|text| !text.is_empty());
        let results: Option<Vec<f64>> =
            numbers.map(|text| text.parse().ok().filter(|value: &f64| value.is_finite())).collect();
        match results {
            Some(results) if !results.is_empty() => Ok(Inferred { microseconds, results }),
            _ => Err(ImageError::Says { what: "list of numbers", command, heard: quoted(&[text]) }),
        }
    }
}

fn missing(what: &'static str, command: &str, lines: &[String]) -> ImageError {
    ImageError::Says { what, command: command.into(), heard: quoted(lines) }
}

fn quoted(lines: &[String]) -> String {
    let text = lines.join(" ");
    let short: String = text.chars().take(QUOTED).collect();
    if short.len() < text.len() { short + "…" } else { short }
}

/// The text between `start`, which ends in a bracket, and the bracket that ends the line.
fn bracketed(lines: &[String], start: &str) -> Option<String> {
    lines.iter().find_map(|line| Some(line.trim_end().strip_prefix(start)?.strip_suffix(']')?.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_brackets_count() {
        let lines = ["m-profile-[a b]".to_string(), "m-model-[ic01]\t".into(), "m-name-dut-[x".into()];
        assert_eq!(bracketed(&lines, "m-profile-[").as_deref(), Some("a b"));
        assert_eq!(bracketed(&lines, "m-model-[").as_deref(), Some("ic01"));
        assert_eq!(bracketed(&lines, "m-name-dut-["), None);
    }
}
