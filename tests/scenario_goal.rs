//! `tinyengine` with a goal, in scenarios.

use std::path::Path;

use hil::scenario::*;

const KNOWN: Known<'_> = Known { networks: &["mobilenetv1"], boards: &["nucleo-l4r5zi"] };

fn read(engines: &str) -> Result<Vec<Engine>, String> {
    let text = format!(
        "name: test\ntask: vww\ncandidates:\n  - network: mobilenetv1\nboards: [nucleo-l4r5zi]\nengines:\n{engines}"
    );
    parse("s.yaml", &text, Path::new(""), KNOWN).map(|scenario| scenario.engines).map_err(|error| error.to_string())
}

#[test]
fn goals_and_budgets_are_read_with_their_units() {
    let engines = read(
        "  - tinyengine\n  - tinyengine: { prefer: sram, sram: 64 KB, flash: 500 kB, latency: 30 ms }\n  \
         - tinyengine: { name: tight, flash: 100000 }\n",
    )
    .expect("a scenario");
    assert_eq!(engines.iter().map(Engine::name).collect::<Vec<_>>(), ["tinyengine", "tinyengine-sram", "tight"]);
    let Engine::TinyEngine(tailored) = &engines[1] else { panic!("ours") };
    assert_eq!((tailored.prefer, tailored.sram_bytes), (Preference::Sram, Some(65_536)));
    assert_eq!((tailored.flash_bytes, tailored.latency_ms), (Some(500_000), Some(30.0)));
    let Engine::TinyEngine(tailored) = &engines[2] else { panic!("ours") };
    assert_eq!((tailored.prefer, tailored.flash_bytes), (Preference::Latency, Some(100_000)));
}

#[test]
fn a_tuned_engine_has_a_name_of_its_own_and_a_log_beside_the_scenario() {
    let engines =
        read("  - tinyengine: { tune: true }\n  - tinyengine: { tune: true, name: log, tuning_log: a/t.jsonl }\n")
            .expect("a scenario");
    assert_eq!(engines.iter().map(Engine::name).collect::<Vec<_>>(), ["tinyengine-latency-tuned", "log"]);
    let logs: Vec<_> = engines
        .iter()
        .map(|engine| match engine {
            Engine::TinyEngine(tailored) => (tailored.tune, tailored.tuning_log.clone()),
            _ => panic!("ours"),
        })
        .collect();
    assert_eq!(logs, [(true, None), (true, Some("a/t.jsonl".into()))]);
}

#[test]
fn mistakes_are_told_their_place() {
    let refused = |engines: &str, line: usize, message: &str| {
        let error = read(engines).expect_err("no scenario");
        assert!(error.starts_with(&format!("s.yaml:{line}:")) && error.contains(message), "{error}");
    };
    refused("  - tinyengine: { sram: 64 kb }\n", 7, "unknown unit `kb` (known: B, kB, KB");
    refused("  - tinyengine:\n      prefer: speed\n", 8, "unknown value `speed`");
    refused("  - tinyengine:\n      prefer: sram\n      latency: -3 ms\n", 9, "`-3 ms` does not begin with a number");
    refused("  - tinyengine: { sram: 0 }\n", 7, "0 is no amount above 0");
    refused(
        "  - tinyengine: { prefer: sram }\n  - tinyengine: { prefer: sram }\n",
        8,
        "give one of them another `name`",
    );
    refused("  - tinyengine: { ram: 4 }\n", 7, "unknown key `ram`");
    refused("  - tinyengine: { tuning_log: t }\n", 7, "a tuning log is only used with `tune: true`");
}
