//! `hil bisect` on a repository whose scenario changes from commit to commit.

mod cli_common;

use std::path::Path;
use std::process::Command;

use cli_common::*;
use serde_json::Value;

fn git(folder: &Path, arguments: &[&str]) -> String {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "init.defaultBranch=main"];
    let output = Command::new("git").args(identity).args(arguments).current_dir(folder).output().expect("git");
    assert!(output.status.success(), "git {arguments:?}: {}", text(&output.stderr));
    text(&output.stdout).trim().to_string()
}

/// Commits a scenario with a network of this width.
fn commit(folder: &Path, width: &str, subject: &str) -> String {
    let text = format!(
        "name: n\ntask: vww\ncandidates: [{{ name: net, network: mobilenetv1, width: {width}, resolution: 32, classes: 2 }}]\n\
         boards: [nucleo-l4r5zi]\nengines: [tinyengine]\nmeasure: {{ inputs: 1, repeats: 1, warmup: 0 }}\n"
    );
    std::fs::write(folder.join("s.yaml"), text).expect("written");
    git(folder, &["add", "."]);
    git(folder, &["commit", "--allow-empty", "-m", subject]);
    git(folder, &["rev-parse", "HEAD"])
}

#[test]
fn the_commit_that_made_it_slower_is_found() {
    let repository = tempfile::tempdir().expect("a folder");
    let folder = repository.path();
    git(folder, &["init"]);
    let good = commit(folder, "0.25", "first");
    commit(folder, "0.25", "harmless");
    commit(folder, "nonsense", "cannot be measured");
    let guilty = commit(folder, "0.5", "wider");
    commit(folder, "0.5", "harmless too");
    let bisect = |arguments: &[&str]| {
        let mut all = vec!["bisect", "s.yaml", "--network", "net", "--board", "nucleo-l4r5zi"];
        all.extend(arguments);
        command(&all).current_dir(folder).output().expect("hil runs")
    };
    let found = bisect(&["--good", &good, "--build", "test -f s.yaml", "--json"]);
    assert_eq!(found.status.code(), Some(0), "{}", text(&found.stderr));
    let told: Value = serde_json::from_slice(&found.stdout).expect("JSON");
    assert_eq!(told["change"]["after"], guilty.as_str());
    assert!(told["change"]["to"].as_f64() > told["change"]["from"].as_f64());
    assert!(told["commits"][2]["unmeasured"].is_string(), "{told}");
    // Again: nothing has to be built.
    let again = bisect(&["--good", &good, "--build", "false"]);
    let table = text(&again.stdout);
    assert!(table.contains(&guilty) && table.contains("or one of the 1 before it"), "{table}");
    assert_eq!(git(folder, &["worktree", "list"]).lines().count(), 1, "trees are gone");
    let backwards = bisect(&["--good", "HEAD", "--bad", &good]);
    assert_eq!(backwards.status.code(), Some(2), "{}", text(&backwards.stderr));
    let broken = bisect(&["--good", &good, "--build", "false", "--out", "elsewhere"]);
    assert_eq!(broken.status.code(), Some(3));
    assert!(text(&broken.stderr).contains("good end"), "{}", text(&broken.stderr));
}
