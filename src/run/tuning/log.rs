//! The tuning log: what candidates took, kept so that nothing is timed twice.
//!
//! A text file of JSON lines, the first of which says what it is. Lines are only ever added, each batch in one write, so
//! that processes may share a log; of lines that say the same the last holds.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::engine::{Timing, Timings};
use crate::results::write_file;

/// Name of the log in the user's cache.
pub const FILE: &str = "tuning.jsonl";

/// The first line.
#[derive(Debug, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Header {
    format: String,
    version: u32,
}

impl Header {
    fn ours() -> Self {
        Self { format: "hil-tuning".into(), version: 1 }
    }
}

/// What one candidate took.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Line {
    /// For people; what tells boards apart is `setup`.
    board: String,
    provenance: String,
    /// Digest of all that the time of a layer depends on beside the layer.
    setup: String,
    layer: String,
    kernel: String,
    cycles: u64,
    /// Of units that tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nanojoules: Option<u64>,
}

/// What timings hold for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    pub board: String,
    pub provenance: &'static str,
    pub digest: String,
}

/// A log that was read.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    lines: Vec<Line>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// There is none yet.
    Absent,
    Sound,
    /// Some lines cannot be read; it is written anew with the others.
    Damaged,
    /// It is something else, and left as it is.
    Foreign,
}

