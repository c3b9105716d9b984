//! The procedure.

use std::collections::BTreeMap;
use std::time::Duration;

use super::client::Client;
use super::error::{MeasureError, Mismatch};
use super::info::Info;
use super::reply::{hex, number, numbers, one, tagged};
use super::statistics::Statistics;
use crate::rack::{Cancel, Counters, Program, Unit};

/// Version of the `hil` commands that this client speaks.
const PROTOCOL: u64 = 1;
/// Bytes of input per `db` command: with it a command stays under the 80 characters that the API allows.
const CHUNK: usize = 32;
/// Silence after which nothing left over is expected any more.
const QUIET: Duration = Duration::from_millis(20);

/// Longest waits, in unit time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub flash: Duration,
    pub boot: Duration,
    /// A command that computes nothing.
    pub command: Duration,
    /// One inference.
    pub inference: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            flash: Duration::from_secs(60),
            boot: Duration::from_secs(5),
            command: Duration::from_secs(5),
            inference: Duration::from_secs(30),
        }
    }
}

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Timed inferences; at least one.
    pub repeats: u32,
    /// Inferences before those that are timed.
    pub warmup: u32,
    pub limits: Limits,
}

/// An input and what the reference makes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub input: Vec<u8>,
    pub output: Vec<u8>,
}

/// What the image must say of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    pub build_id: String,
    /// Steps that compute something.
    pub steps: usize,
}

/// What one image did on one unit, with every output equal to the reference's.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    pub info: Info,
    /// Cycles of each timed inference, in order.
    pub cycles: Vec<u64>,
    pub statistics: Statistics,
    /// Cycles of each step of one inference.
    pub step_cycles: Vec<u64>,
    /// Output for each case.
    pub outputs: Vec<Vec<u8>>,
    /// High-water mark of the stack in bytes.
    pub stack_bytes: u64,
    /// Everything that `hil memory` said, by key.
    pub memory: BTreeMap<String, u64>,
    /// Instructions of one inference; none where the unit cannot count.
    pub instructions: Option<u64>,
    /// Bytes of SRAM that were ever read or written; none where the unit cannot tell.
    pub touched_sram: Option<u64>,
}

/// Flashes `program`, verifies the outputs of all `cases`, then times inferences of the first.
pub fn measure(
    unit: &mut dyn Unit,
    program: &Program,
    expected: &Expected,
    cases: &[Case],
    settings: &Settings,
    cancel: &Cancel,
) -> Result<Measured, MeasureError> {
    unit.flash(program, settings.limits.flash, cancel)?;
    let mut session = Session { client: Client::new(unit, cancel), limits: settings.limits };
    let info = session.handshake(expected, cases)?;
    let mut outputs = Vec::with_capacity(cases.len());
    for (index, case) in cases.iter().enumerate() {
        outputs.push(session.verify(index, case)?);
    }
    let mut timed = session.time(&info, cases, settings)?;
    // Whatever happened while it was timed, it still computes the same.
    if let Some(case) = cases.first() {
        session.verify(0, case)?;
    }
    let memory = session.memory()?;
    let stack = memory.get("stack").copied();
    let stack_bytes = stack.ok_or_else(|| session.client.broken("hil memory", "no line `m-hil-stack-[…]`", b""))?;
    let touched_sram = session.client.unit().counters().map(|counters| counters.touched_sram);
    let statistics = Statistics::of(&timed.cycles)
        .ok_or_else(|| session.client.broken("hil cycles", "no inference in the list", b""))?;
    Ok(Measured {
        statistics,
        cycles: std::mem::take(&mut timed.cycles),
        step_cycles: timed.steps,
        instructions: timed.instructions,
        info,
        outputs,
        stack_bytes,
        memory,
        touched_sram,
    })
}

struct Session<'a> {
    client: Client<'a>,
    limits: Limits,
}

struct Timed {
    cycles: Vec<u64>,
    steps: Vec<u64>,
    instructions: Option<u64>,
}

