//! Progress bars on stderr; none where stderr is no terminal.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::results::{Measurement, Status};
use crate::run::{Event, Stage};

/// How often elapsed time is drawn anew.
const TICK: Duration = Duration::from_millis(500);

/// One bar for images, one for measurements.
pub struct Progress {
    all: MultiProgress,
    images: ProgressBar,
    rows: ProgressBar,
}

impl Progress {
    pub fn new() -> Self {
        let all = MultiProgress::new();
        let bar = |what: &'static str| {
            let template = "{prefix:>8} [{bar:24}] {pos}/{len}  {elapsed} gone, {eta} left  {msg}";
            let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar = all.add(ProgressBar::new(0));
            bar.set_style(style.progress_chars("=> "));
            bar.set_prefix(what);
            bar
        };
        let (images, rows) = (bar("images"), bar("rows"));
        Self { all, images, rows }
    }

    /// Shows what happens; safe to be called from several threads.
    pub fn tell(&self, event: Event<'_>) {
        match event {
            Event::Started { folder, rows, kept } => {
                self.say(&format!("run: {}", folder.display()));
                if kept > 0 {
                    self.say(&format!("{kept} of {rows} rows had finished before and are kept"));
                }
                self.rows.set_length(rows as u64);
                self.rows.set_position(kept as u64);
                // What took no time says nothing about the rest.
                self.rows.reset_eta();
                self.rows.enable_steady_tick(TICK);
            }
            Event::Planned { rows } => {
                self.images.set_length(rows as u64);
                self.images.reset_eta();
                self.images.enable_steady_tick(TICK);
            }
            Event::Stage { network, board, stage, .. } => match stage {
                Stage::Planning => self.rows.set_message(format!("planning {network} for {board}")),
                Stage::Tuning { image, images } => {
                    self.rows.set_message(format!("tuning {network} on {board}, {} of {images}", image + 1));
                }
                Stage::Reference => self.rows.set_message(format!("computing outputs of {network}")),
                Stage::Building => self.images.set_message(format!("{network} for {board}")),
                Stage::Built { cached } => {
                    self.images.inc(1);
                    let how = if cached { "from the cache" } else { "built" };
                    self.images.set_message(format!("{network} for {board} {how}"));
                }
                Stage::Again { pair, pairs } => {
                    let what = format!("measuring {network} on {board} again beside its baseline");
                    self.rows.set_message(format!("{what}, pair {pair} of {pairs}"));
                }
                Stage::Measuring => self.rows.set_message(format!("measuring {network} on {board}")),
            },
            Event::Waiting { waiting } => self.say(&waiting.to_string()),
            Event::Note { text } => self.say(text),
            Event::Finished { measurement, .. } => {
                self.rows.inc(1);
                if let Some(told) = trouble(measurement) {
                    self.say(&told);
                }
            }
        }
    }

    /// Takes the bars away.
    pub fn end(&self) {
        self.images.finish_and_clear();
        self.rows.finish_and_clear();
    }

    fn say(&self, line: &str) {
        self.all.suspend(|| eprintln!("{line}"));
    }
}

/// A bar of `count` things of one kind.
pub fn count(what: &'static str, count: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:>8} [{bar:24}] {pos}/{len}  {elapsed} gone, {eta} left");
    let bar = ProgressBar::new(count as u64).with_prefix(what);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
    bar.enable_steady_tick(TICK);
    bar
}

/// What should not wait for the table.
fn trouble(row: &Measurement) -> Option<String> {
    let what = match row.status() {
        Status::Ok | Status::Prebuilt | Status::DoesNotFit => return None,
        Status::Mismatch => "wrong output",
        Status::Failed => "failed",
    };
    Some(format!("{what}: {} on {}: {}", row.network, row.board, row.outcome.reason().unwrap_or_default()))
}
