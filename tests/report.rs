//! What reports say. `HIL_BLESS=1` writes the golden table anew.

mod results_common;

use std::fs;

use hil::report;
use hil::results::*;
use results_common::*;

fn run(rows: Vec<Measurement>) -> StoredRun {
    StoredRun {
        id: "made-up-20261124T120000Z-1".into(),
        state: RunState::Interrupted,
        message: None,
        started: "2026-11-24T12:00:00Z".into(),
        ended: Some("2026-11-24T12:00:09Z".into()),
        info: RunInfo { planned_rows: 9, ..info() },
        rows,
        source: Source::Parquet,
        torn: None,
    }
}

fn many() -> Vec<Measurement> {
    let mut all = rows();
    let long = "a network with a name that is much longer than any table would like it to be";
    all.push(row(6, long, "stm32f746g-disco", ok(45_000, vec![4_999_999])));
    all.push(row(7, "both", "stm32f746g-disco", ok(99_000, vec![3_999_999])));
    let mut silicon = row(8, "both", "stm32f746g-disco", ok(99_000, vec![4_100_000]));
    silicon.provenance = Provenance::Silicon;
    silicon.unit = "probe/1234".into();
    silicon.error_band = String::new();
    all.push(silicon);
    all
}

#[test]
fn the_table_is_the_golden_one_and_fits_100_columns() {
    let text = report::terminal(&run(many())) + "\n";
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let golden = "tests/golden/report_table.txt";
    if std::env::var_os("HIL_BLESS").is_some() {
        fs::write(golden, &text).expect("written");
    }
    assert_eq!(text, fs::read_to_string(golden).expect("HIL_BLESS=1 makes it"));
}

#[test]
fn json_has_a_latency_for_ok_rows_alone_and_the_verdict() {
    let value = report::json(&run(many()));
    let rows = value["rows"].as_array().expect("rows");
    for row in rows {
        let timed = row["status"] == "ok" && row["provenance"] != "renode";
        assert_eq!(row["latency_ms"].is_number(), timed, "{row}");
        assert!(!row["provenance"].is_null() && !row["error_band"].is_null());
    }
    assert_eq!(rows[0]["median_cycles"], 9_000_001.0);
    assert_eq!(rows[0]["sram"]["peak"], 63_000);
    assert_eq!(rows[2]["over_by"]["sram"], 75_320);
    assert_eq!(rows[0]["layers"][6]["cycles"], 7 * (9_000_001u64 / 28));
    let boards = &value["boards"];
    assert_eq!(boards[0]["does_not_fit"], serde_json::json!(["big"]));
    let best = boards[1]["best"].as_array().expect("best");
    assert_eq!(best.len(), 2, "silicon and emulated are not ranked together");
    assert_eq!(
        (&best[1]["provenance"], &best[1]["fastest"]),
        (&"emulated".into(), &"both on emulated/stm32f746g-disco/0".into())
    );
}

#[test]
fn a_run_without_rows_still_has_its_reports() {
    assert!(report::terminal(&run(vec![])).contains("0 of 9 rows"));
    assert_eq!(report::json(&run(vec![]))["rows"], serde_json::json!([]));
}

#[test]
fn runs_are_compared_row_by_row_and_unlike_provenances_never_meet() {
    let (a, mut b) = (run(many()), run(many()));
    for row in &mut b.rows {
        if row.network == "small" && row.board == "nucleo-l4r5zi" {
            row.outcome = ok(60_400, vec![9_090_001]);
            row.repeat.git = "4567def".into();
        }
    }
    b.rows.retain(|row| row.index != 2);
    let comparison = compare(&a, &b);
    let value = report::comparison_json(&comparison);
    let rows = value["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 8);
    assert_eq!((&rows[0]["sram_change"], &rows[0]["flash_change"]), (&400.into(), &2000.into()));
    assert!(rows[0]["cycles_change"].as_f64().is_some_and(|change| (change - 0.01).abs() < 1e-6));
    assert_eq!(rows[0]["unlike"], serde_json::json!(["hil"]));
    assert_eq!(value["only_in_a"][0]["network"], "big");
    assert!(rows.iter().all(|row| row["a"]["provenance"] == row["b"]["provenance"]));
    let both: Vec<_> = rows.iter().filter(|row| row["network"] == "both").map(|row| &row["provenance"]).collect();
    assert_eq!(both, ["emulated", "silicon"]);
    let text = report::comparison_text(&comparison);
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert!(text.contains("+1.00 %") && text.contains("+400") && text.contains("unlike: hil"), "{text}");
    assert!(text.contains("only in a: big on nucleo-l4r5zi") && text.contains("error band (emulated)"), "{text}");
}
