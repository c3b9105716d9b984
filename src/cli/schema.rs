//! `hil schema`.

use std::process::ExitCode;

use super::output::{print, print_json};
use super::{Ended, Failure};
use crate::board;
use crate::network::builtin;
use crate::rack::file;
use crate::scenario::{Known, json_schema, markdown};

pub fn run(as_markdown: bool, rack: bool) -> Ended {
    let known = Known { networks: &builtin::names(), boards: &board::names() };
    if as_markdown {
        let page =
            markdown(&json_schema(known)).map_err(|e| Failure::Infrastructure(format!("internal error: {e}")))?;
        print(page.trim_end())?;
    } else {
        print_json(&if rack { file::json_schema(known.boards) } else { json_schema(known) })?;
    }
    Ok(ExitCode::SUCCESS)
}
