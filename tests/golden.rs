//! The reference interpreter against golden outputs of TFLM's interpreter (`tests/golden/make.py`).

use std::fs;
use std::path::{Path, PathBuf};

use hil::network::{reference, tflite};

const MODELS: &str = "../shared/models";

fn models() -> Vec<PathBuf> {
    let folders = fs::read_dir(MODELS).into_iter().flatten().flatten().map(|e| e.path()).filter(|p| p.is_dir());
    let mut found: Vec<_> = folders
        .flat_map(|folder| fs::read_dir(folder).expect("a folder").flatten().map(|e| e.path()).collect::<Vec<_>>())
        .filter(|path| path.extension().is_some_and(|e| e == "tflite"))
        .filter(|path| !path.to_string_lossy().contains("lstm"))
        .collect();
    found.sort();
    if found.is_empty() {
        println!("skipped: {MODELS} is not there");
    }
    found
}

fn import(path: &Path) -> hil::network::Network {
    let bytes = fs::read(path).expect("a model");
    tflite::import("model", &bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn input(kind: &str, count: usize) -> Vec<u8> {
    let (name, number) = kind.split_once(':').expect("kind:number");
    let number: u64 = number.parse().expect("a number");
    match name {
        "random" => {
            let mut seed = number;
            std::iter::repeat_with(|| {
                seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
                let z = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                (z ^ (z >> 31)) as u8
            })
            .take(count)
            .collect()
        }
        "constant" => vec![number as u8; count],
        _ => (0..count).map(|i| if i / number as usize % 2 == 1 { 0x7f } else { 0x80 }).collect(),
    }
}

fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn outputs_equal_tflm() {
    let mut wrong = Vec::new();
    for path in models() {
        let stem = path.file_stem().expect("a stem").to_string_lossy().into_owned();
        let golden = fs::read_to_string(format!("tests/golden/{stem}.txt")).unwrap_or_else(|e| panic!("{stem}: {e}"));
        let network = import(&path);
        let exported = tflite::export(&network).unwrap_or_else(|e| panic!("{stem}: {e}"));
        let again = tflite::import("again", &exported).unwrap_or_else(|e| panic!("{stem}: {e}"));
        let bytes = network.tensor(network.inputs[0]).bytes();
        for line in golden.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<_> = line.split(' ').collect();
            for (network, what) in [(&network, ""), (&again, " exported")] {
                let outputs = reference::run(network, &[input(words[0], bytes)]).expect("a run");
                if format!("{:016x}", fnv(&outputs[0])) != words[1] {
                    wrong.push(format!("{stem}{what} {}", words[0]));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "outputs differ from TFLM: {wrong:#?}");
}

#[test]
fn multiply_accumulates_are_the_published_ones() {
    for (stem, macs) in [("mlperf_tiny/vww_96_int8", 7_489_664), ("mlperf_tiny/ad01_int8", 264_192)] {
        let path = PathBuf::from(format!("{MODELS}/{stem}.tflite"));
        if path.exists() {
            assert_eq!(import(&path).macs(), macs, "{stem}");
        } else {
            println!("skipped: {} is not there", path.display());
        }
    }
}

/// Truncations and seeded byte changes of every small model either import, and then run, or give an error.
#[test]
fn damaged_files_never_panic() {
    let small = models().into_iter().filter(|p| fs::metadata(p).is_ok_and(|m| m.len() < 100_000));
    for path in small {
        let whole = fs::read(&path).expect("a model");
        let noise = input("random:7", 8 * 600);
        for (round, chunk) in noise.chunks(8).enumerate() {
            let mut bytes = whole.clone();
            // Tables cluster at both ends of a file; weights fill the middle.
            let spread = usize::from(u16::from_le_bytes([chunk[0], chunk[1]])) % bytes.len().min(12_000);
            let at = if chunk[2] & 1 == 0 { spread } else { bytes.len() - 1 - spread };
            match round % 4 {
                0 => bytes.truncate(at),
                1 => bytes[at] = 0xff,
                _ => bytes[at] ^= chunk[3],
            }
            let Ok(network) = tflite::import("damaged", &bytes) else { continue };
            let largest = network.tensors.iter().map(|t| t.elements()).max().unwrap_or(0);
            if network.macs() < 1_000_000 && largest < 1_000_000 {
                let inputs: Vec<_> = network.inputs.iter().map(|id| vec![0x80; network.tensor(*id).bytes()]).collect();
                reference::run(&network, &inputs).expect("an imported network runs");
            }
        }
    }
}
