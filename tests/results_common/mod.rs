//! Rows for the tests of results and reports: made up, and said to be.

#![allow(dead_code)] // Each test crate uses a part of it.

use std::num::NonZeroU32;

use hil::results::*;

pub fn steps(count: u64) -> Vec<Step> {
    let kernel = |i: u64| ["conv", "depthwise", "conv_1x1"][(i % 3) as usize];
    let step = |i: u64| Step {
        name: format!("{}_{i}", kernel(i)),
        kernel: kernel(i).into(),
        macs: 1000 * (i + 1),
        live_bytes: 40_000 - 1500 * i,
    };
    (0..count).map(step).collect()
}

pub fn memory(arena: u64) -> Memory {
    Memory {
        sram: Sram { arena, engine: 40, stack: 900, heap: 0, runtime: 2060, harness: 700 },
        flash: Flash { weights: 5 * arena, tables: 3000, code: 12_000, runtime: 8000, data: 100 },
    }
}

pub fn row(index: u32, network: &str, board: &str, outcome: Outcome) -> Measurement {
    Measurement {
        index,
        scenario: "made up".into(),
        task: "vww".into(),
        network: network.into(),
        network_sha256: sha256_hex(network.as_bytes()),
        engine: "tinyengine".into(),
        engine_options_sha256: sha256_hex(b"options"),
        board: board.into(),
        unit: format!("emulated/{board}/0"),
        image_sha256: matches!(outcome, Outcome::Ok(_)).then(|| sha256_hex(b"image")),
        provenance: Provenance::Emulated,
        macs: 7_489_664,
        budget: Budget { sram: 327_680, flash: 1_048_576 },
        error_band: "not validated: nobody has compared this core's cycle table with silicon".into(),
        steps: steps(7),
        outcome,
        repeat: Repeat {
            seed: 7,
            compiler: "arm-none-eabi-gcc 12.2.1".into(),
            flags_sha256: sha256_hex(b"flags"),
            hil_version: "0.1.0".into(),
            git: "0123abc+dirty".into(),
        },
    }
}

pub fn ok(arena: u64, cycles: Vec<u64>) -> Outcome {
    let each = cycles[0] / 28;
    let latency = Latency::new(cycles, 216_000_000, (1..=7).map(|i| i * each).collect());
    Outcome::Ok(Box::new(Run {
        latency: Some(latency.expect("a latency")),
        instructions: Some(8_000_000),
        memory: memory(arena),
        energy: Energy::Missing("there is no energy model yet".into()),
        step_energy_uj: Vec::new(),
        check: Some(OutputCheck { inputs: NonZeroU32::new(3).expect("3"), output_sha256: sha256_hex(b"out") }),
    }))
}

/// One row of every kind.
pub fn rows() -> Vec<Measurement> {
    let mut renode = row(5, "renoded", "nucleo-l4r5zi", ok(50_000, vec![1]));
    renode.provenance = Provenance::Renode;
    if let Outcome::Ok(run) = &mut renode.outcome {
        run.latency = None;
        run.energy = Energy::Microjoules(0.1 + 0.2);
    }
    let big = memory(400_000);
    vec![
        row(0, "small", "nucleo-l4r5zi", ok(60_000, vec![9_000_001, 9_000_000, 9_000_004])),
        row(1, "small", "stm32f746g-disco", ok(60_000, vec![5_000_000, 5_000_003])),
        row(2, "big", "nucleo-l4r5zi", Outcome::DoesNotFit { reason: "the arena is too big".into(), memory: big }),
        row(
            3,
            "wrong",
            "nucleo-l4r5zi",
            Outcome::Mismatch { reason: "input 2, byte 1: 4 for 5".into(), memory: memory(1) },
        ),
        row(
            4,
            "broken \u{1f4a5}\n\"",
            "nucleo-l4r5zi",
            Outcome::Failed { cause: Cause::Infrastructure, reason: "no compiler".into(), memory: None },
        ),
        renode,
    ]
}

pub fn info() -> RunInfo {
    RunInfo { scenario: "made up/../x".into(), task: "vww".into(), seed: 7, planned_rows: 6, ..RunInfo::default() }
}
