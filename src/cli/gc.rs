//! `hil gc`.

use super::Ended;
use super::arguments::GcOptions;
use super::output::either;
use crate::results::{Retention, sweep};

pub fn run(options: &GcOptions, json: bool) -> Ended {
    let retention = Retention { keep: options.keep, whole: options.whole, dry_run: options.dry_run };
    let removed = sweep(&options.results, &options.results.join("baselines"), retention)?;
    let text = || {
        let word = if options.dry_run { "would remove" } else { "removed" };
        let mut lines: Vec<String> =
            removed.iter().map(|r| format!("{word} {}: {} bytes", r.path.display(), r.bytes)).collect();
        let bytes: u64 = removed.iter().map(|r| r.bytes).sum();
        lines.push(format!("{} folders and images, {bytes} bytes", removed.len()));
        lines.join("\n")
    };
    either(json, || serde_json::json!({ "removed": removed, "dry_run": options.dry_run }), text)
}
