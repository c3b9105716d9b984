//! `hil emulate`.

use super::arguments::EmulateOptions;
use super::{Ended, Failure};

pub fn run(options: EmulateOptions, json: bool) -> Ended {
    let _ = (options.image, options.board, options.seconds, options.instructions, json);
    Err(Failure::Infrastructure("there is no emulator yet".into()))
}
