//! `hil rack scan`.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use crate::board;
use crate::cli::output::{print, print_json};
use crate::cli::{Ended, Failure};
use crate::rack::file::{default_path, to_text};
use crate::rack::scan::{attached, units};

pub fn run(named: Option<&Path>, replace: bool, as_json: bool) -> Ended {
    let path = named.map(Path::to_path_buf).or_else(default_path);
    let path = path.ok_or_else(|| Failure::Usage("there is no home to write rack.yaml to: give --rack FILE".into()))?;
    let shown = path.display().to_string();
    if path.exists() && !replace {
        let advice = "give another name by --rack FILE, or --replace to write over it";
        return Err(Failure::Usage(format!("{shown} is there already and left as it is; {advice}")));
    }
    let (probes, ports) = attached().map_err(Failure::Infrastructure)?;
    let (found, open) = units(&probes, &ports);
    if found.is_empty() && open.is_empty() {
        let advice = "check cables, and that this user may open USB devices";
        return Err(Failure::Infrastructure(format!("no debug probe is attached; {advice}")));
    }
    let mut heading = String::from("# Written by `hil rack scan`. Name each unit's board: ");
    heading.push_str(&format!("{}.\n", board::names().join(", ")));
    for problem in &open {
        heading.push_str(&format!("# {problem}\n"));
    }
    let text = to_text(&heading, &found).map_err(|e| Failure::Infrastructure(format!("internal error: {e}")))?;
    write(&path, &text, replace).map_err(|error| match error.kind() {
        // Somebody wrote it in between.
        ErrorKind::AlreadyExists => Failure::Usage(format!("{shown} is there already and left as it is")),
        _ => Failure::Infrastructure(format!("{shown}: {error}")),
    })?;
    if as_json {
        print_json(&json!({ "file": shown, "units": found, "open": open }))?;
    } else {
        let lines = open.iter().map(|problem| format!("\n{problem}")).collect::<String>();
        print(&format!("{} units written to {shown}; name their boards there{lines}", found.len()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn write(path: &Path, text: &str, replace: bool) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create(replace).create_new(!replace).truncate(replace);
    options.open(path)?.write_all(text.as_bytes())
}
