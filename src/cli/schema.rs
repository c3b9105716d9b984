//! `hil schema`.

use std::process::ExitCode;

use super::output::{print, print_json};
use super::{Ended, Failure};
use crate::board;
use crate::network::builtin;
use crate::scenario::{Known, json_schema, markdown};

pub fn run(as_markdown: bool) -> Ended {
    let schema = json_schema(Known { networks: &builtin::names(), boards: &board::names() });
    if as_markdown {
        let page = markdown(&schema).map_err(|e| Failure::Infrastructure(format!("internal error: {e}")))?;
        print(page.trim_end())?;
    } else {
        print_json(&schema)?;
    }
    Ok(ExitCode::SUCCESS)
}
