//! What a run of a snippet left behind, and how two of them differ.

use super::program::{RECORD_WORDS, STATE_WORDS};

/// Name of a word of a record.
fn name(word: usize) -> String {
    match word {
        0..=12 => format!("r{word}"),
        13 => "lr".into(),
        14 => "sp".into(),
        15 => "apsr".into(),
        16 => "fpscr".into(),
        17 => "cfsr".into(),
        18 => "fault pc".into(),
        19..=50 => format!("s{}", word - 19),
        _ => format!("[window + {:#x}]", 4 * (word - 51)),
    }
}

/// Word of the state that the word of the record started as.
fn before(word: usize) -> Option<usize> {
    match word {
        0..=13 => Some(word),
        15 | 16 => Some(word - 1),
        19.. => Some(word - 3),
        _ => None,
    }
}

/// The words that differ, with what they were before.
pub fn differences(state: &[u32], theirs: &[u32], ours: &[u32]) -> Vec<String> {
    assert_eq!((state.len(), theirs.len(), ours.len()), (STATE_WORDS, RECORD_WORDS, RECORD_WORDS));
    (0..RECORD_WORDS)
        .filter(|&word| theirs[word] != ours[word])
        .map(|word| {
            let before = before(word).map_or(String::new(), |i| format!(" (before: {:08x})", state[i]));
            format!("{}: {:08x} on QEMU, {:08x} here{before}", name(word), theirs[word], ours[word])
        })
        .collect()
}

/// r0 to r12, lr, APSR, FPSCR of a state.
pub fn describe(state: &[u32]) -> String {
    let words: Vec<_> = state[..14].iter().map(|word| format!("{word:08x}")).collect();
    let floats: Vec<_> = state[16..48].iter().map(|word| format!("{word:08x}")).collect();
    format!(
        "r0-r12, lr: {}\napsr {:08x}, fpscr {:08x}\ns0-s31: {}",
        words.join(" "),
        state[14],
        state[15],
        floats.join(" ")
    )
}
