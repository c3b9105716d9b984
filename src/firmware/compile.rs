//! Objects, several at a time.

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::cache::{Cache, Key, KeyBuilder};
use super::error::BuildError;
use super::flags;
use super::parts::Owner;
use super::sources::File;
use super::toolchain::Toolchain;
use crate::engine::BuildNeeds;

/// Lines of what a tool says that an error quotes.
const QUOTED_LINES: usize = 12;

/// Sources, the headers that they see, and what flags they need on top of everybody's.
pub(super) struct Group<'a> {
    pub(super) sources: Vec<&'a File>,
    pub(super) headers: Vec<&'a File>,
    pub(super) needs: &'a BuildNeeds,
    pub(super) owner: Owner,
}

/// Nothing but everybody's flags.
pub(super) static NO_NEEDS: BuildNeeds =
    BuildNeeds { all: Vec::new(), cxx: Vec::new(), libraries: Vec::new(), code_bytes: 0 };

impl<'a> Group<'a> {
    /// Those of an engine's files, each with whether all networks share it. What is shared sees only what is shared.
    pub(super) fn of_network(files: &'a [(File, bool)], needs: &'a BuildNeeds) -> Vec<Self> {
        let pick = |shared: bool, header: bool| {
            let of = files.iter().filter(move |(file, s)| *s == shared && file.is_header() == header);
            of.map(|(file, _)| file).collect::<Vec<_>>()
        };
        vec![
            Self {
                sources: pick(false, false),
                headers: [pick(true, true), pick(false, true)].concat(),
                needs,
                owner: Owner::Network,
            },
            Self { sources: pick(true, false), headers: pick(true, true), needs, owner: Owner::Engine },
        ]
    }
}

/// One object to be made.
pub(super) struct Task<'a> {
    source: &'a File,
    flags: Vec<String>,
    key: Key,
    /// Relative to the workshop.
    pub(super) object: String,
    pub(super) owner: Owner,
}

/// The compiler, its flags and where objects are kept.
pub(super) struct Compiler<'a> {
    pub(super) toolchain: &'a Toolchain,
    /// What [`Toolchain::identity`] says for these flags.
    pub(super) identity: &'a str,
    pub(super) cache: &'a Cache,
    pub(super) flags: &'a [String],
    pub(super) jobs: NonZeroUsize,
}

impl<'a> Compiler<'a> {
    /// What an object of each source depends on: all that its group can include, needed or not.
    pub(super) fn tasks(&self, groups: &[Group<'a>]) -> Vec<Task<'a>> {
        let mut tasks = Vec::new();
        for group in groups {
            let base = KeyBuilder::new("object").with(self.identity);
            let base = base.with_all(group.headers.iter().flat_map(|header| [&header.path, &header.text]));
            for source in &group.sources {
                let flags = flags::of(self.flags, source.is_cxx(), group.needs);
                let key = base.clone().with_all(&flags).with(&source.path).with(&source.text).finish();
                let object = format!("objects/{:03}.o", tasks.len());
                tasks.push(Task { source, flags, key, object, owner: group.owner });
            }
        }
        tasks
    }

    /// Makes the objects in `workshop`, which holds all files; the number of those that had to be compiled.
    pub(super) fn run(&self, tasks: &[Task], workshop: &Path) -> Result<usize, BuildError> {
        let folder = workshop.join("objects");
        fs::create_dir_all(&folder).map_err(BuildError::io(&folder))?;
        let (next, compiled) = (AtomicUsize::new(0), AtomicUsize::new(0));
        // The error of the first task in order is reported, so that it does not depend on who is faster.
        let failure: Mutex<Option<(usize, BuildError)>> = Mutex::new(None);
        let work = || loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(task) = tasks.get(index) else { break };
            match self.object(task, workshop) {
                Ok(fresh) => {
                    compiled.fetch_add(usize::from(fresh), Ordering::Relaxed);
                }
                Err(error) => {
                    let mut first = failure.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                    if first.as_ref().is_none_or(|(earlier, _)| index < *earlier) {
                        *first = Some((index, error));
                    }
                    next.store(tasks.len(), Ordering::Relaxed);
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..self.jobs.get().min(tasks.len()) {
                scope.spawn(work);
            }
            work();
        });
        match failure.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner()) {
            Some((_, error)) => Err(error),
            None => Ok(compiled.into_inner()),
        }
    }

    /// Whether it had to be compiled.
    fn object(&self, task: &Task, workshop: &Path) -> Result<bool, BuildError> {
        let path = workshop.join(&task.object);
        if let Some(object) = self.cache.get(&task.key) {
            fs::write(&path, object).map_err(BuildError::io(&path))?;
            return Ok(false);
        }
        // Paths are relative, so that objects do not depend on where they are made.
        let mut command = self.toolchain.command();
        command.current_dir(workshop).args(&task.flags).args(["-Inetwork", "-Iruntime", "-c"]);
        command.arg(&task.source.path).arg("-o").arg(&task.object);
        execute(&mut command, self.toolchain).map_err(|failed| match failed {
            Failed::Start(error) => error,
            Failed::Said(lines) => {
                BuildError::Compile { path: task.source.path.clone(), command: shown(&command), lines }
            }
        })?;
        let object = fs::read(&path).map_err(BuildError::io(&path))?;
        self.cache.put(&task.key, &object)?;
        Ok(true)
    }
}

/// Why a tool did not do its work.
pub(super) enum Failed {
    Start(BuildError),
    /// The first lines of what it said.
    Said(String),
}

pub(super) fn execute(command: &mut Command, toolchain: &Toolchain) -> Result<(), Failed> {
    let output = command.output().map_err(|e| {
        Failed::Start(BuildError::Toolchain { program: toolchain.program(), problem: format!("does not start ({e})") })
    })?;
    if output.status.success() {
        return Ok(());
    }
    Err(Failed::Said(first_lines(&String::from_utf8_lossy(&output.stderr), &output.status.to_string())))
}

fn first_lines(said: &str, status: &str) -> String {
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    if lines.is_empty() {
        return format!("(nothing; {status})");
    }
    let mut quoted = lines[..lines.len().min(QUOTED_LINES)].join("\n");
    if lines.len() > QUOTED_LINES {
        quoted += &format!("\n(and {} more lines)", lines.len() - QUOTED_LINES);
    }
    quoted
}

/// A command as a shell would take it.
pub(super) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let quote = |word: &std::ffi::OsStr| {
        let word = word.to_string_lossy();
        let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./=+,:".contains(c));
        if plain { word.into_owned() } else { format!("'{word}'") }
    };
    words.map(quote).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_complaints_are_cut_and_say_so() {
        let said: String = (0..20).map(|i| format!("line {i}\n\n")).collect();
        let quoted = first_lines(&said, "exit 1");
        assert!(quoted.starts_with("line 0\nline 1\n") && quoted.ends_with("line 11\n(and 8 more lines)"), "{quoted}");
        assert_eq!(first_lines(" \n", "exit status: 1"), "(nothing; exit status: 1)");
    }

    #[test]
    fn commands_are_shown_as_a_shell_takes_them() {
        let mut command = Command::new("gcc");
        command.args(["-DA=__attribute__((x))", "a.c"]);
        assert_eq!(shown(&command), "gcc '-DA=__attribute__((x))' a.c");
    }
}
