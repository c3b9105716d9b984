//! What machines and pull requests read: JUnit XML, Markdown and CSV, whatever names hold.

mod gate_common;
mod results_common;

use gate_common::*;
use hil::report;
use hil::results::baseline::{Baseline, Baselines, Key};
use hil::results::gate::*;
use hil::results::*;
use results_common::{memory, ok, row, rows};

const HOSTILE: &str = "=cmd|'/c x'!A1 <b>\"&amp;\" `a` @me\r\n\u{0}\u{1b}]]> *x* [y](z)";

fn hostile_rows() -> Vec<Measurement> {
    let mut all = rows();
    all.push(row(6, HOSTILE, HOSTILE, ok(45_000, vec![4_999_999])));
    let cause = Cause::Infrastructure;
    all.push(row(7, HOSTILE, HOSTILE, Outcome::Failed { cause, reason: HOSTILE.into(), memory: None }));
    all
}

/// The run, and its judgement against a baseline of each ok row that was a cycle faster, but for the last.
fn night() -> (StoredRun, Judgement) {
    let mut run = run_of(hostile_rows());
    run.info.scenario = HOSTILE.into();
    let faster = |row: &Measurement| {
        let cycles = row.latency()?.cycles().iter().map(|c| c - 1).collect();
        let steps = row.latency()?.step_cycles().iter().map(|c| c - 1).collect();
        Some(baseline_of(&with_cycles(row.clone(), cycles, steps)))
    };
    let baselines = Baselines::of(run.rows.iter().filter_map(faster).collect());
    let none = |_: &Key, _: &Baseline, _: Metric| Vec::new();
    let judgement = Gate::open(&run, &baselines, &none, &Thresholds::default(), Settings::default()).close();
    (run, judgement)
}

/// A reader of XML that takes what is well-formed: elements, attributes and text, and gives them by their paths.
fn xml(text: &str) -> Vec<(String, Vec<(String, String)>, String)> {
    fn decoded(text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('&') {
            out += before;
            let (entity, after) = after.split_once(';').expect("an entity ends");
            out.push(match entity {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                "apos" => '\'',
                number => {
                    let code = number.strip_prefix('#').and_then(|n| n.parse().ok()).expect("a known entity");
                    char::from_u32(code).expect("a character")
                }
            });
            rest = after;
        }
        out + rest
    }
    let allowed = |c: char| matches!(c, '\n' | '\t' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert!(text.chars().all(allowed), "characters that XML does not have");
    let body = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").expect("a declaration");
    let (mut found, mut open): (Vec<(String, Vec<(String, String)>, String)>, Vec<usize>) = (Vec::new(), Vec::new());
    let mut rest = body;
    while let Some((before, after)) = rest.split_once('<') {
        assert!(!before.contains(']') || !before.contains("]]>"), "text ends a section");
        match open.last() {
            Some(at) => found[*at].2 += &decoded(before),
            None => assert!(before.trim().is_empty(), "text outside of elements"),
        }
        let (tag, after) = after.split_once('>').expect("a tag ends");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            let at = open.pop().expect("an open element");
            assert_eq!(found[at].0.rsplit('/').next(), Some(name));
            continue;
        }
        let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        let parent = open.last().map_or(String::new(), |at| found[*at].0.clone() + "/");
        let mut list = Vec::new();
        while !attributes.trim().is_empty() {
            let (key, after) = attributes.trim_start().split_once("=\"").expect("a value");
            let (value, after) = after.split_once('"').expect("a value ends");
            assert!(!value.contains('<') && list.iter().all(|(other, _)| other != key));
            list.push((key.to_string(), decoded(value)));
            attributes = after;
        }
        found.push((parent + name, list, String::new()));
        if !empty {
            open.push(found.len() - 1);
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty());
    found
}

fn attribute<'a>(element: &'a (String, Vec<(String, String)>, String), name: &str) -> &'a str {
    &element.1.iter().find(|(key, _)| key == name).unwrap_or_else(|| panic!("no {name} in {element:?}")).1
}

