//! The page stands alone, says what the table says, and hostile names stay text.

mod results_common;

use std::fs;

use hil::report;
use hil::results::*;
use results_common::*;

/// Eight networks of many layers on two boards; numbers that look like some, and are none.
fn run() -> StoredRun {
    let names = ["mobilenetv1-0.25@96", "mcunet-vww0", "mcunet-vww1", "mcunet-vww2", "mobilenetv2-0.35@64"];
    let mut rows = Vec::new();
    for (i, name) in names.iter().chain(&["mobilenetv2-0.35@80", "proxylessnas-0.3@64", "tie"]).enumerate() {
        for (b, board) in ["nucleo-l4r5zi", "stm32f746g-disco"].into_iter().enumerate() {
            let arena = [54_000, 41_000, 97_000, 340_000, 55_000, 70_000, 56_000, 56_000][i];
            let cycles = [21, 9, 26, 0, 12, 17, 14, 14][i] * 1_000_000 / (b as u64 + 1);
            let outcome = if i == 3 && b == 1 {
                Outcome::DoesNotFit { reason: "the arena is too big".into(), memory: memory(arena) }
            } else {
                ok(arena, vec![cycles.max(50_000_000)])
            };
            let mut row = row((2 * i + b) as u32, name, board, outcome);
            row.budget = [Budget { sram: 655_360, flash: 2_097_152 }, Budget { sram: 327_680, flash: 1_048_576 }][b];
            row.steps = steps(27);
            for (at, step) in row.steps.iter_mut().enumerate() {
                step.live_bytes = (arena / (1 + at as u64 / 3)).saturating_sub(2000 * (at as u64 % 3));
            }
            if let Outcome::Ok(run) = &mut row.outcome {
                let shares = (0..27).map(|at| cycles.max(50_000_000) * ((at * 7 + i as u64) % 11 + 2) / 200).collect();
                let clock = [120_000_000, 216_000_000][b];
                run.latency = Some(Latency::new(vec![cycles.max(8_000_000)], clock, shares).expect("a latency"));
                run.memory.flash.weights = 300_000 + arena;
            }
            rows.push(row);
        }
    }
    let mut info = info();
    info.command = vec!["hil".into(), "run".into(), "scenarios/vww.yaml".into()];
    info.tools.insert("arm-none-eabi-gcc".into(), "arm-none-eabi-gcc 12.2.1".into());
    StoredRun {
        id: "vww-20261124T120000Z-1".into(),
        state: RunState::Finished,
        message: None,
        started: "2026-11-24T12:00:00Z".into(),
        ended: Some("2026-11-24T12:00:09Z".into()),
        info: RunInfo { scenario: "vww".into(), planned_rows: 16, scenario_text: "name: vww\n".into(), ..info },
        rows,
        source: Source::Parquet,
        torn: None,
    }
}

