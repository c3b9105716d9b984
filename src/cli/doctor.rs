//! `hil doctor`.

use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use serde_json::json;

use super::Ended;
use super::output::{columns, print, print_json};
use crate::board::{self, Board};
use crate::engine::{Engine, TinyEngine};
use crate::firmware::{Cache, Options, Toolchain, build};
use crate::network::builtin;
use crate::train::data::{SetName, Source};

/// The smallest built-in network that has the usual operators.
const PROBE: (&str, u32, f64) = ("mobilenetv1", 32, 0.25);

struct Check {
    what: &'static str,
    /// What was found, or what is wrong.
    result: Result<String, String>,
    /// Whether measuring needs it.
    needed: bool,
    /// What to do where it is wrong.
    advice: &'static str,
}

pub fn run(json: bool) -> Ended {
    let checks = [compiler(), images(), cache(), boards(), data_sets(), renode(), qemu(), git()];
    let healthy = checks.iter().all(|check| check.result.is_ok() || !check.needed);
    if json {
        print_json(&json!({ "healthy": healthy, "checks": checks.iter().map(value).collect::<Vec<_>>() }))?;
    } else {
        print(&table(&checks))?;
    }
    Ok(ExitCode::from(if healthy { 0 } else { 3 }))
}

fn value(check: &Check) -> serde_json::Value {
    json!({
        "what": check.what,
        "ok": check.result.is_ok(),
        "needed": check.needed,
        "found": check.result.as_ref().unwrap_or_else(|problem| problem),
        "advice": check.result.is_err().then_some(check.advice),
    })
}

fn table(checks: &[Check]) -> String {
    let row = |check: &Check| {
        let (state, text) = match &check.result {
            Ok(found) => ("ok", found.clone()),
            Err(problem) if check.needed => ("BAD", format!("{problem}; {}", check.advice)),
            Err(problem) => ("absent", format!("{problem}; {}", check.advice)),
        };
        vec![check.what.to_string(), state.to_string(), text]
    };
    columns(&checks.iter().map(row).collect::<Vec<_>>(), 3)
}

fn compiler() -> Check {
    let found = Toolchain::find();
    Check {
        what: "cross compiler",
        result: found.map(|toolchain| toolchain.version().into()).map_err(|e| e.to_string()),
        needed: true,
        advice: "then run `hil doctor` again",
    }
}

/// Builds a small network, which needs headers, libraries and a linker too.
fn images() -> Check {
    let result = (|| {
        let toolchain = Toolchain::find().map_err(|_| "not tried, since there is no compiler".to_string())?;
        let (architecture, resolution, width) = PROBE;
        let (resolution, width) = (Some(resolution), Some(width));
        let spec = builtin::Spec { architecture: architecture.into(), resolution, width, classes: Some(2), seed: 0 };
        let network = builtin::build(&spec).map_err(|e| e.to_string())?;
        let engine = TinyEngine;
        let compiled = engine.compile(&network).map_err(|e| e.to_string())?;
        let options = Options::new(toolchain, engine.name());
        for name in board::names() {
            let board = Board::shipped(name).map_err(|e| e.to_string())?;
            build(&compiled, &board, &options).map_err(|e| e.to_string())?;
        }
        Ok(format!("built for {}", board::names().join(", ")))
    })();
    let advice = "Debian: apt-get install --no-install-recommends gcc-arm-none-eabi libnewlib-arm-none-eabi";
    Check { what: "images", result, needed: true, advice }
}

fn cache() -> Check {
    let folder = Cache::user().folder().to_path_buf();
    let writable = std::fs::create_dir_all(&folder).and_then(|()| tempfile::tempfile_in(&folder)?.write_all(b"x"));
    Check {
        what: "cache",
        result: writable.map(|()| folder.display().to_string()).map_err(|e| format!("{}: {e}", folder.display())),
        needed: true,
        advice: "make it writable for you, or set HIL_CACHE to another folder",
    }
}

fn boards() -> Check {
    let boards: Result<Vec<Board>, _> = board::names().into_iter().map(Board::shipped).collect();
    let names = |boards: Vec<Board>| boards.iter().map(|b| b.name.as_str()).collect::<Vec<_>>().join(", ");
    Check {
        what: "boards",
        result: boards.map(names).map_err(|e| e.to_string()),
        needed: true,
        advice: "this is a mistake in hil",
    }
}

/// Data sets that `hil search` can learn from without a `path` in its scenario.
fn data_sets() -> Check {
    let found: Vec<String> = SetName::ALL
        .into_iter()
        // A folder of pictures lies nowhere by itself.
        .filter(|set| *set != SetName::Folders)
        .map(|set| (set.name(), Source::usual(set).folder(Path::new("."))))
        .filter(|(_, folder)| folder.is_dir())
        .map(|(name, folder)| format!("{name} in {}", folder.display()))
        .collect();
    let result = if found.is_empty() { Err("none is found".into()) } else { Ok(found.join(", ")) };
    let advice = "only `hil search` learns from them; set HIL_DATA to the folder that holds them";
    Check { what: "data sets", result, needed: false, advice }
}

fn renode() -> Check {
    let program = std::env::var("HIL_RENODE").unwrap_or_else(|_| "renode".into());
    let advice = "only units with `driver: renode` need it; set HIL_RENODE to where it is";
    Check { what: "Renode", result: version(&program), needed: false, advice }
}

fn qemu() -> Check {
    Check {
        what: "QEMU",
        result: version("qemu-system-arm"),
        needed: false,
        advice: "only tests use it; Debian: apt-get install --no-install-recommends qemu-system-arm",
    }
}

fn git() -> Check {
    let advice = "without it runs do not say which commit they are of";
    Check { what: "git", result: version("git"), needed: false, advice }
}

/// First line of what `program --version` says.
fn version(program: &str) -> Result<String, String> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output();
    let output = output.map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => format!("`{program}` is not installed"),
        _ => format!("`{program}` does not start ({e})"),
    })?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().trim().to_string())
}