#[test]
fn junit_is_well_formed_and_has_what_its_schema_asks_for() {
    let (run, judgement) = night();
    for judgement in [None, Some(&judgement)] {
        let elements = xml(&report::junit(&run, judgement));
        let of = |path: &str| elements.iter().filter(|e| e.0 == path).collect::<Vec<_>>();
        assert_eq!((elements[0].0.as_str(), of("testsuites").len()), ("testsuites", 1));
        let suites = of("testsuites/testsuite");
        assert_eq!(suites.len(), 3, "one per board");
        let sum =
            |name: &str| suites.iter().map(|s| attribute(s, name).parse::<usize>().expect("a number")).sum::<usize>();
        assert_eq!(sum("tests"), 8);
        assert_eq!(sum("tests"), of("testsuites/testsuite/testcase").len());
        for (count, kind) in [("failures", "failure"), ("errors", "error"), ("skipped", "skipped")] {
            assert_eq!(sum(count), of(&format!("testsuites/testsuite/testcase/{kind}")).len(), "{kind}");
        }
        assert_eq!(sum("errors"), 2, "what infrastructure failed");
        assert_eq!(sum("failures"), if judgement.is_some() { 4 } else { 1 });
        for suite in &suites {
            assert_eq!(attribute(suite, "timestamp"), "2026-11-24T01:02:03");
            ["name", "package", "id", "hostname", "time"]
                .iter()
                .for_each(|name| assert!(attribute(suite, name).len() < 999));
        }
        for case in of("testsuites/testsuite/testcase") {
            ["name", "classname", "time"].iter().for_each(|name| assert!(attribute(case, name).len() < 999));
        }
        assert_eq!(of("testsuites/testsuite/system-out").len(), 3);
        assert_eq!(of("testsuites/testsuite/properties/property").len(), 9);
    }
}

#[test]
fn junit_gives_hostile_names_back_as_they_were() {
    let elements = xml(&report::junit(&run_of(hostile_rows()), None));
    let name = elements.iter().filter(|e| e.0.ends_with("testsuite")).next_back().map(|e| attribute(e, "name"));
    let kept = HOSTILE.replace(['\u{0}', '\u{1b}'], "\u{fffd}");
    assert_eq!(name, Some(kept.as_str()));
}

#[test]
fn junit_names_what_got_slower_by_its_layer() {
    let (run, judgement) = night();
    let elements = xml(&report::junit(&run, Some(&judgement)));
    let failure = elements.iter().find(|e| e.0.ends_with("failure")).expect("a failure");
    assert_eq!(attribute(failure, "type"), "gate");
    let text = attribute(failure, "message");
    assert!(
        text.starts_with("FAILS small on nucleo-l4r5zi [tinyengine, emulated]: cycles 9,000,000 → 9,000,001"),
        "{text}"
    );
    assert!(text.contains("; conv_0 (conv) 321,427 → 321,428 (+0.00 %), ") && text.contains(" and 4 more"), "{text}");
}

/// Bars that split cells: those that are not escaped.
fn bars(line: &str) -> usize {
    let mut escaped = false;
    let bars = line.chars().filter(|c| {
        let bar = *c == '|' && !escaped;
        escaped = *c == '\\' && !escaped;
        bar
    });
    bars.count()
}

/// Markdown without what stands in code spans.
fn without_code(text: &str) -> String {
    let run = |text: &str| text.len() - text.trim_start_matches('`').len();
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find('`') {
        out += &rest[..at];
        let fence = run(&rest[at..]);
        let mut end = at + fence;
        loop {
            end += rest[end..].find('`').expect("a span ends");
            let ticks = run(&rest[end..]);
            end += ticks;
            if ticks == fence {
                break;
            }
        }
        rest = &rest[end..];
    }
    out + rest
}

#[test]
fn markdown_keeps_its_tables_whatever_names_hold() {
    let (run, judgement) = night();
    for judgement in [None, Some(&judgement)] {
        let text = report::markdown(&run, judgement);
        let mut tables = 0;
        let mut width = None;
        for line in text.lines() {
            if line.starts_with("| ") {
                assert_eq!(*width.get_or_insert_with(|| bars(line)), bars(line), "{line}");
            } else {
                tables += usize::from(width.take().is_some());
            }
        }
        tables += usize::from(width.is_some());
        assert_eq!(tables, 3 + usize::from(judgement.is_some()), "{text}");
        assert!(!text.contains('\u{1b}') && !text.contains('\r'), "{text}");
        let outside = without_code(&text);
        let link = outside.replace("\\]", "").contains("](");
        assert!(!link && !outside.contains("@me") && !outside.contains("<b"), "{outside}");
        assert!(text.contains("emulated") && text.contains("error band"));
    }
    let text = report::markdown(&run, Some(&judgement));
    let (fails, table) = (text.find("**fails**").expect("what fails"), text.find("### ").expect("the boards"));
    assert!(fails < table, "what changed comes first");
    assert!(text.contains("**gate FAILED, 3 of 8: "), "{text}");
}

