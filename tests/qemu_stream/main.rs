//! Random instruction streams on QEMU and on the emulator: registers, flags and memory must be equal.

mod generate;
mod program;
#[path = "../qemu_common/mod.rs"]
mod qemu_common;
mod record;

use generate::Snippet;
use program::{RECORD_WORDS, RECORDS, STATE_WORDS, STATES};
use qemu_common::{
    Counter, EmulatedCounter, M4, M7, M33, RAM_SIZE, TWINS, Twin, assemble, effort, emulate_until_marker,
    run_until_marker, seed, symbols, tools_are_there,
};
use std::path::Path;

/// Snippets of a batch, and runs of each.
const SNIPPETS: usize = 1500;
const RUNS: usize = 8;

fn to_words(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|b| u32::from_le_bytes(b.try_into().expect("four bytes"))).collect()
}

/// A run of a snippet whose records differ.
struct Difference {
    seed: u64,
    snippet: usize,
    text: String,
    state: String,
    words: Vec<String>,
}

/// The differing runs of a batch, one for each snippet, and how many instructions were compared.
fn batch(twin: Twin, seed: u64, folder: &Path) -> (Vec<Difference>, usize) {
    let snippets = program::snippets(seed, SNIPPETS, twin, true);
    let states = program::states(seed, twin);
    let elf = assemble(&program::text(&snippets, twin, RUNS), twin, folder, "stream");
    let ram: Vec<u8> = states.iter().flat_map(|word| word.to_le_bytes()).collect();
    let take = RECORDS + SNIPPETS * RUNS * RECORD_WORDS * 4;
    assert!(take <= RAM_SIZE);
    let theirs = to_words(&run_until_marker(&elf, twin, &ram, take)[RECORDS..]);
    let ours = to_words(&emulate_until_marker(&elf, twin, &ram, take)[RECORDS..]);
    let mut found = Vec::new();
    for (snippet, (theirs, ours)) in
        theirs.chunks(RUNS * RECORD_WORDS).zip(ours.chunks(RUNS * RECORD_WORDS)).enumerate()
    {
        let runs = theirs.chunks(RECORD_WORDS).zip(ours.chunks(RECORD_WORDS)).enumerate();
        found.extend(runs.into_iter().find(|(_, (theirs, ours))| theirs != ours).map(|(run, (theirs, ours))| {
            let state = (snippet * RUNS + run) % STATES;
            let state = &states[state * STATE_WORDS..][..STATE_WORDS];
            Difference {
                seed,
                snippet,
                text: snippets[snippet].text(),
                state: record::describe(state),
                words: record::differences(state, theirs, ours),
            }
        }));
    }
    let compared = RUNS * snippets.iter().map(Snippet::instructions).sum::<usize>();
    (found, compared)
}

fn check(twin: Twin) {
    if !tools_are_there() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (mut found, mut compared) = (Vec::new(), 0);
    for round in 0..2 * effort() as u64 {
        let (differences, instructions) = batch(twin, seed() * 1_000_000 + round, folder.path());
        found.extend(differences);
        compared += instructions;
    }
    println!("{compared} instructions on {}, loops once", twin.cpu);
    // The shortest ones say most.
    found.sort_by_key(|difference| difference.text.len());
    let shown = found.iter().take(8).map(|Difference { seed, snippet, text, state, words }| {
        let words = words.iter().take(12).cloned().collect::<Vec<_>>().join("\n");
        format!("snippet {snippet} of seed {seed}:\n{text}{state}\n{words}\n")
    });
    let shown: Vec<_> = shown.collect();
    assert!(found.is_empty(), "{} snippets differ on {}\n{}", found.len(), twin.cpu, shown.join("\n"));
}

/// Instructions of a whole batch, exceptions included. Faults are not: QEMU counts some instructions that fault.
#[test]
fn streams_count_as_on_qemu() {
    if !tools_are_there() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    for twin in TWINS {
        let snippets = program::snippets(seed(), SNIPPETS, twin, false);
        let elf = assemble(&program::text(&snippets, twin, 1), twin, folder.path(), "count");
        let (mut qemu, mut ours) = (Counter::start(&elf, twin, &[]), EmulatedCounter::start(&elf, twin, &[]));
        // QEMU translates anew after every breakpoint: so there are few.
        let symbols = symbols(&elf);
        let mut count = |symbol: &str| (ours.run_to(symbols[symbol]), qemu.run_to(symbols[symbol]));
        // QEMU alone has a secure state to leave.
        let (our_start, their_start) = count("_start");
        let step = 100;
        for i in (0..snippets.len()).step_by(step) {
            let (ours, theirs) = count(&format!("snippet_{i}"));
            let (ours, theirs) = (ours - our_start, theirs - their_start);
            let before = i.saturating_sub(step);
            assert_eq!(ours, theirs, "in snippets {before} to {i} of seed {} on {}", seed(), twin.cpu);
        }
    }
}

#[test]
fn streams_equal_qemu_on_cortex_m4() {
    check(M4);
}

#[test]
fn streams_equal_qemu_on_cortex_m7() {
    check(M7);
}

#[test]
fn streams_equal_qemu_on_cortex_m33() {
    check(M33);
}
