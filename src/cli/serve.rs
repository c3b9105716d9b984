//! `hil serve`.

use std::process::ExitCode;

use super::arguments::ServeOptions;
use super::{Ended, Failure};
use crate::report::{ServeError, Server};

pub fn run(options: ServeOptions) -> Ended {
    let token = std::env::var("HIL_TOKEN").ok().filter(|token| !token.is_empty());
    let rack = super::rack::lines(options.rack.as_deref())?;
    let server = Server { results: options.results, token, rack };
    let listener = server.listen(options.bind).map_err(|error| match error {
        ServeError::NoToken(_) => Failure::Usage(error.to_string()),
        ServeError::Listen(_) => Failure::Infrastructure(format!("{}: {error}", options.bind)),
    })?;
    let failed = |e: std::io::Error| Failure::Infrastructure(format!("failed to serve: {e}"));
    eprintln!("http://{}/ (read-only; Ctrl-C ends it)", listener.local_addr().map_err(failed)?);
    server.serve(&listener).map_err(failed)?;
    Ok(ExitCode::SUCCESS)
}
