//! The command line: arguments, output and exit codes; no logic.
//!
//! Tables and JSON go to stdout, progress and messages to stderr. One file per command.

mod arguments;
mod baseline;
mod bisect;
mod boards;
mod compare;
mod compile;
mod cost;
mod doctor;
mod emulate;
mod failure;
mod gc;
mod history;
mod inspect;
mod interrupt;
mod model;
mod output;
mod progress;
mod rack;
mod report;
mod run;
mod schema;
mod search;
mod serve;
mod simulate;
mod validate;
mod verdict;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use failure::Failure;

/// Runs the command line and returns the process's exit code.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let json = arguments.json;
    let ended = match arguments.command {
        Command::Run(options) => run::run(options, json),
        Command::Report { run, open } => report::run(&run, open, json),
        Command::Compare { a, b } => compare::run(&a, &b, json),
        Command::Baseline { command } => baseline::run(command, json),
        Command::History(options) => history::run(options, json),
        Command::Bisect(options) => bisect::run(options, json),
        Command::Gc(options) => gc::run(&options, json),
        Command::Boards => boards::run(json),
        Command::Rack(options) => rack::run(options, json),
        Command::Inspect { model, board, goal, show } => {
            inspect::run(&model, board.as_deref(), goal.goal(), &show, json)
        }
        Command::Compile { model, board, out, mlperf, goal } => {
            let to = compile::To { board: &board, folder: &out, mlperf: mlperf.as_deref() };
            compile::run(&model, &to, &*goal.engine(), json)
        }
        Command::Emulate(options) => emulate::run(options, json),
        Command::Validate(options) => validate::run(options, json),
        Command::Search(options) => search::run(options, json),
        Command::Cost { command } => cost::run(command, json),
        Command::Doctor => doctor::run(json),
        Command::Schema { markdown, rack } => schema::run(markdown, rack),
        Command::Serve(options) => serve::run(options),
    };
    match ended {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

/// What a command ends with.
type Ended = Result<ExitCode, Failure>;
