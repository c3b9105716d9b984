//! Power switches that are commands, such as `uhubctl`.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::cancel::Cancel;

/// How often a running command is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// Bytes of what a failed command said that are kept.
const SAID: u64 = 400;

/// Runs `words`, a program and its arguments, within `limit`. The error says what to look at; none where cancelled.
pub fn command(words: &[String], limit: Duration, cancel: &Cancel) -> Result<(), Option<String>> {
    let Some((program, arguments)) = words.split_first() else { return Err(Some("the command is empty".into())) };
    let shown = words.join(" ");
    let spawned =
        Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = spawned.map_err(|error| Some(format!("`{shown}` cannot be run: {error}")))?;
    let until = Instant::now() + limit;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if !cancel.is_cancelled() && Instant::now() < until => std::thread::sleep(LOOK),
            state => {
                // Nothing may outlive this: it would switch the power under the next step.
                let _ = child.kill();
                let _ = child.wait();
                return Err(match state {
                    _ if cancel.is_cancelled() => None,
                    Err(error) => Some(format!("`{shown}`: {error}")),
                    _ => Some(format!("`{shown}` did not end within {} s", limit.as_secs_f64())),
                });
            }
        }
    };
    if status.success() {
        return Ok(());
    }
    let mut said = Vec::new();
    // A grandchild may hold the pipe open: take what is there only of a child that is gone.
    if let Some(stderr) = child.stderr.take() {
        let _ = stderr.take(SAID).read_to_end(&mut said);
    }
    let said = String::from_utf8_lossy(&said);
    let said = said.lines().next().unwrap_or_default().trim();
    Err(Some(format!("`{shown}` failed ({status}){}{said}", if said.is_empty() { "" } else { ": " })))
}

/// Sleeps for `time`; false where cancelled before.
pub fn sleep(time: Duration, cancel: &Cancel) -> bool {
    let until = Instant::now() + time;
    while Instant::now() < until {
        if cancel.is_cancelled() {
            return false;
        }
        std::thread::sleep(LOOK.min(until.saturating_duration_since(Instant::now())));
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(words: &[&str], limit: Duration) -> Result<(), Option<String>> {
        command(&words.iter().map(ToString::to_string).collect::<Vec<_>>(), limit, &Cancel::new())
    }

    #[test]
    fn a_command_that_fails_hangs_or_is_missing_is_named() {
        let second = Duration::from_secs(5);
        assert_eq!(run(&["true"], second), Ok(()));
        let failed = run(&["sh", "-c", "echo no hub >&2; exit 3"], second).expect_err("failed");
        assert!(failed.as_deref().is_some_and(|text| text.ends_with("(exit status: 3): no hub")), "{failed:?}");
        let missing = run(&["/no/such/program"], second).expect_err("missing").expect("said");
        assert!(missing.contains("`/no/such/program` cannot be run"), "{missing}");
        let hung = run(&["sleep", "60"], Duration::from_millis(50)).expect_err("hung").expect("said");
        assert!(hung.contains("did not end within 0.05 s"), "{hung}");
        let cancel = Cancel::new();
        cancel.cancel();
        assert_eq!(command(&["sleep".into(), "60".into()], second, &cancel), Err(None));
    }
}
