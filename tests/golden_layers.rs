//! Seeded networks against golden outputs of TFLM's interpreter, which runs their exported files.
//!
//! `HIL_BLESS=1 HIL_TFLM_PYTHON=python cargo test --test golden_layers` makes `tests/golden/layers.txt` anew; the
//! interpreter of that Python is the one named in `tests/golden/make.py`.

#[path = "golden/cases.rs"]
mod cases;
#[path = "golden/files.rs"]
mod files;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use cases::{Case, Random, cases};
use hil::network::builtin::{self, Spec};
use hil::network::{digest_hex, reference, tflite};

const GOLDEN: &str = "tests/golden/layers.txt";

fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3))
}

/// Every built-in architecture, small.
fn architectures() -> Vec<Case> {
    let one = |name: &'static str| {
        let architecture = builtin::architecture(name).expect("an architecture");
        let resolution = architecture.resolution.map(|range| range.min as u32);
        let spec = Spec { architecture: name.into(), resolution, seed: 7, ..Spec::default() };
        let network = builtin::build(&spec).expect("a network");
        let count = network.tensor(network.inputs[0]).bytes();
        let inputs = (0..3).map(|seed| vec![Random(seed).bytes(count)]).collect();
        Case { name: name.into(), network, inputs }
    };
    builtin::names().into_iter().map(one).collect()
}

/// Every case with its file.
fn all() -> Vec<(Case, Vec<u8>)> {
    let exported = cases().into_iter().chain(architectures()).map(|case| {
        let bytes = tflite::export(&case.network).unwrap_or_else(|e| panic!("{}: {e}", case.name));
        (case, bytes)
    });
    exported.chain(files::cases()).collect()
}

/// Of all outputs, one after the other.
fn outputs(case: &Case) -> u64 {
    let bytes: Vec<u8> =
        case.inputs.iter().flat_map(|inputs| reference::run(&case.network, inputs).expect("a run").concat()).collect();
    fnv(&bytes)
}

/// Has TFLM run every case and writes what came out.
fn bless(cases: &[(Case, Vec<u8>)]) {
    let python = std::env::var("HIL_TFLM_PYTHON").unwrap_or("python3".into());
    let folder = tempfile::tempdir().expect("a folder");
    let mut digests = String::new();
    for (case, bytes) in cases {
        fs::write(folder.path().join(format!("{}.tflite", case.name)), bytes).expect("a file");
        fs::write(folder.path().join(format!("{}.in", case.name)), case.inputs.concat().concat()).expect("a file");
        writeln!(digests, "{} {} {}", case.name, &digest_hex(&case.network)[..16], case.network.inputs.len())
            .expect("text");
    }
    fs::write(folder.path().join("digests"), digests).expect("a file");
    let target = Path::new(GOLDEN);
    let make = Command::new(python).arg("tests/golden/make.py").arg("--layers").arg(folder.path()).arg(target).status();
    assert!(make.expect("python").success(), "tests/golden/make.py failed");
}

#[test]
fn outputs_equal_tflm() {
    let cases = all();
    if std::env::var_os("HIL_BLESS").is_some() {
        bless(&cases);
    }
    let golden = fs::read_to_string(GOLDEN).expect("golden outputs");
    let golden: BTreeMap<&str, (&str, &str)> = golden
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let words: Vec<_> = line.split(' ').collect();
            (words[0], (words[1], words[2]))
        })
        .collect();
    assert_eq!(golden.len(), cases.len(), "{GOLDEN} has one line per case; bless it anew");
    let mut wrong = Vec::new();
    for (case, _) in &cases {
        let (digest, expected) = golden[case.name.as_str()];
        if digest != &digest_hex(&case.network)[..16] {
            wrong.push(format!("{}: the network is not the one that was blessed", case.name));
        } else if expected != format!("{:016x}", outputs(case)) {
            wrong.push(format!("{}: its outputs differ from TFLM's", case.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn exported_files_import_as_what_they_were() {
    for (case, _) in all() {
        let name = &case.name;
        let bytes = tflite::export(&case.network).unwrap_or_else(|e| panic!("{name}: {e}"));
        let network = tflite::import("again", &bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(network.macs(), case.network.macs(), "{name}");
        let again = Case { name: name.clone(), network, inputs: case.inputs.clone() };
        assert_eq!(outputs(&again), outputs(&case), "{name}");
    }
}
