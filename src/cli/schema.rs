//! `hil schema`.

use std::process::ExitCode;

use super::Ended;
use super::output::print_json;
use crate::board;
use crate::network::builtin;
use crate::scenario::{Known, json_schema};

pub fn run() -> Ended {
    print_json(&json_schema(Known { networks: &builtin::names(), boards: &board::names() }))?;
    Ok(ExitCode::SUCCESS)
}
