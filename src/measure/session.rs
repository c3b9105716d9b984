//! What the firmware is asked, command by command.

use std::collections::BTreeMap;
use std::time::Duration;

use super::client::Client;
use super::error::{MeasureError, Mismatch};
use super::info::Info;
use super::procedure::{Case, Expected, Limits};
use super::reply::{hex, number, numbers, one, tagged};
use crate::rack::{Activity, Unit};

/// Version of the `hil` commands that this client speaks.
const PROTOCOL: u64 = 1;
/// Silence after which nothing left over is expected any more.
const QUIET: Duration = Duration::from_millis(20);
/// Bytes of input per `db` command, at most.
const CHUNK: usize = 512;

/// A unit whose firmware is known to be the expected one.
pub struct Session<'a> {
    client: Client<'a>,
    limits: Limits,
    /// Bytes of input per `db` command.
    chunk: usize,
    /// Steps of the network.
    steps: u64,
    /// Whether the input outlives an inference.
    buffered: bool,
}

impl<'a> Session<'a> {
    /// Boots, and checks that what runs is what was flashed, on the board that it was built for.
    pub fn start(
        client: Client<'a>,
        limits: Limits,
        expected: &Expected,
        cases: &[Case],
    ) -> Result<(Self, Info), MeasureError> {
        let mut session = Self { client, limits, chunk: 1, steps: 0, buffered: false };
        session.client.boot(limits.boot, QUIET)?;
        session.ask("name", limits.command, |lines| match lines.iter().any(|line| line.starts_with("m-name-")) {
            true => Ok(()),
            false => Err("no line `m-name-…`".into()),
        })?;
        let info = session.ask("hil info", limits.command, Info::parse)?;
        let clock = session.client.unit().board().clock.clone();
        session.same("the build that runs", &info.build_id, &expected.build_id)?;
        session.same("the version of its commands", &info.protocol, &PROTOCOL)?;
        session.same("the core clock in Hz", &info.clock_hz, &u64::from(clock.hz))?;
        session.same("the number of flash wait states", &info.wait_states, &u64::from(clock.flash_wait_states))?;
        session.same("the number of steps", &info.steps, &(expected.steps as u64))?;
        for case in cases {
            session.same("the size of the input in bytes", &info.input_bytes, &(case.input.len() as u64))?;
            session.same("the size of the output in bytes", &info.output_bytes, &(case.output.len() as u64))?;
        }
        // A command is `db ` and two digits a byte.
        session.chunk = (usize::try_from(info.line_bytes).unwrap_or(usize::MAX).saturating_sub(3) / 2).clamp(1, CHUNK);
        // The cycle counter has 32 bits: an inference must end before it is round.
        let round = Duration::from_secs_f64(f64::from(u32::MAX) / f64::from(clock.hz));
        session.limits.inference = limits.inference.min(round);
        (session.steps, session.buffered) = (info.steps, info.input_buffered);
        Ok((session, info))
    }

    /// With firmware that runs already, was checked before, and keeps its input.
    pub fn resume(client: Client<'a>, limits: Limits) -> Self {
        Self { client, limits, chunk: 1, steps: 0, buffered: true }
    }

    pub fn unit(&mut self) -> &mut dyn Unit {
        self.client.unit()
    }

    /// The error of a reply that is not what was asked for: there is `problem`.
    pub fn broken(&self, command: &str, problem: &str, lines: &[String]) -> MeasureError {
        self.client.broken(command, &format!("there is {problem}"), lines.join(" ").as_bytes())
    }

    fn same<T: PartialEq + std::fmt::Display>(
        &mut self,
        what: &'static str,
        found: &T,
        expected: &T,
    ) -> Result<(), MeasureError> {
        if found == expected {
            return Ok(());
        }
        let unit = self.client.unit().id().to_string();
        Err(MeasureError::Foreign { unit, what, found: found.to_string(), expected: expected.to_string() })
    }

    /// Sends a command and reads its reply with `parse`, whose errors name what there is instead.
    fn ask<T>(
        &mut self,
        command: &str,
        limit: Duration,
        parse: impl FnOnce(&[String]) -> Result<T, String>,
    ) -> Result<T, MeasureError> {
        let lines = self.client.command(command, limit)?;
        parse(&lines).map_err(|problem| self.broken(command, &problem, &lines))
    }

