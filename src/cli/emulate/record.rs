//! `--profile`, `--folded`, `--stack` and `--trace`: what is recorded, and how it is told.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};

use crate::cli::Failure;
use crate::cli::arguments::EmulateOptions;
use crate::emulator::observe::{Deepest, LineRow, Profile, Recorder, lines};
use crate::emulator::{Image, Machine};

/// Rows of a table on the terminal; a file has all.
const ROWS: usize = 25;
/// Columns that names may take.
const NAME: usize = 42;

/// Starts what the options ask for.
pub fn begin(options: &EmulateOptions, image: &Image, machine: &mut Machine) -> Result<(), Failure> {
    if options.profile.is_none() && options.folded.is_none() && !options.stack && options.trace.is_none() {
        return Ok(());
    }
    let recorder = Recorder::new(image);
    let recorder = match &options.trace {
        None => recorder,
        Some(file) => {
            let to: Box<dyn Write + Send> = match file {
                None => Box::new(std::io::stderr()),
                Some(path) => Box::new(File::create(path).map_err(|error| cannot_write(path, &error))?),
            };
            let from = options.from.as_deref().map(|place| address(place, image, &options.image)).transpose()?;
            recorder.with_trace(to, from, options.instructions)
        }
    };
    recorder.attach(machine);
    Ok(())
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Infrastructure(format!("{}: {error}", path.display()))
}

/// An address, or that of a symbol.
fn address(place: &str, image: &Image, path: &Path) -> Result<u32, Failure> {
    if let Some(symbol) = image.symbol(place) {
        return Ok(symbol.address);
    }
    let number = match place.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => place.parse(),
    };
    number.map(|address| address & !1).map_err(|_| {
        Failure::Usage(format!(
            "--from: `{place}` is no symbol of {} and no address such as 0x08000100",
            path.display()
        ))
    })
}

