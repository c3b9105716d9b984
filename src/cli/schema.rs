//! `hil schema`.

use std::process::ExitCode;

use super::Ended;
use super::output::print_json;
use crate::board;
use crate::network::builtin;
use crate::rack::file;
use crate::scenario::{Known, json_schema};

pub fn run(rack: bool) -> Ended {
    let known = Known { networks: &builtin::names(), boards: &board::names() };
    print_json(&if rack { file::json_schema(known.boards) } else { json_schema(known) })?;
    Ok(ExitCode::SUCCESS)
}