    /// Loads `input` and checks that it arrived.
    fn load(&mut self, input: &[u8]) -> Result<(), MeasureError> {
        self.client.command(&format!("db load {}", input.len()), self.limits.command)?;
        for chunk in input.chunks(self.chunk) {
            let digits: String = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
            self.client.command(&format!("db {digits}"), self.limits.command)?;
        }
        let crc = self.ask("hil input", self.limits.command, |lines| {
            number(one(lines, "hil-input-loaded")?)?;
            hex(one(lines, "hil-input-crc32")?)
        })?;
        self.arrived("input", &crc, input)
    }

    fn arrived(&self, what: &str, crc: &[u8], bytes: &[u8]) -> Result<(), MeasureError> {
        if crc == crc32(bytes).to_be_bytes() {
            return Ok(());
        }
        let problem = format!("another checksum: the {what} did not arrive as it was sent; check the console's wiring");
        Err(self.broken(&format!("hil {what}"), &problem, &[]))
    }

    /// The output of the last inference.
    fn output(&mut self) -> Result<Vec<u8>, MeasureError> {
        let (bytes, crc) = self.ask("hil output", self.limits.command, |lines| {
            Ok((hex(one(lines, "hil-output")?)?, hex(one(lines, "hil-output-crc32")?)?))
        })?;
        self.arrived("output", &crc, &bytes)?;
        Ok(bytes)
    }

    /// One inference of `case`, whose output must be the reference's.
    pub fn verify(&mut self, index: usize, case: &Case) -> Result<Vec<u8>, MeasureError> {
        self.load(&case.input)?;
        self.client.command("infer 1 0", self.limits.inference)?;
        self.compare(index, case)
    }

    /// The output of the last inference, which must have been of `case` and be the reference's.
    pub fn compare(&mut self, index: usize, case: &Case) -> Result<Vec<u8>, MeasureError> {
        let found = self.output()?;
        if found.len() != case.output.len() {
            let problem = format!("an output of {} bytes, not {}", found.len(), case.output.len());
            return Err(self.broken("hil output", &problem, &[]));
        }
        let Some(mismatch) = Mismatch::between(index, &found, &case.output) else { return Ok(found) };
        // What is wrong once and right the next time says something about the unit, not about the network.
        self.load(&case.input)?;
        self.client.command("infer 1 0", self.limits.inference)?;
        if self.output()? != found {
            let problem = format!("two different outputs for input {index}: the unit's memory is unreliable");
            return Err(self.broken("hil output", &problem, &[]));
        }
        Err(MeasureError::Mismatch(mismatch))
    }

    fn several(&self, count: u32) -> Duration {
        self.limits.inference.saturating_mul(count.max(1)).saturating_add(self.limits.command)
    }

    /// Cycles of `repeats` inferences of `case`, which is the input that was loaded last, after `warmup` others.
    pub fn cycles(&mut self, case: &Case, repeats: u32, warmup: u32) -> Result<Vec<u64>, MeasureError> {
        if self.buffered {
            return self.ask_cycles(repeats, warmup);
        }
        let mut cycles = Vec::new();
        for at in 0..warmup.saturating_add(repeats) {
            self.load(&case.input)?;
            let one = self.ask_cycles(1, 0)?;
            if at >= warmup {
                cycles.extend(one);
            }
        }
        Ok(cycles)
    }

    /// Runs `count` inferences of the input that was loaded last and returns the seconds that they took by the
    /// board's timer.
    pub fn infer(&mut self, count: u64) -> Result<f64, MeasureError> {
        if !self.buffered {
            let problem = "no input buffer in the image: its inferences cannot follow each other";
            return Err(self.broken("infer", problem, &[]));
        }
        let limit = self.several(u32::try_from(count).unwrap_or(u32::MAX));
        self.ask(&format!("infer {count} 0"), limit, |lines| {
            let laps = lines.iter().filter_map(|line| line.strip_prefix("m-lap-us-"));
            match laps.map(number).collect::<Result<Vec<_>, _>>()?[..] {
                // The timer has 32 bits.
                [start, end] => Ok(f64::from((end as u32).wrapping_sub(start as u32)) / 1e6),
                ref other => Err(format!("a list of {} moments, not 2", other.len())),
            }
        })
    }

