//! Engines side by side: only like rows are compared, and a reader sees where one loses.

mod results_common;

use hil::report;
use hil::results::*;
use results_common::*;

/// Two networks on one board in two engines and an image, the first engine half as fast.
fn run() -> StoredRun {
    let mut rows = Vec::new();
    for (n, network) in ["small", "large"].into_iter().enumerate() {
        for (e, engine) in ["cmsis-nn", "tinyengine"].into_iter().enumerate() {
            let cycles = 8_000_000 * (n as u64 + 1) / (e as u64 + 1);
            let mut row =
                row(rows.len() as u32, network, "nucleo-l4r5zi", ok(60_000 - 20_000 * e as u64, vec![cycles]));
            row.engine = engine.into();
            for (at, step) in row.steps.iter_mut().enumerate() {
                step.name = format!("{at}: op {}", 2 * at);
            }
            rows.push(row);
        }
    }
    let image = Prebuilt {
        device: "dut".into(),
        model: "ic01".into(),
        firmware: "v1".into(),
        timing: Latency::new(vec![1_000_000; 5], 216_000_000, vec![]).expect("a latency"),
        clock_read: true,
        windows: vec![Window { inferences: 2160, microseconds: 10_000_000 }; 5],
        window_s: 10.0,
        energy: Energy::Missing("no measured power".into()),
        accuracy: Some(Accuracy { files: 200, of_files: 200, top1: 85.0, auc: Some(0.98) }),
        verification: Verification::NotVerified("no network was given".into()),
        image_bytes: 190_000,
        touched_sram: Some(70_000),
    };
    let mut unverified = row(4, "small", "nucleo-l4r5zi", Outcome::Prebuilt(Box::new(image)));
    unverified.engine = "prebuilt".into();
    unverified.image_sha256 = Some(sha256_hex(b"image"));
    rows.push(unverified);
    let mut info = info();
    info.compare_to = Some("cmsis-nn".into());
    info.tools.insert("cmsis-nn".into(), "CMSIS-NN 4.0.0 (2022-11)".into());
    info.flags.insert("nucleo-l4r5zi".into(), "-mcpu=cortex-m4 -O2".into());
    StoredRun {
        id: "baselines-1".into(),
        state: RunState::Finished,
        message: None,
        started: "2026-11-24T12:00:00Z".into(),
        ended: None,
        info,
        rows,
        source: Source::Parquet,
        torn: None,
    }
}

fn line<'a>(text: &'a str, starts: &str, holds: &str) -> &'a str {
    text.lines().find(|line| line.starts_with(starts) && line.contains(holds)).unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn ratios_are_to_the_chosen_engine_and_titles_are_shown() {
    let text = report::terminal(&run());
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let (_, comparison) = text.split_once("against cmsis-nn (CMSIS-NN 4.0.0 (2022-11))").expect("a comparison");
    assert!(line(comparison, "small", "tinyengine").contains("0.50×"), "{comparison}");
    assert!(line(comparison, "small", "cmsis-nn").contains("1.00×"));
    assert!(line(comparison, "small", "prebuilt").ends_with("not verified"));
    assert!(comparison.contains("tinyengine: 0.50× the latency of cmsis-nn, geometric mean of 2 networks (emulated)"));
    assert!(
        comparison.contains("compiler of all: arm-none-eabi-gcc 12.2.1") && comparison.contains("-mcpu=cortex-m4 -O2")
    );
    // The last step is the costliest, and so where the engines are furthest apart.
    assert!(comparison.contains("small: tinyengine against cmsis-nn, cycles: op 12 −"), "{comparison}");
    assert!(text.contains("cmsis-nn is CMSIS-NN 4.0.0 (2022-11)"));
}

#[test]
fn an_image_that_nobody_verified_is_shown_and_never_ranked() {
    let run = run();
    let text = report::terminal(&run);
    // It would be the fastest by far.
    assert!(line(&text, "  fastest", "").contains("small [tinyengine]"), "{text}");
    assert!(text.contains("not verified, and so not ranked: small [prebuilt]"));
    assert!(text.contains("not verified: 4.630 ms by its own clock"), "{text}");
    assert!(
        text.replace("\n", " ")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .contains("top-1 85.0 %, AUC 0.980 (200 files)")
    );
    let json = report::json(&run);
    assert_eq!(json["rows"][4]["latency_ms"], serde_json::Value::Null);
    assert_eq!(json["rows"][4]["prebuilt"]["throughput"], 216.0);
    assert_eq!(json["rows"][4]["prebuilt"]["official"], true);
    assert_eq!(json["comparison"]["boards"][0]["rows"][4]["why_not"], "not verified");
    assert_eq!(json["comparison"]["boards"][0]["rows"][1]["ratios"]["latency"], 0.5);
    let markdown = report::markdown(&run, None);
    assert!(markdown.contains("*not verified: 4.630*") && markdown.contains("| 0.50× |"), "{markdown}");
}

#[test]
fn unlike_rows_are_not_compared() {
    let mut run = run();
    run.rows[1].provenance = Provenance::Silicon;
    run.rows[3].network_sha256 = sha256_hex(b"another");
    let json = report::json(&run);
    let why = |row: usize| json["comparison"]["boards"][0]["rows"][row]["why_not"].clone();
    assert_eq!((why(1), why(3)), ("emulated there".into(), "another network".into()));
    run.info.compare_to = None;
    assert!(report::json(&run)["comparison"].is_null());
}

#[test]
fn memory_is_split_the_same_way_for_every_engine_wherever_it_is_shown() {
    let run = run();
    let text = report::terminal(&run);
    let (_, split) = text.split_once("where memory goes, bytes").expect("a table");
    let cells = |line: &str| line.split_whitespace().map(String::from).collect::<Vec<_>>();
    let titles = "small tensors engine stack heap runtime weights tables code runtime data";
    assert_eq!(cells(line(split, "small", "tensors")).join(" "), titles);
    let ours = line(split, "tinyengine", "");
    assert_eq!(cells(ours)[1..].join(" "), "40,000 40 900 0 2,060 200,000 3,000 12,000 8,000 100");
    let markdown = report::markdown(&run, None);
    assert!(
        markdown.contains("| `small` | `tinyengine` | 40,000 | 40 | 900 | 0 | 2,060 | 200,000 | 3,000 |"),
        "{markdown}"
    );
    let json = report::json(&run);
    let sum = |of: &str, sum: &str| {
        let parts = json["rows"][0][of].as_object().expect(of);
        let parts = parts.iter().filter(|(name, _)| !["peak", "total", "harness"].contains(&name.as_str()));
        (parts.map(|(_, bytes)| bytes.as_u64().expect("bytes")).sum::<u64>(), json["rows"][0][of][sum].as_u64())
    };
    for (of, name) in [("sram", "peak"), ("flash", "total")] {
        let (parts, said) = sum(of, name);
        assert_eq!(Some(parts), said, "{of}");
    }
}

#[test]
fn the_page_shows_memory_and_cycles_engine_by_engine() {
    let page = report::html(&run(), report::Beside::default()).expect("a page");
    std::fs::write(concat!(env!("CARGO_TARGET_TMPDIR"), "/report_engines.html"), &page).expect("written");
    assert_eq!(page.matches("aria-label=\"cycles per layer of small by engine\"").count(), 1);
    for part in [
        "Engines, against CMSIS-NN 4.0.0 (2022-11)",
        "tensors 60,000",
        "engine 40",
        "tables 3,000",
        "0.50×",
        "not verified",
    ] {
        assert!(page.contains(part), "{part}");
    }
}
