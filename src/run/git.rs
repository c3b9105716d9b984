//! The state of the working tree.

use std::process::{Command, Stdio};

/// Commit, with `+dirty` where files had changes; `unknown` outside a repository or without git.
pub fn state() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_string())
    };
    match (git(&["rev-parse", "HEAD"]), git(&["status", "--porcelain"])) {
        (Some(commit), Some(changes)) if changes.is_empty() => commit,
        (Some(commit), Some(_)) => commit + "+dirty",
        _ => "unknown".into(),
    }
}
