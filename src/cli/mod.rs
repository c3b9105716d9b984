//! The command line: arguments, output and exit codes; no logic.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use serde_json::{Value, json};

use crate::board::{self, Board};
use crate::network::{Network, tflite};

/// Exit code of a usage error, or of an input that cannot be used.
const USAGE: u8 = 2;

#[derive(Parser)]
#[command(name = "hil", version, about = "Benchmarks int8 neural networks on microcontrollers")]
struct Arguments {
    /// Print only JSON on stdout.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the board types.
    Boards,
    /// Show the operators of a .tflite network: shapes, multiply-accumulates, weights.
    Inspect { model: PathBuf },
}

/// Runs the command line and returns the process's exit code.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let printed = match &arguments.command {
        Command::Boards => boards(arguments.json),
        Command::Inspect { model } => inspect(model, arguments.json),
    };
    match printed {
        // A reader that closes the pipe early, as `head` does, is no error.
        Ok(text) => match writeln!(std::io::stdout(), "{text}") {
            Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => fail(&format!("cannot write to stdout: {e}")),
            _ => ExitCode::SUCCESS,
        },
        Err(message) => fail(&message),
    }
}

fn fail(message: &str) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::from(USAGE)
}

fn boards(as_json: bool) -> Result<String, String> {
    let boards: Result<Vec<Board>, _> = board::names().into_iter().map(Board::shipped).collect();
    let boards = boards.map_err(|e| e.to_string())?;
    if as_json {
        return serde_json::to_string_pretty(&boards).map_err(|e| e.to_string());
    }
    let mut lines =
        vec![format!("{:<18} {:>9} {:>9} {:>10}  description", "board", "clock MHz", "SRAM KiB", "flash KiB")];
    lines.extend(boards.iter().map(|b| {
        let (clock, ram, flash) = (b.clock.hz / 1_000_000, b.ram().1 / 1024, b.flash_bytes() / 1024);
        format!("{:<18} {clock:>9} {ram:>9} {flash:>10}  {}", b.name, b.description)
    }));
    Ok(lines.join("\n"))
}

fn inspect(model: &PathBuf, as_json: bool) -> Result<String, String> {
    let file = model.display();
    let bytes = std::fs::read(model).map_err(|e| format!("{file}: {e}"))?;
    let name = model.file_stem().unwrap_or_default().to_string_lossy();
    let network = tflite::import(&name, &bytes).map_err(|e| format!("{file}: {e}"))?;
    let rows = operator_rows(&network);
    if as_json {
        let value = json!({ "network": network.name, "macs": network.macs(), "operators": rows });
        return serde_json::to_string_pretty(&value).map_err(|e| e.to_string());
    }
    let mut lines =
        vec![format!("{:>3} {:<16} {:<18} {:>12} {:>14}", "op", "operator", "output", "MACs", "weights bytes")];
    lines.extend(rows.iter().map(|row| {
        let text = |key: &str| row[key].as_str().map_or_else(|| row[key].to_string(), String::from);
        let (op, kind, output) = (text("op"), text("operator"), text("output").replace(',', "x"));
        format!("{op:>3} {kind:<16} {output:<18} {:>12} {:>14}", text("macs"), text("weights_bytes"))
    }));
    lines.push(format!("{}: {} MACs per inference (nominal)", network.name, network.macs()));
    Ok(lines.join("\n"))
}

fn operator_rows(network: &Network) -> Vec<Value> {
    let row = |op: &crate::network::Op| {
        let constants = op.inputs.iter().map(|id| network.tensor(*id)).filter(|t| t.data.is_some());
        json!({
            "op": op.origin,
            "operator": op.kind.name(),
            "output": network.tensor(op.output).shape,
            "macs": network.op_macs(op),
            "weights_bytes": constants.map(|t| t.bytes()).sum::<usize>(),
        })
    };
    network.ops.iter().map(row).collect()
}
