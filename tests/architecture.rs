//! A room reaches only into the rooms that ARCHITECTURE.md's table allows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn allowed() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string("ARCHITECTURE.md").expect("ARCHITECTURE.md");
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(String::from).collect::<BTreeSet<_>>();
    text.lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<_> = line.trim_matches('|').split('|').collect();
            (names(cells[0]).pop_first().expect("a room"), names(cells[2]))
        })
        .collect()
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Rooms named by `crate::room` in a source text, comments left out.
fn rooms_used(text: &str) -> BTreeSet<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split("crate::").skip(1).map(String::from).collect::<Vec<_>>())
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        .collect()
}

#[test]
fn rooms_reach_only_where_the_table_allows() {
    let allowed = allowed();
    let lib = fs::read_to_string("src/lib.rs").expect("lib.rs");
    let rooms: BTreeSet<String> = lib
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ").and_then(|rest| rest.strip_suffix(';')))
        .map(String::from)
        .collect();
    assert_eq!(rooms, allowed.keys().cloned().collect(), "the table and src/lib.rs name the same rooms");
    for room in &rooms {
        let mut files = Vec::new();
        rust_files(&Path::new("src").join(room), &mut files);
        for file in files {
            for used in rooms_used(&fs::read_to_string(&file).expect("a source file")) {
                let fine = used == *room || allowed[room].contains(&used) || !rooms.contains(&used);
                assert!(fine, "{}: room `{room}` may not use `{used}`", file.display());
            }
        }
    }
}
