//! `hil compare`.

use std::path::Path;
use std::process::ExitCode;

use super::Ended;
use super::output::{print, print_json};
use crate::report;
use crate::results::{compare, read};

pub fn run(a: &Path, b: &Path, json: bool) -> Ended {
    let (a, b) = (read(a)?, read(b)?);
    let comparison = compare(&a, &b);
    if json {
        print_json(&report::comparison_json(&comparison))?
    } else {
        print(&report::comparison_text(&comparison))?
    }
    Ok(ExitCode::SUCCESS)
}
