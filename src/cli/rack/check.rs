//! `hil rack check`.

use std::process::ExitCode;
use std::thread;

use serde_json::json;

use crate::cli::output::{columns, print, print_json, wrapped};
use crate::cli::{Ended, Failure, interrupt, progress};
use crate::rack::{Rack, Waiting};
use crate::run::{Images, SelfTest, Tested};

pub fn run(rack: &Rack, names: &[String], as_json: bool) -> Ended {
    let ids: Vec<String> = rack.status().into_iter().map(|unit| unit.id).collect();
    let is_named = |id: &String, name: &String| id == name || id.rsplit('/').next() == Some(name);
    if let Some(name) = names.iter().find(|name| !ids.iter().any(|id| is_named(id, name))) {
        return Err(Failure::Usage(format!("no unit is called `{name}` (known: {})", ids.join(", "))));
    }
    let chosen: Vec<String> =
        ids.into_iter().filter(|id| names.is_empty() || names.iter().any(|name| is_named(id, name))).collect();
    let tools = Images::find().map_err(|error| Failure::Infrastructure(error.to_string()))?;
    let test = SelfTest::new().map_err(|error| Failure::Infrastructure(format!("internal error: {error}")))?;
    let cancel = interrupt::cancel()?;
    let bar = progress::count("units", chosen.len());
    let one = |id: &String| -> Result<Vec<Tested>, String> {
        let tell = |waiting: &Waiting| bar.suspend(|| eprintln!("{waiting}"));
        let mut lease = rack.lease_to_check(id, &cancel, &tell).map_err(|error| error.to_string())?;
        let tested = test.test(&mut lease, &tools, &cancel);
        bar.inc(1);
        Ok(tested)
    };
    // A thread a unit: most of the time they wait for it.
    let checked: Vec<(String, Result<Vec<Tested>, String>)> = thread::scope(|scope| {
        let running: Vec<_> = chosen.iter().map(|id| (id, scope.spawn(|| one(id)))).collect();
        let ended = |thread: thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|_| Err("internal error: its check panicked".into()))
        };
        running.into_iter().map(|(id, thread)| (id.clone(), ended(thread))).collect()
    });
    bar.finish_and_clear();
    let well = checked.iter().all(|(_, result)| is_well(result));
    if as_json {
        print_json(&checked.iter().map(value).collect::<Vec<_>>())?;
    } else {
        print(&table(&checked))?;
    }
    Ok(ExitCode::from(if well { 0 } else { 3 }))
}

fn is_well(result: &Result<Vec<Tested>, String>) -> bool {
    result.as_ref().is_ok_and(|tested| tested.iter().all(|tested| tested.result.is_ok()))
}

fn value((id, result): &(String, Result<Vec<Tested>, String>)) -> serde_json::Value {
    let tests = |tested: &Tested| {
        let found = tested.result.as_ref().unwrap_or_else(|problem| problem);
        json!({ "what": tested.what, "ok": tested.result.is_ok(), "found": found })
    };
    json!({
        "unit": id,
        "well": is_well(result),
        "problem": result.as_ref().err(),
        "tests": result.as_ref().map(|tested| tested.iter().map(tests).collect::<Vec<_>>()).unwrap_or_default(),
    })
}

fn table(checked: &[(String, Result<Vec<Tested>, String>)]) -> String {
    let mut rows = vec![["unit", "verdict", "tested"].map(String::from).to_vec()];
    let mut below = Vec::new();
    for (id, result) in checked {
        let tests = match result {
            Err(problem) => {
                below.push(wrapped(&format!("{id}: {problem}")));
                "not tested".into()
            }
            Ok(tested) => {
                for Tested { what, result } in tested {
                    let (sign, found) = match result {
                        Ok(found) => ("", found),
                        Err(problem) => ("BAD ", problem),
                    };
                    below.push(wrapped(&format!("{id}: {sign}{what}: {found}")));
                }
                tested.iter().map(|tested| tested.what).collect::<Vec<_>>().join(", ")
            }
        };
        rows.push(vec![id.clone(), if is_well(result) { "well" } else { "BAD" }.into(), tests]);
    }
    format!("{}\n{}", columns(&rows, 3), below.join("\n"))
}