    fn ask_cycles(&mut self, repeats: u32, warmup: u32) -> Result<Vec<u64>, MeasureError> {
        let limit = self.several(repeats.saturating_add(warmup));
        self.ask(&format!("hil cycles {repeats} {warmup}"), limit, |lines| {
            let cycles = numbers(one(lines, "hil-cycles")?)?;
            match cycles.len() == repeats as usize {
                true => Ok(cycles),
                false => Err(format!("a list of {} inferences, not {repeats}", cycles.len())),
            }
        })
    }

    /// Cycles of each step, of an inference of its own: reading the counter between steps takes cycles, too.
    pub fn steps(&mut self, case: &Case) -> Result<Vec<u64>, MeasureError> {
        if !self.buffered {
            self.load(&case.input)?;
        }
        let (limit, count) = (self.several(1), self.steps);
        self.ask("hil steps", limit, |lines| {
            let mut cycles = Vec::new();
            for (index, text) in tagged(lines, "hil-step")?.into_iter().enumerate() {
                let (Some((at, _)), Some((_, spent))) = (text.split_once(','), text.rsplit_once(',')) else {
                    return Err("a step without its cycles".into());
                };
                if number(at)? != index as u64 {
                    return Err(format!("step {at} where step {index} should be"));
                }
                cycles.push(number(spent)?);
            }
            match cycles.len() as u64 == count {
                true => Ok(cycles),
                false => Err(format!("a list of {} steps, not {count}", cycles.len())),
            }
        })
    }

    /// What happened in the inference that was timed last, if its cycles are those of `cycles`; none where the unit cannot
    /// count.
    pub fn timed_activity(&mut self, cycles: &[u64]) -> Option<Activity> {
        self.client
            .unit()
            .counters()
            .map(|counters| counters.timed)
            .filter(|timed| cycles.last() == Some(&timed.cycles))
    }

    /// What happened in each step that was timed last; empty where the unit cannot count, or counted other cycles than the
    /// image told, so that the two cannot be of the same steps.
    ///
    /// `timed` is the step of each call, in the order of calls.
    pub fn step_activity(&mut self, cycles: &[u64], timed: &[usize]) -> Vec<Activity> {
        let windows = self.client.unit().windows(timed.len());
        let mut steps = vec![Activity::default(); cycles.len()];
        for (window, step) in windows.into_iter().zip(timed) {
            let Some(sum) = steps.get_mut(*step) else { return Vec::new() };
            *sum = *sum + window;
        }
        let same = steps.iter().map(|step| step.cycles).eq(cycles.iter().copied());
        if same { steps } else { Vec::new() }
    }

    /// Instructions of the inference that was timed last, by the same two reads of the counter as its cycles; none where
    /// the unit cannot count.
    pub fn timed_instructions(&mut self) -> Option<u64> {
        self.client.unit().counters().map(|counters| counters.timed_instructions)
    }

    /// Microseconds of the board's timer, and the unit time at which it was asked and had answered.
    pub fn timestamp(&mut self) -> Result<(u32, Duration, Duration), MeasureError> {
        let asked = self.client.unit().now();
        let microseconds = self.ask("timestamp", self.limits.command, |lines| {
            let laps: Vec<_> = lines.iter().filter_map(|line| line.strip_prefix("m-lap-us-")).collect();
            match laps[..] {
                [lap] => number(lap),
                _ => Err(format!("a list of {} moments, not 1", laps.len())),
            }
        })?;
        Ok((microseconds as u32, asked, self.client.unit().now()))
    }

    /// What `hil memory` says, by key, in bytes.
    pub fn memory(&mut self) -> Result<BTreeMap<String, u64>, MeasureError> {
        self.ask("hil memory", self.limits.command, |lines| {
            let mut found = BTreeMap::new();
            for line in lines {
                let Some((key, _)) = line.strip_prefix("m-hil-").and_then(|rest| rest.split_once("-[")) else {
                    return Err("a line that is not `m-hil-KEY-[VALUE]`".into());
                };
                let value = number(one(std::slice::from_ref(line), &format!("hil-{key}"))?)?;
                found.insert(key.to_string(), value);
            }
            Ok(found)
        })
    }
}

/// CRC-32 of IEEE 802.3, as the firmware computes it.
fn crc32(bytes: &[u8]) -> u32 {
    let shifted = |crc: u32| crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| shifted(crc)))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checksum_is_that_of_ieee_802_3() {
        assert_eq!(super::crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(super::crc32(b""), 0);
    }
}