/// Cells of CSV, by RFC 4180.
fn cells(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut cell, mut quoted) = (vec![vec![]], String::new(), false);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => cell.push(characters.next().expect("a quote")),
            '"' => quoted = !quoted,
            ',' if !quoted => rows.last_mut().expect("a row").push(std::mem::take(&mut cell)),
            '\n' if !quoted => {
                rows.last_mut().expect("a row").push(std::mem::take(&mut cell));
                rows.push(vec![]);
            }
            other => cell.push(other),
        }
    }
    assert_eq!((quoted, rows.pop()), (false, Some(vec![])), "the last line ends");
    rows
}

#[test]
fn csv_has_a_line_per_row_and_no_formula() {
    let (run, judgement) = night();
    let table = cells(&report::csv(&run, Some(&judgement)));
    assert_eq!(table.len(), 9);
    assert!(table.iter().all(|row| row.len() == table[0].len()));
    let column = |name: &str| table[0].iter().position(|head| head == name).expect(name);
    let (network, ms, gate) = (column("network"), column("latency_ms"), column("gate"));
    assert_eq!(table[1][network], "small");
    assert_eq!(table[1][ms].parse::<f64>().ok(), run.rows[0].latency().map(|l| l.ms()));
    assert_eq!((table[1][gate].as_str(), table[3][ms].as_str()), ("worse", ""));
    assert_eq!(table[7][network], format!("'{}", HOSTILE.replace('\u{0}', "\u{fffd}")));
    for cell in table.iter().flatten().filter(|cell| cell.parse::<f64>().is_err()) {
        assert!(!cell.trim_start().starts_with(['=', '+', '-', '@']), "{cell}");
    }
}

#[test]
fn the_terminal_says_what_fails_and_why_within_100_columns() {
    let (_, judgement) = night();
    let text = report::judgement_text(&judgement);
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert!(text.starts_with("gate FAILED, 3 of 8: 0 same, 3 worse, "), "{text}");
    assert!(text.contains("FAILS small on nucleo-l4r5zi [tinyengine, emulated]: cycles"), "{text}");
    assert!(text.contains("not measured broken") && !text.contains('\u{1b}'), "{text}");
    assert!(text.ends_with("hil baseline accept RUN --why \"…\""), "{text}");
}

#[test]
fn two_runs_differ_first_in_the_layer_that_changed() {
    let small = || row(0, "small", "nucleo-l4r5zi", ok(60_000, vec![2_800]));
    let mut slower = with_cycles(small(), vec![2_830], vec![100, 200, 300, 420, 500, 600, 710]);
    slower.steps[1].live_bytes += 4;
    slower.repeat.compiler = "gcc 14".into();
    let (a, b) = (run_of(vec![small()]), run_of(vec![slower]));
    let comparison = compare(&a, &b);
    let pair = &comparison.pairs[0];
    let names: Vec<&str> = pair.layers.iter().map(|layer| layer.name.as_str()).collect();
    assert_eq!(names, ["depthwise_1", "conv_3", "conv_6"]);
    assert_eq!(pair.most().map(|layer| (layer.name.as_str(), layer.cycles())), Some(("conv_3", 20)));
    assert_eq!(pair.unlike, ["compiler"]);
    let text = report::comparison_text(&comparison);
    assert!(text.contains("3 of 7 steps changed, first depthwise_1 (depthwise): 200 cycles; most conv_3"), "{text}");
    let json = report::comparison_json(&comparison);
    assert_eq!(json["rows"][0]["first_changed_layer"], "depthwise_1");
    assert_eq!(json["rows"][0]["layers"][1]["b"]["cycles"], 420);
    assert_eq!(compare(&a, &a).pairs[0].layers, []);
}

#[test]
fn units_of_one_board_do_not_swap_their_numbers() {
    let on = |index, unit: &str, cycles| {
        let mut row = silicon(row(index, "small", "b", ok(60_000, vec![cycles])), unit, "image");
        row.index = index;
        row
    };
    let a = run_of(vec![on(0, "u", 1000), on(1, "v", 1100), on(2, "w", 1200)]);
    let b = run_of(vec![on(0, "v", 1101), on(1, "u", 1001), on(2, "x", 1300), on(3, "y", 1400)]);
    let comparison = compare(&a, &b);
    let pairs: Vec<_> = comparison.pairs.iter().map(|p| (p.a.unit.as_str(), p.b.unit.as_str())).collect();
    assert_eq!(pairs, [("u", "u"), ("v", "v"), ("w", "x")]);
    assert_eq!((comparison.only_a.len(), comparison.only_b.len()), (0, 1));
    let gone = run_of(vec![row(0, "big", "b", Outcome::DoesNotFit { reason: "r".into(), memory: memory(1) })]);
    assert_eq!(compare(&gone, &a).only_a.len(), 1);
}
