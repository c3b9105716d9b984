//! `hil rack status`.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::json;

use crate::cli::Ended;
use crate::cli::output::{columns, either, wrapped};
use crate::rack::{Health, Rack, Trouble, UnitStatus};
use crate::report::UnitLine;
use crate::results::utc_text;

pub fn run(rack: &Rack, json: bool) -> Ended {
    let units = rack.status();
    either(json, || units.iter().map(value).collect(), || table(&units))
}

fn health(unit: &UnitStatus) -> (&'static str, Option<&str>) {
    match &unit.health {
        Health::Good => ("good", None),
        Health::Quarantined(why) => ("quarantined", Some(why)),
    }
}

fn moment(seconds: u64) -> String {
    utc_text(UNIX_EPOCH + Duration::from_secs(seconds))
}

fn trouble(trouble: &Trouble) -> serde_json::Value {
    json!({ "reason": trouble.reason, "at": moment(trouble.at) })
}

fn value(unit: &UnitStatus) -> serde_json::Value {
    let (health, why) = health(unit);
    let owner = unit.owner.as_ref();
    json!({
        "unit": unit.id,
        "board": unit.board,
        "driver": unit.driver.name(),
        "health": health,
        "reason": why,
        "leased": unit.leased,
        "owner": owner.map(|o| json!({ "pid": o.pid, "command": o.command, "since": moment(o.since) })),
        "strikes": unit.record.strikes,
        "last_error": unit.record.last_error.as_ref().map(trouble),
        "checked": unit.record.checked.map(moment),
        "entry": unit.entry,
    })
}

fn lease(unit: &UnitStatus) -> String {
    match (&unit.owner, unit.leased) {
        (Some(owner), _) => format!("process {}", owner.pid),
        (None, true) => "leased".into(),
        (None, false) => "free".into(),
    }
}

/// A unit as the page of the store shows it.
pub fn line(unit: &UnitStatus) -> UnitLine {
    let why = health(unit).1.map(String::from);
    let last = unit.record.last_error.as_ref();
    UnitLine {
        unit: unit.id.clone(),
        board: unit.board.clone(),
        driver: unit.driver.name().into(),
        healthy: unit.health == Health::Good,
        trouble: why.or_else(|| last.map(|trouble| format!("{} ({})", trouble.reason, moment(trouble.at)))),
        lease: lease(unit),
    }
}

fn table(units: &[UnitStatus]) -> String {
    let mut rows = vec![["unit", "board", "driver", "health", "lease"].map(String::from).to_vec()];
    rows.extend(units.iter().map(|unit| {
        vec![unit.id.clone(), unit.board.clone(), unit.driver.name().into(), health(unit).0.into(), lease(unit)]
    }));
    let mut text = columns(&rows, 5);
    // What needs a sentence stands below the table, so that the table keeps its width.
    for unit in units {
        let id = &unit.id;
        let mut say = |what: String| text.push_str(&format!("\n{}", wrapped(&what)));
        if let Some(why) = health(unit).1 {
            say(format!("{id} is quarantined: {why}; `hil rack check` brings it back once it is well"));
        } else if let Some(Trouble { reason, at }) = &unit.record.last_error {
            say(format!("{id} failed last at {}: {reason}", moment(*at)));
        }
        if let Some(owner) = &unit.owner {
            say(format!("{id} is held by {owner}"));
        }
    }
    text
}
