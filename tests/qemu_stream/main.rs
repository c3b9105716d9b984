//! Random instruction streams on QEMU and on the emulator: registers, flags and memory must be equal.

mod generate;
mod program;
#[path = "../qemu_common/mod.rs"]
mod qemu_common;
mod record;

use generate::Snippet;
use program::{RECORD_WORDS, RECORDS, STATE_WORDS, STATES};
use qemu_common::{M4, M7, RAM_SIZE, Twin, assemble, effort, run_until_marker, seed, tools_are_there};

/// Snippets of a batch, and runs of each.
const SNIPPETS: usize = 1500;
const RUNS: usize = 8;

fn to_words(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|b| u32::from_le_bytes(b.try_into().expect("four bytes"))).collect()
}

fn check(twin: Twin) {
    if !tools_are_there() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    for batch in 0..2 * effort() as u64 {
        let seed = seed() * 1_000_000 + batch;
        let snippets = program::snippets(seed, SNIPPETS, twin);
        let states = program::states(seed, twin);
        let elf = assemble(&program::text(&snippets, twin, RUNS), twin, folder.path(), "stream");
        let ram: Vec<u8> = states.iter().flat_map(|word| word.to_le_bytes()).collect();
        let take = RECORDS + SNIPPETS * RUNS * RECORD_WORDS * 4;
        assert!(take <= RAM_SIZE);
        let theirs = run_until_marker(&elf, twin, &ram, take);
        let theirs = to_words(&theirs[RECORDS..]);
        for record in theirs.chunks(RECORD_WORDS).step_by(997) {
            println!("{record:08x?}");
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
