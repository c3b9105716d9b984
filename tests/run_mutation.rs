//! A wrong kernel constant never gets a latency: the whole way from a network to the store, with one constant changed
//! between the engine and the compiler.

use std::collections::BTreeMap;
use std::path::Path;

use hil::board::Board;
use hil::engine::{Compiled, Reserved};
use hil::firmware::{Cache, Options, Toolchain as Compiler};
use hil::network::builtin;
use hil::rack::{Cancel, Rack};
use hil::results::{Measurement, Outcome};
use hil::run::{BuildFailure, Built, Images, Order, Toolchain, carry};
use hil::scenario::{Known, parse};

const SCENARIO: &str = "
name: mutated
task: vww
candidates: [{ name: net, network: mobilenetv1, width: 0.25, resolution: 32, classes: 10 }]
boards: [nucleo-l4r5zi, stm32f746g-disco]
engines: [tinyengine]
measure: { inputs: 3, repeats: 1, warmup: 0 }
";

/// One constant of one file, and what it becomes.
#[derive(Debug, Clone, Copy)]
struct Mutation {
    file: &'static str,
    was: &'static str,
    /// Which occurrence, modulo how many there are.
    seed: usize,
    becomes: &'static str,
}

/// A compiler that is given other sources than the engine printed.
struct Mutated {
    images: Images,
    mutation: Option<Mutation>,
}

impl Toolchain for Mutated {
    fn compiler(&self) -> Result<String, String> {
        self.images.compiler()
    }

    fn flags(&self, board: &Board) -> BTreeMap<String, String> {
        self.images.flags(board)
    }

    fn reserved(&self, board: &Board, compiled: &Compiled) -> Reserved {
        self.images.reserved(board, compiled)
    }

    fn build(&self, compiled: &Compiled, board: &Board) -> Result<Built, BuildFailure> {
        let mut compiled = compiled.clone();
        if let Some(Mutation { file, was, seed, becomes }) = self.mutation {
            let source = compiled.sources.iter_mut().find(|source| source.path == file).expect("a source");
            let places: Vec<usize> = source.text.match_indices(was).map(|(at, _)| at).collect();
            assert!(!places.is_empty(), "{file} has no `{was}`");
            let at = places[seed % places.len()];
            source.text.replace_range(at..at + was.len(), becomes);
        }
        self.images.build(&compiled, board)
    }
}

fn rows(mutation: Option<Mutation>, compiler: &Compiler, folder: &Path) -> Vec<Measurement> {
    let known = Known { networks: &builtin::names(), boards: &hil::board::names() };
    let scenario = parse("s.yaml", SCENARIO, Path::new(""), known).expect("a scenario");
    let boards: Vec<Board> = scenario.boards.iter().map(|name| Board::shipped(name).expect("a board")).collect();
    let options = Options { cache: Cache::at(folder.join("cache")), ..Options::new(compiler.clone(), "tinyengine") };
    let tools = Mutated { images: Images::with(options), mutation };
    let order = Order {
        scenario_file: "s.yaml".into(),
        scenario_text: SCENARIO.into(),
        command: vec![],
        results: folder.join("results"),
        resume: None,
        jobs: 2,
        cancel: Cancel::new(),
    };
    carry(&scenario, &tools, &Rack::emulated(&boards, 1), &order, &|_| {}).expect("carried").run.rows
}

#[test]
fn a_wrong_constant_is_a_mismatch_without_a_latency() {
    let Ok(compiler) = Compiler::find() else {
        println!("skipped: arm-none-eabi-gcc is not there");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    for row in rows(None, &compiler, folder.path()) {
        assert!(row.latency().is_some(), "{:?}", row.outcome);
    }
    for mutation in [
        Mutation { file: "hil_softmax.c", was: "(1 << 28)", seed: 0, becomes: "(1 << 27)" },
        Mutation { file: "hil_internal.h", was: "(int64_t)a * b", seed: 0, becomes: "(int64_t)a * (b + 65536)" },
        Mutation { file: "network.c", was: ".output_offset = -128", seed: 3, becomes: ".output_offset = -127" },
        Mutation { file: "network.c", was: ".pad_top = 1", seed: 2, becomes: ".pad_top = 0" },
    ] {
        for row in rows(Some(mutation), &compiler, folder.path()) {
            let Outcome::Mismatch { reason, .. } = &row.outcome else { panic!("{mutation:?}: {:?}", row.outcome) };
            assert!(reason.contains("output bytes differ"), "{reason}");
            assert!(row.latency().is_none() && row.run().is_none());
            assert!(row.image_sha256.is_some(), "it was built and run");
        }
    }
}
