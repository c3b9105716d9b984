//! The book under `docs/`: every command in it is executed, every file in it is used as printed.
//!
//! Fences tell what a block is:
//! - `console`: lines after `$ ` are executed one by one in the chapter's folder, the rest is what they print, roughly.
//!   `# exits with N` at the end of a command says that it is meant to fail.
//! - `console hardware`: needs a board; the arguments are only parsed.
//! - `yaml FILE` (or another language): the file's content.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[derive(Debug, PartialEq)]
enum Block {
    File { name: String, content: String },
    Run { command: String, code: i32 },
    Parse { command: String },
}

/// The blocks of a chapter that can be checked.
fn blocks(chapter: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = chapter.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let words: Vec<&str> = info.split_whitespace().collect();
        match words.as_slice() {
            ["console"] => blocks.extend(commands(&body).map(|command| {
                let (command, code) = match command.split_once("# exits with ") {
                    Some((command, code)) => (command.trim(), code.trim().parse().expect("an exit code")),
                    None => (command, 0),
                };
                Block::Run { command: command.into(), code }
            })),
            ["console", "hardware"] => {
                blocks.extend(commands(&body).map(|command| Block::Parse { command: command.into() }));
            }
            [_, name] => blocks.push(Block::File { name: (*name).into(), content: body.join("\n") + "\n" }),
            _ => {}
        }
    }
    blocks
}

fn commands<'a>(body: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    body.iter().filter_map(|line| line.strip_prefix("$ "))
}

/// A shell in `folder` that finds this build of `hil`.
fn shell(folder: &Path, command: &str) -> Output {
    let binaries = Path::new(env!("CARGO_BIN_EXE_hil")).parent().expect("a folder");
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap_or_default());
    Command::new("sh").args(["-euc", command]).current_dir(folder).env("PATH", path).output().expect("a shell")
}

fn explain(chapter: &Path, command: &str, output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{}: $ {command}\n{}\n{out}\n{err}", chapter.display(), output.status)
}

fn chapters() -> Vec<PathBuf> {
    let mut chapters: Vec<PathBuf> = fs::read_dir(Path::new(ROOT).join("docs"))
        .expect("the book")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    chapters.sort();
    chapters.push(Path::new(ROOT).join("README.md"));
    chapters
}

fn has_compiler() -> bool {
    Command::new("arm-none-eabi-gcc").arg("--version").output().is_ok_and(|output| output.status.success())
}

#[cfg(unix)]
#[test]
fn every_command_works() {
    let mut executed = 0;
    for chapter in chapters() {
        let folder = tempfile::tempdir().expect("a folder");
        for shared in ["scenarios", "boards"] {
            std::os::unix::fs::symlink(Path::new(ROOT).join(shared), folder.path().join(shared)).expect("a link");
        }
        for block in blocks(&fs::read_to_string(&chapter).expect("a chapter")) {
            match block {
                Block::File { name, content } => {
                    let path = folder.path().join(name);
                    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
                    fs::write(path, content).expect("written");
                }
                Block::Parse { command } => {
                    for part in command.split("&&").map(str::trim).filter(|part| part.starts_with("hil ")) {
                        // Everything before `--help` is parsed, and nothing is done.
                        let part = part.split(" > ").next().unwrap_or(part);
                        let output = shell(folder.path(), &format!("{part} --help"));
                        assert!(output.status.success(), "{}", explain(&chapter, part, &output));
                    }
                }
                Block::Run { command, code } => {
                    if !has_compiler() {
                        eprintln!("skipped, since there is no arm-none-eabi-gcc: {command}");
                        continue;
                    }
                    let output = shell(folder.path(), &command);
                    assert_eq!(output.status.code(), Some(code), "{}", explain(&chapter, &command, &output));
                    executed += 1;
                }
            }
        }
    }
    assert!(executed > 5 || !has_compiler(), "only {executed} commands in the book");
}

/// `docs/scenarios.md` is made; `HIL_BLESS=1` makes it anew.
#[test]
fn the_reference_is_what_the_schema_says() {
    let path = Path::new(ROOT).join("docs/scenarios.md");
    let output = Command::new(env!("CARGO_BIN_EXE_hil")).args(["schema", "--markdown"]).output().expect("hil runs");
    let made = String::from_utf8(output.stdout).expect("text");
    if std::env::var_os("HIL_BLESS").is_some() {
        fs::write(&path, &made).expect("written");
    }
    let kept = fs::read_to_string(&path).expect("docs/scenarios.md");
    assert!(kept == made, "docs/scenarios.md is old: HIL_BLESS=1 cargo test --test book");
}

#[test]
fn links_between_chapters_lead_somewhere() {
    for chapter in chapters() {
        let text = fs::read_to_string(&chapter).expect("a chapter");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap_or_default();
            if !file.is_empty() && !file.contains("://") {
                let target = chapter.parent().expect("a folder").join(file);
                assert!(target.exists(), "{}: {link}", chapter.display());
            }
        }
    }
}

#[test]
fn blocks_are_told_apart() {
    let chapter = "a\n```console\n$ hil boards\nsome output\n$ hil run x # exits with 2\n```\n```yaml a/b.yaml\nx: 1\n```\n\
                   ```console hardware\n$ hil rack scan\n```\n```rust\nfn main() {}\n```\n";
    let expected = [
        Block::Run { command: "hil boards".into(), code: 0 },
        Block::Run { command: "hil run x".into(), code: 2 },
        Block::File { name: "a/b.yaml".into(), content: "x: 1\n".into() },
        Block::Parse { command: "hil rack scan".into() },
    ];
    assert_eq!(blocks(chapter), expected);
}
