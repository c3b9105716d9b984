//! `hil rack`.

use std::num::NonZeroUsize;

use serde_json::json;

use super::Ended;
use super::output::{columns, either};
use crate::board::{self, Board};
use crate::rack::{Health, Rack, UnitStatus};

/// Rows that are worked on at a time where nobody says otherwise: one per processor.
pub fn default_jobs() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

pub fn run(json: bool) -> Ended {
    let boards = board::names().into_iter().map(Board::shipped).collect::<Result<Vec<_>, _>>()?;
    let units = Rack::emulated(&boards, default_jobs()).status();
    either(json, || units.iter().map(value).collect(), || table(&units))
}

fn health(unit: &UnitStatus) -> (&'static str, Option<&str>) {
    match &unit.health {
        Health::Good => ("good", None),
        Health::Quarantined(why) => ("quarantined", Some(why)),
    }
}

fn value(unit: &UnitStatus) -> serde_json::Value {
    let (health, why) = health(unit);
    json!({
        "unit": unit.id,
        "board": unit.board,
        "driver": unit.driver.name(),
        "health": health,
        "reason": why,
        "leased": unit.leased,
    })
}

fn table(units: &[UnitStatus]) -> String {
    let mut rows = vec![["unit", "board", "driver", "health"].map(String::from).to_vec()];
    rows.extend(units.iter().map(|unit| {
        let (health, why) = health(unit);
        let health = why.map_or(health.into(), |why| format!("{health}: {why}"));
        vec![unit.id.clone(), unit.board.clone(), unit.driver.name().into(), health]
    }));
    columns(&rows, 4)
}
