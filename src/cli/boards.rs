//! `hil boards`.

use serde_json::json;

use super::Ended;
use super::output::{columns, either};
use crate::board::{self, Board};

pub fn run(json: bool) -> Ended {
    let boards = board::names().into_iter().map(Board::shipped).collect::<Result<Vec<_>, _>>()?;
    either(json, || json!(boards), || table(&boards))
}

fn table(boards: &[Board]) -> String {
    let titles = ["board", "description", "clock MHz", "SRAM KiB", "flash KiB"];
    let mut rows = vec![titles.map(String::from).to_vec()];
    rows.extend(boards.iter().map(|board| {
        let (clock, ram, flash) = (board.clock.hz / 1_000_000, board.ram().1 / 1024, board.flash_bytes() / 1024);
        vec![board.name.clone(), board.description.clone(), clock.to_string(), ram.to_string(), flash.to_string()]
    }));
    columns(&rows, 2)
}