impl Session<'_> {
    /// Boots, and checks that what runs is what was flashed, on the board that it was built for.
    fn handshake(&mut self, expected: &Expected, cases: &[Case]) -> Result<Info, MeasureError> {
        self.client.boot(self.limits.boot, QUIET)?;
        let lines = self.client.command("name", self.limits.command)?;
        if !lines.iter().any(|line| line.starts_with("m-name-")) {
            return Err(self.client.broken("name", "no line `m-name-…`", lines.join(" ").as_bytes()));
        }
        let info = self.ask("hil info", self.limits.command, Info::parse)?;
        let (hz, wait_states) = {
            let clock = &self.client.unit().board().clock;
            (u64::from(clock.hz), u64::from(clock.flash_wait_states))
        };
        self.same("the build that runs", &info.build_id, &expected.build_id)?;
        self.same("the protocol's version", &info.protocol, &PROTOCOL)?;
        self.same("the core clock in Hz", &info.clock_hz, &hz)?;
        self.same("the number of flash wait states", &info.wait_states, &wait_states)?;
        self.same("the number of steps", &info.steps, &(expected.steps as u64))?;
        for case in cases {
            self.same("the size of the input in bytes", &info.input_bytes, &(case.input.len() as u64))?;
            self.same("the size of the output in bytes", &info.output_bytes, &(case.output.len() as u64))?;
        }
        Ok(info)
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

    /// Sends a command and reads its reply with `parse`, whose errors name what is wrong.
    fn ask<T>(
        &mut self,
        command: &str,
        limit: Duration,
        parse: impl FnOnce(&[String]) -> Result<T, String>,
    ) -> Result<T, MeasureError> {
        let lines = self.client.command(command, limit)?;
        parse(&lines).map_err(|problem| {
            self.client.broken(command, &format!("there is {problem}"), lines.join(" ").as_bytes())
        })
    }

    fn load(&mut self, input: &[u8]) -> Result<(), MeasureError> {
        self.client.command(&format!("db load {}", input.len()), self.limits.command)?;
        for chunk in input.chunks(CHUNK) {
            let digits: String = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
            self.client.command(&format!("db {digits}"), self.limits.command)?;
        }
        Ok(())
    }

    fn infer(&mut self, input: &[u8]) -> Result<Vec<u8>, MeasureError> {
        self.load(input)?;
        self.client.command("infer 1 0", self.inferences(1))?;
        self.ask("hil output", self.limits.command, |lines| hex(one(lines, "hil-output")?))
    }

    /// The output for `case`, which is the reference's.
    ///
    /// A console that damages bytes looks like a wrong network, so that only what happens twice counts as one.
    fn verify(&mut self, index: usize, case: &Case) -> Result<Vec<u8>, MeasureError> {
        let found = self.infer(&case.input)?;
        if found == case.output {
            return Ok(found);
        }
        let again = self.infer(&case.input)?;
        if again != found {
            let problem = format!("input {index} gave two different outputs; its console or its memory is unreliable");
            return Err(self.client.broken("hil output", &problem, b""));
        }
        if found.len() != case.output.len() {
            let problem = format!("{} bytes of output, not {}", found.len(), case.output.len());
            return Err(self.client.broken("hil output", &problem, b""));
        }
        match Mismatch::between(index, &found, &case.output) {
            Some(mismatch) => Err(MeasureError::Mismatch(mismatch)),
            None => Ok(found),
        }
    }

    fn inferences(&self, count: u32) -> Duration {
        self.limits.inference.saturating_mul(count).saturating_add(self.limits.command)
    }

    fn time(&mut self, info: &Info, cases: &[Case], settings: &Settings) -> Result<Timed, MeasureError> {
        let Some(case) = cases.first() else {
            return Err(self.client.broken("hil cycles", "there is no input to time", b""));
        };
        let (repeats, warmup) = (settings.repeats, settings.warmup);
        let mut cycles = Vec::new();
        if info.input_buffered {
            self.load(&case.input)?;
            cycles = self.cycles(repeats, warmup)?;
        } else {
            // The arena holds the input: every inference destroys it.
            for at in 0..warmup + repeats {
                self.load(&case.input)?;
                let one = self.cycles(1, 0)?;
                if at >= warmup {
                    cycles.extend(one);
                }
            }
        }
        if cycles.len() != repeats as usize {
            let problem = format!("{} inferences timed, not {repeats}", cycles.len());
            return Err(self.client.broken("hil cycles", &problem, b""));
        }
        if !info.input_buffered {
            self.load(&case.input)?;
        }
        let steps = self.steps(info)?;
        let instructions = self.instructions(info, case)?;
        Ok(Timed { cycles, steps, instructions })
    }

    fn cycles(&mut self, repeats: u32, warmup: u32) -> Result<Vec<u64>, MeasureError> {
        let limit = self.inferences(repeats.saturating_add(warmup));
        self.ask(&format!("hil cycles {repeats} {warmup}"), limit, |lines| numbers(one(lines, "hil-cycles")?))
    }

    /// Cycles of each step, of an inference of its own: reading the counter between steps takes cycles, too.
    fn steps(&mut self, info: &Info) -> Result<Vec<u64>, MeasureError> {
        let limit = self.inferences(1);
        let count = info.steps;
        self.ask("hil steps", limit, |lines| {
            let mut cycles = Vec::new();
            for (index, text) in tagged(lines, "hil-step")?.into_iter().enumerate() {
                let fields: Vec<&str> = text.split(',').collect();
                let [at, .., spent] = fields[..] else { return Err("a step without its cycles".into()) };
                if number(at)? != index as u64 {
                    return Err(format!("step {at} where step {index} should be"));
                }
                cycles.push(number(spent)?);
            }
            if cycles.len() as u64 != count {
                return Err(format!("a list of {} steps, not {count}", cycles.len()));
            }
            Ok(cycles)
        })
    }

    /// Two commands that differ in one inference alone differ in its instructions alone.
    fn instructions(&mut self, info: &Info, case: &Case) -> Result<Option<u64>, MeasureError> {
        let Some(_) = self.client.unit().counters() else { return Ok(None) };
        let mut spent = [0u64; 2];
        for (warmup, spent) in (1..).zip(&mut spent) {
            if info.input_buffered {
                let before = self.client.unit().counters().unwrap_or_default();
                self.cycles(1, warmup)?;
                *spent = since(before, self.client.unit().counters());
            }
        }
        let _ = case;
        Ok(spent[1].checked_sub(spent[0]).filter(|count| *count > 0))
    }

    fn memory(&mut self) -> Result<BTreeMap<String, u64>, MeasureError> {
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

fn since(before: Counters, after: Option<Counters>) -> u64 {
    after.map_or(0, |after| after.instructions.saturating_sub(before.instructions))
}