#[test]
fn the_page_stands_alone_and_has_every_plot() {
    let page = report::html(&run(), report::Beside::default()).expect("a page");
    fs::write(concat!(env!("CARGO_TARGET_TMPDIR"), "/report.html"), &page).expect("written");
    // A scatter per board, layers of 15 rows with a latency, memory of all 16.
    assert_eq!(page.matches("<svg role=\"img\"").count(), 2 + 15 + 16);
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
    for foreign in ["<script ", "<link", "<img", "src=", "href=", "url(", "@import", "<object", "<iframe"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert_eq!(page.matches("<script>").count(), 1, "it sorts tables");
    let links = page.matches("http").count();
    assert_eq!(links, page.matches("xmlns=\"http://www.w3.org/2000/svg\"").count());
    assert!(page.contains("exceeds SRAM by 15,320 bytes"));
    assert!(page.contains("not validated: nobody has compared"));
}

#[test]
fn what_the_cost_model_had_said_stands_beside_what_was_measured() {
    let run = run();
    let of = |row: &Measurement| {
        let cycles = row.latency()?.median_cycles();
        // One in four is beyond its bounds.
        let factor = if row.index % 4 == 0 { 1.3 } else { 0.96 };
        Some(Predicted {
            index: row.index,
            cycles: cycles * factor,
            low: cycles * factor * 0.9,
            high: cycles * factor * 1.1,
        })
    };
    let rows: Vec<Predicted> = run.rows.iter().filter_map(of).collect();
    let predictions =
        Predictions { model: "0123abc".into(), learned_from: vec![], measurements: 40, left_out: 2, rows };
    let beside = report::Beside { predictions: Some(&predictions), ..Default::default() };
    let page = report::html(&run, beside).expect("a page");
    fs::write(concat!(env!("CARGO_TARGET_TMPDIR"), "/predicted.html"), &page).expect("written");
    assert_eq!(page.matches("<svg role=\"img\"").count(), 2 + 15 + 16 + 1);
    assert!(page.contains("aria-label=\"error of the cost model\""));
    assert!(page.contains("within 4.00 % of what was measured, the worst is 30.00 % off; 11 of 15 lie"), "{page}");
    assert!(page.contains("<td class=\"n\">-4.00</td>") && page.contains("<td class=\"n\">+30.00</td>"));
    let none = Predictions { rows: vec![], ..predictions };
    let beside = report::Beside { predictions: Some(&none), ..Default::default() };
    assert!(!report::html(&run, beside).expect("a page").contains("The cost model"));
}

#[test]
fn hostile_names_stay_text() {
    let evil = "<script>alert(1)</script>\"'&";
    let mut run = run();
    (run.message, run.torn, run.info.scenario) = (Some(evil.into()), Some(evil.into()), evil.into());
    (run.id, run.info.scenario_text) = (evil.into(), evil.into());
    run.info.command = vec![evil.into()];
    run.info.tools.insert(evil.into(), evil.into());
    for row in &mut run.rows {
        for text in [&mut row.network, &mut row.engine, &mut row.unit, &mut row.error_band] {
            *text = evil.into();
        }
        row.steps.iter_mut().for_each(|step| (step.name, step.kernel) = (evil.into(), evil.into()));
        match &mut row.outcome {
            Outcome::Ok(run) => run.energy = Energy::Missing(evil.into()),
            Outcome::DoesNotFit { reason, .. } => *reason = evil.into(),
            _ => {}
        }
    }
    run.rows[0].board = evil.into();
    run.rows[1].outcome = Outcome::Failed { cause: Cause::Infrastructure, reason: evil.into(), memory: None };
    let page = report::html(&run, report::Beside::default()).expect("a page");
    assert_eq!(page.matches("<script").count(), 1, "the page's own");
    assert!(!page.contains("\"'&\""), "an attribute is left by a quote");
    assert!(page.contains("&lt;script&gt;"));
}

#[test]
fn runs_of_every_kind_have_a_page() {
    let mut odd = run();
    odd.rows = rows();
    odd.rows.iter_mut().skip(1).step_by(2).for_each(|row| row.steps.clear());
    if let Outcome::Ok(run) = &mut odd.rows[1].outcome {
        run.latency = Some(Latency::new(vec![1], 1_000_000, vec![]).expect("a latency"));
        run.memory = Memory::default();
    }
    let page = report::html(&odd, report::Beside::default()).expect("a page");
    assert!(page.contains("mismatch") && page.contains("renode") && page.contains("no compiler"));
    odd.rows.clear();
    assert!(report::html(&odd, report::Beside::default()).expect("a page").contains("0 of 16 rows"));
}

/// Clicks the head of a column in a real browser, twice, and reads the rows' order back.
#[test]
fn a_browser_sorts_the_tables() {
    let Some(browser) = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|name| {
        std::process::Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success())
    }) else {
        eprintln!("skipped: no chromium");
        return;
    };
    const CLICK: &str = "<script>
        const table = [...document.querySelectorAll('table')].find(t => t.querySelectorAll('td .fill').length);
        const order = () => [...table.tBodies[0].rows].map(row => row.cells[0].textContent.trim()).join(' ');
        const latency = table.querySelectorAll('thead th')[1];
        latency.click(); const up = order();
        latency.click(); const down = order();
        document.body.innerHTML = `<p>up ${up};</p><p>down ${down};</p>`;
        </script></body>";
    let folder = tempfile::tempdir().expect("a folder");
    let page = report::html(&run(), report::Beside::default()).expect("a page").replace("</body>", CLICK);
    let file = folder.path().join("report.html");
    fs::write(&file, page).expect("written");
    let profile = format!("--user-data-dir={}", folder.path().join("profile").display());
    let url = format!("file://{}", file.display());
    let shown = std::process::Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", &profile, &url])
        .output()
        .expect("it runs");
    let dom = String::from_utf8_lossy(&shown.stdout).into_owned();
    let order = |way: &str| -> Vec<String> {
        let start = dom.find(&format!("<p>{way} ")).unwrap_or_else(|| panic!("{dom}")) + way.len() + 4;
        let end = start + dom[start..].find(';').expect("an end");
        dom[start..end].split(' ').map(String::from).collect()
    };
    let (up, down) = (order("up"), order("down"));
    assert_eq!((up.len(), down.len()), (8, 8));
    assert_eq!((up[0].as_str(), up[7].as_str()), ("mcunet-vww2", "mcunet-vww1"), "{up:?}");
    assert_eq!(down[0], "mcunet-vww1", "{down:?}");
}
