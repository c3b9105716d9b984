//! Ctrl-C and termination: the first ends the work in order, the second at once.

use super::Failure;
use crate::rack::Cancel;

/// A wish to stop that Ctrl-C expresses.
pub fn cancel() -> Result<Cancel, Failure> {
    let cancel = Cancel::new();
    let handled = cancel.clone();
    let set = ctrlc::set_handler(move || {
        if handled.is_cancelled() {
            // What is on the disk stays readable whenever the process ends.
            std::process::exit(130);
        }
        handled.cancel();
        eprintln!("stopping: what has finished is kept; once more to stop at once");
    });
    set.map_err(|e| Failure::Infrastructure(format!("cannot listen for Ctrl-C: {e}")))?;
    Ok(cancel)
}