impl Log {
    /// Reads the log, with what is wrong with it: then what cannot be read is measured anew.
    pub fn open(path: &Path) -> (Self, Option<String>) {
        let file = path.display();
        let log = |lines, state| Self { path: path.into(), lines, state };
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return (log(Vec::new(), State::Absent), None),
            Err(error) => {
                let note = format!("{file}: cannot be read as a tuning log ({error}); candidates are timed anew");
                return (log(Vec::new(), State::Foreign), Some(note));
            }
        };
        let text = String::from_utf8_lossy(&bytes);
        let mut rows = text.lines();
        let header = rows.next().unwrap_or_default();
        if serde_json::from_str::<Header>(header).ok() != Some(Header::ours()) {
            let note = format!(
                "{file}:1: not a tuning log of this version; it is left as it is and candidates are timed anew: delete \
                 it, or name another file as `tuning_log`"
            );
            return (log(Vec::new(), State::Foreign), Some(note));
        }
        let (mut lines, mut damaged) = (Vec::new(), Vec::new());
        // Two processes that made the log at once have both begun it.
        for (at, row) in rows.enumerate().filter(|(_, row)| *row != header) {
            match serde_json::from_str::<Line>(row) {
                Ok(line) if line.cycles > 0 => lines.push(line),
                _ => damaged.push(at + 2),
            }
        }
        // Without its line feed the next line would be joined to the last.
        let cut = !bytes.ends_with(b"\n");
        let state = if damaged.is_empty() && !cut { State::Sound } else { State::Damaged };
        let note = damaged.first().map(|first| {
            format!("{file}:{first}: {} of its lines cannot be read; what they said is timed anew", damaged.len())
        });
        (log(lines, state), note)
    }

    /// What was timed of that setup.
    pub fn timings(&self, setup: &Setup) -> Timings {
        let mut timings = Timings::default();
        for line in self.lines.iter().filter(|line| line.setup == setup.digest) {
            let timing = Timing { cycles: line.cycles, nanojoules: line.nanojoules };
            timings.insert(line.layer.clone(), line.kernel.clone(), timing);
        }
        timings
    }

    /// Adds what was timed.
    pub fn add(&mut self, setup: &Setup, timings: &Timings) -> Result<(), String> {
        let line = |(layer, kernel, timing): (&str, &str, Timing)| Line {
            board: setup.board.clone(),
            provenance: setup.provenance.into(),
            setup: setup.digest.clone(),
            layer: layer.into(),
            kernel: kernel.into(),
            cycles: timing.cycles,
            nanojoules: timing.nanojoules,
        };
        let new: Vec<Line> = timings.iter().map(line).collect();
        let kept = self.lines.len();
        self.lines.extend(new);
        let file = self.path.display();
        match self.state {
            State::Foreign => return Ok(()),
            State::Damaged => {
                let text = Self::text(&self.lines, true)?;
                write_file(&self.path, text.as_bytes()).map_err(|error| error.to_string())?;
            }
            State::Absent | State::Sound => {
                let text = Self::text(&self.lines[kept..], self.state == State::Absent)?;
                let folder = self.path.parent().map_or(Ok(()), fs::create_dir_all);
                let append = || OpenOptions::new().create(true).append(true).open(&self.path);
                let written = folder.and_then(|()| append()).and_then(|mut log| log.write_all(text.as_bytes()));
                written.map_err(|error| format!("{file}: failed to write the tuning log: {error}"))?;
            }
        }
        self.state = State::Sound;
        Ok(())
    }

    fn text(lines: &[Line], with_header: bool) -> Result<String, String> {
        let internal = |error: serde_json::Error| format!("internal error: {error}");
        let mut rows = Vec::new();
        if with_header {
            rows.push(serde_json::to_string(&Header::ours()).map_err(internal)?);
        }
        for line in lines {
            rows.push(serde_json::to_string(line).map_err(internal)?);
        }
        Ok(rows.into_iter().map(|row| row + "\n").collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup(digest: &str) -> Setup {
        Setup { board: "b".into(), provenance: "emulated", digest: digest.into() }
    }

    fn timings(cycles: u64) -> Timings {
        let mut timings = Timings::default();
        let nanojoules = (cycles % 2 == 0).then_some(3 * cycles);
        timings.insert("conv 4x4x4 to 4x4x4".into(), "matrix".into(), Timing { cycles, nanojoules });
        timings
    }

    #[test]
    fn what_is_added_is_read_again_by_its_setup() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/log.jsonl");
        let (mut log, note) = Log::open(&path);
        assert!(note.is_none() && log.timings(&setup("a")).is_empty());
        log.add(&setup("a"), &timings(7)).expect("added");
        log.add(&setup("b"), &timings(8)).expect("added");
        log.add(&setup("a"), &timings(9)).expect("added");
        let (read, note) = Log::open(&path);
        assert!(note.is_none());
        assert_eq!((read.timings(&setup("a")), read.timings(&setup("b"))), (timings(9), timings(8)));
        assert!(read.timings(&setup("c")).is_empty());
        assert_eq!(fs::read_to_string(&path).expect("text").lines().count(), 4);
    }

    #[test]
    fn damaged_lines_are_named_and_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.jsonl");
        Log::open(&path).0.add(&setup("a"), &timings(7)).expect("added");
        let sound = fs::read_to_string(&path).expect("text");
        for damage in ["{\"board\":\"b\",\"prov", "\u{0}\u{0}\n", "{\"cycles\":0}\n"] {
            fs::write(&path, format!("{sound}{damage}")).expect("written");
            let (mut log, note) = Log::open(&path);
            let note = note.expect("a note");
            assert!(note.contains("log.jsonl:3: 1 of its lines cannot be read"), "{note}");
            assert_eq!(log.timings(&setup("a")), timings(7), "what is sound holds");
            log.add(&setup("b"), &timings(8)).expect("added");
            let (read, note) = Log::open(&path);
            assert_eq!((note, read.timings(&setup("a")), read.timings(&setup("b"))), (None, timings(7), timings(8)));
        }
    }

    #[test]
    fn what_is_no_log_is_left_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notes.txt");
        for text in ["dear diary\n", "", "{\"format\":\"hil-tuning\",\"version\":2}\n"] {
            fs::write(&path, text).expect("written");
            let (mut log, note) = Log::open(&path);
            assert!(note.is_some_and(|note| note.contains("notes.txt:1: not a tuning log of this version")), "{text}");
            log.add(&setup("a"), &timings(7)).expect("nothing to do");
            assert_eq!(log.timings(&setup("a")), timings(7), "in this run they hold");
            assert_eq!(fs::read_to_string(&path).expect("text"), text);
        }
    }
}