/// Tells what was recorded: files, tables on stderr where `json` is not asked for, and else the values for it.
pub fn end(options: &EmulateOptions, machine: &mut Machine, json: bool) -> Result<Vec<(&'static str, Value)>, Failure> {
    let Some(mut recorder) = Recorder::detach(machine) else { return Ok(Vec::new()) };
    let mut values = Vec::new();
    if let Some(written) = recorder.finish_trace() {
        let count = written.map_err(|error| Failure::Infrastructure(format!("failed to write the trace: {error}")))?;
        match options.from.as_deref() {
            Some(place) if count == 0 => eprintln!("trace: `{place}` was never reached"),
            _ => eprintln!("trace: {count} instructions"),
        }
        values.push(("traced_instructions", json!(count)));
    }
    let profile = recorder.profile();
    if let Some(path) = &options.folded {
        let text: String = profile.folded.iter().fold(String::new(), |mut text, (chain, cycles)| {
            let _ = writeln!(text, "{chain} {cycles}");
            text
        });
        fs::write(path, text).map_err(|error| cannot_write(path, &error))?;
    }
    if let Some(file) = &options.profile {
        let data = fs::read(&options.image).map_err(|error| cannot_write(&options.image, &error))?;
        let lines = lines(&options.image.display().to_string(), &data, &profile.addresses);
        let (lines, problem) = match lines {
            Ok(lines) => (lines, None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        if json {
            values.push(("profile", profile_value(&profile, &lines)));
        }
        match file {
            Some(path) => {
                let text = tables(&profile, &lines, problem.as_deref(), usize::MAX);
                fs::write(path, text).map_err(|error| cannot_write(path, &error))?;
            }
            None if !json => eprint!("{}", tables(&profile, &lines, problem.as_deref(), ROWS)),
            None => {}
        }
    }
    if options.stack {
        let chains = recorder.deepest();
        if json {
            values.push(("stack", stack_value(&chains)));
        } else {
            eprint!("{}", stack_table(&chains));
        }
    }
    Ok(values)
}

/// `text` in `width` columns at most; what is cut is on the left or on the right.
fn cut(text: &str, width: usize, left: bool) -> String {
    let count = text.chars().count();
    match (count <= width, left) {
        (true, _) => text.into(),
        (false, true) => format!("…{}", text.chars().skip(count + 1 - width).collect::<String>()),
        (false, false) => format!("{}…", text.chars().take(width - 1).collect::<String>()),
    }
}

fn percent(part: i64, whole: i64) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}

fn tables(profile: &Profile, lines: &[LineRow], problem: Option<&str>, rows: usize) -> String {
    let whole = profile.cycles;
    let mut text = format!("profile: {whole} cycles (emulated)\n\n");
    let mut put = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    let row = |own: i64, total: Option<i64>, calls: Option<u64>, name: &str| {
        let total_columns =
            total.map_or(format!("{:>22}", ""), |total| format!("{total:>14} {:>6.1}%", percent(total, whole)));
        let calls = calls.map_or(String::new(), |calls| calls.to_string());
        format!("{own:>13} {:>6.1}%  {total_columns}  {calls:>9}  {}", percent(own, whole), cut(name, NAME, false))
    };
    put(format!("{:>13} {:>7}  {:>14} {:>7}  {:>9}  function", "self", "share", "total", "share", "calls"));
    for function in profile.functions.iter().take(rows) {
        put(row(function.own, Some(function.total), Some(function.calls), &function.name));
    }
    let rest: i64 = profile.functions.iter().skip(rows).map(|function| function.own).sum();
    let others = profile.functions.len().saturating_sub(rows);
    if others > 0 {
        put(row(rest, None, None, &format!("({others} others)")));
    }
    let (asleep, exceptions) = (profile.asleep.cast_signed(), profile.exceptions.cast_signed());
    let outside = [(asleep, "(asleep)"), (exceptions, "(exception entry and return)")];
    for (cycles, name) in outside.iter().filter(|(cycles, _)| *cycles != 0) {
        put(row(*cycles, None, None, name));
    }
    put(String::new());
    if let Some(problem) = problem {
        put(format!("no source lines: {problem}"));
        return text;
    }
    let line =
        |cycles: i64, name: &str| format!("{cycles:>13} {:>6.1}%  {}", percent(cycles, whole), cut(name, 76, true));
    put(format!("{:>13} {:>7}  source line", "self", "share"));
    for row in lines.iter().take(rows) {
        put(line(row.cycles, &source(row)));
    }
    let rest: i64 = lines.iter().skip(rows).map(|row| row.cycles).sum();
    let others = lines.len().saturating_sub(rows);
    if others > 0 {
        put(line(rest, &format!("({others} others)")));
    }
    for (cycles, name) in outside.iter().filter(|(cycles, _)| *cycles != 0) {
        put(line(*cycles, name));
    }
    put(String::new());
    text
}

fn source(row: &LineRow) -> String {
    row.source.as_ref().map_or("(code without line information)".into(), |s| format!("{}:{}", s.file, s.line))
}

fn profile_value(profile: &Profile, lines: &[LineRow]) -> Value {
    let functions = profile.functions.iter().map(|row| {
        json!({"name": row.name, "address": row.address, "calls": row.calls, "self": row.own, "total": row.total})
    });
    let lines = lines.iter().map(|row| {
        let (file, line) = row.source.as_ref().map(|source| (&source.file, source.line)).unzip();
        json!({"file": file, "line": line, "cycles": row.cycles})
    });
    json!({
        "cycles": profile.cycles,
        "asleep": profile.asleep,
        "exceptions": profile.exceptions,
        "functions": functions.collect::<Vec<_>>(),
        "lines": lines.collect::<Vec<_>>(),
    })
}

fn stack_table(chains: &[Deepest]) -> String {
    let mut text = String::new();
    for chain in chains {
        let which = if chain.process { "process" } else { "main" };
        let _ = writeln!(text, "{which} stack: {} bytes at its deepest, down to {:#010x}\n", chain.bytes(), chain.sp);
        let _ = writeln!(text, "{:>8}  {:>8}  function", "bytes", "in all");
        let mut sum = 0;
        for frame in &chain.frames {
            sum += frame.size;
            let _ = writeln!(text, "{:>8}  {sum:>8}  {}", frame.size, cut(&frame.name, 80, false));
        }
        text.push('\n');
    }
    text
}

fn stack_value(chains: &[Deepest]) -> Value {
    let chain = |chain: &Deepest| {
        let frames = chain.frames.iter().map(|f| json!({"function": f.name, "stack_pointer": f.sp, "bytes": f.size}));
        json!({
            "stack": if chain.process { "process" } else { "main" },
            "stack_pointer": chain.sp,
            "bytes": chain.bytes(),
            "frames": frames.collect::<Vec<_>>(),
        })
    };
    chains.iter().map(chain).collect()
}
